"""Takes what was pulled into the files of a manifest, in the author's own spelling."""

import posixpath
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from importer.execution import Sighting
from importer.manifests import Edited, Editor, Plain, Refusal
from importer.model.fields import Value
from importer.model.ids import Field, Key, Kind, Ref, image_digest, key_of_target
from importer.model.live import LiveItem
from importer.model.manifest import Manifest
from importer.model.plan import Pair
from importer.model.pulling import Taken
from importer.planning.compare import renames_of
from importer.planning.pulling import Intake, Pulled, stale_seen
from importer.text.canonical import canonical_names
from importer.text.digests import shorten
from importer.text.links import Text
from importer.text.respelling import respelled

__all__ = ["Outcome", "take_in"]

_WRITTEN = (Taken.TAKEN, Taken.MERGED, Taken.MARKED, Taken.KEPT)


class _CannotSayError(Exception):
    """A value has no words in a manifest."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The files as they are to be, and what of the intakes is in them."""

    editor: Editor
    edited: Edited
    written: tuple[Intake, ...]
    refused: tuple[Refusal, ...]


def take_in(path: Path, pulled: Pulled, sighting: Sighting) -> Outcome:
    """Return the edits of the manifest at *path*; nothing is written. Raises ManifestError.

    Every item is looked at once more with the files as they are to be: what doesn't say then what
    it was to say is refused.
    """
    editor = Editor(path)
    taking = _Taking(editor, pulled, sighting)
    by_key: dict[Key, list[Intake]] = defaultdict(list)
    for it in pulled.of(*_WRITTEN):
        by_key[it.item.key].append(it)
    marked = {it.item.key for it in pulled.of(Taken.MARKED)}
    refused: dict[Key, Refusal] = {}
    for key, intakes in by_key.items():
        try:
            for name, value in taking.wishes(key, intakes).items():
                editor.set(key, name, value)
        except _CannotSayError as error:
            editor.drop(key)
            refused[key] = Refusal(key, editor.place_of(key, intakes[0].word), str(error))
    for key in taking.stale() if by_key else ():
        if key not in by_key:
            editor.set(key, "seen", taking.seen(pulled.pairs[key], ()) or None)
    while True:
        edited = editor.finish(marked)
        refused |= {it.key: it for it in edited.refused}
        done = {key: it for key, it in by_key.items() if key not in refused}
        strayed = taking.strayed(edited.manifest, done)
        if not strayed:
            break
        for key, word in strayed.items():
            editor.drop(key)
            why = f"the site's {word} can't be stated so that it is read the same"
            refused[key] = Refusal(key, editor.place_of(key, word), why)
    written = tuple(it for key in done for it in done[key])
    return Outcome(editor, edited, written, tuple(refused[key] for key in sorted(refused)))


