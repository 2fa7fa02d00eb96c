"""Prints what survives of public wikis: `make fidelity CORPORA=FOLDER`, the folder of copies."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from importer.sources.verify_comparing import Outcome
from importer.sources.verify_seen import Construct
from tests.sources.fidelity import CORPORA, PAIRS, against_markdown, shares, verified


def main(corpora: Path) -> None:
    """Print a table for each of the wikis."""
    for name in CORPORA:
        begin = time.perf_counter()
        fidelity = verified(corpora, name)
        took = time.perf_counter() - begin
        print(f"\n{name}: {fidelity.pages:,} pages, {took:.1f} s")
        print(f"  {'':12}{'kept':>10}{'changed':>10}{'reported':>10}{'lost':>10}")
        for construct in Construct:
            row = [fidelity.counts[construct, it] for it in Outcome]
            if any(row):
                print(f"  {construct:12}" + "".join(f"{it:>10,}" for it in row))
        if fidelity.texts:
            share = 100 * fidelity.identical / fidelity.texts
            print(f"  identical: {fidelity.identical:,} of {fidelity.texts:,} ({share:.2f} %)")
    found = against_markdown(corpora)
    columns = ("kept", "changed", "reported", "lost", "not on the page")
    print(f"\n{PAIRS}, against the Markdown that the pages were made of")
    print(f"  {'':12}" + "".join(f"{it:>17}" for it in columns))
    for construct in Construct:
        row = [found[construct, it] for it in columns]
        if any(row):
            print(f"  {construct:12}" + "".join(f"{it:>17,}" for it in row))
    for words in (True, False):
        there, known = shares(found, words=words)
        what = "with the words" if words else "without them  "
        print(f"  {what}: {100 * there:.2f} % there, {100 * known:.2f} % there or reported")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
