"""What passes between the transport and the dialects: requests, and the ways they can end.

How a request ended is a value, never an exception: an exception's frames would hold its headers.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Protocol

from importer.text.digests import digest_bytes

__all__ = [
    "ApiError",
    "Ended",
    "Failure",
    "Heard",
    "Held",
    "Left",
    "Listener",
    "Part",
    "Quota",
    "Reply",
    "Request",
    "Said",
    "Trouble",
]

_SHORT = 40

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Part:
    """A file as the one part of a form: the field's name, the file's, its media type and bytes."""

    name: str
    file_name: str
    media_type: str
    content: bytes = field(repr=False)

    @property
    def boundary(self) -> str:
        """What parts the form: nothing that is in the content."""
        return f"part-{digest_bytes(self.content)}"


@dataclass(frozen=True, slots=True)
class Request:
    """One call of the API.

    `method` is the route with its holes (`questions/{ids}`): what a `backoff` is about. `path` is
    the route filled, below the version. `form`, `json` or `file` is what a write carries. `gap_s`
    is the least time between two writes of `family`. `harmless` marks a write that can't take
    effect. `token_field` names a field of the form that the run's own token goes into, at the last
    moment.
    """

    verb: str
    method: str
    path: str
    query: Pairs = ()
    form: Pairs = ()
    json: str | None = None
    file: Part | None = None
    family: str = ""
    gap_s: float = 0.0
    harmless: bool = False
    token_field: str = ""

    @property
    def is_read(self) -> bool:
        """Tell whether it only reads."""
        return self.verb in {"GET", "HEAD"}

    @property
    def repeatable(self) -> bool:
        """Tell whether sending it twice does no more than sending it once."""
        return self.is_read or self.harmless

    def __str__(self) -> str:
        return f"{self.verb} {self.path if len(self.path) < _SHORT else self.method}"


class Trouble(StrEnum):
    """Why there is no answer, in words fit for a person."""

    CONNECT = "no connection"
    CERTIFICATE = "the server's certificate is not to be trusted"
    EXPIRED = "the server's certificate is out of date"
    OTHERS = "the server's certificate is that of another host"
    POOL = "no free connection"
    PROXY = "the proxy refused"
    DEADLINE = "no whole answer in time"
    BROKEN = "the connection broke"
    TRUNCATED = "the answer was cut off"
    GARBLED = "the answer could not be decoded"
    TOO_LARGE = "the answer was too large"


_CHECK = "Check --url, the network and any proxy, then run the same command again."
_REMEDIES: Mapping[Trouble, str] = MappingProxyType(
    {
        Trouble.CERTIFICATE: "If the site has an authority of its own, or a proxy here opens TLS, "
        "name the authority's certificates (a PEM file) with --ca-bundle, or in "
        "TEAMS_IMPORTER_CA_BUNDLE. There is no option that switches the check off.",
        Trouble.EXPIRED: "Check this machine's clock; if it is right, whoever runs the site has to "
        "renew it.",
        Trouble.OTHERS: "Give --url the name that the certificate is for; a proxy may also answer "
        "in the site's place.",
    }
)


@dataclass(frozen=True, slots=True)
class Failure:
    """No answer. `sent` is false only where it is known that the server never saw the request."""

    trouble: Trouble
    sent: bool
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.trouble}: {self.detail}" if self.detail else str(self.trouble)

    @property
    def remedy(self) -> str:
        """What a person can do about it."""
        return _REMEDIES.get(self.trouble, _CHECK)


@dataclass(frozen=True, slots=True)
class Held:
    """Not sent, or refused for the moment: the rate budget is used up for longer than we wait."""

    why: str
    resume_after_s: float | None = None


@dataclass(frozen=True, slots=True)
class ApiError:
    """A refusal in the API's own shape. `message` is the server's text, to be shown, not parsed."""

    id: int
    name: str
    message: str

    def __str__(self) -> str:
        return f"{self.name} ({self.id}): {self.message}" if self.message else self.name


@dataclass(frozen=True, slots=True)
class Quota:
    """Calls a day, and what is left of them, as the server counts."""

    highest: int
    remaining: int


@dataclass(frozen=True, slots=True)
class Left:
    """Calls left in a bucket, as the server counts, and in how many seconds the next ones come."""

    calls: int
    refill_in_s: float | None = None


class Said(StrEnum):
    """What an answer amounts to, in any dialect."""

    ANSWER = "answer"
    REFUSAL = "refusal"
    """Of this request; the next one may be fine."""
    DENIAL = "denial"
    """Of whoever asks: the token or its rights."""
    REPEATED = "repeated"
    """The request's id was seen before; what became of it is not said."""
    THROTTLE = "throttle"
    PAUSE = "pause"
    """A refused write with a time to wait: too soon after the last one, or refused as such."""
    FAILURE = "failure"
    """The API's own unexpected error: anything may have happened."""
    NOTHING = "nothing"
    """Not the API's: a proxy, a login page, half a body."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What a dialect makes of an answer.

    `wrapper` is the API's own JSON object of a success; a bare list is its `items`. `wait_s` is
    what every request is asked to wait (`guessed`: the server named no time), `backoff_s` what the
    next call of this method is. `left` and `burst_left` tell of a bucket, and of the calls that may
    still follow at once.
    """

    said: Said
    wrapper: Mapping[str, object] = field(default_factory=dict)
    error: ApiError | None = None
    wait_s: float | None = None
    backoff_s: float | None = None
    quota: Quota | None = None
    guessed: bool = False
    left: Left | None = None
    burst_left: int | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, decoded. `retry_after_s` and `server_time_s` (Unix) come from its headers."""

    status: int
    content_type: str
    heard: Heard
    retry_after_s: float | None = None
    server_time_s: float | None = None


Ended = Reply | Failure | Held


class Listener(Protocol):
    """How a dialect reads a decoded answer; *headers* by lower-case names."""

    def __call__(self, status: int, body: bytes, headers: Mapping[str, str]) -> Heard:
        """Return what the answer says; must not raise."""
        ...
