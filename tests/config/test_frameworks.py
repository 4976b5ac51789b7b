"""Every policy, context factor and attribute of an intervention has its counterparts, by the frameworks' own names."""

import re
from pathlib import Path

import pytest

from qispread.inputs.field_errors import discriminator
from qispread.inputs.frameworks import (
    NETWORK,
    PARAMETERS,
    POLICIES,
    SOURCES,
    Counterpart,
    heading_counterparts,
    parameter_counterparts,
    policy_counterparts,
)
from qispread.inputs.interventions import Intervention
from qispread.inputs.organisations import CONTEXT_FACTORS
from qispread.inputs.parameter import section_classes
from qispread.inputs.parameter_descriptions import all_descriptions, describe_parts, describe_section
from qispread.inputs.policies import AnyPolicy


def names(text):
    """Return the names in a text that are divided by semicolons."""
    return [" ".join(name.split()) for name in text.split(";")]


ERIC = names(
    """
    Access new funding; Alter incentive/allowance structures; Alter patient/consumer fees; Assess for
    readiness and identify barriers and facilitators; Audit and provide feedback; Build a coalition; Capture
    and share local knowledge; Centralize technical assistance; Change accreditation or membership
    requirements; Change liability laws; Change physical structure and equipment; Change record systems;
    Change service sites; Conduct cyclical small tests of change; Conduct educational meetings; Conduct
    educational outreach visits; Conduct local consensus discussions; Conduct local needs assessment; Conduct
    ongoing training; Create a learning collaborative; Create new clinical teams; Create or change
    credentialing and/or licensure standards; Develop a formal implementation blueprint; Develop academic
    partnerships; Develop an implementation glossary; Develop and implement tools for quality monitoring;
    Develop and organize quality monitoring systems; Develop disincentives; Develop educational materials;
    Develop resource sharing agreements; Distribute educational materials; Facilitate relay of clinical data
    to providers; Facilitation; Fund and contract for the clinical innovation; Identify and prepare champions;
    Identify early adopters; Increase demand; Inform local opinion leaders; Intervene with patients/consumers
    to enhance uptake and adherence; Involve executive boards; Involve patients/consumers and family members;
    Make billing easier; Make training dynamic; Mandate change; Model and simulate change; Obtain and use
    patients/consumers and family feedback; Obtain formal commitments; Organize clinician implementation team
    meetings; Place innovation on fee for service lists/formularies; Prepare patients/consumers to be active
    participants; Promote adaptability; Promote network weaving; Provide clinical supervision; Provide local
    technical assistance; Provide ongoing consultation; Purposely reexamine the implementation; Recruit,
    designate, and train for leadership; Remind clinicians; Revise professional roles; Shadow other experts;
    Stage implementation scale up; Start a dissemination organization; Tailor strategies; Use advisory boards
    and workgroups; Use an implementation advisor; Use capitated payments; Use data experts; Use data
    warehousing techniques; Use mass media; Use other payment schemes; Use train-the-trainer strategies; Visit
    other sites; Work with educational institutions
    """
)
"""The 73 strategies of Powell et al. 2015 in alphabetical order, which is how Waltz et al. 2015 number them."""

MUSIQ = {
    "External environment": names(
        """
        External motivators; Project sponsorship
        """
    ),
    "Organisation": names(
        """
        QI leadership; Senior leader project sponsor; Culture supportive of QI; Maturity of organisational QI;
        Physician payment structure
        """
    ),
    "QI support and capacity": names(
        """
        Data infrastructure; Resource availability; Workforce focus on QI
        """
    ),
    "Microsystem": names(
        """
        QI leadership; Culture supportive of QI; Capability for improvement; Motivation to change
        """
    ),
    "QI team": names(
        """
        Team diversity; Physician involvement; Subject matter expert; Team tenure; Prior QI experience; Team
        leadership; Team decision-making process; Team norms; Team QI skill
        """
    ),
    "Miscellaneous": names(
        """
        Triggering event; Task strategic importance to the organisation
        """
    ),
}
"""The 25 factors of Kaplan et al. 2012, table 1, by level."""

