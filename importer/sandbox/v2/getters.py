"""Each field of each v2.3 type, as a function of the lens and the noun; None is left out.

A lens (`importer.sandbox.v2.lens`) knows who looks, from where, and what stands around a noun.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from importer.sandbox.markup import render, render_line
from importer.sandbox.values import Role

__all__ = ["GETTERS", "Getter", "encoded"]

Getter = Callable[[Any, Any], Any]

_USER_TYPES: Mapping[Role, str] = {
    "member": "registered",
    "moderator": "moderator",
    "admin": "team_admin",
}
_MARKS = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"}
    | {chr(code): f"&#{code};" for code in range(0xA0, 0x100)}
)
_PLAIN = re.compile(r"""[^&<>"'\xA0-\xFF\U00010000-\U0010FFFF]*""")


def encoded(text: str) -> str:
    """Encode a string as safe filters do: markup, Latin-1 letters and what lies beyond the BMP."""
    if _PLAIN.fullmatch(text):
        return text
    text = text.translate(_MARKS)
    return "".join(c if ord(c) < 0x10000 else f"&#{ord(c)};" for c in text)


_CLOSED: Mapping[str, Getter] = {
    "reason": lambda _, p: p.closed_reason,
    "description": lambda _, p: render(p.closed_reason or ""),
    "on_hold": lambda _, __: False,
    "by_users": lambda lens, p: [u for u in [lens.small_user(p.closed_by)] if u],
}

_COMMON: Mapping[str, Getter] = {
    "tags": lambda _, p: list(p.tags) or None,
    "comments": lambda lens, p: lens.comments(p),
    "owner": lambda lens, p: lens.small_user(p.owner_id),
    "last_editor": lambda lens, p: lens.small_user(p.editor_id),
    "comment_count": lambda lens, p: lens.comment_count(p),
    "up_vote_count": lambda _, p: p.up,
    "down_vote_count": lambda _, p: p.down,
    "upvoted": lambda lens, p: lens.voted(p, "up"),
    "downvoted": lambda lens, p: lens.voted(p, "down"),
    "score": lambda _, p: p.score,
    "last_activity_date": lambda _, p: p.activity,
    "creation_date": lambda _, p: p.created,
    "last_edit_date": lambda _, p: p.edited,
    "share_link": lambda lens, p: lens.share_link(p),
    "link": lambda lens, p: lens.post_link(p),
    "title": lambda lens, p: lens.page(p).title,
    "body_markdown": lambda _, p: p.body,
    "body": lambda _, p: render(p.body),
}

_RIGHTS: Mapping[str, Getter] = {
    "can_comment": lambda lens, _: lens.viewer is not None,
    "can_edit": lambda lens, p: lens.viewer is not None and p.locked is None,
    "can_flag": lambda _, __: False,
    "can_suggest_edit": lambda _, __: False,
}

_QUESTION: Mapping[str, Getter] = {
    **_COMMON,
    **_RIGHTS,
    "answers": lambda lens, p: lens.answers(p),
    "is_answered": lambda lens, p: lens.is_answered(p),
    "view_count": lambda _, p: p.views,
    "accepted_answer_id": lambda _, p: p.accepted_id,
    "answer_count": lambda lens, p: lens.facts(p).count,
    "closed_date": lambda _, p: p.closed,
    "closed_reason": lambda _, p: p.closed_reason,
    "closed_details": lambda lens, p: lens.show("closed_details", [p])[0] if p.closed else None,
    "locked_date": lambda _, p: p.locked,
    "question_id": lambda _, p: p.id,
    "favorited": lambda lens, p: lens.voted(p, "favorite"),
    "favorite_count": lambda lens, p: lens.favorites(p),
    "can_answer": lambda lens, p: lens.viewer is not None and not (p.closed or p.locked),
    "can_close": lambda lens, _: lens.viewer is not None and lens.viewer.moderates,
    "close_vote_count": lambda _, __: 0,
    "delete_vote_count": lambda _, __: 0,
    "reopen_vote_count": lambda _, __: 0,
}

