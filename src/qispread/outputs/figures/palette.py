"""Styles of all charts: colours that colour-blind readers can distinguish, with dashes and shapes for print."""

from collections.abc import Iterable
from dataclasses import dataclass

BASE_COLOUR = "#595959"
INK, SOFT_INK = "#222222", "#595959"
ARM_COLOURS = ("#0072B2", "#C44E00", "#008763", "#B0588A", "#A87400", "#2C8CC2", "#000000")
"""The palette of Okabe and Ito without yellow, some darker so that a line has a contrast of 3 to 1 with white."""
BASE_DASH = (8, 3, 2, 3, 2, 3)
"""Dashes of the baseline beside other arms."""
ARM_DASHES = ((1, 0), (7, 3), (2, 2), (9, 3, 2, 3), (4, 2), (12, 4), (5, 2, 1, 2))
SECOND_DASHES = ((3, 3), (10, 2), (1, 3), (6, 2, 2, 2), (2, 4), (8, 6), (3, 1, 1, 1))
ARM_SHAPES = ("circle", "square", "triangle-up", "diamond", "triangle-down", "triangle-right", "triangle-left")
FIDELITY_COLOURS = (
    "#fde725",
    "#bddf26",
    "#7ad151",
    "#44bf70",
    "#22a884",
    "#21918c",
    "#2a788e",
    "#355f8d",
    "#414487",
    "#482475",
    "#440154",
)
"""From fidelity 0 to 1 in equal steps: the viridis scale of maps, darker for more."""
STAGE_COLOURS = {
    "unaware": "#ffffff",
    "aware": "#d4d4d4",
    "implementing": "#4fa3d1",
    "embedded": "#00496f",
    "discontinued": "#c44e00",
}
CLASS_COLOURS = {"transformed": "#00496F", "boosted": "#4FA3D1", "limited": "#D4D4D4"}
MAX_LABEL_LENGTH = 44
KEPT_SUFFIX_LENGTH = 14


@dataclass(frozen=True)
class ArmStyle:
    """Style of an arm in every chart.

    Attributes
    ----------
    name : str
        Name of the arm.
    label : str
        The name in charts: the middle of a long name is left out.
    colour : str
    dash : tuple of int
        Pixels of dashes and gaps of a line.
    shape : str
        Shape of a point.
    """

    name: str
    label: str
    colour: str
    dash: tuple[int, ...]
    shape: str


def shorten_name(name: str, longest: int = MAX_LABEL_LENGTH) -> str:
    """Return a name of at most `longest` characters, the middle of a longer name left out."""
    if len(name) <= longest:
        return name
    end = min(KEPT_SUFFIX_LENGTH, longest // 3)
    return f"{name[: longest - end - 1].rstrip()}…{name[-end:].lstrip()}"


def build_labels(names: Iterable[str]) -> dict[str, str]:
    """Return a short label for each name, all different."""
    labels: dict[str, str] = {}
    for name in names:
        label, count = shorten_name(name), 1
        while label in labels.values():
            count += 1
            label = f"{shorten_name(name, MAX_LABEL_LENGTH - 4)} ({count})"
        labels[name] = label
    return labels


def assign_styles(arms: Iterable[str], base: str = "baseline") -> dict[str, ArmStyle]:
    """Return the style of each arm: the baseline grey, the others in a fixed order that repeats after seven."""
    labels = build_labels(arms)
    options = [name for name in labels if name != base]
    styles = {base: ArmStyle(base, labels[base], BASE_COLOUR, (1, 0), "circle")} if base in labels else {}
    for index, name in enumerate(options):
        cycle, colour = divmod(index, len(ARM_COLOURS))
        dashes = (ARM_DASHES, SECOND_DASHES)[cycle % 2]
        shape = ARM_SHAPES[(index + 1) % len(ARM_SHAPES)]
        styles[name] = ArmStyle(name, labels[name], ARM_COLOURS[colour], dashes[colour], shape)
    return {name: styles[name] for name in labels}
