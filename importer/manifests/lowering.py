"""Documents to items: canonical fields of what the manifest manages, with a place for each."""

from collections.abc import Iterator, Mapping, Sequence

from importer.errors import Span
from importer.manifests.bodies import Bodies
from importer.manifests.document import ManifestDocument
from importer.manifests.drafts import Catalogue, Draft
from importer.manifests.files import Files
from importer.manifests.limits import Limits
from importer.manifests.nodes import ListNode, MapNode
from importer.manifests.posts import (
    AnswerEntry,
    ArticleEntry,
    CollectionEntry,
    ExpertsEntry,
    PermissionsEntry,
    QuestionEntry,
    TagEntry,
)
from importer.manifests.rules import Findings
from importer.manifests.source import Source
from importer.manifests.validating import Checked
from importer.model.fields import Value
from importer.model.ids import (
    Field,
    FullKey,
    Key,
    Kind,
    UserId,
    full_key,
    tag_key,
    target_of_key,
)
from importer.model.manifest import Item
from importer.text.canonical import canonical_line, canonical_names
from importer.text.digests import Digest

__all__ = ["Lowering"]

_USUAL_TYPE = "knowledge-article"
_NO_MASTERS: Mapping[str, str] = {}


class Lowering:
    """Makes the items of one manifest; every fault of a value is recorded."""

    def __init__(
        self,
        root: Checked,
        document: ManifestDocument,
        catalogue: Catalogue,
        files: Files,
        findings: Findings,
    ) -> None:
        self._namespace = document.namespace
        self._findings = findings
        self._catalogue = catalogue
        # What the author meant with these can't be told: nothing is measured by a guess.
        self._knows_defaults = "defaults" not in root.left_out
        limits = None if "limits" in root.left_out else document.limits
        self._limits = Limits(limits, document.markers, findings)
        self._bodies = Bodies(catalogue, files, findings)
        self._defaults = self._default_tags(root, document)

    def _default_tags(
        self, root: Checked, document: ManifestDocument
    ) -> tuple[tuple[str, ...], Span] | None:
        if document.defaults.tags is None:
            return None
        node: MapNode = root.data["defaults"]
        span = root.source.span(node.values_at["tags"])
        names = self._names(document.defaults.tags, root.source, node["tags"])
        self._limits.tag_count(Kind.QUESTION, len(names), span)
        return names, span

    def item(self, draft: Draft) -> Item:
        """Return the item of a post or collection."""
        entry = draft.entry
        fields: dict[Field, Value] = {}
        spans: dict[Field, Span] = {}
        for field, value, span in self._fields(draft):
            fields[field] = value
            spans[field] = span
        manage: Sequence[str] | None = getattr(entry, "manage", None)
        initial: dict[Field, Value] = {}
        if manage is not None:
            managed = {_field(draft, name) for name in manage}
            initial = {field: fields.pop(field) for field in list(fields) if field not in managed}
        if isinstance(entry, ArticleEntry) and entry.type is None:
            initial[Field.TYPE] = _USUAL_TYPE
        seen: Mapping[str, str] = getattr(entry, "seen", {})
        return Item(
            key=draft.key,
            kind=draft.kind,
            span=draft.span,
            fields=fields,
            parent=draft.parent.key if draft.parent else None,
            initial=initial,
            spans=spans,
            remote_id=entry.id,
            seen={_field(draft, name): Digest(digest) for name, digest in seen.items()},
            was=self._old_keys(draft),
            author=UserId(entry.author) if entry.author is not None else None,
            origin=entry.origin,
            protected=entry.protect,
            on_drift=entry.on_drift,
        )

    def _fields(self, draft: Draft) -> Iterator[tuple[Field, Value, Span]]:
        """Yield what the entry states, managed or not: a value that is in error is told anyway."""
        entry = draft.entry
        if isinstance(entry, QuestionEntry | ArticleEntry | CollectionEntry):
            yield self._title(draft, entry.title)
        if isinstance(entry, QuestionEntry | ArticleEntry):
            yield from self._tags(draft, entry)
        if draft.body is not None:
            text = self._bodies.lower(draft.body)
            span = draft.place(draft.body_key)
            self._limits.body(draft.kind, text, full_key(self._namespace, draft.key), span)
            yield Field.BODY, text, span
        match entry:
            case AnswerEntry(accepted=True):
                yield Field.ACCEPTED, True, draft.place("accepted")
            case ArticleEntry():
                if entry.type is not None:
                    yield Field.TYPE, entry.type, draft.place("type")
                if entry.permissions is not None:
                    yield self._permissions(draft, entry.permissions)
            case CollectionEntry():
                yield self._members(draft, entry)
            case _:
                pass

    def _title(self, draft: Draft, written: str) -> tuple[Field, Value, Span]:
        title, span = canonical_line(written), draft.place("title")
        self._limits.title(draft.kind, title, span)
        return Field.TITLE, title, span

    def _tags(
        self, draft: Draft, entry: QuestionEntry | ArticleEntry
    ) -> Iterator[tuple[Field, Value, Span]]:
        span = draft.place("tags")
        if entry.tags is not None:
            names = self._names(entry.tags, draft.source, draft.node["tags"])
            self._limits.tag_count(draft.kind, len(names), span)
            yield Field.TAGS, names, span
        elif self._defaults is not None:
            yield Field.TAGS, *self._defaults
        elif self._knows_defaults and (entry.manage is None or "tags" in entry.manage):
            self._limits.tag_count(draft.kind, 0, span)

    def _names(self, written: Sequence[str], source: Source, rows: ListNode) -> tuple[str, ...]:
        """Return canonical tag names; each is checked at its own place."""
        for name, at in zip(written, rows.values_at, strict=True):
            self._tag_name(name, source.span(at))
        return canonical_names(written, _NO_MASTERS)

    def _tag_name(self, written: str, span: Span) -> str:
        """Return a tag's canonical name, once checked; say so where it is not what was written."""
        (name,) = canonical_names([written], _NO_MASTERS)
        before = len(self._findings.problems)
        self._limits.tag_name(name, span)
        if written != written.lower() and len(self._findings.problems) == before:
            self._findings.add("tag-case", span, name=written, lower=name)
        return name

    def _permissions(self, draft: Draft, entry: PermissionsEntry) -> tuple[Field, Value, Span]:
        span = draft.place("permissions")
        editors = _people(entry.users, entry.groups, ())
        if entry.editable_by == "specific-editors" and not editors:
            self._findings.add("editors-missing", span)
        if entry.editable_by != "specific-editors" and editors:
            self._findings.add("editors-unheard", span, editable_by=entry.editable_by)
        return Field.PERMISSIONS, canonical_names([entry.editable_by, *editors], _NO_MASTERS), span

    def _members(self, draft: Draft, entry: CollectionEntry) -> tuple[Field, Value, Span]:
        rows: ListNode = draft.node["items"]
        known = self._catalogue.keys
        first: dict[str, int] = {}
        for key, at in zip(entry.items, rows.values_at, strict=True):
            if key in first:
                earlier = draft.source.span(first[key])
                self._findings.add("item-twice", draft.source.span(at), key=key, first=earlier)
                continue
            first[key] = at
            if self._is_collection(key):
                self._findings.add("item-collection", draft.source.span(at), key=key)
            elif key not in known and self._catalogue.whole:
                hint = self._catalogue.close_to(key, self._may_be_member)
                self._findings.add("unknown-item", draft.source.span(at), key=key, hint=hint)
        targets = tuple(target_of_key(Key(key)) for key in first)
        return Field.ITEMS, targets, draft.place("items")

    def _is_collection(self, key: str) -> bool:
        draft = self._catalogue.keys.get(key)
        return draft is not None and draft.kind is Kind.COLLECTION

    def _may_be_member(self, key: str) -> bool:
        return "#" not in key and not self._is_collection(key)

    def _old_keys(self, draft: Draft) -> tuple[FullKey, ...]:
        """Return the former full keys; an answer's also follow from those of its question."""
        own = tuple(dict.fromkeys(self._old_key(draft, old) for old in draft.entry.was))
        if draft.parent is None or not draft.parent.entry.was:
            return own
        local = draft.key.partition("#")[2]
        names = [local, *(old for old in draft.entry.was if ":" not in old and "#" not in old)]
        parents = [self._old_key(draft.parent, old) for old in draft.parent.entry.was]
        moved = [FullKey(f"{parent}#{name}") for parent in parents for name in names]
        return tuple(dict.fromkeys([*own, *moved]))

    def _old_key(self, draft: Draft, old: str) -> FullKey:
        if ":" in old:
            return FullKey(old)
        if draft.parent is not None and "#" not in old:
            old = f"{draft.parent.key}#{old}"
        return full_key(self._namespace, Key(old))

    def images(self) -> Mapping[Key, Item]:
        """Return the images of the bodies that were lowered so far."""
        return {
            key: Item(key, Kind.IMAGE, span, {}, picture=picture)
            for key, (picture, span) in self._bodies.pictures.items()
        }

    def tag(self, entry: TagEntry, node: MapNode, source: Source) -> Item:
        """Return the item of a tag; its name is in its key."""
        name = self._tag_name(entry.name, source.span(node.values_at["name"]))
        fields: dict[Field, Value] = {}
        spans: dict[Field, Span] = {}
        if entry.description is not None:
            fields[Field.DESCRIPTION] = canonical_line(entry.description)
            spans[Field.DESCRIPTION] = source.span(node.values_at["description"])
        experts = entry.experts or ExpertsEntry()
        people = _people(experts.users, experts.groups, experts.emails)
        # To add nobody asks for nothing; that there be nobody is a wish.
        if people or experts.exact:
            fields[Field.EXPERTS] = people
            spans[Field.EXPERTS] = source.span(node.values_at["experts"])
        old = canonical_names(entry.was, _NO_MASTERS)
        was = tuple(full_key(self._namespace, tag_key(name)) for name in old)
        span = source.span(node.at)
        adds = (Field.EXPERTS,) if Field.EXPERTS in fields and not experts.exact else ()
        return Item(
            tag_key(name),
            Kind.TAG,
            span,
            fields,
            spans=spans,
            was=was,
            on_drift=entry.on_drift,
            adds=adds,
        )


def _field(draft: Draft, name: str) -> Field:
    """Return the field that *name* stands for in `manage:` and `seen:`."""
    if draft.kind is Kind.COLLECTION and name == "description":
        return Field.BODY
    return Field(name)


def _people(users: Sequence[int], groups: Sequence[int], emails: Sequence[str]) -> tuple[str, ...]:
    """Return people as names: `user:12`, `group:3`, `email:ada@example.org`."""
    names = [*(f"user:{id_}" for id_ in users), *(f"group:{id_}" for id_ in groups)]
    return canonical_names([*names, *(f"email:{email}" for email in emails)], _NO_MASTERS)
