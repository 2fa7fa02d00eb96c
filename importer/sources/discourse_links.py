"""Links within a forum: by topic and post, for the words between them come and go."""

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importer.sources.discourse_posts import Topic

__all__ = ["Topics", "topic_name"]

_TOPIC = re.compile(r"/t/(?:[^/?#\s]*[^/?#\s\d][^/?#\s]*/)?(\d+)(?:/(\d+))?/?(?:[?#]\S*)?\Z")
_POST = re.compile(r"/p/(\d+)(?:/\d+)?/?(?:[?#]\S*)?\Z")


def topic_name(number: str, post: int = 0) -> str:
    """Return what links call a topic, or a post of it."""
    return f"topic-{number}-{post}" if post else f"topic-{number}"


class Topics:
    """The topics that are moved, with their posts; `home` is where the forum stood."""

    def __init__(self, address: str) -> None:
        self.home = address.rstrip("/")
        self._posts: dict[str, tuple[str, int]] = {}
        self._answers: dict[str, set[int]] = {}

    def learn(self, topic: "Topic") -> None:
        """Learn a topic whose texts are moved."""
        self._answers[topic.number] = {1, *topic.answers}
        self._posts.update({it: (topic.number, at) for it, at in topic.posts.items()})

    def target(self, link: str) -> str:
        """Return the name of the topic or post that a link leads to; empty for none."""
        path = link.removeprefix("https:").removeprefix("http:")
        home = self.home.removeprefix("https:").removeprefix("http:")
        if path.startswith("//"):
            if not home or not path.lower().startswith(f"{home.lower()}/"):
                return ""
            path = path[len(home) :]
        if match := _TOPIC.match(path):
            return self.named(match[1], int(match[2] or 0))
        match = _POST.match(path)
        number, at = self._posts.get(match[1], ("", 0)) if match else ("", 0)
        return self.named(number, at) if number else ""

    def named(self, number: str, post: int) -> str:
        """Return the name of a post, or of its topic if it is no answer; empty for none."""
        if number not in self._answers:
            return ""
        there = post in self._answers[number]
        return f"wiki:{topic_name(number, post if there else 0)}"

    def upload(self, short: str) -> str:
        """Return where a file lies that is called by its short address, `upload://...`."""
        return f"{self.home}/uploads/short-url/{short.removeprefix('upload://')}"
