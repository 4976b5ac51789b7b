"""Counterparts of policies, context factors and attributes of interventions in ERIC, MUSIQ and CFIR.

ERIC (powell2015) names 73 implementation strategies, numbered alphabetically as in waltz2015.
MUSIQ (kaplan2012) names 25 context factors, CFIR the determinants of implementation, here as updated in 2022
(damschroder2022). Where a framework has no counterpart, the reason is given.
"""

from dataclasses import dataclass
from typing import Literal

from qispread.inputs.own_sections import OWN_POLICIES

Framework = Literal["ERIC", "MUSIQ", "CFIR"]
SOURCES: dict[Framework, str] = {"ERIC": "powell2015", "MUSIQ": "kaplan2012", "CFIR": "damschroder2022"}
"""Source of each framework, a key in docs/references.bib."""
NO_COUNTERPART = "no counterpart"


@dataclass(frozen=True)
class Counterpart:
    """The counterpart of a parameter or policy in a framework, or the reason why there is none.

    Attributes
    ----------
    framework : {"ERIC", "MUSIQ", "CFIR"}
    name : str
        Number and name of an ERIC strategy; level and factor of MUSIQ; domain and construct of CFIR, outermost first;
        empty where there is no counterpart.
    note : str
        How the two differ; the reason if there is no counterpart.
    """

    framework: Framework
    name: str
    note: str = ""

    def __post_init__(self) -> None:
        """Require a reason for a missing counterpart.

        Raises
        ------
        ValueError
        """
        if not self.name and not self.note:
            raise ValueError(f"{self.framework}: a missing counterpart needs a reason")

    def __str__(self) -> str:
        named = f"{self.framework}: {self.name or NO_COUNTERPART}"
        return f"{named}. {self.note}" if self.note else named


def eric(name: str, note: str = "") -> Counterpart:
    """Return an ERIC strategy as a counterpart, such as "33 Facilitation"."""
    return Counterpart("ERIC", name, note)


def musiq(name: str, note: str = "") -> Counterpart:
    """Return a MUSIQ factor as a counterpart, such as "Microsystem: Capability for improvement"."""
    return Counterpart("MUSIQ", name, note)


def cfir(name: str, note: str = "") -> Counterpart:
    """Return a CFIR construct as a counterpart, such as "Innovation: Innovation Complexity"."""
    return Counterpart("CFIR", name, note)


POLICIES: dict[str, tuple[Counterpart, ...]] = {
    "learning_network": (
        eric("20 Create a learning collaborative"),
        eric("52 Promote network weaving", "The ties that the policy adds."),
        eric("72 Visit other sites", "Part of the support that the policy gives."),
    ),
    "standard": (
        eric("51 Promote adaptability", "In part: which elements are fixed and which a site may adapt (`latitude`)."),
        eric("17 Conduct local consensus discussions", "In part: ERIC discusses whether to use the innovation."),
    ),
    "coaching": (
        eric("33 Facilitation"),
        eric("54 Provide local technical assistance", "The time that the team brings."),
    ),
    "training": (
        eric("19 Conduct ongoing training", "In part: ERIC trains in the innovation, this policy in improvement."),
    ),
    "board_programme": (
        eric("40 Involve executive boards"),
        eric("57 Recruit, designate, and train for leadership"),
    ),
    "distributed_leadership": (
        eric("57 Recruit, designate, and train for leadership", "In part: ERIC does not ask for every level."),
        eric("35 Identify and prepare champions", "In part: champions serve one innovation."),
    ),
    "protected_time": (eric("", "No ERIC strategy releases staff time; 1 Access new funding could pay for it."),),
    "feedback": (eric("5 Audit and provide feedback"),),
    "mandate": (
        eric(
            "44 Mandate change", "In part: in ERIC an organisation's own leaders mandate it, here an authority above."
        ),
    ),
    "goals": (eric("23 Develop a formal implementation blueprint", "In part: the aims of the plan, not the plan."),),
    "portfolio_limit": (
        eric("", "ERIC strategies each serve one innovation; none limits how many are implemented at once."),
    ),
    "seeding": (
        eric("61 Stage implementation scale up", "In part: which sites pilot, not the stages that follow."),
        eric("36 Identify early adopters", "In part: ERIC looks for them within a site."),
    ),
    "refresher": (eric("19 Conduct ongoing training"),),
}
"""The ERIC strategies of each policy, by its lever; the closest first."""

_CONTEXT = "organisations.context."
_INTERVENTION = "interventions.NAME."
_WORK = "Inner Setting: Structural Characteristics: Work Infrastructure"
_CURVE = "CFIR describes determinants; how an effect depends on fidelity is part of the theory of the intervention."

