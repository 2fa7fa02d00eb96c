"""The command line in this process, and a folder of its own for each test."""

from tests.cli.conftest import cli, home, manifest

__all__ = ["cli", "home", "manifest"]
