"""What is found of both studies, as one long table and the figures."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from experiments.diffusion.method_check import RUNS, approximate_posteriors, run_self_check
from experiments.diffusion.studies import ROOT, STUDIES, Study, read_study
from experiments.diffusion.tie_variants import iterate_variants
from qispread.outputs.figures.figure import Figure
from qispread.outputs.figures.fit_figures import fit_figures, rename_for_study
from qispread.runs.diffusion_fit.fit_diffusion import DiffusionFit, fit_observed
from qispread.runs.diffusion_fit.observed_diffusion import NEVER_ADOPTED

PUBLISHED = ROOT / "results/published"
TABLE = PUBLISHED / "diffusion.csv"
WORLDS, SHUFFLES = 400, 9999
SMOKE = 40
"""Into what part of themselves a smoke run cuts the numbers."""
COLUMNS = (
    "study",
    "kind",
    "name",
    "against",
    "quantity",
    "observed",
    "value",
    "low",
    "high",
    "evidence",
    "most",
    "p",
    "error",
    "count",
)
Rows = Iterator[dict[str, Any]]


def size_rows(found: DiffusionFit) -> Rows:
    """Yield what was read, and the verdict."""
    one = found.observed
    counts = {
        "people": one.person_count,
        "communities": len(one.communities),
        "ties": one.ties.indices.size // 2,
        "periods": one.periods,
        "adopted": int((one.adopted != NEVER_ADOPTED).sum()),
        "seeds": int((one.adopted == 1).sum()),
    }
    for name, count in counts.items():
        yield {"kind": "size", "name": name, "value": count}
    yield {"kind": "verdict", "name": found.verdict}
    yield {"kind": "most by ties", "value": found.max_share_by_ties}
    for name, there in found.signs.items():
        yield {"kind": "sign", "name": name, "value": int(there)}


def model_rows(found: DiffusionFit) -> Rows:
    """Yield strengths, comparisons, checks and shuffles."""
    parameters = found.tables["parameters"]
    for row in parameters[~parameters["parameter"].str.startswith("push in")].itertuples():
        told = {"kind": "parameter", "name": row.model, "quantity": row.parameter}
        yield told | {"value": row.median, "low": row.low, "high": row.high}
    for row in found.tables["comparisons"].itertuples():
        told = {"kind": "comparison", "name": row.model, "against": row.against, "count": row.communities}
        yield told | {name: getattr(row, name) for name in ("low", "high", "evidence", "most")} | {"value": row.gain}
    for row in found.tables["checks"].itertuples():
        told = {"kind": "check", "name": row.model, "quantity": row.quantity, "observed": row.observed}
        yield told | {"value": row.median, "low": row.p5, "high": row.p95, "p": row.at_least}
    for row in found.tables["shuffles"].itertuples():
        told = {"kind": "shuffled", "quantity": row.statistic, "observed": row.observed, "value": row.mean}
        yield told | {"p": row.p, "error": row.error, "count": row.shuffles}


def analyse_study(study: Study, folder: Path, *, smoke: bool) -> tuple[pd.DataFrame, list[Figure]]:
    """Return all rows and the figures of one study, telling what is under way."""
    cut = SMOKE if smoke else 1
    observed = read_study(study, folder)
    print(f"{study.name}: fitting", flush=True)
    found = fit_observed(observed, replicates=max(20, WORLDS // cut), shuffles=max(99, SHUFFLES // cut))
    rows = [*size_rows(found), *model_rows(found)]
    print(f"{study.name}: other ways to read it", flush=True)
    rows += [{"kind": "variant", **one} for one in iterate_variants(study, folder, observed, max(99, SHUFFLES // cut))]
    print(f"{study.name}: histories whose truth is known", flush=True)
    rows += [{"kind": "self-check", **one} for one in run_self_check(study, observed, cut)]
    if study is STUDIES[0]:
        rows += [{"kind": "approximate", **one} for one in approximate_posteriors(observed, max(2_500, RUNS // cut))]
    table = pd.DataFrame(rows, columns=list(COLUMNS)).assign(study=study.name)
    return table, [rename_for_study(one, f"diffusion-{study.stem}", study.name) for one in fit_figures(found)]


def analyse_studies(folder: Path, *, smoke: bool) -> tuple[pd.DataFrame, list[Figure]]:
    """Return the table of all that is found, and all figures."""
    both = [analyse_study(study, folder, smoke=smoke) for study in STUDIES]
    return pd.concat([table for table, _ in both], ignore_index=True), [one for _, some in both for one in some]


def write_table(table: pd.DataFrame) -> None:
    """Write the table, its numbers to six digits."""
    table.to_csv(TABLE, index=False, float_format="%.6g", lineterminator="\n")
