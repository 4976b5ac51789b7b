"""Whose version is copied and how ties count, in worlds where the answer is plain, on both engines."""

import numpy as np
import pytest
from experiments.validation.scenarios import (
    EQUAL,
    first_adoption_months,
    measure_by_month,
    single_mechanism_scenario,
    threshold_changes,
)

import qispread as qs
from qispread.model.engines.trace import trace
from qispread.model.world.state_arrays import (
    AWARE,
    COPIED_FROM,
    COPIED_FROM_LITERATURE,
    COPIED_FROM_SELF,
    COPIED_FROM_STANDARD,
    FIDELITY,
    FIRST_ADOPTED,
    GENERATION,
    NEVER,
    STAGE,
    TUNING_1,
)

ENGINES = ("kernel", "mesa")
HEARD_FROM_PEERS = {"hearing.broadcast": 0.0, "hearing.contact": 1.0}


def names(*places):
    return [f"organisation-{place + 1:03d}" for place in places]


def rows(number, **settings):
    """Return places that are all alike, but for the first coordinate of the setting of some, by place."""
    return [
        {"id": name, **EQUAL, "setting_1": settings.get(f"at_{place}", 0.0)}
        for place, name in enumerate(names(*range(number)))
    ]


def tied(*ties):
    """Return a network of ties given as two places and a weight."""
    return {
        "kind": "ties",
        "ties": [{"first": names(one)[0], "second": names(other)[0], "weight": weight} for one, other, weight in ties],
    }


def histories(scenario, engine, replicates=1):
    """Return histories at the end of each replicate, of the one intervention."""
    return np.array([run.final_state.histories[0] for run in qs.simulate(scenario, replicates, engine=engine).runs])


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("origins", [(3, 7, 11), (0, 1, 15)])
def test_of_peers_that_attract_alike_the_first_is_copied(engine, origins):
    """Sixteen identical places, everyone tied to everyone, three origins: thirteen copies, all of the first origin."""
    scenario = single_mechanism_scenario(
        4,
        {"kind": "complete"},
        16,
        HEARD_FROM_PEERS,
        {"origin": {"organisations": names(*origins)}},
        organisations={"rows": rows(16)},
    )
    for found in histories(scenario, engine, 3):
        followers = [place for place in range(16) if place not in origins]
        assert (found[COPIED_FROM, followers] == origins[0]).all()
        assert (found[GENERATION, followers] == 1).all()
        assert (found[COPIED_FROM, list(origins)] == COPIED_FROM_SELF).all()


@pytest.mark.parametrize("engine", ENGINES)
def test_the_weight_of_a_tie_counts_once_in_what_attracts(engine):
    """Attraction is weight * result * exp(-d^2 / range): 0.5 * 1 beats 0.8 * 0.6, though 0.25 would not beat 0.384."""
    near, far, copier = 1, 0, 2
    scenario = single_mechanism_scenario(
        3,
        tied((near, copier, 0.5), (far, copier, 0.8)),
        3,
        {**HEARD_FROM_PEERS, "deciding.similarity_range": 2.0},
        {"origin": {"organisations": names(near, far)}},
        organisations={"rows": rows(3, at_0=float(np.sqrt(-2.0 * np.log(0.6))))},
    )
    found = histories(scenario, engine)[0]
    assert found[COPIED_FROM, copier] == near


@pytest.mark.parametrize("engine", ENGINES)
def test_the_heavier_of_two_alike_is_copied_wherever_it_stands(engine):
    scenario = single_mechanism_scenario(
        3,
        tied((0, 2, 0.4), (1, 2, 0.6)),
        3,
        HEARD_FROM_PEERS,
        {"origin": {"organisations": names(0, 1)}},
        organisations={"rows": rows(3)},
    )
    assert histories(scenario, engine)[0][COPIED_FROM, 2] == 1


@pytest.mark.parametrize("engine", ENGINES)
def test_the_weight_of_a_tie_counts_once_in_the_share_of_users(engine):
    """Of ties of 0.5 and 1.0 the lighter leads to a user: a share of 1/3, where squares would make it 1/5."""
    began = {}
    for share in (0.3, 0.35):
        scenario = single_mechanism_scenario(
            3,
            tied((0, 1, 0.5), (1, 2, 1.0)),
            3,
            {"hearing.broadcast": 1.0, **threshold_changes(share)},
            organisations={"rows": rows(3)},
        )
        (run,) = qs.simulate(scenario, 1, engine=engine).runs
        began[share] = run.final_state.histories[0, STAGE, 1] != AWARE
    assert began == {0.3: True, 0.35: False}


def test_the_weight_of_a_tie_counts_once_in_the_chance_of_hearing():
    """A star of ties of 0.5 around one user, contact 0.5: in the second month others hear with 0.25, not 0.125."""
    number, worlds = 101, 40
    star = tied(*((0, other, 0.5) for other in range(1, number)))
    scenario = single_mechanism_scenario(
        2, star, number, {"hearing.broadcast": 0.0, "hearing.contact": 0.5}, organisations={"rows": rows(number)}
    )
    heard = measure_by_month(qs.simulate(scenario, worlds), "awareness")[:, 2].mean()
    assert abs(heard - 0.25) < 4.0 * np.sqrt(0.25 * 0.75 / (worlds * (number - 1)))


