"""Drives a plan through the ports and recovers what was left open; must not know HTTP or SQL."""
