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
    "arms": "Arms that are compared, with their weights; of several differences the smallest is reported.",
    "measure": "The measure (defined in the README).",
    "smallest": "Smallest difference that matters.",
    "difference": "Mean paired difference over replicates at the defaults.",
    "low": "Its 95% interval, from.",
    "high": "To.",
    "replicates": "Replicates at the defaults.",
    "share_holds": "Share of plausible models in which the sign holds.",
    "share_low": "Its 95% interval, from.",
    "share_high": "To.",
    "share_inconclusive": "Share of models in which the 95% interval of the model's own replicates includes 0.",
    "share_matters": "Share of models in which the difference is above the smallest that matters.",
    "models": "Plausible models in which the measure is defined.",
    "ablation_difference": "The difference at the defaults with the mechanism off.",
    "ablation_low": "Its 95% interval, from.",
    "ablation_high": "To.",
    "ablation_left": "Mean difference with the mechanism off, as a share of that with it on, where the sign holds.",
    "verdict": "Verdict by the rule.",
    "condition": "The condition under which the part holds, or the reason why it does not.",
}


def describe_arms(part: ClaimPart) -> str:
    """Return the comparison of a part as text."""
    if len(part.contrasts) > 2:
        first = part.contrasts[0]
        return f"{describe_terms(first.terms, first.constant)}; and {len(part.contrasts) - 1} similar"
    return "; and ".join(describe_terms(contrast.terms, contrast.constant) for contrast in part.contrasts)


def describe_terms(terms: tuple[tuple[float, str, str], ...], constant: float) -> str:
    """Return a weighted sum of arms as text."""
    parts = [f"{sign_word(weight)} {format_weight(weight)}{arm}" for weight, arm, _ in terms]
    if constant:
        parts.append(f"{sign_word(constant)} {abs(constant):g}")
    return " ".join(parts).removeprefix("plus ")


def sign_word(number: float) -> str:
    """Return the word before a term of a sum."""
    return "minus" if number < 0.0 else "plus"


def format_weight(weight: float) -> str:
    """Return the size of a weight before its arm; nothing for 1."""
    return "" if abs(weight) == 1.0 else f"{abs(weight):.2g} "


def build_claims_table(findings: ExperimentResult, verdicts: list[ClaimVerdict]) -> pd.DataFrame:
    """Return the rows of one experiment."""
    rows = []
    for evidence, verdict in zip(findings.evidence, verdicts, strict=True):
        rows.append(
            {
                "claim": findings.experiment.number,
                "part": evidence.part.name,
                "arms": describe_arms(evidence.part),
                "measure": evidence.part.quantity,
                "smallest": evidence.part.smallest,
                "difference": evidence.defaults.difference,
                "low": evidence.defaults.low,
                "high": evidence.defaults.high,
                "replicates": evidence.defaults.replicates,
                "share_holds": verdict.holds.value,
                "share_low": verdict.holds.low,
                "share_high": verdict.holds.high,
                "share_inconclusive": verdict.inconclusive,
                "share_matters": verdict.matters,
                "models": evidence.gains.size,
                "ablation_difference": evidence.ablated.difference,
                "ablation_low": evidence.ablated.low,
                "ablation_high": evidence.ablated.high,
                "ablation_left": verdict.ablation_left,
                "verdict": verdict.word,
                "condition": verdict.reason,
            }
        )
    return round_table(pd.DataFrame(rows, columns=list(COLUMNS)))


def round_table(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table as it is saved: numbers to five decimals, without a minus before zero."""
    numbers = table.select_dtypes("float").columns
    return table.assign(**{name: np.round(table[name], DECIMALS) + 0.0 for name in numbers})


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Write a table of plain numbers and words."""
    table.to_csv(path, index=False, lineterminator="\n")


def read_claims(path: Path) -> pd.DataFrame:
    """Read a table of claims: an empty condition is empty text, and not a missing number."""
    table = pd.read_csv(path, dtype={"condition": "str"})
    return table.assign(condition=table["condition"].fillna(""))


def is_claims_table(path: Path) -> bool:
    """Return whether a file is a table of claims, which marks a folder that experiments have written to."""
    try:
        return list(pd.read_csv(path, nrows=0).columns) == list(COLUMNS)
    except (OSError, ValueError):
        return False


def read_arm_means(folder: Path, experiment: ClaimTest) -> Means:
    """Read the means of the table of arms in a folder, by arm and quantity; none without a table."""
    path = folder / f"{experiment.name}.csv"
    if not path.exists():
        return {}
    table = pd.read_csv(path)
    return {(str(row.arm), str(row.quantity)): float(row.mean) for row in table.itertuples()}


def read_captions(folder: Path) -> dict[int, str]:
    """Read the captions of the figures in a folder, by claim."""
    table = pd.read_csv(folder / CAPTIONS)
    return {int(number): str(caption) for number, caption in zip(table["claim"], table["caption"], strict=True)}


def merge_captions(folder: Path, experiment: ClaimTest, caption: str) -> pd.DataFrame:
    """Return the captions of a folder in order, with the new one of an experiment."""
    former = read_captions(folder) if (folder / CAPTIONS).exists() else {}
    captions = sorted({**former, experiment.number: caption}.items())
    return pd.DataFrame(captions, columns=["claim", "caption"])


def merge_claims(folder: Path, experiment: ClaimTest, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the claims of a folder in order, with the new rows of an experiment."""
    path = folder / CLAIMS
    former = read_claims(path) if path.exists() else rows.iloc[:0]
    others = former[former["claim"] != experiment.number]
    tables = [table for table in (others, rows) if len(table)]
    return pd.concat(tables, ignore_index=True).sort_values("claim", kind="stable", ignore_index=True)
