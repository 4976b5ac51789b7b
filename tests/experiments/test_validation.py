"""The exact values of the validation against counting by hand, its verdicts, and its page against the stored tables."""

import itertools
import math
import subprocess
import sys

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from experiments.validation import lattices, oracles, practice_limits
from experiments.validation.exact_cascades import cascade_size, cascade_window, trigger_probability
from experiments.validation.exact_discontinuation import final_size, removal_chain, transmissibility
from experiments.validation.exact_growth import bass_chain, complete_chain, ring_bass, ring_chain
from experiments.validation.known_limit import (
    MEANINGS,
    LimitFinding,
    deviation_finding,
    frequency_finding,
    judge_finding,
    mean_finding,
)
from experiments.validation.run_validation import COLUMNS, FAMILIES, ROOT, TABLE, limit_rows, read_table
from experiments.validation.validation_page import PAGE, render_page
from hypothesis import given
from hypothesis import strategies as st

from optional import require

KEYS = (ROOT / "docs/references.bib").read_text(encoding="utf-8")
LIMITS = [limit for family in FAMILIES for limit in family.limits]


def enumerate_states(graph, broadcast, contact, lapse, months):
    """Yield the distribution over states (0 unaware, 1 user, 2 lapsed) month by month, going through all of them."""
    number = len(graph)
    now = {(1,) + (0,) * (number - 1): 1.0}
    yield now
    for month in range(1, months + 1):
        after = {}
        for state, chance in now.items():
            moves = [node_transitions(graph, state, node, month, broadcast, contact, lapse) for node in range(number)]
            for combined in itertools.product(*moves):
                key = tuple(stage for stage, _ in combined)
                after[key] = after.get(key, 0.0) + chance * math.prod(one for _, one in combined)
        now = after
        yield now


def node_transitions(graph, state, node, month, broadcast, contact, lapse):
    """Return where one place may go in a month, with probabilities; in the first month nobody sees the origin."""
    if state[node] == 2:
        return [(2, 1.0)]
    if state[node] == 1:
        return [(1, 1.0)] if month == 1 or lapse == 0.0 else [(1, 1.0 - lapse), (2, lapse)]
    users = 0 if month == 1 else sum(state[other] == 1 for other in graph[node])
    silent = (1.0 - broadcast) * (1.0 - contact) ** users
    return [(0, silent), (1, 1.0 - silent)] if silent < 1.0 else [(0, 1.0)]


def expected_share(found):
    """Return the expected share of the others who use it."""
    return [sum(chance * np.mean(np.array(state[1:]) == 1) for state, chance in now.items()) for now in found]


@pytest.mark.parametrize("number", [3, 4, 6])
@pytest.mark.parametrize(("broadcast", "contact"), [(0.05, 0.3), (0.0, 0.4), (0.2, 0.0)])
def test_exact_growth_is_what_counting_all_states_gives(number, broadcast, contact):
    complete = expected_share(enumerate_states(nx.complete_graph(number), broadcast, contact, 0.0, 7))
    assert bass_chain(number - 1, broadcast, contact, 7)[0] == pytest.approx(complete, abs=1e-12)
    ring = expected_share(enumerate_states(nx.cycle_graph(number), broadcast, contact, 0.0, 7))
    assert ring_chain(number - 1, broadcast, contact, 7) == pytest.approx(ring, abs=1e-12)


def test_exact_spread_with_lapses_is_what_counting_all_states_gives():
    for month, now in enumerate(enumerate_states(nx.complete_graph(4), 0.0, 0.2, 0.3, 6)):
        expected = np.zeros((4, 5))
        for state, chance in now.items():
            expected[state.count(0), state.count(1)] += chance
        if month > 0:  # before it the origin has not begun
            assert removal_chain(3, 0.2, 0.3, 6)[month] == pytest.approx(expected, abs=1e-12)


def test_a_long_ring_tends_to_an_endless_one():
    apart = [np.abs(ring_chain(followers, 0.03, 0.3, 20) - ring_bass(0.03, 0.3, 20)).max() for followers in (99, 199)]
    assert apart[1] == pytest.approx(apart[0] * 99 / 199, rel=0.01)
    assert apart[0] < 0.02


