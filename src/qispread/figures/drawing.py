"""From a chart to pictures: SVG for a page, SVG and PNG to keep, numbers as CSV."""

import re
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd
import vl_convert

from qispread.figures.figure import Figure

SCALE = 2
"""Pixels of a PNG for one of the SVG."""
ROUNDED = re.compile(r"(-?\d+\.\d)\d+")
PLACED = re.compile(r'(?<= )(?:d|transform|x|y|x1|x2|y1|y2)="[^"]*"')
SPOKEN = re.compile(r' (?:role|aria-[a-z]+)="[^"]*"')
NAMED = re.compile(r'(?<= id=")[^"]+(?=")')
HEAD = re.compile(r"<svg[^>]*>")
GROUND = re.compile(r'<rect width="[\d.]+" height="[\d.]+" fill="white"/>')
RISKY = ("=", "+", "-", "@", "\t", "\r")
"""With what a cell begins that a spreadsheet would take for a formula."""


@dataclass(frozen=True)
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


def draw_all(figures: Iterable[Figure]) -> list[Drawing]:
    """Return the drawings of some figures, in order."""
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(draw, figures))


def draw(figure: Figure) -> Drawing:
    """Return the pictures of one figure."""
    svg = slimmed(str(vl_convert.vegalite_to_svg(specification(figure.chart))), figure.name)
    return Drawing(figure, svg, inlined(svg, figure), bytes(vl_convert.svg_to_png(svg, scale=SCALE)))


def specification(chart: Any) -> dict[str, Any]:
    """Return the plain Vega-Lite specification of a chart, its data inside."""
    found: dict[str, Any] = chart.to_dict()
    return found


def slimmed(svg: str, name: str) -> str:
    """Return an SVG with its places to a tenth of a pixel, and ids that no other figure has."""
    for place, old in enumerate(dict.fromkeys(NAMED.findall(svg))):
        new = f"{name}-{place}"
        svg = svg.replace(f'id="{old}"', f'id="{new}"').replace(f"url(#{old})", f"url(#{new})")
    svg = SPOKEN.sub("", svg)
    return PLACED.sub(lambda found: ROUNDED.sub(r"\1", found[0]), svg)


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
