"""The steps of a month that have branches, written once: numbers in, numbers out, and a code of what happened.

Both engines call them: the kernel takes the numbers from arrays and puts them back, an agent takes them from its
attributes (decision 62). What stays the same in a run comes in tuples, in the order of the names below.
"""

from qispread.model.rules import capacity, copying, deciding, improving, outcome, random_draws, reviewing
from qispread.model.rules.jit import rule as inlined
from qispread.model.rules.random_draws import Word64, uniform

Numbers = tuple[float, ...]

DECIDING = ("reluctance", "peers", "advantage", "climate", "standard", "overload", "claimed_result")
"""Parameters of `decide`."""

COPYING = ("copy_loss", "lineage", "standard_codification")
"""Parameters of `copy`."""

COPIED_FIELDS = ("complexity", "codification", "breadth")
"""What `copy` takes of the intervention."""

IMPROVING = (
    "support_skill",
    "blind_cycles",
    "tuning_step",
    "repair",
    "learning",
    "reactive",
    "standard_guard",
    "erosion",
    "decay",
    "embedding_holds",
    "embed",
    "embedded_above",
)
"""Parameters of `improve`."""

ORGANISATION_FIELDS = (
    "capability",
    "effective_measurement",
    "vigilance",
    "dose",
    "climate",
    "turnover",
    "setting_1",
    "setting_2",
)
VERSION_FIELDS = ("fidelity", "tuning_1", "tuning_2", "embedding", "appropriateness")
"""What `improve` takes of the organisation and of its practice."""

INTERVENTION_FIELDS = ("complexity", "breadth", "half", "steepness", "social")
"""What `improve` takes of the intervention."""

REVIEWING = ("noise", "discontinuing", "forbearance", "cynicism", "encouragement")
"""Parameters of `review`."""

FROM_LITERATURE, FROM_STANDARD, FROM_PEER = range(3)
"""Whose version `copy` took."""

NOTHING, LEARNT, CHANGED_IN_HASTE = range(3)
"""What happened in `improve`: a real PDSA cycle, a reactive change, or neither."""

GOAL_MET, FELL_SHORT, GAVE_UP = range(3)
"""What happened in `review`."""


@inlined
def update_capacity(
    slack: float, protected_time: float, leadership: float, unled_time: float, measurement: float, feedback: float
) -> tuple[float, float, float]:
    """Return the time available for improvement, the measurement with what policies add, and the vigilance."""
    available = capacity.available_time(slack, protected_time, leadership, unled_time)
    watched = min(1.0, measurement + feedback)
    return available, watched, capacity.vigilance(watched, leadership)


@inlined
def share_time(available: float, load: float) -> tuple[float, float, float]:
    """Return the dose that practices get, the time that is spare, and the time given, from the time they ask for."""
    return capacity.dose(available, load), max(0.0, available - load), min(available, load)


@inlined
def decide(
    stream: Word64,
    month: int,
    peers: float,
    advantage: float,
    climate: float,
    partnership_push: float,
    load: float,
    available: float,
    push: float,
    ambition: float,
    effort: float,
    parameters: Numbers,
) -> tuple[bool, float]:
    """Return whether an organisation that is aware begins this month, and the result that it would expect.

    Parameters
    ----------
    stream : uint64
        Of the practice.
    month : int
    peers, advantage, climate, partnership_push : float
        Share of tie weight that practises, result of the peer most worth copying, climate, and standard times the share
        of the partnership that practises.
    load, available, effort : float
        Time that practices ask for already, that there is, and that this one would ask for; full teams.
    push, ambition : float
        Of policies.
    parameters : tuple of float
        As `DECIDING` names them.
    """
    reluctance, for_peers, for_advantage, for_climate, for_standard, against_overload, claimed_result = parameters
    inclined = deciding.inclination(
        peers, advantage, climate - 0.5, partnership_push, for_peers, for_advantage, for_climate, for_standard
    )
    excess = deciding.overload(load, effort, available)
    chance = deciding.chance_adopts(reluctance, inclined, push, against_overload, excess)
    begins = uniform(stream, month, random_draws.ADOPTS) < chance
    return begins, deciding.expected_goal(ambition, advantage, claimed_result)


@inlined
def practice_appropriateness(
    tuning_1: float, tuning_2: float, setting_1: float, setting_2: float, breadth: float
) -> float:
    """Return how well a version fits a setting, in (0, 1]."""
    return outcome.appropriateness(outcome.squared_distance(tuning_1, tuning_2, setting_1, setting_2), breadth)


