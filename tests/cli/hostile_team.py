"""Texts and titles that no form of ours allows for, as a team may hold them all the same."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from importer.sandbox import World

__all__ = ["BODIES", "FILLER", "TAGS", "TITLES", "put", "seed"]

SITE = "http://sandbox.localhost/c/acme"
FILLER = "A filler of more than thirty characters, as posts have."
BODIES = (
    f"---\nkey: x\n---\n{FILLER}",
    f"<!-- answer: x -->\n{FILLER}",
    f"{FILLER}\n\n<!-- answer: x accepted -->\n{FILLER}",
    f"{FILLER}\n<!-- anwser: x -->",
    f"> <!-- answer: x -->\n{FILLER}",
    f"    indented\n<!-- answer: x -->\n\ttab at the end\t\n{FILLER}",
    f"```\n<!-- answer: x -->\n{FILLER}",
    f"```\n<!-- answer: y -->\n```\n{FILLER}",
    f"{FILLER}\n```\nopen",
    f"~~~\nopen {FILLER}",
    f"{FILLER}\n<!-- open",
    f"{FILLER}\n<pre>open",
    f"{FILLER}\n<script>x",
    "short",
    "x" * 35_000,
    f"{FILLER}\x07bell",
    f"{FILLER}\u202ebidi",
    f"{FILLER}\u2028line",
    f"{FILLER}\ufeff",
    f"\x85 {FILLER}",
    f"a\x00b {FILLER}",
    f"{FILLER}\u200b joined \u200d",
    f"{FILLER}\ttab\n\tcode",
    f"    code first\n{FILLER}",
    f"\tcode first\n{FILLER}",
    f"{FILLER}\r\nline\rend",
    f"{FILLER}  \nhard break\\\nand another",
    f"{FILLER}   \n\n\n\n  trailing  \n\n",
    f"[x](key:nowhere) {FILLER}",
    f"[x](KEY:nowhere) `[x](key:no)` {FILLER}",
    f"[x](other.md) {FILLER}",
    f"[x](other) [y](/questions/1) {FILLER}",
    f"[x](../../up.md) {FILLER}",
    f"![x](img.png) {FILLER}",
    f"![x](file:///etc/passwd) {FILLER}",
    f'<img src="a.png"> {FILLER}',
    f"<!-- teams-importer: broken\n{FILLER}",
    f"{FILLER}\n\n<!-- teams-importer:1 other:theirs t=aaaaaaaa -->",
    f"{FILLER}\n\n<!-- teams-importer:9 team:later t=aaaaaaaa -->",
    f"{FILLER}\n\n<!-- teams-importer:1 team:not/a#key t=aaaaaaaa -->",
    f"{FILLER}\n\n<!-- teams-importer:1 team:doubled -->",
    f"{FILLER}\n\n<!-- teams-importer:1 team:doubled -->\n",
    f"- a: b\n- c #\n{FILLER}",
    f"'\"\\ %{{}}[]&*!|>@`{FILLER}",
    f"{{{{ jinja }}}} {{% x %}} {FILLER}",
    f"\u00e9 e\u0301 {FILLER}",
    "\U0001f98a" * 40,
    "\u0627\u0644\u0639\u0631\u0628\u064a\u0629 " * 10,
    f"&lt;b&gt; &amp; &quot; <b>html</b> {FILLER}",
    f"[ref]: {SITE}/q/1\n[ref] <{SITE}/q/1> {FILLER}",
    f"[to a place](<{SITE}/questions/1#here>) [spaced]( {SITE}/q/1 'title' ) {FILLER}",
    "",
    "  \n\n",
    f"...\n{FILLER}",
    f"kind: article\n---\n{FILLER}",
    f"::set-output name=x::y\n{FILLER}\n\\",
)
TITLES = (
    "no",
    "null",
    "1.10",
    "a: b # c",
    "  a padded title of a question ",
    "a tab\tin the title, is it here?",
    "a line\nbreak in the title of it",
    "x" * 160,
    "Über die Größe von Dingen, oder?",
    "日本語のタイトルですがよいでしょうか",
    '\'quoted "title" [x]: {y}, really?',
    "\u202ea title that is turned around",
    "a slash/in/the title, is/it here?",
    "---",
    "",
    "The same title stands here twice",
    "The same title stands here twice",
    "the same title stands here TWICE",
    "@#$%^&*",
    "\U0001f98a\U0001f98a\U0001f98a",
)
TAGS = (
    ("a", "b", "c", "d", "e", "f", "g"),
    ("c#", "c++", ".net"),
    ("no", "null", "1.10"),
    ("ümlaut",),
    ("x" * 40,),
    ("a?b",),
)


def put(world: World, post_id: int, **columns: str) -> None:
    """Let a post be what no rule of the site would let anybody write."""
    with world.store.transaction():
        for name, value in columns.items():
            sql = f"UPDATE posts SET {name} = ? WHERE id = ?"  # noqa: S608 - a test's own names
            world.store.run(sql, (value, post_id))


def seed(
    world: World,
    bodies: Sequence[str] = BODIES,
    titles: Iterable[str] = TITLES,
    tags: Iterable[Sequence[str]] = TAGS,
) -> None:
    """Let a team hold each body as a question's and an answer's, each title, and each tags."""
    ada, bo = world.user("acme", "Ada Berg"), world.user("acme", "Björn Öst")
    for number, body in enumerate(bodies):
        asked = world.ask(
            ada, title=f"What about body {number}?", body=f"{FILLER} {number}", tags=["t"]
        )
        put(world, asked.id, body=body)
        asked = world.ask(
            bo, title=f"What of answer {number}?", body=f"{FILLER} q{number}", tags=["t"]
        )
        first = world.answer(ada, asked.id, body=f"{FILLER} one {number}")
        world.answer(bo, asked.id, body=f"{FILLER} two {number}")
        world.accept(bo, first.id)
        put(world, first.id, body=body)
    for number, title in enumerate(titles):
        asked = world.ask(
            ada, title=f"To be retitled: {number}?", body=f"{FILLER} t{number}", tags=["t"]
        )
        told = world.publish(
            ada, title=f"An article {number:09}", body=f"{FILLER} {number}a", tags=["t"]
        )
        put(world, asked.id, title=title)
        put(world, told.id, title=title)
    for number, names in enumerate(tags):
        asked = world.ask(
            ada, title=f"To be retagged: {number}?", body=f"{FILLER} g{number}", tags=["t"]
        )
        with world.store.transaction():
            world._set_tags(asked, tuple(sorted(names)))  # noqa: SLF001 - no rule allows for them
