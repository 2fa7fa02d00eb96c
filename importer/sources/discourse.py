"""Reads Discourse: topics as its API gives them (`/t/ID.json`), and lists of topics and categories.

A topic is a question and its replies are answers, unless nobody replied and its title asks nothing:
then it is an article. Members as observed at public sites in November 2026; `raw` is there when
asked for (`?include_raw=1`), and `cooked` is read where it isn't.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from importer.errors import UsageError
from importer.model.draft import Place
from importer.model.ids import Kind
from importer.sources.discourse_links import Topics, topic_name
from importer.sources.discourse_markup import DiscourseHtml, DiscourseMarkdown
from importer.sources.discourse_posts import Topic, at_of, is_short, kept_of, why_left_out
from importer.sources.extras import need
from importer.sources.json_items import Item, Raw, first_items, items, text_of
from importer.sources.losses import Loss, LossKind
from importer.sources.page import Credit, Markup, Page, Passage
from importer.sources.reader import Likeness, Options
from importer.sources.times import time_of
from importer.sources.titles import asks
from importer.sources.tree import Tree, open_tree

__all__ = ["DiscourseReader"]

_SUFFIXES = (".json", ".jsonl", ".ndjson")
_LISTS = frozenset(("topics", "categories"))


class DiscourseReader:
    """The reader `discourse`."""

    name = "discourse"
    summary = "Discourse: topics as JSON (/t/ID.json), with lists of topics and categories"

    def guess(self, path: Path) -> Likeness:
        """Tell an export by a topic's stream of posts."""
        try:
            tree = open_tree(path)
        except UsageError:
            return Likeness.NONE
        names = [it for it in tree.names if it.lower().endswith(_SUFFIXES)][:20]
        found = any(_is_topic(it.raw) for name in names for it in first_items(tree, name, _LISTS))
        return Likeness.SURE if found else Likeness.NONE

    def read(self, path: Path, options: Options) -> Iterator[Page | Loss]:
        """Yield each topic; whispers, hidden and deleted posts, and notices are listed as losses.

        Raises UsageError for a file that is no JSON, and when there is no topic at all.
        """
        tree = open_tree(path)
        forum = _Forum(tree, options)
        forum.learn()
        if not forum.topics:
            message = f"there is no topic of Discourse in {path}"
            raise UsageError(message, remedy="Keep what /t/ID.json?include_raw=1 answers.")
        yield from tree.refused
        yield from forum.pages()
        yield from forum.losses()


def _is_topic(raw: Any) -> bool:
    stream = raw.get("post_stream") if isinstance(raw, dict) else None
    return isinstance(stream, dict) and isinstance(stream.get("posts"), list)


def _is_list(raw: Any) -> bool:
    return isinstance(raw, dict) and bool({"topic_list", "category_list"} & raw.keys())


