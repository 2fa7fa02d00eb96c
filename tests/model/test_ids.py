"""Kinds as messages name them."""

from __future__ import annotations

from importer.model.ids import Kind


def test_a_kind_comes_with_its_article() -> None:
    assert {it.one for it in Kind} == {
        "a question",
        "an answer",
        "an article",
        "a tag",
        "a collection",
        "an image",
    }
