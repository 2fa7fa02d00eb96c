"""What survives of the public wikis, measured; `make fidelity` prints it."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from importer.sources.verify_comparing import Outcome
from importer.sources.verify_seen import Construct
from tests.sources.fidelity import CORPORA, against_markdown, shares, verified

# Each wiki once: the largest takes ten seconds.
measured = cache(verified)


@pytest.mark.parametrize("name", CORPORA)
def test_nothing_of_a_wiki_is_lost_unreported(corpora: Path, name: str) -> None:
    found = measured(corpora, name)
    lost = [it for page in found.differing for it in page.differences if it.outcome is Outcome.LOST]
    assert lost == []
    assert found.pages > 0
    assert found.counts[Construct.TEXT, Outcome.KEPT] > 300


def test_posts_come_back_from_their_html_as_they_were(corpora: Path) -> None:
    found = measured(corpora, "stackexchange-french-meta (HTML)")
    assert found.texts == 761
    assert found.identical / found.texts >= 0.995


def test_pages_in_storage_format_become_the_markdown_that_they_were_made_of(corpora: Path) -> None:
    """Anchors and attachments can't be on the site: they are reported."""
    found = against_markdown(corpora)
    there, known = shares(found, words=True)
    assert there >= 0.98
    assert known >= 0.999
    assert shares(found, words=False)[1] >= 0.99
    assert found[Construct.CODE, "lost"] == 0
