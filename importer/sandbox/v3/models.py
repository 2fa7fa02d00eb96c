"""Each member of each v3 object: its sort, and how it is found by a lens, from a noun.

The API's description is written from the same tables, so that it can't differ from what is served.
A sort is `int`, `text`, `flag`, `date`, a model's name or `a|b|c` for a choice; `?` allows null,
`[...]` makes an array. A lens (`importer.sandbox.v3.lens`) knows who looks, and from where.
"""

from collections.abc import Callable, Mapping
from typing import Any

from importer.sandbox.markup import render
from importer.sandbox.values import ArticleType

__all__ = ["ABSENT", "ARTICLE_TYPES", "MODELS", "Member", "Model"]

Getter = Callable[[Any, Any], Any]
Member = tuple[str, Getter]
Model = Mapping[str, Member]

ABSENT = object()
"""The value of a member that an object doesn't have."""

ARTICLE_TYPES: Mapping[ArticleType, str] = {
    "knowledge-article": "knowledgeArticle",
    "announcement": "announcement",
    "policy": "policy",
    "how-to-guide": "howToGuide",
}

_USER_SUMMARY: Model = {
    "id": ("int", lambda _, u: u.id),
    "accountId": ("int?", lambda _, u: u.account_id),
    "name": ("text", lambda _, u: u.name),
    "avatarUrl": ("text", lambda lens, u: lens.portrait(u)),
    "webUrl": ("text", lambda lens, u: f"{lens.site}/users/{u.id}/"),
    "reputation": ("int", lambda _, u: u.reputation),
    "role": ("text", lambda lens, u: lens.role(u)),
}
_USER: Model = {
    "externalId": ("text?", lambda _, u: u.external_id),
    "department": ("text?", lambda _, u: u.department),
    "jobTitle": ("text?", lambda _, u: u.job_title),
    "email": ("text?", lambda lens, u: lens.email(u)),
    **_USER_SUMMARY,
}

_TAG_SUMMARY: Model = {
    "id": ("int", lambda _, t: t.id),
    "name": ("text", lambda _, t: t.name),
    "description": ("text", lambda _, t: t.excerpt or ""),
    "postCount": ("int", lambda _, t: t.count),
    "subjectMatterExpertCount": ("int?", lambda lens, t: lens.expert_count(t)),
    "watcherCount": ("int", lambda _, __: 0),
    "creationDate": ("date", lambda lens, t: lens.bare_date(t.created, t.id)),
    "hasSynonyms": ("flag", lambda lens, t: lens.has_synonyms(t)),
    "webUrl": ("text", lambda lens, t: f"{lens.site}/questions/tagged/{t.id}"),
}

_POST: Model = {
    "id": ("int", lambda _, p: p.id),
    "title": ("text", lambda _, p: p.title),
    "body": ("text", lambda _, p: render(p.body)),
    "tags": ("[TagSummary]", lambda lens, p: lens.tags(p)),
    "owner": ("UserSummary?", lambda lens, p: lens.person(p.owner_id)),
    "lastEditor": ("UserSummary?", lambda lens, p: lens.person(p.editor_id)),
    "creationDate": ("date", lambda lens, p: lens.date(p.created)),
    "lastActivityDate": ("date?", lambda lens, p: lens.date(p.activity)),
    "score": ("int", lambda _, p: p.score),
    "viewCount": ("int", lambda _, p: p.views),
    "webUrl": ("text", lambda lens, p: lens.link(p)),
    "shareUrl": ("text", lambda lens, p: lens.share(p)),
    "isDeleted": ("flag", lambda _, p: p.deleted is not None),
    "isObsolete": ("flag", lambda _, __: False),
    "isClosed": ("flag", lambda _, p: p.closed is not None),
}
_OF_LISTS: Model = {"commentCount": ("int", lambda lens, p: lens.comment_count(p))}
_MARKDOWN: Model = {"bodyMarkdown": ("text", lambda lens, p: lens.markdown(p))}
_VIEWED: Model = {
    "communities": ("[CommunitySummary]", lambda _, __: []),
    "userIsFollowing": ("flag", lambda _, __: False),
    "userHasUpvoted": ("flag", lambda lens, p: lens.voted(p, "up")),
    "userHasDownvoted": ("flag", lambda lens, p: lens.voted(p, "down")),
}