@inlined
def copy(
    stream: Word64,
    month: int,
    standard: float,
    support: float,
    has_peer: bool,
    seen: tuple[float, float, float],
    agreed: tuple[float, float],
    published: tuple[float, float],
    setting: tuple[float, float],
    intervention: Numbers,
    parameters: Numbers,
) -> tuple[int, float, float, float, float]:
    """Return whose version is copied, its fidelity, the two numbers of its tuning, and its fit to the setting.

    It is the partnership's standard, else that of the peer most worth copying, else that of the literature.

    Parameters
    ----------
    stream : uint64
        Of the practice.
    month : int
    standard, support : float
        Of policies: chance to copy the standard, share of the loss that support prevents.
    has_peer : bool
        Whether a peer is seen practising.
    seen : tuple of float
        Fidelity and tuning that are seen at that peer; ignored without one.
    agreed, published : tuple of float
        Tuning of the partnership's standard and of the literature.
    setting : tuple of float
        Of who copies.
    intervention, parameters : tuple of float
        As `COPIED_FIELDS` and `COPYING` name them.
    """
    complexity, codification, breadth = intervention
    loss, lineage, standard_codification = parameters
    if uniform(stream, month, random_draws.COPIES_STANDARD) < standard:
        whose = FROM_STANDARD
        fidelity = 1.0 - copying.copy_loss(loss, complexity, max(codification, standard_codification), support)
        tuning_1, tuning_2 = agreed
    elif has_peer:
        whose = FROM_PEER
        lost = copying.copy_loss(loss, complexity, codification, support)
        fidelity = copying.copied_fidelity(seen[0], lineage, lost)
        tuning_1, tuning_2 = seen[1], seen[2]
    else:
        whose = FROM_LITERATURE
        fidelity = 1.0 - copying.copy_loss(loss, complexity, codification, 0.0)
        tuning_1, tuning_2 = published
    return (
        whose,
        fidelity,
        tuning_1,
        tuning_2,
        practice_appropriateness(tuning_1, tuning_2, setting[0], setting[1], breadth),
    )


@inlined
def improve(
    stream: Word64,
    month: int,
    place: Numbers,
    levers: Numbers,
    version: Numbers,
    intervention: Numbers,
    parameters: Numbers,
) -> tuple[int, bool, float, float, float, float, float, float, float]:
    """Return a practice in use after a month: a PDSA cycle or drift, embedding, and the result of both.

    Parameters
    ----------
    stream : uint64
        Of the practice.
    month : int
    place : tuple of float
        What `ORGANISATION_FIELDS` names, of the organisation.
    levers : tuple of float
        Support, standard and latitude of policies.
    version : tuple of float
        What `VERSION_FIELDS` names, of the practice.
    intervention, parameters : tuple of float
        As `INTERVENTION_FIELDS` and `IMPROVING` name them.

    Returns
    -------
    happened : int
        `NOTHING`, `LEARNT` or `CHANGED_IN_HASTE`.
    embedded : bool
    fidelity, tuning_1, tuning_2, embedding, fit, result, capability : float
    """
    capability, watched, vigilance, dose, climate, turnover, setting_1, setting_2 = place
    support, standard, latitude = levers
    fidelity, tuning_1, tuning_2, embedding, fit = version
    complexity, breadth, half, steepness, social = intervention
    (
        support_skill,
        blind_cycles,
        tuning_step,
        repair,
        learning,
        reactive,
        standard_guard,
        erosion,
        decay,
        embedding_holds,
        embed,
        embedded_above,
    ) = parameters
    happened = NOTHING
    real = improving.chance_real_cycle(capability, support, watched, dose, support_skill, blind_cycles)
    if uniform(stream, month, random_draws.REAL_CYCLE) < real:
        happened = LEARNT
        tuning_1 = improving.moved_towards(tuning_1, setting_1, tuning_step * latitude)
        tuning_2 = improving.moved_towards(tuning_2, setting_2, tuning_step * latitude)
        fit = practice_appropriateness(tuning_1, tuning_2, setting_1, setting_2, breadth)
        fidelity = improving.moved_towards(fidelity, 1.0, repair)
        capability = improving.moved_towards(capability, 1.0, learning)
    else:
        hasty = improving.chance_reactive_change(dose, standard, latitude, reactive, standard_guard)
        changes = uniform(stream, month, random_draws.REACTIVE_CHANGE) < hasty
        happened = CHANGED_IN_HASTE * changes
        fidelity = improving.eroded_fidelity(fidelity, erosion * changes, complexity)
    fidelity = improving.decayed_fidelity(fidelity, decay, vigilance, embedding, embedding_holds)
    embedding = improving.embedded_further(embedding, embed, climate, dose, turnover)
    responded = outcome.response_to_fidelity(fidelity, half, steepness)
    result = outcome.practice_result(responded, fit, social, embedding)
    return happened, embedding > embedded_above, fidelity, tuning_1, tuning_2, embedding, fit, result, capability


@inlined
def review(
    stream: Word64,
    month: int,
    result: float,
    goal: float,
    watched: float,
    culture: float,
    leadership: float,
    parameters: Numbers,
) -> tuple[int, float, float]:
    """Return what happened at the yearly review, the result that was seen, and the culture after it.

    Parameters
    ----------
    stream : uint64
        Of the practice.
    month : int
    result, goal : float
        Of the practice.
    watched, culture, leadership : float
        Of the organisation.
    parameters : tuple of float
        As `REVIEWING` names them.
    """
    noise, discontinuing, forbearance, cynicism, encouragement = parameters
    seen = reviewing.observed_result(
        result, noise, watched, random_draws.normal(stream, month, random_draws.REVIEW_NOISE)
    )
    shortfall = goal - seen
    if shortfall <= 0.0:
        return GOAL_MET, seen, improving.moved_towards(culture, 1.0, encouragement)
    chance = reviewing.chance_discontinues(shortfall, discontinuing, forbearance, leadership)
    gives_up = uniform(stream, month, random_draws.DISCONTINUES) < chance
    return (GAVE_UP if gives_up else FELL_SHORT), seen, reviewing.disappointed_culture(culture, cynicism)
