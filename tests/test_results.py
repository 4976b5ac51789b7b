"""The tables of results: what their columns promise, how they hang together, and the same bytes every time."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.csv
import pyarrow.parquet
import pytest

import qispread as qs
from helpers_input import SMALL_YAML, write_file
from qispread.inputs.cross_checks import POOLED
from qispread.interfaces.cli.main import main
from qispread.model.engines.run_tables import RUN_TABLES, build_tables
from qispread.model.measures import BOOSTED_THRESHOLD, MEASURE_REGISTRY, REPLICATED_THRESHOLD
from qispread.outputs.results import default_folder, write_runs

MONTHS = 36
OVERALL = [measure.name for measure in MEASURE_REGISTRY if measure.overall]
PRACTICE = [measure.name for measure in MEASURE_REGISTRY if not measure.overall and measure.name != "events_averted"]
ONE = qs.Scenario().replace(
    {
        "organisations.number": 26,
        "organisations.partnerships": 6,
        "organisations.regions": 2,
        "hearing.broadcast": 0.03,
    },
    name="small",
    horizon=MONTHS,
    replicates=4,
)
TWO = ONE.replace(
    interventions={"first": {}, "later": {"launch": 7, "origin": {"rule": "hub", "number": 2}, "complexity": 0.2}}
).with_policy("coaching", cost=2.0, target={"hubs": 5})
SCENARIOS = {"one": ONE, "two": TWO}


@pytest.fixture(scope="module", params=SCENARIOS.values(), ids=SCENARIOS)
def runs(request):
    return qs.simulate(request.param, workers=1)


@pytest.fixture(scope="module")
def months(runs):
    return runs.months


@pytest.fixture(scope="module")
def organisations(runs):
    return runs.organisations


@pytest.fixture(autouse=True)
def _change_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def file_bytes(folder="res"):
    """Return the bytes of the tables in a folder."""
    return {path.name: path.read_bytes() for path in Path(folder).iterdir() if path.name != "manifest.json"}


def by_intervention(months, name):
    """Return the values of a measure for each intervention, in order of replicates and months."""
    return {what: rows[name].to_numpy() for what, rows in months.groupby("intervention", observed=True)}


def arrays_equal(left, right):
    np.testing.assert_allclose(np.asarray(left, float), np.asarray(right, float), rtol=1e-12, atol=1e-12)


def test_columns_are_those_documented_in_their_order():
    tables = build_tables(qs.simulate(ONE, replicates=1, keep_events=True))
    assert list(tables) == list(RUN_TABLES)
    for name, table in tables.items():
        assert table.column_names == list(RUN_TABLES[name])
        assert [field.metadata[b"meaning"].decode() for field in table.schema] == list(RUN_TABLES[name].values())
        assert all(RUN_TABLES[name].values())


def test_run_ids_are_name_fingerprint_and_replicate(runs):
    found = build_tables(runs)["runs"].to_pandas()
    assert list(found.run_id) == [f"small-{runs.scenario.fingerprint()}-{number:05d}" for number in range(4)]
    assert list(found.replicate) == [0, 1, 2, 3]
    assert set(found.status) == {"done"}
    assert set(found.error) == {""}


def test_months_have_a_row_for_each_replicate_month_and_intervention(runs, months):
    names = [*runs.scenario.interventions, POOLED]
    expected = [
        (name, month, what) for name in dict.fromkeys(months.run_id) for month in range(MONTHS + 1) for what in names
    ]
    assert list(zip(months.run_id, months.month, months.intervention, strict=True)) == expected
    assert len(months) == 4 * (MONTHS + 1) * len(names)


def test_organisations_have_a_row_for_each_replicate_organisation_and_intervention(runs, organisations):
    keys = organisations[["run_id", "organisation", "intervention"]].astype(str)
    assert len(keys.drop_duplicates()) == len(keys) == 4 * 26 * len(runs.scenario.interventions)


def test_overall_measures_stand_in_the_pooled_rows_alone(months):
    pooled = months.intervention == POOLED
    assert months.loc[pooled, OVERALL].notna().to_numpy().all()
    assert months.loc[~pooled, OVERALL].isna().to_numpy().all()


def test_measures_hold_their_bounds(months):
    for measure in MEASURE_REGISTRY:
        values = months[measure.name].dropna()
        assert len(values) > 0
        assert values.ge(0.0).all() or measure.name == "events_averted"
        assert values.le(1.0 + 1e-12).all() or measure.unit != "share"


def test_measures_hang_together(months):
    assert (months.awareness >= months.ever_adopted).all()
    assert (months.ever_adopted >= months.current_use).all()
    begun = months[months.ever_adopted > 0]
    arrays_equal(begun.sustainment * begun.ever_adopted, begun.current_use)
    arrays_equal(begun.transformed + begun.boosted + begun.limited, 1.0)
    used = months[months.current_use > 0]
    arrays_equal(used.replication_ratio, used.effect / used.origin_effect)
    arrays_equal(used.replicated * used.current_use, used.transformed * used.ever_adopted)
    assert (used.generation >= 1).all()
    assert (begun.discontinued >= 1 - begun.sustainment - 1e-12).all()


def test_a_measure_of_nobody_is_nan_and_not_null(months, runs):
    nobody = months.current_use == 0
    assert nobody.any()
    assert months.loc[nobody, ["fidelity", "effect", "embedding", "generation", "replicated"]].isna().to_numpy().all()
    assert (
        months.loc[months.ever_adopted == 0, ["sustainment", "discontinued", "transformed", "limited"]]
        .isna()
        .to_numpy()
        .all()
    )
    assert months[["awareness", "ever_adopted", "current_use", "events_averted"]].notna().to_numpy().all()
    table = build_tables(runs)["months"]
    assert all(column.null_count == 0 for column in table.columns)


def test_what_has_happened_stays_happened(months):
    for (_, what), run in months.groupby(["run_id", "intervention"], observed=True):
        for name in ("ever_adopted", "staff_time", "cost", *(["origin_effect"] if what != POOLED else [])):
            assert run[name].dropna().is_monotonic_increasing


def test_month_0_is_the_state_before_the_first(months):
    start = months[months.month == 0]
    names = ["awareness", "ever_adopted", "current_use", "events_averted"]
    assert start[names].eq(0.0).to_numpy().all()
    assert start.staff_time.dropna().eq(0.0).all()


def test_the_pooled_row_is_the_row_of_the_only_intervention():
    months = qs.simulate(ONE).months
    pooled = months.intervention == POOLED
    pd.testing.assert_frame_equal(
        months.loc[pooled, PRACTICE].reset_index(drop=True), months.loc[~pooled, PRACTICE].reset_index(drop=True)
    )


def test_the_pooled_row_counts_organisations_and_interventions_alike():
    adoption = by_intervention(qs.simulate(TWO).months, "current_use")
    arrays_equal(adoption[POOLED], (25 * adoption["first"] + 24 * adoption["later"]) / 49)


def test_events_averted_never_falls_where_nothing_can_make_harm_worse():
    # An intervention only ever lowers harm, so what it averts can only add up; so with all at home.
    months = qs.simulate(TWO.replace({"local_improvement.gain": 0.0})).months
    for _, run in months.groupby(["run_id", "intervention"], observed=True):
        assert (run.events_averted.diff().dropna() >= -1e-9).all()
    last = months[(months.month == MONTHS) & (months.intervention == POOLED)]
    assert (last.events_averted > 0).all()


def test_with_one_intervention_and_nothing_at_home_all_that_is_averted_is_its_own():
    averted = by_intervention(qs.simulate(ONE.replace({"local_improvement.gain": 0.0})).months, "events_averted")
    arrays_equal(averted[POOLED], averted["intervention"])


def gini_by_definition(values):
    """Return half the mean absolute difference over the mean."""
    return np.abs(values[:, None] - values[None, :]).mean() / (2.0 * values.mean())


def final_rows(months, what):
    found = months[(months.month == MONTHS) & (months.intervention == what)].set_index("run_id")
    found.index = found.index.astype(str)
    return found


def test_the_last_month_of_each_intervention_follows_from_the_organisations(runs, months, organisations):
    for what in runs.scenario.interventions:
        last = final_rows(months, what)
        mine = organisations[organisations.intervention == what]
        for run, rows in mine.groupby("run_id", observed=True):
            said, followers = last.loc[run], rows[rows.origin == 0]
            users = followers[followers.stage.isin(["implementing", "embedded"])]
            begun = followers[followers.first_adopted >= 0]
            reference = rows[rows.origin == 1].best_result.mean()
            arrays_equal(said.current_use, len(users) / len(followers))
            arrays_equal(said.awareness, (followers.stage != "unaware").mean())
            arrays_equal(said.ever_adopted, len(begun) / len(followers))
            arrays_equal(said.discontinued, (begun.times_discontinued > 0).mean())
            for name, column in {"appropriateness": "appropriateness", "effect": "result"}.items():
                arrays_equal(said[name], users[column].mean())
            for name in ("fidelity", "embedding", "generation"):
                arrays_equal(said[name], users[name].mean())
            arrays_equal(said.origin_effect, reference)
            arrays_equal(said.replicated, (users.result >= REPLICATED_THRESHOLD * reference).mean())
            halfway = users.result.between(
                BOOSTED_THRESHOLD * reference, REPLICATED_THRESHOLD * reference, inclusive="left"
            ).sum()
            arrays_equal(said.boosted, halfway / len(begun))
            arrays_equal(said.events_averted, rows.events_averted.sum())


def test_the_last_month_of_all_follows_from_the_organisations(runs, months, organisations):
    last = final_rows(months, POOLED)
    first = next(iter(runs.scenario.interventions))
    for run, rows in organisations[organisations.intervention == first].groupby("run_id", observed=True):
        said, harm = last.loc[run], rows.event_rate.to_numpy()
        arrays_equal(said.event_rate, np.average(harm, weights=rows["size"]))
        arrays_equal(said.event_rate_gini, gini_by_definition(harm))
        arrays_equal(said.event_rate_range, np.percentile(harm, 90) - np.percentile(harm, 10))
        arrays_equal(said.events_averted, rows.all_events_averted.sum())
        for name in ("staff_time", "cost"):
            arrays_equal(said[name], rows[name].sum())
        arrays_equal(said.local_improvement, rows.local_improvement.mean())
        for name in ("leadership", "culture", "capability"):
            arrays_equal(said[name], rows[f"{name}_end"].mean())


def test_harm_at_the_end_follows_from_the_results(runs, organisations):
    scenario, wide = runs.scenario, organisations.set_index(["run_id", "organisation"])
    expected = wide.baseline * np.exp(-scenario.outcome.secular * MONTHS / 12) * (1 - wide.local_improvement)
    benefit = wide.intervention.astype(str).map({name: one.benefit for name, one in scenario.interventions.items()})
    left = (1 - benefit * wide.result).groupby(["run_id", "organisation"], observed=True).prod()
    once = ~wide.index.duplicated()
    arrays_equal(wide.event_rate[once], expected[once] * left.reindex(wide.index[once]))


def test_only_targets_cost():
    found = qs.simulate(TWO).organisations.drop_duplicates(["run_id", "organisation"])
    assert set(found.cost) == {0.0, 2.0 * MONTHS}
    assert (found[found.cost > 0].groupby("run_id", observed=True).size() == 5).all()


def test_a_copy_names_a_peer_or_another_source(organisations):
    ids = set(organisations.organisation.astype(str))
    sources = set(organisations.copied_from.astype(str))
    assert sources & ids
    never = organisations[organisations.first_adopted < 0]
    assert not set(never.copied_from.astype(str)) & ids
    assert (never.last_adopted < 0).all()
    assert (organisations.copied_from.astype(str) != organisations.organisation.astype(str)).all()


WAYS = {
    "again": {},
    "one worker": {"workers": 1},
    "two workers": {"workers": 2},
    "three workers": {"workers": 3},
    "the other engine": {"engine": "mesa"},
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_the_bytes_are_the_same_each_way(way):
    write_runs(qs.simulate(TWO), "res", csv=True)
    write_runs(qs.simulate(TWO, **way), "other", csv=True)
    assert file_bytes("other") == file_bytes()
    assert len(file_bytes()) == 7


def test_the_bytes_are_the_same_from_an_executor_of_ones_own():
    write_runs(qs.simulate(TWO), "res")
    with ThreadPoolExecutor(2) as executor:
        write_runs(qs.simulate(TWO, executor=executor), "other")
        assert executor.submit(int).result() == 0
    assert file_bytes("other") == file_bytes()


def test_fewer_replicates_are_the_first_of_more():
    few, more = (qs.simulate(TWO, replicates=number).measures for number in (2, 4))
    np.testing.assert_array_equal(few, more[:2])


def with_tables():
    write_file("o.csv", "id,size,shut\n" + "".join(f"p{i},{i + 1},\n" for i in range(20)) + "gone,1,2020\n", "below")
    write_file(
        "t.csv", "from,to,weight\n" + "".join(f"p{i},p{(3 * i + 1) % 20},0.5\n" for i in range(20) if (2 * i + 1) % 20)
    )
    tables = "organisations: {file: below/o.csv, closed: shut}\nnetwork: {kind: file, file: t.csv}\n"
    return write_file("s.yaml", f"name: mine\nhorizon: 24\nreplicates: 3\n{tables}")


@pytest.mark.parametrize("scenario", ["tables", "none"])
def test_a_rerun_from_the_manifest_gives_the_same_bytes(scenario):
    path = with_tables() if scenario == "tables" else write_file("s.yaml", SMALL_YAML)
    assert main(["run", str(path), "--out", "res", "--seed", "5", "--csv"]) == 0
    for table in (*Path().glob("*.csv"), *Path().glob("below/*.csv"), path):
        table.unlink()
    assert main(["run", "res/manifest.json", "--out", "again", "--csv"]) == 0
    assert file_bytes("again") == file_bytes()
    assert main(["run", "again/manifest.json", "--out", "res", "--csv"]) == 0


def test_the_manifest_says_how_the_results_came_about():
    with_tables()
    typed = ["run", "s.yaml", "--out", "res", "--replicates", "2"]
    assert main(typed) == 0
    manifest = json.loads(Path("res/manifest.json").read_text(encoding="utf-8"))
    assert manifest["command"] == ["qispread", *typed]
    assert manifest["scenario"]["replicates"] == 2
    assert len(manifest["scenario"]["organisations"]["rows"]) == 20
    assert manifest["identity"]["qispread"] == qs.__version__
    assert {"numpy", "numba", "mesa", "pandas", "pyarrow"} <= set(manifest["versions"])
    assert {"python", "git_commit"} <= set(manifest)
    inputs = {one["path"]: one["sha256"] for one in manifest["inputs"]}
    assert set(inputs) >= {"below/o.csv", "t.csv"}
    assert all(len(mark) == 64 for mark in inputs.values())


@pytest.mark.parametrize("options", [[], ["--organisations", "below/o.csv", "--ties", "t.csv"]], ids=["yaml", "typed"])
def test_no_absolute_path_leaks_from_relative_ones(options):
    with_tables()
    assert main(["run", "s.yaml", "--out", "res", "--csv", *options]) == 0
    here = str(Path.cwd()).encode()
    assert not [path.name for path in Path("res").iterdir() if here in path.read_bytes()]


def test_numbers_in_csv_are_those_in_parquet():
    write_runs(qs.simulate(TWO), "res", csv=True)
    for name in ("runs", "months", "organisations"):
        table = pyarrow.parquet.read_table(f"res/{name}.parquet")
        words = {f.name for f in table.schema if pyarrow.types.is_dictionary(f.type)}
        types = {f.name: pyarrow.string() if f.name in words else f.type for f in table.schema}
        options = pyarrow.csv.ConvertOptions(column_types=types, null_values=[""])
        text = pyarrow.csv.read_csv(f"res/{name}.csv", convert_options=options)
        plain = table.cast(pyarrow.schema(list(types.items())))
        pd.testing.assert_frame_equal(text.to_pandas(), plain.to_pandas(), check_exact=True)


@pytest.mark.parametrize("name", ["../outside", "a/b", "/x", "..", ""])
def test_the_default_folder_lies_in_the_folder_of_results(name):
    try:
        folder = default_folder(ONE.replace(name=name))
    except qs.InputError:
        return
    assert folder.resolve().parent == Path("results").resolve()
