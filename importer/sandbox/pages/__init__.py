"""The pages of a team as a reader sees them; no scripts, no remote parts, nothing to write."""
