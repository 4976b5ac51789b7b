"""Blocks of a report: sections of paragraphs, lists, figures and tables, which the page lays out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from qispread.outputs.figures.figure import Figure


@dataclass(frozen=True)
class Paragraph:
    """A paragraph.

    Attributes
    ----------
    text : str
    style : {"plain", "note", "heading"}
        A note is in small print; a heading is above a part of a section.
    """

    text: str
    style: Literal["plain", "note", "heading"] = "plain"


@dataclass(frozen=True)
class BulletList:
    """A list.

    Attributes
    ----------
    items : sequence of str
    small : bool
        Whether it is in small print.
    """

    items: Sequence[str]
    small: bool = False


@dataclass(frozen=True)
class FigureGrid:
    """Figures side by side, as many in a row as fit.

    Attributes
    ----------
    figures : sequence of Figure
    kind : {"panels", "pairs", "maps"}
        Pairs and maps are never more than two and four in a row.
    """

    figures: Sequence[Figure]
    kind: Literal["panels", "pairs", "maps"] = "panels"


@dataclass(frozen=True)
class RowGroup:
    """Rows of a table under a heading of their own.

    Attributes
    ----------
    heading : str
        Empty where the rows need none.
    rows : sequence of sequences of str
        The first cell of each names the row.
    """

    heading: str
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class ReportTable:
    """A table.

    Attributes
    ----------
    caption : str
    header : sequence of str
    groups : sequence of RowGroup
    text_columns : sequence of int
        Columns of text rather than numbers, other than the first.
    small : bool
    """

    caption: str
    header: Sequence[str]
    groups: Sequence[RowGroup]
    text_columns: Sequence[int] = ()
    small: bool = False


ReportBlock = Paragraph | BulletList | FigureGrid | ReportTable


@dataclass(frozen=True)
class ReportSection:
    """A part of the report with a heading.

    Attributes
    ----------
    anchor, heading : str
    blocks : sequence of ReportBlock
    """

    anchor: str
    heading: str
    blocks: Sequence[ReportBlock]

    @property
    def typed_blocks(self) -> list[tuple[str, ReportBlock]]:
        """The blocks, each with the name of its kind."""
        return [(type(block).__name__.lower(), block) for block in self.blocks]

    @property
    def figures(self) -> list[Figure]:
        """All figures of the section, in order."""
        return [figure for block in self.blocks if isinstance(block, FigureGrid) for figure in block.figures]
