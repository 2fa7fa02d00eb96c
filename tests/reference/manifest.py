"""docs/manifest.md: every key of a manifest, from the models that read it."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from importer.manifests import document, scalars
from importer.manifests.schema import BELOW
from importer.model.fields import LIMITS
from importer.model.ids import Field, Kind
from tests.reference.writing import MADE, prose, table

__all__ = ["manifest_page"]

_HEAD = """\
# The manifest, version 1

Every key of `teams-importer.yaml`, of the files that it includes and of Markdown files. Editors
that know JSON schema complete and check them: `teams-importer schema --write schemas`, and as the
first line `# yaml-language-server: $schema=schemas/manifest.schema.json`. An example of nearly
everything is [examples/handbook](../examples/handbook/).

* A key that is not listed here is an error, never passed over.
* **Text is what stands there**: `1.10`, `no` and `007` need no quotes. Tags, merge keys (`<<`),
  tabs outside of text and a second document are errors: [errors.md](errors.md#rules-of-manifests).
* A path is relative to the file that names it, and stays below the manifest's folder.

## Keys

A key is yours, for good: it finds the post again, whatever its title. Lower case: segments of a-z
and 0-9, inside them single `.`, `_` or `-`, between them `/`; at most 100 characters. Questions,
articles and collections share one space; an answer's key is its question's own, and from elsewhere
it is `question#answer`. To give an item another key, put the old one under `was:`.

In texts, `[words](key:oncall/freeze)` and `[words](key:rollback#cli)` link to an item's post, and
so does the relative path of its file.

## Markdown files

A question or an article can be a file of its own: front matter, then the text. The front matter has
`kind:` (`question`, which need not be said, or `article`) and the item's keys, but for {below}.
Each answer begins at a line `<!-- answer: KEY -->` or `<!-- answer: KEY accepted -->` in the first
column; what else is to be said of it stands in the front matter: `answers: {{cli: {{id: 4711}}}}`.

```markdown
---
key: rollback
title: How do I roll back a production deploy?
tags: [deploys]
---

The release that went out ten minutes ago breaks checkout. What do I do first?

<!-- answer: cli accepted -->

Run `acme rollback checkout`. The release before it is back within two minutes.
```

A YAML file that `include:` names holds `tags`, `questions`, `articles`, `collections` and
`removed`, and nothing else.

## Images

A body may show local images, `![the flow](img/flow.png)`: each is uploaded once per content (API
v3: png, jpeg, gif, bmp, webp, at most 2 MiB) and the link rewritten. Paths of your machine
(`/...`, `file:`), and any in an `<img>`, are errors. What is written ends in `#ti=DIGEST`, which
browsers ignore and the next run knows it by. Moving or renaming the file changes nothing; no API
deletes an image, so `undo` leaves it.

## The marker

The last line of each post says which item it is. Readers don't see it, unless `markers: footer`
makes it a small link, *maintained in git*, that leads to the team's pages, or with
`markers: {{footer: https://git.example.org/handbook}}` to where the content is kept. Both forms are
always recognised; a post changes its form with its next edit. API v3's lists show footers and no
comments: with `everywhere: true` beside `footer:`, posts of others are read in full only where a
list shows a footer. Posts that the token's user, `publishers:` or the authors that manifest or
journal name wrote or last edited are always read in full.
"""
_LIMITS = """\
## How long, and how many

They bind what is written, over either API, and not what is on the site already. Characters are
those of the text as it is sent: with the marker, links as addresses, two for a line's end; the
least counts the bare text. What is *documented* or *observed* is an error, what is only *inferred*
a warning; `limits:` in the manifest overrides them, but for collections.
"""
_DIALECTS = """\
## Which API writes what

| kind | API v2.3 | API v3 |
|---|---|---|
| questions, answers | yes | yes |
| articles | yes, one a minute; not `permissions` | yes |
| collections | no | yes |
| `experts` of a tag | no | yes |
| `description` of a tag | by hand | by hand |
| images | no | yes |

What the API in use can't do is blocked by name, never dropped: `unsupported`. `teams-importer
doctor` prints the table for your team.
"""
_TITLES = {
    "ManifestDocument": "The manifest",
    "QuestionEntry": "`questions`",
    "AnswerEntry": "`answers` of a question",
    "ArticleEntry": "`articles`",
    "PermissionsEntry": "`permissions` of an article",
    "CollectionEntry": "`collections`",
    "TagEntry": "`tags`",
    "ExpertsEntry": "`experts` of a tag",
    "RemovedEntry": "`removed`",
    "DefaultsEntry": "`defaults`",
    "PolicyEntry": "`policy`",
    "MarkersEntry": "`markers`",
    "LimitsEntry": "`limits`",
    "QuestionLimits": "`limits: question`",
    "AnswerLimits": "`limits: answer`",
    "ArticleLimits": "`limits: article`",
    "TagLimits": "`limits: tag`",
    "Bound": "A bound",
}
# An alias is no name to look up: two of them may be equal types.
_NAMED: tuple[tuple[Any, str], ...] = (
    (scalars.Text, "text"),
    (scalars.Line, "one line of text"),
    (scalars.Flag, "`true` or `false`"),
    (scalars.Id, "number, from 1 on"),
    (scalars.Count, "number, from 0 on"),
    (scalars.Key, "[key](#keys)"),
    (scalars.PostKey, "[key](#keys)"),
    (scalars.Address, "address, `https://...`"),
    (scalars.Team, "a team's slug"),
    (scalars.ShortDigest, "8 characters of a-z and 2-7"),
    (scalars.OldNames, "one line of text, or a list of them"),
    (scalars.OldKeys, "old key, or a list of them"),
    (scalars.Teams, "a team's slug, or a list of them"),
    (document.Markers, "`comment`, `footer`, or [keys](#markers)"),
)
_KINDS = {
    "QuestionEntry": Kind.QUESTION,
    "AnswerEntry": Kind.ANSWER,
    "ArticleEntry": Kind.ARTICLE,
    "CollectionEntry": Kind.COLLECTION,
    "TagEntry": Kind.TAG,
}
_FIELDS = {
    "title": Field.TITLE,
    "name": Field.TITLE,
    "tags": Field.TAGS,
    "body": Field.BODY,
}


