"""API v3: JSON resources, problem bodies, two rate limiters told in headers."""
