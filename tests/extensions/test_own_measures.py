"""Measures of a plug-in in every command: the same numbers as by hand, in plain Python, from the organisations."""

import json

import numpy as np
import pandas as pd
import pytest

import qispread as qs
from event_loop import run_in_event_loop
from helpers_sweep import SCENARIO_YAML, SMALL_SCENARIO
from qispread.analysis.factorial_effects import factorial_effects
from qispread.inputs.errors import InputError
from qispread.interfaces.cli.main import main
from qispread.interfaces.mesa_page.model_drawing import build_curves_table
from qispread.interfaces.page.compare_endpoint import stream_comparison
from qispread.interfaces.page.ensembles import EnsembleCache
from qispread.interfaces.page.page_state import PageState
from qispread.interfaces.page.work_queue import WorkQueue
from qispread.model.engines.run_tables import MONTH_COLUMNS, build_tables
from qispread.model.measures import MEASURE_NAMES
from qispread.model.world.state_arrays import EMBEDDED, FIDELITY, FIRST_ADOPTED, IMPLEMENTING, STAGE
from qispread.outputs.results import read_comparison, read_runs, write_comparison, write_runs
from qispread.outputs.text.display_tables import difference_rows
from qispread.outputs.text.glossary import glossary_entry
from qispread.runs.summary import headline_estimates, summarise_months
from qispread.runs.sweep.export import as_batch_run, as_ema

OWN = ("late_share", "fidelity_gap")
FACTORS = {"hearing.broadcast": {"low": 0.05, "high": 0.6}, "copying.copy_loss": {}}
TARGETS = {
    "late": {"measure": "late_share", "month": 12, "value": 0.3, "error": 0.1},
    "use": {"measure": "current_use", "month": 12, "value": 0.5, "error": 0.1},
}


def by_hand(run):
    """Return both measures at the end of a run, counted one organisation after another."""
    late, organisations, fidelities = 0, 0, []
    for practice in range(len(run.final_state.histories)):
        histories, practices = run.final_state.histories[practice], run.final_state.practices[practice]
        for organisation in range(histories.shape[1]):
            organisations += 1
            if histories[STAGE, organisation] in (IMPLEMENTING, EMBEDDED):
                late += int(histories[FIRST_ADOPTED, organisation] > 4)
                fidelities.append(float(practices[FIDELITY, organisation]))
    gap = max(fidelities) - min(fidelities) if fidelities else 0.0
    return {"late_share": late / organisations, "fidelity_gap": gap}


def all_by_hand(runs, measure):
    """Return a measure of every replicate by hand."""
    return np.array([by_hand(run)[measure] for run in runs.runs])


@pytest.fixture(scope="module")
def runs(scenario):
    return qs.simulate(scenario)


@pytest.fixture(scope="module")
def result(scenario):
    """Return a comparison of every combination of two policies, in three plausible models."""
    arms = {
        "teams": scenario.with_policy("coaching", support=0.8, cost=2.0),
        "order": scenario.with_policy("mandate"),
    }
    comparison = qs.compare(scenario, arms, measure="late_share", factorial=True)
    return qs.ComparisonResult(comparison, qs.robustness(comparison, models=3, replicates=2))


@pytest.fixture(scope="module")
def experiment(scenario):
    return {
        "name": "own",
        "base": scenario,
        "factors": FACTORS,
        "design": {"kind": "latin_hypercube", "points": 64},
        "replicates": 2,
        "measures": {"final": ("late_share", "effect"), "monthly": ("fidelity_gap", "late_share")},
        "interventions": "each",
    }


@pytest.fixture(scope="module")
def swept(experiment, tmp_path_factory):
    return qs.sweep(experiment, tmp_path_factory.mktemp("sweep") / "own")


@pytest.mark.parametrize("measure", OWN)
def test_runs_have_them_as_counted_by_hand(measure, runs):
    assert runs.measure_names == (*MEASURE_NAMES, *OWN)
    expected = all_by_hand(runs, measure)
    assert np.ptp(expected) > 0.0
    np.testing.assert_allclose(runs.final_values(measure), expected, rtol=1e-12)
    months = runs.months
    at_end = months[(months["month"] == 12) & (months["intervention"] == "all")]
    np.testing.assert_array_equal(at_end[measure], runs.final_values(measure))
    assert months.loc[months["intervention"] != "all", measure].isna().all()


