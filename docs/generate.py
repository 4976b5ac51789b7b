"""Write what the documentation takes from the code, and the bibliography that the code takes from the documentation.

`python docs/generate.py` writes them; `--check` writes nothing, names what is stale and exits with 1.
"""

import argparse
import ast
import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from bibliography import read_sources
from decision_log import decisions_page, find_problems
from markdown_tables import docstring_summary, format_code, markdown_table
from plug_in_reference import render_plug_in_reference

import qispread.model.measures
import qispread.model.rules
from qispread.analysis.discovery import LIMIT_COLUMNS, TRAJECTORY_COLUMNS
from qispread.analysis.sensitivity_tables import INDEX_COLUMNS, PAIR_COLUMNS, VARIANCE_COLUMNS
from qispread.inputs.field_errors import discriminator
from qispread.inputs.frameworks import NO_COUNTERPART, policy_counterparts
from qispread.inputs.network_kinds import AnyNetwork
from qispread.inputs.organisations import ContextFactors, OrganisationRow
from qispread.inputs.parameter import ConfigSection, declaration_of, section_classes
from qispread.inputs.parameter_descriptions import (
    describe_parts,
    format_default,
    render_markdown,
    section_title,
)
from qispread.inputs.policies import AnyPolicy, Policy
from qispread.inputs.rule_descriptions import form_rows
from qispread.inputs.rule_forms import RULE_FORMS, SHIPPED
from qispread.inputs.scenario import Scenario
from qispread.model.engines import run_tables
from qispread.model.engines.agents import Organisation
from qispread.model.engines.mesa_model import MONTH_STEPS
from qispread.model.rules import random_draws
from qispread.model.world import state_arrays
from qispread.model.world.lever_slots import ORGANISATION_SLOTS, PRACTICE_SLOTS
from qispread.model.world.network_builders import tie_probabilities
from qispread.model.world.static_world import build_static_world
from qispread.outputs.results import COMPARISON_TABLES
from qispread.outputs.text.glossary_pages import glossary_as_markdown
from qispread.runs.calibration import calibration_tables as calibrated
from qispread.runs.diffusion_fit.fit_tables import FIT_TABLES as FITTING

DOCS = Path(__file__).resolve().parent
REFERENCES = "../src/qispread/outputs/text/references.json"
"""The bibliography that reports show."""
BLOCK = re.compile(r"(<!-- generated: (.+?) -->\n).*?(<!-- end -->)", re.DOTALL)
KEY = re.compile(r"\b[a-z]{3,}(?:19|20)\d\d\b")

BY_RULE = {"climate": "climate", "available_time": "available_time", "dose": "dose", "vigilance": "vigilance"}
"""State variables that are what a rule returns."""

IN_WORDS = {
    "spare_time": "Time left over once what is in use has had its share [full teams]",
    "effective_measurement": "Measurement with what feedback adds, at most 1 [share]",
    "exposure": "Cases a month: size / 12 [tens of thousands of cases]",
    "tuning_1": "First coordinate of the setting that the version in use is fitted to [standard deviations]",
    "tuning_2": "Second coordinate of the setting that the version in use is fitted to [standard deviations]",
    "stage": ", ".join(state_arrays.STAGES) + ".",
    "review_phase": "Month of the latest adoption, modulo the months between reviews.",
    "copied_from": "The peer that it copied last, or what else: the literature, the standard, nobody.",
    "practising": "1 where the stage is implementing or embedded, else 0.",
}
"""State variables that nothing in the code describes."""


def docstring_part(docstring: str, mark: str) -> str:
    """Return what a docstring says after a mark such as "Equation: ", up to the next mark."""
    found = re.search(rf"{mark}: (.*?)(?= (?:Equation|Source): |$)", " ".join(docstring.split()))
    return found.group(1) if found else ""


