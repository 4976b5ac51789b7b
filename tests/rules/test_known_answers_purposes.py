"""Which draws a world is made of: a seed means the same world in every version, so their numbers never change."""

import math

import numpy as np
import pytest
from scipy.stats import beta, norm

from qispread.inputs.load_scenario import build_scenario
from qispread.inputs.organisations import CONTEXT_FACTORS
from qispread.model.rules import random_draws
from qispread.model.world.run_inputs import prepare_scenario
from qispread.model.world.state_arrays import ORGANISATION_ROWS

MEANS = dict(zip(CONTEXT_FACTORS, (0.3, 0.35, 0.4, 0.5, 0.6, 0.65, 0.15), strict=True))
CORRELATION, CONCENTRATION = 0.36, 8.0


def a_world():
    """Return the values at the start of two organisations of which nothing is given, and the stream of each."""
    scenario = build_scenario(
        {
            "seed": 7,
            "organisations": {
                "number": 2,
                "partnerships": 1,
                "regions": 1,
                "context": {**MEANS, "correlation": CORRELATION, "concentration": CONCENTRATION},
                "size": {"mean": 5000.0, "variation": 0.5},
                "baseline": {"mean": 90.0, "variation": 0.25},
                "setting_spread": 2.0,
            },
            "network": {"kind": "complete"},
        }
    )
    blueprint = prepare_scenario(scenario)
    streams = []
    for name in blueprint.static_world.ids:
        stream = np.uint64(random_draws.substream(np.uint64(7), np.uint64(0)))
        for key in (random_draws.hash_name(name), 0):
            stream = np.uint64(random_draws.substream(stream, np.uint64(key)))
        streams.append(stream)
    return dict(zip(ORGANISATION_ROWS, blueprint.world(0).organisations, strict=False)), streams


def scores(streams, purpose):
    """Return the normal draw of month 0 of a purpose, by organisation."""
    return np.array([random_draws.normal(stream, 0, purpose) for stream in streams])


def test_factors_are_drawn_from_purpose_2_on_and_share_purpose_0():
    """The normal score is 0.6 of the common draw and 0.8 of its own; the value is the beta quantile of it.

    Turnover, the last, has no part in what is common.
    """
    values, streams = a_world()
    for place, name in enumerate(CONTEXT_FACTORS):
        score = scores(streams, 2 + 2 * place)
        if name != "turnover":
            score = 0.6 * scores(streams, 0) + 0.8 * score
        exact = beta(MEANS[name] * CONCENTRATION, (1.0 - MEANS[name]) * CONCENTRATION).ppf(norm.cdf(score))
        assert values[name] == pytest.approx(exact, rel=2e-3), name


def test_size_baseline_and_setting_are_drawn_from_purposes_20_22_24_and_26():
    """A lognormal of mean m and coefficient of variation c has sigma^2 = ln(1 + c^2) and mu = ln m - sigma^2 / 2."""
    values, streams = a_world()
    for name, purpose, mean, variation in (("size", 20, 5000.0, 0.5), ("baseline", 22, 90.0, 0.25)):
        sigma = math.sqrt(math.log(1.0 + variation**2))
        exact = np.exp(math.log(mean) - sigma**2 / 2.0 + sigma * scores(streams, purpose))
        assert values[name] == pytest.approx(exact), name
    assert values["setting_1"] == pytest.approx(2.0 * scores(streams, 24))
    assert values["setting_2"] == pytest.approx(2.0 * scores(streams, 26))


def test_a_purpose_has_the_number_that_the_documents_give_it():
    monthly = ("LEADER_LEAVES", "SUCCESSOR", "DROPPED", "HEARS", "ADOPTS", "COPIES_STANDARD", "REAL_CYCLE")
    monthly += ("REACTIVE_CHANGE", "REVIEW_NOISE", "REVIEW_NOISE_SECOND", "DISCONTINUES", "READOPTS")
    assert [getattr(random_draws, name) for name in monthly] == list(range(12))
    expected = {
        "COMMON_FACTOR": 0,
        "CONTEXT_FACTOR": 2,
        "SIZE": 20,
        "BASELINE": 22,
        "SETTING": 24,
        "ORIGIN": 28,
        "TARGET": 29,
    }
    expected |= {"TIE": 30, "OBSERVED_EVENTS": 31, "FIRST_FREE": 32, "PURPOSES_PER_MONTH": 64}
    assert {name: getattr(random_draws, name) for name in expected} == expected
