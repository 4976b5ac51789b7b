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

from bibliography import sources
from decision_log import decisions_page, find_problems

import qispread.measures
import qispread.rules
from qispread.analysis.discovery import LIMITS, TRAJECTORY
from qispread.analysis.sensitivity_tables import INDICES, NOISE, PAIRS
from qispread.calibrating import tables as calibrated
from qispread.config.describe import as_markdown, cell, parts, shown_default, title_of
from qispread.config.networks import AnyNetwork
from qispread.config.organisations import Context, OrganisationRow
from qispread.config.parameter import Section, declared, sections_within
from qispread.config.policies import AnyPolicy, Policy
from qispread.config.scenario import Scenario
from qispread.config.validate import tag_of
from qispread.engines import tables
from qispread.engines.agents import Organisation
from qispread.engines.model import MONTH
from qispread.fitting.tables import TABLES as FITTING
from qispread.results import COMPARISON_TABLES
from qispread.rules import draws
from qispread.world import layout
from qispread.world.frame import frame_of
from qispread.world.levers import ORGANISATION_SLOTS, PRACTICE_SLOTS
from qispread.world.networks import tie_chances

DOCS = Path(__file__).resolve().parent
REFERENCES = "../src/qispread/presentation/references.json"
"""The bibliography that reports show."""
BLOCK = re.compile(r"(<!-- generated: (.+?) -->\n).*?(<!-- end -->)", re.DOTALL)
KEY = re.compile(r"\b[a-z]{3,}(?:19|20)\d\d\b")

BY_RULE = {"climate": "climate", "available": "available_time", "dose": "dose", "vigilance": "vigilance"}
"""State variables that are what a rule returns."""

