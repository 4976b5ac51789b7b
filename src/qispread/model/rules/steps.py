"""The steps of a month that have branches: functions of numbers that return numbers and an outcome code.

Both engines call them: the kernel with numbers from arrays, an agent with its attributes (decision 62). Constants of a
run are passed as tuples, in the order of the names below.
"""

from qispread.model.rules import capacity, copying, deciding, improving, outcome, random_draws, reviewing
from qispread.model.rules.jit import rule as inlined
from qispread.model.rules.random_draws import Word64, uniform

Numbers = tuple[float, ...]
Codes = tuple[int, ...]

DECIDING = ("reluctance", "peers", "advantage", "climate", "standard", "overload", "claimed_result")
"""Parameters of `decide`."""

COPYING = ("copy_loss", "lineage", "standard_codification")
"""Parameters of `copy`."""

COPIED_FIELDS = ("complexity", "codification", "breadth")
"""Attributes of the intervention for `copy`."""

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
"""Fields of the organisation and of its practice for `improve`."""

INTERVENTION_FIELDS = ("complexity", "breadth", "half", "steepness", "social")
"""Attributes of the intervention for `improve`."""

REVIEWING = ("noise", "discontinuing", "forbearance", "cynicism", "encouragement")
"""Parameters of `review`."""

DECIDING_FORMS = ("chance_adopts",)
IMPROVING_FORMS = ("decayed_fidelity", "response_to_fidelity")
"""Rules whose forms `decide` and `improve` take, by their codes."""

FROM_LITERATURE, FROM_STANDARD, FROM_PEER = range(3)
"""Source codes of `copy`."""

NOTHING, LEARNT, REACTIVE_CHANGE = range(3)
"""Outcome codes of `improve`: neither, a genuine PDSA cycle, or a reactive change."""

GOAL_MET, FELL_SHORT, DISCONTINUED = range(3)
"""Outcome codes of `review`."""


@inlined
def update_capacity(
    slack: float, protected_time: float, leadership: float, unled_time: float, measurement: float, feedback: float
) -> tuple[float, float, float]:
    """Return the time available for improvement, the measurement including policies, and the vigilance."""
    available = capacity.available_time(slack, protected_time, leadership, unled_time)
    effective_measurement = min(1.0, measurement + feedback)
    return available, effective_measurement, capacity.vigilance(effective_measurement, leadership)


@inlined
def share_time(available: float, load: float) -> tuple[float, float, float]:
    """Return the dose of practices, the spare time and the time used, from the available and the needed time."""
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
    forms: Codes,
) -> tuple[bool, float]:
    """Return whether an aware organisation adopts this month, and the effect that it expects.

    Parameters
    ----------
    stream : uint64
        Stream of the practice.
    month : int
    peers, advantage, climate, partnership_push : float
        Share of tie weight to users, effect at the most attractive peer, climate, and standard times the share of the
        partnership that uses it.
    load, available, effort : float
        Staff time that practices already need, that is available, and that this practice would need; in full teams.
    push, ambition : float
        Levers of policies.
    parameters : tuple of float
        As named in `DECIDING`.
    forms : tuple of int
        As named in `DECIDING_FORMS`.
    """
    reluctance, for_peers, for_advantage, for_climate, for_standard, against_overload, claimed_result = parameters
    inclination_log_odds = deciding.inclination(
        peers, advantage, climate - 0.5, partnership_push, for_peers, for_advantage, for_climate, for_standard
    )
    excess = deciding.overload(load, effort, available)
    probability = deciding.chance_adopts_in_form(
        forms[0], reluctance, inclination_log_odds, push, against_overload, excess
    )
    adopts = uniform(stream, month, random_draws.ADOPTS) < probability
    return adopts, deciding.expected_goal(ambition, advantage, claimed_result)


@inlined
def practice_appropriateness(
    tuning_1: float, tuning_2: float, setting_1: float, setting_2: float, breadth: float
) -> float:
    """Return the fit of a version to a setting, in (0, 1]."""
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
    """Return the source of a copy, its fidelity, the two numbers of its tuning, and its fit to the setting.

    The source is the partnership's standard, else the most attractive peer, else the literature.

    Parameters
    ----------
    stream : uint64
        Stream of the practice.
    month : int
    standard, support : float
        Levers of policies: probability of copying the standard, share of the loss that support prevents.
    has_peer : bool
        Whether a visible peer uses it.
    seen : tuple of float
        Visible fidelity and tuning of that peer; ignored without one.
    agreed, published : tuple of float
        Tuning of the partnership's standard and of the literature.
    setting : tuple of float
        Setting of the adopter.
    intervention, parameters : tuple of float
        As named in `COPIED_FIELDS` and `COPYING`.
    """
    complexity, codification, breadth = intervention
    loss, lineage, standard_codification = parameters
    if uniform(stream, month, random_draws.COPIES_STANDARD) < standard:
        origin = FROM_STANDARD
        fidelity = 1.0 - copying.copy_loss(loss, complexity, max(codification, standard_codification), support)
        tuning_1, tuning_2 = agreed
    elif has_peer:
        origin = FROM_PEER
        loss_share = copying.copy_loss(loss, complexity, codification, support)
        fidelity = copying.copied_fidelity(seen[0], lineage, loss_share)
        tuning_1, tuning_2 = seen[1], seen[2]
    else:
        origin = FROM_LITERATURE
        fidelity = 1.0 - copying.copy_loss(loss, complexity, codification, 0.0)
        tuning_1, tuning_2 = published
    return (
        origin,
        fidelity,
        tuning_1,
        tuning_2,
        practice_appropriateness(tuning_1, tuning_2, setting[0], setting[1], breadth),
    )