def test_both_engines_give_the_same_tables(runs, scenario):
    in_mesa = qs.simulate(scenario.replace(replicates=2), engine="mesa")
    np.testing.assert_array_equal(in_mesa.measures, runs.measures[:2])


def test_the_tables_say_what_they_are(runs):
    schema = build_tables(runs)["months"].schema
    assert schema.names == [*MONTH_COLUMNS, *OWN]
    meaning = schema.field("late_share").metadata[b"meaning"].decode()
    assert meaning == "Share of organisations that use it and first adopted it after month 4. [share]"
    assert build_tables(qs.simulate(SMALL_SCENARIO, 1))["months"].schema.names == list(MONTH_COLUMNS)


def test_summaries_have_them(runs):
    summary = summarise_months(runs).to_pandas()
    row = summary[(summary["measure"] == "late_share") & (summary["month"] == 12) & (summary["intervention"] == "all")]
    assert row["median"].item() == pytest.approx(np.median(all_by_hand(runs, "late_share")))
    late = next(estimate for estimate in headline_estimates(runs)["all"] if estimate.label == "Late users")
    assert late.median == pytest.approx(np.median(all_by_hand(runs, "late_share")))
    assert glossary_entry("late_share").definition.startswith("Share of organisations that use it")


def test_runs_are_read_back_as_they_were(runs, tmp_path):
    write_runs(runs, tmp_path / "runs")
    found = read_runs(tmp_path / "runs")
    assert found.measure_names == runs.measure_names
    np.testing.assert_array_equal(found.measures, runs.measures)
    write_runs(found, tmp_path / "again")
    for name in ("months.parquet", "summary.csv"):
        assert (tmp_path / "runs" / name).read_bytes() == (tmp_path / "again" / name).read_bytes()


@pytest.mark.parametrize("measure", OWN)
def test_differences_are_of_the_same_numbers(measure, result):
    comparison = result.comparison
    base, other = (all_by_hand(comparison.runs[arm], measure) for arm in ("baseline", "teams"))
    row = comparison.differences.query(f"arm == 'teams' and measure == '{measure}'")
    assert list(row["intervention"]) == ["all"]
    assert row["difference"].item() == pytest.approx((other - base).mean())
    better = np.mean((other < base) + 0.5 * (other == base))
    assert row["share_better"].item() == pytest.approx(better)
    assert measure in [row.measure for row in difference_rows(comparison, "teams")]


def test_effects_of_factors_are_of_the_same_numbers(result):
    means = {arm: all_by_hand(runs, "late_share").mean() for arm, runs in result.comparison.runs.items()}
    effect = (means["teams"] - means["baseline"] + means["teams+order"] - means["order"]) / 2.0
    table = factorial_effects(result.comparison).query("measure == 'late_share' and kind == 'main' and term == 'teams'")
    assert table["effect"].item() == pytest.approx(effect)


def test_less_is_better_in_plausible_models_too(result):
    robustness, means = result.robustness, {}
    for arm, runs in result.comparison.runs.items():
        means[arm] = all_by_hand(runs, "late_share").mean()
    assert [means[arm] for arm in robustness.ranking] == sorted(means.values())
    np.testing.assert_array_equal(robustness.oriented_means, -robustness.means[list(robustness.ranking)])
    changes = {str(path): number for path, number in robustness.models.iloc[0].items()}
    changes |= {one.path: int(changes[one.path]) for one in robustness.factors if one.integer}
    model = qs.simulate(result.comparison.runs["baseline"].scenario.replace(changes), 2)
    assert robustness.means["baseline"][0] == pytest.approx(all_by_hand(model, "late_share").mean())


def test_a_precision_is_reached_in_them(scenario):
    found = qs.compare(scenario, {"order": scenario.with_policy("mandate")}, measure="late_share", precision=0.2)
    assert found.replicate_count == 256
    with pytest.raises(InputError, match="no measure is called 'late_shar'; did you mean 'late_share'"):
        qs.compare(scenario, {"order": scenario.with_policy("mandate")}, measure="late_shar")
    with pytest.raises(InputError, match="no measure is called 'late_share'"):
        qs.compare(SMALL_SCENARIO, {"order": SMALL_SCENARIO.with_policy("mandate")}, measure="late_share")