@pytest.mark.parametrize("engine", ENGINES)
def test_who_sees_no_user_copies_the_literature(engine):
    scenario = single_mechanism_scenario(2, {"kind": "complete"}, 4, {"hearing.broadcast": 1.0, "hearing.contact": 0.0})
    found = histories(scenario, engine)[0]
    assert found[COPIED_FROM].tolist() == [
        COPIED_FROM_SELF,
        COPIED_FROM_LITERATURE,
        COPIED_FROM_LITERATURE,
        COPIED_FROM_LITERATURE,
    ]
    assert found[GENERATION].tolist() == [0, 1, 1, 1]
    assert (first_adoption_months(qs.simulate(scenario, 1, engine=engine)) == 1).all()


@pytest.mark.parametrize("engine", ENGINES)
def test_an_agreed_standard_is_copied_as_the_first_copy_fitted_to_its_partnership(engine):
    """Loss 0.5 * complexity 0.4 * (1 - codification), which is 0.3 in the standard and 0.1 else: 0.14.

    The settings of the four places are 0, 1, 2 and 5: the standard is fitted to their mean, 2, whoever copies it.
    """
    changes = {
        "hearing.broadcast": 1.0,
        "copying.copy_loss": 0.5,
        "copying.standard_codification": 0.3,
        "improving.tuning_step": 0.0,
        "policies.agreed": {"lever": "standard", "standard": 1.0},
    }
    scenario = single_mechanism_scenario(
        2,
        {"kind": "complete"},
        4,
        changes,
        {"complexity": 0.4, "codification": 0.1},
        organisations={"rows": [{**one, "partnership": "all"} for one in rows(4, at_1=1.0, at_2=2.0, at_3=5.0)]},
    )
    (run,) = qs.simulate(scenario, 1, engine=engine).runs
    history, practice = run.final_state.histories[0], run.final_state.practices[0]
    assert history[COPIED_FROM].tolist() == [COPIED_FROM_SELF] + [COPIED_FROM_STANDARD] * 3
    assert history[GENERATION].tolist() == [0, 1, 1, 1]
    assert practice[FIDELITY] == pytest.approx([1.0, 0.86, 0.86, 0.86])
    assert practice[TUNING_1] == pytest.approx([0.0, 2.0, 2.0, 2.0])


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("partners", [2, 3])
def test_an_agreed_standard_pushes_by_the_share_of_partners_and_whoever_is_alone_not_at_all(engine, partners):
    """Log-odds to begin are -50 + 300 times the share of the other partners that use it, where they agreed a standard.

    The origin has one partner, or two; the last place is alone. In month 2 all others of its one partner use it, or
    half of those of each of the two: +250, or +100, and so for sure. Whoever is alone never begins.
    """
    changes = {
        "hearing.broadcast": 1.0,
        "deciding.reluctance": 50.0,
        "deciding.standard": 300.0,
        "policies.agreed": {"lever": "standard", "standard": 1.0},
    }
    number = partners + 1
    systems = ["together"] * partners + ["alone"]
    placed = [{**row, "partnership": system} for row, system in zip(rows(number), systems, strict=True)]

    def history(changes):
        return histories(
            single_mechanism_scenario(4, {"kind": "complete"}, number, changes, organisations={"rows": placed}), engine
        )[0]

    found = history(changes)
    assert found[FIRST_ADOPTED].tolist() == [1] + [2] * (partners - 1) + [NEVER]
    assert found[STAGE, -1] == AWARE
    del changes["policies.agreed"]
    assert history(changes)[FIRST_ADOPTED].tolist() == [1] + [NEVER] * partners


@pytest.mark.parametrize("engine", ENGINES)
def test_whoever_has_no_ties_sees_no_share_of_users(engine):
    """Log-odds to begin are -50 + 300 times the share of ties that use it: with no ties there is none, and no fault."""
    changes = {"hearing.broadcast": 1.0, "deciding.reluctance": 50.0, "deciding.peers": 300.0}
    scenario = single_mechanism_scenario(3, tied((0, 1, 0.5)), 3, changes, organisations={"rows": rows(3)})
    (run,) = qs.simulate(scenario, 1, engine=engine).runs
    assert not run.error
    assert run.final_state.histories[0, FIRST_ADOPTED].tolist() == [1, 2, NEVER]


def test_a_trace_has_every_month_and_every_tie_once_in_the_order_of_places():
    scenario = single_mechanism_scenario(
        3, tied((2, 1, 0.25), (0, 1, 0.5)), 3, HEARD_FROM_PEERS, organisations={"rows": rows(3)}
    )
    found = trace(scenario)
    assert found.months == (0, 1, 2, 3)
    assert trace(scenario, months=[2]).months == (2,)
    for month in (0, 3):
        assert [one.tolist() for one in found.ties_in_month(month)] == [[0, 1], [1, 2], [0.5, 0.25]]


@pytest.mark.parametrize("month", [-1, 4, 1.5, "2"])
def test_a_month_that_no_trace_has_is_refused(month):
    scenario = single_mechanism_scenario(3, {"kind": "complete"}, 3, HEARD_FROM_PEERS)
    with pytest.raises(qs.InputError, match=r"months?: got .*; needed: "):
        trace(scenario, months=[0, month])
    with pytest.raises(qs.InputError, match=f"got {month}; needed: a whole number from 0 to the horizon, 3"):
        trace(scenario).ties_in_month(month)
