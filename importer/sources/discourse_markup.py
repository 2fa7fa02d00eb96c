"""Posts of Discourse as markups: its Markdown with marks in brackets, and its HTML."""

import re
from dataclasses import dataclass

from importer.model.draft import Place
from importer.sources.cleaning import clean
from importer.sources.discourse_links import Topics
from importer.sources.footnotes import without_footnotes
from importer.sources.lines import code_flags, joined, numbered, outside_code
from importer.sources.losses import Losses, LossKind
from importer.sources.titles import escaped
from importer.text.scanning import destinations

__all__ = ["DiscourseHtml", "DiscourseMarkdown"]

_BLOCK = re.compile(
    r"(\[quote(?:=[^\]\n]{0,300})?\]|\[/quote\]|\[details(?:=[^\]\n]{0,300})?\]|\[/details\])",
    re.IGNORECASE,
)
_OPENING = re.compile(r"\[(quote|details)(?:=(.*))?\]\Z", re.IGNORECASE)
_INLINE = re.compile(
    r"\[/?(spoiler|poll|wrap|center|right|size|color)\b[^\]\n]{0,300}\]", re.IGNORECASE
)
_DATE = re.compile(r"\[date=([\d-]+)((?:\s+\w+=\"?[^\]\"\s]*\"?)*)\s*\]", re.IGNORECASE)
_SIZE = re.compile(r"!\[([^\]\n|]{0,300})\|[^\]\n]{0,100}\]\(")
_ATTACHED = re.compile(r"(?<!!)\[([^\]\n|]{1,300})\|attachment\]\(")
_OWN_LINE = re.compile(r"\s*(?:[-*+] |\d+[.)] |>|#|\||<|```|~~~|(?:[-*_] ?){3,}\s*\Z|=+\s*\Z|$)")


@dataclass(frozen=True, slots=True)
class DiscourseMarkdown:
    """Markdown as people write it in Discourse."""

    topics: Topics
    name: str = "Discourse Markdown"

    def to_markdown(self, text: str, place: Place, losses: Losses) -> str:
        """Return the text with quotations, folds, uploads and line ends as the site has them."""
        lines = self._blocks(_apart(text), place, losses)
        part = clean(numbered("\n".join(_broken(lines))), losses).lines
        whole = joined(without_footnotes(part, losses))
        for found in reversed(destinations(whole)):
            link = whole[found.start : found.end]
            target = self.topics.target(link)
            if link.startswith("upload://"):
                target = self.topics.upload(link)
            if target:
                whole = f"{whole[: found.start]}{target}{whole[found.end :]}"
        return whole

    def _blocks(self, lines: list[str], place: Place, losses: Losses) -> list[str]:
        """Return the lines with what stands in marks quoted, or opened."""
        kept: list[str] = []
        open_marks: list[str] = []
        for text, code in zip(lines, code_flags(lines), strict=True):
            bare = text.strip()
            opening = None if code else _OPENING.fullmatch(bare)
            if opening:
                kept += self._opened(opening, open_marks, place, losses)
            elif not code and bare.lower() in ("[/quote]", "[/details]"):
                kept.append(_within(open_marks, ""))
                if open_marks:
                    open_marks.pop()
                kept.append(_within(open_marks, ""))
            else:
                said = text if code else outside_code(text, lambda it: _plain(it, place, losses))
                kept.append(_within(open_marks, said))
        return kept

    def _opened(
        self, opening: re.Match[str], marks: list[str], place: Place, losses: Losses
    ) -> list[str]:
        kind, said = opening[1].lower(), (opening[2] or "").strip().strip('"')
        before = _within(marks, "")
        marks.append(kind)
        if kind == "details":
            why = "a part that could be folded; it is always open now"
            losses.add(LossKind.MARKUP, place.line, said or "details", why)
            return (
                [before, _within(marks, f"**{escaped(said)}**"), _within(marks, "")] if said else []
            )
        who, *more = (it.strip() for it in said.split(","))
        facts = dict(it.split(":", 1) for it in more if ":" in it)
        post = facts.get("post", "0")
        target = self.topics.named(facts.get("topic", ""), int(post) if post.isdecimal() else 0)
        shown = f"[{escaped(who)}]({target})" if target else escaped(who)
        return [before, _within(marks, f"{shown}:"), _within(marks, "")] if who else [before]


