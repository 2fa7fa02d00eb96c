"""The page of a plan in a browser: by keyboard alone, in light and dark, without an error."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from importer.model.ids import Field
from importer.text.links import plain
from tests.browser import CHROMIUM, Tab, browsing
from tests.factories import a_conflict, a_create, a_delete, a_field, a_plan, a_span, an_update
from tests.rendering.documents import html_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from importer.model.plan import Change

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium here")

EVIL = '<img src=x onerror="document.title=1"><script>document.title = 1</script>'
COUNT = 2_000


def _change(at: int) -> Change:
    key, span = f"area/{at % 40}/item-{at}", a_span(at + 1, f"content/area/{at % 40}.md")
    if at % 4:
        body = plain(f"Item {at} was **so**.\n"), plain(f"Item {at} is <b>{EVIL}</b> so.\n")
        return an_update(a_field(Field.BODY, *body), key=key, title=f"What is {at}?", span=span)
    return a_create(
        key,
        title=f"What is new in {at}? {EVIL}",
        body=f"{EVIL} ![x](https://evil.example/x.png)",
        span=span,
    )


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tab]:
    folder = tmp_path_factory.mktemp("browser")
    plan = a_plan(a_delete(), *map(_change, range(COUNT)), blocked=(a_conflict(),))
    (folder / "big.html").write_text(html_of(plan), encoding="utf-8")
    with browsing(folder) as opened:
        opened.open(f"file://{folder / 'big.html'}")
        yield opened


def _focus(tab: Tab) -> str:
    return str(tab.js("document.activeElement.closest('.entry')?.id ?? document.activeElement.id"))


def _shown(tab: Tab) -> str:
    tab.js("new Promise(done => requestAnimationFrame(() => setTimeout(done, 0)))")
    return str(tab.js("document.getElementById('shown').value"))


def test_2000_changes_are_gone_through_by_keyboard(tab: Tab) -> None:
    assert tab.js("document.querySelectorAll('.entry').length") == COUNT + 2
    assert _shown(tab) == "2,002 shown"
    tab.press("j", "j", "j")
    assert _focus(tab) == "at-area%2F1%2Fitem-1"
    assert tab.js("document.querySelector('[aria-current]').hash") == "#at-area%2F1%2Fitem-1"
    tab.press("Enter")
    panes = "[...document.activeElement.closest('.entry').querySelectorAll('.pane h3')]"
    assert tab.js(f"{panes}.map(it => it.textContent)") == ["On the site now", "Afterwards"]
    tab.press("k")
    assert _focus(tab) == "at-old-vpn"
    tab.press("ArrowDown")
    assert _focus(tab) == "at-area%2F1%2Fitem-1"

    tab.press("/", *"item-77")
    assert _shown(tab) == "11 of 2,002 shown"
    tab.press("Enter")
    assert _focus(tab).startswith("at-area%2F37%2Fitem-77")
    tab.press("/", "Escape")

    # Before the next frame, as by quick fingers or on a large page.
    tab.js(
        "{ const box = document.getElementById('filter'); box.focus(); box.value = 'item-88';"
        " box.dispatchEvent(new Event('input'));"
        " box.dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter', bubbles: true})) }"
    )
    assert "item-88" in _focus(tab)
    tab.press("/", "Escape")
    assert _shown(tab) == "2,002 shown"

    tab.js("document.querySelector('.chip[data-cause=new]').focus()")
    tab.press("Enter")
    assert _shown(tab) == "500 of 2,002 shown"
    tab.press("Enter")

    tab.js("document.querySelector('.tree [tabindex=\"0\"]').focus()")
    tab.press("ArrowLeft", "ArrowLeft")
    assert tab.js("document.activeElement.parentNode.open") is False
    tab.press("ArrowRight", "ArrowDown", "Enter")
    assert tab.js("document.querySelector('.entry:focus-within').open")

    tab.press("s")
    assert tab.js("document.querySelector('main').dataset.view") == "source"
    assert tab.js("document.querySelector('details[open] .panes').checkVisibility()") is False
    tab.press("?")
    assert tab.js("document.getElementById('help').open")
    tab.press("j", "Escape")
    assert not tab.js("document.getElementById('help').open")


def test_a_hostile_title_shows_as_text_and_nothing_is_loaded(tab: Tab) -> None:
    first = "document.getElementById('at-area%2F0%2Fitem-0')"
    title = tab.js(f"{first}.querySelector('.title').textContent")
    assert title == f"What is new in 0? {EVIL}"
    tab.press("o")
    assert tab.js("document.querySelectorAll('.inside').length") > COUNT
    assert tab.js("document.querySelectorAll('img, main script').length") == 0
    assert tab.js("document.title") == "Plan for handbook"
    assert not tab.errors
    assert [it for it in tab.asked if not it.startswith("file:")] == []


def test_light_and_dark_follow_the_system_and_the_button(tab: Tab) -> None:
    ground = "getComputedStyle(document.body).backgroundColor"
    seen = {}
    for scheme in ("light", "dark"):
        tab(
            "Emulation.setEmulatedMedia",
            features=[{"name": "prefers-color-scheme", "value": scheme}],
        )
        seen[scheme] = tab.js(ground)
    assert seen["light"] != seen["dark"]
    tab.press("t")
    assert tab.js(ground) == seen["light"]
    tab.press("t")
    assert tab.js(ground) == seen["dark"]


def test_without_scripts_all_of_it_is_a_plain_page(tab: Tab, tmp_path: Path) -> None:
    page = tmp_path / "plan.html"
    page.write_text(html_of(a_plan(*map(_change, range(40)))), encoding="utf-8")
    tab("Emulation.setScriptExecutionDisabled", value=True)
    tab.open(f"file://{page}")
    tab("DOM.getDocument")
    found = [tab("DOM.performSearch", query=f"noscript .{it}") for it in ("pane", "source")]
    assert [it["resultCount"] for it in found] == [70, 50]
    tab("Emulation.setScriptExecutionDisabled", value=False)
    tab.open(f"file://{page}")
    assert tab.js("document.querySelectorAll('.pane').length") == 0
