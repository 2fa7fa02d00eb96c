"""API v2.3 over a world: its filters, shapes, routes and errors."""