@given(st.integers(1, 20), st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_chains_are_distributions_and_shares_grow(followers, broadcast, contact):
    chances = complete_chain(followers, broadcast, contact, 5)
    assert chances.sum(axis=1) == pytest.approx(np.ones(6), abs=1e-9)
    for shares in (chances @ np.arange(followers + 1) / followers, ring_chain(followers, broadcast, contact, 5)):
        assert np.all(np.diff(shares) >= -1e-9)
        assert -1e-9 <= shares.min() <= shares.max() <= 1.0 + 1e-9


def test_the_window_is_that_of_watts_and_closes_where_no_cascade_starts():
    lower, upper = cascade_window(0.18)
    assert (round(lower, 2), round(upper, 2)) == (1.02, 5.76)
    for outside in (lower - 0.05, upper + 0.05):
        assert trigger_probability(outside, 20_000, 0.18) == 0.0
        assert cascade_size(outside, 20_000, 0.18) == pytest.approx(0.0, abs=1e-4)
    for inside in (lower + 0.05, upper - 0.05):
        assert trigger_probability(inside, 20_000, 0.18) > 0.02
        assert cascade_size(inside, 20_000, 0.18) > 0.02


def test_large_outbreaks_begin_where_each_reaches_more_than_one():
    assert transmissibility(0.3, 1.0) == pytest.approx(0.3)
    assert transmissibility(0.3, 0.5) == pytest.approx(sum(0.5**k * (1.0 - 0.7**k) for k in range(1, 60)))
    assert final_size(2.0, 0.5) == 0.0
    assert final_size(2.0, 0.6) == pytest.approx(1.0 - math.exp(-1.2 * final_size(2.0, 0.6)))


@pytest.mark.parametrize(
    ("one", "verdict"),
    [
        (LimitFinding("", 1.0, 1.0 + 1e-12), "exact"),
        (LimitFinding("", 1.0, 1.05), "near"),
        (LimitFinding("", 1.0, 1.2), "missed"),
        (LimitFinding("", 1.0, 1.02, 0.01), "met"),
        (LimitFinding("", 1.0, 1.02, 0.03), "unclear"),
        (LimitFinding("", 1.0, 1.05, 0.01), "near"),
        (LimitFinding("", 1.0, 1.08, 0.01), "missed"),
        (LimitFinding("", 1.0, 1.02, 0.01, similar=1e-4), "near"),
        (LimitFinding("", 1.0, 1.02, 0.01, margin=0.01), "unclear"),
        (LimitFinding("", 1.0, math.nan, math.nan), "missed"),
    ],
)
def test_verdicts_follow_their_rule(one, verdict):
    assert judge_finding(one, 0.1) == verdict
    assert verdict in MEANINGS


def test_standard_errors_cover_what_they_should():
    draws = np.random.default_rng(1)
    scores = np.array(
        [
            [
                abs(found.ours - found.reference) / found.standard_error
                for found in (
                    mean_finding("", values, 0.5),
                    deviation_finding("", values, math.sqrt(1.0 / 12.0)),
                    frequency_finding("", values < 0.3, 0.3),
                )
            ]
            for values in draws.random((1000, 400))
        ]
    )
    assert np.mean(scores > 2.0, axis=0) == pytest.approx([0.0455] * 3, abs=0.02)
    assert frequency_finding("", np.zeros(50, dtype=bool), 0.0).standard_error > 0.0


@pytest.mark.quick_cases(2)
@pytest.mark.parametrize(
    "limit",
    [*lattices.LIMITS, *(one for one in practice_limits.LIMITS if one.replicates == 1)],
    ids=lambda one: one.name,
)
def test_limits_without_chance_are_met_exactly(limit):
    assert [judge_finding(one, limit.margin) for one in limit.find(1, limit.seed)] != []
    assert {judge_finding(one, limit.margin) for one in limit.find(1, limit.seed)} == {"exact"}


@pytest.mark.science
def test_thresholds_agree_with_ndlib_in_every_month():
    require("ndlib", "oracles")
    assert {one.ours for one in oracles.compare_ndlib_threshold(2, 5)} == {0.0}


def test_a_limit_without_its_program_is_said_not_to_have_been_run(monkeypatch):
    monkeypatch.setattr(oracles, "is_installed", lambda _: False)
    family = next(one for one in FAMILIES if one.limits is oracles.LIMITS)
    for limit in family.limits:
        (row,) = limit_rows(family, limit, smoke=True)
        assert row["verdict"] == "not run"
        assert limit.needs in row["quantity"]


def test_limits_have_names_seeds_and_sources_of_their_own():
    assert len({limit.name for limit in LIMITS}) == len(LIMITS)
    assert len({limit.seed for limit in LIMITS}) == len({limit.seed_name or limit.name for limit in LIMITS})
    for limit in LIMITS:
        for key in limit.source.split(","):
            assert key == "assumption" or f"{{{key}," in KEYS


def test_the_stored_table_has_all_limits_and_verdicts_that_its_numbers_bear_out():
    table = read_table(TABLE)
    assert tuple(table.columns) == COLUMNS
    assert list(dict.fromkeys(table["limit"])) == [limit.name for limit in LIMITS]
    declared = {limit.name: limit for limit in LIMITS}
    for _, row in table.iterrows():
        limit = declared[row["limit"]]
        assert (row["source"], row["exact"], row["seed"]) == (limit.source, limit.exact, limit.seed)
        assert row["replicates"] == limit.replicates
        numbers = [float(row[name]) for name in ("reference", "ours", "standard_error", "similar", "margin")]
        assert judge_finding(LimitFinding(row["quantity"], *numbers), 0.0) == row["verdict"] or pd.isna(row["ours"])


def test_the_page_shows_the_stored_tables():
    assert PAGE.read_text(encoding="utf-8") == render_page()


@pytest.mark.slow
def test_everything_runs_in_a_few_worlds():
    command = [sys.executable, "-m", "experiments.validation", "--smoke"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert "findings" in done.stdout
