"""The two tables are read as they say, and every fault of them is told with its file and line."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers_input import catch_input_error, only_fault, write_file
from qispread.runs.diffusion_fit.observed_diffusion import NEVER_ADOPTED
from qispread.runs.diffusion_fit.periods import (
    PeriodCalendar,
    Timestamp,
    choose_calendar,
    format_timestamp,
    parse_timestamp,
)
from qispread.runs.diffusion_fit.read_diffusion import TableOptions, read_observed
from synthetic_diffusion import build_villages, simulate_histories, write_diffusion_tables

PEOPLE = "id,adopted,community\nann,1,x\nbob,2,x\ncat,4,y\ndan,,y\n"
TIES = "from,to\nann,bob\nbob,cat\n"


@pytest.fixture(autouse=True)
def _change_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def read_texts(people=PEOPLE, ties=TIES, **terms):
    """Return what two texts say."""
    return read_observed(write_file("people.csv", people), write_file("ties.csv", ties), TableOptions(**terms))


def single_fault(people=PEOPLE, ties=TIES, **terms):
    """Return the one fault of two texts."""
    return only_fault(read_texts, people, ties, **terms)


class TestWhatIsRead:
    def test_who_adopted_when_and_who_is_tied(self):
        found = read_texts()
        assert found.ids == ("ann", "bob", "cat", "dan")
        assert found.adopted.tolist() == [1, 2, 4, NEVER_ADOPTED]
        assert (found.periods, found.seeded, found.unit) == (4, True, "period")
        assert found.communities == ("x", "y")
        assert found.ties.indices.tolist() == [1, 0, 2, 1]
        assert np.all(found.ties.weights == 1.0)
        assert any("1 people have no ties" in note and "dan" in note for note in found.notes)
        assert any("1 of 2 ties join two communities" in note for note in found.notes)

    def test_columns_of_other_names_and_words_for_never(self):
        people = "node,toa\nann,1\nbob,2\ncat,9\ndan,3\n"
        found = read_texts(people, "a,b\nann,bob\n", id="node", adopted="toa", first="a", second="b", never=("9",))
        assert found.adopted.tolist() == [1, 2, NEVER_ADOPTED, 3]
        assert found.communities == ("",)

    @pytest.mark.parametrize(("word", "cell"), [("18", "18.0"), ("18.0", "18"), ("18", "+18"), ("none", "none")])
    def test_a_word_for_never_that_is_a_number_matches_it_however_it_is_written(self, word, cell):
        found = read_texts(PEOPLE.replace("dan,", f"dan,{cell}"), never=(word,))
        assert found.adopted.tolist() == [1, 2, 4, NEVER_ADOPTED]
        assert found.periods == 4
        assert not any("--never" in note for note in found.notes)

    @pytest.mark.parametrize(
        ("times", "told"),
        [
            (
                (1, 2, 4, 18, 18),
                "2 of 5 people adopted in 18, the last period, more than in any other, and everybody had",
            ),
            ((1, 2, "", 9, 9, 9, 9), "4 of 7 people adopted in 9, the last period, more than in any other: if"),
            ((1, 2, 3, 4), ""),
            ((1, 2, 2, 4, 4), ""),
            ((1, 2, 2, 4, 4, 4, ""), ""),
        ],
        ids=["nobody is left", "most adopted last", "one a period", "as many before", "some are left"],
    )
    def test_a_last_period_that_looks_like_a_word_for_never_is_noted(self, times, told):
        people = "id,adopted\n" + "".join(f"p{place},{when}\n" for place, when in enumerate(times))
        notes = [note for note in read_texts(people, "from,to\np0,p1\n").notes if "last period" in note]
        assert len(notes) == bool(told)
        assert all(note.startswith(told) and "use --never" in note for note in notes)

    def test_a_word_for_never_that_occurs_nowhere_is_noted(self):
        found = read_texts(PEOPLE.replace("dan,", "dan,99"), never=("99", "18", "none"))
        assert [note for note in found.notes if "--never" in note] == [
            "people.csv: column 'adopted' does not contain '18', 'none' (--never)"
        ]

    def test_a_date_for_never_is_that_date_alone(self):
        people = "id,adopted\na,2020-01\nb,2020-02\nc,2020-03-05\nd,2020-03\n"
        found = read_texts(people, "from,to\na,b\n", never=("2020-03",))
        assert found.adopted.tolist() == [1, 2, 3, NEVER_ADOPTED]

    def test_of_a_tie_given_again_the_larger_weight_holds(self):
        found = read_texts(ties="from,to,weight\nann,bob,0.2\nbob,ann,0.5\nbob,cat,1\n")
        assert found.ties.weights.tolist() == [0.5, 0.5, 1.0, 1.0]
        assert any("1 repeated ties" in note for note in found.notes)

    def test_ties_that_may_be_left_out_are_noted(self):
        ties = TIES + "ann,ann\nann,eve\n"
        found = read_texts(ties=ties, self_ties="leave_out", unknown="leave_out")
        assert found.ties.indices.size == 4
        assert sum("left out" in note for note in found.notes) == 2

    def test_people_alike_agree_in_community_and_columns(self):
        people = "id,adopted,community,role\nann,1,x,m\nbob,2,x,d\ncat,4,y,m\ndan,3,x,m\n"
        assert read_texts(people, permutation_columns=("role",)).permutation_groups.tolist() == [0, 1, 2, 0]

    def test_the_end_may_be_later_than_the_last_adoption(self):
        assert read_texts(end="9").periods == 9

    def test_without_seeds_the_first_period_is_explained(self):
        assert read_texts(seeds=False).first_explained == 1
        assert read_texts(start="0").first_explained == 1
        assert read_texts().first_explained == 2

    @pytest.mark.parametrize("dated", [True, False])
    def test_tables_written_of_a_diffusion_give_it_back(self, dated, tmp_path):
        observed = simulate_histories(build_villages(3, 12, weights=(1.0, 0.25)), contact=0.1)[0]
        found = read_observed(
            *write_diffusion_tables(observed, tmp_path, dated=dated), TableOptions(end="2020-12" if dated else "12")
        )
        assert np.array_equal(found.adopted, observed.adopted)
        assert np.array_equal(found.ties.indices, observed.ties.indices)
        assert np.array_equal(found.ties.weights, observed.ties.weights)
        assert np.array_equal(found.community, observed.community)
        assert found.unit == ("month" if dated else "period")


class TestTime:
    @pytest.mark.parametrize(
        ("unit", "periods"), [(None, [1, 4, 14]), ("month", [1, 4, 14]), ("quarter", [1, 2, 5]), ("year", [1, 1, 2])]
    )
    def test_dates_count_from_the_period_of_the_earliest(self, unit, periods):
        moments = [parse_timestamp(text) for text in ("1955-01", "1955-04-30", "1956-02-01")]
        calendar = choose_calendar(moments, None, unit)
        assert [calendar.period(moment) for moment in moments] == periods

    def test_years_count_from_a_start_that_is_given(self):
        calendar = choose_calendar([parse_timestamp("1955-06")], parse_timestamp("1954-04"), "year")
        assert [calendar.period(parse_timestamp(text)) for text in ("1954-04", "1955-03", "1955-04")] == [1, 1, 2]

    @pytest.mark.parametrize("text", ["1955-13", "1955-02-30", "3.5", "soon", "1e3", "55-01", "1955/01", "∞", "nan"])
    def test_what_is_no_moment(self, text):
        assert parse_timestamp(text) is None

    @given(st.integers(-10_000, 10_000))
    def test_numbers_are_shown_as_they_were_given(self, number):
        assert parse_timestamp(format_timestamp(Timestamp(is_date=False, count=number))) == Timestamp(
            is_date=False, count=number
        )

    @given(st.integers(12, 9999 * 12 + 11), st.sampled_from([1, 3, 12]))
    def test_every_month_falls_in_one_period(self, count, width):
        unit = {1: "month", 3: "quarter", 12: "year"}[width]
        calendar = PeriodCalendar(Timestamp(is_date=True, count=count), unit)
        assert calendar.period(Timestamp(is_date=True, count=count + width)) == 2
        assert calendar.period(Timestamp(is_date=True, count=count + width - 1)) == 1
        assert calendar.period(Timestamp(is_date=True, count=count - 1)) == 0


class TestFaults:
    def test_all_faults_of_both_tables_come_at_once(self):
        people = "id,adopted,community\nann,0,x\nbob,soon,x\nann,2,x\n,3,y\ncat,2,\ndan,3,y\n"
        error = catch_input_error(read_texts, people, "from,to\nann,eve\nbob,bob\ndan,\n")
        assert [(one.file, one.line) for one in error.faults] == [
            ("people.csv", 2), ("people.csv", 3), ("people.csv", 4), ("people.csv", 5), ("people.csv", 6),
            ("ties.csv", 2), ("ties.csv", 3), ("ties.csv", 4),
        ]  # fmt: skip

    @pytest.mark.parametrize(
        ("row", "terms", "words"),
        [
            ("eve,0,y", {}, "before the start (1)"),
            ("eve,3,y", {"start": "4"}, "before the start (4)"),
            ("eve,9,y", {"end": "5"}, "after the end (5)"),
            ("eve,2.5,y", {}, "needed: a whole number of periods, or a date"),
            ("eve,1955-03,y", {}, "needed: all dates or all numbers"),
            ("eve,3,", {}, "is blank; needed: a name"),
            (",3,y", {}, "each person needs an id"),
            ("bob,3,y", {}, "given twice, first on line 3"),
            ("eve,3", {}, "has 2 cells; the header has 3"),
        ],
    )
    def test_a_row_of_the_people(self, row, terms, words):
        people = "id,adopted,community\nann,4,x\nbob,5,x\n" + row + "\n"
        found = single_fault(people, "from,to\nann,bob\n", **terms)
        assert (found.file, found.line) == ("people.csv", 4)
        assert words in str(found)

    def test_a_date_before_the_start(self):
        people = "id,adopted\nann,1955-02\nbob,1955-03\ncat,1955-04\n"
        found = single_fault(people, start="1955-03")
        assert (found.file, found.line) == ("people.csv", 2)
        assert "got 1955-02, before the start (1955-03)" in found.problem

    def test_a_start_after_the_end_is_the_one_fault_that_is_told(self):
        found = single_fault(start="6", end="2")
        assert (found.path, found.problem) == ("--start", "got 6, after --end 2; needed: a start before the end")
        people = "id,adopted\nann,1955-02\nbob,1955-04\ncat,1955-05\n"
        found = single_fault(people, start="1955-06", end="1955-03", unit="year")
        assert "got 1955-06, after --end 1955-03" in found.problem

    @pytest.mark.parametrize(
        ("row", "words"),
        [
            ("ann,bobb,1", "'bobb' is not in the table of people; did you mean 'bob'? (--leave-out unknown"),
            ("bob,bob,1", "--leave-out self-ties"),
            ("ann,,1", "has a blank id"),
            ("ann,bob,0", "needed: a number in (0, 1]"),
            ("ann,bob,2", "needed: a number in (0, 1]"),
            ("ann,bob,nan", "needed: a number in (0, 1]"),
            ("ann,bob,", "got weight blank"),
            ("ann,bob,much", "got weight much"),
        ],
    )
    def test_a_row_of_the_ties(self, row, words):
        found = single_fault(ties="from,to,weight\nann,cat,1\n" + row + "\n")
        assert (found.file, found.line) == ("ties.csv", 3)
        assert words in str(found)

    @pytest.mark.parametrize(
        ("people", "words"),
        [
            ("id,adopted\nann,\nbob,\ncat,\n", "nobody adopted"),
            ("id,adopted\nann,1\nbob,1\ncat,1\n", "adoptions in 0 periods after the first"),
            ("id,adopted\nann,1\nbob,3\ncat,3\n", "adoptions in 1 period after the first"),
            ("id,adopted\nann,1\nbob,2\ncat,9000\n", "9,000 periods from 1; needed: at most 400"),
        ],
    )
    def test_times_from_which_nothing_follows(self, people, words):
        assert words in str(single_fault(people))

    def test_everybody_at_once(self):
        assert "adoptions in 1 period: nothing to explain" in str(
            single_fault("id,adopted\nann,5\nbob,5\ncat,5\n", seeds=False)
        )

    @pytest.mark.parametrize(
        ("people", "ties", "terms", "words"),
        [
            ("id,adoptd\nann,1\n", TIES, {}, "column 'adopted' (time): is missing; did you mean 'adoptd'?"),
            (PEOPLE, "from,too\nann,bob\n", {}, "column 'to' (other end): is missing; did you mean 'too'?"),
            (PEOPLE, TIES, {"permutation_columns": ("comunity",)}, "did you mean 'community'?"),
            (PEOPLE, TIES, {"community": "comunity"}, "did you mean 'community'?"),
            (PEOPLE, TIES, {"weight": "strength"}, "column 'strength' (weight): is missing"),
            (PEOPLE, TIES, {"start": "1955-01"}, "--start: got '1955-01'; needed: a whole number"),
            (PEOPLE, TIES, {"end": "late"}, "--end: got 'late'"),
            (PEOPLE, "from,to\nann,ann\n", {"self_ties": "leave_out"}, "holds no tie between two people"),
            (PEOPLE, "", {}, "ties.csv: is empty"),
            ("id,adopted\n", TIES, {}, "people.csv: has no rows"),
        ],
    )
    def test_a_whole_table_or_an_option(self, people, ties, terms, words):
        assert words in str(single_fault(people, ties, **terms))

    def test_too_many_weights(self):
        people = "id,adopted\n" + "".join(f"p{place},{1 + place % 3}\n" for place in range(25))
        ties = "from,to,weight\n" + "".join(f"p{place},p{place + 1},{(place + 1) / 30}\n" for place in range(24))
        assert "24 different weights; needed: at most 20 (round them)" in str(single_fault(people, ties))

    def test_a_file_that_is_not_there(self):
        write_file("ties.csv", TIES)
        assert "no such file" in str(only_fault(read_observed, "nobody.csv", "ties.csv"))