_ANSWER: Mapping[str, Getter] = {
    **_COMMON,
    **_RIGHTS,
    "tags": lambda lens, p: list(lens.page(p).tags) or None,
    "is_accepted": lambda lens, p: lens.page(p).accepted_id == p.id,
    "accepted": lambda lens, p: lens.page(p).accepted_id == p.id,
    "locked_date": lambda _, p: p.locked,
    "answer_id": lambda _, p: p.id,
    "question_id": lambda _, p: p.parent_id,
}

_POST: Mapping[str, Getter] = {
    **{name: get for name, get in _COMMON.items() if name != "tags"},
    "post_type": lambda _, p: p.kind,
    "post_id": lambda _, p: p.id,
}

_ARTICLE: Mapping[str, Getter] = {
    **_COMMON,
    "tags": lambda _, p: list(p.tags),
    "view_count": lambda _, p: p.views,
    "article_id": lambda _, p: p.id,
    "article_type": lambda _, p: p.article_type,
}

_COMMENT: Mapping[str, Getter] = {
    "owner": lambda lens, c: lens.small_user(c.owner_id),
    "edited": lambda _, c: c.edited is not None,
    "score": lambda _, c: c.score,
    "creation_date": lambda _, c: c.created,
    "post_id": lambda _, c: c.post_id,
    "post_type": lambda lens, c: post.kind if (post := lens.post_of(c)) else None,
    "comment_id": lambda _, c: c.id,
    "can_flag": lambda _, __: False,
    "link": lambda lens, c: lens.comment_link(c),
    "body_markdown": lambda _, c: c.body,
    "body": lambda _, c: render_line(c.body),
}

_TAG: Mapping[str, Getter] = {
    "synonyms": lambda lens, t: lens.synonyms(t),
    "has_synonyms": lambda lens, t: lens.synonyms(t) is not None,
    "is_moderator_only": lambda _, __: False,
    "is_required": lambda _, __: False,
    "last_activity_date": lambda _, t: t.activity,
    "count": lambda _, t: t.count,
    "name": lambda _, t: t.name,
}

_TAG_WIKI: Mapping[str, Getter] = {
    "tag_name": lambda _, t: t.name,
    "body": lambda _, t: render(t.wiki) if t.wiki is not None else None,
    "excerpt": lambda _, t: render_line(t.excerpt) if t.excerpt is not None else None,
    "body_last_edit_date": lambda _, t: t.wiki_edited,
    "excerpt_last_edit_date": lambda _, t: t.excerpt_edited,
    "last_body_editor": lambda lens, t: lens.small_user(t.wiki_editor),
    "last_excerpt_editor": lambda lens, t: lens.small_user(t.excerpt_editor),
}

_SYNONYM: Mapping[str, Getter] = {
    "creation_date": lambda _, s: s.created,
    "last_applied_date": lambda _, s: s.last_applied,
    "applied_count": lambda _, s: s.applied,
    "to_tag": lambda _, s: s.target,
    "from_tag": lambda _, s: s.source,
}

_SMALL_USER: Mapping[str, Getter] = {
    "account_id": lambda _, u: u.account_id,
    "reputation": lambda _, u: u.reputation,
    "user_id": lambda _, u: u.id,
    "user_type": lambda _, u: _USER_TYPES[u.role],
    "profile_image": lambda lens, u: lens.portrait(u),
    "display_name": lambda _, u: u.name,
    "link": lambda lens, u: lens.user_link(u),
    "badge_counts": lambda lens, _: lens.show("badge_count", [None])[0],
}

_USER: Mapping[str, Getter] = {
    **_SMALL_USER,
    **{
        f"reputation_change_{span}": lambda _, __: 0
        for span in ("year", "quarter", "month", "week", "day")
    },
    "email": lambda lens, u: u.email if lens.team.tier == "enterprise" else None,
    "about_me": lambda _, u: render(u.about) if u.about else None,
    "is_employee": lambda _, __: False,
    "creation_date": lambda _, u: u.created,
    "last_access_date": lambda _, u: u.created,
    "question_count": lambda lens, u: lens.count_posts(u, "question"),
    "answer_count": lambda lens, u: lens.count_posts(u, "answer"),
    "up_vote_count": lambda lens, u: lens.reading.votes_of_user(u.id, "up"),
    "down_vote_count": lambda lens, u: lens.reading.votes_of_user(u.id, "down"),
    "view_count": lambda _, __: 0,
}

