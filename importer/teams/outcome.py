"""Says what became of a write; the only place that does.

The default is Unknown: done, rejected and not applied are an allow-list of what is proved.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import assert_never

from importer.errors import BudgetExhausted, ImporterError
from importer.model.live import LiveItem
from importer.model.writing import Done, NotApplied, Outcome, Rejected, Unknown
from importer.teams.exchange import ApiError, Ended, Failure, Held, Reply, Said

__all__ = ["Echo", "Misshapen", "classify", "not_begun"]

_REFUSED_UPLOADS: Mapping[int, Rejected] = MappingProxyType(
    {
        status: Rejected(f"status {status}", f"{why} (status {status})", lasting=False)
        for status, why in {
            400: "the server, or a proxy before it, turned the upload down and says no more: save "
            "the image anew, or let whoever runs the proxy look why",
            413: "the server, or a proxy before it, takes no file of this size: make the image "
            "smaller, or let whoever runs the proxy raise its limit for uploads",
            415: "the server, or a proxy before it, takes no file of this type: save the image as "
            "another one, such as png",
        }.items()
    }
)
"""What says that a file wasn't taken, whoever answers (inferred from HTTP; not documented of the
service). Of an upload this is enough: were it wrong, an image would stay that no post shows.
"""

Echo = Callable[[Mapping[str, object]], LiveItem | None]


class Misshapen(Exception):
    """An answer of the API lacks something we need, or has it in another form; says where."""


def not_begun(error: ImporterError) -> NotApplied:
    """Return the outcome of a write that *error* kept from being sent."""
    after_s = error.resume_after_s if isinstance(error, BudgetExhausted) else None
    return NotApplied(f"nothing was sent: {error}", after_s)


def classify(ended: Ended, echo: Echo, *, uploads: bool = False) -> Outcome:
    """Return the outcome of a write that *ended* so.

    *echo* reads the answer of a success; it raises Misshapen for one that doesn't say that exactly
    this write was done. A write that *uploads* a file is refused by some statuses alone.
    """
    match ended:
        case Held(why, resume_after_s):
            return NotApplied(why, resume_after_s)
        case Failure(sent=False):
            return NotApplied(str(ended))
        case Failure():
            return Unknown(str(ended))
        case Reply(status, _, heard) if uploads and heard.said is Said.NOTHING:
            refusal = _REFUSED_UPLOADS.get(status)
            return refusal or _of_reply(ended, echo)
        case Reply():
            return _of_reply(ended, echo)
    assert_never(ended)


def _of_reply(reply: Reply, echo: Echo) -> Outcome:
    heard = reply.heard
    error = heard.error or ApiError(0, str(heard.said), "")
    match heard.said:
        case Said.ANSWER:
            return _of_answer(reply, echo)
        case Said.REFUSAL | Said.PAUSE:
            return Rejected(error.name, error.message)
        case Said.DENIAL:
            return Rejected(error.name, error.message, stops_run=True)
        case Said.REPEATED:
            return Unknown(error.name)
        case Said.THROTTLE:
            return NotApplied(f"the server refused it for now: {error}", heard.wait_s)
        case Said.FAILURE:
            return Unknown(f"the server failed: {error}")
        case Said.NOTHING:
            what = reply.content_type or "no content"
            return Unknown(f"something else than the API answered: status {reply.status}, {what}")
    assert_never(heard.said)


def _of_answer(reply: Reply, echo: Echo) -> Outcome:
    if not 200 <= reply.status < 300:
        return Unknown(f"status {reply.status} with the answer of a success")
    try:
        return Done(echo(reply.heard.wrapper))
    except Misshapen as defect:
        return Unknown(f"the answer does not confirm the write: {defect}")
