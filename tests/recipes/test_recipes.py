"""Each recipe of CONTRIBUTING.md, followed to the letter in a copy of the checkout, ends green.

What a stranger would type is here: edits of the files that the recipe names, and its commands. A copy's sources are
compiled anew, so these tests are slow.
"""

import os
import subprocess
import sys

import pytest

from checkout_copy import Copy, Edit, holds_to, named_files

pytestmark = pytest.mark.slow


@pytest.fixture
def copy(tmp_path):
    return Copy(tmp_path)


def test_add_a_measure(copy):
    copy.apply(
        Edit(
            "src/qispread/model/measures.py",
            """    share_measure(
        name="hesitation",
        label="Aware, never adopted",
        phrase="the share of organisations that know it and never adopted it",
        meaning="Organisations that have heard of it and have never begun.",
        better="less",
        axis="Share of other organisations",
    ),
""",
            before='    share_measure(\n        name="current_use",',
        ),
        Edit(
            "src/qispread/model/engines/measure_kernel.py",
            'HESITATION = _INDEX.take("hesitation")\n',
            before="_INDEX.require_complete()",
        ),
        Edit(
            "src/qispread/model/engines/measure_kernel.py",
            "\n    row[HESITATION] = safe_ratio(sums[AWARE_COUNT] - ever, sums[FOLLOWER_COUNT])",
            after="    row[EVER_ADOPTED_SHARE] = safe_ratio(ever, sums[FOLLOWER_COUNT])",
        ),
    )
    copy.run("docs/generate.py")
    copy.run("tests/renew_baselines.py")
    assert len(named_files("Add a measure")) == 2
    holds_to(copy, "Add a measure")
    copy.lint()
    copy.test("tests/registries/test_measures.py", "tests/test_baselines.py", "tests/engines/test_engines_agree.py")
    copy.test("tests/presentation", "-k", "hesitation or sentence or in_percent")
    printed = copy.run(
        "-m",
        "qispread.interfaces.cli.main",
        *("compare", "configs/prompt.yaml", "--policy", "configs/policies/coaching.yaml"),
        *("--policy", "configs/policies/feedback.yaml", "--measure", "hesitation"),
        *("--replicates", "4", "--models", "0", "--report", "--out", "cache/out"),
    )
    assert "Options against each other: Aware, never adopted" in printed
    assert "know it and never adopted it" in (copy.folder / "cache/out/report.html").read_text(encoding="utf-8")


def test_add_a_policy(copy):
    copy.apply(
        Edit(
            "src/qispread/inputs/policies.py",
            '''class AccreditationPolicy(Policy):
    """Somebody from outside looks at how results are measured, and pushes."""

    lever: Literal["accreditation"] = "accreditation"
    measurement: float = strength(0.2, "Measurement added.", plausible=(0.1, 0.4))
    push: float = strength(0.5, "Push to begin.", unit="log-odds", low=0.0, plausible=(0.2, 1.0))


''',
            before="ShippedPolicy = Annotated[",
        ),
        Edit("src/qispread/inputs/policies.py", " | AccreditationPolicy", after="    | RefresherPolicy"),
        Edit(
            "src/qispread/inputs/frameworks.py",
            '    "accreditation": (eric("9 Change accreditation or membership requirements"),),\n',
            before='    "refresher": (eric(',
        ),
        Edit(
            "configs/policies/accreditation.yaml",
            "description: Accreditation from the third year on.\n"
            "policies: {accreditation: {lever: accreditation, start: 25}}\n",
        ),
        Edit(
            "tests/all_features.py",
            '    "accreditation": {"lever": "accreditation", "start": 20, "target": {"most_ready": 9}},\n',
            before='    "refresher": {',
        ),
    )
    copy.run("docs/generate.py")
    copy.run("tests/renew_baselines.py")
    holds_to(copy, "Add a policy")
    copy.run("-m", "ruff", "format", "src/qispread/inputs/policies.py")
    copy.lint()
    copy.test("tests/registries/test_policies.py", "tests/test_baselines.py", "tests/engines/test_engines_agree.py")
    copy.test("tests/config/test_frameworks.py", "tests/presentation/test_glossary.py")
    copy.test("tests/registries/test_parameters.py", "tests/config/test_scenario_changes.py", "-k", "accreditation")
    copy.test("tests/app/test_page_state.py")


