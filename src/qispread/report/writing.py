"""From a folder of results to `report.html` and its charts, written whole or not at all."""

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import jinja2
from markupsafe import Markup

from qispread import __version__
from qispread.figures.drawing import Drawing, draw_all, write_drawings
from qispread.report.answer import CAUTION, Answer, answer_of
from qispread.report.assumptions import assumptions_section
from qispread.report.blocks import Section
from qispread.report.changes import changes_section
from qispread.report.costs import costs_section
from qispread.report.gains import gains_section
from qispread.report.holding import factorial_section, robustness_section
from qispread.report.provenance import limits_section, reproduce_section
from qispread.report.reading import read_results, refused
from qispread.report.spreading import classes_section, curves_section, gap_section, harm_section
from qispread.report.tracing import traced_sections
from qispread.report.view import View

PAGE, CHARTS = "report.html", "charts"
KINDS = (".svg", ".png", ".csv")


@dataclass(frozen=True)
class Report:
    """A report before it is drawn.

    Attributes
    ----------
    view : View
    answer : Answer
    sections : sequence of Section
    """

    view: View
    answer: Answer
    sections: Sequence[Section]


def report_of(folder: Path) -> Report:
    """Return the report on a folder of results; raises as `write_report`."""
    view = View(read_results(folder))
    compared = bool(view.results.comparison)
    sections = [
        changes_section(view) if compared else None,
        curves_section(view),
        gap_section(view),
        harm_section(view),
        gains_section(view),
        costs_section(view),
        *traced_sections(view),
        classes_section(view),
        robustness_section(view),
        factorial_section(view),
        assumptions_section(view),
        limits_section(),
        reproduce_section(view),
    ]
    return Report(view, answer_of(view), [section for section in sections if section is not None])


def write_report(folder: Path) -> list[Path]:
    """Write the report on a folder that `run` or `compare` wrote: one page, and its charts as files.

    Parameters
    ----------
    folder : Path
        Read, and written to: ``report.html``, and in ``charts`` each chart as SVG and PNG with its numbers as CSV.

    Returns
    -------
    list of Path
        What was written.

    Raises
    ------
    InputError
        Where the folder holds no results, or they are broken, not whole, or cannot be written beside.
    """
    report = report_of(folder)
    figures = [report.answer.picture, *(figure for section in report.sections for figure in section.figures)]
    drawings = draw_all(figures)
    page = page_of(report, {one.figure.name: one for one in drawings})
    with written_beside(folder) as new:
        (new / CHARTS).mkdir()
        (new / PAGE).write_text(page, encoding="utf-8")
        names = [path.name for path in write_drawings(drawings, new / CHARTS)]
    return [folder / PAGE, *(folder / CHARTS / name for name in names)]


def page_of(report: Report, drawings: dict[str, Drawing]) -> str:
    """Return the whole page."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("qispread.report"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["signed"] = signed
    return environment.get_template("page.html").render(
        report=report,
        answer=report.answer,
        sections=report.sections,
        results=report.view.results,
        pictures={name: Markup(one.inline) for name, one in drawings.items()},  # noqa: S704 - drawn and escaped by us
        caution=CAUTION,
        version=__version__,
    )


def signed(text: str) -> str:
    """Return a number with a real minus sign."""
    return text.replace("-", "\N{MINUS SIGN}") if text[:1] == "-" and text[1:2].isdigit() else text


@contextmanager
def written_beside(folder: Path) -> Iterator[Path]:
    """Give a folder to write to, and move what is in it into place once all is written.

    Charts of an earlier report that were not drawn again are removed; other files stay.

    Raises
    ------
    InputError
        Where writing fails, such as on a full disk.
    """
    new = folder / f".report-{os.getpid()}"
    try:
        new.mkdir()
        yield new
        charts = folder / CHARTS
        charts.mkdir(exist_ok=True)
        remove_stale(charts, {path.stem for path in (new / CHARTS).iterdir()})
        for path in sorted((new / CHARTS).iterdir()):
            path.replace(charts / path.name)
        (new / PAGE).replace(folder / PAGE)
    except OSError as error:
        raise refused(folder, f"the report could not be written: {error.strerror or error}") from None
    finally:
        shutil.rmtree(new, ignore_errors=True)


def remove_stale(charts: Path, kept: set[str]) -> None:
    """Remove charts of which all three files are there and which are not drawn again."""
    stems = {path.stem for path in charts.glob("*.svg")} - kept
    for stem in stems:
        files = [charts / f"{stem}{kind}" for kind in KINDS]
        if all(path.is_file() for path in files):
            for path in files:
                path.unlink()
