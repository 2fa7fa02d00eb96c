"""What docs/errors.md says of exit codes and errors beyond what the code does; all are in it."""

from __future__ import annotations

from collections.abc import Mapping

from importer import errors
from importer.errors import ExitCode, ImporterError

__all__ = ["ERRORS", "EXITS"]

_AGAIN = "Run the same command again; it goes on where it stopped."
_ANEW = "Make the plan anew with `plan --out FILE`, look at it, apply that."

EXITS: Mapping[ExitCode, tuple[str, str]] = {
    ExitCode.DONE: ("done, or nothing to do", "nothing"),
    ExitCode.BUG: (
        "our bug; a report was written, without secrets",
        "Paste the report into an issue. After an `apply`, run it again: what was sent is looked up"
        " first.",
    ),
    ExitCode.CHANGES: (
        "`plan --detailed-exitcode`: there are changes; `pull --check`, `convert --check`: edits",
        "Look at them.",
    ),
    ExitCode.MANIFEST: (
        "the manifest, or another file that people write, is invalid",
        "Mend the places that are named; `teams-importer validate` shows all.",
    ),
    ExitCode.REFUSED: (
        "refused, nothing written: stale, used or foreign plan, guard, missing confirmation",
        "See the error below.",
    ),
    ExitCode.PARTLY: ("partly done, or the team could not be read", _AGAIN),
    ExitCode.ACCESS: (
        "token, permission or team",
        "`teams-importer doctor` says what is missing.",
    ),
    ExitCode.UNKNOWN: (
        "an outcome is still unknown, a duplicate was found, or an edit slipped in while ours was"
        " written",
        "Run the same command again: it looks, and sends nothing twice. See to the posts that are"
        " named.",
    ),
    ExitCode.LOCKED: (
        "another run holds the lock, or the sandbox's file",
        "Wait for it, with `--wait`.",
    ),
    ExitCode.JOURNAL: (
        "journal or disk",
        "Make room, or mend the place that is named. A lost journal can be done without:"
        " [journals.md](journals.md).",
    ),
    ExitCode.BUDGET: (
        "quota or rate budget used up",
        "The same command goes on later; the error says when.",
    ),
    ExitCode.DECISION: (
        "everything that could be done is done, and something waits for a person: blocked items"
        " (`plan`: only with `--detailed-exitcode`); by `--fail-on` drift and manual steps; `pull`:"
        " a conflict; `convert`: a page changed on both sides; `convert --verify`: a loss that no"
        " report names; `doctor`: a token ends soon",
        "See [the reasons](#reasons-of-blocked-items).",
    ),
    ExitCode.USAGE: ("wrong use of the command line", "See `--help` of the command."),
    ExitCode.INTERRUPTED: ("interrupted by Ctrl-C, cleanly", _AGAIN),
    ExitCode.TERMINATED: ("ended by SIGTERM, cleanly", _AGAIN),
}

ERRORS: Mapping[type[ImporterError], str] = {
    errors.ManifestError: "Mend the places named and validate again.",
    errors.PlanRefused: "Do what the error says, then plan and apply again.",
    errors.PlanStale: _ANEW,
    errors.PlanConsumed: _ANEW,
    errors.PlanForeign: "Name the team and the manifest the plan was made for, or make one here.",
    errors.PlanAltered: _ANEW,
    errors.PlanUnreviewed: "Have the plan of today reviewed, and give its digest.",
    errors.GuardTripped: "Look at the plan, then allow that many with `--max-creates`,"
    " `--max-updates` or `--max-deletes`.",
    errors.NotConfirmed: "Say yes, or give `--yes` where nobody can be asked.",
    errors.PartlyApplied: f"The report names each change that failed, and why. {_AGAIN}",
    errors.ServiceError: _AGAIN,
    errors.ApiMissing: "Correct `--url`, or choose the other API with `--api`.",
    errors.AccessError: "`teams-importer doctor` says what is missing.",
    errors.TokenMissing: "Set `TEAMS_IMPORTER_TOKEN`, or name a file with `--token-file`.",
    errors.KeyMissing: "Set `TEAMS_IMPORTER_API_KEY`, or name a file with `--api-key-file`.",
    errors.TokenInvalid: "Copy the token again, whole; for an Enterprise site, one of that site.",
    errors.TokenExpired: "Make a new one in your account settings on the site.",
    errors.TokenReadOnly: "Make one that may write, for the job that applies.",
    errors.TeamMissing: "Give `--team`, or set `TEAMS_IMPORTER_TEAM`.",
    errors.TeamUnknown: "Copy the slug from the team's address, and see that the token is of that"
    " team.",
    errors.TeamForeign: "Use a token of this team, or correct `team:` in the manifest.",
    errors.OutcomeUnknown: "Run the same command again, with the same journal: it waits for the"
    " settle window and looks, before it sends anything.",
    errors.LockHeld: "Wait for that run, with `--wait`; a killed one's lock ends by itself:"
    " [journals.md](journals.md).",
    errors.JournalError: "Make room on the disk; take the version that wrote the journal; or move a"
    " damaged one away: posts are found by their markers.",
    errors.BudgetExhausted: "Wait until the time that is named.",
    errors.NeedsDecision: "See [the reasons](#reasons-of-blocked-items).",
    errors.UsageError: "See `--help` of the command.",
}
