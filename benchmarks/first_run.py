"""What the first run costs: CPU and wall seconds of compiling from an empty cache, of one source tree or two in turn.

    python benchmarks/first_run.py [--rounds 3] [TREE ...]

A TREE is a folder that holds `src/qispread`; without any it is this one. Two trees take turns, since the machine's
load changes from minute to minute: read the ratio of their CPU times.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

HERE = Path(__file__).resolve().parent.parent

TIMED = """
import time
start = time.process_time()
from qispread import simulate
from qispread.interfaces.page.default_scenario import default_scenario
scenario = default_scenario()
import qispread.model.engines.kernel
loaded, wall = time.process_time(), time.perf_counter()
simulate(scenario, 1, workers=1)
print(loaded - start, time.process_time() - loaded, time.perf_counter() - wall)
"""


def time_once(tree, cache):
    environment = {**os.environ, "PYTHONPATH": str(tree / "src"), "NUMBA_CACHE_DIR": cache}
    command = [sys.executable, "-c", TIMED]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)  # noqa: S603 - ours
    return tuple(float(part) for part in done.stdout.split())


def main():
    reader = argparse.ArgumentParser(description="Time the first run.")
    reader.add_argument("trees", nargs="*", type=Path, default=[HERE], metavar="TREE")
    reader.add_argument("--rounds", type=int, default=3)
    arguments = reader.parse_args()
    found = {tree: [] for tree in arguments.trees}
    for _ in range(arguments.rounds):
        for tree, times in found.items():
            with tempfile.TemporaryDirectory() as cache:
                cold, warm = time_once(tree, cache), time_once(tree, cache)
            times.append((cold[1], cold[2], warm[1]))
            words = f"imports {cold[0]:.2f} s, first run {cold[1]:.2f} s of CPU ({cold[2]:.1f} s by the clock)"
            print(f"{tree}: {words}, next {warm[1]:.2f} s", flush=True)
    first, *others = found
    for other in others:
        mine, theirs = (median(one[0] for one in found[tree]) for tree in (first, other))
        print(f"CPU of the first run, {first} over {other}: {mine / theirs:.3f}")


if __name__ == "__main__":
    main()
