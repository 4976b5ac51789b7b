"""Every rule: values worked by hand from the equations of the model, limits, ranges, directions, and compilation."""

import importlib
import inspect
import math
import pkgutil

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qispread.model import rules
from qispread.model.rules import (
    capacity,
    copying,
    deciding,
    hearing,
    improving,
    leaders,
    local_improvement,
    outcome,
    random_draws,
    reviewing,
)
from qispread.model.rules.jit import INTERPRETED
from qispread.model.rules.rule_effects import Effect, effects_of, is_share

E = math.e
STREAM, PEER = np.uint64(20251127), np.uint64(4711)
PEER_DRAW = random_draws.uniform(random_draws.substream(STREAM, PEER), 7, random_draws.PEER_CHOICE)

WORKED = [
    # climate, the cube root of leadership * alignment * culture: none makes up for another that is missing
    (capacity.climate, (0.8, 0.1, 0.1), 0.2),
    (capacity.climate, (0.5, 0.5, 0.5), 0.5),
    (capacity.climate, (0.9, 0.6, 0.4), 0.6),
    (capacity.climate, (1.0, 1.0, 0.0), 0.0),
    (capacity.climate, (1.0, 1.0, 1.0), 1.0),
    (capacity.climate_additive, (0.8, 0.1, 0.3), 0.4),
    (capacity.climate_weakest, (0.8, 0.1, 0.3), 0.1),
    (capacity.climate_in_form, (0, 0.8, 0.1, 0.1), 0.2),
    (capacity.climate_in_form, (1, 0.8, 0.1, 0.3), 0.4),
    (capacity.climate_in_form, (2, 0.8, 0.1, 0.3), 0.1),
    # available time: min(1, 0.45 + 0.1) * (0.5 + 0.5 * 0.6)
    (capacity.available_time, (0.45, 0.1, 0.6, 0.5), 0.55 * 0.8),
    (capacity.available_time, (0.7, 0.6, 0.4, 0.5), 0.7),
    (capacity.available_time, (0.4, 0.0, 0.0, 0.5), 0.2),
    (capacity.available_time, (0.4, 0.0, 1.0, 0.5), 0.4),
    (capacity.workload, (0.35, 0.3, False), 0.35),
    (capacity.workload, (0.35, 0.3, True), 0.105),
    (capacity.dose, (0.3, 0.6), 0.5),
    (capacity.dose, (0.6, 0.3), 1.0),
    (capacity.dose, (0.0, 0.0), 1.0),
    (capacity.dose, (0.0, 0.35), 0.0),
    (capacity.vigilance, (0.4, 0.5), 0.2),
    (capacity.vigilance, (1.0, 0.0), 0.0),
    # training gives 0.25 + 0.01 * 0.85 * 0.75
    (capacity.trained_capability, (0.25, 0.12, 0.15), 0.256375),
    (capacity.trained_capability, (0.25, 0.12, 1.0), 0.25),
    (capacity.trained_capability, (1.0, 0.12, 0.0), 1.0),
    (capacity.grown_factor, (0.5, 0.12), 0.505),
    (capacity.grown_factor, (0.5, 12.0), 1.0),
    (capacity.resented_culture, (0.5, 0.06), 0.4975),
    (capacity.resented_culture, (0.5, 0.0), 0.5),
    # copying without support loses 0.6 * 0.6 * 0.6
    (copying.copy_loss, (0.6, 0.6, 0.4, 0.0), 0.216),
    (copying.copy_loss, (0.6, 0.6, 0.4, 0.5), 0.108),
    (copying.copy_loss, (0.6, 0.6, 0.4, 1.0), 0.0),
    (copying.copy_loss, (0.6, 0.6, 1.0, 0.0), 0.0),
    (copying.copy_loss, (1.0, 1.0, 0.0, 0.0), 1.0),
    (copying.copied_fidelity, (0.5, 0.0, 0.2), 0.4),
    (copying.copied_fidelity, (0.5, 1.0, 0.2), 0.8),
    (copying.copied_fidelity, (0.5, 0.5, 0.2), 0.6),
    # deciding
    (deciding.similarity, (8.0, 8.0), 1.0 / E),
    (deciding.similarity, (0.0, 8.0), 1.0),
    (deciding.overload, (0.5, 0.35, 0.6), 0.25),
    (deciding.overload, (0.1, 0.35, 0.6), 0.0),
    (deciding.logistic, (0.0,), 0.5),
    (deciding.logistic, (math.log(3.0),), 0.75),
    (deciding.logistic, (-800.0,), 0.0),
    (deciding.logistic, (800.0,), 1.0),
    # inclination is 2.5 * 0.4 + 2 * 0.3 - 3 * 0.1 + 2 * 0.5
    (deciding.inclination, (0.4, 0.3, -0.1, 0.5, 2.5, 2.0, 3.0, 2.0), 2.3),
    # logistic(-3.6 + 2.3 + 0.3 - 1.5 * 0.4) = 1 / (1 + e^1.6)
    (deciding.chance_adopts, (3.6, 2.3, 0.3, 1.5, 0.4), 1.0 / (1.0 + E**1.6)),
    (deciding.chance_adopts, (3.6, 3.6, 0.0, 1.5, 0.0), 0.5),
    # -3.6 + 2.3 + 1.5 - 1.5 * 0.1 is above 0; with the overload of 0.4 it is below
    (deciding.chance_adopts_threshold, (3.6, 2.3, 1.5, 1.5, 0.1), 1.0),
    (deciding.chance_adopts_threshold, (3.6, 2.3, 1.5, 1.5, 0.4), 0.0),
    (deciding.chance_adopts_threshold, (3.6, 3.6, 0.0, 1.5, 0.0), 0.0),
    (deciding.chance_adopts_in_form, (0, 3.6, 3.6, 0.0, 1.5, 0.0), 0.5),
    (deciding.chance_adopts_in_form, (1, 3.6, 3.6, 0.1, 1.5, 0.0), 1.0),
    (deciding.attraction, (0.5, 0.4, 0.25), 0.05),
    (deciding.attraction_random_peer, (STREAM, 7, PEER), PEER_DRAW),
    (deciding.attraction_most_similar, (0.25,), 0.25),
    (deciding.attraction_in_form, (0, 0.5, 0.4, 0.25, STREAM, 7, PEER), 0.05),
    (deciding.attraction_in_form, (1, 0.5, 0.4, 0.25, STREAM, 7, PEER), PEER_DRAW),
    (deciding.attraction_in_form, (2, 0.5, 0.4, 0.25, STREAM, 7, PEER), 0.25),
    (deciding.expected_goal, (0.8, 0.5, 0.3), 0.4),
    (deciding.expected_goal, (0.8, 0.1, 0.3), 0.24),
    # hearing: one peer is silent with 1 - 0.08 * 0.5 * 0.6 = 0.976; two of them and the media with 0.976^2 * 0.996
    (hearing.chance_peer_silent, (0.08, 0.5, 0.6), 0.976),
    (hearing.chance_peer_silent, (0.0, 1.0, 1.0), 1.0),
    (hearing.chance_peer_silent, (2.5, 1.0, 0.6), 0.0),
    (hearing.chance_hears, (0.004, 0.976 * 0.976), 0.051234304),
    (hearing.chance_hears, (0.004, 1.0), 0.004),
    (hearing.chance_hears, (0.0, 1.0), 0.0),
    (hearing.chance_hears, (1.0, 1.0), 1.0),
    # home-grown: (0.2 + 0.01 * 0.5 * 0.4 * 0.25 * 0.8) * (1 - 0.02 * 0.8) = 0.2004 * 0.984
    (local_improvement.local_improvement_after, (0.2, 0.5, 0.4, 0.25, 0.2, 0.01, 0.02), 0.1971936),
    (local_improvement.local_improvement_after, (0.2, 0.5, 0.4, 0.0, 1.0, 0.01, 0.02), 0.2),
    (local_improvement.local_improvement_after, (0.0, 0.5, 0.0, 1.0, 0.0, 0.01, 0.02), 0.0),
    # a real cycle: (0.25 + 0.3 * 0.5) * (0.5 + 0.5 * 0.4) * 0.5 = 0.4 * 0.7 * 0.5
    (improving.chance_real_cycle, (0.25, 0.5, 0.4, 0.5, 0.3, 0.5), 0.14),
    (improving.chance_real_cycle, (0.9, 1.0, 1.0, 1.0, 0.3, 0.5), 1.0),
    (improving.chance_real_cycle, (0.9, 1.0, 0.0, 1.0, 0.3, 0.5), 0.5),
    (improving.chance_real_cycle, (0.9, 1.0, 1.0, 0.0, 0.3, 0.5), 0.0),
    # a reactive change: 0.5 * (1.5 - 0.7) * (1 - 0.7 * 0.8 * 0.5) = 0.4 * 0.72
    (improving.chance_reactive_change, (0.7, 0.8, 0.5, 0.5, 0.7), 0.288),
    (improving.chance_reactive_change, (1.0, 0.0, 1.0, 0.5, 0.7), 0.25),
    (improving.chance_reactive_change, (0.0, 1.0, 1.0, 0.5, 0.7), 0.75),
    (improving.moved_towards, (-1.0, 1.0, 0.12), -0.76),
    (improving.moved_towards, (0.4, 1.0, 0.0), 0.4),
    (improving.moved_towards, (0.4, 1.0, 1.0), 1.0),
    (improving.eroded_fidelity, (0.5, 0.06, 0.6), 0.482),
    # decay leaves 0.8 * (1 - 0.03 * 0.5^2 * (1 - 0.5 * 0.4)) = 0.8 * 0.994
    (improving.decayed_fidelity, (0.8, 0.03, 0.5, 0.4, 0.5), 0.7952),
    (improving.decayed_fidelity, (0.8, 0.03, 0.0, 0.0, 0.5), 0.776),
    (improving.decayed_fidelity, (0.8, 0.03, 1.0, 0.0, 0.5), 0.8),
    # without embedding it leaves 0.8 * (1 - 0.03 * 0.5^2)
    (improving.decayed_fidelity_without_embedding, (0.8, 0.03, 0.5), 0.794),
    (improving.decayed_fidelity_in_form, (0, 0.8, 0.03, 0.5, 0.4, 0.5), 0.7952),
    (improving.decayed_fidelity_in_form, (1, 0.8, 0.03, 0.5, 0.4, 0.5), 0.794),
    # embedding becomes (0.2 + 0.13 * 0.5 * 0.5 * 0.8) * (1 - 0.12 / 12) = 0.226 * 0.99
    (improving.embedded_further, (0.2, 0.13, 0.5, 0.5, 0.12), 0.22374),
    (improving.embedded_further, (0.2, 0.13, 0.0, 1.0, 0.0), 0.2),
    (improving.embedded_further, (1.0, 0.13, 1.0, 1.0, 0.0), 1.0),
    # leaders: a rate of 12 ln 2 a year halves those who stay within a month
    (leaders.chance_leader_leaves, (12.0 * math.log(2.0),), 0.5),
    (leaders.chance_leader_leaves, (0.0,), 0.0),
    (leaders.successor_leadership, (0.8, 0.4, 0.5), 0.6),
    (leaders.successor_leadership, (0.8, 0.4, 1.0), 0.8),
    # response with m = 0.5 and s = 3: F^3 * 1.125 / (F^3 + 0.125); at the midpoint (1 + m^s) / 2
    (outcome.response_constant, (0.5, 3.0), 0.125),
    (outcome.response_constant, (1.0, 10.0), 1.0),
    (outcome.response_to_fidelity, (0.5, 0.125, 3.0), 0.5625),
    (outcome.response_to_fidelity, (1.0, 0.125, 3.0), 1.0),
    (outcome.response_to_fidelity, (0.0, 0.125, 3.0), 0.0),
    (outcome.response_to_fidelity_linear, (0.7,), 0.7),
    (outcome.response_to_fidelity_in_form, (0, 0.5, 0.125, 3.0), 0.5625),
    (outcome.response_to_fidelity_in_form, (1, 0.5, 0.125, 3.0), 0.5),
    (outcome.appropriateness, (2.88, 1.2), 1.0 / E),
    (outcome.appropriateness, (0.0, 1.2), 1.0),
    (outcome.practice_result, (0.5, 0.8, 0.6, 0.5), 0.28),
    (outcome.practice_result, (0.5, 0.8, 0.0, 0.0), 0.4),
    (outcome.practice_result, (0.5, 0.8, 1.0, 0.0), 0.0),
    (outcome.squared_distance, (1.0, -1.0, -2.0, 3.0), 25.0),
    (outcome.secular_trend, (0.05, 240), 1.0 / E),
    (outcome.secular_trend, (0.05, 0), 1.0),
    (outcome.remaining_rate, (80.0, 0.5, 0.4), 64.0),
    (outcome.monthly_exposure, (4200.0,), 0.035),
    (outcome.prevented_rate, (64.0, 0.5, 0.4), 16.0),
    (outcome.prevented_rate, (0.0, 1.0, 1.0), 0.0),
    # a review sees 0.4 - 0.25 * 0.6 * 2
    (reviewing.observed_result, (0.4, 0.25, 0.4, -2.0), 0.1),
    (reviewing.observed_result, (0.4, 0.25, 1.0, -2.0), 0.4),
    # 1 - exp(-0.9 * (1.2 - 0.7) * 0.2) = 1 - e^-0.09
    (reviewing.chance_discontinues, (0.2, 0.9, 1.2, 0.7), 1.0 - E**-0.09),
    (reviewing.chance_discontinues, (0.2, 0.9, 1.0, 1.0), 0.0),
    (reviewing.disappointed_culture, (0.5, 0.06), 0.47),
]


