"""A draft as the text of a file: one Markdown page, or an entry of YAML where no page can hold it.

A page holds no text that starts an answer, nor one that comes close to it; YAML holds any.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from importer.manifests.assets import with_assets
from importer.manifests.markdown_file import answer_lines
from importer.manifests.rules import Findings
from importer.manifests.source import Source
from importer.manifests.yaml_text import block, flow_list, flow_scalar, scalar
from importer.model.draft import Draft, DraftAnswer, DraftCollection, DraftTag
from importer.model.ids import Kind
from importer.text.canonical import canonical_text
from importer.text.digests import digest_text

__all__ = [
    "FOLDER",
    "PageText",
    "check_answers",
    "collection_entry",
    "entry_name",
    "holds",
    "key_lines",
    "page",
    "page_name",
    "people_of",
    "post_entry",
    "tag_rows",
]

FOLDER = "content"
"""Where the files of drafts stand, as seen from the manifest."""


@dataclass(frozen=True, slots=True)
class PageText:
    """A file's text; `starts` are the lines, from 1, from which on it is about which answer.

    The question itself is called "".
    """

    text: str
    starts: tuple[tuple[int, str], ...]


def page_name(key: str) -> str:
    """Return the name of the Markdown file of the item *key*."""
    return f"{FOLDER}/{key}.md"


def entry_name(key: str) -> str:
    """Return the name of the YAML file of the item *key*."""
    return f"{FOLDER}/{key}.yaml"


def key_lines(key: str, was: Sequence[str] = ()) -> str:
    """Return the lines of a file that say an item's key, and those it had before."""
    olds = f"was: {flow_list(was)}\n" if was else ""
    return f"key: {scalar(key)}\n{olds}"


def page(draft: Draft, was: Sequence[str] = ()) -> PageText:
    """Return *draft* as a Markdown file; *was* are keys that it had before."""
    kind = [] if draft.kind is Kind.QUESTION else [f"kind: {draft.kind}"]
    rows = ["---", *_head(draft, was, kind)]
    told = ((it.key, _bound(it)) for it in draft.answers)
    more = [f"  {scalar(key)}: {{{', '.join(rows)}}}" for key, rows in told if rows]
    rows += ["answers:", *more] if more else []
    parts = ["\n".join([*rows, "---"]), _text(draft, draft.body)]
    opened = [len(parts)]
    for answer in draft.answers:
        accepted = " accepted" if answer.accepted else ""
        opened.append(len(parts))
        parts.append(f"<!-- answer: {answer.key}{accepted} -->")
        parts.append(_text(draft, answer.body))
    starts, line = [(1, "")], 1
    names = dict(zip(opened[1:], (it.key for it in draft.answers), strict=True))
    for number, part in enumerate(parts):
        if number in names:
            starts.append((line, names[number]))
        line += part.count("\n") + 2 if part else 0
    return PageText("\n\n".join(part for part in parts if part) + "\n", tuple(starts))


def holds(draft: Draft) -> bool:
    """Tell whether a page can hold *draft*: none of its texts would start an answer."""
    return not _answer_findings(draft).failed


def _answer_findings(draft: Draft) -> Findings:
    findings = Findings()
    made = page(draft)
    check_answers(page_name(draft.key), made.text, len(draft.answers), findings)
    return findings


def check_answers(name: str, text: str, expected: int, findings: Findings) -> None:
    """Record each line of a page that would start an answer, where there are others than expected.

    Near misses are recorded in any case.
    """
    source = Source(name, name, text, digest_text(text))
    start = text.index("\n---\n") + len("\n---\n")
    found = answer_lines(source, start, findings)
    for at, _ in found if len(found) != expected else ():
        findings.add("answer-line", source.span(at))