def manifest_page() -> str:
    """Return the page's text."""
    below = ", ".join(f"`{it}`" for it in BELOW)
    lines = [MADE, "", *_HEAD.format(below=below).splitlines()]
    for model in _models():
        lines += ["", *_chapter(model)]
    lines += ["", *_LIMITS.splitlines(), "", *_limits_table(), "", *_DIALECTS.splitlines()]
    return "\n".join(lines) + "\n"


def _models() -> list[type[BaseModel]]:
    """Return every model that a manifest can hold, in the order of their titles here."""
    found: set[type[BaseModel]] = set()
    waiting: list[type[BaseModel]] = [document.ManifestDocument]
    while waiting:
        model = waiting.pop()
        if model not in found:
            found.add(model)
            waiting += [it for hint in _hints(model).values() for it in _models_in(hint)]
    return sorted(found, key=lambda it: list(_TITLES).index(it.__name__))


def _models_in(hint: Any) -> Iterator[type[BaseModel]]:
    if inspect.isclass(hint) and issubclass(hint, BaseModel):
        yield hint
    for it in get_args(hint):
        yield from _models_in(it)


def _hints(model: type[BaseModel]) -> dict[str, Any]:
    return get_type_hints(model, include_extras=True)


def _chapter(model: type[BaseModel]) -> Iterator[str]:
    yield f"## {_TITLES[model.__name__]}"
    yield ""
    yield inspect.cleandoc(model.__doc__ or "").split("\n\n")[0]
    yield ""
    hints, fields = _hints(model), model.model_fields.items()
    rows = (
        (
            f"`{name}`" + (" **(needed)**" if info.is_required() else ""),
            _type(hints[name]),
            f"{_meaning(info)} {_limit(model.__name__, name, info)}".strip(),
            _default(info),
        )
        for name, info in sorted(fields, key=lambda it: not it[1].is_required())
    )
    yield from table(("key", "type", "meaning", "default"), rows)


def _type(hint: Any) -> str:
    named = next((words for alias, words in _NAMED if alias == hint), None)
    if named is not None:
        return named
    if inspect.isclass(hint) and issubclass(hint, BaseModel):
        return f"[keys](#{_anchor(_TITLES[hint.__name__])})"
    if inspect.isclass(hint) and issubclass(hint, Enum):
        return _one_of(it.value for it in hint)
    inner = get_args(hint)
    match get_origin(hint):
        case origin if origin in (Union, UnionType):
            return " or ".join(_type(it) for it in inner if it is not NoneType)
        case origin if origin is Literal:
            return _one_of(inner)
        case origin if origin is tuple:
            return f"list of: {_type(inner[0])}"
        case origin if origin is dict:
            return f"mapping of {_type(inner[0])} to: {_type(inner[1])}"
    # Annotated, with checks that the words leave to the rules.
    return _type(inner[0])


def _one_of(values: Any) -> str:
    *others, last = (f"`{it}`" for it in values)
    return f"{', '.join(others)} or {last}" if others else last


def _anchor(title: str) -> str:
    return "".join(it for it in title.lower().replace(" ", "-") if it.isalnum() or it in "-_")


def _meaning(info: FieldInfo) -> str:
    if not info.examples:
        return prose(info.description or "")
    first = info.examples[0]
    shown = json.dumps(first) if isinstance(first, list) else first
    return f"{prose(info.description or '')} Such as `{shown}`."


def _default(info: FieldInfo) -> str:
    extra = info.json_schema_extra
    stated = extra.get("default") if isinstance(extra, dict) else None
    value = stated or info.get_default()
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value}`" if isinstance(value, str) else ""


def _limit(model: str, name: str, info: FieldInfo) -> str:
    kind, field = _KINDS.get(model), _FIELDS.get(name)
    limit = LIMITS.get((kind, field)) if kind and field else None
    if limit is None:
        return ""
    reach = f"{limit.low:,} to {limit.high:,}"
    if reach in (info.description or ""):
        return ""
    return f"Limit: {reach} {'tags' if field is Field.TAGS else 'characters'}."


def _limits_table() -> list[str]:
    rows = (
        (
            str(kind),
            "name" if kind is Kind.TAG else str(field),
            f"{limit.low:,}",
            f"{limit.high:,}",
            str(limit.confidence),
            prose(limit.source),
        )
        for (kind, field), limit in LIMITS.items()
    )
    return table(("kind", "field", "at least", "at most", "known", "from"), rows)
