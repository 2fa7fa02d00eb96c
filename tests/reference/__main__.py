"""Writes the pages of docs/ that are made from the code: `make reference`."""

from __future__ import annotations

from tests.conftest import ROOT
from tests.reference import PAGES

for _name, _text in PAGES.items():
    (ROOT / "docs" / _name).write_text(_text(), encoding="utf-8", newline="\n")
