"""Downloads of the page: scenario as YAML, curves and differences as CSV, figures, report; and checks of uploads."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any

import pandas as pd

from qispread.inputs.errors import Fault, InputError, index_of
from qispread.inputs.scenario_yaml import render_scenario_yaml
from qispread.interfaces.page.compare_endpoint import charted_measures
from qispread.interfaces.page.ensembles import Ensemble, build_comparison
from qispread.interfaces.page.live_charts import build_curve_table, curve_figure_for_page
from qispread.interfaces.page.organisation_story import ProgressReporter, RequestCancelledError
from qispread.interfaces.page.page_state import OPTION, PageState
from qispread.model.engines.run_failures import raise_if_failed
from qispread.model.engines.simulation import simulate
from qispread.outputs.figures.figure import vega_specification
from qispread.outputs.figures.render import escape_csv_formulas
from qispread.outputs.figures.vega_renderer import VegaRenderer
from qispread.outputs.report import write_report
from qispread.outputs.results import ComparisonResult, write_comparison, write_runs
from qispread.runs.comparison import BASELINE_ARM, compare
from qispread.runs.comparison.robustness import robustness

CHART_HEIGHT = 236
YAML_TYPE, CSV_TYPE, HTML_TYPE, SVG_TYPE, PNG_TYPE = (
    "application/yaml",
    "text/csv; charset=utf-8",
    "text/html",
    "image/svg+xml",
    "image/png",
)
COMMAND = ("qispread", "app")


@dataclass(frozen=True)
class Download:
    """A file to download.

    Attributes
    ----------
    name, kind : str
        File name and media type.
    content : bytes
    """

    name: str
    kind: str
    content: bytes


def file_stem(state: PageState, arm: str) -> str:
    """Return the file name without suffix: the scenario's name, with the arm's unless it is the baseline."""
    return state.baseline.name if arm == BASELINE_ARM else f"{state.baseline.name}-{OPTION}"


def render_arm_yaml(state: PageState, arm: Any) -> Download:
    """Return one arm as a scenario file for `qispread run` and `compare`."""
    scenario, stem = state.arm(arm), file_stem(state, arm)
    remark = f"Written by the page of qispread. To run: qispread run {stem}.yaml"
    if arm == OPTION:
        remark = f"{remark}; to compare: qispread compare {file_stem(state, BASELINE_ARM)}.yaml {stem}.yaml"
    return Download(f"{stem}.yaml", YAML_TYPE, render_scenario_yaml(scenario, remark).encode())


def csv_download(name: str, table: pd.DataFrame) -> Download:
    """Return a table as CSV, with text that a spreadsheet would read as a formula escaped."""
    return Download(name, CSV_TYPE, escape_csv_formulas(table).to_csv(index=False, lineterminator="\n").encode())


def render_curves_csv(state: PageState, baseline: Ensemble, option: Ensemble) -> Download:
    """Return the median and 5th and 95th percentile over runs of each measure, by arm and month."""
    count = state.baseline.replicates
    arms = {BASELINE_ARM: baseline} | ({} if state.is_unchanged else {OPTION: option})
    tables = [
        build_curve_table({name: ensemble.bands(count)[measure] for name, ensemble in arms.items()}).assign(
            measure=measure
        )
        for measure in baseline.measures
        if measure in option.measures
    ]
    columns = ["measure", "arm", "month", "median", "p5", "p95"]
    return csv_download(f"{state.baseline.name}-curves.csv", pd.concat(tables, ignore_index=True)[columns])


def render_differences_csv(state: PageState, baseline: Ensemble, option: Ensemble) -> Download:
    """Return the table of differences, as `qispread compare` writes it."""
    comparison = build_comparison(baseline, option, state.baseline.replicates, OPTION)
    return csv_download(f"{state.baseline.name}-differences.csv", comparison.differences)


def render_picture(state: PageState, baseline: Ensemble, option: Ensemble, measure: Any, kind: Any) -> Download:
    """Return one curve as an image, as in a report.

    Raises
    ------
    InputError
        For a measure without a curve, or a kind other than svg and png.
    """
    index_of(str(measure), charted_measures(baseline, option), "measure")
    index_of(str(kind), ("svg", "png"), "kind")
    count = state.baseline.replicates
    arms = {BASELINE_ARM: baseline.bands(count)[measure], OPTION: option.bands(count)[measure]}
    figure, converter = curve_figure_for_page(measure, arms, height=CHART_HEIGHT), VegaRenderer()
    try:
        svg, png = converter.render(vega_specification(figure), figure.name)
    finally:
        converter.close()
    name = f"{state.baseline.name}-{measure}.{kind}"
    return Download(name, SVG_TYPE, svg.encode()) if kind == "svg" else Download(name, PNG_TYPE, png)


def build_page_report(state: PageState, cancelled: Event, report_progress: ProgressReporter) -> Download:
    """Return the report on the comparison, or on the baseline if nothing is changed, as one HTML file.

    It is written to a temporary folder. Raises `RequestCancelledError` once `cancelled` is set.
    """

    def progress(activity: str) -> Callable[[int, int], None]:
        def advance(done: int, total: int) -> None:
            if cancelled.is_set():
                raise RequestCancelledError
            report_progress(activity, done, total)

        return advance

    with tempfile.TemporaryDirectory(prefix="qispread-") as folder:
        path = Path(folder) / "report"
        if state.is_unchanged:
            runs = simulate(state.baseline, workers=1, progress=progress("Simulating"))
            raise_if_failed({"": runs.runs})
            write_runs(runs, path, command=COMMAND)
        else:
            arms = {option_name(state): state.option}
            comparison = compare(state.baseline, arms, workers=1, progress=progress("Comparing"))
            raise_if_failed({name: runs.runs for name, runs in comparison.runs.items()})
            ranking = robustness(comparison, workers=1, progress=progress("Running plausible models"))
            write_comparison(ComparisonResult(comparison, ranking), path, command=COMMAND)
        progress("Drawing")(0, 1)
        page = write_report(path)[0].read_bytes()
    return Download(f"{state.baseline.name}-report.html", HTML_TYPE, page)


def option_name(state: PageState) -> str:
    """Return the name of the option in a report: its policies if nothing else differs."""
    baseline, option = state.baseline, state.option
    added = [name for name in option.policies if name not in baseline.policies]
    only_policies = option.replace(policies=dict(baseline.policies)).fingerprint() == baseline.fingerprint()
    names = " and ".join(name.replace("_", " ") for name in added)
    return names if only_policies and 0 < len(names) <= 60 else OPTION


def validate_uploads(files: Any) -> list[tuple[str, str]]:
    """Validate uploaded files, and return their names and base64 contents.

    Raises
    ------
    InputError
        For anything but a list of mappings with name and content.
    """
    is_valid = isinstance(files, list) and all(
        isinstance(entry, dict) and isinstance(entry.get("name"), str) and isinstance(entry.get("content"), str)
        for entry in files
    )
    if not is_valid:
        raise InputError([Fault("files", "needed: a list of files, each with name and content")])
    return [(entry["name"], entry["content"]) for entry in files]