def test_a_comparison_is_read_back_and_reported(result, tmp_path):
    folder = tmp_path / "comparison"
    write_comparison(result, folder)
    found = read_comparison(folder)
    assert found.comparison.differences.equals(result.comparison.differences)
    assert found.robustness.ranking == result.robustness.ranking
    page = qs.write_report(folder)[0].read_text(encoding="utf-8")
    assert "Late users: share of organisations that use it and first adopted it after month 4." in page
    assert "Fidelity gap: baseline" in page
    assert "Your own measures" in page
    charts = {path.name for path in (folder / "charts").iterdir()}
    assert {"late-share-over-time.svg", "fidelity-gap-over-time.csv"} <= charts
    curve = pd.read_csv(folder / "charts" / "late-share-over-time.csv")
    end = curve[(curve["month"] == 12) & (curve["arm"] == "baseline")]["median"].item()
    assert end == pytest.approx(np.median(all_by_hand(result.comparison.runs["baseline"], "late_share")))


def test_a_single_scenario_is_reported_with_them(runs, tmp_path):
    write_runs(runs, tmp_path / "runs")
    page = qs.write_report(tmp_path / "runs")[0].read_text(encoding="utf-8")
    assert "Your own measures" in page
    assert "Fidelity gap: largest less smallest fidelity of users; 0 without users." in page


def test_a_sweep_keeps_them(swept, scenario):
    assert swept.values("late_share").shape == (64, 2)
    monthly = swept.monthly("fidelity_gap")
    for point in (0, 63):
        model = qs.simulate(scenario.replace(dict(swept.points.loc[point])), 2)
        np.testing.assert_allclose(swept.values("late_share")[point], all_by_hand(model, "late_share"), rtol=1e-12)
        np.testing.assert_allclose(monthly[point, :, 12], all_by_hand(model, "fidelity_gap"), rtol=1e-12)
    columns = next(swept.iterate_parts()).columns
    assert any(name.startswith("effect.") for name in columns)
    assert not any(name.startswith("late_share.") for name in columns)
    assert qs.read_sweep(swept.folder).values("late_share").tolist() == swept.values("late_share").tolist()


def test_all_measures_are_those_of_the_scenario(experiment):
    own = qs.read_experiment({**experiment, "measures": {"final": "all"}})
    assert own.measures.final == (*MEASURE_NAMES, *OWN)
    assert qs.read_experiment({**experiment, "base": SMALL_SCENARIO, "measures": {}}).measures.final == MEASURE_NAMES
    assert qs.Experiment.model_validate(own.model_dump()).measures == own.measures
    with pytest.raises(InputError, match=r"'late_share' is from waiting.py, which the scenario does not name"):
        qs.read_experiment({**experiment, "base": SMALL_SCENARIO})
    with pytest.raises(InputError, match="no measure is called 'fidelty_gap'; did you mean 'fidelity_gap'"):
        qs.read_experiment({**experiment, "measures": {"final": ("fidelty_gap",)}})


def test_a_sweep_with_them_is_analysed(swept):
    found = qs.sensitivity(swept, "late_share")
    assert set(found.indices["parameter"]) == set(FACTORS)
    late = swept.values("late_share").mean(axis=1)
    threshold = float(np.median(late))
    discovery = qs.discover(swept, "late_share", above=threshold)
    assert discovery.steps[0].case_count == int((late > threshold).sum())


def test_a_sweep_with_them_is_exported(swept):
    frame = as_batch_run(swept, months=True)
    assert frame[frame["Step"] == 12]["late_share"].tolist() == swept.values("late_share").T.ravel().tolist()
    _, outcomes = as_ema(swept)
    np.testing.assert_allclose(outcomes["late_share"], swept.values("late_share").mean(axis=1))


