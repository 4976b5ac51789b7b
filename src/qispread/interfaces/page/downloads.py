"""What can be taken away: the scenario as YAML, curves and differences as CSV, pictures, the report."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any

import pandas as pd

from qispread.inputs.errors import Fault, InputError, index_of
from qispread.inputs.scenario_yaml import render_scenario_yaml
from qispread.interfaces.page.compare_endpoint import DRAWN_MEASURES
from qispread.interfaces.page.ensembles import MONTHLY_MEASURES, Ensemble, build_comparison
from qispread.interfaces.page.live_charts import build_curve_table, curve_figure_for_page
from qispread.interfaces.page.organisation_story import ProgressReporter, RequestCancelledError
from qispread.interfaces.page.page_state import WHAT_IF, PageState
from qispread.model.engines.run_failures import raise_if_failed
from qispread.model.engines.simulation import simulate
from qispread.outputs.figures.figure import vega_specification
from qispread.outputs.figures.render import escape_csv_formulas
from qispread.outputs.figures.vega_renderer import VegaRenderer
from qispread.outputs.report import write_report
from qispread.outputs.results import ComparisonResult, save, save_comparison
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
    """A file to take away.

    Attributes
    ----------
    name, kind : str
        Its name, and its media type.
    content : bytes
    """

    name: str
    kind: str
    content: bytes


def file_stem(setting: PageState, arm: str) -> str:
    """Return the name of files about one arm: the scenario's, and the arm's where it is not the base."""
    return setting.base.name if arm == BASELINE_ARM else f"{setting.base.name}-{WHAT_IF}"


def render_arm_yaml(setting: PageState, arm: Any) -> Download:
    """Return one arm as a scenario that `qispread run` reads; the name of its file names the arm in a comparison."""
    scenario, stem = setting.arm(arm), file_stem(setting, arm)
    remark = f"Written by the page of qispread. Run it: qispread run {stem}.yaml"
    if arm == WHAT_IF:
        remark = f"{remark} ; compare it: qispread compare {file_stem(setting, BASELINE_ARM)}.yaml {stem}.yaml"
    return Download(f"{stem}.yaml", YAML_TYPE, render_scenario_yaml(scenario, remark).encode())


def csv_download(name: str, table: pd.DataFrame) -> Download:
    """Return a table as CSV in which no spreadsheet finds a formula."""
    return Download(name, CSV_TYPE, escape_csv_formulas(table).to_csv(index=False, lineterminator="\n").encode())


def render_curves_csv(setting: PageState, base: Ensemble, what_if: Ensemble) -> Download:
    """Return median and nine in ten worlds of what is shown, by arm and month."""
    count = setting.base.replicates
    arms = {BASELINE_ARM: base} | ({} if setting.is_unchanged else {WHAT_IF: what_if})
    tables = [
        build_curve_table({name: one.bands(count)[measure] for name, one in arms.items()}).assign(measure=measure)
        for measure in MONTHLY_MEASURES
    ]
    columns = ["measure", "arm", "month", "median", "p5", "p95"]
    return csv_download(f"{setting.base.name}-curves.csv", pd.concat(tables, ignore_index=True)[columns])


def render_differences_csv(setting: PageState, base: Ensemble, what_if: Ensemble) -> Download:
    """Return the table of differences, as `qispread compare` writes it."""
    comparison = build_comparison(base, what_if, setting.base.replicates, WHAT_IF)
    return csv_download(f"{setting.base.name}-differences.csv", comparison.differences)


def render_picture(setting: PageState, base: Ensemble, what_if: Ensemble, measure: Any, kind: Any) -> Download:
    """Return one curve as a picture, drawn as in a report.

    Raises
    ------
    InputError
        For a measure that the page does not draw, or a kind that is neither svg nor png.
    """
    index_of(str(measure), DRAWN_MEASURES, "measure")
    index_of(str(kind), ("svg", "png"), "kind")
    count = setting.base.replicates
    arms = {BASELINE_ARM: base.bands(count)[measure], WHAT_IF: what_if.bands(count)[measure]}
    figure, converter = curve_figure_for_page(measure, arms, height=CHART_HEIGHT), VegaRenderer()
    try:
        svg, png = converter.render(vega_specification(figure), figure.name)
    finally:
        converter.close()
    name = f"{setting.base.name}-{measure}.{kind}"
    return Download(name, SVG_TYPE, svg.encode()) if kind == "svg" else Download(name, PNG_TYPE, png)


def build_page_report(setting: PageState, cancelled: Event, report_progress: ProgressReporter) -> Download:
    """Return the report on a setting as one page: on the comparison, or on the base where nothing is changed.

    It is made in a folder that is removed at once. Raises `RequestCancelledError` where `cancelled` is set.
    """

    def told(what: str) -> Callable[[int, int], None]:
        def advance(done: int, of: int) -> None:
            if cancelled.is_set():
                raise RequestCancelledError
            report_progress(what, done, of)

        return advance

    with tempfile.TemporaryDirectory(prefix="qispread-") as folder:
        place = Path(folder) / "report"
        if setting.is_unchanged:
            runs = simulate(setting.base, workers=1, progress=told("Simulating"))
            raise_if_failed({"": runs.runs})
            save(runs, place, command=COMMAND)
        else:
            arms = {what_if_name(setting): setting.what_if}
            found = compare(setting.base, arms, workers=1, progress=told("Comparing"))
            raise_if_failed({name: runs.runs for name, runs in found.runs.items()})
            robust = robustness(found, workers=1, progress=told("Trying plausible models"))
            save_comparison(ComparisonResult(found, robust), place, command=COMMAND)
        told("Drawing")(0, 1)
        page = write_report(place)[0].read_bytes()
    return Download(f"{setting.base.name}-report.html", HTML_TYPE, page)


def what_if_name(setting: PageState) -> str:
    """Return what a report calls the what-if: after its policies where they are all that differs."""
    base, what_if = setting.base, setting.what_if
    added = [name for name in what_if.policies if name not in base.policies]
    only = what_if.replace(policies=dict(base.policies)).fingerprint() == base.fingerprint()
    names = " and ".join(name.replace("_", " ") for name in added)
    return names if only and 0 < len(names) <= 60 else WHAT_IF


def validate_uploads(files: Any) -> list[tuple[str, str]]:
    """Return the names and the content, in letters, of files that were sent.

    Raises
    ------
    InputError
        For anything but a list of mappings of a name and a content.
    """
    fine = isinstance(files, list) and all(
        isinstance(one, dict) and isinstance(one.get("name"), str) and isinstance(one.get("content"), str)
        for one in files
    )
    if not fine:
        raise InputError([Fault("files", "needed: a list of files, each with name and content")])
    return [(one["name"], one["content"]) for one in files]
