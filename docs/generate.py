"""Write what the documentation takes from the code: two pages, and the tables inside model.md.

`python docs/generate.py` writes them; `--check` writes nothing, names what is stale and exits with 1.
"""

import argparse
import ast
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import qispread.rules
from qispread.config.describe import as_markdown, cell, parts, shown_default, title_of
from qispread.config.networks import AnyNetwork
from qispread.config.organisations import Context, OrganisationRow
from qispread.config.parameter import Section, declared, sections_within
from qispread.config.policies import AnyPolicy, Policy
from qispread.config.scenario import Scenario
from qispread.config.validate import tag_of
from qispread.engines import tables
from qispread.engines.model import MONTH
from qispread.engines.organisation import Organisation
from qispread.measures import REGISTRY
from qispread.rules import draws
from qispread.world import layout
from qispread.world.frame import frame_of
from qispread.world.levers import ORGANISATION_SLOTS, PRACTICE_SLOTS
from qispread.world.networks import tie_chances

DOCS = Path(__file__).resolve().parent
BLOCK = re.compile(r"(<!-- generated: (.+?) -->\n).*?(<!-- end -->)", re.DOTALL)
KEY = re.compile(r"\b[a-z]{3,}(?:19|20)\d\d\b")

BY_RULE = {
    "climate": "climate",
    "available": "available_time",
    "dose": "dose",
    "vigilance": "vigilance",
    "exposure": "exposure",
}
"""State variables that are what a rule returns."""

IN_WORDS = {
    "watched": "Measurement with what feedback adds, at most 1.",
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


def first_sentence(docstring: str | None) -> str:
    """Return the first paragraph of a docstring as what it names, without the imperative and the source."""
    paragraph = " ".join((docstring or "").split("\n\n")[0].split())
    found = re.split(r" ?(?:Equation|Source): ", paragraph)[0].removeprefix("Return ")
    return found[:1].upper() + found[1:]


def marked(docstring: str, mark: str) -> str:
    """Return what a docstring says after a mark such as "Equation: ", up to the next mark."""
    found = re.search(rf"{mark}: (.*?)(?= (?:Equation|Source): |$)", " ".join(docstring.split()))
    return found.group(1) if found else ""


def rules_of(module: str) -> Iterator[tuple[str, str]]:
    """Yield name and docstring of the rules of a module, in its order."""
    source = (Path(qispread.rules.__path__[0]) / f"{module}.py").read_text(encoding="utf-8")
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef) and any(
            isinstance(mark, ast.Name) and mark.id == "rule" for mark in node.decorator_list
        ):
            yield node.name, ast.get_docstring(node) or ""


def all_rules() -> Iterator[tuple[str, str, str]]:
    """Yield module, name and docstring of every rule."""
    for path in sorted(Path(qispread.rules.__path__[0]).glob("*.py")):
        for name, docstring in rules_of(path.stem):
            yield path.stem, name, docstring


def rules() -> str:
    """Return the table of rules."""
    header = ("module", "function", "what it returns", "equation", "source")
    return table(
        header,
        (
            (module, code(name), first_sentence(text), marked(text, "Equation"), marked(text, "Source"))
            for module, name, text in all_rules()
        ),
    )


def given_meanings() -> dict[str, str]:
    """Return the meaning of what a table of organisations may give."""
    found = {}
    for name in layout.ORGANISATION_ROWS[: layout.GIVEN_ROWS]:
        field = Context.model_fields.get(name) or OrganisationRow.model_fields[name]
        found[name] = f"{field.description} [{(declared(field) or {})['unit']}]"
    return found


def organisation_meanings() -> dict[str, str]:
    """Return the meaning of the state variables of an organisation."""
    by_name = {name: docstring for _, name, docstring in all_rules()}
    returned = {row: first_sentence(by_name[name]) for row, name in BY_RULE.items()}
    return dict(tables.END_COLUMNS.values()) | given_meanings() | returned | IN_WORDS


def practice_meanings() -> dict[str, str]:
    """Return the meaning of the state variables of a practice."""
    return {**dict(tables.PRACTICE_COLUMNS.values()), **dict(tables.HISTORY_COLUMNS.values()), **IN_WORDS}


def organisation_state() -> str:
    """Return the table of an organisation's state."""
    meanings = organisation_meanings()
    rows = [
        (code(name), meanings[name], "given or drawn" if place < layout.GIVEN_ROWS else "arises in the run")
        for place, name in enumerate(layout.ORGANISATION_ROWS)
    ]
    return table(("variable", "meaning", "at the start"), rows)


def practice_state() -> str:
    """Return the table of a practice's state, and which of it peers can see."""
    meanings = practice_meanings()
    rows = [
        (code(name), meanings[name], "yes" if name in layout.VISIBLE_ROWS else "")
        for name in (*layout.HISTORY_ROWS, *layout.PRACTICE_ROWS)
    ]
    seen = [(code(name), meanings[name], "yes") for name in layout.VISIBLE_ROWS if name == "practising"]
    return table(("variable", "meaning", "seen by peers"), rows + seen)


def month() -> str:
    """Return the table of the steps of a month."""
    rows = []
    for number, name in enumerate(("follow_policies", *MONTH), start=1):
        home = next(kind for kind in Organisation.__mro__ if name in vars(kind))
        rows.append((str(number), f"`{home.__name__}.{name}`", first_sentence(vars(home)[name].__doc__)))
    return table(("", "step", "what happens"), rows)


