"""Simulates many worlds and prints what happened: `python -m tests.simulation --seeds 10000`.

One world again, with its trace: `--seed N --profile P --api A --trace`. Exits 1 when anything was
wrong.
"""

from __future__ import annotations

import argparse
import gc
import multiprocessing
import sys
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial

from tests.simulation.broken import VARIANTS
from tests.simulation.chance import Chance
from tests.simulation.life import APIS, PROFILES, Life, api_of, live
from tests.simulation.wire import Fault

_CHUNK = 25
_MIX = ("calm", "storm", "storm", "storm", "swarm", "swarm", "laggard", "copycats", "deleters")


@dataclass
class Tally:
    """What many worlds gave; small enough to be sent between processes."""

    worlds: int = 0
    requests: int = 0
    virtual_s: float = 0.0
    processor_s: float = 0.0
    reached: Counter[str] = field(default_factory=Counter)
    wrong: list[tuple[int, str, str, list[str]]] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        self.worlds += other.worlds
        self.requests += other.requests
        self.virtual_s += other.virtual_s
        self.processor_s += other.processor_s
        self.reached.update(other.reached)
        self.wrong += other.wrong


def profile_of(seed: int, api: str = "2.3") -> str:
    """Return the kind of world that a seed stands for when nobody says.

    Over API v3, which tells no histories, some colleagues write in the very moment of a look; over
    both, some write in other paragraphs than the author.
    """
    if api != "2.3" and Chance(seed).happens("rivals", 0.1):
        return "rivals"
    neighbours = Chance(seed).happens("neighbours", 0.1)
    return "neighbours" if neighbours else _MIX[seed % len(_MIX)]


def simulate(
    seeds: Iterable[int],
    profile: str | None = None,
    broken: str | None = None,
    api: str | None = None,
) -> Tally:
    """Let the worlds of *seeds* happen; profile and API are the seed's own unless told."""
    tally = Tally()
    began = time.process_time()
    for seed in seeds:
        way = api or api_of(seed)
        tally.add(_one(seed, profile or profile_of(seed, way), broken, way))
    tally.processor_s = time.process_time() - began
    return tally


def _one(seed: int, profile: str, broken: str | None, api: str) -> Tally:
    life = _lived(seed, profile, broken, api)
    wrong = [(seed, profile, api, life.wrong)] if life.wrong else []
    return Tally(1, life.requests, life.virtual_s, 0.0, life.reached, wrong)


def _lived(seed: int, profile: str, broken: str | None, api: str) -> Life:
    if broken is None:
        return live(seed, profile, api=api)
    with VARIANTS[broken].apply():
        return live(seed, profile, api=api)


def _quick() -> None:
    # Worlds are short-lived and small: collecting now and then is enough.
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def main() -> int:
    """Run from the command line."""
    options = _options()
    if options.seed is not None:
        api = options.api or api_of(options.seed)
        profile = options.profile or profile_of(options.seed, api)
        life = _lived(options.seed, profile, options.broken, api)
        sys.stdout.write("\n".join([*(life.trace if options.trace else []), life.digest, ""]))
        sys.stdout.write("".join(f"WRONG {it}\n" for it in life.wrong))
        return 1 if life.wrong else 0
    began = time.monotonic()
    tally = Tally()
    chunks = [
        range(at, min(at + _CHUNK, options.first + options.seeds))
        for at in range(options.first, options.first + options.seeds, _CHUNK)
    ]
    work = partial(simulate, profile=options.profile, broken=options.broken, api=options.api)
    with multiprocessing.Pool(options.jobs, initializer=_quick) as pool:
        for part in pool.imap_unordered(work, chunks):
            tally.add(part)
            for wrong in part.wrong:
                sys.stderr.write(_wrong(*wrong))
    _print(tally, time.monotonic() - began)
    return 1 if tally.wrong else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=1000, help="how many worlds")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--seed", type=int, help="one world only")
    parser.add_argument("--profile", choices=PROFILES, help="the kind of world; else by the seed")
    parser.add_argument("--api", choices=APIS, help="the API to go over; else by the seed")
    parser.add_argument("--trace", action="store_true", help="print what happened in that world")
    parser.add_argument("--broken", choices=VARIANTS, help="take out one of the safeguards")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    return parser.parse_args()


def _wrong(seed: int, profile: str, api: str, wrong: list[str]) -> str:
    what = f"seed {seed} ({profile}, {api}): {'; '.join(wrong)}"
    return f"{what}\n  again: {again(seed, profile, api)}\n"


def again(seed: int, profile: str, api: str) -> str:
    """Return the command that lets a world happen again."""
    return f"python -m tests.simulation --seed {seed} --profile {profile} --api {api} --trace"


def _print(tally: Tally, took_s: float) -> None:
    lines = [("fault, deed or end", "times")]
    lines += [(name, f"{tally.reached[name]:,}") for name in sorted(tally.reached)]
    missing = [str(fault) for fault in Fault if not tally.reached[fault]]
    kinds = Counter(_kind(it) for *_, wrong in tally.wrong for it in wrong)
    sums = [
        ("worlds", f"{tally.worlds:,}"),
        ("duplicates", f"{kinds['duplicate']:,}"),
        ("losses", f"{kinds['loss']:,}"),
        ("unseen overwrites", f"{kinds['overwrite']:,}"),
        ("edited within the last look", f"{tally.reached['edited within the last look']:,}"),
        ("other broken invariants", f"{kinds['other']:,}"),
        ("faults never reached", ", ".join(missing) or "none"),
        ("requests", f"{tally.requests:,}"),
        ("virtual time", f"{tally.virtual_s / 86_400:,.1f} days"),
        ("time", f"{took_s:,.0f} s, of processors {tally.processor_s:,.0f} s"),
        ("worlds per processor-minute", f"{tally.worlds / tally.processor_s * 60:,.0f}"),
    ]
    width = max(len(name) for name, _ in (*lines, *sums))
    for rows in (lines, sums):
        sys.stdout.write("".join(f"{name:<{width}}  {value:>9}\n" for name, value in rows) + "\n")


def _kind(wrong: str) -> str:
    for words, kind in (("duplicate", "duplicate"), ("loss", "loss"), ("overwritten", "overwrite")):
        if words in wrong:
            return kind
    return "other"


if __name__ == "__main__":
    sys.exit(main())
