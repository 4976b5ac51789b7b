"""Factors: every parameter that a design can vary, found by its path and over its plausible range."""

import pytest

import qispread as qs
from all_features import all_features_scenario
from helpers_input import EVIDENCE_RANGES, only_fault
from qispread.inputs.factors import UNCERTAIN_ROLES, iterate_parameters, number_at_path, plausible_factors
from qispread.inputs.field_errors import declared_bounds
from qispread.inputs.parameter import declaration_of

ALL = all_features_scenario()
NUMBERS = {path: (value, field) for path, value, field in iterate_parameters(ALL)}
FACTORS = {factor.path: factor for factor in plausible_factors(ALL)}
LEVERS = {factor.path: factor for factor in plausible_factors(ALL, ("lever",))}


def nested_value(data, path):
    """Return what stands at a dotted path of nested mappings."""
    for name in path.split("."):
        data = data[name]
    return data


def test_numbers_stand_at_their_paths():
    data = ALL.model_dump(mode="json")
    assert {path: nested_value(data, path) for path in NUMBERS} == {path: value for path, (value, _) in NUMBERS.items()}


def test_every_number_of_the_scenario_that_is_declared_is_found():
    def leaves(data, path=()):
        for name, value in data.items():
            if isinstance(value, dict):
                yield from leaves(value, (*path, name))
            elif isinstance(value, int | float) and not isinstance(value, bool):
                yield ".".join((*path, name))

    assert set(leaves(ALL.model_dump(mode="json"))) == set(NUMBERS)


@pytest.mark.parametrize("factors", [FACTORS, LEVERS], ids=["uncertainties", "levers"])
def test_factors_are_the_plausible_numbers_of_their_roles(factors):
    roles = UNCERTAIN_ROLES if factors is FACTORS else ("lever",)
    expected = {
        path: extra["plausible"]
        for path, (value, field) in NUMBERS.items()
        if (extra := declaration_of(field))["plausible"]
        and extra["role"] in roles
        and extra["plausible"][0] <= value <= extra["plausible"][1]
    }
    assert {path: (factor.low, factor.high) for path, factor in factors.items()} == expected


def test_what_policies_do_is_no_uncertainty():
    assert not any(path.startswith("policies.") for path in FACTORS)
    assert all(path.startswith(("policies.", "interventions.")) for path in LEVERS)
    assert {"policies.coaching.support", "policies.mandate.push"} <= set(LEVERS)


def test_how_a_run_is_made_is_never_varied():
    names = {"horizon", "seed", "replicates", "organisations.number", "interventions.prompt.launch"}
    assert names <= set(NUMBERS)
    assert not names & {factor.path for factor in plausible_factors(ALL, (*UNCERTAIN_ROLES, "lever", "run"))}


def test_ranges_are_those_of_the_evidence():
    for path, (_, low, high) in EVIDENCE_RANGES.items():
        here = path.replace("interventions.NAME", "interventions.prompt").replace("policies.NAME", "policies.training")
        factor = (FACTORS | LEVERS)[here]
        assert (factor.low, factor.high) == (low, high), here


def test_each_end_of_each_range_is_a_scenario_that_holds_it():
    for end in ("low", "high"):
        ends = {path: getattr(factor, end) for path, factor in (FACTORS | LEVERS).items()}
        moved = ALL.replace(ends)
        assert {path: number_at_path(moved, path) for path in ends} == ends
        again = {factor.path: factor for factor in plausible_factors(moved)}
        assert again == FACTORS


def test_ranges_lie_within_what_is_allowed():
    for path, factor in (FACTORS | LEVERS).items():
        bounds = declared_bounds(NUMBERS[path][1])
        assert factor.low < factor.high
        assert bounds.get("ge", factor.low) <= factor.low
        assert bounds.get("gt", -1e9) < factor.low
        assert bounds.get("le", factor.high) >= factor.high
        assert bounds.get("lt", 1e9) > factor.high


@pytest.mark.parametrize(
    ("path", "outside"),
    [("improving.decay", 0.0), ("improving.decay", 0.5), ("interventions.bundle.benefit", 0.95)],
)
def test_a_parameter_outside_its_plausible_range_is_no_factor(path, outside):
    left = [factor.path for factor in plausible_factors(ALL.replace({path: outside}))]
    assert left == [one for one in FACTORS if one != path]


def test_each_intervention_has_factors_of_its_own():
    per = {
        name: {path.split(".", 2)[2] for path in FACTORS if path.startswith(f"interventions.{name}.")}
        for name in ALL.interventions
    }
    assert len({frozenset(names) for names in per.values()}) == 1
    assert "response.midpoint" in per["drug"]


def test_given_rows_and_ties_are_no_factors():
    rows = [{"id": f"o{i}", "size": 10.0 + i, "leadership": 0.4} for i in range(4)]
    ties = [{"first": "o0", "second": f"o{i}", "weight": 0.5} for i in range(1, 4)]
    given = qs.Scenario().replace({"organisations.rows": rows, "network": {"kind": "ties", "ties": ties}})
    paths = [path for path, _, _ in iterate_parameters(given)]
    assert not any("rows" in path or path.startswith("network") for path in paths)


def test_a_path_that_there_is_not_is_refused_with_the_nearest():
    fault = only_fault(number_at_path, ALL, "improving.decai")
    assert fault.path == "improving.decai"
    assert "did you mean 'improving.decay'" in fault.problem


@pytest.mark.parametrize("path", ["network.kind", "interventions.prompt", "policies.goals.end", "name", ""])
def test_what_is_no_number_has_no_value(path):
    assert "is not a number" in only_fault(number_at_path, ALL, path).problem


@pytest.mark.parametrize("name", ["version 1.2", "a.b", "with space", "[red]"])
def test_factors_can_be_varied_whatever_the_intervention_is_called(name):
    scenario = qs.Scenario(interventions={name: ALL.interventions["prompt"]})
    paths = [factor.path for factor in plausible_factors(scenario) if factor.path.startswith("interventions.")]
    moved = scenario.replace({path: FACTORS["interventions.prompt.effort"].high for path in paths if "effort" in path})
    assert list(moved.interventions) == [name]
    assert moved.interventions[name].effort == FACTORS["interventions.prompt.effort"].high
