"""The values that rooms hand each other; must not know files, network, clock or decisions."""
