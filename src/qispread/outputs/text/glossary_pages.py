"""The glossary as text for the terminal and as a page of the documentation."""

from collections.abc import Iterable, Iterator

from qispread.inputs.frameworks import SOURCES
from qispread.outputs.text.glossary import GlossaryEntry, load_glossary, slug

INTRODUCTION = (
    "Terms in plain words, in alphabetical order. Each has its name in YAML, columns and code, other words in the "
    "literature, and a source (a key in `references.bib`). Measures, policies, context factors, attributes of "
    "interventions and networks have the definitions of their declarations. Policies have their ERIC implementation "
    "strategies (powell2015; numbers as in waltz2015); context factors their MUSIQ factors (kaplan2012) and CFIR "
    "constructs (damschroder2022); attributes of interventions their CFIR constructs; the closest first."
)


def entry_details(entry: GlossaryEntry) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the details of a term other than its definition: a label and its texts."""
    for label, texts in (
        ("Unit", (entry.unit,) if entry.unit not in ("", "-") else ()),
        ("Other words", entry.also),
        ("Name in version 0.1", entry.formerly),
    ):
        if texts:
            yield label, (", ".join(texts),)
    for framework in SOURCES:
        counterparts = [item for item in entry.counterparts if item.framework == framework]
        texts = tuple(str(item).removeprefix(f"{framework}: ") for item in counterparts)
        if texts:
            yield framework, texts
    if entry.sources:
        yield "Source", (", ".join(entry.sources),)


def entry_as_text(entry: GlossaryEntry) -> str:
    """Return an entry for the terminal."""
    kind = f" ({entry.kind.lower()})" if entry.kind else ""
    lines = [f"{entry.term}{kind}", f"  {entry.definition}"]
    lines += [f"  In YAML, columns and code: {', '.join(entry.names)}"] if entry.names else []
    lines += [f"  {label}: {text}" for label, texts in entry_details(entry) for text in texts]
    return "\n".join(lines)


def entry_as_markdown(entry: GlossaryEntry) -> Iterator[str]:
    """Yield the lines of an entry on the page."""
    kind = f"*{entry.kind}.* " if entry.kind else ""
    yield from (f"### {entry.term}", "", f"{kind}{entry.definition}", "")
    if entry.names:
        yield f"- In YAML, columns and code: {', '.join(f'`{name}`' for name in entry.names)}"
    for label, texts in entry_details(entry):
        yield from (f"- {label}: {text}" for text in texts)
    yield ""


def glossary_as_markdown(entries: Iterable[GlossaryEntry] | None = None) -> str:
    """Return the page of the glossary, with a heading, and so an anchor, for each letter and term."""
    shown = tuple(load_glossary() if entries is None else entries)
    initials = list(dict.fromkeys(slug(entry.term)[0].upper() for entry in shown))
    lines = ["# Glossary", "", "Written by `python docs/generate.py`; do not edit.", "", INTRODUCTION, ""]
    lines += [" ".join(f"[{initial}](#{initial.lower()})" for initial in initials), ""]
    for initial in initials:
        lines += [f"## {initial}", ""]
        for entry in shown:
            if slug(entry.term)[0].upper() == initial:
                lines += entry_as_markdown(entry)
    return "\n".join(lines).rstrip("\n") + "\n"
