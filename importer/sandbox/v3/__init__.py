"""API v3 over a world: its routes, models, lists and problems."""
