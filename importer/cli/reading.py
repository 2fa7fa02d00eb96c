"""Reads a manifest for a command: finds it, says which it is, shows its warnings."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from importer.cli.console import Console
from importer.errors import Problem, UsageError
from importer.manifests import find_manifest, fingerprint, load_manifest
from importer.model.fields import Value
from importer.model.manifest import Item, Manifest
from importer.model.plan import SavedPlan
from importer.planning.plan_file import load
from importer.teams import Connection, Secret
from importer.text.links import Text

__all__ = [
    "Loaded",
    "find_manifest_of",
    "is_plan_file",
    "read_manifest",
    "read_plan",
    "refuse_secret_in",
]

_MOST_WARNINGS = 10


@dataclass(frozen=True, slots=True)
class Loaded:
    """A manifest, and the file it is in."""

    manifest: Manifest
    path: Path

    @property
    def folder(self) -> Path:
        """Where the manifest's journal has its place."""
        return self.path.parent


def read_manifest(path: Path, console: Console) -> Loaded:
    """Return the manifest that *path* means. Raises UsageError and ManifestError."""
    found = find_manifest(path)
    console.say(f"manifest: {found}")
    console.protect("the manifest", found)
    manifest, warnings = load_manifest(found)
    console.protect("a file of the manifest", *(found.parent / it for it in manifest.files))
    for problem in warnings[:_MOST_WARNINGS]:
        console.say(*_lines(problem))
    if len(warnings) > _MOST_WARNINGS:
        more = len(warnings) - _MOST_WARNINGS
        console.say(f"{more} more warnings: `teams-importer validate` lists them all")
    return Loaded(manifest, found)


def is_plan_file(path: Path) -> bool:
    """Tell whether *path* is a saved plan: no manifest is a file that ends in .json."""
    return path.suffix.lower() == ".json" and not path.is_dir()


def read_plan(path: Path, console: Console) -> SavedPlan:
    """Return the saved plan in *path*. Raises UsageError and PlanAltered."""
    console.protect("the plan that it reads", path)
    try:
        data = path.read_bytes()
    except OSError as error:
        message = f"the plan file {path} can't be read: {error.strerror or error}"
        remedy = "Name the file that `teams-importer plan --out FILE` wrote."
        raise UsageError(message, remedy=remedy) from error
    return load(data)


def find_manifest_of(saved: SavedPlan, plan_file: Path) -> tuple[Path, bool] | None:
    """Return the manifest of a saved plan, and whether it is as it was; None: it isn't here.

    It is where the plan says, as seen from *plan_file*. Where there is none, it is that of the
    same namespace here or above, or above the plan's file.
    """
    named = plan_file.parent / saved.manifest_at
    if saved.manifest_at and named.is_file():
        return named, fingerprint(named) == (saved.plan.namespace, saved.plan.manifest)
    for start in (Path(), plan_file.parent):
        with suppress(UsageError):
            found = find_manifest(start)
            namespace, digest = fingerprint(found)
            if namespace in ("", saved.plan.namespace):
                return found, digest == saved.plan.manifest
    return None


def refuse_secret_in(manifest: Manifest, connection: Connection) -> None:
    """Raise UsageError when a text that would be posted holds the access token or the API key."""
    secrets = {"access token": connection.token, "API key": connection.api_key}
    for what, secret in secrets.items():
        for item in manifest.items:
            if secret is not None and any(_holds(value, secret) for value in _values(item)):
                message = f"{item.span}: the text of {item.key} contains the {what}"
                remedy = (
                    "Take it out, and make a new one: this one is in a file for others to read."
                )
                raise UsageError(message, remedy=remedy)


def _values(item: Item) -> list[Value]:
    return [*item.fields.values(), *item.initial.values()]


def _holds(value: Value, secret: Secret) -> bool:
    match value:
        case Text():
            text = value.holed
        case str():
            text = value
        case _:
            return False
    return secret.redact(text) != text


def _lines(problem: Problem) -> list[str]:
    return str(problem).split("\n")
