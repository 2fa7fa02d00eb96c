"""What every page's answer has: templates, style, headers that let nothing run or load."""

from functools import cache
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import escape
from starlette.responses import HTMLResponse, RedirectResponse, Response

__all__ = ["HEADERS", "LIVE_HEADERS", "asset", "moved", "plain", "templates"]

HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'self'; img-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}
LIVE_HEADERS = HEADERS | {
    "content-security-policy": HEADERS["content-security-policy"]
    + "; script-src 'self'; connect-src 'self'"
}
"""Of a page that looks for something newer."""


@cache
def templates() -> Environment:
    """Give the templates; every value in them is escaped."""
    return Environment(
        loader=PackageLoader("importer.sandbox.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def asset(name: str) -> str:
    """Give a style sheet or script."""
    folder = resources.files("importer.sandbox.pages") / "templates"
    return (folder / name).read_text(encoding="utf-8")


def moved(path: str) -> Response:
    """Send a reader to another page."""
    return RedirectResponse(path, 302, headers=HEADERS)


def plain(text: str, status: int) -> Response:
    """Say something where no template can."""
    return HTMLResponse(f"<!DOCTYPE html><title>Sandbox</title><p>{escape(text)}", status, HEADERS)
