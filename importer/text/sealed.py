"""Texts whose words are kept from the reader: enough to compare them, nothing to read."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from importer.text.digests import Digest, digest_of, digest_text
from importer.text.links import Text

__all__ = ["Sealed", "digest_of_sealed", "holds", "retarget_sealed", "seal"]


@dataclass(frozen=True, slots=True)
class Sealed:
    """A text without its words. `words` is the digest of them, its links' places left empty.

    `digest` is the text's own while its holes lead to `keyed`, as they did when it was sealed.
    """

    words: Digest
    targets: tuple[str, ...]
    digest: Digest
    keyed: tuple[str, ...]


def seal(text: Text, keyed: Sequence[str], digest: Digest) -> Sealed:
    """Return *text* sealed; *digest* is its own where its holes lead to *keyed*."""
    return Sealed(digest_text(text.holed), text.targets, digest, tuple(keyed))


def holds(sealed: Sealed, text: Text) -> bool:
    """Tell whether *sealed* is *text*, wherever its holes were said to lead before."""
    return sealed.targets == text.targets and sealed.words == digest_text(text.holed)


def digest_of_sealed(sealed: Sealed) -> Digest:
    """Return the text's digest; where its holes lead elsewhere by now, one that no text has."""
    if sealed.targets == sealed.keyed:
        return sealed.digest
    return digest_of("sealed", [sealed.words, *sealed.targets])


def retarget_sealed(sealed: Sealed, name_of: Callable[[str], str]) -> Sealed:
    """Return *sealed* with each target renamed."""
    return replace(sealed, targets=tuple(name_of(it) for it in sealed.targets))
