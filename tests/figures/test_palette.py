"""Arms can be told apart, in colour, without it, and by name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qispread.outputs.figures.palette import (
    ARM_COLOURS,
    BASE_COLOUR,
    MAX_LABEL_LENGTH,
    SOFT_INK,
    assign_styles,
    build_labels,
)


def luminance(colour):
    """Return the relative luminance of a colour, as the Web Content Accessibility Guidelines define it."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("colour", [BASE_COLOUR, *ARM_COLOURS])
def test_lines_stand_out_from_white(colour):
    assert 1.05 / (luminance(colour) + 0.05) >= 3.0


def test_words_in_grey_can_be_read():
    assert 1.05 / (luminance(SOFT_INK) + 0.05) >= 4.5


@given(st.lists(st.text(min_size=1), unique=True, max_size=20))
def test_labels_are_short_and_no_two_are_alike(names):
    labels = build_labels(names)
    assert list(labels) == names
    assert len(set(labels.values())) == len(names)
    assert all(len(label) <= MAX_LABEL_LENGTH + 5 for label in labels.values())


def test_no_two_of_fourteen_arms_look_alike_and_the_base_is_grey():
    styles = assign_styles(["baseline", *(f"arm {i}" for i in range(14))])
    looks = {(style.colour, style.dash) for style in styles.values()}
    assert len(looks) == 15
    assert styles["baseline"].colour == BASE_COLOUR
    assert BASE_COLOUR not in {style.colour for name, style in styles.items() if name != "baseline"}
    assert len({style.shape for style in list(styles.values())[1:8]}) == 7


def test_two_names_that_differ_in_their_middle_alone_keep_labels_of_their_own():
    first, second = ("a" * 40 + middle + "z" * 40 for middle in "12")
    labels = build_labels([first, second])
    assert labels[first] != labels[second]
