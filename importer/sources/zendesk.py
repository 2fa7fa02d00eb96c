"""Reads Zendesk Guide: what its API lists, kept as JSON files, in a folder, a zip or one file.

The lists are told by their names or their objects' members, not by the files' names. Members as in
https://developer.zendesk.com/api-reference/help_center/help-center-api/articles/ and the pages
beside it. An article of several languages is a page in each; posts of the community are questions.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from importer.errors import UsageError
from importer.model.draft import Place
from importer.model.ids import Kind
from importer.sources.extras import need
from importer.sources.html_markup import HTML
from importer.sources.json_items import Item, Raw, first_items, items, text_of
from importer.sources.losses import Loss, LossKind
from importer.sources.page import Credit, Page, Passage
from importer.sources.reader import Likeness, Options
from importer.sources.times import time_of
from importer.sources.tree import Tree, open_tree
from importer.sources.zendesk_links import Links, article_name, post_name
from importer.sources.zendesk_lists import (
    LISTS,
    identity_of,
    kind_of,
    object_of,
    translations_in,
)

__all__ = ["ZendeskReader"]

_SUFFIXES = (".json", ".jsonl", ".ndjson")


class ZendeskReader:
    """The reader `zendesk`."""

    name = "zendesk"
    summary = "Zendesk Guide: its API's lists (articles, sections, translations, ...) as JSON files"

    def guess(self, path: Path) -> Likeness:
        """Tell an export by an article with its section."""
        try:
            tree = open_tree(path)
        except UsageError:
            return Likeness.NONE
        names = [it for it in tree.names if it.lower().endswith(_SUFFIXES)][:20]
        kinds = {kind_of(it) for name in names for it in first_items(tree, name, LISTS)}
        return Likeness.SURE if kinds & {"articles", "posts"} else Likeness.NONE

    def read(self, path: Path, options: Options) -> Iterator[Page | Loss]:
        """Yield each article in each of its languages; drafts and what only some may see withheld.

        Raises UsageError for a file that is no JSON, and when there is no article at all.
        """
        need("zendesk", "markdownify", "lxml")
        tree = open_tree(path)
        centre = _Centre(tree, options)
        centre.learn()
        if not centre.newest and not centre.posts:
            message = f"there is no article of Zendesk Guide in {path}"
            raise UsageError(message, remedy="Keep what /api/v2/help_center/articles.json answers.")
        yield from tree.refused
        yield from centre.pages()
        yield from centre.losses()


@dataclass(slots=True)
class _Centre:
    """A help centre: names of everything by id, and the articles as they come."""

    tree: Tree
    options: Options
    newest: dict[tuple[str, str], tuple[str, Place]] = field(default_factory=dict)
    drafts: list[tuple[str, str]] = field(default_factory=list)
    posts: set[str] = field(default_factory=set)
    names: dict[tuple[str, str], str] = field(default_factory=dict)
    above: dict[str, str] = field(default_factory=dict)
    articles: dict[str, Raw] = field(default_factory=dict)
    topics: dict[str, str] = field(default_factory=dict)
    replies: dict[str, list[Raw]] = field(default_factory=dict)
    comments: int = 0
    attachments: dict[str, int] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    seen: dict[str, int] = field(default_factory=dict)
    links: Links = field(init=False)

    def __post_init__(self) -> None:
        self.links = Links(self.options.address)

    def _items(self) -> Iterator[tuple[str, Item, Raw, Place]]:
        """Yield what stands in the files: its kind, itself, its members and its place."""
        for name in self.tree.names:
            if not name.lower().endswith(_SUFFIXES):
                continue
            for item in items(self.tree, name, LISTS):
                yield kind_of(item), item, object_of(item), Place(name, item.line)

    def learn(self) -> None:
        """Read everything but the texts. Raises UsageError for a file that is no JSON."""
        for kind, item, raw, place in self._items():
            self.seen[kind] = self.seen.get(kind, 0) + 1
            if item.rest:
                self._count(raw)
            elif kind in ("articles", "translations"):
                self._learn_text(kind, raw, place)
            elif kind == "posts":
                self.posts.add(text_of(raw, "id"))
                self.links.learn_post(text_of(raw, "id"), text_of(raw, "html_url"))
            elif kind == "comments":
                self._learn_comment(raw)
            elif kind == "article_attachments":
                article = text_of(raw, "article_id")
                self.attachments[article] = self.attachments.get(article, 0) + 1
            elif kind:
                self._learn_name(kind, raw)

        for number, locale in self.drafts:
            self.links.forget(number, locale)
        for number, locale in self.newest:
            if self._withheld({**self.articles.get(number, {}), "draft": False}):
                self.links.forget(number, locale)

    def _count(self, raw: Raw) -> None:
        count = raw.get("count")
        if isinstance(count, int) and "articles" in self.seen:
            self.counts["articles"] = max(count, self.counts.get("articles", 0))

    def _learn_text(self, kind: str, raw: Raw, place: Place) -> None:
        number, locale = identity_of(kind, raw)
        edited = text_of(raw, "edited_at", "updated_at")
        known = self.newest.get((number, locale))
        if known is None or edited > known[0]:
            self.newest[number, locale] = (edited, place)
        if kind == "articles":
            # Without its texts: a translation needs no more of it.
            kept = {key: it for key, it in raw.items() if key not in ("body", "translations")}
            if text_of(raw, "source_locale") in ("", locale) or number not in self.articles:
                self.articles[number] = kept
        self.links.learn_article(
            number, locale, text_of(raw, "source_locale"), text_of(raw, "html_url")
        )
        if raw.get("draft"):
            self.drafts.append((number, locale))
        for each in translations_in(raw):
            self._learn_text("translations", each, place)

    def _learn_comment(self, raw: Raw) -> None:
        post = text_of(raw, "post_id")
        if post:
            self.replies.setdefault(post, []).append(raw)
        else:
            self.comments += 1

    def _learn_name(self, kind: str, raw: Raw) -> None:
        number = text_of(raw, "id")
        self.names[kind, number] = text_of(raw, "name")
        self.above[f"{kind} {number}"] = text_of(raw, "category_id")
        if kind == "topics" and raw.get("user_segment_id"):
            self.topics[number] = text_of(raw, "user_segment_id")

    def pages(self) -> Iterator[Page | Loss]:
        """Yield every article, translation and post, in the files' order."""
        for kind, item, raw, place in self._items():
            if item.fault:
                yield Loss(LossKind.SKIPPED, place, "item", item.fault)
            elif kind in ("articles", "translations"):
                yield from self._texts(kind, raw, place)
            elif kind == "posts":
                yield self._post(raw, place)
            elif not kind and not item.rest:
                why = "nothing that is known of a help centre; left out"
                yield Loss(LossKind.METADATA, place, ", ".join(raw) or "item", why)

    def _texts(self, kind: str, raw: Raw, place: Place) -> Iterator[Page | Loss]:
        number, locale = identity_of(kind, raw)
        title = text_of(raw, "title", "name")
        if not number or not title:
            yield Loss(LossKind.SKIPPED, place, title or "item", "it has no id or no title")
        elif self.newest[number, locale][1] != place:
            why = f"another state of article {number} in {locale or 'its language'}; newer is read"
            yield Loss(LossKind.SKIPPED, place, title, why)
        else:
            yield self._article(raw, number, locale, place)
        for each in translations_in(raw):
            if identity_of("translations", each) != (number, locale):
                yield from self._texts("translations", each, place)

    def _article(self, raw: Raw, number: str, locale: str, place: Place) -> Page:
        article = {**self.articles.get(number, {}), **raw}
        title = text_of(raw, "title", "name")
        section = text_of(article, "section_id")
        category = self.names.get(("categories", self.above.get(f"sections {section}", "")), "")
        named = self.names.get(("sections", section), "")
        labels = article.get("label_names")
        tags = tuple(map(str, labels)) if isinstance(labels, list) else ()
        is_other = self.links.source(number) not in ("", locale)
        address = text_of(raw, "html_url")
        return Page(
            place=place,
            title=title,
            title_is_plain=True,
            body=self._passage(raw, article, "body"),
            kind=Kind.ARTICLE,
            tags=(*((locale,) if is_other else ()), *(tags or ((named,) if named else ()))),
            name=f"{locale}/{title.replace('/', ' ')}" if is_other else title.replace("/", " "),
            anchors=(article_name(number, locale),),
            addresses=(address,) if address.startswith("http") else (),
            names=(f"wiki:{article_name(number, locale)}",),
            home=self.links.home(address),
            parent=" / ".join(it for it in (category, named) if it),
            space=category or named,
            identity=f"article {number} {locale}",
            revision=text_of(raw, "updated_at", "edited_at"),
            withheld=self._withheld(article),
        )

    def _withheld(self, raw: Raw) -> str:
        if raw.get("draft"):
            return "a draft"
        found = raw.get("user_segment_ids") or raw.get("user_segment_id") or ()
        several = found if isinstance(found, list) else [found] if found else []
        names = [self.names.get(("user_segments", str(it))) or f"number {it}" for it in several]
        return f"only for the user segment {', '.join(names)}" if names else ""

    def _passage(
        self, raw: Raw, about: Raw, member: str, *, name: str = "", accepted: bool = False
    ) -> Passage:
        number = text_of(about, "author_id")
        author = self.names.get(("users", number), "") or text_of(about, "author_name")
        when = time_of(text_of(raw, "edited_at", "updated_at", "created_at"))
        credit = Credit(author, address=text_of(about, "html_url"), when=when)
        text = self.links.led(text_of(raw, member).replace("\r\n", "\n"))
        return Passage(text, HTML, credit, name, accepted=accepted)

    def _post(self, raw: Raw, place: Place) -> Page | Loss:
        number, title = text_of(raw, "id"), text_of(raw, "title")
        if not number or not title:
            return Loss(LossKind.SKIPPED, place, title or "item", "it has no id or no title")
        replies = sorted(self.replies.get(number, ()), key=lambda it: text_of(it, "created_at"))
        official = next((it for it in replies if it.get("official")), None)
        topic = text_of(raw, "topic_id")
        named = self.names.get(("topics", topic), "")
        segment = self.topics.get(topic, "")
        address = text_of(raw, "html_url")
        return Page(
            place=place,
            title=title,
            title_is_plain=True,
            body=self._passage(raw, raw, "details"),
            answers=tuple(
                self._passage(it, it, "body", name=text_of(it, "id"), accepted=it is official)
                for it in replies
            ),
            tags=(named,) if named else (),
            name=title.replace("/", " "),
            anchors=(post_name(number),),
            addresses=(address,) if address.startswith("http") else (),
            names=(f"wiki:{post_name(number)}",),
            home=self.links.home(address),
            parent=named,
            space=named,
            identity=f"post {number}",
            revision=text_of(raw, "updated_at"),
            withheld=self._withheld({"user_segment_id": segment}),
        )

    def losses(self) -> Iterator[Loss]:
        """Yield what of the help centre becomes no page, and what the export lacks."""
        first = next(iter(self.tree.names))
        if self.comments:
            why = "no API of the team's site writes them; left out"
            what = f"comments: {self.comments:,}"
            yield Loss(LossKind.COMMENT, Place(first, 1), what, why)
        total, here = self.counts.get("articles", 0), self.seen.get("articles", 0)
        if total > here:
            why = f"the list counts {total:,}; the answers to its `next_page` are missing"
            yield Loss(LossKind.TEXT, Place(first, 1), f"articles: {here:,}", why)
        for article, count in self.attachments.items():
            place = self.newest.get((article, self.links.source(article)), ("", Place(first, 1)))[1]
            why = "they stay in the help centre, where only who is signed in may see some"
            yield Loss(LossKind.FILE, place, f"attachments of article {article}: {count}", why)
        for name in self.tree.names:
            if not name.lower().endswith(_SUFFIXES):
                yield Loss(LossKind.FILE, Place(name, 1), name, "no list of the API; left out")
