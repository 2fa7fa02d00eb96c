"""Which fields each v2.3 type has; a `-` marks those that come only when a filter asks for them.

From the public type pages of API v2.3, the default filter as dumped by public clients, and, for
articles, the vendor's own scripts. Which optional fields a team's answers hold is inferred.
"""

__all__ = ["DEFAULT_FIELDS", "ELSEWHERE", "FIELDS", "RAW_STRINGS"]

_TABLE = {
    "": """
        backoff error_id error_message error_name has_more items page- page_size- quota_max
        quota_remaining total- type-""",
    "question": """
        accepted_answer_id answer_count answers- body- body_markdown- bounty_amount
        bounty_closes_date bounty_user- can_answer- can_close- can_comment- can_edit- can_flag-
        can_suggest_edit- close_vote_count- closed_date closed_details- closed_reason collectives
        comment_count- comments- community_owned_date content_license creation_date
        delete_vote_count- down_vote_count- downvoted- favorite_count- favorited- is_answered
        last_activity_date last_edit_date last_editor- link locked_date migrated_from migrated_to
        notice- owner posted_by_collectives protected_date question_id reopen_vote_count- score
        share_link- tags title up_vote_count- upvoted- view_count""",
    "answer": """
        accepted- answer_id awarded_bounty_amount- awarded_bounty_users- body- body_markdown-
        can_comment- can_edit- can_flag- can_suggest_edit- collectives comment_count- comments-
        community_owned_date content_license creation_date down_vote_count- downvoted- is_accepted
        last_activity_date last_edit_date last_editor- link- locked_date owner
        posted_by_collectives question_id recommendations score share_link- tags- title-
        up_vote_count- upvoted-""",
    "post": """
        body- body_markdown- collectives comment_count- comments- content_license creation_date
        down_vote_count- downvoted- last_activity_date last_edit_date last_editor- link owner
        post_id post_type posted_by_collectives score share_link- title- up_vote_count- upvoted-""",
    "article": """
        article_id article_type body- body_markdown- comment_count- comments- creation_date
        last_activity_date last_edit_date last_editor- link owner score tags title view_count""",
    "comment": """
        body- body_markdown- can_flag- comment_id content_license creation_date edited link- owner
        post_id post_type- reply_to_user score upvoted-""",
    "tag": """
        collectives count has_synonyms is_moderator_only is_required last_activity_date- name
        synonyms- user_id""",
    "tag_wiki": """
        body- body_last_edit_date excerpt excerpt_last_edit_date last_body_editor-
        last_excerpt_editor- tag_name""",
    "tag_synonym": "applied_count creation_date from_tag last_applied_date to_tag",
    "shallow_user": """
        accept_rate account_id badge_counts- display_name link profile_image reputation user_id
        user_type""",
    "user": """
        about_me- accept_rate account_id age answer_count- badge_counts collectives creation_date
        display_name down_vote_count- email- is_employee last_access_date last_modified_date link
        location profile_image question_count- reputation reputation_change_day
        reputation_change_month reputation_change_quarter reputation_change_week
        reputation_change_year timed_penalty_date up_vote_count- user_id user_type view_count-
        website_url""",
    "info": """
        answers_per_minute api_revision badges_per_minute new_active_users questions_per_minute
        site- total_accepted total_answers total_badges total_comments total_questions
        total_unanswered total_users total_votes""",
    "error": "description error_id error_name",
    "filter": "filter filter_type included_fields",
    "revision": """
        body- comment content_license creation_date is_rollback last_body- last_tags last_title
        post_id post_type revision_guid revision_number revision_type set_community_wiki tags title
        user""",
    "write_permission": """
        can_add can_delete can_edit max_daily_actions min_seconds_between_actions object_type
        user_id""",
    "badge_count": "bronze gold silver",
    "closed_details": "by_users description on_hold original_questions reason",
    "original_question": "accepted_answer_id answer_count question_id title",
    "notice": "body creation_date owner_user_id",
    "search_excerpt": """
        answer_count answer_id body closed_date- community_owned_date- creation_date
        equivalent_tag_search excerpt has_accepted_answer is_accepted is_answered item_type
        last_activity_date last_activity_user- locked_date- owner- question_id question_score score
        tags title""",
    "access_token": "access_token account_id expires_on_date scope",
    "exchanged_access_token": """
        access_token account_id expires_on_date original_access_token scope""",
}


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


FIELDS = {kind: _names(text.replace("-", "")) for kind, text in _TABLE.items()}

DEFAULT_FIELDS = {
    kind: frozenset(name for name in text.split() if not name.endswith("-"))
    for kind, text in _TABLE.items()
}

ELSEWHERE = _names(
    "account_merge badge collective collective_external_link collective_membership"
    " collective_recommendation collective_report event flag_option inbox_item migration_info"
    " network_activity network_post network_user notification privilege question_timeline"
    " related_site reputation reputation_history saves_list saves_search sede site styling"
    " suggested_edit tag_preference tag_score top_tag user_timeline"
)
"""Types that filters may name but that no answer of the sandbox holds."""

RAW_STRINGS = _names(
    "about_me body description excerpt last_body link profile_image share_link website_url"
)
"""String fields that are HTML or addresses already, so that safe filters leave them alone."""
