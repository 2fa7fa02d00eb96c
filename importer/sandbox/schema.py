"""What the store holds, step by step: each format of the file adds to the one before it."""

__all__ = ["STEPS"]

_FIRST = """
CREATE TABLE teams (
    id INTEGER PRIMARY KEY, slug TEXT NOT NULL UNIQUE, name TEXT NOT NULL, tier TEXT NOT NULL
);
CREATE TABLE users (
    id INTEGER PRIMARY KEY, team_id INTEGER NOT NULL, account_id INTEGER NOT NULL,
    name TEXT NOT NULL, role TEXT NOT NULL, reputation INTEGER NOT NULL, about TEXT NOT NULL,
    created INTEGER NOT NULL
);
CREATE INDEX users_of_team ON users (team_id);
CREATE TABLE tokens (
    secret TEXT PRIMARY KEY, user_id INTEGER NOT NULL, write INTEGER NOT NULL, expires INTEGER,
    sort TEXT
) WITHOUT ROWID;
CREATE TABLE posts (
    id INTEGER PRIMARY KEY, team_id INTEGER NOT NULL, kind TEXT NOT NULL, parent_id INTEGER,
    title TEXT, body TEXT NOT NULL, tags TEXT NOT NULL DEFAULT '', owner_id INTEGER NOT NULL,
    created INTEGER NOT NULL, activity INTEGER NOT NULL, edited INTEGER, editor_id INTEGER,
    up INTEGER NOT NULL DEFAULT 0, down INTEGER NOT NULL DEFAULT 0,
    score INTEGER NOT NULL DEFAULT 0, views INTEGER NOT NULL DEFAULT 0, accepted_id INTEGER,
    closed INTEGER, closed_reason TEXT, closed_by INTEGER, locked INTEGER, article_type TEXT,
    deleted INTEGER, buried INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX posts_by_activity ON posts (team_id, kind, activity, id) WHERE deleted IS NULL;
CREATE INDEX posts_by_creation ON posts (team_id, kind, created, id) WHERE deleted IS NULL;
CREATE INDEX posts_by_score ON posts (team_id, kind, score, id) WHERE deleted IS NULL;
CREATE INDEX posts_by_title ON posts (team_id, kind, title COLLATE NOCASE) WHERE deleted IS NULL;
CREATE INDEX answers_of ON posts (parent_id) WHERE parent_id IS NOT NULL;
CREATE TABLE tags (
    id INTEGER PRIMARY KEY, team_id INTEGER NOT NULL, name TEXT NOT NULL, created INTEGER NOT NULL,
    excerpt TEXT, excerpt_edited INTEGER, excerpt_editor INTEGER,
    wiki TEXT, wiki_edited INTEGER, wiki_editor INTEGER,
    UNIQUE (team_id, name)
);
CREATE TABLE post_tags (
    tag_id INTEGER NOT NULL, post_id INTEGER NOT NULL, PRIMARY KEY (tag_id, post_id)
) WITHOUT ROWID;
CREATE INDEX tags_of_post ON post_tags (post_id);
CREATE VIEW counted_tags AS SELECT tags.*,
    (SELECT count(*) FROM post_tags JOIN posts ON posts.id = post_id
        WHERE tag_id = tags.id AND deleted IS NULL) AS count,
    (SELECT max(activity) FROM post_tags JOIN posts ON posts.id = post_id
        WHERE tag_id = tags.id AND deleted IS NULL) AS activity
    FROM tags;
CREATE TABLE synonyms (
    team_id INTEGER NOT NULL, source TEXT NOT NULL, target TEXT NOT NULL,
    created INTEGER NOT NULL, applied INTEGER NOT NULL DEFAULT 0, last_applied INTEGER,
    PRIMARY KEY (team_id, source)
) WITHOUT ROWID;
CREATE TABLE comments (
    id INTEGER PRIMARY KEY, post_id INTEGER NOT NULL, owner_id INTEGER NOT NULL,
    body TEXT NOT NULL, created INTEGER NOT NULL, edited INTEGER,
    score INTEGER NOT NULL DEFAULT 0, deleted INTEGER
);
CREATE INDEX comments_of ON comments (post_id);
CREATE TABLE votes (
    post_id INTEGER NOT NULL, user_id INTEGER NOT NULL, ballot TEXT NOT NULL,
    PRIMARY KEY (post_id, user_id, ballot)
) WITHOUT ROWID;
CREATE TABLE comment_votes (
    comment_id INTEGER NOT NULL, user_id INTEGER NOT NULL, PRIMARY KEY (comment_id, user_id)
) WITHOUT ROWID;
CREATE TABLE revisions (
    guid TEXT NOT NULL UNIQUE, post_id INTEGER NOT NULL, number INTEGER NOT NULL,
    user_id INTEGER NOT NULL, created INTEGER NOT NULL, comment TEXT NOT NULL,
    title TEXT, body TEXT NOT NULL, tags TEXT NOT NULL,
    PRIMARY KEY (post_id, number)
) WITHOUT ROWID;
CREATE TABLE request_ids (
    user_id INTEGER NOT NULL, request_id TEXT NOT NULL, at REAL NOT NULL,
    PRIMARY KEY (user_id, request_id)
) WITHOUT ROWID;
CREATE TABLE filters (id TEXT PRIMARY KEY, safe INTEGER NOT NULL, fields TEXT NOT NULL)
    WITHOUT ROWID;
"""

