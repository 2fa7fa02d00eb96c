"""Plans, reports and losses as text for people; must not decide, nor read team or journal."""
