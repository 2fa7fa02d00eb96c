"""What a reading makes of the end of an exchange, in either dialect: an object, or an error."""

from collections.abc import Callable, Mapping

from importer.errors import BudgetExhausted, ImporterError, ServiceError
from importer.teams.exchange import Ended, Failure, Held, Reply, Request, Said

__all__ = ["demanded"]

_LATER = "The same command goes on later."


def demanded(
    request: Request, ended: Ended, refused: Callable[[Reply], ImporterError]
) -> Mapping[str, object]:
    """Return the object of a success, or raise what stands in its way.

    *refused* says what an answer that is no success amounts to. Raises BudgetExhausted where the
    request was held back, ServiceError where no answer came.
    """
    match ended:
        case Held(why, resume_after_s):
            text = f"{request}: {why}"
            raise BudgetExhausted(text, remedy=_LATER, resume_after_s=resume_after_s)
        case Failure():
            text = f"{request}: {ended}"
            raise ServiceError(text, remedy=ended.remedy)
        case Reply(status, _, heard) if heard.said is Said.ANSWER and status < 300:
            return heard.wrapper
        case Reply():
            raise refused(ended)
