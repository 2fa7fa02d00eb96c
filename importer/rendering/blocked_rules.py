"""What each reason for a blocked item means in general, and what can be done about it."""

from collections.abc import Mapping
from types import MappingProxyType

from importer.model.plan import BlockedCode

__all__ = ["BLOCKED_RULES"]

BLOCKED_RULES: Mapping[BlockedCode, tuple[str, str]] = MappingProxyType(
    {
        BlockedCode.CONFLICT: (
            "The manifest and the site have both changed the same place, or another answer is"
            " accepted on the site.",
            "Take the site's version in with `teams-importer pull --take-site KEY`, or decide for"
            " the manifest's: with `--keep-ours KEY`, by the `seen:` that the plan shows, or by"
            " `on_drift: overwrite`.",
        ),
        BlockedCode.NO_BASE: (
            "The item differs from its post, and what was last written there is not known: it was"
            " bound by `id:`, or its marker is gone and no journal knows it.",
            "Take the site's version in with `teams-importer pull --take-site KEY`, or decide for"
            " the manifest's: with `--keep-ours KEY`, by the `seen:` that the plan shows, or, for"
            " many of them, in the list of `teams-importer adopt`.",
        ),
        BlockedCode.EQUAL_TITLE: (
            "A new item has the title of a post that is there already, or a new answer the text of"
            " one below the same question. A title never binds.",
            "Bind the post with `teams-importer adopt` or `id:`, or choose another title.",
        ),
        BlockedCode.AMBIGUOUS: (
            "Several posts bear the item's marker, or only one of somebody who never published from"
            " here.",
            "Delete the copies on the site, or name the authors whose posts count under"
            " `publishers:`.",
        ),
        BlockedCode.MISFIT: (
            "The post that was found can't be the item's: another kind, another question, another"
            " item's. Or a new item lacks a field that its kind needs.",
            "Take the post over with `was:`, bind the right one with `id:`, or delete the wrong one"
            " on the site. State the field that is missing.",
        ),
        BlockedCode.GONE: (
            "The item's post was deleted on the site, or `id:` names none.",
            "Undelete it on the site, or take the item out (`removed:` with `live: keep`); under a"
            " new key it is posted again.",
        ),
        BlockedCode.NEW_TAG: (
            "A tag would be new to the team, and is close to another one or not declared, as"
            " `new_tags:` asks. No API deletes a tag.",
            "Use the tag that is there, or declare the new one under `tags:`.",
        ),
        BlockedCode.UNSUPPORTED: (
            "The API in use can't carry this wish out, or not with this token.",
            "Use the other API (`--api`), leave the field or the item out, or do it on the site."
            " `teams-importer doctor` tells who can write what.",
        ),
        BlockedCode.NEEDS: (
            "The item needs another one that waits, has no post yet, or stays.",
            "See to the one that is named first.",
        ),
        BlockedCode.PROTECTED: (
            "The post is to be deleted, and was written with `protect: true`.",
            "Put the item back without `protect:`, apply, then remove it.",
        ),
        BlockedCode.ENGAGED: (
            "The post is to be deleted, and others have answered, commented, voted or edited; or it"
            " isn't plain that it was written from here.",
            "Use `live: keep`, delete it on the site, or allow it with `--delete-engaged`.",
        ),
        BlockedCode.UNREAD: (
            "What the decision rests on could not be read of the team.",
            "Plan again when the team can be read completely.",
        ),
        BlockedCode.REJECTED: (
            "The server refused this very write in an earlier run; it is not sent again.",
            "Change the item, or do it on the site.",
        ),
        BlockedCode.OPEN: (
            "What came of an earlier write of the item is not known yet.",
            "Run `teams-importer apply` (or `undo`): it looks before it writes.",
        ),
        BlockedCode.NEWER_MARKER: (
            "The post was written by a newer importer.",
            "Use that version of the importer.",
        ),
        BlockedCode.LOCKED: (
            "The post is locked on the site.",
            "Unlock it on the site, then run the same command again.",
        ),
        BlockedCode.GUARD: (
            "The plan would create, update or delete more than a guard allows. Nothing of it is"
            " applied.",
            "Look at the plan, then allow it with `--max-creates`, `--max-updates` or"
            " `--max-deletes`.",
        ),
        BlockedCode.LATER_RUN: (
            "A later run changed what is to be undone.",
            "Undo that run first.",
        ),
    }
)
"""Reason to its cause and its remedy. Each blocked item has more exact ones of its own."""
