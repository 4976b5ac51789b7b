"""From a folder of results to `report.html` and its charts, written whole or not at all."""

import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import jinja2
from markupsafe import Markup

from qispread import __version__
from qispread.config import arguments
from qispread.figures.drawing import Drawing, Studio, write_drawings
from qispread.figures.figure import Figure
from qispread.presentation.formatting import typeset
from qispread.report.answer import CAUTION, Answer, answer_of
from qispread.report.assumptions import assumptions_section
from qispread.report.blocks import Section
from qispread.report.changes import changes_section
from qispread.report.costs import costs_section
from qispread.report.failures import refuse_failed
from qispread.report.gains import gains_section
from qispread.report.holding import factorial_section, robustness_section
from qispread.report.provenance import limits_section, reproduce_section
from qispread.report.reading import read_results, refused
from qispread.report.spreading import classes_section, curves_section, gap_section, harm_section
from qispread.report.tracing import traced_sections
from qispread.report.view import View
from qispread.results.folder import CHARTS, MANIFEST, PAGE, WAYS_OUT, check_folder, forget_charts, refuse, tidied
from qispread.sweeping.files import local_folder


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


def report_of(folder: Path, seen: Callable[[Iterable[Figure]], object] = list) -> Report:
    """Return the report on a folder of results; `seen` is given figures as they are made. Raises as `write_report`."""
    results = read_results(folder)
    refuse_failed(results)
    view = View(results)
    answer, sections = answer_of(view), []
    seen([answer.picture])
    for section in sections_of(view):
        seen(section.figures)
        sections.append(section)
    return Report(view, answer, sections)


def sections_of(view: View) -> Iterator[Section]:
    """Yield the sections, in order; what the results do not hold is left out."""
    if view.results.comparison:
        yield changes_section(view)
    yield curves_section(view)
    yield gap_section(view)
    yield harm_section(view)
    asked = (gains_section, costs_section)
    yield from (section for make in asked if (section := make(view)) is not None)
    yield from traced_sections(view)
    yield classes_section(view)
    asked = (robustness_section, factorial_section)
    yield from (section for make in asked if (section := make(view)) is not None)
    yield assumptions_section(view)
    yield limits_section()
    yield reproduce_section(view)


@arguments.checks(
    folder=arguments.path,
    out=arguments.optional(arguments.path),
    overwrite=arguments.flag,
)
def write_report(folder: str | Path, out: str | Path | None = None, *, overwrite: bool = False) -> list[Path]:
    """Write the report on a folder that `run` or `compare` wrote: one page, and its charts as files.

    Parameters
    ----------
    folder : str or Path
        Read, and unless `out` is given written to: ``report.html``, and in ``charts`` each chart as SVG and PNG with
        its numbers as CSV.
    out : str or Path, optional
        Another folder for the report, such as where the results are in an archive that cannot be written to.
    overwrite : bool
        Whether a report that is in `out` may be replaced.

    Returns
    -------
    list of Path
        What was written.

    Raises
    ------
    InputError
        Where the folder holds no results, or they are broken, not whole, or cannot be written beside; where `out` holds
        results of its own or another report; where all worlds failed.
    """
    folder = Path(folder)
    place = folder if out is None else local_folder(out)
    with tidied(place):
        if place.resolve() != folder.resolve():
            check_report_folder(place, overwrite=overwrite)
        with Studio() as studio:
            report = report_of(folder, studio.take)
            drawings = studio.drawings()
        page = page_of(report, {one.figure.name: one for one in drawings})
        with written_beside(place) as new:
            (new / CHARTS).mkdir()
            (new / PAGE).write_text(page, encoding="utf-8")
            names = [path.name for path in write_drawings(drawings, new / CHARTS)]
    return [place / PAGE, *(place / CHARTS / name for name in names)]


def check_report_folder(folder: Path, *, overwrite: bool) -> None:
    """Make sure that a report can be written to a folder that is not that of its results.

    Raises
    ------
    InputError
        Where it holds results, of which the report would seem to be; or a report, and `overwrite` is off; or cannot be
        written to.
    """
    check_folder(folder, {}, (), overwrite=True)
    if (folder / MANIFEST).exists():
        raise refuse(folder, "holds other results, which the report does not describe; choose another folder")
    if (folder / PAGE).exists() and not overwrite:
        raise refuse(folder, f"holds another {PAGE}; {WAYS_OUT}")


def page_of(report: Report, drawings: dict[str, Drawing]) -> str:
    """Return the whole page."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("qispread.report"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["typeset"] = typeset
    return environment.get_template("page.html").render(
        report=report,
        answer=report.answer,
        sections=report.sections,
        results=report.view.results,
        pictures={name: Markup(one.inline) for name, one in drawings.items()},  # noqa: S704 - drawn and escaped by us
        caution=CAUTION,
        version=__version__,
    )


@contextmanager
def written_beside(folder: Path) -> Iterator[Path]:
    """Give a folder to write to, and move what is in it into place once all is written.

    Charts that an earlier report names and that were not drawn again are removed; other files stay.

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
        forget_charts(folder, {path.stem for path in (new / CHARTS).iterdir()})
        charts.mkdir(exist_ok=True)
        for path in sorted((new / CHARTS).iterdir()):
            path.replace(charts / path.name)
        (new / PAGE).replace(folder / PAGE)
    except OSError as error:
        raise refused(folder, f"the report could not be written: {error.strerror or error}") from None
    finally:
        shutil.rmtree(new, ignore_errors=True)