@inlined
def improve(
    stream: Word64,
    month: int,
    organisation: Numbers,
    levers: Numbers,
    version: Numbers,
    intervention: Numbers,
    parameters: Numbers,
    forms: Codes,
) -> tuple[int, bool, float, float, float, float, float, float, float]:
    """Return a practice in use after a month: a PDSA cycle or drift, embedding, and the effect.

    Parameters
    ----------
    stream : uint64
        Stream of the practice.
    month : int
    organisation : tuple of float
        Fields of the organisation, as named in `ORGANISATION_FIELDS`.
    levers : tuple of float
        Support, standard and latitude of policies.
    version : tuple of float
        Fields of the practice, as named in `VERSION_FIELDS`.
    intervention, parameters : tuple of float
        As named in `INTERVENTION_FIELDS` and `IMPROVING`.
    forms : tuple of int
        As named in `IMPROVING_FORMS`.

    Returns
    -------
    outcome_code : int
        `NOTHING`, `LEARNT` or `REACTIVE_CHANGE`.
    embedded : bool
    fidelity, tuning_1, tuning_2, embedding, appropriateness, result, capability : float
    """
    capability, measurement, vigilance, dose, climate, turnover, setting_1, setting_2 = organisation
    support, standard, latitude = levers
    fidelity, tuning_1, tuning_2, embedding, appropriateness = version
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
    form_of_decay, form_of_response = forms
    outcome_code = NOTHING
    cycle_probability = improving.chance_real_cycle(capability, support, measurement, dose, support_skill, blind_cycles)
    if uniform(stream, month, random_draws.REAL_CYCLE) < cycle_probability:
        outcome_code = LEARNT
        tuning_1 = improving.moved_towards(tuning_1, setting_1, tuning_step * latitude)
        tuning_2 = improving.moved_towards(tuning_2, setting_2, tuning_step * latitude)
        appropriateness = practice_appropriateness(tuning_1, tuning_2, setting_1, setting_2, breadth)
        fidelity = improving.moved_towards(fidelity, 1.0, repair)
        capability = improving.moved_towards(capability, 1.0, learning)
    else:
        change_probability = improving.chance_reactive_change(dose, standard, latitude, reactive, standard_guard)
        changes = uniform(stream, month, random_draws.REACTIVE_CHANGE) < change_probability
        outcome_code = REACTIVE_CHANGE * changes
        fidelity = improving.eroded_fidelity(fidelity, erosion * changes, complexity)
    fidelity = improving.decayed_fidelity_in_form(form_of_decay, fidelity, decay, vigilance, embedding, embedding_holds)
    embedding = improving.embedded_further(embedding, embed, climate, dose, turnover)
    responded = outcome.response_to_fidelity_in_form(form_of_response, fidelity, half, steepness)
    result = outcome.practice_result(responded, appropriateness, social, embedding)
    return (
        outcome_code,
        embedding > embedded_above,
        fidelity,
        tuning_1,
        tuning_2,
        embedding,
        appropriateness,
        result,
        capability,
    )


@inlined
def review(
    stream: Word64,
    month: int,
    result: float,
    goal: float,
    measurement: float,
    culture: float,
    leadership: float,
    parameters: Numbers,
) -> tuple[int, float, float]:
    """Return the outcome code of a review, the observed effect, and the culture after it (decision 5).

    Parameters
    ----------
    stream : uint64
        Stream of the practice.
    month : int
    result, goal : float
        Effect and goal of the practice.
    measurement, culture, leadership : float
        Context of the organisation.
    parameters : tuple of float
        As named in `REVIEWING`.
    """
    noise, discontinuing, forbearance, cynicism, encouragement = parameters
    seen = reviewing.observed_result(
        result, noise, measurement, random_draws.normal(stream, month, random_draws.REVIEW_NOISE)
    )
    shortfall = goal - seen
    if shortfall <= 0.0:
        return GOAL_MET, seen, improving.moved_towards(culture, 1.0, encouragement)
    probability = reviewing.chance_discontinues(shortfall, discontinuing, forbearance, leadership)
    discontinues = uniform(stream, month, random_draws.DISCONTINUES) < probability
    return (DISCONTINUED if discontinues else FELL_SHORT), seen, reviewing.disappointed_culture(culture, cynicism)
