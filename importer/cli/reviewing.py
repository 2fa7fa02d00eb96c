"""What ties an apply to its review: no pull request's own run, and nothing beyond what was seen."""

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from importer.cli.commands import FILE, gathered
from importer.cli.console import Console
from importer.cli.triggers import review_in
from importer.cli.wiring import SANDBOX
from importer.errors import PlanRefused, PlanUnreviewed, UsageError
from importer.model.plan import Change, Plan
from importer.planning.intent import Part, intent_of, lists_in, parts_of, proved
from importer.planning.plan_file import MOST_BYTES
from importer.rendering.entries import place_of
from importer.rendering.phrasing import counted
from importer.text.digests import WHOLE, Digest

__all__ = ["ReviewOptions", "refuse_review", "review_options"]

_MOST_NAMED = 10
_DIGEST = re.compile(rf"[a-z2-7]{{{WHOLE}}}")


def refuse_review(command: str, url: str | None, environ: Mapping[str, str] = os.environ) -> None:
    """Raise PlanRefused where a CI service runs *command* for a pull request.

    A sandbox is nobody's team: there, what a pull request would do may be tried out.
    """
    if (url or "").startswith(SANDBOX):
        return
    if told := review_in(environ):
        message = f"{command} does not run for a pull request ({told})"
        remedy = (
            "Run plan there, and apply once it is merged: nobody has reviewed it yet. To try "
            "it out, take a team on this machine: --url sandbox:"
        )
        raise PlanRefused(message, remedy=remedy)


@dataclass(frozen=True, slots=True)
class ReviewOptions:
    """What was reviewed: the digest of its intent, and a file with the intent's parts."""

    expect_digest: Digest | None
    reviewed: Path | None

    def lists(self, console: Console) -> Sequence[tuple[Digest, ...]]:
        """Return the lists of parts that the file holds. Raises UsageError."""
        if self.reviewed is None:
            return ()
        if self.expect_digest is None:
            message = "--reviewed says nothing without the digest that was reviewed"
            raise UsageError(message, remedy="Give that with --expect-digest.")
        console.protect("the reviewed plan", self.reviewed)
        found = tuple(_lists_in(_read(self.reviewed)))
        if not found:
            message = f"{self.reviewed} holds no plan's intent"
            remedy = (
                "Name what `plan --out` or `plan --format json` wrote, or a comment with the "
                "Markdown of a plan."
            )
            raise UsageError(message, remedy=remedy)
        return found

    def check(self, console: Console) -> Callable[[Plan], None]:
        """Return what raises PlanUnreviewed for a plan with more in it than was reviewed."""
        lists = self.lists(console)

        def refuse_beyond(plan: Plan) -> None:
            digest = self.expect_digest
            if digest is None or plan.is_idle or intent_of(plan).digest == digest:
                return
            reviewed = proved(digest, lists, plan.lineage)
            parts = parts_of(plan)
            if reviewed is None:
                raise _unproved(plan, digest, self.reviewed, list(parts.values()))
            beyond = [it for name, it in parts.items() if name not in reviewed]
            if beyond:
                number = counted(len(beyond), "change goes", "changes go")
                message = f"{number} beyond the reviewed plan {digest}"
                raise _unreviewed(message, beyond, plan)
            console.say(
                f"{counted(len(parts), 'change')} of the {len(reviewed):,} reviewed are left to do"
            )

        return refuse_beyond


def _unproved(plan: Plan, digest: Digest, file: Path | None, parts: list[Part]) -> PlanUnreviewed:
    now = intent_of(plan).digest
    why = (
        f"{file} holds no list of that digest for this team and namespace"
        if file
        else "which of these is new, only the reviewed plan can tell (--reviewed FILE)"
    )
    message = f"the reviewed plan is {digest}, this one {now}; {why}"
    return _unreviewed(message, parts, plan)


def _unreviewed(message: str, parts: Sequence[Part], plan: Plan) -> PlanUnreviewed:
    named = [_named(it) for it in parts[:_MOST_NAMED]]
    more = len(parts) - len(named)
    named += [f"and {more:,} more"] if more else []
    remedy = (
        "Nothing was written. Look at this plan too, and give its digest: --expect-digest "
        f"{intent_of(plan).digest}"
    )
    return PlanUnreviewed(f"{message}: {'; '.join(named)}", remedy=remedy)


def _named(part: Part) -> str:
    what = part.change
    place = place_of(what.span) if isinstance(what, Change) else what.url
    return f"{part.verb} {part.key} {place}".rstrip()


def _read(path: Path) -> str:
    try:
        with path.open("rb") as opened:
            return opened.read(MOST_BYTES).decode("utf-8", "replace")
    except OSError as error:
        message = f"the reviewed plan {path} can't be read: {error.strerror or error}"
        raise UsageError(message, remedy="Name its file with --reviewed.") from error


def _lists_in(text: str) -> Iterator[tuple[Digest, ...]]:
    """Yield every list of parts in *text*: JSON of a plan, or whatever holds its Markdown."""
    yield from lists_in(text)
    document: Any = None
    with suppress(ValueError, RecursionError):
        document = json.loads(text)
    intent = document.get("intent") if isinstance(document, dict) else None
    parts = intent.get("parts") if isinstance(intent, dict) else None
    if isinstance(parts, list) and all(isinstance(it, str) for it in parts):
        yield tuple(Digest(it) for it in parts)


def _as_digest(_ctx: click.Context, param: click.Parameter, value: str | None) -> Digest | None:
    if value is not None and not _DIGEST.fullmatch(value):
        message = f"a plan's digest has {WHOLE} characters of a-z and 2-7; `plan` prints it."
        raise click.BadParameter(message, param=param)
    return None if value is None else Digest(value)


review_options = gathered(
    "review",
    ReviewOptions,
    [
        click.option(
            "--expect-digest",
            callback=_as_digest,
            metavar="DIGEST",
            help="The digest of the reviewed plan's intent, as `plan` prints it. A plan that wants "
            "anything else is refused with exit code 4, and what is new is named.",
        ),
        click.option(
            "--reviewed",
            type=FILE,
            metavar="FILE",
            help="The reviewed plan: its JSON, or the comment with its Markdown. With it a part of "
            "the plan is accepted too, where the rest is done already. The digest proves it, so it "
            "may come from anywhere.",
        ),
    ],
)
