"""What can go wrong with a sandbox itself, as opposed to a rule of the team it plays."""


class SandboxError(Exception):
    """A sandbox that can't be opened, served or asked for; the message is fit for people."""


class SandboxBusyError(SandboxError):
    """Another sandbox has the file open."""


class SandboxDiskError(SandboxError):
    """The file can't be read or written, for the disk's part."""