def range_strategy(low, high):
    return st.floats(low, high, allow_nan=False)


SHARE = range_strategy(0.0, 1.0)
ARGUMENTS = {
    **dict.fromkeys(("effort", "load", "excess", "protected_time", "contact"), range_strategy(0.0, 3.0)),
    **dict.fromkeys(("rate", "leader_exit"), range_strategy(0.0, 12.0)),
    **dict.fromkeys(("reluctance", "inclined"), range_strategy(-60.0, 60.0)),
    **dict.fromkeys(("value", "aim", "first", "second", "other_first", "other_second"), range_strategy(-6.0, 6.0)),
    **dict.fromkeys(
        ("weight_peers", "weight_advantage", "weight_climate", "weight_standard"), range_strategy(-10.0, 10.0)
    ),
    **dict.fromkeys(("push", "weight_overload", "discontinuing", "ambition", "shortfall"), range_strategy(0.0, 10.0)),
    **dict.fromkeys(("event_rate", "left"), range_strategy(0.0, 10_000.0)),
    **dict.fromkeys(("stream", "peer"), st.integers(0, 2**64 - 1).map(np.uint64)),
    "embedded": st.booleans(),
    "form": st.integers(0, 2),
    "squared_distance": range_strategy(0.0, 100.0),
    "similarity_range": range_strategy(0.1, 50.0),
    "utility": range_strategy(-1000.0, 1000.0),
    "climate_excess": range_strategy(-0.5, 0.5),
    "reactive": range_strategy(0.0, 2.0 / 3.0),  # 1.5 times this is a probability
    "midpoint": range_strategy(0.01, 1.0),
    "half": range_strategy(1e-9, 1.0),
    "steepness": range_strategy(0.1, 20.0),
    "breadth": range_strategy(0.05, 5.0),
    "month": st.integers(0, 480),
    "size": range_strategy(1e-3, 1e5),
    "normal_draw": range_strategy(-8.0, 8.0),
    "forbearance": range_strategy(1.0, 3.0),
    "prevented_rate.result": range_strategy(
        0.0, 0.999
    ),  # nothing is left to prevent where benefit and result are both 1
}
"""Where each argument may lie, by its name or by rule and name; [0, 1] where nothing is said."""

