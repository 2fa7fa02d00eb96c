"""Finds what looks like a password or a token in a text. What it found is never told, only where.

The shapes are those that their makers publish so that scanners find them; beside them, lines such
as `password: ...`. Cheap words are looked for first: most texts hold none.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["MASK", "Secret", "find_secrets", "masked"]

MASK = "[secret]"


@dataclass(frozen=True, slots=True, order=True)
class Secret:
    """What kind it is, and its line in the text, from 1."""

    line: int
    kind: str


@dataclass(frozen=True, slots=True)
class _Shape:
    """A shape of secrets. One of `words` (lower case) is in every text that has one."""

    kind: str
    words: tuple[str, ...]
    pattern: re.Pattern[str]


def _shape(kind: str, words: str, pattern: str) -> _Shape:
    return _Shape(kind, tuple(words.split()), re.compile(pattern))


_SHAPES = (
    _shape("AWS access key", "akia asia", r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    _shape("GitHub token", "ghp_ gho_ ghu_ ghs_ ghr_", r"\bgh[pousr]_[A-Za-z0-9]{30,255}\b"),
    _shape("GitHub token", "github_pat_", r"\bgithub_pat_[A-Za-z0-9_]{30,255}\b"),
    _shape("GitLab token", "glpat-", r"\bglpat-[A-Za-z0-9_-]{18,64}"),
    _shape("Slack token", "xox", r"\bxox[abeoprs]-[A-Za-z0-9-]{10,250}"),
    _shape("Slack webhook", "hooks.slack.com", r"hooks\.slack\.com/services/[A-Za-z0-9/]{20,100}"),
    _shape("Google API key", "aiza", r"\bAIza[0-9A-Za-z_-]{35}(?![0-9A-Za-z_-])"),
    _shape("Stripe key", "sk_live_ rk_live_", r"\b[rs]k_live_[0-9A-Za-z]{16,128}\b"),
    _shape("npm token", "npm_", r"\bnpm_[A-Za-z0-9]{36}\b"),
    _shape("PyPI token", "pypi-", r"\bpypi-[A-Za-z0-9_-]{50,300}"),
    _shape("SendGrid key", "sg.", r"\bSG\.[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{30,64}"),
    _shape("Atlassian token", "atatt3", r"\bATATT3[A-Za-z0-9_=-]{50,300}"),
    _shape("OpenAI key", "sk-", r"\bsk-(?:proj-)?[A-Za-z0-9_-]{32,200}"),
    _shape("JSON web token", "eyj", r"\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]+"),
    _shape(
        "storage account key", "accountkey", r"(?i:AccountKey)=[A-Za-z0-9+/]{40,100}={0,2}"
    ),
    _shape(
        "private key",
        "private",
        r"-----BEGIN (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----"
        r"(?:[\sA-Za-z0-9+/=:,.-]{0,20000}?-----END [A-Z0-9 ]{1,50}-----)?",
    ),
    _shape(
        "password in an address",
        "://",
        r"\b[a-z][a-z0-9+.-]{1,15}://[^\s/:@<>\"'`\\]{1,64}:[^\s/@<>\"'`\\]{3,128}(?=@[\w\[])",
    ),
    _shape("bearer token", "bearer", r"(?i:\bbearer)[ \t]+(?=\S{0,60}\d)[\w.~+/-]{20,}=*"),
)  # fmt: skip
_WORDS = (
    "passwor", "passwd", "passphrase", "pwd", "passwort", "kennwort", "secret", "token", "api",
    "contrase", "mot de passe", "access", "wachtwoord", "senha",
)  # fmt: skip
_SAID = re.compile(
    r"(?:\b|_)(?:pass(?:word|wd|phrase|wort)|pwd|kennwort|wachtwoord|senha|contrase\u00f1a"
    r"|mot de passe"
    r"|(?:client|api|app|shared)?[ _-]?secret(?:[ _-]?key)?|api[ _-]?(?:key|token)"
    r"|(?:access|auth|refresh|private|personal[ _-]access)[ _-]?(?:key|token)|token)"
    # What stands around it in Markdown, JSON and code: bold, quotes, a cell's bar.
    r"""["'`*_]{0,3}[ \t]{0,4}(?::=|[:=|\uff1a])[ \t]{0,4}["'`*_]{0,4}[ \t]{0,4}"""
    r"""([^\s"'`|,;<>(){}\[\]\\]{4,200})(?=["'`*_]{0,3}[,;|]?[ \t]*(?:$|[.|]|\\?<br|["'`]|#|//))""",
    re.IGNORECASE | re.MULTILINE,
)
# What stands where a secret would, and is none.
_NONE = re.compile(
    r"[*x.\u2022\u2026_#?-]+|(?:your|my|the|some|new|old|enter|insert|change|example|sample|dummy|fake|test)\b.*"
    r"|.*(?:example|placeholder|redacted|password|passwort|passwd|secret|token|api[_-]?key)"
    r"|[$%&@].*|.*\$.*|https?:.*|(?:process|os|env|self|this|config|settings|secrets|vault)\b.*"
    r"|(?:str|string|text|char|varchar|bytes?|bool|boolean|int|integer|number|any|void|object|null"
    r"|none|nil|true|false|optional|required|undefined|unknown|never|symbol|yes|nein|empty|hidden)\b.*"
    r"|[A-Za-z_]+(?:\.[A-Za-z_]+)+|[A-Z][a-z]*(?:[A-Z][a-z]+)+",
    re.IGNORECASE,
)  # fmt: skip


def find_secrets(text: str) -> list[Secret]:
    """Return the likely secrets of *text* by line, one for each kind and line."""
    return sorted({Secret(text.count("\n", 0, begin) + 1, kind) for begin, _, kind in _found(text)})


def masked(text: str) -> str:
    """Return *text* with a mask in place of every likely secret."""
    spans = sorted((begin, end) for begin, end, _ in _found(text))
    for begin, end in reversed(spans):
        text = f"{text[:begin]}{MASK}{text[end:]}"
    return text


def _found(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield (start, end, kind); none lies in another."""
    lower = text.lower()
    spans: list[tuple[int, int]] = []
    for shape in _SHAPES:
        if not any(word in lower for word in shape.words):
            continue
        for match in shape.pattern.finditer(text):
            if _is_free(match.span(), spans):
                spans.append(match.span())
                yield (*match.span(), shape.kind)
    if not any(word in lower for word in _WORDS):
        return
    for match in _SAID.finditer(text):
        if not _NONE.fullmatch(match[1]) and _is_free(match.span(1), spans):
            spans.append(match.span(1))
            yield (*match.span(1), "password or key")


def _is_free(span: tuple[int, int], others: list[tuple[int, int]]) -> bool:
    return all(span[1] <= begin or end <= span[0] for begin, end in others)
