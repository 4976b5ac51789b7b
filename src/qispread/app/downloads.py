"""What can be taken away: the scenario as YAML, curves and differences as CSV, pictures, the report."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any

import pandas as pd

from qispread.app.answers import DRAWN
from qispread.app.charts import curve, curve_table
from qispread.app.ensemble import SHOWN, Ensemble, compared
from qispread.app.setting import WHAT_IF, Setting
from qispread.app.story import StoppedError, Told
from qispread.comparison import BASE, compare
from qispread.comparison.robustness import robustness
from qispread.config.faults import Fault, InputError, place_of_name
from qispread.config.writing import scenario_yaml
from qispread.engines.failures import refuse_failed
from qispread.engines.run import simulate
from qispread.figures.converting import Converter
from qispread.figures.drawing import harmless
from qispread.figures.figure import specification
from qispread.report import write_report
from qispread.results import Answer, save, save_comparison

PICTURE_HEIGHT = 236
YAML, CSV, HTML, SVG, PNG = "application/yaml", "text/csv; charset=utf-8", "text/html", "image/svg+xml", "image/png"
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


def file_stem(setting: Setting, arm: str) -> str:
    """Return the name of files about one arm: the scenario's, and the arm's where it is not the base."""
    return setting.base.name if arm == BASE else f"{setting.base.name}-{WHAT_IF}"


def yaml_of(setting: Setting, arm: Any) -> Download:
    """Return one arm as a scenario that `qispread run` reads; the name of its file names the arm in a comparison."""
    scenario, stem = setting.arm(arm), file_stem(setting, arm)
    remark = f"Written by the page of qispread. Run it: qispread run {stem}.yaml"
    if arm == WHAT_IF:
        remark = f"{remark} ; compare it: qispread compare {file_stem(setting, BASE)}.yaml {stem}.yaml"
    return Download(f"{stem}.yaml", YAML, scenario_yaml(scenario, remark).encode())


def as_csv(name: str, table: pd.DataFrame) -> Download:
    """Return a table as CSV in which no spreadsheet finds a formula."""
    return Download(name, CSV, harmless(table).to_csv(index=False, lineterminator="\n").encode())


def curves_csv(setting: Setting, base: Ensemble, what_if: Ensemble) -> Download:
    """Return median and nine in ten worlds of what is shown, by arm and month."""
    count = setting.base.replicates
    arms = {BASE: base} | ({} if setting.same else {WHAT_IF: what_if})
    tables = [
        curve_table({name: one.bands(count)[measure] for name, one in arms.items()}).assign(measure=measure)
        for measure in SHOWN
    ]
    columns = ["measure", "arm", "month", "median", "p5", "p95"]
    return as_csv(f"{setting.base.name}-curves.csv", pd.concat(tables, ignore_index=True)[columns])


def differences_csv(setting: Setting, base: Ensemble, what_if: Ensemble) -> Download:
    """Return the table of differences, as `qispread compare` writes it."""
    comparison = compared(base, what_if, setting.base.replicates, WHAT_IF)
    return as_csv(f"{setting.base.name}-differences.csv", comparison.differences)


def picture_of(setting: Setting, base: Ensemble, what_if: Ensemble, measure: Any, kind: Any) -> Download:
    """Return one curve as a picture, drawn as in a report.

    Raises
    ------
    InputError
        For a measure that the page does not draw, or a kind that is neither svg nor png.
    """
    place_of_name(str(measure), DRAWN, "measure")
    place_of_name(str(kind), ("svg", "png"), "kind")
    count = setting.base.replicates
    arms = {BASE: base.bands(count)[measure], WHAT_IF: what_if.bands(count)[measure]}
    figure, converter = curve(measure, arms, height=PICTURE_HEIGHT), Converter()
    try:
        svg, png = converter.pictures(specification(figure), figure.name)
    finally:
        converter.close()
    name = f"{setting.base.name}-{measure}.{kind}"
    return Download(name, SVG, svg.encode()) if kind == "svg" else Download(name, PNG, png)


def report_of(setting: Setting, stop: Event, tell: Told) -> Download:
    """Return the report on a setting as one page: on the comparison, or on the base where nothing is changed.

    It is made in a folder that is removed at once. Raises `StoppedError` where `stop` is set.
    """

    def told(what: str) -> Callable[[int, int], None]:
        def advance(done: int, of: int) -> None:
            if stop.is_set():
                raise StoppedError
            tell(what, done, of)

        return advance

    with tempfile.TemporaryDirectory(prefix="qispread-") as folder:
        place = Path(folder) / "report"
        if setting.same:
            runs = simulate(setting.base, workers=1, progress=told("Simulating"))
            refuse_failed({"": runs.runs})
            save(runs, place, command=COMMAND)
        else:
            arms = {arm_name(setting): setting.what_if}
            found = compare(setting.base, arms, workers=1, progress=told("Comparing"))
            refuse_failed({name: runs.runs for name, runs in found.runs.items()})
            robust = robustness(found, workers=1, progress=told("Trying plausible models"))
            save_comparison(Answer(found, robust), place, command=COMMAND)
        told("Drawing")(0, 1)
        page = write_report(place)[0].read_bytes()
    return Download(f"{setting.base.name}-report.html", HTML, page)


def arm_name(setting: Setting) -> str:
    """Return what a report calls the what-if: after its policies where they are all that differs."""
    base, what_if = setting.base, setting.what_if
    added = [name for name in what_if.policies if name not in base.policies]
    only = what_if.replace(policies=dict(base.policies)).fingerprint() == base.fingerprint()
    names = " and ".join(name.replace("_", " ") for name in added)
    return names if only and 0 < len(names) <= 60 else WHAT_IF


def checked_files(files: Any) -> list[tuple[str, str]]:
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