@dataclass(slots=True)
class _Forum:
    """Topics by number, as far as they have to be known before their texts."""

    tree: Tree
    options: Options
    topics: dict[str, Topic] = field(default_factory=dict)
    categories: dict[str, Raw] = field(default_factory=dict)
    listed: dict[str, tuple[Raw, Place]] = field(default_factory=dict)
    links: Topics = field(init=False)

    def __post_init__(self) -> None:
        self.links = Topics(self.options.address)

    def _items(self) -> Iterator[tuple[Item, Place]]:
        for name in self.tree.names:
            if name.lower().endswith(_SUFFIXES):
                for item in items(self.tree, name, _LISTS):
                    yield item, Place(name, item.line)

    def learn(self) -> None:
        """Read all but the texts. Raises UsageError for a file that is no JSON."""
        for item, place in self._items():
            if _is_topic(item.raw):
                number = _number(item.raw)
                topic = self.topics.setdefault(number, Topic(number))
                topic.learn(item.raw)
            elif isinstance(item.raw, dict):
                self._learn_lists(item, place)
        for topic in self.topics.values():
            listed = self.listed.get(topic.number)
            topic.about = {**(listed[0] if listed else {}), **topic.about}
            if not self._withheld(topic):
                self.links.learn(topic)

    def _learn_lists(self, item: Item, place: Place) -> None:
        raw = item.raw
        inner = raw.get("topic_list")
        topics = inner.get("topics") if isinstance(inner, dict) else None
        if item.list == "topics":
            topics = [raw]
        for each in topics if isinstance(topics, list) else ():
            if isinstance(each, dict) and text_of(each, "id"):
                self.listed.setdefault(text_of(each, "id"), (each, place))
        inner = raw.get("category_list")
        categories = inner.get("categories") if isinstance(inner, dict) else None
        if item.list == "categories":
            categories = [raw]
        for each in categories if isinstance(categories, list) else ():
            self._learn_category(each)

    def _learn_category(self, raw: Any) -> None:
        if not isinstance(raw, dict):
            return
        self.categories.setdefault(text_of(raw, "id"), raw)
        below = raw.get("subcategory_list")
        for each in below if isinstance(below, list) else ():
            self._learn_category(each)

    def pages(self) -> Iterator[Page | Loss]:
        """Yield each topic where its last part stands, and what is no topic as a loss."""
        waiting: dict[str, list[Raw]] = {}
        for item, place in self._items():
            if item.fault:
                yield Loss(LossKind.SKIPPED, place, "item", item.fault)
            elif _is_topic(item.raw):
                number = _number(item.raw)
                topic = self.topics[number]
                parts = waiting.setdefault(number, [])
                parts += [it for it in item.raw["post_stream"]["posts"] if isinstance(it, dict)]
                topic.left -= 1
                if not topic.left:
                    yield from self._topic(topic, waiting.pop(number), place)
                    topic.left = -1
            elif not (item.list or item.rest or _is_list(item.raw)):
                why = "nothing that is known of a forum; left out"
                what = ", ".join(item.raw) if isinstance(item.raw, dict) else "item"
                yield Loss(LossKind.METADATA, place, what, why)
        for number, (raw, place) in self.listed.items():
            if number not in self.topics:
                why = f"the list names it, and its posts are not here: keep /t/{number}.json too"
                title = text_of(raw, "title") or f"topic {number}"
                yield Loss(LossKind.SKIPPED, place, title, why)

    def _topic(self, topic: Topic, raws: list[Raw], place: Place) -> Iterator[Page | Loss]:
        title = text_of(topic.about, "title")
        posts = {at_of(it): it for it in reversed(raws)}
        first = posts.get(1)
        if not title or first is None:
            why = (
                "its title is not in the export" if first else "its first post is not in the export"
            )
            yield Loss(LossKind.SKIPPED, place, title or f"topic {topic.number}", why)
            return
        replies = [posts[at] for at in sorted(posts) if at > 1]
        kept = [it for it in replies if kept_of(it)]
        accepted = topic.accepted
        answers = [it for it in kept if at_of(it) == accepted or not is_short(it)]
        yield from self._left_out(topic, replies, answers, place)
        yield self._page(topic, title, first, answers, place)

    def _left_out(
        self, topic: Topic, replies: list[Raw], answers: list[Raw], place: Place
    ) -> Iterator[Loss]:
        taken = {at_of(it) for it in answers}
        for post in replies:
            if at_of(post) in taken:
                continue
            kind, why = why_left_out(post)
            said = text_of(post, "raw", "cooked") or text_of(post, "action_code")
            what = f"#{at_of(post)} of {text_of(post, 'username') or 'somebody'}: {said[:80]}"
            yield Loss(kind, place, " ".join(what.split()), why)
        missing = topic.promised - topic.here
        if missing > 0:
            why = "the topic says it has more posts; keep its further pages (?page=2) too"
            yield Loss(LossKind.ANSWER, place, f"posts that are not here: {missing}", why)

    def _page(self, topic: Topic, title: str, first: Raw, answers: list[Raw], place: Place) -> Page:
        home = self.options.address.rstrip("/")
        slug = text_of(topic.about, "slug") or "-"
        is_article = not answers and not asks(title)
        return Page(
            place=place,
            title=title,
            title_is_plain=True,
            body=self._passage(topic, first),
            answers=tuple(self._answer(topic, it) for it in answers),
            kind=Kind.ARTICLE if is_article else Kind.QUESTION,
            tags=self._tags(topic),
            name=title.replace("/", " "),
            anchors=(topic_name(topic.number),),
            addresses=(f"{home}/t/{slug}/{topic.number}",) if home else (),
            names=(f"wiki:{topic_name(topic.number)}", f"wiki:{topic_name(topic.number, 1)}"),
            home=home,
            parent=text_of(self._category(topic), "name"),
            space=text_of(self._category(topic), "name"),
            identity=f"topic {topic.number}",
            revision=text_of(first, "version"),
            withheld=self._withheld(topic) or ("" if kept_of(first) else why_left_out(first)[1]),
        )

    def _category(self, topic: Topic) -> Raw:
        return self.categories.get(text_of(topic.about, "category_id"), {})

    def _tags(self, topic: Topic) -> tuple[str, ...]:
        raw = topic.about.get("tags")
        names = [
            text_of(it, "name", "slug") if isinstance(it, dict) else str(it)
            for it in (raw if isinstance(raw, list) else ())
        ]
        category = text_of(self._category(topic), "name")
        return tuple(it for it in dict.fromkeys((*names, category)) if it)

    def _withheld(self, topic: Topic) -> str:
        """Return why not everybody may see a topic."""
        about = topic.about
        if about.get("archetype") == "private_message":
            return "a private message"
        if about.get("deleted_at"):
            return "deleted in the source"
        if about.get("visible") is False:
            return "an unlisted topic"
        if self._category(topic).get("read_restricted"):
            return "its category is for some groups only"
        return ""

    def _answer(self, topic: Topic, post: Raw) -> Passage:
        at = at_of(post)
        names = (f"wiki:{topic_name(topic.number, at)}",)
        return self._passage(topic, post, str(at), names, accepted=at == topic.accepted)

    def _passage(
        self,
        topic: Topic,
        post: Raw,
        name: str = "",
        names: tuple[str, ...] = (),
        *,
        accepted: bool = False,
    ) -> Passage:
        home = self.options.address.rstrip("/")
        user = text_of(post, "username")
        address = f"{home}/t/{topic.number}/{at_of(post)}" if home else ""
        credit = Credit(
            text_of(post, "name", "username"),
            f"{home}/u/{user}" if home and user else "",
            address,
            time_of(text_of(post, "updated_at", "created_at")),
        )
        text = text_of(post, "raw")
        markup: Markup = DiscourseMarkdown(self.links)
        if not text.strip():
            need("discourse", "markdownify", "lxml")
            text, markup = text_of(post, "cooked"), DiscourseHtml(self.links)
        return Passage(text.replace("\r\n", "\n"), markup, credit, name, names, accepted)

    def losses(self) -> Iterator[Loss]:
        """Yield the files that are none of the forum's."""
        for name in self.tree.names:
            if not name.lower().endswith(_SUFFIXES):
                yield Loss(LossKind.FILE, Place(name, 1), name, "no JSON of the forum; left out")


def _number(raw: Raw) -> str:
    """Return a topic's number, which a page of its posts alone may say by them only."""
    posts = raw["post_stream"]["posts"]
    first = posts[0] if posts and isinstance(posts[0], dict) else {}
    return text_of(raw, "id") or text_of(first, "topic_id")
