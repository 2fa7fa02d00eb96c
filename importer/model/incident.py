"""What a run came upon that should not be."""

from dataclasses import dataclass

from importer.model.ids import Key, Ref

__all__ = ["Incident"]


@dataclass(frozen=True, slots=True)
class Incident:
    """Something that should not be: two posts of one key, an echo that differs.

    `severe` ones end a run with exit code 7, and stay with it in the journal. `url` is the page of
    the first of `refs`, where it is known. `removed` are those of `refs` that the run took away.
    """

    what: str
    key: Key
    refs: tuple[Ref, ...] = ()
    severe: bool = False
    url: str = ""
    removed: tuple[Ref, ...] = ()
