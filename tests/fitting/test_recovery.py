"""Histories whose truth is known: the method finds it, and nothing where there is nothing."""

import numpy as np
import pytest

from qispread.runs.diffusion_fit.contagion_models import BASS, CONTACT, INDEPENDENT, ContagionModel
from qispread.runs.diffusion_fit.contagion_posterior import fit_model
from qispread.runs.diffusion_fit.fit_diffusion import NEEDED, NOT_NEEDED, fit_observed
from synthetic_diffusion import build_villages, simulate_histories

HISTORIES = 30
CONTAGION = 0.08


@pytest.fixture(scope="module")
def fit_without_contact():
    return simulate_histories(build_villages(6, 20), push=0.06, worlds=HISTORIES)


@pytest.fixture(scope="module")
def with_contact():
    return simulate_histories(build_villages(6, 20), push=0.04, contact=CONTAGION, worlds=HISTORIES)


def test_intervals_hold_the_truth_as_often_as_they_say(with_contact):
    found = [fit_model(one, CONTACT) for one in with_contact]
    for truth, points in (
        (CONTAGION, np.array([one.strength_quantiles() for one in found])),
        (0.04, np.array([one.push_quantiles(0) for one in found])),
    ):
        covered = int(np.sum((points[:, 0] <= truth) & (truth <= points[:, 2])))
        # Of 30, fewer than 25 have a probability of 0.002 where each has 0.95.
        assert covered >= 25
        assert np.median(points[:, 1]) == pytest.approx(truth, rel=0.15)


def test_held_out_communities_prefer_contact_where_there_is_contact(with_contact):
    gains = [fit_model(one, CONTACT).scores.sum() - fit_model(one, BASS).scores.sum() for one in with_contact]
    assert np.mean(np.array(gains) > 0.0) > 0.8


def test_held_out_communities_do_not_prefer_contact_where_there_is_none(fit_without_contact):
    gains = [
        fit_model(one, CONTACT).scores.sum() - fit_model(one, INDEPENDENT).scores.sum() for one in fit_without_contact
    ]
    assert np.mean(np.array(gains) > 0.0) < 0.5
    assert np.mean(gains) < 0.0


def test_evidence_is_seldom_for_contact_where_there_is_none(fit_without_contact):
    free = [
        (fit_model(one, ContagionModel("by period", "ties")), fit_model(one, ContagionModel("by period", "none")))
        for one in fit_without_contact[:20]
    ]
    assert np.mean([one.evidence > none.evidence for one, none in free]) < 0.2


@pytest.mark.quick_cases(1)
@pytest.mark.parametrize(
    ("contact", "verdict"), [(0.0, NOT_NEEDED), (0.2, NEEDED)], ids=["without contact", "with much contact"]
)
def test_the_verdict_is_right_where_it_is_plain(contact, verdict):
    # Of ten such villages one history in twenty without contact leaves too little to tell, this one among them.
    observed = simulate_histories(build_villages(20, 25, degree=4), push=0.03, contact=contact, first=3)[0]
    found = fit_observed(observed, replicates=20, shuffles=199)
    assert found.verdict == verdict
    checks = found.tables["checks"].set_index(["model", "quantity"])
    for model in ("contact", "contact_by_period"):
        row = checks.loc[model, "share who adopted by the end"]
        assert row["p5"] - 0.1 < row["observed"] < row["p95"] + 0.1
