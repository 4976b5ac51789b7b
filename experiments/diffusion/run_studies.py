"""The results of both studies, as one long table and the figures."""

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
"""Divisor of the numbers of a smoke run."""
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


def size_rows(fitted: DiffusionFit) -> Rows:
    """Yield the sizes, and the verdict."""
    observed = fitted.observed
    counts = {
        "people": observed.person_count,
        "communities": len(observed.communities),
        "ties": observed.ties.indices.size // 2,
        "periods": observed.periods,
        "adopted": int((observed.adopted != NEVER_ADOPTED).sum()),
        "seeds": int((observed.adopted == 1).sum()),
    }
    for name, count in counts.items():
        yield {"kind": "size", "name": name, "value": count}
    yield {"kind": "verdict", "name": fitted.verdict}
    yield {"kind": "most by ties", "value": fitted.max_share_by_ties}
    for name, there in fitted.signs.items():
        yield {"kind": "sign", "name": name, "value": int(there)}


def model_rows(fitted: DiffusionFit) -> Rows:
    """Yield strengths, comparisons, checks and shuffles."""
    parameters = fitted.tables["parameters"]
    for row in parameters[~parameters["parameter"].str.startswith("push in")].itertuples():
        keys = {"kind": "parameter", "name": row.model, "quantity": row.parameter}
        yield keys | {"value": row.median, "low": row.low, "high": row.high}
    for row in fitted.tables["comparisons"].itertuples():
        keys = {"kind": "comparison", "name": row.model, "against": row.against, "count": row.communities}
        yield keys | {name: getattr(row, name) for name in ("low", "high", "evidence", "most")} | {"value": row.gain}
    for row in fitted.tables["checks"].itertuples():
        keys = {"kind": "check", "name": row.model, "quantity": row.quantity, "observed": row.observed}
        yield keys | {"value": row.median, "low": row.p5, "high": row.p95, "p": row.at_least}
    for row in fitted.tables["shuffles"].itertuples():
        keys = {"kind": "shuffled", "quantity": row.statistic, "observed": row.observed, "value": row.mean}
        yield keys | {"p": row.p, "error": row.error, "count": row.shuffles}


def analyse_study(study: Study, folder: Path, *, smoke: bool) -> tuple[pd.DataFrame, list[Figure]]:
    """Return all rows and the figures of one study, printing the progress."""
    cut = SMOKE if smoke else 1
    observed = read_study(study, folder)
    print(f"{study.name}: fitting", flush=True)
    fitted = fit_observed(observed, replicates=max(20, WORLDS // cut), shuffles=max(99, SHUFFLES // cut))
    rows = [*size_rows(fitted), *model_rows(fitted)]
    print(f"{study.name}: other readings of the ties", flush=True)
    rows += [{"kind": "variant", **row} for row in iterate_variants(study, folder, observed, max(99, SHUFFLES // cut))]
    print(f"{study.name}: histories with a known contact", flush=True)
    rows += [{"kind": "self-check", **row} for row in run_self_check(study, observed, cut)]
    if study is STUDIES[0]:
        rows += [{"kind": "approximate", **row} for row in approximate_posteriors(observed, max(2_500, RUNS // cut))]
    table = pd.DataFrame(rows, columns=list(COLUMNS)).assign(study=study.name)
    return table, [rename_for_study(figure, f"diffusion-{study.stem}", study.name) for figure in fit_figures(fitted)]


def analyse_studies(folder: Path, *, smoke: bool) -> tuple[pd.DataFrame, list[Figure]]:
    """Return the table of all results, and all figures."""
    results = [analyse_study(study, folder, smoke=smoke) for study in STUDIES]
    figures = [figure for _, study_figures in results for figure in study_figures]
    return pd.concat([table for table, _ in results], ignore_index=True), figures


def write_table(table: pd.DataFrame) -> None:
    """Write the table, its numbers to six digits."""
    table.to_csv(TABLE, index=False, float_format="%.6g", lineterminator="\n")
