"""All limits, family by family, and the table of findings."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from experiments.validation import (
    cascades,
    chance_limits,
    discontinuation,
    hearing_growth,
    lattices,
    oracles,
    practice_limits,
)
from experiments.validation.known_limit import KnownLimit, judge_finding, standard_score

ROOT = Path(__file__).resolve().parents[2]
TABLE, STEPS = ROOT / "results/published/validation.csv", ROOT / "results/published/validation_steps.csv"
COLUMNS = (
    "family",
    "limit",
    "source",
    "exact",
    "quantity",
    "reference",
    "ours",
    "standard_error",
    "z",
    "similar",
    "margin",
    "replicates",
    "seed",
    "verdict",
)
FEWEST, SMOKE = 4, 400
"""Smallest number of replicates of a smoke run, and the divisor of the full number."""


@dataclass(frozen=True)
class LimitFamily:
    """Limits of one kind, under one heading."""

    heading: str
    limits: Sequence[KnownLimit]


FAMILIES = (
    LimitFamily("Spread by hearing alone", hearing_growth.LIMITS),
    LimitFamily("Users who discontinue for ever", discontinuation.LIMITS),
    LimitFamily("Threshold cascades", cascades.LIMITS),
    LimitFamily("Thresholds on lattices", lattices.LIMITS),
    LimitFamily("A practice after it has begun", practice_limits.LIMITS),
    LimitFamily("Chance", chance_limits.LIMITS),
    LimitFamily("Other programs", oracles.LIMITS),
)


def limit_replicates(limit: KnownLimit, *, smoke: bool) -> int:
    """Return the number of replicates of a limit."""
    return max(min(FEWEST, limit.replicates), limit.replicates // SMOKE) if smoke else limit.replicates


def limit_rows(family: LimitFamily, limit: KnownLimit, *, smoke: bool = False) -> Iterator[dict[str, object]]:
    """Yield a row for each finding of a limit; one row without numbers if the program that it needs is missing."""
    replicates = limit_replicates(limit, smoke=smoke)
    common = {"family": family.heading, "limit": limit.name, "source": limit.source, "exact": limit.exact}
    common |= {"margin": limit.margin, "replicates": replicates, "seed": limit.seed}
    if limit.needs and not oracles.is_installed(limit.needs):
        yield common | {"quantity": f"{limit.needs} is not installed", "verdict": "not run"}
        return
    names = ("quantity", "reference", "ours", "standard_error", "similar")
    for finding in limit.find(replicates, limit.seed):
        numbers = {name: getattr(finding, name) for name in names}
        own = {} if finding.margin is None else {"margin": finding.margin}
        verdict = {"z": standard_score(finding), "verdict": judge_finding(finding, limit.margin)}
        yield common | numbers | own | verdict


def run_all_limits(*, smoke: bool = False) -> pd.DataFrame:
    """Return the table of all findings, one row each, printing the progress."""
    rows = []
    for family in FAMILIES:
        for limit in family.limits:
            print(f"{family.heading}: {limit.name}", flush=True)
            rows += list(limit_rows(family, limit, smoke=smoke))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Write a table as CSV, its numbers to six digits."""
    path.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(path, index=False, float_format="%.6g", lineterminator="\n")


def read_table(path: Path) -> pd.DataFrame:
    """Read a table as it was written."""
    table = pd.read_csv(path, keep_default_na=False, na_values={name: [""] for name in ("z", "similar", "margin")})
    numbers = table.columns.intersection(["reference", "ours", "standard_error"])
    return table.assign(**{name: pd.to_numeric(table[name], errors="coerce") for name in numbers})


def summarise_verdicts(table: pd.DataFrame) -> str:
    """Return the number of findings with each verdict, and the spread of the standard scores, as text."""
    counts = table["verdict"].value_counts()
    scores = table["z"].dropna().abs()
    own = table[table["family"] != "Threshold cascades"]["z"].dropna().abs()
    verdicts = ", ".join(f"{counts[name]} {name}" for name in counts.index)
    beyond = int(np.count_nonzero(own > 2.0))
    return (
        f"{len(table)} findings: {verdicts}. Random numbers are involved in {scores.size}; {own.size} of these concern "
        f"limits that hold at any size or other programs: {beyond} are beyond two standard errors, "
        f"{0.0455 * own.size:.1f} are expected, and the largest is {own.max():.2f}."
    )
