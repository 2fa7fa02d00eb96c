"""What CI services are given: the action, the templates, the hooks."""
