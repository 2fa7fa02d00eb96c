"""Wikis, exports, CSV to items, with what was lost; must not know the live team or a plan."""
