"""A snapshot as a file: taken where the team can be read, planned from where it can't.

It holds what planning compares: keys, refs, titles, tags, markers, a digest for each text. It holds
no text of a post, no name and no mail address. A digest confirms a guess, and no more.

The file has a digest of its own: what was edited or cut short would plan nonsense, and is refused.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import NoReturn

from pydantic import TypeAdapter, ValidationError

from importer.errors import PlanAltered
from importer.model.fields import Fields, Shape, Value, fields_of
from importer.model.ids import Field, Key, Kind, Verb
from importer.model.ledger import Ledger, Operation
from importer.model.live import Access, LiveItem, Rates, Snapshot
from importer.model.saved_snapshot import SNAPSHOT_VERSION, KnownAbility, SavedSnapshot
from importer.planning.abilities import Abilities
from importer.planning.baseline import digest_field
from importer.planning.keying import keyed
from importer.planning.plan_file import MOST_BYTES, canonical_json
from importer.text.digests import Digest, digest_text
from importer.text.links import Text
from importer.text.sealed import Sealed, seal

__all__ = ["load_snapshot", "save_snapshot", "sealed_snapshot", "snapshot_schema"]

_TYPES: Mapping[Shape, type | tuple[type, ...]] = {
    Shape.LINE: str,
    Shape.TEXT: (Text, Sealed),
    Shape.FLAG: bool,
    Shape.NAMES: tuple,
    Shape.ORDERED: tuple,
}
_DIGEST = "digest"
_REMEDY = "Take another one, where the team can be read: teams-importer plan --snapshot-out FILE"


def sealed_snapshot(
    snapshot: Snapshot,
    ledger: Ledger,
    *,
    taken_at: datetime,
    namespace: str,
    team: str,
    access: Access,
    ability: Abilities,
    rates: Rates,
    targets: Mapping[str, str],
    histories: Mapping[Key, Iterable[Operation]],
) -> SavedSnapshot:
    """Return what was read of a team and its journal, without any text.

    *targets* is how links name the items of our posts, as the bases in markers and journal do.
    """
    live = (it for _, it in sorted(snapshot.items.items()) if isinstance(it, LiveItem))
    return SavedSnapshot(
        format_version=SNAPSHOT_VERSION,
        taken_at=taken_at,
        namespace=namespace,
        team=team,
        lineage=ledger.lineage,
        site=snapshot.site,
        me=snapshot.me,
        authoring=access.authoring,
        abilities=tuple(_abilities(ability)),
        rates=rates,
        posts=tuple(_sealed(it, targets) for it in live),
        covered=tuple(sorted(snapshot.covered)),
        until=snapshot.until,
        tags=snapshot.tags,
        synonyms=snapshot.synonyms,
        declared=tuple(it for _, it in sorted(snapshot.declared.items())),
        people={digest_text(mail): who for mail, who in snapshot.people.items()},
        denied={digest_text(what): why for what, why in snapshot.denied.items()},
        has_journal=ledger.exists,
        serial=ledger.serial,
        bindings=tuple(it for _, it in sorted(ledger.bindings.items())),
        open=ledger.open,
        rejected=ledger.rejected,
        authors=tuple(sorted(ledger.authors)),
        histories={key: tuple(it) for key, it in histories.items()},
    )


def save_snapshot(saved: SavedSnapshot) -> bytes:
    """Return the file that `plan --snapshot-out` writes; its digest is of all else that it says."""
    document: dict[str, object] = json.loads(canonical_json(saved))
    document[_DIGEST] = _digest_of(document)
    return f"{canonical_json(document, indent=1)}\n".encode()


def load_snapshot(data: bytes, name: str) -> SavedSnapshot:
    """Return what `save_snapshot` made *data* of, the file *name*. Raises PlanAltered.

    Its layout may differ, as after a formatter; what it says may not.
    """
    document = _parsed(data, name)
    if "posts" not in document:
        _refuse(name, "it lists no posts of a team")
    digest = document.pop(_DIGEST, None)
    if digest is None:
        _refuse(name, "it has no digest")
    if digest != _digest_of(document):
        message = f"{name} was edited after it was taken: what it says doesn't fit its digest"
        raise PlanAltered(message, remedy=_REMEDY)
    try:
        saved = _adapter().validate_python(document)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(step) for step in first["loc"])
        _refuse(name, f"{place}: {first['msg']}", error)
    if fault := next(_faults_in(saved), ""):
        _refuse(name, fault)
    return saved


def _parsed(data: bytes, name: str) -> dict[str, object]:
    if len(data) > MOST_BYTES:
        _refuse(name, f"it is larger than {MOST_BYTES // 1024**2} MB")
    try:
        document = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        _refuse(name, f"it was cut short, or isn't JSON: {error}", error)
    if not isinstance(document, dict):
        _refuse(name, "it holds no JSON object")
    version = document.get("format_version")
    if isinstance(version, int) and version > SNAPSHOT_VERSION:
        message = f"{name} was written by a newer importer: its format is {version}"
        raise PlanAltered(message, remedy="Plan with the version that made it.")
    return document


def _digest_of(document: Mapping[str, object]) -> Digest:
    return digest_text(canonical_json(document))


def _refuse(name: str, why: str, cause: Exception | None = None) -> NoReturn:
    message = f"{name} is no snapshot: {why}"
    raise PlanAltered(message, remedy=_REMEDY) from cause


def _faults_in(saved: SavedSnapshot) -> Iterator[str]:
    """Yield what no snapshot of ours says, though its form is right."""
    if saved.taken_at.tzinfo is None:
        yield "taken_at: no time zone"
    for post in saved.posts:
        known = {row.field: _TYPES[row.shape] for row in fields_of(post.ref.kind)}
        for name, value in post.fields.items():
            if not isinstance(value, known.get(name, ())):
                yield f"posts: {post.ref}: {name}"
    for tag in saved.declared:
        if tag.ref.kind is not Kind.TAG or not isinstance(tag.fields.get(Field.TITLE), str):
            yield f"declared: {tag.ref}"


def snapshot_schema() -> dict[str, object]:
    """Return the JSON schema of a snapshot's file."""
    schema = _adapter().json_schema()
    schema["properties"][_DIGEST] = {"title": "Digest", "type": "string"}
    schema["required"].append(_DIGEST)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


@cache
def _adapter() -> TypeAdapter[SavedSnapshot]:
    return TypeAdapter(SavedSnapshot)


def _abilities(ability: Abilities) -> Iterable[KnownAbility]:
    for kind in Kind:
        for verb in Verb:
            for name in (None, *(row.field for row in fields_of(kind))):
                yield KnownAbility(kind, verb, name, ability(kind, verb, name))


def _sealed(live: LiveItem, targets: Mapping[str, str]) -> LiveItem:
    fields: Fields = {
        name: _sealed_value(live.ref.kind, name, value, targets)
        for name, value in live.fields.items()
    }
    facts = replace(live.facts, editor_name="")
    return replace(live, fields=fields, facts=facts)


def _sealed_value(kind: Kind, name: Field, value: Value, targets: Mapping[str, str]) -> Value:
    if not isinstance(value, Text) or not value.holed:
        return value
    named = keyed(value, targets)
    return seal(value, named.targets, digest_field(kind, name, named))
