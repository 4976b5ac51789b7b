"""The page of what mutation testing found, and the tables that it is made from."""

import csv
from collections.abc import Sequence
from pathlib import Path

from scipy.stats import binomtest

FOLDER = Path(__file__).resolve().parent
TABLE, VERDICTS = FOLDER / "mutants.csv", FOLDER / "mutant_verdicts.csv"
COLUMNS = (
    "key",
    "area",
    "file",
    "function",
    "line",
    "operator",
    "before",
    "after",
    "outcome",
    "by",
    "now",
    "now_by",
    "tests",
    "seconds",
    "seed",
    "of",
    "sources",
)
KILLED = ("killed", "timeout")
EQUIVALENT = "equivalent"

Row = dict[str, str]


def read_table(path: Path) -> list[Row]:
    """Return the rows of a table."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def read_verdicts(path: Path = VERDICTS) -> dict[str, Row]:
    """Return what was found out about mutants that survived, by key: columns key, verdict and why."""
    return {row["key"]: row for row in read_table(path)} if path.exists() else {}


def share(killed: int, number: int) -> str:
    """Return a share with its 95 % interval (Wilson), in words."""
    if not number:
        return "-"
    low, high = binomtest(killed, number).proportion_ci(0.95, "wilson")
    return f"{100 * killed / number:.1f}% ({100 * low:.1f} to {100 * high:.1f})"


def counted(rows: Sequence[Row], column: str) -> int:
    """Return how many of some mutants are killed, in the first run or now."""
    return sum(row[column] in KILLED for row in rows)


def table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return a table in Markdown."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(str(one) for one in line) + " |" for line in lines)


def code(text: str) -> str:
    """Return source text as it stands in a cell of a table."""
    one_line = " ".join(text.split()).replace("|", "\\|")
    return f"`{one_line[:57]}...`" if len(one_line) > 60 else f"`{one_line}`"


def shares(rows: Sequence[Row], equivalent: set[str], header: str, names: str) -> str:
    """Return the table of shares killed, by the values of a column and in all."""
    found = []
    groups = {name: [row for row in rows if row[names] == name] for name in sorted({row[names] for row in rows})}
    for name, group in [*groups.items(), ("**all**", rows)]:
        real = [row for row in group if row["key"] not in equivalent]
        first, number = counted(group, "outcome"), len(group)
        found.append(
            (
                name,
                number,
                first,
                share(first, number),
                share(counted(real, "outcome"), len(real)),
                counted(group, "now"),
            )
        )
    columns = (header, "Mutants", "Killed", "Share killed (95% interval)", "Without equivalents", "Killed now")
    return table(columns, found)


def verdict_of(row: Row, verdicts: dict[str, Row]) -> str:
    """Return what is known of a mutant that survived."""
    if row["now"] in KILLED:
        by = row["now_by"].replace("tests/", "", 1)
        return f"killed now by {code(by)}" if by else "killed now: it never ends"
    known = verdicts.get(row["key"])
    return f"{known['verdict']}: {known['why']}" if known else "open"


def page(rows: Sequence[Row], verdicts: dict[str, Row] | None = None) -> str:
    """Return the page in Markdown."""
    verdicts = read_verdicts() if verdicts is None else verdicts
    equivalent = {row["key"] for row in rows if verdicts.get(row["key"], {}).get("verdict") == EQUIVALENT}
    left = [row for row in rows if row["outcome"] not in KILLED]
    sizes = {row["area"]: int(row["of"]) for row in rows}
    drawn = ", ".join(f"{sum(row['area'] == name for row in rows)} of {size} in {name}" for name, size in sizes.items())
    survivors = [
        (
            f"{row['file'].removeprefix('src/qispread/')}:{row['line']}",
            code(row["before"]),
            code(row["after"]),
            verdict_of(row, verdicts),
        )
        for row in sorted(left, key=lambda row: (row["file"], int(row["line"])))
    ]
    timeouts = sum(row["outcome"] == "timeout" for row in rows)
    return f"""# Mutation testing

Made by `python benchmarks/mutation.py page`; do not edit. A mutant is the source with one small fault, such as `<` for
`<=`, `+` for `-`, 0.55 for 0.5, or a statement left out. It is killed where a test fails. A mutant that cannot be told
from the source, whatever is run, is equivalent: it counts as a survivor in the raw share, and is left out of the next.

The sample: {len(rows)} mutants drawn at random (seed {rows[0]["seed"]}), as many from each area and each mutant of an
area as likely as any: {drawn}.
Each area so counts alike, and for the whole the interval is, if anything, too wide.
Left out are what compiles and caches, words, the layout of maps, and the reading of tables (`AREAS` in
`benchmarks/mutation_runs.py`).

## What the tests kill

{shares(rows, equivalent, "Area", "area")}

Intervals are Wilson's. "Killed now" adds the tests that were written because of survivors, so it says nothing of other
mutants. {timeouts} of those killed made a test run far beyond its time.

## By kind of fault

{shares(rows, equivalent, "Fault", "operator")}

## The survivors

{table(("Where", "Source", "Mutant", "Verdict"), survivors) if survivors else "None."}

## How it is done

`python benchmarks/mutation.py run --workers 2` draws the mutants anew from the sources as they are, in copies of the
project, and goes on where it was stopped; `again` runs the survivors against the tests that there are by then; verdicts
on survivors are rows of `benchmarks/mutant_verdicts.csv`. For rules and engines tests run interpreted
(`NUMBA_DISABLE_JIT=1`). Which tests reach a function is found out first; a mutant meets those that call its function,
the quickest first, then those that call its file, up to three quarters of a minute of processor time together. What
only a longer test, or the rest of the suite, would notice counts as survived.
"""