_QUESTION: Model = {
    **_POST,
    "isAnswered": ("flag", lambda lens, p: lens.is_answered(p)),
    "answerCount": ("int", lambda lens, p: lens.facts(p).count),
    "bounty": ("Bounty?", lambda _, __: None),
}

_ANSWER: Model = {
    "id": ("int", lambda _, p: p.id),
    "questionId": ("int", lambda _, p: p.parent_id),
    "body": ("text", lambda _, p: render(p.body)),
    "score": ("int", lambda _, p: p.score),
    "isAccepted": ("flag", lambda lens, p: lens.is_accepted(p)),
    "isDeleted": ("flag", lambda _, p: p.deleted is not None),
    "isBookmarked": ("flag", lambda lens, p: lens.voted(p, "favorite")),
    "isFollowed": ("flag", lambda _, __: False),
    "creationDate": ("date", lambda lens, p: lens.date(p.created)),
    "lockedDate": ("date?", lambda lens, p: lens.date(p.locked)),
    "lastEditDate": ("date?", lambda lens, p: lens.date(p.edited)),
    "lastActivityDate": ("date?", lambda lens, p: lens.date(p.activity)),
    "deletionDate": ("date?", lambda lens, p: lens.date(p.deleted)),
    "owner": ("UserSummary?", lambda lens, p: lens.author(p)),
    "lastEditor": ("UserSummary?", lambda lens, p: lens.person(p.editor_id)),
    "lastActivityUser": (
        "UserSummary?",
        lambda lens, p: lens.person(p.editor_id or p.owner_id),
    ),
    "commentCount": ("int", lambda lens, p: lens.comment_count(p)),
    "webUrl": ("text?", lambda lens, p: lens.link(p)),
    "shareLink": ("text?", lambda lens, p: lens.share(p)),
    "userCanFollow": ("flag", lambda _, __: True),
    "canBeFollowed": ("flag", lambda _, __: True),
    "isSubjectMatterExpert": ("flag", lambda lens, p: lens.by_expert(p)),
}

_ARTICLE: Model = {
    **_POST,
    "type": ("|".join(ARTICLE_TYPES.values()), lambda _, p: ARTICLE_TYPES[p.article_type]),
}

_FOUND: Model = {
    "title": ("text", lambda lens, p: lens.page(p).title),
    "snippet": ("text", lambda lens, p: lens.snippet(p)),
    "tags": ("[TagSummary]", lambda lens, p: lens.tags(lens.page(p))),
    "owner": ("UserSummary?", lambda lens, p: lens.person(p.owner_id)),
    "creationDate": ("date", lambda lens, p: lens.date(p.created)),
    "score": ("int", lambda _, p: p.score),
    "webUrl": ("text", lambda lens, p: lens.link(p)),
}

_COLLECTION: Model = {
    "id": ("int", lambda _, c: c.id),
    "title": ("text", lambda _, c: c.title),
    "description": ("text", lambda _, c: c.description),
    "owner": ("UserSummary?", lambda lens, c: lens.person(c.owner_id)),
    "creationDate": ("date", lambda lens, c: lens.date(c.created)),
    "isDeleted": ("flag", lambda _, c: c.deleted is not None),
    "tags": ("[TagSummary]", lambda lens, c: lens.tags(c)),
}