def test_targets_of_a_calibration_are_of_the_same_numbers(scenario, tmp_path):
    described = {
        "name": "own",
        "base": scenario,
        "parameters": FACTORS,
        "targets": TARGETS,
        "points": 300,
        "replicates": 3,
        "posterior_runs": 20,
    }
    found = qs.calibrate(described, tmp_path / "calibration")
    for index in (0, 299):
        values = found.prior_runs.parameters[index]
        changed = scenario.replace(dict(zip(FACTORS, values.tolist(), strict=True)))
        run = qs.simulate(changed, 3).runs[found.prior_runs.replicates[index]]
        assert found.prior_runs.summaries[index, 0] == pytest.approx(by_hand(run)["late_share"])
    assert next(iter(found.targets["target"])) == "late"


def test_impossible_targets_are_refused(scenario):
    described = {"name": "own", "base": scenario, "parameters": {"copying.copy_loss": {}}, "points": 300}
    gap = {"measure": "fidelity_gap", "month": 12, "value": 1.5, "error": 0.1}
    with pytest.raises(InputError, match=r"got 1\.5; fidelity_gap, month 12 is from 0 to 1 in every run"):
        qs.read_calibration({**described, "targets": {"gap": gap}})
    foreign = {**described, "base": SMALL_SCENARIO, "targets": TARGETS}
    with pytest.raises(InputError, match=r"'late_share' is from waiting.py"):
        qs.read_calibration(foreign)


def test_commands_take_them(swept, tmp_path, capsys):
    options = ["--replicates", "4", "--models", "2", "--out", str(tmp_path / "own")]
    (tmp_path / "small.yaml").write_text(f"{SCENARIO_YAML}plugins: [waiting.py]\n", encoding="utf-8")
    (tmp_path / "order.yaml").write_text("policies: {order: {lever: mandate}}\n", encoding="utf-8")
    compared = ["compare", str(tmp_path / "small.yaml"), "--policy", str(tmp_path / "order.yaml"), *options]
    assert main([*compared, "--measure", "late_share"]) == 0
    assert "plausible models, by Late users" in capsys.readouterr().out
    assert read_comparison(tmp_path / "own").comparison.measure == "late_share"
    assert main([*compared, "--measure", "late_shar"]) == 2
    assert "did you mean 'late_share'?" in capsys.readouterr().err
    sweep = ["sensitivity", str(swept.folder), "--measure", "late_share", "--out", str(tmp_path / "sensitivity")]
    assert main(sweep) == 0
    assert "late_share" in capsys.readouterr().out


def test_the_page_draws_them(scenario):
    state = PageState(scenario, scenario.with_policy("coaching", support=0.8))

    async def answer():
        desk = WorkQueue()
        try:
            return [message async for message in stream_comparison(state, EnsembleCache(desk))]
        finally:
            desk.close()

    *_, message = run_in_event_loop(answer)
    curves = {curve["measure"]: curve for curve in message["curves"]}
    expected = np.median(all_by_hand(qs.simulate(state.option), "late_share"))
    assert curves["late_share"]["arms"]["option"]["median"][-1] == pytest.approx(expected, abs=1e-4)
    assert [cells[0] for cells in message["table"]["rows"]][-2:] == ["Late users", "Fidelity gap"]
    assert json.dumps(message)


def test_the_page_of_mesa_follows_shares(scenario):
    model = qs.SpreadModel(scenario, replicate=0)
    model.run_model()
    table = build_curves_table(model, next(iter(scenario.interventions)))
    assert "Fidelity gap" not in set(table["arm"])
    end = table[(table["arm"] == "Late users") & (table["month"] == 12)]["median"].item()
    assert end == pytest.approx(by_hand(qs.simulate(scenario, 1).runs[0])["late_share"], abs=1e-6)


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("Late", "small letters"),
        ("late.share", "small letters"),
        ("month", "is a column"),
        ("horizon", "part of every scenario"),
        ("reach", "former name"),
    ],
)
def test_names_that_tables_need_are_refused(name, problem):
    with pytest.raises(InputError, match=problem):
        qs.measure(name)(lambda world: 0.0)


def test_runs_keep_their_columns_when_the_session_declares_more(scenario):
    before = qs.simulate(scenario, 1)
    with_policy = before.final_values("late_share")

    @qs.measure("earliest")
    def earliest(world):
        return 0.25

    assert before.final_values("late_share") == with_policy
    with pytest.raises(InputError, match="no measure is called 'earliest'"):
        before.final_values("earliest")
