"""The idempotency log: operations, bindings, base texts; must not know HTTP, plans or manifests."""
