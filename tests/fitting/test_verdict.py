"""What follows from the signs that ties are needed, and from their absence, which few data show too."""

from dataclasses import replace

import numpy as np
import pytest

from qispread.runs.diffusion_fit.contagion_models import ContagionModel
from qispread.runs.diffusion_fit.contagion_posterior import fit_model
from qispread.runs.diffusion_fit.fit_diffusion import (
    MAJOR_SHARE,
    NEEDED,
    NOT_NEEDED,
    TOO_LITTLE,
    UNCLEAR,
    fit_observed,
    judge_contagion,
    max_share_by_ties,
)
from qispread.runs.diffusion_fit.fit_tables import build_checks_table
from qispread.runs.diffusion_fit.observed_diffusion import NEVER_ADOPTED, ObservedDiffusion, build_tie_graph
from synthetic_diffusion import build_villages, simulate_histories

FREE = ContagionModel("by period", "ties")


def small_diffusion(adopted, pairs, periods):
    """Return some people of one community, whose first adopters are seeds."""
    first, second = np.array(pairs).T
    number, one = len(adopted), np.zeros(len(adopted), dtype=np.int64)
    return ObservedDiffusion(
        ids=tuple(map(str, range(number))),
        adopted=np.array(adopted),
        periods=periods,
        community=one,
        communities=("",),
        permutation_groups=one,
        ties=build_tie_graph(first, second, np.ones(len(pairs)), number),
        seeded=True,
    )


@pytest.mark.parametrize(
    ("signs", "most", "verdict"),
    [
        ([True, True, True], 0.9, NEEDED),
        ([True, True], 0.1, NEEDED),
        ([True, False, True], 0.9, UNCLEAR),
        ([False, True], 0.1, UNCLEAR),
        ([False, False], 0.49, NOT_NEEDED),
        ([False, False, False], MAJOR_SHARE, TOO_LITTLE),
        ([False, False], 1.0, TOO_LITTLE),
    ],
)
def test_no_sign_says_not_needed_only_where_ties_that_bring_half_are_excluded(signs, most, verdict):
    assert judge_contagion(signs, most) == verdict


def test_what_ties_may_bring_is_as_worked_out_by_hand():
    # 0 is a seed tied to 1 and 2; 1 adopts in period 3 and 2, who is tied to 1 too, never: 1 is at risk with one tie
    # that has adopted in periods 2 and 3, 2 so in 2 and 3 and with two ties in 4. 3 adopts in 2, alone.
    observed = small_diffusion([1, 3, NEVER_ADOPTED, 2], [(0, 1), (0, 2), (1, 2)], 4)
    found = fit_model(observed, FREE)
    contact = found.strength_quantiles()[2]
    brought = 4.0 * contact + 1.0 - (1.0 - contact) ** 2
    assert max_share_by_ties(observed, found) == pytest.approx(min(1.0, brought / 2.0))
    small = replace(found, strengths=found.strengths / 100.0)
    contact /= 100.0
    assert max_share_by_ties(observed, small) == pytest.approx((4.0 * contact + 1.0 - (1.0 - contact) ** 2) / 2.0)


def test_ties_that_reach_nobody_bring_nothing():
    observed = small_diffusion([NEVER_ADOPTED, NEVER_ADOPTED, 2, 3, 4, 5], [(0, 1)], 6)
    assert max_share_by_ties(observed, fit_model(observed, FREE)) == 0.0


def test_five_people_are_too_few_to_tell():
    found = fit_observed(
        small_diffusion([1, 2, 3, NEVER_ADOPTED, NEVER_ADOPTED], [(0, 1), (2, 3), (3, 4)], 5),
        replicates=20,
        shuffles=99,
    )
    assert not any(found.signs.values())
    assert found.max_share_by_ties >= MAJOR_SHARE
    assert found.verdict == TOO_LITTLE


@pytest.mark.slow
def test_few_villages_of_a_history_without_contact_are_too_little_to_tell_and_many_are_not():
    found = {}
    for number in (1, 24):
        observed = simulate_histories(build_villages(number, 20, degree=4, seed=3), push=0.06, worlds=10)
        found[number] = np.array([max_share_by_ties(one, fit_model(one, FREE)) for one in observed])
    assert np.mean(found[1] < MAJOR_SHARE) < 0.5
    assert (found[24] < MAJOR_SHARE).all()


def test_a_world_that_differs_from_the_observed_by_rounding_alone_counts_as_at_least_as_much():
    # On a ring every turn of a history is the same history, whose quantities are summed in another order.
    number = 31
    adopted = np.append(1, np.random.default_rng(1).integers(1, 8, number - 1))
    observed = small_diffusion(adopted.tolist(), [(one, (one + 1) % number) for one in range(number)], 7)
    turns = np.array([np.roll(adopted, turn) for turn in range(number)])
    table = build_checks_table({"turned": turns}, replace(observed, seeded=False))
    assert table["at_least"].tolist() == [1.0, 1.0, 1.0]
