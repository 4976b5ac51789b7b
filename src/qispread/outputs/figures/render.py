"""Render charts: SVG for a page, SVG and PNG files, data as CSV."""

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
"""Number of renderer processes."""
SVG_HEAD = re.compile(r"<svg[^>]*>")
SVG_BACKGROUND = re.compile(r'<rect width="[\d.]+" height="[\d.]+" fill="white"/>')
FORMULA_PREFIXES = ("=", "+", "-", "@", "\t", "\r")
"""First characters of cells that a spreadsheet would read as a formula."""


@dataclass(frozen=True, eq=False)
class RenderedFigure:
    """A rendered figure.

    Attributes
    ----------
    figure : Figure
    svg : str
        For a file.
    inline_svg : str
        For a page.
    png : bytes
    """

    figure: Figure
    svg: str
    inline_svg: str
    png: bytes


class FigureRenderer:
    """Renders figures in the background while the next ones are built; a context manager.

    Two processes render, since the converter holds the global interpreter lock; each starts with the renderer.
    """

    def __init__(self) -> None:
        self.renderers = [VegaRenderer() for _ in range(RENDERER_PROCESSES)]
        self.idle: SimpleQueue[VegaRenderer] = SimpleQueue()
        for renderer in self.renderers:
            self.idle.put(renderer)
        self.pool = ThreadPoolExecutor(RENDERER_PROCESSES)
        self.pending: list[Future[RenderedFigure]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.pool.shutdown(cancel_futures=True)
        for renderer in self.renderers:
            renderer.close()

    def submit(self, figures: Iterable[Figure]) -> None:
        """Start to render figures."""
        self.pending += [self.pool.submit(self.render, figure) for figure in figures]

    def render(self, figure: Figure) -> RenderedFigure:
        """Return one rendered figure."""
        renderer = self.idle.get()
        try:
            svg, png = renderer.render(vega_specification(figure), figure.name)
        finally:
            self.idle.put(renderer)
        return RenderedFigure(figure, svg, to_inline_svg(svg, figure), png)

    def collect(self) -> list[RenderedFigure]:
        """Return all rendered figures, in the order in which they were submitted."""
        return [future.result() for future in self.pending]


def to_inline_svg(svg: str, figure: Figure) -> str:
    """Return an SVG as part of a page: an image with its alternative text, without background or name space."""
    head = SVG_HEAD.match(svg)
    size = re.search(r'width="([\d.]+)" height="([\d.]+)"', head[0] if head else "")
    if head is None or size is None:
        raise ValueError(f"the SVG of {figure.name} does not begin with an svg element that has a width and a height")
    width, height = size[1], size[2]
    opening = (
        f'<svg role="img" aria-label="{escape(figure.alt)}" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}">'
    )
    return SVG_BACKGROUND.sub("", opening + svg[head.end() :], count=1)


def escape_csv_formulas(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table in which text that a spreadsheet would read as a formula has an apostrophe before it."""
    text_columns = table.select_dtypes(exclude=["number", "bool"]).columns
    return table.assign(**{name: [_escape_formula_cell(value) for value in table[name]] for name in text_columns})


def _escape_formula_cell(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA_PREFIXES) else value


def write_rendered_figures(drawings: Sequence[RenderedFigure], folder: Path) -> list[Path]:
    """Write each figure as SVG, PNG and CSV into a folder that exists, and return the paths."""
    paths: list[Path] = []
    for drawing in drawings:
        stem = folder / drawing.figure.name
        paths += [stem.with_suffix(suffix) for suffix in (".svg", ".png", ".csv")]
        stem.with_suffix(".svg").write_text(drawing.svg, encoding="utf-8")
        stem.with_suffix(".png").write_bytes(drawing.png)
        escape_csv_formulas(drawing.figure.table).to_csv(stem.with_suffix(".csv"), index=False, lineterminator="\n")
    return paths
