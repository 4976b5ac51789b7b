"""`qispread fit` says what it finds, writes it, and refuses what it cannot answer."""

import json
from contextlib import redirect_stdout
from io import StringIO

import pandas as pd
import pyarrow.parquet
import pytest

import qispread as qs
from helpers_input import catch_input_error, write_file
from qispread.interfaces.cli.main import main
from qispread.outputs.figures.fit_figures import fit_figures, rename_for_study
from qispread.runs.diffusion_fit.fit_diffusion import fit_observed
from qispread.runs.diffusion_fit.fit_tables import EXPOSURE_CLASSES, FIT_TABLES
from synthetic_diffusion import build_villages, simulate_histories, write_diffusion_tables

QUICK = ["--replicates", "20", "--permutations", "99"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with the two tables of a diffusion with much contact."""
    place = tmp_path_factory.mktemp("diffusion")
    write_diffusion_tables(
        simulate_histories(build_villages(8, 20, degree=4), push=0.03, contact=0.2, first=3)[0], place, dated=True
    )
    return place


@pytest.fixture(scope="module")
def fit_output(folder):
    """The folder of a fit, and what was printed."""
    place = folder / "written"
    with redirect_stdout(StringIO()) as out:
        assert main(["fit", *table_paths(folder), "--end", "2020-12", "--out", str(place), *QUICK]) == 0
    return place, " ".join(out.getvalue().split())


@pytest.fixture
def working_folder(folder, monkeypatch, tmp_path):
    """Stand beside a copy of the tables."""
    for name in ("people.csv", "ties.csv"):
        write_file(name, (folder / name).read_bytes(), tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def table_paths(folder):
    """Return the paths of the two tables."""
    return [str(folder / "people.csv"), str(folder / "ties.csv")]


def test_it_says_what_it_finds(fit_output):
    _, told = fit_output
    assert told.startswith("160 people in 8 communities")
    assert "12 months" in told
    assert "All signs indicate that ties are needed" in told
    assert "no proof of contagion" in told
    assert "Ties alone would explain" in told


def test_it_writes_what_it_finds(fit_output, folder):
    place, _ = fit_output
    for name, (_, columns) in FIT_TABLES.items():
        assert list(pd.read_csv(place / f"fit_{name}.csv")) == list(columns), name
        kept = pyarrow.parquet.read_schema(place / f"fit_{name}.parquet")
        assert all(kept.field(column).metadata for column in columns), name
    for name in ("curve", "thresholds", "ties", "gains"):
        assert (place / f"fit-{name}.svg").read_text(encoding="utf-8").startswith("<svg")
    about = json.loads((place / "fit.json").read_text(encoding="utf-8"))
    assert about["verdict"] == "needed"
    assert 0.5 < about["most_by_ties"] <= 1.0
    assert [one["path"] for one in about["read"]] == table_paths(folder)


@pytest.mark.slow
def test_it_gives_the_same_bytes_again_where_it_stands_by_default(fit_output, working_folder):
    assert main(["fit", "people.csv", "ties.csv", "--end", "2020-12", *QUICK]) == 0
    again = sorted(path for path in (working_folder / "results/fit-people").iterdir() if path.suffix != ".json")
    assert len(again) > len(FIT_TABLES)
    for path in again:
        assert path.read_bytes() == (fit_output[0] / path.name).read_bytes(), path.name


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        (["--columns", "person=node"], "--columns: got 'person=node'; needed: FIELD=COLUMN"),
        (["--columns", "comunity=town"], "did you mean 'community'?"),
        (["--columns", "id"], "got 'id'; needed: FIELD=COLUMN"),
        (["--columns", "id=who"], "column 'who' (id): is missing"),
        (["--replicates", "3"], "--replicates: got 3; needed: at least 20"),
        (["--permutations", "9"], "--permutations: got 9; needed: at least 99"),
        (["--seed", "-1"], "--seed: got -1; needed: at least 0"),
        (["--start", "2020-03"], "before the start (2020-03)"),
        (["--start", "2021-03", "--end", "2020-12"], "1 fault in the input --start: got 2021-03, after --end 2020-12"),
        (["--strata", "rolle"], "column 'rolle' (group): is missing"),
    ],
)
def test_what_cannot_be_answered_is_refused(words, refusal, working_folder, capsys):
    assert main(["fit", "people.csv", "ties.csv", *words]) == 2
    told = capsys.readouterr()
    assert refusal in " ".join(told.err.split())
    assert "Traceback" not in told.err
    assert not (working_folder / "results").exists()


def test_a_tie_to_a_stranger_is_refused_with_its_line_or_left_out_with_all_faults_at_once(working_folder, capsys):
    text = (working_folder / "ties.csv").read_text(encoding="utf-8")
    write_file("more.csv", text + "person-000,person-999,1\n")
    assert main(["fit", "people.csv", "more.csv"]) == 2
    told = capsys.readouterr().err
    assert f"more.csv:{len(text.splitlines()) + 1}" in told
    assert "'person-999' is not in the table of people" in told
    assert "--leave-out unknown" in told
    assert main(["fit", "people.csv", "more.csv", "--leave-out", "unknown", "--replicates", "3", "--start", "x"]) == 2
    told = capsys.readouterr().err
    assert "person-999" not in told
    assert "2 faults" in told
    assert "--replicates: got 3" in told
    assert "--start: got 'x'" in told


def test_python_gives_what_the_command_writes(fit_output, folder):
    found = qs.fit(*table_paths(folder), qs.TableOptions(unit="month", end="2020-12"), replicates=20, shuffles=99)
    kept = pd.read_csv(fit_output[0] / "fit_comparisons.csv")
    pd.testing.assert_frame_equal(kept, found.tables["comparisons"], check_dtype=False)


def test_one_community_is_fitted_and_nothing_is_held_out():
    observed = simulate_histories(build_villages(1, 60, degree=4), push=0.03, contact=0.2)[0]
    found = fit_observed(observed, replicates=20, shuffles=99)
    assert found.tables["scores"].empty
    assert set(found.signs) == {"across ties", "evidence"}
    assert any("none can be held out" in note for note in found.notes)
    assert {figure.name for figure in fit_figures(found)} == {"fit-curve", "fit-thresholds", "fit-ties"}


def test_a_tie_between_two_who_never_adopted_tells_nothing_and_all_else_is_told(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write_file("people.csv", "id,adopted\na0,\na1,\n" + "".join(f"a{n},{n % 8 + 2}\n" for n in range(2, 40)))
    write_file("ties.csv", "from,to\na0,a1\n")
    assert main(["fit", "people.csv", "ties.csv", "--end", "10", *QUICK]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "no correlation and no p" in told
    assert "no correlation across ties, and no p" in told
    assert "tied people do not adopt at similar times" in told
    assert "nan" not in told
    place = tmp_path / "results/fit-people"
    assert pd.read_csv(place / "fit_shuffles.csv")[["observed", "p", "error", "z"]].isna().all(axis=None)
    assert {path.stem for path in place.glob("*.svg")} == {"fit-curve"}


@pytest.mark.slow
def test_what_was_found_is_shown_though_it_cannot_be_written(working_folder, capsys):
    blocked = working_folder / "out" / "fit-curve.svg"
    blocked.mkdir(parents=True)
    assert main(["fit", "people.csv", "ties.csv", "--end", "2020-12", "--out", "out", *QUICK]) == 2
    told = capsys.readouterr()
    assert "All signs indicate that ties are needed" in " ".join(told.out.split())
    assert "could not be written" in told.err


def test_a_folder_with_the_fit_of_other_tables_is_refused_before_any_fit(fit_output, working_folder, capsys):
    before = {path.name: path.read_bytes() for path in fit_output[0].iterdir()}
    people = (working_folder / "people.csv").read_text(encoding="utf-8")
    write_file("people.csv", people + "one-more,,village-0\n")
    assert main(["fit", "people.csv", "ties.csv", "--out", str(fit_output[0]), *QUICK]) == 2
    told = capsys.readouterr()
    assert "holds the fit of other tables" in " ".join(told.err.split())
    assert "--out" in told.err
    assert not told.out
    assert before == {path.name: path.read_bytes() for path in fit_output[0].iterdir()}


@pytest.mark.parametrize("kept", ["", "[]", "{}", '{"read": [1]}'])
def test_a_folder_whose_fit_does_not_say_of_what_is_refused(kept, working_folder, capsys):
    write_file("out/fit.json", kept)
    assert main(["fit", "people.csv", "ties.csv", "--out", "out", *QUICK]) == 2
    assert "holds the fit of other tables" in " ".join(capsys.readouterr().err.split())


def test_a_table_whose_name_no_folder_can_have_is_refused_with_all_other_faults(working_folder, capsys):
    (working_folder / "people.csv").rename(working_folder / "peo:ple.csv")
    assert main(["fit", "peo:ple.csv", "ties.csv", "--replicates", "3"]) == 2
    told = capsys.readouterr()
    assert "2 faults" in told.err
    assert "'fit-peo:ple' is no valid folder name" in " ".join(told.err.split())
    assert "Traceback" not in told.err
    assert not (working_folder / "results").exists()


def test_a_folder_that_cannot_be_used_is_refused_before_any_fit(working_folder, capsys):
    write_file("taken", "")
    assert main(["fit", "people.csv", "ties.csv", "--out", "taken", *QUICK]) == 2
    told = capsys.readouterr()
    assert "is a file; needed: a folder" in " ".join(told.err.split())
    assert not told.out


def test_figures_draw_the_tables():
    found = fit_observed(simulate_histories(build_villages(4, 15), contact=0.1)[0], replicates=20, shuffles=99)
    curve, exposure, ties, gains = fit_figures(found)
    assert set(curve.table["model"]) == {"independent_by_period", "contact_by_period"}
    assert list(dict.fromkeys(exposure.table["share_of_ties"])) == list(EXPOSURE_CLASSES)
    assert ties.table["observed"].iloc[0] == found.tables["shuffles"]["observed"].iloc[0]
    assert len(gains.table) == 4
    for figure in (curve, exposure, ties, gains):
        assert figure.chart.to_dict()
        assert any(character.isdigit() for character in figure.alt)
        assert " ".join(figure.chart.to_dict()["title"]["subtitle"]) == figure.note
        named = rename_for_study(figure, "stem", "A study").chart.to_dict()["title"]
        assert named["text"] == ["A study", figure.title]
        assert " ".join(named["subtitle"]) == figure.note


def test_figures_say_what_their_marks_are():
    found = fit_figures(
        fit_observed(simulate_histories(build_villages(4, 15), contact=0.1)[0], replicates=20, shuffles=99)
    )
    curve, exposure, ties, gains = (figure.note for figure in found)
    assert "bands: median and 9 in 10" in curve
    assert "Black bars: observed" in exposure
    assert "Black line: observed" in ties
    assert "Dashed: no correlation" in ties
    assert "dashed line" in gains


@pytest.mark.parametrize(("replicates", "shuffles", "seed"), [(5, 99, 0), (20, 5, 0), (20, 99, -1)])
def test_too_few_worlds_or_shuffles_and_seeds_below_0_are_refused_from_python(
    replicates, shuffles, seed, working_folder
):
    assert (
        len(
            catch_input_error(
                qs.fit, "people.csv", "ties.csv", replicates=replicates, shuffles=shuffles, seed=seed
            ).faults
        )
        == 1
    )


@pytest.mark.quick_cases(1)
@pytest.mark.parametrize(
    ("people", "ties", "verdict"),
    [
        ("id,adopted\na,1\nb,2\nc,3\nd,\n", "from,to\na,d\n", "Too few data to decide if ties are needed"),
        ("id,adopted\na,1\nb,2\nc,3\n", "from,to\na,b\nb,c\n", "The signs disagree on whether ties are needed"),
        (
            "id,adopted,community\na,2,x\nb,3,y\nc,3,z\nd,4,z\n",
            "from,to\na,b\n",
            "The signs disagree on whether ties are needed",
        ),
    ],
    ids=["only a seed and a non-adopter are tied", "everybody adopted", "communities of one"],
)
def test_very_little_is_fitted_too(people, ties, verdict, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write_file("people.csv", people)
    write_file("ties.csv", ties)
    assert main(["fit", "people.csv", "ties.csv", "--end", "9", *QUICK]) == 0
    assert verdict in capsys.readouterr().out
