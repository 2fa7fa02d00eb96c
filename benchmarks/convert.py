"""How a large MediaWiki dump is converted: peak memory, and the rate beside the bare XML parser.

Prints; judges nothing. `python benchmarks/convert.py 10000 100000` makes dumps of so many pages.
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from xml.parsers import expat

SIZES = (10_000, 100_000)
ROOT = Path(__file__).resolve().parent.parent
_MAIN = "import sys; from importer.cli.main import main; sys.exit(main())"
_WORDS = (
    "deploy", "rollback", "cluster", "pager", "incident", "ticket", "database", "replica",
    "backup", "restore", "branch", "review", "release", "window", "freeze", "secret",
    "token", "rotate", "queue", "worker", "cache", "index", "schema", "migration",
    "latency",
)  # fmt: skip
_HEAD = """\
<mediawiki xmlns="http://www.mediawiki.org/xml/export-0.11/" version="0.11" xml:lang="en">
<siteinfo><sitename>Acme</sitename><base>https://wiki.example.com/Main_Page</base>
<case>first-letter</case><namespaces><namespace key="0" case="first-letter" />
<namespace key="1" case="first-letter">Talk</namespace></namespaces></siteinfo>
"""


def write_dump(path: Path, pages: int) -> None:
    """Write a dump of *pages* pages: articles that link each other; one in ten is a redirect."""
    with path.open("w", encoding="utf-8") as file:
        file.write(_HEAD)
        for number in range(pages):
            file.write(_page(number, pages))
        file.write("</mediawiki>\n")


def _page(number: int, pages: int) -> str:
    chance = random.Random(number)  # noqa: S311 - repeatable, not secret
    if number % 10 == 9:
        target = _title(number - 1)
        redirect, text = f'<redirect title="{target}" />', f"#REDIRECT [[{target}]]"
    else:
        redirect, text = "", "\n".join(_lines(chance, pages))
    return (
        f"<page><title>{_title(number)}</title><ns>0</ns><id>{number + 1}</id>{redirect}<revision>"
        f"<id>{number + 7}</id><timestamp>2024-05-01T10:00:00Z</timestamp><contributor><username>"
        f"Ada</username></contributor><model>wikitext</model><text>{text}</text></revision></page>\n"
    )


def _title(number: int) -> str:
    return f"{_WORDS[number % len(_WORDS)].title()} in chapter {number}"


def _lines(chance: random.Random, pages: int) -> Iterator[str]:
    yield f"'''What to know''' of {_said(chance, 20)}."
    yield f"== {_said(chance, 3).capitalize()} =="
    yield f"{_said(chance, 40).capitalize()} [[{_title(chance.randrange(pages))}|there]]."
    yield from (f"* {_said(chance, 8)}" for _ in range(3))
    yield f"[[Category:{chance.choice(_WORDS).title()}]]"


def _said(chance: random.Random, words: int) -> str:
    return " ".join(chance.choices(_WORDS, k=words))


def main() -> None:
    """Convert each size in a process of its own, and read the largest with the bare parser."""
    sizes = [int(it) for it in sys.argv[1:]] or list(SIZES)
    with tempfile.TemporaryDirectory() as name:
        for size in sizes:
            dump = Path(name, f"{size}.xml")
            write_dump(dump, size)
            megabytes = dump.stat().st_size / 1e6
            print(f"{size:,} pages, {megabytes:,.0f} MB")
            bare = _bare_s(dump)
            print(f"  bare XML parser  {bare:8.1f} s   {size / bare:10,.0f} pages/s")
            taken, peak_mb, code = _converted(dump, Path(name, f"out-{size}"))
            rate = f"{size / taken:10,.0f} pages/s   x{taken / bare:.0f}"
            print(
                f"  convert          {taken:8.1f} s   {rate}   peak {peak_mb:,.0f} MB", flush=True
            )
            if code:
                sys.exit(f"convert ended with {code}")


def _bare_s(dump: Path) -> float:
    started = time.perf_counter()
    parser = expat.ParserCreate()
    with dump.open("rb") as file:
        parser.ParseFile(file)
    return time.perf_counter() - started


def _converted(dump: Path, out: Path) -> tuple[float, float, int]:
    """Return how long a conversion took, its peak of resident memory, and how it ended."""
    arguments = ["convert", "mediawiki", str(dump), "--out", str(out), "--namespace", "bench"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    started = time.perf_counter()
    with open(os.devnull, "w") as nowhere:  # noqa: PTH123 - a device
        redirected = [(os.POSIX_SPAWN_DUP2, nowhere.fileno(), 1)]
        process = os.posix_spawn(
            sys.executable,
            [sys.executable, "-P", "-c", _MAIN, *arguments],
            environment,
            file_actions=[*redirected, (os.POSIX_SPAWN_DUP2, nowhere.fileno(), 2)],
        )
    _, status, usage = os.wait4(process, 0)
    unit = 1e6 if sys.platform == "darwin" else 1e3
    taken = time.perf_counter() - started
    return taken, usage.ru_maxrss / unit, os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    main()
