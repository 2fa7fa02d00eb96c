"""What a topic and its posts are: which posts everybody may see, and which say something."""

import re
from dataclasses import dataclass, field
from typing import Any

from importer.sources.json_items import Raw, text_of
from importer.sources.losses import LossKind

__all__ = ["Topic", "at_of", "is_short", "kept_of", "why_left_out"]

# https://github.com/discourse/discourse: Post.types.
_MODERATOR, _NOTICE, _WHISPER = 2, 3, 4
_SHORTEST = 30
_TAG = re.compile(r"<[^>]{0,2000}>")
_ABOUT = (
    "title", "slug", "category_id", "tags", "archetype", "visible", "deleted_at", "accepted_answer",
)  # fmt: skip


@dataclass(slots=True)
class Topic:
    """A topic without its texts; `left` counts the parts that its posts come in."""

    number: str
    about: dict[str, Any] = field(default_factory=dict)
    left: int = 0
    promised: int = 0
    here: int = 0
    accepted: int = 0
    posts: dict[str, int] = field(default_factory=dict)
    answers: set[int] = field(default_factory=set)

    def learn(self, raw: Raw) -> None:
        """Learn what one part says of the topic and its posts."""
        self.left += 1
        self.about.update({key: raw[key] for key in _ABOUT if raw.get(key) is not None})
        stream = raw["post_stream"]
        every = stream.get("stream")
        self.promised = max(self.promised, len(every) if isinstance(every, list) else 0)
        told = self.about.get("accepted_answer")
        if isinstance(told, dict) and not self.accepted:
            self.accepted = at_of(told)
        for post in stream["posts"]:
            if not isinstance(post, dict) or text_of(post, "id") in self.posts:
                continue
            at = at_of(post)
            self.here += 1
            self.posts[text_of(post, "id")] = at
            if post.get("accepted_answer") and kept_of(post):
                self.accepted = at
            if at > 1 and kept_of(post) and not is_short(post):
                self.answers.add(at)
        if self.accepted:
            self.answers.add(self.accepted)


def at_of(post: Raw) -> int:
    """Return a post's number within its topic; 0 for one that has none."""
    number = text_of(post, "post_number")
    return int(number) if number.isascii() and number.isdigit() else 0


def kept_of(post: Raw) -> bool:
    """Tell whether everybody may see a post, and it is somebody's."""
    hidden = post.get("hidden") or post.get("deleted_at") or post.get("user_deleted")
    return not hidden and post.get("post_type") not in (_NOTICE, _WHISPER)


def is_short(post: Raw) -> bool:
    """Tell whether a post is less than an answer: thanks, mostly."""
    text = text_of(post, "raw") or _TAG.sub("", text_of(post, "cooked"))
    return len(" ".join(text.split())) < _SHORTEST


def why_left_out(post: Raw) -> tuple[LossKind, str]:
    """Return what a post that becomes nothing is, and why it does."""
    if post.get("post_type") == _WHISPER:
        return LossKind.ANSWER, "a whisper among the staff; never moved"
    if post.get("post_type") == _NOTICE:
        return LossKind.DECORATION, "a notice of what was done with the topic; left out"
    if post.get("deleted_at") or post.get("user_deleted"):
        return LossKind.ANSWER, "deleted in the source"
    if post.get("hidden"):
        return LossKind.ANSWER, "hidden in the source"
    return LossKind.COMMENT, "too short for an answer, and comments can't be written; left out"
