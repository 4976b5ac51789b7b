"""The forms of rules: which words a scenario may give under `rules`, what each means, and its source.

A form is another equation for the same quantity. Every rule has the form `shipped`; those with alternatives are listed
in `ALTERNATIVES`. A plug-in adds its own form to `RULE_FORMS` at run time, so validation reads the registry whenever it
validates (decision 91).
"""

from dataclasses import dataclass

SHIPPED = "shipped"
"""The word of the default form of every rule."""
ASSUMPTION = "assumption"
AS_DOCUMENTED = "The rule as docs/model.md has it."
"""Meaning of the only form of a rule, whose equation and source are beside the function."""

RULE_NAMES: dict[str, tuple[str, ...]] = {
    "leaders": ("chance_leader_leaves", "successor_leadership"),
    "capacity": (
        "climate",
        "available_time",
        "workload",
        "dose",
        "vigilance",
        "trained_capability",
        "grown_factor",
        "resented_culture",
    ),
    "hearing": ("chance_peer_silent", "chance_hears"),
    "deciding": (
        "similarity",
        "overload",
        "logistic",
        "inclination",
        "chance_adopts",
        "attraction",
        "expected_goal",
    ),
    "copying": ("copy_loss", "copied_fidelity"),
    "improving": (
        "chance_real_cycle",
        "chance_reactive_change",
        "moved_towards",
        "eroded_fidelity",
        "decayed_fidelity",
        "embedded_further",
    ),
    "reviewing": ("observed_result", "chance_discontinues", "disappointed_culture"),
    "local_improvement": ("local_improvement_after",),
    "outcome": (
        "response_constant",
        "response_to_fidelity",
        "appropriateness",
        "practice_result",
        "squared_distance",
        "secular_trend",
        "remaining_rate",
        "monthly_exposure",
        "prevented_rate",
    ),
}
"""The rules of each module in `qispread.model.rules`."""


@dataclass(frozen=True)
class RuleForm:
    """One form of a rule.

    Attributes
    ----------
    rule : str
        Path of the rule, "capacity.climate".
    name : str
        Word in a scenario.
    meaning : str
        One plain sentence.
    equation : str
        Empty where docs/model.md has it beside the only form.
    source : str
        A key in docs/references.bib (several with commas), or "assumption".
    plausible : bool
        Whether the form is a serious candidate for the true one; the others are null models and limits, for tests.
    code : int
        Value in `RunInputs.parameters.forms`; 0 is the shipped form.
    plugin : str
        Plug-in that added the form; such a form has code 0, and replaces the function. Empty for forms of this package.
    """

    rule: str
    name: str
    meaning: str
    equation: str
    source: str
    plausible: bool
    code: int
    plugin: str = ""


ALTERNATIVES = (
    RuleForm(
        "capacity.climate",
        SHIPPED,
        "Each factor is necessary and none is sufficient: the geometric mean of leadership, alignment and culture.",
        "c = (leadership * alignment * culture)^(1/3)",
        "liberati2021",
        plausible=True,
        code=0,
    ),
    RuleForm(
        "capacity.climate",
        "additive",
        "Strength in one factor makes up for weakness in another: the mean of leadership, alignment and culture.",
        "c = (leadership + alignment + culture) / 3",
        ASSUMPTION,
        plausible=True,
        code=1,
    ),
    RuleForm(
        "capacity.climate",
        "weakest",
        "The weakest of leadership, alignment and culture limits the climate, and no other makes up for it.",
        "c = min(leadership, alignment, culture)",
        "dul2016",
        plausible=True,
        code=2,
    ),
    RuleForm(
        "deciding.chance_adopts",
        SHIPPED,
        "The probability of adopting rises smoothly with the utility: the terms for adoption less those against it.",
        "logistic(utility), utility = -reluctance + inclination + push - w_overload * overload",
        ASSUMPTION,
        plausible=True,
        code=0,
    ),
    RuleForm(
        "deciding.chance_adopts",
        "threshold",
        "An aware organisation adopts at once when the utility is above 0, and otherwise not.",
        "1 if utility > 0, else 0",
        "valente1996",
        plausible=False,
        code=1,
    ),
    RuleForm(
        "deciding.attraction",
        SHIPPED,
        "The peer with a strong tie, a good effect and a similar setting is copied.",
        "weight * result * similarity",
        "gibbons2007",
        plausible=True,
        code=0,
    ),
    RuleForm(
        "deciding.attraction",
        "random_peer",
        "Any peer seen using the intervention is copied, with the same probability for each.",
        "U(0, 1), a draw of its own for each peer and month",
        "bentley2007",
        plausible=False,
        code=1,
    ),
    RuleForm(
        "deciding.attraction",
        "most_similar",
        "The peer with the most similar setting is copied, whatever its effect.",
        "similarity",
        "rogers2003",
        plausible=True,
        code=2,
    ),
    RuleForm(
        "improving.decayed_fidelity",
        SHIPPED,
        "Fidelity decays without monitoring, and embedding prevents a part of the decay.",
        "F * (1 - decay * (1 - v)^2 * (1 - embedding_holds * embedding))",
        "glasgow2012,ament2015,sarre2019",
        plausible=True,
        code=0,
    ),
    RuleForm(
        "improving.decayed_fidelity",
        "without_embedding",
        "Fidelity decays without monitoring, whether or not the practice is embedded.",
        "F * (1 - decay * (1 - v)^2)",
        ASSUMPTION,
        plausible=False,
        code=1,
    ),
    RuleForm(
        "outcome.response_to_fidelity",
        SHIPPED,
        "The effect rises steeply around a midpoint of fidelity and then saturates.",
        "F^s (1 + m^s) / (F^s + m^s)",
        "durlak2008",
        plausible=True,
        code=0,
    ),
    RuleForm(
        "outcome.response_to_fidelity",
        "linear",
        "Each core component adds the same effect, so that midpoint and steepness have no meaning.",
        "F",
        ASSUMPTION,
        plausible=True,
        code=1,
    ),
)
"""The forms of the rules that have several."""


def only_form(rule: str) -> RuleForm:
    """Return the shipped form of a rule without alternatives."""
    return RuleForm(rule, SHIPPED, AS_DOCUMENTED, "", "-", plausible=True, code=0)


RULE_FORMS: dict[str, dict[str, RuleForm]] = {
    rule: {form.name: form for form in ALTERNATIVES if form.rule == rule} or {SHIPPED: only_form(rule)}
    for module, names in RULE_NAMES.items()
    for rule in (f"{module}.{name}" for name in names)
}
"""All forms, by the path of the rule and the word of the form; plug-ins add to it."""

CODED_RULES = tuple(dict.fromkeys(form.rule for form in ALTERNATIVES))
"""The rules whose form is a number in the parameter record: those that this package has in several forms."""


def rule_name(rule: str) -> str:
    """Return the name of a rule without its module, which is its field in the record of codes."""
    return rule.rpartition(".")[2]


def rules_with_several_forms() -> list[str]:
    """Return the paths of the rules that have more than one form now, plug-ins included."""
    return [rule for rule, forms in RULE_FORMS.items() if len(forms) > 1]