MODELS: Mapping[str, Model] = {
    "UserSummary": _USER_SUMMARY,
    "User": _USER,
    "UserDetails": {"communities": ("[CommunitySummary]", lambda _, __: []), **_USER},
    "CommunitySummary": {
        "name": ("text", lambda _, c: c.name),
        "description": ("text", lambda _, c: c.description),
        "id": ("int", lambda _, c: c.id),
        "memberCount": ("int", lambda _, c: c.member_count),
        "tags": ("[TagSummary]", lambda _, __: []),
    },
    "Bounty": {
        "amount": ("int", lambda _, b: b.amount),
        "closes": ("date", lambda lens, b: lens.date(b.closes)),
    },
    "MentionedUser": {
        "id": ("int", lambda _, u: u.id),
        "name": ("text", lambda _, u: u.name),
    },
    "MentionedUserGroup": {
        "id": ("int", lambda _, g: g.id),
        "name": ("text", lambda _, g: g.name),
        "memberCount": ("int", lambda _, g: g.member_count),
    },
    "TagSummary": _TAG_SUMMARY,
    "Tag": {
        **_TAG_SUMMARY,
        "subjectMatterExperts": ("SubjectMatterExperts", lambda lens, t: lens.experts(t)),
    },
    "TagWatchers": {"users": ("[UserSummary]", lambda _, __: [])},
    "SubjectMatterExperts": {
        "users": ("[UserSummary]", lambda lens, e: lens.people(e.user_ids)),
        "userGroups": ("[UserGroup]", lambda lens, e: lens.groups(e.group_ids)),
    },
    "UserGroup": {
        "id": ("int", lambda _, g: g.id),
        "name": ("text", lambda _, g: g.name),
        "description": ("text?", lambda _, g: g.description),
        "users": ("[UserSummary]", lambda lens, g: lens.people(g.member_ids)),
    },
    "TagSynonym": {
        "id": ("int", lambda _, s: s.id),
        "name": ("text", lambda _, s: s.name),
    },
    "QuestionSummary": {**_QUESTION, **_OF_LISTS},
    "Question": {
        **_QUESTION,
        **_MARKDOWN,
        **_VIEWED,
        "userHasBookmarked": ("flag", lambda lens, p: lens.voted(p, "favorite")),
        "mentionedUsers": ("[MentionedUser]", lambda _, __: []),
        "mentionedUserGroups": ("[MentionedUserGroup]", lambda _, __: []),
    },
    "AnswerSummary": _ANSWER,
    "Answer": {**_ANSWER, **_MARKDOWN},
    "Comment": {
        "id": ("int", lambda _, c: c.id),
        "score": ("int", lambda _, c: c.score),
        "body": ("text", lambda _, c: c.body),
        "ownerUserId": ("int?", lambda lens, c: c.owner_id if lens.user(c.owner_id) else None),
        "ownerDisplayName": (
            "text",
            lambda lens, c: getattr(lens.user(c.owner_id), "name", f"user{c.owner_id}"),
        ),
        "creationDate": ("date", lambda lens, c: lens.date(c.created)),
    },
    "ArticleSummary": {**_ARTICLE, **_OF_LISTS},
    "Article": {
        **_ARTICLE,
        **_MARKDOWN,
        **_VIEWED,
        "userCanEdit": ("flag", lambda lens, p: lens.can_edit(p)),
        "permissions": ("ArticlePermissions", lambda lens, p: lens.permissions(p)),
    },
    "ArticlePermissions": {
        "editableBy": ("ownerOnly|specificEditors|everyone", lambda _, p: p.editable_by),
        "editorUsers": ("[UserSummary]", lambda lens, p: lens.people(p.editors.user_ids)),
        "editorUserGroups": ("[UserGroup]", lambda lens, p: lens.groups(p.editors.group_ids)),
    },
    "QuestionFound": {
        "type": ("question", lambda _, __: "question"),
        **_FOUND,
        "questionId": ("int", lambda _, p: p.id),
        "answerCount": ("int", lambda lens, p: lens.facts(p).count),
        "hasAcceptedAnswer": ("flag", lambda _, p: p.accepted_id is not None),
        "viewCount": ("int", lambda _, p: p.views),
    },
    "AnswerFound": {
        "type": ("answer", lambda _, __: "answer"),
        **_FOUND,
        "answerId": ("int", lambda _, p: p.id),
        "parentQuestionId": ("int", lambda _, p: p.parent_id),
        "isAccepted": ("flag", lambda lens, p: lens.is_accepted(p)),
    },
    "ArticleFound": {
        "type": ("article", lambda _, __: "article"),
        **_FOUND,
        "articleId": ("int", lambda _, p: p.id),
        "viewCount": ("int", lambda _, p: p.views),
        "articleType": _ARTICLE["type"],
        "readTimeInMinutes": ("int", lambda _, p: 1 + len(p.body.split()) // 200),
    },
    "CollectionSummary": _COLLECTION,
    "Collection": {
        **_COLLECTION,
        "content": ("[CollectionContent]", lambda lens, c: lens.contents(c)),
        "editorUsers": ("[UserSummary]", lambda lens, c: lens.people(c.editors.user_ids)),
        "editorUserGroups": ("[UserGroup]", lambda lens, c: lens.groups(c.editors.group_ids)),
    },
    "CollectionContent": {
        "id": ("int", lambda _, p: p.id),
        "type": ("unknown|question|article", lambda _, p: "unknown" if p.deleted else p.kind),
        "title": ("text", lambda _, p: "" if p.deleted else p.title),
    },
    "Image": {
        "id": ("text", lambda _, i: i.id),
        "url": ("text", lambda lens, i: f"{lens.site}{i.path}"),
    },
}
