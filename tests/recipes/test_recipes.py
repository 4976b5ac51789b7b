"""Each recipe of CONTRIBUTING.md, followed to the letter in a copy of the checkout, ends green.

What a stranger would type is here: edits of the files that the recipe names, and its commands. A copy's sources are
compiled anew, so these tests are slow.
"""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COPIED = ("src", "tests", "docs", "configs", "experiments", "results", "pyproject.toml", "CONTRIBUTING.md", "README.md")
GENERATED = ("docs/*", "tests/baselines/*", "results/published/made_from.json", "src/qispread/report/references.json")
"""What the commands of recipes write."""

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Edit:
    """A change of one file: text put before or after a line that is there, or a file of its own.

    Attributes
    ----------
    path : str
    text : str
    after, before : str
        The end or the beginning of what is there; a new file has neither.
    """

    path: str
    text: str
    after: str = ""
    before: str = ""


class Copy:
    """A copy of the checkout, in which a recipe is followed."""

    def __init__(self, folder):
        self.folder = folder
        for name in COPIED:
            ignored = shutil.ignore_patterns("__pycache__", "*.pyc")
            place = folder / name
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, place, ignore=ignored)
            else:
                shutil.copy(ROOT / name, place)
        self.before = self.contents()

    def contents(self):
        """Return every file of the copy that matters, as bytes by path."""
        paths = (path for path in self.folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
        return {path.relative_to(self.folder).as_posix(): path.read_bytes() for path in paths}

    def apply(self, *edits):
        """Change files."""
        for edit in edits:
            path = self.folder / edit.path
            if not (edit.after or edit.before):
                assert not path.exists()
                path.write_text(edit.text, encoding="utf-8")
                continue
            text, there = path.read_text(encoding="utf-8"), edit.after or edit.before
            assert text.count(there) == 1, f"{edit.path} has {text.count(there)} of: {there}"
            new = there + edit.text if edit.after else edit.text + there
            path.write_text(text.replace(there, new), encoding="utf-8")

    def changed(self):
        """Return the files that differ from what was copied, without what commands write."""
        now = self.contents()
        found = {path for path in now if now[path] != self.before.get(path)}
        ignored = (*GENERATED, ".pytest_cache/*", ".ruff_cache/*", ".hypothesis/*", "cache/*")
        return {path for path in found if not any(fnmatch(path, pattern) for pattern in ignored)}

    def run(self, *command):
        """Run a command in the copy with its own sources, and return what it printed."""
        paths = os.pathsep.join(str(self.folder / name) for name in ("src", "", "docs", "tests"))
        setting = {**os.environ, "PYTHONPATH": paths, "XDG_CACHE_HOME": str(self.folder / "cache")}
        done = subprocess.run(
            [sys.executable, *command], cwd=self.folder, env=setting, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-6000:]}\n{done.stderr[-2000:]}"
        return done.stdout

    def test(self, *paths):
        """Run tests of the copy, all of which must pass."""
        # Later options win: the copy's own markers are all on but for the slow ones.
        return self.run("-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-n", "0", "-m", "not slow", *paths)

    def lint(self):
        """Check style and generated pages as .ci/run does."""
        self.run("-m", "ruff", "check", *sorted(path for path in self.changed() if path.endswith(".py")))
        self.run("-m", "ruff", "format", "--check", *sorted(path for path in self.changed() if path.endswith(".py")))
        self.run("docs/generate.py", "--check")


@pytest.fixture
def copy(tmp_path):
    return Copy(tmp_path)


def named_files(heading):
    """Return the files that a recipe names: its paths in backticks, placeholders as patterns."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    recipe = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## )", text, re.MULTILINE | re.DOTALL)
    assert recipe, heading
    found, folder = [], ""
    for path in re.findall(r"`([\w./*]+\.(?:py|yaml))`", recipe[1]):
        # "`src/a/b.py`, `c.py`" names two files of one folder.
        full = path if "/" in path else f"{folder}/{path}"
        folder = full.rpartition("/")[0]
        found.append(full.replace("NAME", "*").replace("eNN", "e[0-9][0-9]"))
    return found


def holds_to(copy, heading):
    """Check that nothing was changed that the recipe does not name."""
    unnamed = {path for path in copy.changed() if not any(fnmatch(path, one) for one in named_files(heading))}
    assert not unnamed, f"'{heading}' does not name {', '.join(sorted(unnamed))}"


def test_add_a_measure(copy):
    copy.apply(
        Edit(
            "src/qispread/measures.py",
            """    share_measure(
        name="hesitation",
        label="Aware, never adopted",
        phrase="the share of organisations that know it and never adopted it",
        meaning="Organisations that have heard of it and have never begun.",
        better="less",
        axis="Share of other organisations",
    ),
