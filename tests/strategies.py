"""Scenarios drawn by hypothesis, with everything that the model has."""

from hypothesis import strategies as st

from qispread.inputs.field_errors import discriminator
from qispread.inputs.interventions import ORIGIN_RULES, Intervention, Response
from qispread.inputs.load_scenario import build_scenario
from qispread.inputs.network_kinds import AnyNetwork
from qispread.inputs.organisations import ContextFactors
from qispread.inputs.parameter import declaration_of, section_classes
from qispread.inputs.policies import PRACTICE_STRENGTHS, AnyPolicy
from qispread.inputs.rule_forms import CODED_RULES, RULE_FORMS
from qispread.inputs.scenario import Scenario
from qispread.inputs.scenario_fields import MECHANISMS

HORIZON = 30
ORGANISATION_COUNT = 14
SYSTEMS = 4
FROM_FILES = ("ties", "file", "memberships")
POLICIES = {discriminator(section): section for section in section_classes(AnyPolicy)}
NETWORKS = {
    kind: section for section in section_classes(AnyNetwork) if (kind := discriminator(section)) not in FROM_FILES
}
"""The generated networks, by kind."""


def plausible_values(section, *, skip=()):
    """Return a strategy of dictionaries of some of a section's numbers within their plausible ranges."""
    ranges = {}
    for name, field in section.model_fields.items():
        extra = declaration_of(field)
        if extra and extra["plausible"] and name not in skip:
            ranges[name] = st.floats(*map(float, extra["plausible"]))
    return st.fixed_dictionaries({}, optional=ranges)


def origins():
    """Return a strategy of all the ways to say who starts."""
    ruled = st.fixed_dictionaries({"rule": st.sampled_from(ORIGIN_RULES), "number": st.integers(1, 3)})
    named = st.sets(
        st.sampled_from([f"organisation-{i:03d}" for i in range(1, ORGANISATION_COUNT + 1)]), min_size=1, max_size=2
    )
    return ruled | named.map(lambda ids: {"organisations": sorted(ids)})


@st.composite
def interventions(draw):
    """Draw one to three interventions."""
    found = {}
    for name in ("prompt", "bundle", "drug")[: draw(st.integers(1, 3))]:
        found[name] = draw(plausible_values(Intervention)) | {
            "response": draw(plausible_values(Response)),
            "launch": draw(st.integers(1, 8)),
            "origin": draw(origins()),
        }
    return found


def targets():
    """Return a strategy of all the ways to say whom a policy is for."""
    number = st.integers(1, ORGANISATION_COUNT)
    return st.one_of(
        st.sampled_from(["everyone", "nobody"]),
        st.sets(st.integers(1, SYSTEMS), min_size=1).map(
            lambda s: {"partnerships": [f"partnership-{i:02d}" for i in sorted(s)]}
        ),
        *(number.map(lambda n, rule=rule: {rule: n}) for rule in ("most_ready", "least_ready", "hubs", "random")),
    )


@st.composite
def policies(draw, names=("prompt",)):
    """Draw any number of policies of any lever, with windows, targets and costs."""
    found = {}
    for lever in draw(st.lists(st.sampled_from(sorted(POLICIES)), max_size=8)):
        start = draw(st.integers(1, HORIZON))
        policy = {"lever": lever, "start": start, "end": draw(st.none() | st.integers(start, HORIZON))}
        policy |= draw(plausible_values(POLICIES[lever])) | {
            "target": draw(targets()),
            "cost": draw(st.floats(0, 1000)),
        }
        if lever == "seeding":
            policy["origin"] = draw(origins())
        if lever == "portfolio_limit":
            policy["at_most"] = draw(st.integers(0, 2))
        if draw(st.booleans()) and PRACTICE_STRENGTHS & set(POLICIES[lever].model_fields):
            policy["interventions"] = [draw(st.sampled_from(names))]
        found[f"{lever}-{len(found)}"] = policy
    return found


def identical_rows():
    """Return a table of places that differ in nothing, so that peers who began together attract alike."""
    alike = dict.fromkeys(("leadership", "alignment", "culture", "capability", "measurement", "slack"), 0.6)
    alike |= {"turnover": 0.1, "setting_1": 0.0, "setting_2": 0.0, "size": 1000.0, "baseline": 50.0}
    return [
        {"id": f"organisation-{i + 1:03d}", "partnership": f"partnership-{i % SYSTEMS + 1:02d}", "region": "1", **alike}
        for i in range(ORGANISATION_COUNT)
    ]


@st.composite
def networks(draw):
    """Draw a network of any kind with any weight of ties, or ties that differ in weight."""
    weight = st.floats(0.05, 1.0)
    kind = draw(st.sampled_from([*sorted(NETWORKS), "ties"]))
    if kind != "ties":
        return {"kind": kind, "tie_weight": draw(weight)}
    ends = st.tuples(st.integers(1, ORGANISATION_COUNT), st.integers(1, ORGANISATION_COUNT)).filter(
        lambda pair: pair[0] < pair[1]
    )
    pairs = draw(st.dictionaries(ends, st.sampled_from([0.25, 0.5, 1.0]) | weight, min_size=ORGANISATION_COUNT))
    rows = [
        {"first": f"organisation-{a:03d}", "second": f"organisation-{b:03d}", "weight": one}
        for (a, b), one in sorted(pairs.items())
    ]
    return {"kind": "ties", "ties": rows}


@st.composite
def scenarios(draw):
    """Draw a small scenario in which anything may be on."""
    spreading = draw(interventions())
    data = {
        "horizon": HORIZON,
        "seed": draw(st.integers(0, 2**62)),
        "replicates": 2,
        "organisations": {
            "number": ORGANISATION_COUNT,
            "partnerships": SYSTEMS,
            "regions": 2,
            "setting_spread": draw(st.floats(0, 2)),
            "context": draw(plausible_values(ContextFactors)),
        },
        "network": draw(networks()),
        "interventions": spreading,
        "policies": draw(policies(tuple(spreading))),
    }
    if draw(st.booleans()):
        data["organisations"] = {"rows": identical_rows()}
    for name in MECHANISMS:
        data[name] = draw(plausible_values(Scenario.model_fields[name].annotation))
    forms = {rule: st.sampled_from(list(RULE_FORMS[rule])) for rule in CODED_RULES}
    data["rules"] = draw(st.fixed_dictionaries({}, optional=forms))
    return build_scenario(data)
