"""What the command line costs to start, beside a bare interpreter. Prints; judges nothing."""

from __future__ import annotations

import compileall
import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

RUNS = 21
ROOT = Path(__file__).resolve().parent.parent
TOOL = str(Path(sys.executable).parent / "teams-importer")
COMMANDS = {
    "bare interpreter": [sys.executable, "-c", "pass"],
    "--version": [TOOL, "--version"],
    "--help": [TOOL, "--help"],
}


def main() -> None:
    """Run each command in turn, so that a slow minute of the machine hits all of them alike."""
    compileall.compile_dir(ROOT / "importer", quiet=1)
    samples: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(RUNS):
        for name, command in COMMANDS.items():
            samples[name].append(_wall_ms(command))
    bare = median(samples["bare interpreter"])
    print(
        f"median of {RUNS} interleaved runs, Python {sys.version.split()[0]}, {os.cpu_count()} CPUs"
    )
    for name, times in samples.items():
        ms = median(times)
        print(f"{name:18}{ms:8.1f} ms   {ms - bare:+7.1f} ms   x{ms / bare:.2f}")


def _wall_ms(command: list[str]) -> float:
    started = time.perf_counter()
    done = subprocess.run(command, check=False, capture_output=True, stdin=subprocess.DEVNULL)
    elapsed = (time.perf_counter() - started) * 1000
    if done.returncode:
        print(f"{' '.join(command)} failed: {done.stderr.decode(errors='replace')[-300:]}")
        sys.exit(0)
    return elapsed


if __name__ == "__main__":
    main()