""",
            before='    share_measure(\n        name="adoption",',
        ),
        Edit(
            "src/qispread/engines/measuring.py",
            'HESITATION = _INDEX.take("hesitation")\n',
            before="_INDEX.require_complete()",
        ),
        Edit(
            "src/qispread/engines/measuring.py",
            "\n    row[HESITATION] = share(sums[AWARE_NOW] - ever, sums[FOLLOWERS])",
            after="    row[REACH] = share(ever, sums[FOLLOWERS])",
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
        "qispread.cli",
        *("compare", "configs/prompt.yaml", "--policy", "configs/policies/coaching.yaml"),
        *("--policy", "configs/policies/feedback.yaml", "--measure", "hesitation"),
        *("--replicates", "4", "--models", "0", "--report", "--out", "cache/out"),
    )
    assert "Options against each other: Aware, never adopted" in printed
    assert "know it and never adopted it" in (copy.folder / "cache/out/report.html").read_text(encoding="utf-8")


def test_add_a_policy(copy):
    copy.apply(
        Edit(
            "src/qispread/config/policies.py",
            '''class Accreditation(Policy):
    """Somebody from outside looks at how results are measured, and pushes."""

    lever: Literal["accreditation"] = "accreditation"
    measurement: float = strength(0.2, "Measurement added.", plausible=(0.1, 0.4))
    push: float = strength(0.5, "Push to begin.", unit="log-odds", low=0.0, plausible=(0.2, 1.0))


''',
            before="AnyPolicy = Annotated[",
        ),
        Edit("src/qispread/config/policies.py", " | Accreditation", after="    | Refresher"),
        Edit(
            "configs/policies/accreditation.yaml",
            "description: Accreditation from the third year on.\n"
            "policies: {accreditation: {lever: accreditation, start: 25}}\n",
        ),
        Edit(
            "tests/everything.py",
            '    "accreditation": {"lever": "accreditation", "start": 20, "target": {"most_ready": 9}},\n',
            before='    "refresher": {',
        ),
    )
    copy.run("docs/generate.py")
    copy.run("tests/renew_baselines.py")
    holds_to(copy, "Add a policy")
    copy.run("-m", "ruff", "format", "src/qispread/config/policies.py")
    copy.lint()
    copy.test("tests/registries/test_policies.py", "tests/test_baselines.py", "tests/engines/test_engines_agree.py")
    copy.test("tests/registries/test_parameters.py", "tests/config/test_changing.py", "-k", "accreditation")
    copy.test("tests/app/test_settings.py")


def test_add_a_network(copy):
    copy.apply(
        Edit(
            "src/qispread/config/networks.py",
            '''class Core(Network):
    """A few are tied to everyone; the others to them alone."""

    differs_by_replicate: ClassVar[bool] = False

    kind: Literal["core"] = "core"
    core: int = choice(3, "Organisations that are tied to everyone.", unit="organisations", low=1)

    def problems(self, organisations: int) -> Iterator[Problem]:
        """Yield a core that is everyone."""
        if self.core >= organisations:
            yield "core", f"got {self.core}; needed: below {organisations}"


''',
            before="class TieRow(Section):",
        ),
        Edit("src/qispread/config/networks.py", "Core | ", after="Complete | HubAndSpoke | "),
        Edit("src/qispread/world/networks.py", "    Core,\n", before="    HubAndSpoke,\n    Random,"),
        Edit(
            "src/qispread/world/networks.py",
            '''@builds(Core)
def core(network: Core, frame: Frame, organisations: NDArray[np.float64], stream: Word) -> Pairs:  # noqa: ARG001
    """Tie the first few to everyone."""
    first, second = np.triu_indices(frame.number, 1)
    kept = first < network.core
    return first[kept], second[kept], np.full(int(kept.sum()), network.tie_weight)


''',
            before="@builds(Ties)",
        ),
    )
    copy.run("docs/generate.py")
    holds_to(copy, "Add a network")
    copy.lint()
    copy.test("tests/registries/test_networks.py", "tests/engines/test_engines_agree.py", "tests/app/test_settings.py")
    copy.test("tests/world", "tests/config/test_changing.py", "-k", "core")
    (copy.folder / "cache/small.yaml").write_text("network: {kind: core, core: 400}\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "qispread.cli", "run", "cache/small.yaml"],
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
from experiments.command import main
from experiments.design import SHARE_MATTERS, Ablation, Experiment, Part, Strengths, more
from experiments.lives import Arm, Plain


def make(base: qs.Scenario, strengths: Strengths) -> Mapping[str, Arm]:
    """Return the arms."""
    feedback = base.with_policy("feedback", measurement=strengths["feedback.measurement"])
    return {"nothing": Plain(base), "feedback": Plain(feedback)}


UNWATCHED = Ablation("gains that do not decay", {"improving.decay": 0.0, "improving.erosion": 0.0})

EXPERIMENT = Experiment(
    name="e12_feedback_holds",
    claim="Feedback holds gains.",
    source="ivers2012",
    design="PROMPT spreads for ten years, with feedback to everyone or without.",
    caution="Users alone are counted.",
    make=make,
    arms={"nothing": "no policy", "feedback": "feedback from the first month"},
    parts=(
        Part(
            "held by feedback",
            "Fidelity is higher with feedback",
            "fidelity",
            (more("feedback", "nothing", "fidelity"),),
            SHARE_MATTERS,
            UNWATCHED,
        ),
    ),
    secondary=("adoption", "fidelity", "effect"),
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
    agent, scenario = "src/qispread/engines/place.py", "self.model.settings"
    copy.apply(
        Edit(
            "src/qispread/rules/capacity.py",
            '''

@rule
def worn(culture: Rises, wear: Falls, turnover: Falls) -> Share:
    """Return culture after a month in which those leave who carried it.

    Equation: culture * (1 - (wear / 12) turnover), with `wear` a year. Source: assumption.
    """
    return culture * (1.0 - wear / 12.0 * turnover)
''',
            after="    return culture * (1.0 - resentment / 12.0)\n",
        ),
        Edit(
            "src/qispread/config/mechanisms.py",
            """
    wear: float = parameter(
        0.0, "Rate at which turnover wears culture.", unit="1/year", low=0.0, high=12.0, plausible=(0.0, 0.5)
    )""",
            after='exists without any leadership.", source="dixonwoods2014"\n    )',
        ),
        Edit(
            agent,
            f"\n        self.culture = capacity.worn(self.culture, {scenario}.capacity.wear, self.turnover)",
            after='        self.culture = capacity.resented(self.culture, levers["resentment"])',
        ),
        Edit(
            "src/qispread/engines/stages_context.py",
            """
        organisations[at.CULTURE, i] = capacity.worn(
            organisations[at.CULTURE, i], plan.parameters.capacity.wear, turnover
        )""",
            after="        organisations[at.CULTURE, i] = capacity.resented("
            "organisations[at.CULTURE, i], levers[by.RESENTMENT, i])",
        ),
        Edit(
            "tests/rules/test_rules.py",
            """    # half of those who carried it leave within the year
    (capacity.worn, (0.5, 0.12, 0.5), 0.4975),
""",
            before="    # copying without support loses 0.6 * 0.6 * 0.6",
        ),
        Edit(
            "tests/rules/test_rules.py",
            '    "wear": between(0.0, 12.0),\n',
            before='    "embedded": st.booleans(),',
        ),
    )
    copy.run("docs/generate.py")
    copy.run("-m", "experiments.freshness", "--acknowledge")
    holds_to(copy, "Add a rule, or change one")
    copy.lint()
    copy.test("tests/rules/test_rules.py", "-k", "worn or every")
    copy.test("tests/registries/test_parameters.py", "-k", "wear or says or sources or ranges")
    copy.test("tests/test_baselines.py", "tests/engines/test_engines_agree.py", "tests/experiments/test_freshness.py")
