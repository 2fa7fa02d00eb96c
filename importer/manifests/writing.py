"""Drafts to files: a new folder, one Markdown file per draft; same drafts, same bytes."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from importer.errors import ManifestError, UsageError
from importer.manifests.assets import assets_of, copy_asset, is_copied, with_assets
from importer.manifests.loading import MANIFEST_NAME
from importer.manifests.markdown_file import answer_lines
from importer.manifests.rules import Findings
from importer.manifests.source import Source
from importer.model.draft import Asset, Draft
from importer.model.ids import Kind, is_key
from importer.text.canonical import canonical_text
from importer.text.digests import digest_text

__all__ = ["SCHEMA", "write_manifest"]

SCHEMA = "../schemas/manifest.schema.json"
"""Where an editor finds the schema, as seen from the manifest."""

_FOLDER = "content"
_TEMPORARY = ".teams-importer.tmp"
_MAX_NAMES = 3
# What YAML reads as the very same text, and an editor neither as a number nor as a flag.
_PLAIN = re.compile(r"[A-Za-z](?:[\w .?!/'()+-]*[\w.?!/')+])?")
_WORDS = {"null", "true", "false", "yes", "no", "on", "off", "y", "n"}


def write_manifest(
    folder: Path,
    drafts: Iterable[Draft],
    *,
    namespace: str,
    team: str | Sequence[str] = (),
    schema: str = SCHEMA,
) -> tuple[Path, ...]:
    """Write `teams-importer.yaml` and one Markdown file per draft; return their paths, sorted.

    The drafts' assets are copied to `assets/`, each once, and links to them lead there. *schema*
    is where an editor finds the schema; "" leaves the line out.

    Writes nothing into a folder that holds anything but these very files: UsageError. ManifestError
    when a text can't stand in a Markdown file, because it holds a line that starts an answer. Each
    file appears whole or not at all, and the manifest last: after a crash, the same call goes on.
    """
    teams = (team,) if isinstance(team, str) else tuple(team)
    made = list(drafts)
    files = _files(made, namespace, teams, schema)
    assets = assets_of(made)
    _require_empty(folder, files, assets)
    for name, asset in assets.items():
        if not (folder / name).exists():
            copy_asset(folder / name, asset, folder / f"{name}{_TEMPORARY}")
    for name in [*(name for name in files if name != MANIFEST_NAME), MANIFEST_NAME]:
        _write(folder / name, files[name])
    return tuple(sorted(folder / name for name in (*files, *assets)))


def _files(
    drafts: Sequence[Draft], namespace: str, teams: Sequence[str], schema: str
) -> Mapping[str, bytes]:
    _require_keys(namespace, [draft.key for draft in drafts])
    findings = Findings()
    texts = {f"{_FOLDER}/{draft.key}.md": _page(draft) for draft in drafts}
    for draft, (name, text) in zip(drafts, texts.items(), strict=True):
        _check_answers(name, text, len(draft.answers), findings)
    if findings.failed:
        raise ManifestError(findings.problems)
    texts[MANIFEST_NAME] = _manifest(namespace, teams, schema, included=bool(drafts))
    # A lone surrogate can't be written; it can't be read either, so nobody's text has one.
    return {name: text.encode("utf-8", "replace") for name, text in sorted(texts.items())}


def _require_keys(namespace: str, keys: Sequence[str]) -> None:
    twice = [key for key, times in Counter(keys).items() if times > 1]
    wrong = [key for key in (namespace, *keys) if not is_key(key)]
    if twice or wrong:
        fault = f"{twice[0]!r} names two drafts" if twice else f"{wrong[0]!r} is not a key"
        remedy = "Keys are segments of a-z and 0-9, with single `.`, `_` or `-`, joined by `/`."
        raise UsageError(fault, remedy=remedy)


def _check_answers(name: str, text: str, expected: int, findings: Findings) -> None:
    source = Source(name, name, text, digest_text(text))
    start = text.index("\n---\n") + len("\n---\n")
    found = answer_lines(source, start, findings)
    for at, _ in found if len(found) != expected else ():
        findings.add("answer-line", source.span(at))


def _manifest(namespace: str, teams: Sequence[str], schema: str, *, included: bool) -> str:
    rows = [f"# yaml-language-server: $schema={schema}"] if schema else []
    rows.append("version: 1")
    rows.append(f"namespace: {_scalar(namespace)}")
    if teams:
        rows.append(f"team: {_list(teams)}")
    if included:
        rows.append(f'include: ["{_FOLDER}/**/*.md"]')
    return "\n".join([*rows, ""])


def _page(draft: Draft) -> str:
    rows = ["---", f"key: {_scalar(draft.key)}"]
    if draft.kind is not Kind.QUESTION:
        rows.append(f"kind: {draft.kind}")
    rows.append(f"title: {_scalar(draft.title)}")
    if draft.type:
        rows.append(f"type: {_scalar(draft.type)}")
    rows.append(f"tags: {_list(draft.tags)}")
    if draft.origin:
        rows.append(f"origin: {_list(draft.origin)}")
    parts = ["\n".join([*rows, "---"]), _text(draft, draft.body)]
    for answer in draft.answers:
        accepted = " accepted" if answer.accepted else ""
        parts.append(f"<!-- answer: {answer.key}{accepted} -->")
        parts.append(_text(draft, answer.body))
    return "\n\n".join(part for part in parts if part) + "\n"


def _text(draft: Draft, markdown: str) -> str:
    text = canonical_text(markdown).rstrip("\n")
    return with_assets(text, draft, f"{_FOLDER}/{draft.key}.md")


def _list(values: Iterable[str]) -> str:
    # Within brackets, libyaml takes a question mark for the beginning of a key.
    written = (_quoted(value) if "?" in value else _scalar(value) for value in values)
    return f"[{', '.join(written)}]"


def _scalar(text: str) -> str:
    """Return *text* as YAML: plain where that is safe for readers and tools, else in quotes."""
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    return _quoted(text)


def _quoted(text: str) -> str:
    quoted = json.dumps(text, ensure_ascii=False)
    return quoted if quoted.isprintable() else "".join(map(_escaped, quoted))


def _escaped(char: str) -> str:
    # Not JSON's escape: that is a pair of surrogates beyond the first plane.
    return char if char.isprintable() else f"\\U{ord(char):08x}"


def _require_empty(folder: Path, files: Mapping[str, bytes], assets: Mapping[str, Asset]) -> None:
    if folder.exists() and not folder.is_dir():
        message = f"{folder} is not a folder"
        raise UsageError(message, remedy="Name a folder that is new or empty.")
    strange = sorted(_strange(folder, files, assets))
    if strange:
        more = f" and {len(strange) - _MAX_NAMES} more" if len(strange) > _MAX_NAMES else ""
        message = f"{folder} is not empty: {', '.join(strange[:_MAX_NAMES])}{more}"
        remedy = "Name a new or empty folder; nothing that is there is written over."
        raise UsageError(message, remedy=remedy)


def _strange(
    folder: Path, files: Mapping[str, bytes], assets: Mapping[str, Asset]
) -> Iterator[str]:
    """Yield what stands in *folder* and is neither one of ours nor on the way to one."""
    ours = {*files, *assets}
    ways = {parent.as_posix() for name in ours for parent in Path(name).parents}
    for path in folder.rglob("*") if folder.is_dir() else ():
        name = path.relative_to(folder).as_posix()
        if path.is_dir() and not path.is_symlink():
            if name not in ways:
                yield name
        elif path.is_symlink():
            yield name
        elif name.endswith(_TEMPORARY) and name.removesuffix(_TEMPORARY) in ours:
            continue
        elif name in assets:
            if not is_copied(path, assets[name]):
                yield name
        elif name not in files or path.read_bytes() != files[name]:
            yield name


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}{_TEMPORARY}")
    temporary.write_bytes(content)
    temporary.replace(path)