CFIR = {
    "Innovation": names(
        """
        Innovation Source; Innovation Evidence Base; Innovation Relative Advantage; Innovation Adaptability;
        Innovation Trialability; Innovation Complexity; Innovation Design; Innovation Cost
        """
    ),
    "Outer Setting": names(
        """
        Critical Incidents; Local Attitudes; Local Conditions; Partnerships & Connections; Policies & Laws;
        Financing; External Pressure; External Pressure: Societal Pressure; External Pressure: Market
        Pressure; External Pressure: Performance-Measurement Pressure
        """
    ),
    "Inner Setting": names(
        """
        Structural Characteristics; Structural Characteristics: Physical Infrastructure; Structural
        Characteristics: Information Technology Infrastructure; Structural Characteristics: Work
        Infrastructure; Relational Connections; Communications; Culture; Culture: Human Equality-Centeredness;
        Culture: Recipient-Centeredness; Culture: Deliverer-Centeredness; Culture: Learning-Centeredness;
        Tension for Change; Compatibility; Relative Priority; Incentive Systems; Mission Alignment; Available
        Resources; Available Resources: Funding; Available Resources: Space; Available Resources: Materials &
        Equipment; Access to Knowledge & Information
        """
    ),
    "Individuals": names(
        """
        Roles: High-level Leaders; Roles: Mid-level Leaders; Roles: Opinion Leaders; Roles: Implementation
        Facilitators; Roles: Implementation Leads; Roles: Implementation Team Members; Roles: Other
        Implementation Support; Roles: Innovation Deliverers; Roles: Innovation Recipients; Characteristics:
        Need; Characteristics: Capability; Characteristics: Opportunity; Characteristics: Motivation
        """
    ),
    "Implementation Process": names(
        """
        Teaming; Assessing Needs; Assessing Context; Planning; Tailoring Strategies; Engaging; Doing;
        Reflecting & Evaluating; Adapting
        """
    ),
}
"""The constructs of Damschroder et al. 2022, table 3, by domain."""

VALID = {
    "ERIC": {f"{number} {name}" for number, name in enumerate(ERIC, start=1)},
    "MUSIQ": {f"{level}: {name}" for level, found in MUSIQ.items() for name in found},
    "CFIR": {f"{domain}: {name}" for domain, found in CFIR.items() for name in found},
}
ALL = [one for table in (POLICIES, PARAMETERS) for found in table.values() for one in found] + [NETWORK]
BIBLIOGRAPHY = (Path(__file__).parents[2] / "docs/references.bib").read_text(encoding="utf-8")


def test_the_reference_lists_are_whole():
    assert len(ERIC) == 73
    assert sorted(ERIC, key=str.lower) == ERIC
    assert len(VALID["MUSIQ"]) == 25


@pytest.mark.parametrize("one", ALL, ids=str)
def test_names_are_those_of_the_framework(one):
    assert not one.name or one.name in VALID[one.framework]


@pytest.mark.parametrize("one", ALL, ids=str)
def test_strategies_mentioned_in_notes_are_numbered_as_in_the_framework(one):
    for number, name in re.findall(r"(\d+) ([A-Z][a-z ]+?)(?= could|;|\.|$)", one.note):
        assert f"{number} {name}" in VALID["ERIC"]


def test_every_policy_has_its_strategies_and_nothing_else_has():
    assert set(POLICIES) == {discriminator(section) for section in section_classes(AnyPolicy)}
    assert {one.framework for found in POLICIES.values() for one in found} == {"ERIC"}


def test_every_context_factor_has_a_factor_of_musiq_and_a_construct_of_cfir():
    for factor in CONTEXT_FACTORS:
        found = parameter_counterparts(f"organisations.context.{factor}")
        assert {one.framework for one in found} == {"MUSIQ", "CFIR"}


def test_every_attribute_of_an_intervention_has_a_construct_of_cfir_or_a_reason():
    attributes = [one.path for one in describe_section(Intervention, "interventions.NAME") if one.role == "uncertainty"]
    assert len(attributes) > 5
    for path in attributes:
        assert {one.framework for one in parameter_counterparts(path)} == {"CFIR"}


def test_every_path_is_a_parameter():
    assert set(PARAMETERS) <= {one.path for one in all_descriptions()}


def test_a_missing_counterpart_is_the_only_one_and_needs_a_reason():
    for found in (*POLICIES.values(), *PARAMETERS.values()):
        for framework in SOURCES:
            named = [one.name for one in found if one.framework == framework]
            assert "" not in named or named == [""]
    with pytest.raises(ValueError, match="needs a reason"):
        Counterpart("ERIC", "")


def test_headings_lead_to_policies_and_networks_alone():
    by_heading = {heading: heading_counterparts(heading) for heading, _, _ in describe_parts()}
    assert by_heading["policies.NAME (lever: coaching)"] == policy_counterparts("coaching")
    assert by_heading["network (kind: ring)"] == (NETWORK,)
    assert by_heading["improving"] == ()
    assert sum(map(bool, by_heading.values())) == len(POLICIES) + sum("kind:" in heading for heading in by_heading)


def test_the_frameworks_have_sources():
    for key in (*SOURCES.values(), "waltz2015", "rogers2003"):
        assert f"{{{key}," in BIBLIOGRAPHY