IN_WORDS = {
    "spare": "Time left over once what is in use has had its share [full teams]",
    "watched": "Measurement with what feedback adds, at most 1 [share]",
    "exposure": "Cases a month: size / 12 [tens of thousands of cases]",
    "tuning_1": "First coordinate of the setting that the version in use is fitted to [standard deviations]",
    "tuning_2": "Second coordinate of the setting that the version in use is fitted to [standard deviations]",
    "stage": ", ".join(layout.STAGES) + ".",
    "anniversary": "Month in which it last began, modulo the months between reviews.",
    "copied_from": "The peer that it copied last, or what else: the literature, the standard, nobody.",
    "practising": "1 where the stage is implementing or embedded, else 0.",
}
"""State variables that nothing in the code describes."""


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [header, ["---"] * len(header), *([cell(text) for text in row] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def code(name: str) -> str:
    """Return a name as code."""
    return f"`{name}`"


def summary(docstring: str | None) -> str:
    """Return the first paragraph of a docstring as what it names, without the imperative, equation and source."""
    paragraph = " ".join((docstring or "").split("\n\n")[0].split())
    found = re.split(r" ?(?:Equation|Source): ", paragraph)[0].removeprefix("Return ")
    return found[:1].upper() + found[1:] if found[1:2].isalpha() else found


def marked(docstring: str, mark: str) -> str:
    """Return what a docstring says after a mark such as "Equation: ", up to the next mark."""
    found = re.search(rf"{mark}: (.*?)(?= (?:Equation|Source): |$)", " ".join(docstring.split()))
    return found.group(1) if found else ""


def all_rules() -> Iterator[tuple[str, str, str]]:
    """Yield module, name and docstring of every function of the rules that is decorated as one."""
    for path in sorted(Path(qispread.rules.__path__[0]).glob("*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and "rule" in map(ast.unparse, node.decorator_list):
                yield path.stem, node.name, ast.get_docstring(node) or ""


def rules() -> str:
    """Return the table of rules."""
    rows = (
        (module, code(name), summary(text), marked(text, "Equation"), marked(text, "Source"))
        for module, name, text in all_rules()
    )
    return table(("module", "function", "what it returns", "equation", "source"), rows)


def organisation_state() -> str:
    """Return the table of an organisation's state."""
    by_name = {name: docstring for _, name, docstring in all_rules()}
    meanings = dict(tables.END_COLUMNS.values()) | IN_WORDS
    meanings |= {row: summary(by_name[name]) for row, name in BY_RULE.items()}
    given = layout.ORGANISATION_ROWS[: layout.GIVEN_ROWS]
    for name in given:
        field = Context.model_fields.get(name) or OrganisationRow.model_fields[name]
        meanings[name] = f"{field.description} [{(declared(field) or {})['unit']}]"
    rows = (
        (code(name), meanings[name], "given or drawn" if name in given else "arises in the run")
        for name in layout.ORGANISATION_ROWS
    )
    return table(("variable", "meaning", "origin"), rows)


def practice_state() -> str:
    """Return the table of a practice's state, and which of it peers can see."""
    meanings = {**dict(tables.PRACTICE_COLUMNS.values()), **dict(tables.HISTORY_COLUMNS.values()), **IN_WORDS}
    names = dict.fromkeys((*layout.HISTORY_ROWS, *layout.PRACTICE_ROWS, *layout.VISIBLE_ROWS))
    rows = ((code(name), meanings[name], "yes" if name in layout.VISIBLE_ROWS else "no") for name in names)
    return table(("variable", "meaning", "seen by peers"), rows)


def month() -> str:
    """Return the table of the steps of a month."""
    rows = []
    for number, name in enumerate(("follow_policies", *MONTH), start=1):
        home = next(kind for kind in Organisation.__mro__ if name in vars(kind))
        rows.append((str(number), f"`{home.__name__}.{name}`", summary(vars(home)[name].__doc__)))
    return table(("", "step", "what happens"), rows)


def measures() -> str:
    """Return the table of measures."""
    rows = (
        (code(one.name), one.meaning, one.unit, one.better, "the whole only" if one.overall else "each and all")
        for one in qispread.measures.REGISTRY
    )
    return table(("measure", "meaning", "unit", "better", "of the interventions"), rows)


def slots() -> str:
    """Return the table of slots that policies move."""
    rows = (
        (code(name), whose, f"{slot.neutral:g}", slot.combine.__name__.strip("_").replace("_", " "))
        for whose, found in (("organisation", ORGANISATION_SLOTS), ("practice", PRACTICE_SLOTS))
        for name, slot in found.items()
    )
    return table(("slot", "of each", "with no policy", "several policies"), rows)


def own_fields(section: type[Section], shared: Iterable[str]) -> str:
    """Return the fields that a section adds to those shared by all of its kind, with their defaults."""
    fields = section.model_fields.items()
    return ", ".join(f"`{name}` {shown_default(field)}" for name, field in fields if name not in shared)


def policies() -> str:
    """Return the table of policies."""
    shared, moving, rows = (*Policy.model_fields, "lever"), ORGANISATION_SLOTS | PRACTICE_SLOTS, []
    for policy in sections_within(AnyPolicy):
        moved = ", ".join(code(name) for name in policy.model_fields if name in moving and name not in shared)
        named = (policy.__name__, code(tag_of(policy) or ""), title_of(policy))
        rows.append((*named, own_fields(policy, shared), moved or "none"))
    return table(("class", "lever", "meaning", "fields and defaults", "slots moved"), rows)


def networks() -> str:
    """Return the table of networks."""
    rows = (
        (code(tag_of(network) or ""), title_of(network), own_fields(network, ("kind",)))
        for network in sections_within(AnyNetwork)
    )
    return table(("kind", "meaning", "fields and defaults"), rows)


def default_ties() -> str:
    """Return the probabilities of a tie in the network of the default scenario."""
    scenario = Scenario()
    chances = tie_chances(scenario.network, frame_of(scenario))
    rows = zip(("the same partnership", "the same region only", "different regions"), chances, strict=True)
    return table(("both ends in", "probability of a tie"), ((where, f"{chance:.4g}") for where, chance in rows))


def purposes() -> str:
    """Return the table of what draws are for."""
    found = {name: value for name, value in vars(draws).items() if name.isupper() and type(value) is int}
    rows = ((code(name), str(value)) for name, value in found.items() if value < draws.FIRST_FREE)
    return table(("purpose", "number"), rows)


def parameters(heading: str) -> str:
    """Return the table of the parameters of one part of a scenario, leaving out choices that are no number."""
    found = next(found for part, _, found in parts() if part == heading)
    rows = (
        (code(one.path), one.default, one.unit, one.plausible, one.meaning, one.source, one.known)
        for one in found
        if one.known != "choice" or one.unit != "-"
    )
    return table(("parameter", "default", "unit", "plausible", "meaning", "source", "known"), rows)


MAKERS = (organisation_state, practice_state, month, measures, rules, slots, policies, networks, default_ties, purposes)
BLOCKS: dict[str, Callable[[], str]] = {function.__name__.replace("_", " "): function for function in MAKERS} | {
    f"parameters: {heading}": lambda heading=heading: parameters(heading) for heading, _, _ in parts()
}
"""What makes each table of model.md, by the name in its mark."""


READING = {
    "sensitivity of a saltelli design": ("Sobol' indices.", INDICES["sobol"]),
    "sensitivity of a morris design": ("Elementary effects.", INDICES["morris"]),
    "sensitivity of other designs": ("First-order shares of the variance.", INDICES["first_order"]),
    "sensitivity_pairs": ("Second order indices, of a saltelli design that has them.", PAIRS),
    "sensitivity_noise": ("What the variance of single runs is made of.", NOISE),
    "discovery": ("The boxes from everything to the densest.", TRAJECTORY),
    "discovery_limits": ("The limits of every box, a row a parameter that it restricts.", LIMITS),
}
"""The tables that `qispread sensitivity` and `qispread discover` write."""

CALIBRATING = {
    "parameters": ("What is known of each parameter, a row each.", calibrated.PARAMETERS),
    "targets": ("What runs show of each target before and after, a row each.", calibrated.TARGETS),
    "correlations": ("Every two parameters, the strongest correlation first.", calibrated.CORRELATIONS),
    "posterior": (
        "The draws, a row each: a column a parameter by its path, and their weight.",
        calibrated.WEIGHT,
    ),
    "self_check": ("How well synthetic truths are found again, with --self-check.", calibrated.CHECKED),
}
"""The tables that `qispread calibrate` writes."""


def tables_page() -> str:
    """Return the page of result tables."""
    lines = [
        "# Tables of results",
        "",
        "Written by `python docs/generate.py`; do not edit.",
        "",
        "## Tables of a run",
        "",
    ]
    for name, columns in tables.TABLES.items():
        about = summary(getattr(getattr(tables, f"{name}_table", None), "__doc__", ""))
        rows = ((code(column), meaning) for column, meaning in columns.items())
        lines += [f"### {name}", "", about, "", table(("column", "meaning"), rows), ""]
    lines += ["## Tables of a comparison", "", "Beside them a folder for each arm, with the tables above.", ""]
    for name, (about, columns) in COMPARISON_TABLES.items():
        rows = ((code(column), meaning) for column, meaning in columns.items())
        lines += [f"### {name}", "", about, "", *([table(("column", "meaning"), rows), ""] if columns else [])]
    lines += ["## Tables of an analysis", "", "In the folder `analysis` of a sweep or of a comparison.", ""]
    for name, (about, columns) in READING.items():
        rows = ((code(column), meaning) for column, meaning in columns.items())
        lines += [f"### {name}", "", about, "", table(("column", "meaning"), rows), ""]
    lines += ["## Tables of a fit", "", "Written by `qispread fit`.", ""]
    for name, (about, columns) in FITTING.items():
        rows = ((code(column), meaning) for column, meaning in columns.items())
        lines += [f"### fit_{name}", "", about, "", table(("column", "meaning"), rows), ""]
    lines += ["## Tables of a calibration", "", "In the folder of the calibration, as Parquet and CSV.", ""]
    for name, (about, columns) in CALIBRATING.items():
        rows = ((code(column), meaning) for column, meaning in columns.items())
        lines += [f"### {name} (calibration)", "", about, "", table(("column", "meaning"), rows), ""]
    return "\n".join([*lines, "## Measures", "", summary(qispread.measures.__doc__), "", measures()]) + "\n"


def pages() -> dict[str, str]:
    """Return every file that holds something generated, by its path from here."""
    model = (DOCS / "model.md").read_text(encoding="utf-8")
    model = BLOCK.sub(lambda found: f"{found[1]}\n{BLOCKS[found[2]]()}\n\n{found[3]}", model)
    bibliography = json.dumps(sources(), indent=1, ensure_ascii=False) + "\n"
    written = {"parameters.md": as_markdown(), "tables.md": tables_page(), "model.md": model}
    return {**written, "decisions.md": decisions_page(), REFERENCES: bibliography}


def unknown_sources(page: str) -> list[str]:
    """Return the sources that a page names and references.bib lacks."""
    bibliography = (DOCS / "references.bib").read_text(encoding="utf-8")
    return sorted(set(KEY.findall(page)) - set(re.findall(r"^@\w+\{(\w+),", bibliography, re.MULTILINE)))


def main(typed: Sequence[str] | None = None) -> int:
    """Write or check the pages, and return the exit code: 1 where a page is stale or names an unknown source."""
    parser = argparse.ArgumentParser(description="Write the generated parts of the documentation.")
    parser.add_argument("--check", action="store_true", help="write nothing; name what is stale and exit with 1")
    checking, problems = parser.parse_args(typed).check, []
    for name, text in pages().items():
        problems += [f"docs/{name}: {found}" for found in (find_problems(text) if name == "decisions.md" else [])]
        problems += [f"docs/{name}: references.bib has no {key}" for key in unknown_sources(text)]
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
