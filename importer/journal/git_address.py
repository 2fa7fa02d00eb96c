"""How a git ref that keeps a journal is spelled: `git:REMOTE#REF`; both may be left out."""

import re
from base64 import b64encode
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

from importer.errors import UsageError

__all__ = ["GitRef"]

_SCHEME = "git:"
_REMOTE = "origin"
_FOLDER = "refs/teams-importer"
_MASK = "***"
_HTTP = ("https://", "http://")
# See git-check-ref-format(1), read 2026-11-26.
_NO_REF = re.compile(r"[\0-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|/\.|\.lock(/|$)|[./]$")
_NO_NAME = re.compile(r"[^A-Za-z0-9_-]+")
# What stands before a host, but for a plain user of ssh.
_USER = re.compile(r"\b(?!ssh://[^\s/:@]+@)([a-z][a-z0-9+.-]*://)[^\s/]+@", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class GitRef:
    """A ref of a git repository. `remote` is a remote's name, a URL, or a path; `.` is its own.

    `folder` is in the repository whose remotes and credentials count. An address's password is
    shown nowhere. UsageError for what git could take for something else.
    """

    remote: str = field(default=_REMOTE, repr=False)
    ref: str = ""
    folder: Path = Path()

    def __post_init__(self) -> None:
        if self.remote.startswith("//"):
            message = "the git protocol (git://) can't be pushed to"
            raise UsageError(message, remedy="As in git:https://host/owner/repository.git.")
        if self.remote.startswith("-") or any(it < " " for it in self.remote):
            message = "the journal's address names no remote, URL or path"
            raise UsageError(message, remedy="As in git:origin, or git: alone.")
        if self._secret and not self.remote.startswith(_HTTP):
            message = f"{self} holds a password, which git takes in an HTTP address alone"
            raise UsageError(message, remedy="Leave it out: ssh has its own keys.")
        if self.ref and (_NO_REF.search(self.ref) or not self.ref.startswith("refs/")):
            message = f"{self.ref!r} is no full name of a ref"
            raise UsageError(message, remedy=f"As in git:{_REMOTE}#{_FOLDER}/handbook.")

    @classmethod
    def spelled(cls, text: str) -> "GitRef | None":
        """Return the ref that *text* spells; None where it spells another place."""
        if not text.startswith(_SCHEME):
            return None
        remote, _, ref = text.removeprefix(_SCHEME).partition("#")
        path = Path(remote)
        if remote not in ("", ".") and path.is_dir():
            remote = str(path.absolute())
        return cls(remote or _REMOTE, ref)

    def of(self, folder: Path, namespace: str, team: str) -> "GitRef":
        """Return it for the manifest in *folder*; without a ref, that of its namespace and team."""
        names = (_NO_NAME.sub("_", it) for it in (namespace, team) if it)
        return replace(self, folder=folder, ref=self.ref or f"{_FOLDER}/{'-'.join(names)}")

    @property
    def is_named(self) -> bool:
        """Tell whether it takes a repository's configuration to know where it is."""
        return self.remote == "." or not re.search("[:/]", self.remote)

    @property
    def _secret(self) -> str:
        """The part of a URL before its host that isn't to be shown; a token may pass for a user."""
        try:
            parts = urlsplit(self.remote)
        except ValueError:
            return self.remote
        if not parts.scheme or not parts.netloc:
            return ""
        user, at, _ = parts.netloc.rpartition("@")
        return user if at and (parts.scheme != "ssh" or ":" in user) else ""

    @property
    def address(self) -> str:
        """What git is given as its argument, which other processes see: no secret of HTTP's."""
        secret = self._secret
        return self.remote.replace(f"{secret}@", "", 1) if secret else self.remote

    @property
    def settings(self) -> tuple[tuple[str, str], ...]:
        """The git configuration that carries an HTTP address's secret, if it has one."""
        if self.address == self.remote:
            return ()
        parts = urlsplit(self.address)
        user, _, password = self._secret.partition(":")
        told = f"{unquote(user)}:{unquote(password)}".encode()
        header = f"Authorization: Basic {b64encode(told).decode()}"
        name = f"http.{parts.scheme}://{parts.netloc}/.extraHeader"
        # Empty first: a header that the clone has already (actions/checkout) would be sent as well.
        return ((name, ""), (name, header))

    @property
    def has_password(self) -> bool:
        """Tell whether the address itself holds a password, or may."""
        return bool(self._secret)

    def redact(self, text: str) -> str:
        """Return *text* without the address's password, and without those of other addresses."""
        secret = self._secret
        words = {secret, secret.partition(":")[2]} - {""}
        spellings = {way for it in words for way in (it, unquote(it))}
        spellings |= {value.rpartition(" ")[2] for _, value in self.settings if value}
        for spelled in sorted(spellings, key=len, reverse=True):
            text = text.replace(spelled, _MASK)
        return _USER.sub(rf"\1{_MASK}@", text)

    def __str__(self) -> str:
        ref = f"#{self.ref}" if self.ref else ""
        return f"{_SCHEME}{self.redact(self.remote)}{ref}"