# What is no rule, and what test_draws.py and test_steps.py check.
NOT_RULES = {
    "code_cache",
    "code_content",
    "code_replacement",
    "forms",
    "jit",
    "random_draws",
    "rule_effects",
    "source_hash",
    "steps",
}
MODULES = [
    importlib.import_module(f"{rules.__name__}.{module.name}")
    for module in pkgutil.iter_modules(rules.__path__)
    if module.name not in NOT_RULES
]
RULES = {
    name: value
    for module in MODULES
    for name, value in vars(module).items()
    if callable(value) and not name.startswith("_") and getattr(value, "__module__", "") == module.__name__
}
EFFECTS = {name: list(effects_of(rule).values()) for name, rule in RULES.items()}
ROUNDING = 1e-12
QUICK = settings(max_examples=40, deadline=None)


def rule_parameters(rule):
    return list(inspect.signature(getattr(rule, "py_func", rule)).parameters)


def rule_arguments(rule):
    named = [(f"{rule.__name__}.{name}", name) for name in rule_parameters(rule)]
    return st.tuples(*(ARGUMENTS.get(whole, ARGUMENTS.get(name, SHARE)) for whole, name in named))


@pytest.mark.parametrize(
    ("rule", "given_values", "expected"), WORKED, ids=[f"{rule.__name__}{values}" for rule, values, _ in WORKED]
)
def test_a_rule_gives_the_value_worked_by_hand(rule, given_values, expected):
    assert rule(*given_values) == pytest.approx(expected, rel=1e-12, abs=1e-15)


