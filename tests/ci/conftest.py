"""What these tests share with those of the command line."""

from __future__ import annotations

from tests.cli.conftest import cli, home

__all__ = ["cli", "home"]
