"""The policies in force in each month, as arrays that change only when a policy starts or ends (decision 3)."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from qispread.inputs.policies import LearningNetworkPolicy, Policy, PolicyTarget, RefresherPolicy
from qispread.inputs.scenario import Scenario
from qispread.model.rules.random_draws import TARGET, hash_name, substream
from qispread.model.world.draw_world import World
from qispread.model.world.lever_slots import (
    ALIGNMENT_GROWTH,
    AMBITION,
    CAPABILITY_GROWTH,
    LEADERSHIP_GROWTH,
    ORGANISATION_SLOTS,
    PRACTICE_SLOTS,
    REFRESH,
    RESENTMENT,
    LeverSlot,
)
from qispread.model.world.network_builders import CSRGraph, build_csr, sample_edges
from qispread.model.world.origins import draw_scores, largest_indices, readiness, weighted_degree
from qispread.model.world.static_world import Edges

MONTHS_PER_YEAR = 12
GROWTH_SLOTS = [CAPABILITY_GROWTH, LEADERSHIP_GROWTH, ALIGNMENT_GROWTH, RESENTMENT]
"""The slots of gradual growth or decline."""


class Epochs(NamedTuple):
    """The levers and ties in force in each epoch, a period in which no policy starts or ends.

    Attributes
    ----------
    epoch_of_month : array of horizon + 1 int64
        The epoch of each month.
    organisation_levers : array of (epochs, slots, n)
        As in `lever_slots.ORGANISATION_SLOTS`.
    practice_levers : array of (epochs, interventions, slots, n)
        As in `lever_slots.PRACTICE_SLOTS`.
    has_growth : array of epochs, bool
        Whether any quantity grows, declines or is refreshed each month.
    ties : tuple of CSRGraph
        The ties of each epoch.
    """

    epoch_of_month: NDArray[np.int64]
    organisation_levers: NDArray[np.float64]
    practice_levers: NDArray[np.float64]
    has_growth: NDArray[np.bool_]
    ties: tuple[CSRGraph, ...]


def select_targets(target: PolicyTarget, name: str, world: World) -> NDArray[np.int64]:
    """Return the indices of the target organisations of a policy, ascending."""
    static_world, everyone = world.static_world, np.arange(world.static_world.organisation_count)
    named: dict[str, Callable[[Any], NDArray[np.int64]]] = {
        "partnerships": lambda names: np.flatnonzero(
            np.isin([static_world.partnership_names[index] for index in static_world.partnership], names)
        ),
        "organisations": lambda ids: np.flatnonzero(np.isin(static_world.ids, ids)),
        "most_ready": lambda count: largest_indices(readiness(world), count),
        "least_ready": lambda count: largest_indices(-readiness(world), count),
        "hubs": lambda count: largest_indices(weighted_degree(world), count),
        "random": lambda count: largest_indices(draw_scores(world, name, TARGET), count),
    }
    for rule, select in named.items():
        value = getattr(target, rule)
        if value is not None:
            return select(value)
    return everyone


OUTSIDE_WINDOW, COST_ONLY, IN_FORCE = range(3)
"""Status of a policy in a month: outside its window, in it with cost only, or acting."""


def policy_status(policy: Policy, month: int, horizon: int) -> int:
    """Return the status of a policy in a month; a refresher acts once a year, starting in its first month."""
    if not policy.start <= month <= (policy.end or horizon):
        return OUTSIDE_WINDOW
    acts = not isinstance(policy, RefresherPolicy) or (month - policy.start) % MONTHS_PER_YEAR == 0
    return IN_FORCE if acts else COST_ONLY


def neutral_slots(slots: dict[str, LeverSlot], shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Return slots without policies, with the slots on the second-last axis."""
    values = np.array([slot.neutral for slot in slots.values()])
    return np.broadcast_to(values[:, None], shape).copy()


def apply_policy(
    levers: NDArray[np.float64],
    slots: dict[str, LeverSlot],
    strengths: dict[str, float],
    target_indices: NDArray[np.int64],
) -> None:
    """Combine the strengths of one policy into the slots of its targets; `levers` is (slots, n)."""
    for row, (name, slot) in enumerate(slots.items()):
        if name in strengths:
            levers[row, target_indices] = slot.combine(levers[row, target_indices], float(strengths[name]))


def learning_network_edges(
    policy: LearningNetworkPolicy, name: str, target_indices: NDArray[np.int64], world: World
) -> Edges:
    """Return the ties of a learning network, drawn by its name so that other draws do not change."""
    probability = min(1.0, policy.ties / max(1, target_indices.size - 1))
    stream = np.uint64(substream(world.stream, np.uint64(hash_name(name))))
    static_world = world.static_world
    first, second = sample_edges(
        stream, static_world.keys, target_indices, static_world.partnership, static_world.region, (probability,) * 3
    )
    return first, second, np.full(first.size, policy.tie_weight)


