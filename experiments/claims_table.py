"""The table of claims: a row for each part, from which the page is written."""

from pathlib import Path

import numpy as np
import pandas as pd

from experiments.claim_test import ClaimPart, ClaimTest, Means
from experiments.run_experiment import ExperimentResult
from experiments.verdict import ClaimVerdict

CLAIMS, CAPTIONS = "claims.csv", "captions.csv"
DECIMALS = 5
COLUMNS = {
    "claim": "Number of the claim.",
    "part": "Part of the claim.",
    "arms": "What is compared, as weights and arms; of several differences the smallest is told.",
    "measure": "What is measured (the README says what each is).",
    "smallest": "Smallest difference that matters.",
    "difference": "Mean paired difference over worlds at the defaults.",
    "low": "Its 95 % interval, from.",
    "high": "To.",
    "replicates": "Worlds at the defaults.",
    "share_holds": "Share of plausible models in which the sign holds.",
    "share_low": "Its 95 % interval, from.",
    "share_high": "To.",
    "share_untold": "Share of models in which the sign cannot be told within the model's own noise.",
    "share_matters": "Share of models in which the difference is above the smallest that matters.",
    "models": "Plausible models in which the measure has a meaning.",
    "ablation_difference": "The difference at the defaults with the mechanism off.",
    "ablation_low": "Its 95 % interval, from.",
    "ablation_high": "To.",
    "ablation_left": "Mean difference with the mechanism off, of that with it on, where the sign holds.",
    "verdict": "By the rule.",
    "condition": "Where it holds, or what is missing.",
}


def describe_arms(part: ClaimPart) -> str:
    """Return what a part compares, in words."""
    if len(part.contrasts) > 2:
        first = part.contrasts[0]
        return f"{describe_terms(first.terms, first.constant)}; and {len(part.contrasts) - 1} more alike"
    return "; and ".join(describe_terms(one.terms, one.constant) for one in part.contrasts)


def describe_terms(terms: tuple[tuple[float, str, str], ...], constant: float) -> str:
    """Return a weighted sum of arms in words."""
    words: list[str] = []
    for weight, arm, _ in terms:
        size = "" if abs(weight) == 1.0 else f"{abs(weight):.2g} "
        words.append(f"{'minus ' if weight < 0 else 'plus ' if words else ''}{size}{arm}")
    return " ".join(words) + (f" plus {constant:g}" if constant > 0.0 else f" minus {-constant:g}" if constant else "")


def build_claims_table(findings: ExperimentResult, verdicts: list[ClaimVerdict]) -> pd.DataFrame:
    """Return the rows of one experiment."""
    rows = []
    for one, verdict in zip(findings.evidence, verdicts, strict=True):
        rows.append(
            {
                "claim": findings.experiment.number,
                "part": one.part.name,
                "arms": describe_arms(one.part),
                "measure": one.part.quantity,
                "smallest": one.part.smallest,
                "difference": one.defaults.difference,
                "low": one.defaults.low,
                "high": one.defaults.high,
                "replicates": one.defaults.worlds,
                "share_holds": verdict.holds.value,
                "share_low": verdict.holds.low,
                "share_high": verdict.holds.high,
                "share_untold": verdict.untold,
                "share_matters": verdict.matters,
                "models": one.gains.size,
                "ablation_difference": one.ablated.difference,
                "ablation_low": one.ablated.low,
                "ablation_high": one.ablated.high,
                "ablation_left": verdict.ablation_left,
                "verdict": verdict.word,
                "condition": verdict.reason,
            }
        )
    return round_table(pd.DataFrame(rows, columns=list(COLUMNS)))


def round_table(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table as it is kept: numbers to five decimals, without a minus before zero."""
    numbers = table.select_dtypes("float").columns
    return table.assign(**{name: np.round(table[name], DECIMALS) + 0.0 for name in numbers})


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Write a table of plain numbers and words."""
    table.to_csv(path, index=False, lineterminator="\n")


def read_claims(path: Path) -> pd.DataFrame:
    """Return a table of claims as it was written: an empty condition is no words, and not a missing number."""
    table = pd.read_csv(path, dtype={"condition": "str"})
    return table.assign(condition=table["condition"].fillna(""))


def is_claims_table(path: Path) -> bool:
    """Return whether a file is a table of claims: what a folder is known by that experiments have written to."""
    try:
        return list(pd.read_csv(path, nrows=0).columns) == list(COLUMNS)
    except (OSError, ValueError):
        return False


def read_arm_means(folder: Path, experiment: ClaimTest) -> Means:
    """Return the means of the table of arms that is kept in a folder, by arm and quantity; none without a table."""
    path = folder / f"{experiment.name}.csv"
    if not path.exists():
        return {}
    table = pd.read_csv(path)
    return {(str(one.arm), str(one.quantity)): float(one.mean) for one in table.itertuples()}


def read_captions(folder: Path) -> dict[int, str]:
    """Return what the figures in a folder say, by claim."""
    table = pd.read_csv(folder / CAPTIONS)
    return {int(number): str(words) for number, words in zip(table["claim"], table["caption"], strict=True)}


def merge_captions(folder: Path, experiment: ClaimTest, words: str) -> pd.DataFrame:
    """Return the captions kept in a folder, that of one experiment as it is now, in order."""
    kept = read_captions(folder) if (folder / CAPTIONS).exists() else {}
    every = sorted({**kept, experiment.number: words}.items())
    return pd.DataFrame(every, columns=["claim", "caption"])


def merge_claims(folder: Path, experiment: ClaimTest, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the claims kept in a folder, those of one experiment as they are now, in order."""
    path = folder / CLAIMS
    kept = read_claims(path) if path.exists() else rows.iloc[:0]
    others = kept[kept["claim"] != experiment.number]
    both = [one for one in (others, rows) if len(one)]
    return pd.concat(both, ignore_index=True).sort_values("claim", kind="stable", ignore_index=True)
