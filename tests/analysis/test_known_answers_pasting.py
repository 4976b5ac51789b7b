"""Boxes that were peeled too far are pasted as EMA Workbench pastes them, and not without (friedman1999)."""

import json

import numpy as np
import pytest

from ema_boxes import PASTED, TO_PASTE, cases_to_paste
from qispread.analysis.prim import (
    CaseData,
    NumberRange,
    PrimOptions,
    cut_point,
    make_step,
    paste_candidates,
    search_boxes,
)

KNOWN = json.loads(PASTED.read_text(encoding="utf-8"))


@pytest.fixture(params=TO_PASTE, ids=lambda given: " ".join(map(str, given)))
def given(request):
    """Return the parameters of cases that are pasted."""
    return request.param


def ends(limit, column):
    """Return a limit as EMA Workbench has it: the ends of everything where there is none."""
    if not np.issubdtype(column.dtype, np.number):
        return sorted(set(column.tolist()) if limit is None else limit)
    limit = limit or NumberRange()
    return [max(limit.low, float(column.min())), min(limit.high, float(column.max()))]


def test_every_box_is_the_same_through_peeling_and_pasting(given):
    known = KNOWN[" ".join(map(str, given))]
    columns, cases = cases_to_paste(*given)
    steps = search_boxes(CaseData(columns, cases), PrimOptions())
    assert [one.kind for one in steps].count("paste") >= 3
    assert [one.point_count / len(cases) for one in steps] == pytest.approx(known["mass"])
    assert [one.density for one in steps] == pytest.approx(known["density"])
    for step, limits in zip(steps, known["limits"], strict=True):
        for column, limit in limits.items():
            assert ends(step.box.get(column), columns[column]) == pytest.approx(limit)


def test_without_pasting_the_last_box_is_another_one(given):
    data = CaseData(*cases_to_paste(*given))
    pasted, peeled = search_boxes(data, PrimOptions()), search_boxes(data, PrimOptions(paste=False))
    assert "paste" not in {one.kind for one in peeled}
    assert [one.box for one in peeled] == [one.box for one in pasted if one.kind != "paste"]
    assert pasted[-1].density > peeled[-1].density
    assert pasted[-1].point_count > peeled[-1].point_count


def test_a_box_is_widened_by_one_step_on_each_side_that_has_a_limit():
    """Of 0 to 9 the box 4 to 5 gets the nearest of those outside: from 3.5 to 2.5 and from 5.5 to 6.5."""
    data = CaseData({"x": np.arange(10.0), "y": np.zeros(10)}, np.arange(10) > 4)
    found = [(box, int(held.sum())) for box, held in paste_candidates(data, {"x": NumberRange(3.5, 5.5)}, 0.05)]
    assert found == [({"x": NumberRange(2.5, 5.5)}, 3), ({"x": NumberRange(3.5, 6.5)}, 3)]


def test_a_limit_that_nothing_is_beyond_goes():
    data = CaseData({"x": np.arange(4.0)}, np.arange(4) > 1)
    found = [(box, held.tolist()) for box, held in paste_candidates(data, {"x": NumberRange(low=0.5)}, 0.05)]
    assert found == [({}, [True] * 4)]


def test_labels_come_back_one_at_a_time():
    data = CaseData({"kind": np.array(list("abca"))}, np.array([True, False, True, True]))
    found = [
        (box["kind"] if box else "all", int(held.sum()))
        for box, held in paste_candidates(data, {"kind": frozenset("a")}, 0.05)
    ]
    assert found == [(frozenset("ab"), 3), (frozenset("ac"), 3)]
    assert [box for box, _ in paste_candidates(data, {"kind": frozenset("ab")}, 0.05)] == [{}]


def test_edges_lie_midway_and_equal_numbers_go_together():
    """A share 0.05 of 21 numbers is place 1, of which 0.95 is the mirror image: place 19."""
    ordered = np.arange(21.0)
    assert (cut_point(ordered, 0.05), cut_point(ordered, 0.95)) == (1.5, 18.5)
    tied = np.array([1.0, 1.0, 1.0, 2.0, 3.0, 3.0, 3.0])
    assert (cut_point(tied, 0.05), cut_point(tied, 0.95)) == (1.5, 2.5)
    assert (cut_point(np.ones(5), 0.05), cut_point(np.ones(5), 0.95)) == (None, None)


def test_a_step_counts_what_its_box_holds():
    data = CaseData({"x": np.arange(8.0)}, np.arange(8) % 2 == 0)
    found = make_step(data, "peel", {"x": NumberRange(1.0, 4.0)})
    assert (found.point_count, found.case_count, found.density) == (4, 2, 0.5)
