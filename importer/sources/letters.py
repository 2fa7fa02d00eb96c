"""Letters that have no marks to lose, in the letters of English: for keys and tags."""

import unicodedata

__all__ = ["plain_letters"]

_LATIN = (
    "\u00df ss \u00e6 ae \u0153 oe \u00f8 o \u0142 l \u0111 d \u00f0 d \u00fe th \u0131 i "
    "\u0127 h \u0167 t \u014b ng \u0138 k \u0259 e \u01dd e \u0180 b \u0268 i \u0275 o \u0289 u "
    "\u0192 f \u0256 d \u0254 o \u025b e \u0263 g \u0272 n \u028b v"
)
# One scheme for all languages: a reader recognizes the word, and nothing more is needed.
_CYRILLIC = (
    "\u0430 a \u0431 b \u0432 v \u0433 g \u0434 d \u0435 e \u0436 zh \u0437 z \u0438 i \u0439 y "
    "\u043a k \u043b l \u043c m \u043d n \u043e o \u043f p \u0440 r \u0441 s \u0442 t \u0443 u "
    "\u0444 f \u0445 kh \u0446 ts \u0447 ch \u0448 sh \u0449 shch \u044a - \u044b y \u044c - "
    "\u044d e \u044e yu \u044f ya \u0454 ye \u0456 i \u0457 yi \u0491 g \u045e u \u0452 dj "
    "\u0458 j \u0459 lj \u045a nj \u045b c \u045f dz \u0455 dz"
)
_GREEK = (
    "\u03b1 a \u03b2 v \u03b3 g \u03b4 d \u03b5 e \u03b6 z \u03b7 i \u03b8 th \u03b9 i \u03ba k "
    "\u03bb l \u03bc m \u03bd n \u03be x \u03bf o \u03c0 p \u03c1 r \u03c3 s \u03c2 s \u03c4 t "
    "\u03c5 y \u03c6 f \u03c7 ch \u03c8 ps \u03c9 o"
)


def _table(text: str) -> dict[int, str]:
    words = text.split()
    # A sign that is not spoken becomes nothing.
    return {ord(a): b.strip("-") for a, b in zip(words[::2], words[1::2], strict=True)}


_LETTERS = _table(f"{_LATIN} {_CYRILLIC} {_GREEK}")


def plain_letters(text: str) -> str:
    """Return *text* in lower case, without marks, in English letters as far as there are any.

    Latin, Cyrillic and Greek letters have some; any other stays.
    """
    whole = unicodedata.normalize("NFC", text.lower()).translate(_LETTERS)
    parted = unicodedata.normalize("NFKD", whole)
    bare = "".join(char for char in parted if not unicodedata.combining(char))
    return bare.lower().translate(_LETTERS)
