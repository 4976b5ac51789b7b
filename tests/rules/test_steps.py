"""Steps that both engines take: what happens in each branch, worked from the rules that it is made of."""

import numpy as np
import pytest

from qispread.model.rules import copying, deciding, improving, outcome, random_draws, reviewing, steps

STREAM = np.uint64(20251127)
MONTH = 7
INTERVENTION = (0.6, 1.2, 0.125, 3.0, 0.6)
COPIED = (0.6, 0.4, 1.2)


def parameters(names, **changed):
    """Return parameters of a step, 0 but for some."""
    return tuple(float(changed.get(name, 0.0)) for name in names)


def improve(levers=(0.0, 0.0, 1.0), *, capability=0.5, dose=1.0, fidelity=0.5, forms=(0, 0), **changed):
    place = (capability, 1.0, 0.5, dose, 0.5, 0.12, 1.0, -1.0)
    version = (fidelity, 0.0, 0.0, 0.4, 0.9)
    return steps.improve(
        STREAM,
        MONTH,
        place,
        levers,
        version,
        INTERVENTION,
        parameters(steps.IMPROVING, **{"embedded_above": 1.0, **changed}),
        forms,
    )


def test_stock_is_taken_of_time_measurement_and_vigilance():
    # min(1, 0.4 + 0.1) * (0.5 + 0.5 * 0.6), min(1, 0.7 + 0.6), their product with leadership
    assert steps.update_capacity(0.4, 0.1, 0.6, 0.5, 0.7, 0.6) == pytest.approx((0.4, 1.0, 0.6))
    assert steps.update_capacity(0.4, 0.1, 0.6, 0.5, 0.3, 0.2) == pytest.approx((0.4, 0.5, 0.3))


@pytest.mark.parametrize(
    ("available", "load", "expected"),
    [(0.3, 0.6, (0.5, 0.0, 0.3)), (0.6, 0.35, (1.0, 0.25, 0.35)), (0.5, 0.0, (1.0, 0.5, 0.0))],
)
def test_time_is_shared_and_never_more_given_than_there_is(available, load, expected):
    assert steps.share_time(available, load) == pytest.approx(expected)


@pytest.mark.parametrize(("push", "expected"), [(1000.0, True), (-1000.0, False)])
def test_who_is_pushed_begins_and_expects_what_it_saw(push, expected):
    numbers = parameters(steps.DECIDING, claimed_result=0.3)
    begins, goal = steps.decide(STREAM, MONTH, 0.5, 0.6, 0.5, 0.0, 0.0, 1.0, push, 0.8, 0.35, numbers, (0,))
    assert begins is expected
    assert goal == deciding.expected_goal(0.8, 0.6, 0.3)


@pytest.mark.parametrize("name", steps.DECIDING[:-1])
def test_every_weight_moves_the_decision(name):
    # Each in turn is so large that it alone decides.
    numbers = parameters(steps.DECIDING, **{name: 1e4})
    begins, _ = steps.decide(STREAM, MONTH, 0.5, 0.6, 0.9, 0.5, 1.0, 0.5, 0.0, 0.8, 0.35, numbers, (0,))
    assert begins is (name not in ("reluctance", "overload"))


def copy(standard, *, has_peer):
    numbers = parameters(steps.COPYING, copy_loss=0.6, lineage=0.25, standard_codification=0.8)
    places = (0.5, 0.1, 0.2), (0.3, 0.4), (0.6, 0.7), (0.0, 0.0)
    return steps.copy(STREAM, MONTH, standard, 0.5, has_peer, *places, COPIED, numbers)


def test_the_standard_is_copied_first_then_a_peer_then_the_literature():
    complexity, codification, breadth = COPIED
    loss = copying.copy_loss(0.6, complexity, codification, 0.5)
    assert copy(1.0, has_peer=True)[:4] == (
        steps.FROM_STANDARD,
        1.0 - copying.copy_loss(0.6, complexity, 0.8, 0.5),
        0.3,
        0.4,
    )
    assert copy(0.0, has_peer=True)[:4] == (steps.FROM_PEER, copying.copied_fidelity(0.5, 0.25, loss), 0.1, 0.2)
    # Support does not help whoever has the literature alone.
    assert copy(0.0, has_peer=False)[:4] == (
        steps.FROM_LITERATURE,
        1.0 - copying.copy_loss(0.6, complexity, codification, 0.0),
        0.6,
        0.7,
    )
    assert copy(0.0, has_peer=False)[4] == pytest.approx(outcome.appropriateness(0.6**2 + 0.7**2, breadth))


