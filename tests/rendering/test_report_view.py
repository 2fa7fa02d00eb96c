"""Reports: what wasn't done stands under a heading that fits its reason."""

from __future__ import annotations

from dataclasses import replace

from importer.model.ids import Kind
from importer.model.report import ResultState
from importer.rendering import Format, render_report
from tests.factories import a_report, a_result
from tests.rendering.documents import TEMPLATES


def test_an_image_whose_file_changed_is_not_under_what_moved_on_the_site() -> None:
    post = a_result("moved", state=ResultState.STALE, why="the body was edited on the site")
    why = "img/a.png was changed since the plan was made"
    image = replace(a_result("image:a", state=ResultState.STALE, why=why), kind=Kind.IMAGE)
    text = render_report(a_report(post, image), format=Format.TEXT, templates=TEMPLATES)
    site, file = text.index("Stale, the site moved"), text.index("Stale, the local file changed")
    assert site < text.index("edited on the site") < file < text.index("img/a.png was changed")
    assert "2 stale" in text
    alone = render_report(a_report(image), format=Format.TEXT, templates=TEMPLATES)
    assert "the site moved" not in alone
