"""Percent points, shares of small groups and silent neighbours, each worked out by hand."""

from types import SimpleNamespace

import numpy as np
import pytest

from qispread.runs.diffusion_fit.contagion_models import CONTACT, probability_of_not_adopting
from qispread.runs.diffusion_fit.contagion_posterior import strength_quadrature, weighted_quantiles_95
from qispread.runs.diffusion_fit.exposure import group_share_exposure
from qispread.runs.diffusion_fit.observed_diffusion import NEVER_ADOPTED, ObservedDiffusion, build_tie_graph
from qispread.runs.diffusion_fit.simulate_diffusion import complete_group_ties, diffusion_scenario


def test_percent_points_of_a_thousand_values_alike():
    """Each of 0 to 999 stands for a thousandth around it: a share p lies at 1000 p - 0.5."""
    found = weighted_quantiles_95(np.arange(1000.0), np.full(1000, 0.001))
    assert found == pytest.approx([24.5, 499.5, 974.5])


def people(adopted):
    """Return people without ties who adopted in these periods, of four."""
    zeros, number = np.zeros(len(adopted), dtype=np.int64), len(adopted)
    nobody = np.zeros(0, dtype=np.int64)
    ids = tuple(f"person-{place}" for place in range(number))
    ties = build_tie_graph(nobody, nobody, np.zeros(0), number)
    return ObservedDiffusion(ids, np.array(adopted), 4, zeros, ("all",), zeros, ties, seeded=True)


def test_in_a_group_of_two_the_other_is_all_others_and_alone_there_are_none():
    """Of two the first adopts in the first period; of three two do, one a period later; the last has nobody."""
    observed = people([1, NEVER_ADOPTED, 1, 2, NEVER_ADOPTED, 1])
    shares = group_share_exposure(observed, np.array([0, 0, 1, 1, 1, 2]))
    assert shares[1].tolist() == [0, 1, 1, 1]
    assert shares[0].tolist() == [0, 0, 0, 0]
    assert shares[4].tolist() == [0, 0.5, 1, 1]
    assert shares[2].tolist() == [0, 0, 0.5, 0.5]
    assert shares[5].tolist() == [0, 0, 0, 0]


def test_groups_are_tied_within_and_nobody_to_themselves():
    """In a group of three each of two ties weighs 1/2, in a group of two the one tie weighs 1; alone there is none."""
    ties = complete_group_ties(np.array([0, 1, 0, 1, 0, 2]))
    found = sorted(zip(ties.owners.tolist(), ties.indices.tolist(), ties.weights.tolist(), strict=True))
    assert found == [
        (0, 2, 0.5),
        (0, 4, 0.5),
        (1, 3, 1.0),
        (2, 0, 0.5),
        (2, 4, 0.5),
        (3, 1, 1.0),
        (4, 0, 0.5),
        (4, 2, 0.5),
    ]


def test_who_has_no_user_around_stays_by_the_push_alone_even_where_contact_is_certain():
    """With a strength of 1 one tie of weight 1 convinces for sure, and no tie does nothing: 1 - 0.1 and 0."""
    reach = np.array([[0.0, 0.0], [0.0, 1.0], [2.0, 0.0]])
    stays = probability_of_not_adopting(CONTACT, np.array([0.1]), 1.0, reach, np.array([0.5, 1.0]))
    assert stays[:, 0] == pytest.approx([0.9, 0.0, 0.9 * 0.25])


def test_the_scenario_of_a_chain_has_its_ties_once_in_the_order_of_people():
    zeros = np.zeros(3, dtype=np.int64)
    ties = build_tie_graph(np.array([1, 0]), np.array([2, 1]), np.array([0.5, 1.0]), 3)
    chain = ObservedDiffusion(
        ("a", "b", "c"), np.array([1, 3, NEVER_ADOPTED]), 4, zeros, ("all",), zeros, ties, seeded=True
    )
    found = [(tie.first, tie.second, tie.weight) for tie in diffusion_scenario(chain).network.ties]
    assert found == [("a", "b", 1.0), ("b", "c", 0.5)]


class Flat:
    """A likelihood that is alike from 0.25 to 0.625 of strengths up to 1, and nothing elsewhere."""

    model = SimpleNamespace(max_strength=1.0)

    def log_likelihood(self, strength):
        """Return the log-likelihood of all and of all but the one community, and no pushes."""
        return np.full(2, 0.0 if 0.25 <= strength <= 0.625 else -1e6), None


def test_strengths_are_looked_for_again_while_a_look_leaves_half_or_less():
    """A look at 17 strengths leaves one beyond each end: 3/16 to 11/16, which is half. The next one is finer by half.

    Then 7/32 to 21/32 is left, most of what was looked at. What the strengths stand for are shares of the range from
    0 to 1.
    """
    strengths, log_widths = strength_quadrature(Flat())
    assert 7 / 32 < strengths.min() < 7 / 32 + 0.001
    assert 21 / 32 - 0.001 < strengths.max() < 21 / 32
    assert np.exp(log_widths).sum() == pytest.approx(14 / 32)
