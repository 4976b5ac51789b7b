"""What a compiled function is made of: all that it reads and calls, and no words."""

from collections import namedtuple
from enum import Enum
from types import ModuleType

import numba
import numpy as np
import pytest

from qispread.model.rules import code_content, jit
from qispread.model.world import state_arrays

COMPILES = pytest.mark.skipif(jit.INTERPRETED, reason="nothing is compiled")


SCALE = 2.0


def scaled(value):
    return SCALE * value


def scaled_twice(value):
    return scaled(value) + state_arrays.NEVER


class TestContent:
    def test_words_are_no_part_of_it(self):
        spaces = [{}, {}, {}]
        exec("def f(x):\n    return x + 1.5", spaces[0])  # noqa: S102
        exec("\n\n# words\ndef f(x):\n    '''Words.'''\n    return (x +\n 1.5)", spaces[1])  # noqa: S102
        exec("def f(x):\n    return x + 2.5", spaces[2])  # noqa: S102
        first, same, other = (code_content.content_hash(space["f"]) for space in spaces)
        assert first == same != other

    def test_what_it_calls_and_reads_is_part_of_it(self, monkeypatch):
        before = code_content.content_hash(scaled_twice)
        monkeypatch.setitem(globals(), "SCALE", 3.0)
        changed = code_content.content_hash(scaled_twice)
        monkeypatch.setattr(state_arrays, "NEVER", -7)
        assert len({before, changed, code_content.content_hash(scaled_twice)}) == 3

    def test_the_type_of_a_constant_is_part_of_it(self, monkeypatch):
        before = code_content.content_hash(scaled)
        monkeypatch.setitem(globals(), "SCALE", 2)
        assert code_content.content_hash(scaled) != before

    def test_arrays_count_by_their_values(self, monkeypatch):
        monkeypatch.setitem(globals(), "SCALE", np.array([1.0, 2.0]))
        before = code_content.content_hash(scaled)
        monkeypatch.setitem(globals(), "SCALE", np.array([1.0, 2.5]))
        assert code_content.content_hash(scaled) != before

    @COMPILES
    def test_options_that_change_numbers_are_part_of_it(self):
        plain, exact, fast = (
            numba.njit(error_model="numpy", **extra)(scaled) for extra in ({}, {"nogil": True}, {"fastmath": True})
        )
        assert code_content.content_hash(plain) == code_content.content_hash(exact) == code_content.content_hash(scaled)
        assert code_content.content_hash(fast) != code_content.content_hash(plain)

    def test_what_cannot_be_described_is_refused(self, monkeypatch):
        monkeypatch.setitem(globals(), "SCALE", object.__new__(type("Own", (), {})))
        with pytest.raises(code_content.UnknownContentError, match="is neither number"):
            code_content.content_hash(scaled)

    def test_an_enumeration_counts_by_its_members(self, monkeypatch):
        found = set()
        for entries in ({"A": 1}, {"A": 2}, {"A": 2, "B": 3}):
            kind = Enum("Kind", entries)
            for value in (kind, kind.A):
                monkeypatch.setitem(globals(), "SCALE", value)
                found.add(code_content.content_hash(scaled))
        assert len(found) == 5  # the member with 2 is the same in two

    def test_a_named_tuple_counts_by_its_fields(self, monkeypatch):
        found = set()
        for fields in (("a", "b"), ("b", "a")):
            kind = namedtuple("Kind", fields)  # noqa: PYI024
            for value in (kind, kind(1, 2)):
                monkeypatch.setitem(globals(), "SCALE", value)
                found.add(code_content.content_hash(scaled))
        assert len(found) == 4

    def test_another_class_is_refused(self, monkeypatch):
        monkeypatch.setitem(globals(), "SCALE", type("Own", (), {"A": 1}))
        with pytest.raises(code_content.UnknownContentError, match="is neither number"):
            code_content.content_hash(scaled)

    def test_a_module_in_a_module_counts_by_what_is_read_of_it(self):
        package, inner = ModuleType("package_of_mine"), ModuleType("package_of_mine.inner")
        package.inner, inner.package, inner.STEP = inner, package, 1.0
        space = {"package_of_mine": package}
        exec("def f(x):\n    return x + package_of_mine.inner.STEP", space)  # noqa: S102
        walk = code_content.ContentWalker()
        walk.visit_function(space["f"])
        assert (id(vars(inner)), "STEP") in walk.reads
        inner.STEP = 2.0
        assert code_content.content_hash(space["f"]) != walk.content()