def test_every_public_rule_has_a_worked_value():
    assert {rule.__name__ for rule, _, _ in WORKED} == set(RULES)


@pytest.mark.parametrize("name", RULES)
def test_every_rule_declares_its_effect_in_each_argument(name):
    undeclared = [argument for argument, effect in effects_of(RULES[name]).items() if effect is None]
    assert not undeclared, (
        f"{name}: say Rises, Falls or Neither (qispread.model.rules.rule_effects) of {', '.join(undeclared)}"
    )


@pytest.mark.parametrize("name", [name for name, rule in RULES.items() if is_share(rule)])
@QUICK
@given(data=st.data())
def test_shares_and_probabilities_stay_between_0_and_1(name, data):
    assert 0.0 <= RULES[name](*data.draw(rule_arguments(RULES[name]))) <= 1.0 + ROUNDING


@pytest.mark.parametrize(
    ("name", "place", "effect"),
    [
        (name, place, effect)
        for name, effects in EFFECTS.items()
        for place, effect in enumerate(effects)
        if effect in (Effect.RISES, Effect.FALLS)
    ],
)
@QUICK
@given(data=st.data())
def test_a_rule_rises_or_falls_as_its_signature_says(name, place, effect, data):
    rule = RULES[name]
    drawn = list(data.draw(rule_arguments(rule)))
    low, high = sorted((drawn[place], data.draw(rule_arguments(rule))[place]))
    if name == "inclination":
        drawn[4:] = [abs(weight) for weight in drawn[4:]]
    values = [rule(*drawn[:place], one, *drawn[place + 1 :]) for one in (low, high)]
    rise = effect.value * (values[1] - values[0])
    assert rise >= -ROUNDING * max(1.0, *map(abs, values))