def post_entry(draft: Draft, was: Sequence[str] = ()) -> PageText:
    """Return *draft* as a YAML file that a manifest includes."""
    section = "articles" if draft.kind is Kind.ARTICLE else "questions"
    rows = [f"{section}:", *_item(_head(draft, was), "  ")]
    rows.append(f"    body: {block(canonical_text(draft.body), '      ')}")
    starts = [(1, "")]
    if draft.answers:
        rows.append("    answers:")
    for answer in draft.answers:
        starts.append((_lines(rows) + 1, answer.key))
        rows += _item(_answer_head(answer), "      ")
        rows.append(f"        body: {block(canonical_text(answer.body), '          ')}")
    return PageText("\n".join([*rows, ""]), tuple(starts))


def _lines(rows: Iterable[str]) -> int:
    return sum(row.count("\n") + 1 for row in rows)


def _head(draft: Draft, was: Sequence[str], kind: Sequence[str] = ()) -> list[str]:
    rows = [*key_lines(draft.key, was).splitlines(), *kind]
    rows.append(f"title: {scalar(draft.title)}")
    rows += [f"type: {scalar(draft.type)}"] if draft.type else []
    rows.append(f"tags: {flow_list(draft.tags)}")
    rows += [f"permissions: {_permissions(draft.permissions)}"] if draft.permissions else []
    rows += [f"origin: {flow_list(draft.origin)}"] if draft.origin else []
    return [*rows, *_bound(draft)]


def _bound(draft: Draft | DraftAnswer | DraftCollection) -> list[str]:
    """Return the rows that say which post it is, and what was seen of it."""
    seen = ", ".join(f"{field}: {flow_scalar(digest)}" for field, digest in draft.seen.items())
    rows = [f"id: {draft.id}"] if draft.id is not None else []
    return [*rows, f"seen: {{{seen}}}"] if seen else rows


def _answer_head(answer: DraftAnswer) -> list[str]:
    rows = [f"key: {scalar(answer.key)}", *_bound(answer)]
    return [*rows, "accepted: true"] if answer.accepted else rows


def _item(rows: Sequence[str], indent: str) -> list[str]:
    """Return *rows* as the beginning of a list's item."""
    return [f"{indent}{'- ' if not number else '  '}{row}" for number, row in enumerate(rows)]


def _permissions(names: Sequence[str]) -> str:
    (editable_by,) = (it for it in names if ":" not in it)
    return f"{{editable_by: {editable_by}{people_of(names, ', ')}}}"


def people_of(names: Sequence[str], before: str = "") -> str:
    """Return the users and groups among *names* as keys of a mapping; nothing where are none."""
    rows = []
    for word in ("user", "group"):
        ids = sorted(int(it.partition(":")[2]) for it in names if it.startswith(f"{word}:"))
        rows += [f"{word}s: [{', '.join(map(str, ids))}]"] if ids else []
    return f"{before}{', '.join(rows)}" if rows else ""


def collection_entry(draft: DraftCollection) -> PageText:
    """Return a collection as a YAML file that a manifest includes."""
    rows = [f"key: {scalar(draft.key)}", *_bound(draft)]
    rows.append(f"title: {scalar(draft.title)}")
    if description := canonical_text(draft.description):
        rows.append(f"description: {block(description, '      ')}")
    rows += [] if draft.owns_items else ["manage: [title, description]"]
    rows.append(f"items: {flow_list(draft.items)}")
    return PageText("\n".join(["collections:", *_item(rows, "  "), ""]), ((1, ""),))


def tag_rows(tags: Iterable[DraftTag]) -> list[str]:
    """Return the rows of a manifest that declare *tags*, a row each."""
    rows = []
    for tag in tags:
        parts = [f"name: {flow_scalar(tag.name)}"]
        parts += [f"description: {flow_scalar(tag.description)}"] if tag.description else []
        parts += [f"experts: {{{people_of(tag.experts)}}}"] if tag.experts else []
        rows.append(f"  - {{{', '.join(parts)}}}")
    return ["tags:", *rows] if rows else []


def _text(draft: Draft, markdown: str) -> str:
    text = canonical_text(markdown).rstrip("\n")
    return with_assets(text, draft, page_name(draft.key))