PARAMETERS: dict[str, tuple[Counterpart, ...]] = {
    f"{_CONTEXT}leadership": (
        musiq("Organisation: QI leadership"),
        musiq("Organisation: Senior leader project sponsor", "In part: the sponsor of one project."),
        cfir("Individuals: Roles: High-level Leaders"),
    ),
    f"{_CONTEXT}alignment": (
        musiq("Microsystem: QI leadership", "In part: leadership at the front line; MUSIQ has no shared vision."),
        cfir("Individuals: Roles: Mid-level Leaders", "In part: CFIR has no shared vision across levels."),
    ),
    f"{_CONTEXT}culture": (
        musiq("Organisation: Culture supportive of QI"),
        musiq("Microsystem: Culture supportive of QI", "One number here for both levels."),
        cfir("Inner Setting: Culture: Learning-Centeredness"),
    ),
    f"{_CONTEXT}capability": (
        musiq("Microsystem: Capability for improvement"),
        musiq("QI team: Team QI skill", "One number here for both levels."),
        cfir(
            "Individuals: Characteristics: Capability", "Of staff who lead improvement, not of those who deliver care."
        ),
    ),
    f"{_CONTEXT}measurement": (
        musiq("QI support and capacity: Data infrastructure"),
        cfir("Inner Setting: Structural Characteristics: Information Technology Infrastructure", "In part: systems."),
        cfir("Implementation Process: Reflecting & Evaluating", "In part: the use of data over time."),
    ),
    f"{_CONTEXT}slack": (
        musiq("QI support and capacity: Resource availability", "In part: staff time, not money."),
        cfir(_WORK, "In part: the staffing that leaves time for improvement."),
        cfir("Individuals: Characteristics: Opportunity", "Time given to a person for one innovation."),
    ),
    f"{_CONTEXT}turnover": (
        musiq("QI team: Team tenure", "In part and reversed: how long a team has worked together."),
        cfir(_WORK, "CFIR counts turnover as staffing."),
    ),
    f"{_INTERVENTION}benefit": (
        cfir(
            "Innovation: Innovation Relative Advantage",
            "The true advantage; organisations judge by their peers' results.",
        ),
    ),
    f"{_INTERVENTION}complexity": (cfir("Innovation: Innovation Complexity"),),
    f"{_INTERVENTION}codification": (cfir("Innovation: Innovation Design", "How well it is packaged."),),
    f"{_INTERVENTION}social": (
        cfir("", "CFIR does not divide an innovation's effect into a social and a technical part."),
    ),
    f"{_INTERVENTION}breadth": (
        cfir(
            "",
            "Innovation Adaptability is whether it can be changed; breadth is how far it works unchanged. The "
            "resulting fit is Compatibility (Inner Setting).",
        ),
    ),
    f"{_INTERVENTION}observability": (cfir("", "An attribute of innovations in rogers2003 that CFIR does not list."),),
    f"{_INTERVENTION}effort": (cfir("Innovation: Innovation Cost", "In part: staff time while it is implemented."),),
    f"{_INTERVENTION}upkeep": (cfir("Innovation: Innovation Cost", "In part: staff time once it is routine."),),
    f"{_INTERVENTION}response.midpoint": (cfir("", _CURVE),),
    f"{_INTERVENTION}response.steepness": (cfir("", _CURVE),),
}
"""The MUSIQ factors and CFIR constructs of each context factor, and the CFIR construct of each attribute of an
intervention, by the path of the parameter; the closest first."""

NETWORK = cfir("Outer Setting: Partnerships & Connections", "Whether an organisation is networked, not with whom.")
"""The CFIR construct of a collaboration network, whatever its kind."""


def policy_counterparts(lever: str) -> tuple[Counterpart, ...]:
    """Return the ERIC strategies of a policy, the closest first.

    Parameters
    ----------
    lever : str
        The lever in a scenario, such as "coaching".

    Raises
    ------
    KeyError
        If no policy has this lever.
    """
    return () if lever in OWN_POLICIES else POLICIES[lever]


def parameter_counterparts(path: str) -> tuple[Counterpart, ...]:
    """Return the MUSIQ factors and CFIR constructs of a parameter by its path; empty if it has none."""
    return PARAMETERS.get(path, ())


def heading_counterparts(heading: str) -> tuple[Counterpart, ...]:
    """Return the counterparts of a part of a scenario by its heading, such as "policies.NAME (lever: coaching)"."""
    lever = heading.partition("(lever: ")[2].removesuffix(")")
    if lever:
        return policy_counterparts(lever)
    return (NETWORK,) if heading.startswith("network ") else ()