_COMPROMISED = "ALTER TABLE tokens ADD COLUMN compromised INTEGER NOT NULL DEFAULT 0;"

_KINDS = """
ALTER TABLE teams ADD COLUMN main_id INTEGER;
ALTER TABLE users ADD COLUMN email TEXT;
ALTER TABLE users ADD COLUMN department TEXT;
ALTER TABLE users ADD COLUMN job_title TEXT;
ALTER TABLE users ADD COLUMN external_id TEXT;
ALTER TABLE users ADD COLUMN left_at INTEGER;
CREATE VIEW members AS SELECT * FROM users WHERE left_at IS NULL;
CREATE TABLE keys (key TEXT PRIMARY KEY, team_id INTEGER NOT NULL, sort TEXT NOT NULL);
ALTER TABLE posts ADD COLUMN editable_by TEXT;
CREATE TABLE article_editors (
    post_id INTEGER NOT NULL, sort TEXT NOT NULL, editor_id INTEGER NOT NULL,
    PRIMARY KEY (post_id, sort, editor_id)
) WITHOUT ROWID;
CREATE TABLE user_groups (
    id INTEGER PRIMARY KEY, team_id INTEGER NOT NULL, name TEXT NOT NULL, description TEXT,
    created INTEGER NOT NULL
);
CREATE TABLE group_members (
    group_id INTEGER NOT NULL, user_id INTEGER NOT NULL, PRIMARY KEY (group_id, user_id)
) WITHOUT ROWID;
CREATE INDEX groups_of_member ON group_members (user_id);
CREATE VIEW counted_groups AS SELECT user_groups.*,
    (SELECT count(*) FROM group_members JOIN members ON members.id = user_id
        WHERE group_id = user_groups.id) AS size
    FROM user_groups;
CREATE TABLE tag_experts (
    tag_id INTEGER NOT NULL, sort TEXT NOT NULL, expert_id INTEGER NOT NULL,
    PRIMARY KEY (tag_id, sort, expert_id)
) WITHOUT ROWID;
CREATE TABLE collections (
    id INTEGER PRIMARY KEY, team_id INTEGER NOT NULL, title TEXT NOT NULL,
    description TEXT NOT NULL, owner_id INTEGER NOT NULL, created INTEGER NOT NULL,
    edited INTEGER NOT NULL, deleted INTEGER
);
CREATE TABLE collection_contents (
    collection_id INTEGER NOT NULL, place INTEGER NOT NULL, post_id INTEGER NOT NULL,
    PRIMARY KEY (collection_id, place)
) WITHOUT ROWID;
CREATE TABLE collection_editors (
    collection_id INTEGER NOT NULL, sort TEXT NOT NULL, editor_id INTEGER NOT NULL,
    PRIMARY KEY (collection_id, sort, editor_id)
) WITHOUT ROWID;
CREATE TABLE images (
    id TEXT PRIMARY KEY, team_id INTEGER NOT NULL, owner_id INTEGER NOT NULL,
    media_type TEXT NOT NULL, size INTEGER NOT NULL, created INTEGER NOT NULL,
    content BLOB NOT NULL
);
"""

_COUNTS = """
CREATE INDEX posts_deleted ON posts (id) WHERE deleted IS NOT NULL;
DROP VIEW counted_tags;
CREATE VIEW counted_tags AS SELECT tags.*,
    (SELECT count(*) FROM post_tags WHERE tag_id = tags.id)
    - (SELECT count(*) FROM posts INDEXED BY posts_deleted
        CROSS JOIN post_tags ON post_id = posts.id
        WHERE deleted IS NOT NULL AND tag_id = tags.id) AS count,
    (SELECT max(activity) FROM post_tags JOIN posts ON posts.id = post_id
        WHERE tag_id = tags.id AND deleted IS NULL) AS activity
    FROM tags;
"""
# Few posts are deleted: counting all and taking those off reads an index, not every post.

STEPS = (_FIRST, _COMPROMISED, _KINDS, _COUNTS)
"""What makes each format out of the one before; a format's number is that of its steps."""