def _within(marks: list[str], text: str) -> str:
    depth = marks.count("quote")
    return f"{'> ' * depth}{text}".rstrip() if depth else text


def _apart(text: str) -> list[str]:
    """Return the lines of a text with each mark of a block on its own."""
    lines = text.split("\n")
    kept: list[str] = []
    for line, code in zip(lines, code_flags(lines), strict=True):
        if code or "[" not in line:
            kept.append(line)
            continue
        parted = outside_code(line, lambda it: _BLOCK.sub(r"\n\1\n", it)).split("\n")
        parts = [it.strip() for it in parted if it.strip()]
        kept += parts if len(parts) > 1 else [line]
    return kept


def _plain(text: str, place: Place, losses: Losses) -> str:
    """Return a piece of a line without the marks that only the forum knows."""
    if "[" not in text:
        return text
    for match in _INLINE.finditer(text):
        if not match[0].startswith("[/"):
            why = "only the forum knows it; what is in it stays"
            losses.add(LossKind.MARKUP, place.line, match[0], why)
    text = _INLINE.sub("", text)
    text = _SIZE.sub(r"![\1](", text)
    text = _ATTACHED.sub(r"[\1](", text)
    return _DATE.sub(_date, text)


def _date(match: re.Match[str]) -> str:
    facts = dict(it.split("=", 1) for it in match[2].split())
    time = facts.get("time", "").strip('"')
    zone = facts.get("timezone", "").strip('"')
    return " ".join(it for it in (match[1], time, f"({zone})" if zone else "") if it)


def _broken(lines: list[str]) -> list[str]:
    """Return the lines with the ends of those that the forum breaks marked."""
    flags = code_flags(lines)
    kept = []
    for at, (text, code) in enumerate(zip(lines, flags, strict=True)):
        last = at + 1 == len(lines)
        follows = not last and not flags[at + 1] and not _OWN_LINE.match(lines[at + 1])
        breaks = follows and not code and text.strip() and not _ends_itself(text)
        kept.append(f"{text.rstrip()}  " if breaks else text)
    return kept


def _ends_itself(text: str) -> bool:
    return bool(re.match(r"\s*(?:#|\||</?\w|(?:[-*_] ?){3,}\s*\Z)", text))


@dataclass(frozen=True, slots=True)
class DiscourseHtml:
    """A post as Discourse shows it. Needs the extra `convert`."""

    topics: Topics
    name: str = "Discourse HTML"

    def to_markdown(self, text: str, place: Place, losses: Losses) -> str:
        """Return the post as Markdown: what only the forum knows is brought into HTML first."""
        # Not imported with this module: the list of readers has to work without the extra.
        from importer.sources.html_converter import soup_of, soup_to_markdown

        soup = soup_of(text)
        for tag in soup.select("img.emoji"):
            tag.replace_with(str(tag.get("alt") or tag.get("title") or ""))
        for tag in soup.select("a.mention, a.mention-group"):
            tag.unwrap()
        for tag in soup.select("img.avatar, .quote-controls, a.anchor, .lightbox-wrapper .meta"):
            tag.decompose()
        for tag in soup.select("a.lightbox"):
            if (image := tag.find("img")) is not None:
                image["src"] = str(tag.get("href") or image.get("src") or "")
                for size in ("width", "height", "srcset"):
                    del image[size]
                tag.unwrap()
        for tag in soup.select("aside.onebox"):
            why = "a preview of another page; its text as it was then"
            images = tag.select("img")
            what = str(tag.get("data-onebox-src") or "a preview")
            what += f": {len(images)} images" if images else ""
            losses.add(LossKind.DECORATION, place.line, what, why)
            for image in images:
                image.decompose()
        for tag in soup.select("aside .title, aside header"):
            tag.name = "p"
        for tag in soup.select("aside"):
            tag.name = "blockquote"
        for tag in soup.select("code.lang-auto, code.lang-nohighlight, code.lang-plaintext"):
            del tag["class"]
        for tag in soup.select(".spoiler, .spoiled, .poll"):
            why = "only the forum knows it; what is in it stays"
            losses.add(LossKind.MARKUP, place.line, " ".join(tag.get("class") or ()), why)
        for tag in soup.select("a[href]"):
            if target := self.topics.target(str(tag["href"])):
                tag["href"] = target
        return soup_to_markdown(soup, place, losses)