def merge_ties(learning: Sequence[Edges], world: World) -> CSRGraph:
    """Return the ties of a world and of learning networks; a repeated pair has its largest weight."""
    if not learning:
        return world.ties
    first, second, weight = (np.concatenate(column) for column in zip(world.edges, *learning, strict=True))
    order = np.lexsort((weight, second, first))
    first, second, weight = first[order], second[order], weight[order]
    heaviest = np.append((np.diff(first) != 0) | (np.diff(second) != 0), True)
    return build_csr((first[heaviest], second[heaviest], weight[heaviest]), world.static_world.organisation_count)


def policy_strengths(policy: Policy, status: int) -> dict[str, float]:
    """Return the strengths of a policy for its current status: its fields that are slots, including cost.

    A policy of a plug-in changes its slot itself, in every month.
    """
    if status == COST_ONLY or policy.moves:
        return {"cost": policy.cost}
    return {name: value for name, value in policy if isinstance(value, int | float) and name not in ("start", "end")}


def concerned_interventions(policy: Policy, scenario: Scenario) -> list[int]:
    """Return the indices of the interventions that a policy affects."""
    names = policy.interventions or tuple(scenario.interventions)
    return [index for index, name in enumerate(scenario.interventions) if name in names]


class PolicySchedule(NamedTuple):
    """The months in which the policies of a scenario act, the same in every replicate.

    Attributes
    ----------
    epoch_of_month : array of horizon + 1 int64
        The epoch of each month from 0, in which no policy acts.
    statuses : tuple of tuples
        For each epoch, the status of each policy, in order.
    organisation_levers, practice_levers : arrays
        As in `Epochs`, all neutral.
    """

    epoch_of_month: NDArray[np.int64]
    statuses: tuple[tuple[int, ...], ...]
    organisation_levers: NDArray[np.float64]
    practice_levers: NDArray[np.float64]


def build_schedule(scenario: Scenario, organisation_count: int) -> PolicySchedule:
    """Return the schedule of a scenario's policies, and the neutral levers of a number of organisations."""
    policies, horizon = scenario.policies.values(), scenario.horizon
    months = [tuple(policy_status(policy, month, horizon) for policy in policies) for month in range(1, horizon + 1)]
    months.insert(0, (OUTSIDE_WINDOW,) * len(policies))
    epochs = {statuses: epoch for epoch, statuses in enumerate(dict.fromkeys(months))}
    practice = neutral_slots(
        PRACTICE_SLOTS, (len(epochs), len(scenario.interventions), len(PRACTICE_SLOTS), organisation_count)
    )
    practice[:, :, AMBITION] = scenario.copying.ambition
    return PolicySchedule(
        epoch_of_month=np.array([epochs[statuses] for statuses in months], dtype=np.int64),
        statuses=tuple(epochs),
        organisation_levers=neutral_slots(
            ORGANISATION_SLOTS, (len(epochs), len(ORGANISATION_SLOTS), organisation_count)
        ),
        practice_levers=practice,
    )


def build_epochs(scenario: Scenario, schedule: PolicySchedule, world: World) -> Epochs:
    """Return the levers and ties in force in each month of a scenario in one world.

    Seeding acts only at the launch; like any policy it has a cost during its window.
    """
    policies = list(scenario.policies.items())
    if not policies:
        idle = np.zeros(1, dtype=np.bool_)
        return Epochs(
            schedule.epoch_of_month, schedule.organisation_levers, schedule.practice_levers, idle, (world.ties,)
        )
    targets = [select_targets(policy.target, name, world) for name, policy in policies]
    learning = {
        index: learning_network_edges(policy, name, targets[index], world)
        for index, (name, policy) in enumerate(policies)
        if isinstance(policy, LearningNetworkPolicy)
    }
    organisation, practice = schedule.organisation_levers.copy(), schedule.practice_levers.copy()
    for epoch, statuses in enumerate(schedule.statuses):
        for (_, policy), target_indices, status in zip(policies, targets, statuses, strict=True):
            if status != OUTSIDE_WINDOW:
                apply_policy(organisation[epoch], ORGANISATION_SLOTS, policy_strengths(policy, status), target_indices)
                for index in concerned_interventions(policy, scenario):
                    apply_policy(
                        practice[epoch, index], PRACTICE_SLOTS, policy_strengths(policy, status), target_indices
                    )
    tied = [tuple(index for index in learning if statuses[index]) for statuses in schedule.statuses]
    networks = {indices: merge_ties([learning[index] for index in indices], world) for indices in dict.fromkeys(tied)}
    return Epochs(
        epoch_of_month=schedule.epoch_of_month,
        organisation_levers=organisation,
        practice_levers=practice,
        has_growth=np.any(organisation[:, GROWTH_SLOTS] != 0.0, axis=(1, 2))
        | np.any(practice[:, :, REFRESH] != 0.0, axis=(1, 2)),
        ties=tuple(networks[indices] for indices in tied),
    )
