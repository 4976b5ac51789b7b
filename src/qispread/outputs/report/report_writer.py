"""Write `report.html` and its charts from a folder of results, all files or none."""

import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import jinja2
from markupsafe import Markup

from qispread import __version__
from qispread.common.formatting import apply_typography
from qispread.inputs import argument_checks
from qispread.outputs.figures.figure import Figure
from qispread.outputs.figures.render import FigureRenderer, RenderedFigure, write_rendered_figures
from qispread.outputs.report.assumptions_section import assumptions_section
from qispread.outputs.report.blocks import ReportSection
from qispread.outputs.report.costs_section import costs_section
from qispread.outputs.report.curves_section import (
    classes_section,
    curves_section,
    event_rate_section,
    fidelity_gap_section,
    own_measures_section,
)
from qispread.outputs.report.differences_section import differences_section
from qispread.outputs.report.equity_section import equity_section
from qispread.outputs.report.example_organisations import example_sections
from qispread.outputs.report.failures_section import reject_failed_results
from qispread.outputs.report.headline import MODEL_CAUTION, ReportHeadline, build_headline
from qispread.outputs.report.provenance_section import limits_section, reproduce_section
from qispread.outputs.report.read_results import read_results, reading_error
from qispread.outputs.report.report_data import ReportData
from qispread.outputs.report.robustness_section import factorial_section, robustness_section
from qispread.outputs.results.results_folder import (
    CHARTS_FOLDER,
    MANIFEST,
    PAGE_FILE,
    REMEDIES,
    check_results_folder,
    cleanup_on_abort,
    output_folder_error,
    remove_charts,
)
from qispread.runs.sweep.atomic_files import local_folder


@dataclass(frozen=True)
class ReportContent:
    """A report before it is rendered.

    Attributes
    ----------
    data : ReportData
    headline : ReportHeadline
    sections : sequence of ReportSection
    """

    data: ReportData
    headline: ReportHeadline
    sections: Sequence[ReportSection]


def build_report(folder: Path, on_figure: Callable[[Iterable[Figure]], object] = list) -> ReportContent:
    """Return the report on a folder of results; `on_figure` receives figures as they are built.

    Raises as `write_report`.
    """
    results = read_results(folder)
    reject_failed_results(results)
    view = ReportData(results)
    answer, sections = build_headline(view), []
    on_figure([answer.chart])
    for section in build_sections(view):
        on_figure(section.figures)
        sections.append(section)
    return ReportContent(view, answer, sections)


def build_sections(view: ReportData) -> Iterator[ReportSection]:
    """Yield the sections in order; a section without results is left out."""
    if view.results.comparison:
        yield differences_section(view)
    yield curves_section(view)
    yield fidelity_gap_section(view)
    yield event_rate_section(view)
    optional = (own_measures_section, equity_section, costs_section)
    yield from (section for build in optional if (section := build(view)) is not None)
    yield from example_sections(view)
    yield classes_section(view)
    yield from (section for build in (robustness_section, factorial_section) if (section := build(view)) is not None)
    yield assumptions_section(view)
    yield limits_section()
    yield reproduce_section(view)


@argument_checks.validate_arguments(
    folder=argument_checks.check_path,
    out=argument_checks.optional_check(argument_checks.check_path),
    overwrite=argument_checks.check_flag,
)
def write_report(folder: str | Path, out: str | Path | None = None, *, overwrite: bool = False) -> list[Path]:
    """Write the report on a folder that `run` or `compare` wrote: one page, and its charts as files.

    Parameters
    ----------
    folder : str or Path
        Read, and unless `out` is given written to: ``report.html``, and in ``charts`` each chart as SVG and PNG with
        its numbers as CSV.
    out : str or Path, optional
        Another folder for the report, for example where the results are in a read-only archive.
    overwrite : bool
        Whether a report that is in `out` may be replaced.

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    InputError
        Where the folder holds no results, or they are broken or incomplete; where the folder of the report cannot be
        written to; where `out` holds other results or another report; where all runs of an arm failed.
    """
    folder = Path(folder)
    report_folder = folder if out is None else local_folder(out)
    with cleanup_on_abort(report_folder):
        if report_folder.resolve() != folder.resolve():
            check_report_folder(report_folder, overwrite=overwrite)
        with FigureRenderer() as renderer:
            report = build_report(folder, renderer.submit)
            drawings = renderer.collect()
        page = render_page(report, {drawing.figure.name: drawing for drawing in drawings})
        with write_atomically(report_folder) as new:
            (new / CHARTS_FOLDER).mkdir()
            (new / PAGE_FILE).write_text(page, encoding="utf-8")
            names = [path.name for path in write_rendered_figures(drawings, new / CHARTS_FOLDER)]
    return [report_folder / PAGE_FILE, *(report_folder / CHARTS_FOLDER / name for name in names)]


def check_report_folder(folder: Path, *, overwrite: bool) -> None:
    """Check that a report can be written to a folder other than that of its results.

    Raises
    ------
    InputError
        Where it holds results that the report does not describe; a report, and `overwrite` is off; or cannot be written
        to.
    """
    check_results_folder(folder, {}, (), overwrite=True)
    if (folder / MANIFEST).exists():
        raise output_folder_error(
            folder, "holds other results, which the report does not describe; choose another folder"
        )
    if (folder / PAGE_FILE).exists() and not overwrite:
        raise output_folder_error(folder, f"holds another {PAGE_FILE}; {REMEDIES}")


def render_page(report: ReportContent, drawings: dict[str, RenderedFigure]) -> str:
    """Return the page as HTML."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("qispread.outputs.report"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["typeset"] = apply_typography
    return environment.get_template("page.html").render(
        report=report,
        answer=report.headline,
        sections=report.sections,
        results=report.data.results,
        pictures={name: Markup(drawing.inline_svg) for name, drawing in drawings.items()},  # noqa: S704 - rendered and escaped here
        caution=MODEL_CAUTION,
        version=__version__,
    )


@contextmanager
def write_atomically(folder: Path) -> Iterator[Path]:
    """Provide a temporary folder, and move its files into place once all are written.

    Charts of an earlier report that were not written again are removed; other files stay.

    Raises
    ------
    InputError
        Where writing fails, such as on a full disk.
    """
    new = folder / f".report-{os.getpid()}"
    try:
        new.mkdir()
        yield new
        charts = folder / CHARTS_FOLDER
        remove_charts(folder, {path.stem for path in (new / CHARTS_FOLDER).iterdir()})
        charts.mkdir(exist_ok=True)
        for path in sorted((new / CHARTS_FOLDER).iterdir()):
            path.replace(charts / path.name)
        (new / PAGE_FILE).replace(folder / PAGE_FILE)
    except OSError as error:
        raise reading_error(folder, f"the report could not be written: {error.strerror or error}") from None
    finally:
        shutil.rmtree(new, ignore_errors=True)
