"""API v2.3: its calls, its shapes, its errors and how it is read."""