def measures() -> str:
    """Return the table of measures."""
    rows = ((code(m.name), m.meaning, m.unit, m.better, "the whole" if m.overall else "each") for m in REGISTRY)
    return table(("measure", "meaning", "unit", "better", "of"), rows)


def slots() -> str:
    """Return the table of slots that policies move."""
    both = (("organisation", ORGANISATION_SLOTS), ("practice", PRACTICE_SLOTS))
    rows = (
        (code(name), whose, f"{slot.neutral:g}", slot.combine.__name__.strip("_").replace("_", " "))
        for whose, found in both
        for name, slot in found.items()
    )
    return table(("slot", "of each", "with no policy", "several policies"), rows)


def own_fields(section: type[Section], shared: Iterable[str]) -> str:
    """Return the fields that a section adds to those shared by all of its kind, with their defaults."""
    fields = section.model_fields.items()
    return ", ".join(f"`{name}` {shown_default(field)}" for name, field in fields if name not in shared)


def policies() -> str:
    """Return the table of policies."""
    shared = (*Policy.model_fields, "lever")
    rows = []
    for policy in sections_within(AnyPolicy):
        moved = [code(name) for name in policy.model_fields if name in ORGANISATION_SLOTS | PRACTICE_SLOTS]
        moved.remove("`cost`")
        known = (policy.__name__, code(tag_of(policy) or ""), title_of(policy))
        rows.append((*known, own_fields(policy, shared), ", ".join(moved) or "none"))
    return table(("class", "lever", "meaning", "fields and defaults", "slots moved"), rows)


def networks() -> str:
    """Return the table of networks."""
    rows = (
        (code(tag_of(network) or ""), title_of(network), own_fields(network, ("kind",)))
        for network in sections_within(AnyNetwork)
    )
    return table(("kind", "meaning", "fields and defaults"), rows)


def ties_by_default() -> str:
    """Return the probabilities of a tie in the network of the default scenario."""
    scenario = Scenario()
    chances = tie_chances(scenario.network, frame_of(scenario))
    rows = zip(("the same partnership", "the same region only", "different regions"), chances, strict=True)
    return table(("both ends in", "probability of a tie"), ((where, f"{chance:.4g}") for where, chance in rows))


def purposes() -> str:
    """Return the table of what draws are for."""
    found = {name: value for name, value in vars(draws).items() if name.isupper() and type(value) is int}
    named = ((code(name), str(value)) for name, value in found.items() if value < draws.PURPOSES_A_MONTH)
    return table(("purpose", "number"), named)


def parameters(heading: str) -> str:
    """Return the table of the parameters of one part of a scenario, leaving out what is a free choice."""
    ((_, _, found),) = [part for part in parts() if part[0] == heading]
    rows = (
        (code(one.path), one.default, one.unit, one.plausible, one.meaning, one.source, one.known)
        for one in found
        if one.known != "choice"
    )
    return table(("parameter", "default", "unit", "plausible", "meaning", "source", "known"), rows)


BLOCKS: dict[str, Callable[[], str]] = {
    "state of an organisation": organisation_state,
    "state of a practice": practice_state,
    "month": month,
    "measures": measures,
    "rules": rules,
    "slots": slots,
    "policies": policies,
    "networks": networks,
    "ties by default": ties_by_default,
    "purposes": purposes,
} | {f"parameters: {heading}": lambda heading=heading: parameters(heading) for heading, _, _ in parts()}


def with_tables(text: str) -> str:
    """Return a page with its generated tables brought up to date."""
    return BLOCK.sub(lambda found: f"{found[1]}\n{BLOCKS[found[2]]()}\n\n{found[3]}", text)


def tables_page() -> str:
    """Return the page of result tables."""
    lines = ["# Tables of results", "", "Written by `python docs/generate.py`; do not edit.", ""]
    for name, columns in tables.TABLES.items():
        about = first_sentence(getattr(getattr(tables, f"{name}_table", None), "__doc__", ""))
        rows = ((code(column), meaning) for column, meaning in columns.items())
        lines += [f"## {name}", "", about, "", table(("column", "meaning"), rows), ""]
    lines += ["## Measures", "", first_sentence(sys.modules["qispread.measures"].__doc__), "", measures()]
    return "\n".join(lines) + "\n"


def pages() -> dict[str, str]:
    """Return every page that holds something generated, by file name."""
    model = (DOCS / "model.md").read_text(encoding="utf-8")
    return {"parameters.md": as_markdown(), "tables.md": tables_page(), "model.md": with_tables(model)}


def unknown_sources(found: dict[str, str]) -> list[str]:
    """Return a line for each source that a page names and references.bib lacks."""
    known = set(re.findall(r"^@\w+\{(\w+),", (DOCS / "references.bib").read_text(encoding="utf-8"), re.MULTILINE))
    return [f"{name}: no source is called {key}" for name in found for key in sorted(set(KEY.findall(found[name])) - known)]


def main(typed: Sequence[str] | None = None) -> int:
    """Write or check the pages, and return the exit code."""
    parser = argparse.ArgumentParser(description="Write the generated parts of the documentation.")
    parser.add_argument("--check", action="store_true", help="write nothing; name what is stale and exit with 1")
    checking = parser.parse_args(typed).check
    found = pages()
    problems = unknown_sources(found)
    for name, text in found.items():
        path = DOCS / name
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        if checking:
            problems.append(f"{name}: stale; run python docs/generate.py")
        else:
            path.write_text(text, encoding="utf-8")
            print(f"wrote {path}")
    print("\n".join(problems), end="\n" if problems else "")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