def test_a_real_cycle_tunes_repairs_and_teaches():
    happened, embedded, fidelity, *tuning, embedding, fit, result, capability = improve(
        capability=1.0, tuning_step=0.5, repair=0.2, learning=0.1
    )
    assert (happened, embedded) == (steps.LEARNT, False)
    assert tuning == [0.5, -0.5]
    assert fidelity == pytest.approx(0.6)
    assert capability == 1.0
    assert fit == pytest.approx(outcome.appropriateness(0.5, INTERVENTION[1]))
    assert embedding == pytest.approx(0.4 * (1.0 - 0.01))
    responded = outcome.response_to_fidelity(fidelity, INTERVENTION[2], INTERVENTION[3])
    assert result == outcome.practice_result(responded, fit, INTERVENTION[4], embedding)


def test_skill_grows_with_what_is_learnt():
    *_, capability = improve(capability=0.5, support_skill=1.0, levers=(1.0, 0.0, 1.0), learning=0.1)
    assert capability == pytest.approx(0.55)


def test_latitude_0_leaves_the_version_as_it_is():
    assert improve((1.0, 0.0, 0.0), capability=1.0, tuning_step=0.5)[3:5] == (0.0, 0.0)


def test_a_hasty_change_erodes_and_leaves_the_rest():
    happened, _, fidelity, *tuning, _, fit, _, capability = improve(capability=0.0, dose=0.5, reactive=1.0, erosion=0.5)
    assert happened == steps.REACTIVE_CHANGE
    assert fidelity == improving.eroded_fidelity(0.5, 0.5, INTERVENTION[0])
    assert (tuning, fit, capability) == ([0.0, 0.0], 0.9, 0.0)


def test_where_nothing_happens_a_practice_drifts():
    happened, _, fidelity, *_ = improve(capability=0.0, decay=0.2, embedding_holds=0.5)
    assert happened == steps.NOTHING
    assert fidelity == improving.decayed_fidelity(0.5, 0.2, 0.5, 0.4, 0.5)


def test_decay_and_response_take_their_own_forms():
    # Decay leaves 0.5 * (1 - 0.2 * 0.5^2 * (1 - 0.5 * 0.4)) as shipped, 0.5 * (1 - 0.2 * 0.5^2) without embedding.
    for forms, decayed in (((0, 1), 0.48), ((1, 1), 0.475)):
        _, _, fidelity, *_, embedding, fit, result, _ = improve(
            capability=0.0, decay=0.2, embedding_holds=0.5, forms=forms
        )
        assert fidelity == pytest.approx(decayed)
        assert result == pytest.approx(outcome.practice_result(decayed, fit, INTERVENTION[4], embedding))


def test_a_decision_by_threshold_does_not_depend_on_chance():
    numbers = parameters(steps.DECIDING, reluctance=1.0)
    for push, expected in ((1.001, True), (0.999, False)):
        found = [
            steps.decide(STREAM, month, 0.5, 0.6, 0.5, 0.0, 0.0, 1.0, push, 0.8, 0.35, numbers, (1,))[0]
            for month in range(1, 40)
        ]
        assert set(found) == {expected}


@pytest.mark.parametrize(("bar", "expected"), [(0.39, True), (0.41, False)])
def test_a_practice_is_embedded_above_the_bar(bar, expected):
    assert improve(capability=0.0, embedded_above=bar)[1] is expected


def review(result, **changed):
    numbers = parameters(steps.REVIEWING, **{"cynicism": 0.06, "encouragement": 0.03, "forbearance": 1.2, **changed})
    return steps.review(STREAM, MONTH, result, 0.4, 0.5, 0.5, 0.6, numbers)


def test_a_goal_that_is_met_encourages():
    assert review(0.4) == (steps.GOAL_MET, 0.4, improving.moved_towards(0.5, 1.0, 0.03))


@pytest.mark.parametrize(("discontinuing", "happened"), [(0.0, steps.FELL_SHORT), (1e6, steps.DISCONTINUED)])
def test_a_goal_that_is_missed_disappoints_and_may_end_it(discontinuing, happened):
    assert review(0.1, discontinuing=discontinuing) == (happened, 0.1, reviewing.disappointed_culture(0.5, 0.06))


def test_a_review_sees_through_noise_where_nothing_is_measured():
    noise = random_draws.normal(STREAM, MONTH, random_draws.REVIEW_NOISE)
    assert review(0.1, noise=0.2)[1] == reviewing.observed_result(0.1, 0.2, 0.5, noise)
