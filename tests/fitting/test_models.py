"""The chances that are fitted are those of the kernel, and their likelihood is exact."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from scipy.special import betaln

from qispread.model.rules.random_draws import ADOPTS, HEARS, uniform
from qispread.runs.diffusion_fit.contagion_models import (
    BASS,
    CONTACT,
    INDEPENDENT,
    ContagionModel,
    compute_exposure,
    count_risk_sets,
    identifiable_models,
    probability_of_not_adopting,
)
from qispread.runs.diffusion_fit.contagion_posterior import fit_model
from qispread.runs.diffusion_fit.exposure import (
    build_risk_set,
    exposure_at_adoption,
    group_share_exposure,
    tie_exposure,
    tie_share_exposure,
)
from qispread.runs.diffusion_fit.observed_diffusion import NEVER_ADOPTED, ObservedDiffusion, build_tie_graph
from qispread.runs.diffusion_fit.simulate_diffusion import (
    can_simulate,
    create_simulator,
    diffusion_scenario,
    simulate_ensemble,
)
from synthetic_diffusion import build_villages, simulate_histories

TWO_WEIGHTS = (1.0, 0.4)
STRENGTHS = {"none": 0.0, "everybody": 0.3, "community": 0.3, "ties": 0.12, "share": 2.0}
MODELS = [ContagionModel(push, contagion) for push, contagion in product(("constant", "by period"), STRENGTHS)]


def chain_of_three():
    """A chain of three, of whom the first is a seed, the second adopts in period 3, and the third never."""
    ties = build_tie_graph(np.array([0, 1]), np.array([1, 2]), np.array([1.0, 0.5]), 3)
    zeros = np.zeros(3, dtype=np.int64)
    return ObservedDiffusion(
        ("a", "b", "c"), np.array([1, 3, NEVER_ADOPTED]), 4, zeros, ("all",), zeros, ties, seeded=True
    )


def adoption_probabilities(observed, model, strength, pushes):
    """Return, as (n, periods), the chance of everybody to adopt in each period."""
    reach, stays = compute_exposure(observed, model.contagion), np.empty((observed.person_count, observed.periods))
    for period in range(observed.periods):
        push = pushes[min(max(period + 1 - observed.first_explained, 0), pushes.size - 1)]
        here = probability_of_not_adopting(model, np.array([push]), strength, reach.counts[:, period], reach.levels)
        stays[:, period] = here[:, 0]
    return 1.0 - stays


class TestTheChancesAreThoseOfTheKernel:
    @pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
    @pytest.mark.parametrize("seeded", [True, False], ids=["with seeds", "without seeds"])
    def test_somebody_adopts_just_where_the_draw_is_below_the_chance(self, model, seeded):
        observed = replace(build_villages(3, 12, periods=8, weights=TWO_WEIGHTS), seeded=seeded)
        theatre, strength = create_simulator(observed), STRENGTHS[model.contagion]
        count = observed.periods - observed.first_explained + 1 if model.push == "by period" else 1
        pushes = np.linspace(0.03, 0.12, count)
        lived = observed.with_adopted(theatre.simulate_adoption(model, strength, pushes, 5))
        plan, _ = theatre.initialise(model, strength, 5)
        purpose = ADOPTS if model.contagion == "share" else HEARS
        drawn = np.array(
            [
                [uniform(stream, period, purpose) for period in range(1, lived.periods + 1)]
                for stream in plan.streams[0][: lived.person_count]
            ]
        )
        risk = build_risk_set(lived)
        adopts = lived.adopted[:, None] == np.arange(1, lived.periods + 1)
        assert adopts.any()
        assert np.array_equal(adopts[risk], (drawn < adoption_probabilities(lived, model, strength, pushes))[risk])

    def test_seeds_begin_and_nobody_else_in_the_first_period(self):
        observed = build_villages(3, 12)
        theatre = create_simulator(observed)
        for world in range(5):
            lived = theatre.simulate_adoption(CONTACT, 1.0, np.array([0.9]), world)
            assert np.array_equal(lived == 1, observed.adopted == 1)

    def test_a_world_without_seeds_starts_by_the_push_alone(self):
        observed = replace(build_villages(3, 12), adopted=np.zeros(36, dtype=np.int64), seeded=False)
        theatre = create_simulator(observed)
        assert np.all(theatre.simulate_adoption(CONTACT, 1.0, np.array([0.0]), 0) == NEVER_ADOPTED)
        assert np.any(theatre.simulate_adoption(CONTACT, 0.0, np.array([0.5]), 0) == 1)

    def test_the_outsider_with_whom_it_starts_has_a_name_that_nobody_has(self):
        observed = replace(chain_of_three(), ids=("outside", "outside_", "c"), seeded=False)
        assert diffusion_scenario(observed).interventions["adopted"].origin.organisations == ("outside__",)

    def test_threads_do_not_change_an_ensemble(self):
        observed = simulate_histories(build_villages(3, 12), contact=0.1)[0]
        theatre, found = create_simulator(observed), fit_model(observed, CONTACT)
        assert np.array_equal(
            simulate_ensemble(theatre, found, 12, workers=1), simulate_ensemble(theatre, found, 12, workers=3)
        )


class TestExposure:
    def test_what_reaches_a_chain(self):
        reach = tie_exposure(chain_of_three())
        assert reach.levels.tolist() == [0.5, 1.0]
        assert reach.counts[1].tolist() == [[0, 0], [0, 1], [0, 1], [0, 1]]
        assert reach.counts[2].tolist() == [[0, 0], [0, 0], [0, 0], [1, 0]]
        assert tie_share_exposure(chain_of_three())[1].tolist() == pytest.approx([0, 2 / 3, 2 / 3, 2 / 3])

    def test_nobody_counts_among_the_others_of_their_group(self):
        shares = group_share_exposure(chain_of_three(), np.zeros(3, dtype=np.int64))
        assert shares.tolist() == [[0, 0, 0, 0.5], [0, 0.5, 0.5, 0.5], [0, 0.5, 0.5, 1.0]]

    def test_exposure_at_adoption_leaves_out_seeds_and_those_without_ties(self):
        assert exposure_at_adoption(chain_of_three()).tolist() == pytest.approx([2 / 3])

    def test_cells_hold_every_person_period_at_risk_once(self):
        observed = simulate_histories(build_villages(4, 15, weights=TWO_WEIGHTS), contact=0.1)[0]
        for model in identifiable_models(observed):
            cells = count_risk_sets(observed, model)
            assert cells.adopted.sum() + cells.not_adopted.sum() == build_risk_set(observed).sum()
            assert cells.adopted.sum() == np.sum(observed.adopted > 1)


class TestPosterior:
    def test_of_a_constant_push_alone_is_the_beta_of_its_trials(self):
        observed = simulate_histories(build_villages(), push=0.08)[0]
        cells = count_risk_sets(observed, INDEPENDENT)
        yes, no = np.bincount(cells.community, cells.adopted), np.bincount(cells.community, cells.not_adopted)

        def exact(adopted, stayed):
            return betaln(adopted + 0.5, stayed + 0.5) - betaln(0.5, 0.5)

        found = fit_model(observed, INDEPENDENT)
        assert found.evidence == pytest.approx(exact(yes.sum(), no.sum()), abs=1e-8)
        others = exact(yes.sum() - yes, no.sum() - no)
        assert found.scores == pytest.approx(exact(yes.sum(), no.sum()) - others, abs=1e-8)

    def test_of_contact_in_a_chain_is_the_integral_over_both(self):
        found = fit_model(chain_of_three(), CONTACT)
        angle = (np.arange(4000) + 0.5) / 4000 * np.pi / 2.0
        push, contact = np.sin(angle)[:, None] ** 2, (np.arange(1000) + 0.5)[None] / 1000.0
        stays, later = (1.0 - push) * (1.0 - contact), (1.0 - push) * (1.0 - 0.5 * contact)
        # The second waits once beside the seed and then adopts; the third waits twice alone and once beside the second.
        likelihood = stays * (1.0 - stays) * (1.0 - push) ** 2 * later
        assert found.evidence == pytest.approx(np.log(likelihood.mean()), abs=1e-5)

    @pytest.mark.parametrize(
        "model", [BASS, CONTACT, ContagionModel("by period", "ties")], ids=lambda model: model.name
    )
    def test_weights_sum_to_one_and_points_ascend(self, model):
        found = fit_model(simulate_histories(build_villages(), contact=0.1)[0], model)
        assert found.weights.sum() == pytest.approx(1.0)
        assert found.pushes.sum(axis=2) == pytest.approx(1.0)
        low, middle, high = found.strength_quantiles()
        assert 0.0 <= low < middle < high <= 1.0

    def test_scores_add_up_to_the_evidence_where_communities_are_told_in_turn(self):
        observed = simulate_histories(build_villages(2), contact=0.1)[0]
        found = fit_model(observed, CONTACT)
        for one, other in ((0, 1), (1, 0)):
            inside = observed.community == other
            alone = replace(observed, adopted=np.where(inside, observed.adopted, 1))
            assert found.scores[one] + fit_model(alone, CONTACT).evidence == pytest.approx(found.evidence, abs=1e-6)

    def test_a_push_of_each_period_takes_what_a_constant_one_cannot(self):
        observed = build_villages(10, 30, periods=6)
        theatre, pushes = create_simulator(observed), np.array([0.02, 0.02, 0.4, 0.02, 0.02])
        lived = observed.with_adopted(theatre.simulate_adoption(ContagionModel("by period", "none"), 0.0, pushes, 1))
        free, constant = fit_model(lived, ContagionModel("by period", "none")), fit_model(lived, INDEPENDENT)
        assert free.evidence > constant.evidence + 10.0
        low, _, high = free.push_quantiles(2)
        assert low < 0.4 < high

    def test_draws_have_the_means_of_the_posterior(self):
        found = fit_model(simulate_histories(build_villages(), contact=0.1)[0], CONTACT)
        rng = np.random.default_rng(3)
        drawn = np.array([(strength, push[0]) for strength, push in (found.draw(rng) for _ in range(4000))])
        error = drawn.std(axis=0) / np.sqrt(len(drawn))
        means = [found.weights @ found.strengths, found.weights @ found.pushes[:, 0] @ found.probability_nodes]
        assert np.all(np.abs(drawn.mean(axis=0) - means) < 4.0 * error)

    def test_the_likeliest_strength_is_no_less_likely_than_none(self):
        for observed in simulate_histories(build_villages(4, 15), worlds=5):
            found = fit_model(observed, CONTACT)
            none = fit_model(observed, INDEPENDENT)
            assert found.max_log_likelihood >= 0.0
            assert found.evidence - none.evidence <= found.max_log_likelihood + 1e-9


def test_models_that_cannot_be_told_apart_are_not_fitted():
    names = [model.name for model in identifiable_models(build_villages())]
    assert names == list(dict.fromkeys(names))
    assert "bass_by_period" not in names
    assert not any(model.contagion == "community" for model in identifiable_models(chain_of_three()))
    assert all(
        can_simulate(create_simulator(chain_of_three()), model) for model in identifiable_models(chain_of_three())
    )


def test_of_one_community_no_second_network_of_everybody_is_built():
    one, several = build_villages(1, 8), build_villages(2, 8)
    assert set(create_simulator(simulate_histories(one)[0]).group_ties) == {"everybody"}
    assert set(create_simulator(simulate_histories(several)[0]).group_ties) == {"everybody", "community"}
    assert all(
        can_simulate(create_simulator(simulate_histories(one)[0]), model)
        for model in identifiable_models(simulate_histories(one)[0])
    )
