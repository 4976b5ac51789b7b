"""What a report is made of: sections of words, figures and tables, which the page lays out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from qispread.figures.figure import Figure


@dataclass(frozen=True)
class Words:
    """A paragraph.

    Attributes
    ----------
    text : str
    tone : {"plain", "note", "heading"}
        A note is in small print; a heading stands above a part of a section.
    """

    text: str
    tone: Literal["plain", "note", "heading"] = "plain"


@dataclass(frozen=True)
class Points:
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
class Grid:
    """Figures side by side, as many in a row as there is room for.

    Attributes
    ----------
    figures : sequence of Figure
    kind : {"panels", "pairs", "maps"}
        Pairs and maps are never more than two and four in a row.
    """

    figures: Sequence[Figure]
    kind: Literal["panels", "pairs", "maps"] = "panels"


@dataclass(frozen=True)
class Group:
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
class Sheet:
    """A table.

    Attributes
    ----------
    caption : str
    header : sequence of str
    groups : sequence of Group
    words : sequence of int
        The columns that hold words and not numbers, the first aside.
    small : bool
    """

    caption: str
    header: Sequence[str]
    groups: Sequence[Group]
    words: Sequence[int] = ()
    small: bool = False


Block = Words | Points | Grid | Sheet


@dataclass(frozen=True)
class Section:
    """A part of the report with a heading.

    Attributes
    ----------
    anchor, heading : str
    blocks : sequence of Block
    """

    anchor: str
    heading: str
    blocks: Sequence[Block]

    @property
    def kinds(self) -> list[tuple[str, Block]]:
        """The blocks, each with the name of its kind."""
        return [(type(block).__name__.lower(), block) for block in self.blocks]

    @property
    def figures(self) -> list[Figure]:
        """All figures of the section, in order."""
        return [figure for block in self.blocks if isinstance(block, Grid) for figure in block.figures]
