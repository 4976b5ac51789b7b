"""The faults that mutation testing makes are those that it says it makes, and tests that notice them kill them."""

import ast

import pytest
from mutants import is_another, mutants_of
from mutation import PAGE, sample
from mutation_page import TABLE, page, read_table, share
from mutation_runs import AREAS, ROOT, Area, Chooser, all_mutants, copy_project, quickest, run_mutant, trace

SOURCE = '''"""Text with a + b."""
from decorators import rule

BAR = (0.5, 1.0)


@rule(nogil=True)
def clipped(value: float = 2, *, deep: bool = False) -> float:
    """Return value - 1."""
    if value > 3 and not deep:
        return min(value, 3)
    total = 0.0
    total += value * -value  # + in a comment
    names = f"{value + 1}"
    record(total)
    return total
'''


def faults(source, function=None):
    """Return what is replaced and by what, of all mutants or of those of one function."""
    return {
        (one.operator, one.before, one.after)
        for one in mutants_of(source, "module.py")
        if function is None or one.function == function
    }


def test_all_faults_of_a_function_are_those_worked_out_by_hand():
    assert faults(SOURCE, "clipped") == {
        ("constant", "2", "3"),
        ("constant", "2", "(1)"),
        ("constant", "False", "True"),
        ("condition negated", "value > 3 and not deep", "(not (value > 3 and not deep))"),
        ("and and or", "and", "or"),
        ("comparison", ">", ">="),
        ("comparison", ">", "<="),
        ("constant", "3", "4"),
        ("constant", "3", "(2)"),
        ("sign or negation removed", "not deep", "(deep)"),
        ("return value", "min(value, 3)", "None"),
        ("function swapped", "min", "max"),
        ("constant", "0.0", "1.0"),
        ("arithmetic", "+=", "-="),
        ("statement removed", "total += value * -value", "pass"),
        ("arithmetic", "*", "/"),
        ("sign or negation removed", "-value", "(value)"),
        ("statement removed", "record(total)", "pass"),
        ("return value", "total", "None"),
    }


def test_constants_of_a_module_are_mutated_and_text_decorators_and_annotations_are_not():
    found = {(before, after) for _, before, after in faults(SOURCE, "")}
    assert found == {("0.5", "0.55"), ("0.5", "0.45"), ("1.0", "0.0")}


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ("x = a <= b", ("comparison", "<=", "<")),
        ("x = a is not b", ("comparison", "is not", "is")),
        ("x = a not in b", ("comparison", "not in", "in")),
        ("x = a in b", ("comparison", "in", "not in")),
        ("x = (a) // (b)", ("arithmetic", "//", "*")),
        ("x = a << 2", ("arithmetic", "<<", ">>")),
        ("x = ~a & b", ("arithmetic", "&", "|")),
        ("x = np.minimum(a, b)", ("function swapped", "minimum", "maximum")),
        ("x = 0", ("constant", "0", "1")),
        ("x = 0", ("constant", "0", "(-1)")),
        ("for x in y:\n    break", ("break and continue", "break", "continue")),
        ("x[1] = y", ("statement removed", "x[1] = y", "pass")),
        ("raise ValueError", ("statement removed", "raise ValueError", "pass")),
    ],
)
def test_every_kind_of_fault_is_made(source, fault):
    assert fault in faults(source)


def test_of_two_comparisons_each_is_mutated_by_itself():
    found = {
        one.applied("x = 0.3 < a < b") for one in mutants_of("x = 0.3 < a < b", "m") if one.operator == "comparison"
    }
    assert found == {"x = 0.3 <= a < b", "x = 0.3 >= a < b", "x = 0.3 < a <= b", "x = 0.3 < a >= b"}


def test_places_are_counted_in_bytes_and_lines():
    (one,) = (one for one in mutants_of('a = "ä"; b = c + d\n', "m") if one.operator == "arithmetic")
    assert (one.line, one.applied('a = "ä"; b = c + d\n')) == (1, 'a = "ä"; b = c - d\n')