def test_add_a_network(copy):
    copy.apply(
        Edit(
            "src/qispread/inputs/network_kinds.py",
            '''class CoreNetwork(GeneratedNetwork):
    """A few are tied to everyone; the others to them alone."""

    differs_by_replicate: ClassVar[bool] = False

    kind: Literal["core"] = "core"
    core: int = choice(3, "Organisations that are tied to everyone.", unit="organisations", low=1)

    def problems(self, organisations: int) -> Iterator[Problem]:
        """Yield a core that is everyone."""
        if self.core >= organisations:
            yield "core", f"got {self.core}; needed: below {organisations}"


''',
            before="class GivenTie(ConfigSection):",
        ),
        Edit("src/qispread/inputs/network_kinds.py", "\n    | CoreNetwork", after="    | CompleteNetwork"),
        Edit(
            "src/qispread/model/world/network_builders.py",
            "    CoreNetwork,\n",
            before="    GivenTiesNetwork,\n    HubAndSpokeNetwork,",
        ),
        Edit(
            "src/qispread/model/world/network_builders.py",
            '''@register_builder(CoreNetwork)
def core_network(
    network: CoreNetwork,
    frame: StaticWorld,
    organisations: NDArray[np.float64],  # noqa: ARG001
    stream: Word64,  # noqa: ARG001
) -> Edges:
    """Tie the first few to everyone."""
    first, second = np.triu_indices(frame.organisation_count, 1)
    kept = first < network.core
    return first[kept], second[kept], np.full(int(kept.sum()), network.tie_weight)


''',
            before="@register_builder(GivenTiesNetwork)",
        ),
    )
    copy.run("docs/generate.py")
    holds_to(copy, "Add a network")
    copy.lint()
    copy.test(
        "tests/registries/test_networks.py", "tests/engines/test_engines_agree.py", "tests/app/test_page_state.py"
    )
    copy.test("tests/world", "tests/config/test_scenario_changes.py", "-k", "core")
    (copy.folder / "cache/small.yaml").write_text("network: {kind: core, core: 400}\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "qispread.interfaces.cli.main", "run", "cache/small.yaml"],
        cwd=copy.folder,
        env={**os.environ, "PYTHONPATH": str(copy.folder / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "needed: below 152" in done.stderr


def test_add_an_experiment(copy):
    copy.apply(
        Edit(
            "experiments/e12_feedback_holds.py",
            '''"""Claim 12: feedback holds gains.

Decided before it was run: feedback from the first month against none, in fidelity among users after ten years.
"""

from collections.abc import Mapping

import qispread as qs
from experiments.claim_test import (
    MIN_SHARE_DIFFERENCE,
    ClaimPart,
    ClaimTest,
    MechanismAblation,
    Strengths,
    difference_contrast,
)
from experiments.experiment_command import main
from experiments.replicate_outcomes import OutcomeArm, ScenarioArm


def make(base: qs.Scenario, strengths: Strengths) -> Mapping[str, OutcomeArm]:
    """Return the arms."""
    feedback = base.with_policy("feedback", measurement=strengths["feedback.measurement"])
    return {"nothing": ScenarioArm(base), "feedback": ScenarioArm(feedback)}


UNWATCHED = MechanismAblation("gains that do not decay", {"improving.decay": 0.0, "improving.erosion": 0.0})

EXPERIMENT = ClaimTest(
    name="e12_feedback_holds",
    claim="Feedback holds gains.",
    source="kaplan2012",
    design="PROMPT spreads for ten years, with feedback to everyone or without.",
    caution="Users alone are counted.",
    build_arms=make,
    arms={"nothing": "no policy", "feedback": "feedback from the first month"},
    parts=(
        ClaimPart(
            "held by feedback",
            "Fidelity is higher with feedback",
            "fidelity",
            (difference_contrast("feedback", "nothing", "fidelity"),),
            MIN_SHARE_DIFFERENCE,
            UNWATCHED,
        ),
    ),
    secondary=("current_use", "fidelity", "effect"),
    curve="fidelity",
    strengths=("feedback.measurement",),
)

if __name__ == "__main__":
    main(EXPERIMENT)
''',
        ),
    )
    copy.run("-m", "experiments.e12_feedback_holds", "--smoke")
    copy.run("-m", "experiments.freshness", "--acknowledge")
    holds_to(copy, "Add an experiment")
    copy.lint()
    copy.test("tests/experiments/test_experiments.py", "-k", "e12 or file_and_a_name")
    copy.test("tests/experiments/test_freshness.py")


def test_add_a_rule(copy):
    agent, scenario = "src/qispread/model/engines/agents.py", "self.scenario"
    copy.apply(
        Edit(
            "src/qispread/model/rules/capacity.py",
            '''

@rule
def worn_culture(culture: Rises, wear: Falls, turnover: Falls) -> Share:
    """Return culture after a month in which those leave who carried it.

    Equation: culture * (1 - (wear / 12) turnover), with `wear` a year. Source: assumption.
    """
    return culture * (1.0 - wear / 12.0 * turnover)
''',
            after="    return culture * (1.0 - resentment / 12.0)\n",
        ),
        Edit(
            "src/qispread/inputs/mechanisms.py",
            """
    wear: float = parameter(
        0.0, "Rate at which turnover wears culture.", unit="1/year", low=0.0, high=12.0, plausible=(0.0, 0.5)
    )""",
            after='available without any leadership.", source="dixonwoods2014"\n    )',
        ),
        Edit("src/qispread/inputs/rule_forms.py", '        "worn_culture",\n', after='        "resented_culture",\n'),
        Edit(
            "src/qispread/inputs/rule_choices.py",
            "    worn_culture: str = SHIPPED\n",
            after="    resented_culture: str = SHIPPED\n",
        ),
        Edit(
            agent,
            f"\n        self.culture = capacity.worn_culture(self.culture, {scenario}.capacity.wear, self.turnover)",
            after="        self.culture = capacity.resented_culture(self.culture, levers.resentment)",
        ),
        Edit(
            "src/qispread/model/engines/stages_context.py",
            """
        organisations[rows.CULTURE, i] = capacity.worn_culture(
            organisations[rows.CULTURE, i], plan.parameters.capacity.wear, turnover
        )""",
            after="""        organisations[rows.CULTURE, i] = capacity.resented_culture(
            organisations[rows.CULTURE, i], levers[slots.RESENTMENT, i]
        )""",
        ),
        Edit(
            "tests/rules/test_rules.py",
            """    # half of those who carried it leave within the year
    (capacity.worn_culture, (0.5, 0.12, 0.5), 0.4975),
""",
            before="    # copying without support loses 0.6 * 0.6 * 0.6",
        ),
        Edit(
            "tests/rules/test_rules.py",
            '    "wear": range_strategy(0.0, 12.0),\n',
            before='    "embedded": st.booleans(),',
        ),
    )
    copy.run("docs/generate.py")
    copy.run("-m", "experiments.freshness", "--acknowledge")
    holds_to(copy, "Add a rule, or change one")
    copy.lint()
    copy.test("tests/rules/test_rules.py", "-k", "worn or every")
    copy.test("tests/rules/test_forms.py", "-k", "declared or field")
    copy.test("tests/registries/test_parameters.py", "-k", "wear or says or sources or ranges")
    copy.test("tests/test_baselines.py", "tests/engines/test_engines_agree.py", "tests/experiments/test_freshness.py")
