"""What the objects in the JSON of a help centre are: by their list's name, or their members."""

from collections.abc import Iterator

from importer.sources.json_items import Item, Raw, text_of

__all__ = ["LISTS", "identity_of", "kind_of", "object_of", "translations_in"]

LISTS = frozenset(
    ("articles", "translations", "sections", "categories", "user_segments", "users", "posts",
     "topics", "comments", "article_attachments", "results")
)  # fmt: skip
# What an object is that stands in no list of that name: by members that only such have.
_SIGNS = (
    ("articles", {"section_id", "body"}),
    ("translations", {"source_id", "locale", "body"}),
    ("posts", {"details", "topic_id"}),
    ("comments", {"post_id", "body"}),
    ("comments", {"source_id", "body", "vote_sum"}),
    ("article_attachments", {"article_id", "content_url"}),
    ("sections", {"category_id", "name"}),
    ("user_segments", {"user_type"}),
    ("users", {"email", "name"}),
)


def kind_of(item: Item) -> str:
    """Return which list an item belongs to."""
    if item.list and item.list != "results":
        return item.list
    members = item.raw.keys() if isinstance(item.raw, dict) else set()
    if len(members) == 1:
        # What a call for one object answers.
        (name,) = members
        return f"{name}s" if f"{name}s" in LISTS else ""
    return next((name for name, signs in _SIGNS if signs <= members), "")


def object_of(item: Item) -> Raw:
    """Return an item's members; none for one that has none."""
    raw = item.raw
    if isinstance(raw, dict) and len(raw) == 1 and not item.list and not item.rest:
        raw = next(iter(raw.values()))
    return raw if isinstance(raw, dict) else {}


def identity_of(kind: str, raw: Raw) -> tuple[str, str]:
    """Return the id of the article, and the language, that a text is of."""
    number = text_of(raw, "id") if kind == "articles" else text_of(raw, "source_id")
    return number, text_of(raw, "locale").lower()


def translations_in(raw: Raw) -> Iterator[Raw]:
    """Yield the translations within an article, each with the article's id."""
    found = raw.get("translations")
    for each in found if isinstance(found, list) else ():
        if isinstance(each, dict):
            yield {**each, "source_id": each.get("source_id") or raw.get("id")}
