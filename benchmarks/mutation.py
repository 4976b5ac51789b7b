"""Mutation testing: how many small faults in the rules, the engines and the statistics would a test notice?

    python benchmarks/mutation.py run     draws mutants at random and runs the tests that reach each; goes on where it
                                          stopped, and at the end writes benchmarks/mutants.csv
    python benchmarks/mutation.py again   runs the mutants that survived again, with more tests
    python benchmarks/mutation.py page    writes docs/mutation.md from the CSV and from benchmarks/mutant_verdicts.csv

As many mutants are drawn from each of the three areas, without replacement, each mutant of an area as likely as any.
The project itself is never mutated: each worker has a copy in the folder of work.
"""

import argparse
import csv
import hashlib
import json
import queue
import random
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from mutants import Mutant, is_another
from mutation_page import COLUMNS, TABLE, page, read_table
from mutation_runs import AREAS, ROOT, Chooser, Outcome, all_mutants, copy_project, fingerprint, run_mutant, trace

NUMBER, SEED, WORKERS = 300, 20251127, 2
WORK = ROOT / "build" / "mutation"
PAGE = ROOT / "docs" / "mutation.md"
TIMES_AGAIN = 4.0
"""How many times the tests of a first run are run on those that survived it."""


def sample(
    number: int, seed: int, areas: Sequence[str], root: Path = ROOT
) -> tuple[list[tuple[str, Mutant]], dict[str, int]]:
    """Return the mutants drawn, each with its area, in the order in which they are run, and how many there are."""
    drawn, sizes = [], {}
    for area in areas:
        everyone = all_mutants(root, AREAS[area])
        order = random.Random(f"{seed} {area}").sample(everyone, len(everyone))
        sources = {one.file: (root / one.file).read_text(encoding="utf-8") for one in everyone}
        some = (one for one in order if is_another(sources[one.file], one))
        drawn.append([(area, one) for _, one in zip(range(number // len(areas)), some, strict=False)])
        sizes[area] = len(everyone)
    return [one for turn in zip(*drawn, strict=False) for one in turn], sizes


def row_of(area: str, mutant: Mutant, found: Outcome, seed: int) -> dict[str, Any]:
    """Return what is stored of a mutant."""
    return {
        "key": mutant.key,
        "area": area,
        "file": mutant.file,
        "function": mutant.function,
        "line": mutant.line,
        "operator": mutant.operator,
        "before": mutant.before,
        "after": mutant.after,
        "outcome": found.outcome,
        "by": found.by,
        "tests": found.tests,
        "seconds": round(found.seconds, 1),
        "seed": seed,
    }


class Store:
    """The outcomes so far, a line each; the first line says of what."""

    def __init__(self, path: Path, about: dict[str, Any]) -> None:
        self.path, self.rows, self.lock = path, {}, threading.Lock()
        lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []
        if lines and lines[0] != about:
            raise SystemExit(f"{path} is of {lines[0]}, and now it is {about}: remove it, or give another --work")
        self.rows = {row["key"]: row for row in lines[1:]}
        if not lines:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._append(about)

    def _append(self, row: dict[str, Any]) -> None:
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")

    def add(self, row: dict[str, Any]) -> None:
        """Keep an outcome."""
        with self.lock:
            self.rows[row["key"]] = row
            self._append(row)


def choosers(work: Path, areas: Sequence[str], workers: int) -> dict[str, Chooser]:
    """Return what chooses tests for each area; areas that run the same tests share it."""
    shared = {AREAS[name].tests: name for name in areas}
    mark = tests_mark(work / "copy-0")
    print(f"finding out which tests reach which functions ({len(shared)} sets of tests) ...", flush=True)

    def traced(place: int, name: str) -> Chooser:
        copy = work / f"copy-{place % workers}"
        tests = hashlib.sha256(" ".join(AREAS[name].tests).encode()).hexdigest()[:6]
        return Chooser(trace(copy, AREAS[name], work / f"trace-{tests}-{mark}.json"))

    with ThreadPoolExecutor(workers) as pool:
        found = dict(zip(shared, pool.map(traced, range(len(shared)), shared.values()), strict=True))
    print(f"{sum(len(one.found) for one in found.values())} tests pass and can be used", flush=True)
    return {name: found[AREAS[name].tests] for name in areas}


def run_all(
    work: Path, wanted: Sequence[tuple[str, Mutant]], store: Store, given: argparse.Namespace, times: float
) -> None:
    """Run mutants in copies, some at a time, and keep what becomes of each."""
    for place in range(given.workers):
        copy_project(ROOT, work / f"copy-{place}")
    chosen = choosers(work, sorted({area for area, _ in wanted}), given.workers)
    todo: queue.SimpleQueue[tuple[str, Mutant]] = queue.SimpleQueue()
    for one in wanted:
        todo.put(one)

    def worker(place: int) -> None:
        for area, mutant in drain(todo):
            found = run_mutant(work / f"copy-{place}", AREAS[area], mutant, chosen[area], times)
            store.add(row_of(area, mutant, found, given.seed))
            left = todo.qsize()
            print(f"{found.outcome:11s} {found.seconds:6.1f} s  {mutant.key[12:90]}  ({left} left)", flush=True)

    threads = [threading.Thread(target=worker, args=(place,), daemon=True) for place in range(given.workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def drain(todo: "queue.SimpleQueue[Any]") -> Iterator[Any]:
    """Yield what is left in a queue."""
    while True:
        try:
            yield todo.get_nowait()
        except queue.Empty:
            return


def tests_mark(copy: Path) -> str:
    """Return what the sources and tests of a copy are, briefly."""
    digest = hashlib.sha256(fingerprint(copy).encode())
    for path in sorted((copy / "tests").rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def run(given: argparse.Namespace) -> None:
    """Draw mutants and run them, or go on with that."""
    drawn, sizes = sample(given.number, given.seed, given.areas)
    about = {"seed": given.seed, "number": given.number, "sources": fingerprint(ROOT), "sizes": sizes}
    store = Store(given.work / "outcomes.jsonl", about)
    wanted = [(area, one) for area, one in drawn if one.key not in store.rows]
    print(f"{len(drawn)} mutants drawn of {sum(sizes.values())}; {len(wanted)} left to run", flush=True)
    if wanted:
        run_all(given.work, wanted, store, given, 1.0)
    rows = [
        {**store.rows[one.key], "of": sizes[area], "sources": about["sources"], "now": store.rows[one.key]["outcome"]}
        for area, one in drawn
    ]
    write_table(rows, given.table)


def again(given: argparse.Namespace) -> None:
    """Run those that survived again, against the tests that there are now and more of them."""
    rows = read_table(given.table)
    left = {row["key"]: row for row in rows if row["now"] in ("survived", "not reached")}
    known = {one.key: (area, one) for area in AREAS for one in all_mutants(ROOT, AREAS[area]) if one.key in left}
    if missing := sorted(set(left) - set(known)):
        raise SystemExit(f"{len(missing)} mutants are not in the sources any more, such as {missing[0]}")
    given.work.joinpath("again.jsonl").unlink(missing_ok=True)
    store = Store(given.work / "again.jsonl", {})
    run_all(given.work, list(known.values()), store, given, TIMES_AGAIN)
    for row in rows:
        if row["key"] in store.rows:
            found = store.rows[row["key"]]
            row["now"], row["now_by"] = found["outcome"], found["by"]
    write_table(rows, given.table)


def write_table(rows: Sequence[dict[str, Any]], path: Path) -> None:
    """Write the table of mutants."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n", restval="")
        writer.writeheader()
        writer.writerows({name: row.get(name, "") for name in COLUMNS} for row in rows)
    print(f"wrote {path}")


def write_page(given: argparse.Namespace) -> None:
    """Write the page."""
    PAGE.write_text(page(read_table(given.table)), encoding="utf-8")
    print(f"wrote {PAGE}")


def main() -> None:
    """Do what is asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["run", "again", "page"])
    parser.add_argument("--number", type=int, default=NUMBER, help="mutants, as many from each area")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--workers", type=int, default=WORKERS)
    parser.add_argument("--areas", nargs="+", choices=list(AREAS), default=list(AREAS))
    parser.add_argument("--work", type=Path, default=WORK, help="where copies and outcomes are kept")
    parser.add_argument("--table", type=Path, default=TABLE)
    given = parser.parse_args()
    given.work = given.work.resolve()
    {"run": run, "again": again, "page": write_page}[given.what](given)


if __name__ == "__main__":
    sys.exit(main())
