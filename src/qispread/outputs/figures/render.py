"""From a chart to pictures: SVG for a page, SVG and PNG to keep, numbers as CSV."""

import re
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from html import escape
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Self

import pandas as pd

from qispread.outputs.figures.figure import Figure, vega_specification
from qispread.outputs.figures.vega_renderer import VegaRenderer

RENDERER_PROCESSES = 2
"""Processes that convert."""
SVG_HEAD = re.compile(r"<svg[^>]*>")
SVG_BACKGROUND = re.compile(r'<rect width="[\d.]+" height="[\d.]+" fill="white"/>')
FORMULA_PREFIXES = ("=", "+", "-", "@", "\t", "\r")
"""With what a cell begins that a spreadsheet would take for a formula."""


@dataclass(frozen=True, eq=False)
class RenderedFigure:
    """A figure as pictures.

    Attributes
    ----------
    figure : Figure
    svg : str
        To keep: a file of its own.
    inline_svg : str
        To put into a page.
    png : bytes
    """

    figure: Figure
    svg: str
    inline_svg: str
    png: bytes


class FigureRenderer:
    """Draws figures in the background, while the next ones are made; to be used in a `with` statement.

    Two processes convert, since the converter keeps Python's lock; each gets ready as soon as the studio opens.
    """

    def __init__(self) -> None:
        self.converters = [VegaRenderer() for _ in range(RENDERER_PROCESSES)]
        self.idle: SimpleQueue[VegaRenderer] = SimpleQueue()
        for one in self.converters:
            self.idle.put(one)
        self.pool = ThreadPoolExecutor(RENDERER_PROCESSES)
        self.waiting: list[Future[RenderedFigure]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.pool.shutdown(cancel_futures=True)
        for one in self.converters:
            one.close()

    def submit(self, figures: Iterable[Figure]) -> None:
        """Begin to draw some figures."""
        self.waiting += [self.pool.submit(self.render, figure) for figure in figures]

    def render(self, figure: Figure) -> RenderedFigure:
        """Return the pictures of one figure."""
        converter = self.idle.get()
        try:
            svg, png = converter.render(vega_specification(figure), figure.name)
        finally:
            self.idle.put(converter)
        return RenderedFigure(figure, svg, to_inline_svg(svg, figure), png)

    def collect(self) -> list[RenderedFigure]:
        """Return all drawings, in the order in which the figures were taken."""
        return [future.result() for future in self.waiting]


def to_inline_svg(svg: str, figure: Figure) -> str:
    """Return an SVG as part of a page: one picture with its meaning in words, without ground or name space."""
    head = SVG_HEAD.match(svg)
    size = re.search(r'width="([\d.]+)" height="([\d.]+)"', head[0] if head else "")
    if head is None or size is None:
        raise ValueError(f"the drawing of {figure.name} does not begin with an svg element of a given size")
    width, height = size[1], size[2]
    opening = (
        f'<svg role="img" aria-label="{escape(figure.alt)}" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}">'
    )
    return SVG_BACKGROUND.sub("", opening + svg[head.end() :], count=1)


def escape_csv_formulas(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table whose words no spreadsheet takes for a formula: an apostrophe goes before those that look so."""
    words = table.select_dtypes(exclude=["number", "bool"]).columns
    return table.assign(**{name: [_escape_formula_cell(value) for value in table[name]] for name in words})


def _escape_formula_cell(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA_PREFIXES) else value


def write_rendered_figures(drawings: Sequence[RenderedFigure], folder: Path) -> list[Path]:
    """Write each figure as SVG, PNG and CSV into a folder that exists, and return the paths."""
    paths: list[Path] = []
    for one in drawings:
        stem = folder / one.figure.name
        paths += [stem.with_suffix(kind) for kind in (".svg", ".png", ".csv")]
        stem.with_suffix(".svg").write_text(one.svg, encoding="utf-8")
        stem.with_suffix(".png").write_bytes(one.png)
        escape_csv_formulas(one.figure.table).to_csv(stem.with_suffix(".csv"), index=False, lineterminator="\n")
    return paths
