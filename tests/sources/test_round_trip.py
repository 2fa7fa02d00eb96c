"""Laws of the HTML path: what a site renders of Markdown comes back from its HTML as it was."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from importer.model.draft import Place
from importer.sources.html_markup import HTML
from importer.sources.losses import Losses
from importer.sources.verify_markdown import rendered
from importer.sources.verify_same import normal_html

_WORDS = st.lists(
    st.text("ab1é*_`[]<>&#|\\~!().-+=:\"'/", min_size=1, max_size=6), min_size=1, max_size=4
).map(" ".join)
_SAFE = st.lists(st.text("abc é", min_size=1, max_size=5), min_size=1, max_size=3).map(
    lambda words: " ".join(" ".join(words).split()) or "a"
)


def _indented(text: str, by: str) -> str:
    return text.replace("\n", f"\n{by}")


def _code(text: str) -> str:
    fence = "`" * (3 + text.count("`"))
    return f"{fence}py\n{text}\n{fence}"


def _table(rows: list[list[str]]) -> str:
    head, *body = (f"| {' | '.join(row)} |" for row in rows)
    return "\n".join([head, "| --- | :-: |", *body])


_RICH = st.recursive(
    _SAFE,
    lambda inner: st.one_of(
        inner.map("*{}*".format),
        inner.map("**{}**".format),
        inner.map("[{}](<http://x.example/a (b)>)".format),
        _SAFE.map("`{}`".format),
        _SAFE.map("`` `{} ``".format),
        _SAFE.map("![{}](i.png)".format),
        inner.map("x<sub>{}</sub>".format),
        inner.map("<kbd>{}</kbd>".format),
        st.tuples(inner, inner).map("  \n".join),
        st.tuples(inner, inner).map(" ".join),
        st.tuples(inner, inner).map("".join),
    ),
    max_leaves=5,
)
# Signs of Markdown as such: whatever they make, it is the same again.
_INLINE = st.one_of(
    _RICH,
    _WORDS.map(lambda it: it.replace("<", "< ")),
    st.tuples(_WORDS.map(lambda it: it.replace("<", "&lt;")), _RICH).map(" ".join),
)
_CELL = _INLINE.map(lambda it: " ".join(it.replace("|", "").split()))
_BLOCK = st.recursive(
    st.one_of(
        _INLINE,
        _INLINE.map(lambda it: f"## {' '.join(it.split())}"),
        _WORDS.map(_code),
        st.lists(_WORDS, min_size=1, max_size=3).map(lambda it: _code("\n\n  ".join(it))),
        st.just("* * *"),
        st.lists(st.lists(_CELL, min_size=2, max_size=2), min_size=2, max_size=3).map(_table),
    ),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(
            lambda them: "\n".join(f"- {_indented(it, '  ')}" for it in them)
        ),
        st.lists(inner, min_size=1, max_size=3).map(
            lambda them: "\n\n".join(f"1. {_indented(it, '   ')}" for it in them)
        ),
        st.lists(inner, min_size=1, max_size=2).map(
            lambda them: "> " + _indented("\n\n".join(them), "> ")
        ),
    ),
    max_leaves=5,
)
DOCUMENTS = st.lists(_BLOCK, min_size=1, max_size=4).map("\n\n".join)


def markdown_of(html: str) -> str:
    return HTML.to_markdown(html, Place("a.html", 1), Losses("a.html"))


@given(DOCUMENTS)
@example("*(a)*b")
def test_rendered_markdown_comes_back_from_html(markdown: str) -> None:
    html = rendered(markdown)
    made = markdown_of(html)
    assert normal_html(rendered(made)) == normal_html(html), made
