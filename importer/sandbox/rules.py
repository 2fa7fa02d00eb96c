"""The site's rules about text: what is refused, what becomes of it on save. Knows no dialect."""

import re
from collections.abc import Iterable
from enum import StrEnum

from importer.sandbox.behaviour import Behaviour

_COMMENT = re.compile(r"[ \t]*<!--.*?-->", re.DOTALL)
_BULLET = re.compile(r"^(\s*)[*+](?=\s)", re.MULTILINE)
_TAG = re.compile(r"[A-Za-z0-9+#.\-]+")


class Rule(StrEnum):
    """Which rule was broken; the dialects turn each into an error of their own."""

    TITLE_MISSING = "title_missing"
    TITLE_LENGTH = "title_length"
    TITLE_TAKEN = "title_taken"
    BODY_MISSING = "body_missing"
    BODY_LENGTH = "body_length"
    BODY_TAKEN = "body_taken"
    TAGS_MISSING = "tags_missing"
    TAGS_MANY = "tags_many"
    TAG_INVALID = "tag_invalid"
    ARTICLE_TYPE = "article_type"
    NO_SUCH_POST = "no_such_post"
    NO_SUCH_COMMENT = "no_such_comment"
    NOT_ALLOWED = "not_allowed"
    LOCKED = "locked"
    CLOSED = "closed"
    UNCHANGED = "unchanged"
    NO_SUCH_USER = "no_such_user"
    NO_SUCH_GROUP = "no_such_group"
    NO_SUCH_TAG = "no_such_tag"
    NO_SUCH_COLLECTION = "no_such_collection"
    NO_SUCH_IMAGE = "no_such_image"
    NAME_MISSING = "name_missing"
    NAME_TAKEN = "name_taken"
    EXPERTS_OFF = "experts_off"
    PERMISSIONS_MISSING = "permissions_missing"
    PERMISSIONS_INVALID = "permissions_invalid"
    CONTENT_INVALID = "content_invalid"
    IMAGE_TYPE = "image_type"
    IMAGE_SIZE = "image_size"
    IMPERSONATION_OFF = "impersonation_off"
    IMPERSONATION_DENIED = "impersonation_denied"
    ALREADY_DELETED = "already_deleted"


class RuleBroken(Exception):
    """A rule of the site that an action breaks; the message is the site's own text."""

    def __init__(self, rule: Rule, message: str) -> None:
        super().__init__(message)
        self.rule = rule
        self.message = message


def stored_title(title: str, behaviour: Behaviour) -> str:
    """Check a title and give it as the site keeps it; raises `RuleBroken`."""
    kept = title.strip() if behaviour.trim else title
    if behaviour.rewrite:
        kept = " ".join(kept.split())
    if not kept.strip():
        raise RuleBroken(Rule.TITLE_MISSING, "Title is missing.")
    if len(kept) < behaviour.title_min:
        text = f"Title must be at least {behaviour.title_min} characters."
        raise RuleBroken(Rule.TITLE_LENGTH, text)
    if len(kept) > behaviour.title_max:
        text = f"Title cannot be longer than {behaviour.title_max} characters."
        raise RuleBroken(Rule.TITLE_LENGTH, text)
    return kept


def stored_body(body: str, behaviour: Behaviour, *, least: int, most: int) -> str:
    """Check a Markdown text and give it as the site keeps it; raises `RuleBroken`."""
    kept = stored_text(body, behaviour)
    entered = len(kept.strip())
    if not entered:
        raise RuleBroken(Rule.BODY_MISSING, "Body is missing.")
    if entered < least:
        text = f"Body must be at least {least} characters; you entered {entered}."
        raise RuleBroken(Rule.BODY_LENGTH, text)
    if len(kept) > most:
        text = f"Body is limited to {most} characters; you entered {len(kept)}."
        raise RuleBroken(Rule.BODY_LENGTH, text)
    return kept


def stored_text(text: str, behaviour: Behaviour) -> str:
    """Give a text as the site keeps it: line ends, trailing blanks, comments, bullets."""
    kept = text.replace("\r\n", "\n").replace("\r", "\n")
    if behaviour.strip_comments:
        kept = _COMMENT.sub("", kept)
    if behaviour.rewrite:
        kept = _BULLET.sub(r"\1-", kept)
    if behaviour.trim:
        kept = kept.rstrip()
    return kept.replace("\n", "\r\n") if behaviour.crlf else kept


def stored_tags(names: Iterable[str], behaviour: Behaviour, *, most: int) -> tuple[str, ...]:
    """Check tag names and give them without repetition, before synonyms and order are applied."""
    given = [name.lower() if behaviour.tag_case == "lower" else name for name in names]
    kept = tuple(dict.fromkeys(name for name in given if name))
    if not kept:
        raise RuleBroken(Rule.TAGS_MISSING, "Please enter at least one tag.")
    if len(kept) > most:
        raise RuleBroken(Rule.TAGS_MANY, f"Please enter no more than {most} tags.")
    for name in kept:
        _check_tag(name, behaviour)
    return kept


def _check_tag(name: str, behaviour: Behaviour) -> None:
    if len(name) > behaviour.tag_length_max:
        text = f"The tag '{name}' is too long; the limit is {behaviour.tag_length_max} characters."
        raise RuleBroken(Rule.TAG_INVALID, text)
    if not _TAG.fullmatch(name):
        text = f"The tag '{name}' may only hold the characters a-z 0-9 + # - ."
        raise RuleBroken(Rule.TAG_INVALID, text)
    if behaviour.tag_case == "refused" and name != name.lower():
        raise RuleBroken(Rule.TAG_INVALID, f"The tag '{name}' must be in lower case.")


def ordered_tags(names: tuple[str, ...], behaviour: Behaviour) -> tuple[str, ...]:
    """Give a post's tags in the order in which the site shows them."""
    match behaviour.tag_order:
        case "sorted":
            return tuple(sorted(names))
        case "reversed":
            return names[::-1]
        case "kept":
            return names
