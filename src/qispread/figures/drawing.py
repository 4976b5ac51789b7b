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

from qispread.figures.converting import Converter
from qispread.figures.figure import Figure, specification

CONVERTERS = 2
"""Processes that convert."""
HEAD = re.compile(r"<svg[^>]*>")
GROUND = re.compile(r'<rect width="[\d.]+" height="[\d.]+" fill="white"/>')
RISKY = ("=", "+", "-", "@", "\t", "\r")
"""With what a cell begins that a spreadsheet would take for a formula."""


@dataclass(frozen=True, eq=False)
class Drawing:
    """A figure as pictures.

    Attributes
    ----------
    figure : Figure
    svg : str
        To keep: a file of its own.
    inline : str
        To put into a page.
    png : bytes
    """

    figure: Figure
    svg: str
    inline: str
    png: bytes


class Studio:
    """Draws figures in the background, while the next ones are made; to be used in a `with` statement.

    Two processes convert, since the converter keeps Python's lock; each gets ready as soon as the studio opens.
    """

    def __init__(self) -> None:
        self.converters = [Converter() for _ in range(CONVERTERS)]
        self.idle: SimpleQueue[Converter] = SimpleQueue()
        for one in self.converters:
            self.idle.put(one)
        self.pool = ThreadPoolExecutor(CONVERTERS)
        self.waiting: list[Future[Drawing]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.pool.shutdown(cancel_futures=True)
        for one in self.converters:
            one.close()

    def take(self, figures: Iterable[Figure]) -> None:
        """Begin to draw some figures."""
        self.waiting += [self.pool.submit(self.draw, figure) for figure in figures]

    def draw(self, figure: Figure) -> Drawing:
        """Return the pictures of one figure."""
        converter = self.idle.get()
        try:
            svg, png = converter.pictures(specification(figure), figure.name)
        finally:
            self.idle.put(converter)
        return Drawing(figure, svg, inlined(svg, figure), png)

    def drawings(self) -> list[Drawing]:
        """Return all drawings, in the order in which the figures were taken."""
        return [future.result() for future in self.waiting]


def inlined(svg: str, figure: Figure) -> str:
    """Return an SVG as part of a page: one picture with its meaning in words, without ground or name space."""
    head = HEAD.match(svg)
    size = re.search(r'width="([\d.]+)" height="([\d.]+)"', head[0] if head else "")
    if head is None or size is None:
        raise ValueError(f"the drawing of {figure.name} does not begin with an svg element of a given size")
    width, height = size[1], size[2]
    opening = (
        f'<svg role="img" aria-label="{escape(figure.alt)}" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}">'
    )
    return GROUND.sub("", opening + svg[head.end() :], count=1)


def harmless(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table whose words no spreadsheet takes for a formula: an apostrophe goes before those that look so."""
    words = table.select_dtypes(exclude=["number", "bool"]).columns
    return table.assign(**{name: [_harmless_cell(value) for value in table[name]] for name in words})


def _harmless_cell(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(RISKY) else value


def write_drawings(drawings: Sequence[Drawing], folder: Path) -> list[Path]:
    """Write each figure as SVG, PNG and CSV into a folder that exists, and return the paths."""
    paths: list[Path] = []
    for one in drawings:
        stem = folder / one.figure.name
        paths += [stem.with_suffix(kind) for kind in (".svg", ".png", ".csv")]
        stem.with_suffix(".svg").write_text(one.svg, encoding="utf-8")
        stem.with_suffix(".png").write_bytes(one.png)
        harmless(one.figure.table).to_csv(stem.with_suffix(".csv"), index=False, lineterminator="\n")
    return paths
