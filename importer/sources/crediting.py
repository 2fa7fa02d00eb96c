"""The line below a text that says who wrote it, where a licence asks for that."""

import re

from importer.sources.page import Credit
from importer.sources.titles import escaped

__all__ = ["credited"]

_CC = re.compile(r"CC (BY(?:-SA|-ND|-NC|-NC-SA|-NC-ND)?) (\d\.\d)")


def credited(markdown: str, credit: Credit) -> str:
    """Return *markdown* with its credit below it; as it is where no licence asks for one."""
    if not credit.licence:
        return markdown
    author = escaped(credit.author or "an unknown author")
    if credit.author_address:
        author = f"[{author}](<{credit.author_address}>)"
    origin = f"[Moved here](<{credit.address}>)" if credit.address else "Moved here"
    when = f", last edited on {credit.when:%Y-%m-%d}" if credit.when else ""
    return f"{markdown}\n\n---\n\n*{origin}; by {author}{when}; {_licence(credit.licence)}.*"


def _licence(name: str) -> str:
    match = _CC.fullmatch(name)
    if match is None:
        return escaped(name)
    # The addresses of the licences are part of their own terms of attribution.
    return f"[{name}](https://creativecommons.org/licenses/{match[1].lower()}/{match[2]}/)"