_REVISION: Mapping[str, Getter] = {
    "user": lambda lens, r: lens.small_user(r.user_id),
    "creation_date": lambda _, r: r.created,
    "post_id": lambda _, r: r.post_id,
    "post_type": lambda lens, r: post.kind if (post := lens.reading.post(r.post_id)) else None,
    "revision_guid": lambda _, r: r.guid,
    "revision_number": lambda _, r: r.number,
    "revision_type": lambda _, __: "single_user",
    "set_community_wiki": lambda _, __: False,
    "is_rollback": lambda _, __: False,
    "comment": lambda _, r: r.comment,
    "title": lambda _, r: r.title,
    "tags": lambda _, r: list(r.tags) or None,
    "body": lambda _, r: render(r.body),
    "last_title": lambda lens, r: last.title if (last := lens.before(r)) else None,
    "last_tags": lambda lens, r: list(last.tags) or None if (last := lens.before(r)) else None,
    "last_body": lambda lens, r: render(last.body) if (last := lens.before(r)) else None,
}

_EXCERPT: Mapping[str, Getter] = {
    "title": lambda lens, p: lens.page(p).title,
    "excerpt": lambda _, p: encoded(" ".join(p.body.split())[:200]),
    "body": lambda _, p: encoded(" ".join(p.body.split())),
    "item_type": lambda _, p: p.kind,
    "question_id": lambda _, p: p.question_id,
    "answer_id": lambda _, p: p.id if p.kind == "answer" else None,
    "tags": lambda lens, p: list(lens.page(p).tags) or None,
    "score": lambda _, p: p.score,
    "question_score": lambda lens, p: lens.page(p).score,
    "is_accepted": lambda lens, p: lens.page(p).accepted_id == p.id if p.parent_id else None,
    "is_answered": lambda lens, p: lens.is_answered(p) if p.kind == "question" else None,
    "has_accepted_answer": lambda lens, p: lens.page(p).accepted_id is not None,
    "answer_count": lambda lens, p: lens.facts(p).count if p.kind == "question" else None,
    "creation_date": lambda _, p: p.created,
    "last_activity_date": lambda _, p: p.activity,
    "last_activity_user": lambda lens, p: lens.small_user(p.editor_id or p.owner_id),
    "owner": lambda lens, p: lens.small_user(p.owner_id),
    "closed_date": lambda _, p: p.closed,
    "locked_date": lambda _, p: p.locked,
}


def _plain(*names: str) -> Mapping[str, Getter]:
    """Take the fields of nouns that are JSON objects already."""
    return {name: _entry(name) for name in names}


def _entry(name: str) -> Getter:
    return lambda _, noun: noun.get(name)


GETTERS: Mapping[str, Mapping[str, Getter]] = {
    "question": _QUESTION,
    "answer": _ANSWER,
    "post": _POST,
    "article": _ARTICLE,
    "comment": _COMMENT,
    "tag": _TAG,
    "tag_wiki": _TAG_WIKI,
    "tag_synonym": _SYNONYM,
    "shallow_user": _SMALL_USER,
    "user": _USER,
    "revision": _REVISION,
    "closed_details": _CLOSED,
    "search_excerpt": _EXCERPT,
    "badge_count": dict.fromkeys(("bronze", "silver", "gold"), lambda _, __: 0),
    "error": _plain("error_id", "error_name", "description"),
    "exchanged_access_token": _plain(
        "access_token", "account_id", "expires_on_date", "original_access_token", "scope"
    ),
    "filter": _plain("filter", "filter_type", "included_fields"),
    "write_permission": _plain(
        "user_id",
        "object_type",
        "can_add",
        "can_edit",
        "can_delete",
        "max_daily_actions",
        "min_seconds_between_actions",
    ),
    "info": _plain(
        "total_questions",
        "total_unanswered",
        "total_accepted",
        "total_answers",
        "questions_per_minute",
        "answers_per_minute",
        "total_comments",
        "total_votes",
        "total_badges",
        "badges_per_minute",
        "total_users",
        "new_active_users",
        "api_revision",
    ),
}
