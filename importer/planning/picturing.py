"""Images: uploaded once for all that shows them, and never by themselves.

the image                           a change shows it        then
stands at an address that we know   -                        nothing
is not there                        yes                      it is uploaded before
is not there, and no API can        yes                      blocked, naming what shows it
is not there                        no                       nothing: nobody would see it

An address is known from the journal, or from a live post of ours: what we write bears the digest of
the image's bytes.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from importer.model.fields import targets_of
from importer.model.ids import ChangeId, Key, Kind, Verb, change_id, image_digest, key_of_target
from importer.model.ledger import Operation
from importer.model.plan import Blocked, Change, Pair, Reason
from importer.planning.abilities import Abilities, unsupported
from importer.planning.policy import Verdict, unless_rejected

__all__ = ["judge_image", "shown_by", "with_showing", "without_idle"]

_MOST_NAMED = 3
_ELSEWHERE = "put the image on a server that the readers reach, and give its URL."


def judge_image(pair: Pair, ability: Abilities, rejected: Mapping[ChangeId, Operation]) -> Verdict:
    """Return the upload of the image of *pair*, unless it is there."""
    item = pair.item
    if pair.live is not None:
        return Verdict()
    able = ability(Kind.IMAGE, Verb.CREATE, None)
    if not able.able:
        remedy = f"{able.remedy} Or {_ELSEWHERE}" if able.remedy else f"P{_ELSEWHERE[1:]}"
        return Verdict(blocked=(replace(unsupported(item, able), remedy=remedy),))
    upload = Change(
        id=change_id(item.key, Verb.CREATE),
        key=item.key,
        kind=Kind.IMAGE,
        verb=Verb.CREATE,
        reason=Reason.NEW,
        title=item.picture.path if item.picture else "",
        picture=item.picture,
        span=item.span,
    )
    wishes, blocked = unless_rejected([upload], rejected)
    return Verdict(wishes, (), blocked)


def shown_by(changes: Iterable[Change]) -> Mapping[Key, Sequence[Key]]:
    """Return the items whose *changes* show an image, by the images."""
    shown: dict[Key, dict[Key, None]] = defaultdict(dict)
    for change in changes:
        for it in change.fields:
            for key in filter(None, map(key_of_target, targets_of(it.field, it.after))):
                if image_digest(key) is not None:
                    shown[key][change.key] = None
    return {key: tuple(items) for key, items in shown.items()}


def without_idle(changes: Sequence[Change]) -> list[Change]:
    """Return *changes* without uploads of images that none of them shows."""
    shown = shown_by(changes)
    return [it for it in changes if it.kind is not Kind.IMAGE or it.key in shown]


def with_showing(
    blocked: Iterable[Blocked], wishes: Iterable[Change], pairs: Iterable[Pair]
) -> list[Blocked]:
    """Return *blocked*, images saying what shows them, without those that nothing would show."""
    shown = shown_by(wishes)
    files = {it.item.key: it.item.picture.path for it in pairs if it.item.picture}
    told = []
    for it in blocked:
        if it.kind is not Kind.IMAGE or it.key is None:
            told.append(it)
        elif it.key in shown:
            where = f"{files[it.key]} is shown in {_named(shown[it.key])}"
            told.append(replace(it, why=f"{it.why}; {where}"))
    return told


def _named(keys: Sequence[Key]) -> str:
    more = len(keys) - _MOST_NAMED
    named = ", ".join(keys[:_MOST_NAMED])
    return f"{named} and {more} more" if more > 0 else named
