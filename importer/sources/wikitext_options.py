"""What stands between the bars of an image in wikitext: its options, in the wikis' own languages.

The words are those of MediaWiki (https://www.mediawiki.org/wiki/Help:Images), in German, French,
Spanish, Italian, Dutch, Portuguese, Polish and Russian besides English. Unlike the English ones
they count in small letters only: `Marco` may be a caption.
"""

import re

__all__ = ["is_framed", "is_option", "is_sized", "value_of"]

_ENGLISH_FRAMES = "thumb thumbnail frame framed enframed"
_FRAMES = (
    "mini miniatur gerahmt vignette cadre encadr\u00e9 encadre miniatura miniaturadeimagen marco "
    "enmarcado enmarcada min riquadrato incorniciato miniatuur omkaderd miniaturadaimagem "
    "commoldura comborda ma\u0142y ramka \u043c\u0438\u043d\u0438 "
    "\u043c\u0438\u043d\u0438\u0430\u0442\u044e\u0440\u0430 "
    "\u043e\u0431\u0440\u0430\u043c\u0438\u0442\u044c"
)
_ENGLISH_PLACES = (
    "frameless border left right center centre none baseline sub super sup top text-top middle "
    "bottom text-bottom"
)
_PLACES = (
    # German
    "rahmenlos rand links rechts zentriert ohne grundlinie tiefgestellt hochgestellt oben "
    "text-oben mitte unten text-unten "
    # French
    "sans_cadre non_encadr\u00e9 non_encadre bordure gauche droite n\u00e9ant centr\u00e9 indice "
    "exposant haut haut-texte haut-txt milieu bas bas-texte bas-txt ligne_de_base "
    # Spanish
    "sinmarco sin_enmarcar sinenmarcar sin_marco borde derecha dcha der izquierda izda izq ninguna "
    "ninguno nada centro centrado centrada centrar "
    # Italian, Dutch
    "senza_cornice bordo destra sinistra nessuno kaderloos geen gecentreerd grondlijn boven "
    "tekst-boven midden beneden tekst-beneden "
    # Portuguese, Polish
    "semmoldura semborda borda direita esquerda nenhum linhadebase acima meio abaixo bezramki "
    "bez_ramki t\u0142o prawo lewo brak centruj g\u00f3ra \u015brodek d\u00f3\u0142 "
    # Russian
    "\u0431\u0435\u0437\u0440\u0430\u043c\u043a\u0438 \u0433\u0440\u0430\u043d\u0438\u0446\u0430 "
    "\u0441\u043b\u0435\u0432\u0430 \u0441\u043f\u0440\u0430\u0432\u0430 \u0431\u0435\u0437 "
    "\u0446\u0435\u043d\u0442\u0440 \u0441\u0432\u0435\u0440\u0445\u0443 "
    "\u043f\u043e\u0441\u0435\u0440\u0435\u0434\u0438\u043d\u0435 \u0441\u043d\u0438\u0437\u0443 "
    "\u043e\u0441\u043d\u043e\u0432\u0430\u043d\u0438\u0435 \u043f\u043e\u0434 \u043d\u0430\u0434"
)
_UPRIGHT = (
    "upright hochkant redresse vertical verticale rechtop superiordireito skala skaluj "
    "\u0441\u0432\u0435\u0440\u0445\u0443\u0441\u043f\u0440\u0430\u0432\u0430"
)
_LINKS = (
    "link verweis lien v\u00ednculo vinculo enlace collegamento koppeling verwijzing "
    "liga\u00e7\u00e3o \u0441\u0441\u044b\u043b\u043a\u0430"
)
_ALTS = "alt alttext alternativtext \u0430\u043b\u044c\u0442"
_OTHERS = (
    "lang page class title sprache seite klasse langue classe p\u00e1gina pagina taal strona "
    "\u0441\u0442\u0440\u0430\u043d\u0438\u0446\u0430"
)


def _any_of(words: str) -> str:
    return f"(?:{'|'.join(re.escape(it).replace('_', '[ _]') for it in words.split())})"


_FRAMED = re.compile(
    f"(?:(?i:{_any_of(_ENGLISH_FRAMES)})|{_any_of(_FRAMES)})(?:[ \t]*=.*)?", re.DOTALL
)
_SIZED = re.compile(
    rf"\d*(?:x\d+)?[ \t]*(?:(?i:px)|\u043f\u043a\u0441)|(?i:{_any_of(_UPRIGHT)})(?:[ =\t]*[\d.,]+)?"
)
_PLACED = re.compile(f"(?i:{_any_of(_ENGLISH_PLACES)})|{_any_of(_PLACES)}")
_VALUE = re.compile(
    f"(?:(?P<link>{_any_of(_LINKS)})|(?P<alt>{_any_of(_ALTS)})|{_any_of(_OTHERS)})[ \t]*=",
    re.IGNORECASE,
)


def is_framed(option: str) -> bool:
    """Tell whether an option shows the caption below the image."""
    return _FRAMED.fullmatch(option.strip()) is not None


def is_sized(option: str) -> bool:
    """Tell whether an option says how large the image is."""
    return _SIZED.fullmatch(option.strip()) is not None


def is_option(option: str) -> bool:
    """Tell whether it is an option, and no caption."""
    bare = option.strip()
    placed = _PLACED.fullmatch(bare) or _VALUE.match(bare)
    return bool(placed) or is_framed(bare) or is_sized(bare)


def value_of(name: str, option: str) -> str | None:
    """Return what an option says of `link` or `alt`; None if it is another one."""
    match = _VALUE.match(option.strip())
    return option.strip()[match.end() :].strip() if match and match.group(name) else None
