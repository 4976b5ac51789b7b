"""The experiments: they run, say the same twice, and their ablations switch off what they say."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from experiments.claim_test import SMOKE, baseline_scenario, declared_strengths, policy_strength
from experiments.claims_table import COLUMNS, merge_claims, read_captions
from experiments.experiment_command import main, run
from experiments.replicate_outcomes import ArmAfterHistory, ScenarioArm, find_quantity
from experiments.run_experiment import (
    arms_in_model,
    measure_quantities,
    required_quantities,
    run_ablations,
    run_experiment,
    smallest_contrast,
    uncertain_factors,
)
from experiments.variance_decomposition import ATTRIBUTES, GROUPS, RedrawnArm, VarianceDesign

import experiments

EVERY = experiments.load_all_experiments()
ROOT = Path(__file__).parents[2]
TINY = replace(SMOKE, replicates=3, models=3)
WORLDS = 4
EXACT = {
    ("e04_real_cycles", "real cycles do more"),
    ("e05_one_vision", "more than the sum"),
    ("e06_constancy", "leaders who stay"),
    ("e06_constancy", "patience"),
    ("e10_realistic_goals", "abandonment"),
    ("e10_realistic_goals", "kept at ten years"),
}
"""Parts whose difference is exactly 0 with the mechanism off, since nothing else tells the arms apart."""


def short_name(experiment):
    return experiment.name


def contrasts_at_defaults(experiment):
    """Return what each part comes to in a few worlds at the defaults."""
    arms = experiment.build_arms(baseline_scenario(experiment.horizon), declared_strengths(experiment))
    values = {}
    for arm, quantities in required_quantities(experiment.parts).items():
        values |= measure_quantities({arm: [arms[arm].simulate(world) for world in range(WORLDS)]}, quantities)
    return {part.name: smallest_contrast(part, values) for part in experiment.parts}


@pytest.mark.quick_cases(1)
@pytest.mark.parametrize("experiment", EVERY, ids=short_name)
def test_an_experiment_writes_its_table_its_figure_and_the_page(experiment, tmp_path, capsys):
    main(experiment, ["--smoke", "--out", str(tmp_path)])
    claims = pd.read_csv(tmp_path / "claims.csv")
    assert list(claims.columns) == list(COLUMNS)
    assert list(claims["part"]) == [part.name for part in experiment.parts]
    assert (claims["low"] <= claims["difference"]).all()
    shares = claims[["share_holds", "share_inconclusive", "share_matters"]]
    assert ((shares >= 0.0) & (shares <= 1.0)).all(axis=None)
    assert (tmp_path / f"{experiment.name}.svg").read_text(encoding="utf-8").startswith("<svg")
    assert (tmp_path / f"{experiment.name}.png").read_bytes().startswith(b"\x89PNG")
    page = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert experiment.claim in page
    assert "**A trial run in 10 plausible models: too few for any verdict." in page
    assert all(part.statement in page for part in experiment.parts)
    assert experiment.name not in capsys.readouterr().err


@pytest.mark.parametrize("held", ["manifest.json", "README.md", "claims.csv", "parts/part-000000.parquet"])
def test_a_folder_that_holds_results_of_something_else_is_refused_and_left_as_it_is(held, tmp_path, capsys):
    path = tmp_path / "taken" / held
    path.parent.mkdir(parents=True)
    path.write_text("run_id,effect\n", encoding="utf-8")
    with pytest.raises(SystemExit) as stopped:
        main(EVERY[3], ["--smoke", "--out", str(tmp_path / "taken")])
    assert stopped.value.code == 2
    needed = f"holds {Path(held).parts[0]}, which is not of these experiments; needed: an empty folder"
    assert needed in capsys.readouterr().err
    assert [one for one in tmp_path.rglob("*") if one.is_file()] == [path]
    assert path.read_text(encoding="utf-8") == "run_id,effect\n"


@pytest.mark.slow
def test_a_trial_never_mixes_with_claims_that_are_whole(tmp_path, capsys):
    run(EVERY[3], TINY, tmp_path, 1)
    main(EVERY[3], ["--smoke", "--out", str(tmp_path)])
    capsys.readouterr()
    for claims, words in ((tmp_path, []), (ROOT / "results/published", ["--smoke"])):
        before = (claims / "claims.csv").read_bytes()
        with pytest.raises(SystemExit):
            main(EVERY[3], [*words, "--out", str(claims)])
        assert "needed: another folder" in capsys.readouterr().err
        assert (claims / "claims.csv").read_bytes() == before


@pytest.mark.slow
def test_the_same_bytes_come_twice_whatever_the_number_of_threads(tmp_path):
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder, workers in zip(folders, (1, 2), strict=True):
        folder.mkdir()
        for experiment in (EVERY[1], EVERY[6]):
            run(experiment, TINY, folder, workers)
    files = sorted(path.name for path in folders[0].iterdir())
    assert files == sorted(path.name for path in folders[1].iterdir())
    for name in files:
        assert (folders[0] / name).read_bytes() == (folders[1] / name).read_bytes(), name


@pytest.mark.slow
def test_one_experiment_run_again_replaces_its_own_rows_alone(tmp_path):
    run(EVERY[9], TINY, tmp_path, 1)
    run(EVERY[3], TINY, tmp_path, 1)
    before = (tmp_path / "claims.csv").read_bytes()
    claims = run(EVERY[9], TINY, tmp_path, 1)
    assert list(claims["claim"]) == [4, 10, 10]
    assert (tmp_path / "claims.csv").read_bytes() == before
    assert read_captions(tmp_path).keys() == {4, 10}


@pytest.mark.quick_cases(1)
@pytest.mark.parametrize("experiment", EVERY, ids=short_name)
def test_an_ablation_takes_the_effect_away_or_below_what_matters(experiment):
    before, after = (
        contrasts_at_defaults(experiment),
        run_ablations(experiment, baseline_scenario(experiment.horizon), WORLDS, 1),
    )
    for part in experiment.parts:
        if part.ablation is None:
            assert after[part.name].replicates == 0
        elif (experiment.name, part.name) in EXACT:
            assert after[part.name].difference == pytest.approx(0.0, abs=1e-12)
        else:
            assert after[part.name].difference < max(before[part.name].difference, part.smallest)


@pytest.mark.parametrize("experiment", EVERY, ids=short_name)
def test_an_ablation_changes_what_it_names_and_the_base_allows(experiment):
    base = baseline_scenario(experiment.horizon)
    for part in experiment.parts:
        if part.ablation is not None:
            assert base.replace(dict(part.ablation.changes)).fingerprint() != base.fingerprint()


@pytest.mark.parametrize("experiment", EVERY, ids=short_name)
def test_arms_and_parts_speak_of_the_same_things(experiment):
    arms = experiment.build_arms(baseline_scenario(experiment.horizon), declared_strengths(experiment))
    assert set(experiment.arms) <= set(arms)
    for part in experiment.parts:
        assert set(part.arms) <= set(arms)
        assert part.smallest >= 0.0
    known = (ROOT / "docs/references.bib").read_text(encoding="utf-8")
    assert all(f"{{{source}," in known for source in experiment.source.split(", "))


@pytest.mark.parametrize("experiment", EVERY, ids=short_name)
def test_a_plausible_model_moves_every_arm_and_its_strengths(experiment):
    base = baseline_scenario(experiment.horizon)
    factors = uncertain_factors(experiment, base)
    assert len(factors) > 50
    assert not {factor.path for factor in factors} & set(experiment.fixed)
    assert {name for name in experiment.strengths if policy_strength(name)[1]} <= {factor.path for factor in factors}
    model = {factor.path: factor.low + 0.25 * (factor.high - factor.low) for factor in factors}
    plain, moved = experiment.build_arms(base, declared_strengths(experiment)), arms_in_model(experiment, base, model)
    for name, arm in plain.items():
        if isinstance(arm, ScenarioArm):
            assert arm.scenario.fingerprint() != moved[name].scenario.fingerprint()


def test_a_quantity_of_all_counts_those_who_do_not_use_it_as_none():
    life = ScenarioArm(baseline_scenario().replace(replicates=1)).simulate(0)
    adoption, effect = (find_quantity(name).value(life) for name in ("current_use", "effect"))
    assert find_quantity("population_effect").value(life) == pytest.approx(adoption * effect)
    assert life.population_mean("effect")[0] == 0.0


def test_the_events_averted_are_a_share_of_those_the_trend_alone_would_bring():
    base = baseline_scenario()
    useless = base.replace({"interventions.prompt.benefit": 0.0, "local_improvement.gain": 0.0})
    assert find_quantity("averted").value(ScenarioArm(useless).simulate(0)) == pytest.approx(0.0, abs=1e-12)
    whole = base.replace(
        {
            "interventions.prompt.benefit": 1.0,
            "interventions.prompt.social": 0.0,
            "interventions.prompt.origin": {"rule": "most_ready", "number": 151},
            "improving.decay": 0.0,
            "improving.erosion": 0.0,
            "reviewing.discontinuing": 0.0,
            "leaders.new_broom": 0.0,
        }
    )
    assert find_quantity("averted").value(ScenarioArm(whole).simulate(0)) > 0.98


def test_a_history_that_leaves_no_mark_is_no_history():
    base = baseline_scenario(36).replace({"interventions.prompt.origin": "hub"})
    unmoved = base.replace(
        {"reviewing.cynicism": 0.0, "reviewing.encouragement": 0.0, "improving.learning": 0.0, "horizon": 24}
    )
    other = unmoved.replace({"interventions.prompt.complexity": 0.9, "copying.ambition": 5.0})
    first, second = (ArmAfterHistory(history, base).simulate(0) for history in (unmoved, other))
    assert np.array_equal(first.measures, second.measures, equal_nan=True)


def test_drawing_everything_or_nothing_anew_is_the_other_row_or_the_same():
    shuffles = VarianceDesign(baseline_scenario(24))
    assert (
        shuffles.row_inputs(0, "A")[0].scenario == VarianceDesign(baseline_scenario(24)).row_inputs(0, "A")[0].scenario
    )
    one, other = shuffles.row_inputs(3, "A"), shuffles.row_inputs(3, "B")
    assert one[1].replicate != other[1].replicate
    for source in (*GROUPS, *ATTRIBUTES):
        blueprint, world = shuffles.row_inputs(3, source)
        parts = {
            "contexts": not np.array_equal(world.organisations[:7], one[1].organisations[:7]),
            "settings": not np.array_equal(world.organisations[9:11], one[1].organisations[9:11]),
            "network": world.ties is not one[1].ties,
            "chance": world.stream != one[1].stream,
            "intervention": blueprint.scenario.interventions != one[0].scenario.interventions,
        }
        changed = {name for name, is_other in parts.items() if is_other}
        assert changed == ({source} if source in parts else set() if source == "policy" else {"intervention"})


def test_what_is_drawn_anew_without_effect_moves_nothing():
    still = baseline_scenario(24).replace({"hearing.broadcast": 0.0, "hearing.contact": 0.0})
    alone = VarianceDesign(still.replace({"organisations.number": 20, "organisations.partnerships": 7}))
    assert RedrawnArm(alone, "network").simulate(0).numbers["moved"] == 0.0


def test_the_findings_of_a_part_are_told_in_its_own_models():
    found = run_experiment(EVERY[4], TINY, 1)
    for one in found.evidence:
        assert len(one.models) == one.gains.size == one.ablated_gains.size == one.conclusive.size == TINY.models


def test_every_experiment_has_a_file_and_a_name_of_its_own():
    files = sorted(path.stem for path in (ROOT / "experiments").glob("e[0-9]*.py"))
    assert files == [one.name for one in EVERY]
    assert [one.number for one in EVERY] == list(range(1, len(files) + 1))
    assert all(re.fullmatch(r"e\d\d(_[a-z]+)+", name) for name in files)


def test_claims_kept_are_read_as_they_were_written(tmp_path):
    rows = pd.DataFrame([dict.fromkeys(COLUMNS, 0.5) | {"claim": 3, "condition": "", "part": "a"}])
    rows.to_csv(tmp_path / "claims.csv", index=False)
    merged = merge_claims(tmp_path, EVERY[0], rows.assign(claim=1))
    assert list(merged["claim"]) == [1, 3]
    assert list(merged["condition"]) == ["", ""]