def iterate_rules() -> Iterator[tuple[str, str, str]]:
    """Yield module, name and docstring of every function of the rules that is decorated as one."""
    for path in sorted(Path(qispread.model.rules.__path__[0]).glob("*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and "rule" in map(ast.unparse, node.decorator_list):
                yield path.stem, node.name, ast.get_docstring(node) or ""


def rules() -> str:
    """Return the table of rules."""
    forms = [form for words in RULE_FORMS.values() if len(words) > 1 for form in words.values()]
    others = {f"{form.rule}_in_form" if form.name == SHIPPED else f"{form.rule}_{form.name}" for form in forms}
    rows = (
        (
            module,
            format_code(name),
            docstring_summary(text),
            docstring_part(text, "Equation"),
            docstring_part(text, "Source"),
        )
        for module, name, text in iterate_rules()
        if f"{module}.{name}" not in others
    )
    return markdown_table(("module", "function", "what it returns", "equation", "source"), rows)


def forms() -> str:
    """Return the table of the forms of the rules that have several."""
    rows = ((format_code(rule), format_code(name), *texts) for rule, name, *texts in form_rows())
    return markdown_table(("rule", "form", "meaning", "equation", "source"), rows)


def organisation_state() -> str:
    """Return the table of an organisation's state."""
    meanings, given = organisation_meanings(), state_arrays.ORGANISATION_ROWS[: state_arrays.GIVEN_ROW_COUNT]
    rows = (
        (format_code(name), meanings[name], "given or drawn" if name in given else "arises in the run")
        for name in state_arrays.ORGANISATION_ROWS
    )
    return markdown_table(("variable", "meaning", "origin"), rows)


def practice_meanings() -> dict[str, str]:
    """Return what each variable of a practice's state means."""
    return {**dict(run_tables.PRACTICE_COLUMNS.values()), **dict(run_tables.HISTORY_COLUMNS.values()), **IN_WORDS}


def practice_state() -> str:
    """Return the table of a practice's state, and which of it peers can see."""
    meanings = practice_meanings()
    names = dict.fromkeys((*state_arrays.HISTORY_ROWS, *state_arrays.PRACTICE_ROWS, *state_arrays.VISIBLE_ROWS))
    rows = ((format_code(name), meanings[name], "yes" if name in state_arrays.VISIBLE_ROWS else "no") for name in names)
    return markdown_table(("variable", "meaning", "seen by peers"), rows)


def organisation_meanings() -> dict[str, str]:
    """Return what each variable of an organisation's state means."""
    by_name = {name: docstring for _, name, docstring in iterate_rules()}
    meanings = dict(run_tables.END_COLUMNS.values()) | IN_WORDS
    meanings |= {row: docstring_summary(by_name[name]) for row, name in BY_RULE.items()}
    for name in state_arrays.ORGANISATION_ROWS[: state_arrays.GIVEN_ROW_COUNT]:
        field = ContextFactors.model_fields.get(name) or OrganisationRow.model_fields[name]
        meanings[name] = f"{field.description} [{(declaration_of(field) or {})['unit']}]"
    return meanings


def month() -> str:
    """Return the table of the steps of a month."""
    rows = []
    for number, name in enumerate(("apply_policies", *MONTH_STEPS), start=1):
        home = next(kind for kind in Organisation.__mro__ if name in vars(kind))
        rows.append((str(number), f"`{home.__name__}.{name}`", docstring_summary(vars(home)[name].__doc__)))
    return markdown_table(("", "step", "what happens"), rows)


def measures() -> str:
    """Return the table of measures."""
    rows = (
        (format_code(one.name), one.meaning, one.unit, one.better, "the whole only" if one.overall else "each and all")
        for one in qispread.model.measures.MEASURE_REGISTRY
    )
    return markdown_table(("measure", "meaning", "unit", "better", "of the interventions"), rows)


def slots() -> str:
    """Return the table of slots that policies move."""
    rows = (
        (format_code(name), whose, f"{slot.neutral:g}", slot.combine.__name__.strip("_").replace("_", " "))
        for whose, found in (("organisation", ORGANISATION_SLOTS), ("practice", PRACTICE_SLOTS))
        for name, slot in found.items()
    )
    return markdown_table(("slot", "of each", "with no policy", "several policies"), rows)


def section_own_fields(section: type[ConfigSection], shared: Iterable[str]) -> str:
    """Return the fields that a section adds to those shared by all of its kind, with their defaults."""
    fields = section.model_fields.items()
    return ", ".join(f"`{name}` {format_default(field)}" for name, field in fields if name not in shared)


def policies() -> str:
    """Return the table of policies."""
    shared, moving, rows = (*Policy.model_fields, "lever"), ORGANISATION_SLOTS | PRACTICE_SLOTS, []
    for policy in section_classes(AnyPolicy):
        moved = ", ".join(format_code(name) for name in policy.model_fields if name in moving and name not in shared)
        lever = discriminator(policy) or ""
        named = (policy.__name__, format_code(lever), section_title(policy))
        strategies = "; ".join(one.name or NO_COUNTERPART for one in policy_counterparts(lever))
        rows.append((*named, section_own_fields(policy, shared), moved or "none", strategies))
    return markdown_table(
        ("class", "lever", "meaning", "fields and defaults", "slots moved", "ERIC strategy (powell2015)"), rows
    )


def networks() -> str:
    """Return the table of networks."""
    rows = (
        (format_code(discriminator(network) or ""), section_title(network), section_own_fields(network, ("kind",)))
        for network in section_classes(AnyNetwork)
    )
    return markdown_table(("kind", "meaning", "fields and defaults"), rows)


def default_ties() -> str:
    """Return the probabilities of a tie in the network of the default scenario."""
    scenario = Scenario()
    chances = tie_probabilities(scenario.network, build_static_world(scenario))
    rows = zip(("the same partnership", "the same region only", "different regions"), chances, strict=True)
    return markdown_table(
        ("both ends in", "probability of a tie"), ((where, f"{chance:.4g}") for where, chance in rows)
    )


def purposes() -> str:
    """Return the table of what draws are for."""
    found = {name: value for name, value in vars(random_draws).items() if name.isupper() and type(value) is int}
    rows = ((format_code(name), str(value)) for name, value in found.items() if value < random_draws.FIRST_FREE)
    return markdown_table(("purpose", "number"), rows)


def parameters(heading: str) -> str:
    """Return the table of the parameters of one part of a scenario, leaving out choices that are no number."""
    found = next(found for part, _, found in describe_parts() if part == heading)
    rows = (
        (format_code(one.path), one.default, one.unit, one.plausible_range, one.meaning, one.source, one.evidence)
        for one in found
        if one.evidence != "choice" or one.unit != "-"
    )
    return markdown_table(("parameter", "default", "unit", "plausible", "meaning", "source", "known"), rows)


MAKERS = (organisation_state, practice_state, month, measures, rules, slots, policies, networks, default_ties, purposes)
BLOCKS: dict[str, Callable[[], str]] = {
    function.__name__.replace("_", " "): function for function in (*MAKERS, forms)
} | {f"parameters: {heading}": lambda heading=heading: parameters(heading) for heading, _, _ in describe_parts()}
"""What makes each table of model.md, by the name in its mark."""


READING = {
    "sensitivity of a saltelli design": ("Sobol' indices.", INDEX_COLUMNS["sobol"]),
    "sensitivity of a morris design": ("Elementary effects.", INDEX_COLUMNS["morris"]),
    "sensitivity of other designs": ("First-order shares of the variance.", INDEX_COLUMNS["first_order"]),
    "sensitivity_pairs": ("Second order indices, of a saltelli design that has them.", PAIR_COLUMNS),
    "sensitivity_noise": ("What the variance of single runs is made of.", VARIANCE_COLUMNS),
    "discovery": ("The boxes from everything to the densest.", TRAJECTORY_COLUMNS),
    "discovery_limits": ("The limits of every box, a row a parameter that it restricts.", LIMIT_COLUMNS),
}
"""The tables that `qispread sensitivity` and `qispread discover` write."""

CALIBRATING = {
    "parameters": ("What is known of each parameter, a row each.", calibrated.PARAMETER_COLUMNS),
    "targets": ("What runs show of each target before and after, a row each.", calibrated.TARGET_COLUMNS),
    "correlations": ("Every two parameters, the strongest correlation first.", calibrated.CORRELATION_COLUMNS),
    "posterior": (
        "The draws, a row each: a column a parameter by its path, and their weight.",
        calibrated.WEIGHT_COLUMN,
    ),
    "self_check": ("How well synthetic truths are found again, with --self-check.", calibrated.SELF_CHECK_COLUMNS),
}
"""The tables that `qispread calibrate` writes."""


def render_tables_page() -> str:
    """Return the page of result tables."""
    lines = [
        "# Tables of results",
        "",
        "Written by `python docs/generate.py`; do not edit.",
        "",
        "## Tables of a run",
        "",
    ]
    for name, columns in run_tables.RUN_TABLES.items():
        about = docstring_summary(getattr(getattr(run_tables, f"build_{name}_table", None), "__doc__", ""))
        rows = ((format_code(column), meaning) for column, meaning in columns.items())
        lines += [f"### {name}", "", about, "", markdown_table(("column", "meaning"), rows), ""]
    lines += ["## Tables of a comparison", "", "Beside them a folder for each arm, with the tables above.", ""]
    for name, (about, columns) in COMPARISON_TABLES.items():
        rows = ((format_code(column), meaning) for column, meaning in columns.items())
        lines += [f"### {name}", "", about, "", *([markdown_table(("column", "meaning"), rows), ""] if columns else [])]
    lines += ["## Tables of an analysis", "", "In the folder `analysis` of a sweep or of a comparison.", ""]
    for name, (about, columns) in READING.items():
        rows = ((format_code(column), meaning) for column, meaning in columns.items())
        lines += [f"### {name}", "", about, "", markdown_table(("column", "meaning"), rows), ""]
    lines += ["## Tables of a fit", "", "Written by `qispread fit`.", ""]
    for name, (about, columns) in FITTING.items():
        rows = ((format_code(column), meaning) for column, meaning in columns.items())
        lines += [f"### fit_{name}", "", about, "", markdown_table(("column", "meaning"), rows), ""]
    lines += ["## Tables of a calibration", "", "In the folder of the calibration, as Parquet and CSV.", ""]
    for name, (about, columns) in CALIBRATING.items():
        rows = ((format_code(column), meaning) for column, meaning in columns.items())
        lines += [f"### {name} (calibration)", "", about, "", markdown_table(("column", "meaning"), rows), ""]
    return (
        "\n".join([*lines, "## Measures", "", docstring_summary(qispread.model.measures.__doc__), "", measures()])
        + "\n"
    )


def generated_pages() -> dict[str, str]:
    """Return every file that holds something generated, by its path from here."""
    model = (DOCS / "model.md").read_text(encoding="utf-8")
    model = BLOCK.sub(lambda found: f"{found[1]}\n{BLOCKS[found[2]]()}\n\n{found[3]}", model)
    bibliography = json.dumps(read_sources(), indent=1, ensure_ascii=False) + "\n"
    return {
        "parameters.md": render_markdown(),
        "tables.md": render_tables_page(),
        "glossary.md": glossary_as_markdown(),
        "model.md": model,
        "plug_in_reference.md": render_plug_in_reference(practice_meanings() | organisation_meanings()),
        "decisions.md": decisions_page(),
        REFERENCES: bibliography,
    }


def find_unknown_sources(page: str) -> list[str]:
    """Return the sources that a page names and references.bib lacks."""
    bibliography = (DOCS / "references.bib").read_text(encoding="utf-8")
    return sorted(set(KEY.findall(page)) - set(re.findall(r"^@\w+\{(\w+),", bibliography, re.MULTILINE)))


def main(typed: Sequence[str] | None = None) -> int:
    """Write or check the pages, and return the exit code: 1 where a page is stale or names an unknown source."""
    parser = argparse.ArgumentParser(description="Write the generated parts of the documentation.")
    parser.add_argument("--check", action="store_true", help="write nothing; name what is stale and exit with 1")
    checking, problems = parser.parse_args(typed).check, []
    for name, text in generated_pages().items():
        if name == "decisions.md":
            problems += [f"docs/{name}: {problem}" for problem in find_problems(text)]
        problems += [f"docs/{name}: references.bib has no {key}" for key in find_unknown_sources(text)]
        path = DOCS / name
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        if checking:
            problems.append(f"docs/{name} is stale; run python docs/generate.py")
        else:
            path.write_text(text, encoding="utf-8")
    print("\n".join(problems or ["docs: nothing is stale" if checking else "docs: written"]))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