class _Taking:
    def __init__(self, editor: Editor, pulled: Pulled, sighting: Sighting) -> None:
        self._editor = editor
        self._pulled = pulled
        self._sighting = sighting
        self._manifest = editor.manifest
        self._keys = {it.key for it in self._manifest.items}
        self._pictures = {it.key: it.picture for it in self._manifest.items if it.picture}
        self._renames = renames_of(self._manifest)

    def wishes(self, key: Key, intakes: Sequence[Intake]) -> Mapping[str, Plain | None]:
        """Return what the entry of an item is to say. Raises _CannotSayError."""
        found: dict[str, Plain | None] = {}
        for it in intakes:
            if it.wanted is not None:
                found[it.word] = self._written(it, it.wanted)
        pair = self._pulled.pairs[key]
        seen = self.seen(pair, intakes)
        if seen != dict(_as_words(pair)):
            found["seen"] = seen or None
        return found

    def stale(self) -> Iterator[Key]:
        """Yield the items whose entries note what every runner sees in the post itself."""
        return (key for key, pair in self._pulled.pairs.items() if stale_seen(pair))

    def seen(self, pair: Pair, intakes: Iterable[Intake]) -> dict[str, str]:
        """Return what is to be noted of an item after *intakes*, by the author's words."""
        stale = stale_seen(pair)
        seen = {word: it for word, it in _as_words(pair) if Field(_field(word, pair)) not in stale}
        return seen | {it.word: str(it.seen) for it in intakes if it.seen is not None}

    def _written(self, it: Intake, wanted: Value) -> Plain | None:
        key = it.item.key
        match it.field, wanted:
            case Field.BODY, Text():
                source = self._editor.says(key, it.word)
                ours = it.item.fields[it.field]
                assert isinstance(ours, Text)  # noqa: S101 - as its field has it
                spell = self._spelling(self._editor.path_of(key), it.live)
                return respelled(str(source or ""), ours, wanted, spell)
            case Field.TAGS, tuple():
                return self._tags(key, wanted)
            case Field.ACCEPTED, _:
                return True if wanted is True else None
            case Field.PERMISSIONS, tuple():
                return _permissions(wanted)
            case Field.EXPERTS, tuple():
                return self._experts(it, wanted)
            case Field.ITEMS, tuple():
                return _members(wanted)
            case _:
                return str(wanted)

    def _spelling(self, path: str, live: LiveItem) -> Callable[[str], str]:
        site = self._sighting.snapshot.site

        def destination_of(target: str) -> str:
            key = key_of_target(target)
            if key is None:
                return site.address(Ref.parse(target))
            digest = image_digest(key)
            if digest is None:
                return f"key:{key}"
            picture = self._pictures.get(key)
            if picture is not None:
                return quote(posixpath.relpath(picture.path, posixpath.dirname(path) or "."))
            if key in live.pictures:
                return site.picture(live.pictures[key], digest)
            message = "it shows an image whose file isn't in the manifest, at no known address"
            raise _CannotSayError(message)

        return destination_of

    def _tags(self, key: Key, wanted: tuple[str, ...]) -> tuple[str, ...]:
        """Return the author's own names of what is *wanted*, and then what is new."""
        left = set(self._settled(wanted))
        names: list[str] = []
        for name in _listed(self._editor.says(key, "tags")):
            (settled,) = self._settled((name,))
            if settled in left:
                left.discard(settled)
                names.append(name)
        return (*names, *sorted(left))

    def _settled(self, names: tuple[str, ...]) -> tuple[str, ...]:
        masters = self._sighting.snapshot.synonyms
        return canonical_names(canonical_names(names, masters), {**masters, **self._renames})

    def _experts(self, it: Intake, wanted: tuple[str, ...]) -> Plain | None:
        said = self._editor.says(it.item.key, "experts")
        people = self._sighting.snapshot.people
        left = set(wanted)
        found: dict[str, list[str]] = {"users": [], "groups": [], "emails": []}
        for word, sort in (("users", "user"), ("groups", "group"), ("emails", "email")):
            for name in _listed(said.get(word) if isinstance(said, Mapping) else None):
                who = f"{sort}:{name}"
                if sort == "email" and people.get(name) is not None:
                    who = f"user:{people[name]}"
                if who in left:
                    left.discard(who)
                    found[word].append(name)
        for who in sorted(left):
            sort, _, name = who.partition(":")
            found[f"{sort}s"].append(name)
        kept: dict[str, Plain] = {word: tuple(names) for word, names in found.items() if names}
        if it.field not in it.item.adds:
            kept["exact"] = True
        return kept or None

    def strayed(
        self, manifest: Manifest, done: Mapping[Key, Sequence[Intake]]
    ) -> Mapping[Key, str]:
        """Return what doesn't say what it was to say, and which field that is."""
        comparison = self._sighting.compared(manifest)
        items = {pair.item.key: pair.item for pair in comparison.pairs}
        found = {}
        for key, intakes in done.items():
            for it in intakes:
                if it.wanted is None or it.how is Taken.MARKED:
                    continue
                item = items.get(key)
                now = item.fields.get(it.field) if item else None
                if not self._is_same(it, now, it.wanted):
                    found[key] = it.word
        return found

    def _is_same(self, it: Intake, now: Value | None, wanted: Value) -> bool:
        if it.field is Field.TAGS and isinstance(now, tuple) and isinstance(wanted, tuple):
            return self._settled(now) == self._settled(wanted)
        if not wanted:
            return not now
        return now == wanted


def _as_words(pair: Pair) -> Iterable[tuple[str, str]]:
    """Yield what an entry says under `seen`, by the author's words."""
    is_list = pair.item.kind is Kind.COLLECTION
    for field, digest in pair.item.seen.items():
        word = "description" if is_list and field is Field.BODY else str(field)
        yield word, str(shorten(digest))


def _field(word: str, pair: Pair) -> str:
    is_list = pair.item.kind is Kind.COLLECTION
    return str(Field.BODY) if is_list and word == "description" else word


def _listed(value: object) -> list[str]:
    return [str(it) for it in value] if isinstance(value, list) else []


def _permissions(wanted: tuple[str, ...]) -> Plain:
    people: dict[str, list[int]] = {"user": [], "group": []}
    words = []
    for name in wanted:
        sort, colon, number = name.partition(":")
        if colon:
            people[sort].append(int(number))
        else:
            words.append(name)
    found: dict[str, Plain] = {"editable_by": words[0]}
    return found | {f"{sort}s": tuple(ids) for sort, ids in people.items() if ids}


def _members(wanted: tuple[str, ...]) -> Plain:
    strange = [it for it in wanted if key_of_target(it) is None]
    if strange:
        message = f"the site's list has {', '.join(strange)}, which no item of the manifest is"
        raise _CannotSayError(message)
    return tuple(str(key_of_target(it)) for it in wanted)
