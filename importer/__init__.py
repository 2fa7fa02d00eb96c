"""Content as code for Stack Overflow for Teams: plan, review and apply what a team should hold."""

__version__ = "0.1.0"
