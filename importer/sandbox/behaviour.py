"""Every switch of the sandbox: what no vendor page settles can be had either way.

The mark at the end of each line says how well the default is known: documented by the vendor,
observed in working clients or recorded answers, or inferred.
"""

from dataclasses import dataclass
from typing import Literal

__all__ = ["Backoff", "Behaviour"]


@dataclass(frozen=True, slots=True)
class Backoff:
    """Every n-th call of a method is answered with `backoff`; method as in `questions/{ids}`."""

    method: str
    every: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How this sandbox behaves where the real service could behave in several ways."""

    check_order: Literal["scope_first", "params_first", "existence_first"] = "scope_first"
    """What a write looks at first: the token's scope, the parameters, the post. Inferred."""
    foreign_team: Literal[403, 402] = 403
    """The answer to a token of another team. Inferred."""
    unknown_team: Literal[400, 403] = 400
    """The answer to a team slug that doesn't exist. Inferred."""
    missing_post: Literal[400, 404] = 400
    """The answer to a write to a post that isn't there. Inferred."""
    denied_action: Literal[407, 403] = 407
    """The answer to a write that the user, not the token, has no right to. Inferred."""

    throttle_as: Literal["json400", "json502", "json429", "html"] = "json400"
    """How throttling shows: status 400 is documented; 502, 429 and HTML pages are observed."""
    banned_as: Literal["html", "json"] = "html"
    """What an address sees while banned for its burst. Inferred; documented as undefined."""
    burst_per_s: int = 30
    """Requests a second and address before a ban; 0 switches it off. Documented."""
    ban_s: float = 30
    """Seconds a ban lasts; documented as 30 seconds to some minutes."""
    quota_max: int = 10_000
    """Calls a user has in 24 hours; documented for the public service, unpublished for teams."""
    article_gap_s: float = 60
    """Seconds between two new articles of one user. Observed."""
    write_gap_s: float = 0
    """Seconds between two other writes of one user; thresholds are unpublished. Inferred."""
    gap_error: Literal[502, 407] = 502
    """The error that comes with `backoff` when such a gap is too short. Inferred."""
    backoff: tuple[Backoff, ...] = ()
    """When `backoff` appears in answers. Documented to come on any call, at any time."""
    encoding: Literal["gzip", "deflate"] = "gzip"
    """How every answer is compressed, asked for or not. Documented; which one is not."""

    cache_s: float = 0
    """Seconds for which an identical GET of a caller gets the items of the one before it.
    Documented as up to 60 for the public service, off here; unknown for teams.
    """
    listing_lag_s: float = 0
    """Longest delay, drawn per post, until lists, searches and its question show it. Inferred."""
    lag_by_id: bool = False
    """Whether reads of posts by their ids have that delay too. Inferred."""
    replica_lag_s: float = 0
    """Half of all GETs are answered from a state up to that many seconds old. Inferred."""
    token_in_query: Literal["ignored", "voided"] = "ignored"  # noqa: S105 - a mode
    """What becomes of a token sent in a query string, where it opens nothing: `voided` ones are
    compromised from then on. Documented for the old API of teams, inferred here.
    """

    double_encoding: bool = False
    """Whether safe filters encode twice: `&amp;#39;`. Observed as a defect that comes and goes."""
    honours_preview: bool = True
    """Whether `preview=true` changes nothing; documented, unproven on the Teams host."""
    request_id_window_s: float = 24 * 3600
    """Seconds for which a `request_id` is remembered; 0 forgets at once. Length inferred."""
    partial_edit: bool = False
    """Whether an edit may leave out title, body or tags. Inferred; every known client sends all."""
    noop_edit: Literal["ignored", "accepted", "refused"] = "ignored"
    """What an edit that changes nothing does: nothing, a new revision, an error. Inferred."""
    grace_s: float = 0
    """Seconds in which an author's further edits join the last revision. Site: 300. Inferred."""
    duplicate_title_refused: bool = False
    """Whether a second question may have the same title; public site refuses. Inferred."""
    duplicate_text_refused: bool = False
    """Whether a second question may have the same text. Observed on main sites of Enterprise."""
    public_deletion_rules: bool = True
    """Authors can't delete an accepted answer or a question others profit from. Inferred."""

    crlf: bool = True
    """Whether Markdown is stored with CRLF line ends. Inferred."""
    trim: bool = True
    """Whether blanks at the end of a text and around a title are cut off. Inferred."""
    strip_comments: bool = False
    """Whether HTML comments are dropped from Markdown on save. Inferred."""
    rewrite: bool = False
    """Whether titles' runs of blanks and `*`/`+` bullets are rewritten on save. Inferred."""
    synonyms_applied: bool = True
    """Whether a synonym is replaced by its master tag on save. Inferred, as on the public site."""
    tag_order: Literal["sorted", "reversed", "kept"] = "sorted"
    """The order in which a post's tags come back; that it changes is observed."""
    tag_case: Literal["lower", "kept", "refused"] = "lower"
    """What becomes of capital letters in tags. Inferred."""
    title_min: int = 15
    """Shortest title. Observed."""
    title_max: int = 150
    """Longest title. Observed."""
    body_min: int = 30
    """Shortest question or answer; 20 is reported for questions too. Observed."""
    body_max: int = 30_000
    """Longest question or answer. Observed."""
    article_max: int = 100_000
    """Longest article. Observed."""
    tags_max: int = 5
    """Most tags of a question. Observed."""
    article_tags_max: int = 5
    """Most tags of an article; an importer of the vendor stops at 4. Observed, doubtful."""
    tag_length_max: int = 35
    """Longest tag. Observed."""
    comment_min: int = 15
    """Shortest comment. Observed."""
    comment_max: int = 600
    """Longest comment. Inferred."""

    absent_permissions: Literal["kept", "reset", "refused"] = "kept"
    """What an article's write without permissions does to them; the contract requires them, a
    working client of the vendor leaves them out. A new article's are then ownerOnly. Inferred.
    """
    permissions_by: Literal["owner", "editors"] = "owner"
    """Who, moderators apart, may change an article's permissions. Inferred."""
    idle_editors: Literal["kept", "dropped"] = "kept"
    """What becomes of editors given beside ownerOnly or everyone. Inferred."""
    experts: bool = True
    """Whether tags have subject matter experts at all. Documented to be a setting of the site."""
    groups_by: Literal["moderators", "everyone"] = "moderators"
    """Who may make and change user groups. That some may not is observed; who is inferred."""
    group_names_unique: bool = False
    """Whether a second group of the same name is refused. Inferred."""
    collection_owner_by: Literal["owner", "editors"] = "owner"
    """Who, moderators apart, may give a collection to somebody else. Inferred."""
    unknown_content: Literal["refused", "dropped"] = "refused"
    """What becomes of ids in a collection that name no question or article. Inferred."""
    image_max: int = 2 * 1024 * 1024
    """Largest image, in bytes. Documented."""
    key_needed: Literal["always", "without_token"] = "always"
    """When an Enterprise site's API 2.3 asks for a key; that one is enough to read is observed,
    that a token needs one beside it is inferred for reads.
    """
    impersonation: bool = False
    """Whether an Enterprise site's service key makes tokens for others. Documented as off until
    the vendor's support switches it on.
    """

    # API v3 alone.
    v3_check_order: Literal["scope_first", "body_first"] = "scope_first"
    """What a write looks at first: the token's write flag or the body's shape. Inferred."""
    v3_burst: int = 50
    """Calls of a token in `v3_burst_s`; 0 switches it off. Documented as a default."""
    v3_burst_s: float = 2
    """Seconds over which bursts are counted. Documented; that the window slides is inferred."""
    v3_bucket: int = 5000
    """Calls a full token bucket lets through; 0 switches it off. Documented as a default."""
    v3_refill: int = 100
    """Calls that come back into the bucket every `v3_refill_s`. Documented."""
    v3_refill_s: float = 60
    """Seconds between two refills. Documented."""
    v3_retry_after: Literal["absent", "seconds", "date"] = "absent"
    """The `Retry-After` of a 429. Undocumented; the vendor's own tools honour both forms."""
    v3_throttled_as: Literal["problem", "text"] = "problem"
    """The body of a 429: documented as a problem for searches alone, inferred elsewhere."""
    v3_problem_type: Literal["application/json", "application/problem+json"] = "application/json"
    """The media type of problems. Documented."""
    v3_untyped: bool = False
    """Whether successful answers come without a Content-Type. Observed to happen."""
    v3_wrong_method: Literal[405, 404] = 405
    """The answer to a method that a path doesn't have. Inferred."""
    v3_deleted_shown: Literal["moderators", "everyone", "nobody"] = "moderators"
    """Who gets a deleted post by its id. Observed for moderators, inferred for others."""
    v3_lists_deleted: bool = False
    """Whether lists show those whom `v3_deleted_shown` names deleted posts too. Inferred."""
    v3_empty_pages: Literal[0, 1] = 0
    """`totalPages` of an empty list. Observed in fixtures of the vendor."""
    v3_answered: Literal["upvoted", "any"] = "upvoted"
    """When a question `isAnswered`: with an upvoted answer, as documented, or with any."""
    v3_comment_count: bool = True
    """Whether items of lists carry `commentCount`. Observed in newer builds only."""
    v3_markdown: Literal["plain", "encoded"] = "plain"
    """Whether `bodyMarkdown` holds HTML entities, as in v2.3. Inferred."""
    v3_lf: bool = False
    """Whether `bodyMarkdown` has LF line ends, however it is stored. Inferred."""
    v3_dates: Literal["mixed", "zoned", "zoneless"] = "mixed"
    """Which dates name UTC: all but those of tags, all, none. Observed to be mixed."""
    v3_own_vote: Literal[403, 400] = 403
    """The answer to a vote for a post of one's own. Documented to be refused, status inferred."""
    v3_search_lag_s: float = 0
    """Seconds until the search shows what was written or deleted. Undocumented."""
    v3_search_whole: bool = False
    """Whether a search gives 100 hits a page, whatever `pageSize` says. Observed as a defect."""
    v3_dead_content: Literal["dropped", "unknown"] = "dropped"
    """What a collection shows of a post that was deleted since: nothing, or type and no title. The
    contract has such a type. Inferred.
    """
    v3_expert_added_twice: Literal["harmless", "refused"] = "harmless"
    """What adding somebody does who is an expert of the tag already. Inferred."""
    v3_expert_not_there: Literal["refused", "harmless"] = "refused"
    """What removing an expert does who is none. Inferred."""
