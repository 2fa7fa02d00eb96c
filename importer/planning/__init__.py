"""Decides: match, compare, order, cost, plan, undo; must not read, write, wait or know a clock."""