@pytest.mark.parametrize(
    "name", ["overload", "workload", "prevented_rate", "remaining_rate", "expected_goal", "squared_distance"]
)
@QUICK
@given(data=st.data())
def test_amounts_are_never_negative(name, data):
    assert RULES[name](*data.draw(rule_arguments(RULES[name]))) >= 0.0


@QUICK
@given(value=range_strategy(-6.0, 6.0), aim=range_strategy(-6.0, 6.0), share=SHARE)
def test_moving_never_goes_past_the_aim(value, aim, share):
    low, high = sorted((value, aim))
    assert low - ROUNDING <= improving.moved_towards(value, aim, share) <= high + ROUNDING


@QUICK
@given(harm=range_strategy(1.0, 1e4), benefit=SHARE, result=range_strategy(0.0, 0.99))
def test_what_remains_and_what_is_prevented_add_up(harm, benefit, result):
    left = outcome.remaining_rate(harm, benefit, result)
    assert left + outcome.prevented_rate(left, benefit, result) == pytest.approx(harm, rel=1e-9)


@QUICK
@given(utility=range_strategy(-700.0, 700.0))
def test_the_logistic_is_symmetric(utility):
    assert deciding.logistic(utility) + deciding.logistic(-utility) == pytest.approx(1.0, abs=1e-12)


@QUICK
@given(ends=st.tuples(*[range_strategy(-6.0, 6.0)] * 4))
def test_distance_is_the_same_both_ways(ends):
    assert outcome.squared_distance(*ends) == outcome.squared_distance(*ends[2:], *ends[:2])


@pytest.mark.skipif(INTERPRETED, reason="nothing is compiled")
@pytest.mark.parametrize("name", sorted(RULES))
@QUICK
@given(data=st.data())
def test_a_compiled_rule_equals_its_interpreted_twin_in_every_bit(name, data):
    rule, drawn = RULES[name], data.draw(rule_arguments(RULES[name]))
    assert float(rule(*drawn)).hex() == float(rule.py_func(*drawn)).hex()