def test_every_drawn_mutant_of_the_project_is_another_program():
    for area in AREAS.values():
        everyone = all_mutants(ROOT, area)
        assert len({one.key for one in everyone}) == len(everyone)
        for one in everyone[:: len(everyone) // 12]:
            source = (ROOT / one.file).read_text(encoding="utf-8")
            assert source.encode()[one.start : one.end].decode() == one.before
            assert is_another(source, one)
            ast.parse(one.applied(source))


def test_files_that_are_left_out_exist():
    for area in AREAS.values():
        assert all((ROOT / "src" / "qispread" / name).is_file() for name in area.excluded)
        assert area.sources(ROOT)


def test_a_symbol_in_a_comment_is_no_fault():
    source = "x = (a  # less - than\n    - b)\n"
    (one,) = mutants_of(source, "m")
    assert not is_another(source, one)


def test_the_same_seed_draws_the_same_mutants_as_many_from_each_area():
    drawn, sizes = sample(6, 3, ["rules", "engines"])
    assert [area for area, _ in drawn] == ["rules", "engines"] * 3
    assert sample(6, 3, ["rules", "engines"])[0] == drawn
    assert sample(6, 4, ["rules", "engines"])[0] != drawn
    assert sizes["rules"] == len(all_mutants(ROOT, AREAS["rules"]))
    assert [one for area, one in drawn if area == "rules"] == [one for _, one in sample(3, 3, ["rules"])[0]]


TESTED = """
def doubled(value):
    return value * 2


def capped(value):
    while value > 10:
        value -= 1
    return value


def untested(value):
    return value + 1
"""
TESTS = """
from qispread.sums import capped, doubled


def test_doubled():
    assert doubled(3) == 6


def test_capped():
    assert capped(12) == 10


def test_nothing():
    assert doubled
"""


@pytest.fixture
def small(tmp_path):
    """Return a copy of a small project, its area and what chooses its tests."""
    root = tmp_path / "project"
    for name, text in {
        "src/qispread/sums.py": TESTED,
        "tests/test_sums.py": TESTS,
        "src/qispread/__init__.py": "",
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    copy_project(root, tmp_path / "copy")
    area = Area(("sums.py",), (), ("tests",))
    return tmp_path / "copy", area, Chooser(trace(tmp_path / "copy", area, tmp_path / "trace.json"))


def test_tests_are_found_by_what_they_call(small):
    chooser = small[2]
    assert set(chooser.found) == {f"tests/test_sums.py::test_{name}" for name in ("doubled", "capped", "nothing")}
    calls = {call: sorted(tests) for call, tests in chooser.by_call.items()}
    assert calls["src/qispread/sums.py:doubled"] == ["tests/test_sums.py::test_doubled"]
    assert "src/qispread/sums.py:untested" not in calls


@pytest.mark.slow
def test_mutants_are_killed_by_tests_that_notice_and_the_copy_is_as_before(small):
    copy, area, chooser = small
    before = (copy / "src/qispread/sums.py").read_bytes()
    wanted = {
        ("doubled", "*", "/"): ("killed", "tests/test_sums.py::test_doubled"),
        ("doubled", "2", "3"): ("killed", "tests/test_sums.py::test_doubled"),
        ("capped", ">", ">="): ("killed", "tests/test_sums.py::test_capped"),
        ("capped", "1", "2"): ("survived", ""),
        ("untested", "+", "-"): ("survived", ""),
    }
    for one in all_mutants(copy, area):
        expected = wanted.pop((one.function, one.before, one.after), None)
        if expected is not None:
            found = run_mutant(copy, area, one, chooser)
            assert (found.outcome, found.by) == expected
            assert (copy / "src/qispread/sums.py").read_bytes() == before
    assert not wanted


def test_the_quickest_tests_are_taken_and_at_least_one():
    tests = {"a": 5.0, "b": 1.0, "c": 2.0}
    assert quickest(tests, 3.0) == ["b", "c"]
    assert quickest(tests, 0.5) == ["b"]
    assert quickest({}, 3.0) == []


def test_one_case_of_each_test_is_taken_before_a_second_of_any():
    tests = {"many[1]": 0.1, "many[2]": 0.2, "many[3]": 0.3, "long": 2.0, "longer": 4.0}
    assert quickest(tests, 2.4) == ["many[1]", "long", "many[2]"]


ROW = {
    "area": "rules",
    "file": "src/qispread/model/rules/one.py",
    "function": "one",
    "line": "3",
    "operator": "arithmetic",
    "before": "a | b",
    "after": "-",
    "by": "",
    "now_by": "tests/rules/test_one.py::test_it",
    "tests": "1",
    "seconds": "1.0",
    "seed": "7",
    "of": "90",
    "sources": "",
}


def rows(**outcomes):
    """Return rows of a table, by key the outcome at first and now."""
    return [{**ROW, "key": key, "outcome": first, "now": now} for key, (first, now) in outcomes.items()]


def test_the_page_counts_what_is_killed_with_its_interval_and_without_equivalents():
    """Wilson's interval of 2 in 4 is symmetric: 0.15 to 0.85; of 2 in 3 it is 0.208 to 0.939."""
    table = rows(
        one=("killed", "killed"),
        two=("timeout", "timeout"),
        three=("survived", "killed"),
        four=("survived", "survived"),
    )
    text = page(table, {"four": {"key": "four", "verdict": "equivalent", "why": "a | b is a"}})
    assert "| **all** | 4 | 2 | 50.0% (15.0 to 85.0) | 66.7% (20.8 to 93.9) | 3 |" in text
    assert "equivalent: a | b is a" in text
    assert "killed now by `rules/test_one.py::test_it`" in text
    assert "4 of 90 in rules" in text
    assert share(0, 0) == "-"


@pytest.mark.skipif(not TABLE.exists(), reason="no sample has been published")
def test_the_published_page_is_made_from_the_published_tables():
    assert PAGE.read_text(encoding="utf-8") == page(read_table(TABLE))
