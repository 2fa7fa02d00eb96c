"""What can go wrong with a sandbox itself, as opposed to a rule of the team it plays."""


class SandboxError(Exception):
    """A sandbox that can't be opened, served or asked for; the message is fit for people."""
