"""Manifest files to items, items to files, minimal edits; must not know the live team."""
