"""The glossary: plain definitions of terms, with their names in YAML, columns and code, and in the literature.

Measures, policies, context factors, attributes of interventions and networks have the definitions of their
declarations; other terms, and notes, are in glossary.yaml beside this file.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.resources import files
from typing import Any

from qispread.inputs.errors import Fault, InputError, did_you_mean
from qispread.inputs.field_errors import discriminator
from qispread.inputs.frameworks import (
    NETWORK,
    PARAMETERS,
    Counterpart,
    policy_counterparts,
)
from qispread.inputs.interventions import Intervention
from qispread.inputs.network_kinds import AnyNetwork
from qispread.inputs.organisations import CONTEXT_FACTORS, ContextFactors
from qispread.inputs.parameter import section_classes
from qispread.inputs.parameter_descriptions import describe_section, section_title
from qispread.inputs.policies import AnyPolicy
from qispread.inputs.yaml_reader import read_yaml
from qispread.model.measures import MEASURES, Measure
from qispread.outputs.text.references import CITATION_KEY

FILE = "glossary.yaml"
FIELDS = ("definition", "declared", "note", "names", "also", "formerly", "source")
KINDS = {
    "measure": "Measure",
    "policy": "Policy",
    "context": "Context factor",
    "intervention": "Attribute of an intervention",
    "network": "Collaboration network",
}
"""Labels of the kinds of declaration."""


@dataclass(frozen=True)
class GlossaryEntry:
    """One term.

    Attributes
    ----------
    term : str
    definition : str
        One to three plain sentences.
    kind : str
        Kind of its declaration, such as "Measure"; empty for terms of the file.
    unit : str
    names : tuple of str
        Names in YAML, columns and code.
    also : tuple of str
        Synonyms in outputs or the literature.
    formerly : tuple of str
        Names in YAML and columns of version 0.1.
    sources : tuple of str
        Keys of docs/references.bib.
    counterparts : tuple of Counterpart
        Counterparts in ERIC, MUSIQ and CFIR.
    """

    term: str
    definition: str
    kind: str = ""
    unit: str = ""
    names: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    formerly: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    counterparts: tuple[Counterpart, ...] = ()

    @property
    def anchor(self) -> str:
        """Return the anchor of the heading of the term on the page, as in GitHub and mkdocs."""
        return re.sub(r"[^\w -]", "", self.term.lower()).replace(" ", "-")


def sentence(text: str) -> str:
    """Return text as a sentence, with a capital letter and a full stop."""
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."


def plain_title(section: Any) -> str:
    """Return the title of a section, without the source in brackets."""
    return re.sub(rf" ?\((?:[^()]*: )?{CITATION_KEY.pattern}\)", "", section_title(section))


def declared_measures() -> Iterator[tuple[str, GlossaryEntry]]:
    """Yield every measure with its key, except the means of context factors."""
    for name, measure in MEASURES.items():
        if name not in CONTEXT_FACTORS:
            yield (
                f"measure:{name}",
                GlossaryEntry(measure.label, measure.meaning, KINDS["measure"], measure.unit, names=(name,)),
            )


def declared_policies() -> Iterator[tuple[str, GlossaryEntry]]:
    """Yield every policy with its key and its ERIC strategies."""
    for section in section_classes(AnyPolicy):
        lever = discriminator(section)
        if lever:
            yield (
                f"policy:{lever}",
                GlossaryEntry(
                    sentence(lever.replace("_", " ")).rstrip("."),
                    sentence(plain_title(section)),
                    KINDS["policy"],
                    names=(f"lever: {lever}",),
                    sources=tuple(CITATION_KEY.findall(section_title(section))),
                    counterparts=policy_counterparts(lever),
                ),
            )


def declared_networks() -> Iterator[tuple[str, GlossaryEntry]]:
    """Yield every kind of collaboration network with its key."""
    for section in section_classes(AnyNetwork):
        kind = discriminator(section)
        if kind:
            yield (
                f"network:{kind}",
                GlossaryEntry(
                    sentence(f"{kind.replace('_', ' ')} network").rstrip("."),
                    sentence(plain_title(section)),
                    KINDS["network"],
                    names=(f"kind: {kind}",),
                    sources=tuple(CITATION_KEY.findall(section_title(section))),
                    counterparts=(NETWORK,),
                ),
            )


def declared_parameters() -> Iterator[tuple[str, GlossaryEntry]]:
    """Yield every context factor and attribute of an intervention with its key and its MUSIQ and CFIR counterparts."""
    sections = (
        ("context", ContextFactors, "organisations.context"),
        ("intervention", Intervention, "interventions.NAME"),
    )
    for kind, section, path in sections:
        for parameter in describe_section(section, path):
            if parameter.path in PARAMETERS:
                name = parameter.path.removeprefix(f"{path}.")
                measured = f" Its mean over organisations is the measure `{name}`." if name in MEASURES else ""
                yield (
                    f"{kind}:{name}",
                    GlossaryEntry(
                        sentence(re.sub(r"[._]", " ", name)).rstrip("."),
                        sentence(parameter.meaning) + measured,
                        KINDS[kind],
                        parameter.unit,
                        names=(parameter.path,),
                        sources=tuple(CITATION_KEY.findall(parameter.source)),
                        counterparts=PARAMETERS[parameter.path],
                    ),
                )


def declared_entries() -> dict[str, GlossaryEntry]:
    """Return all declared entries by key, such as "measure:fidelity" or "policy:coaching"."""
    return {
        key: entry
        for makers in (declared_measures, declared_policies, declared_networks, declared_parameters)
        for key, entry in makers()
    }


def declared_key(term: str, row: dict[str, Any], declared: dict[str, GlossaryEntry]) -> str:
    """Return the key of the declaration of a term; measures are also looked up by their former names.

    Raises
    ------
    InputError
        Where there is no declaration of that name.
    """
    kind = str(row["declared"]).partition(":")[0]
    keys = [str(row["declared"]), *(f"{kind}:{name}" for name in row.get("formerly", ()))]
    key = next((key for key in keys if key in declared), None)
    if key is None:
        raise InputError([Fault(term, f"nothing declares '{keys[0]}'{did_you_mean(keys[0], declared)}", FILE)])
    return key


def check_fields(term: str, row: dict[str, Any]) -> None:
    """Refuse a term with unknown fields, or without exactly one of a definition and a declaration.

    Raises
    ------
    InputError
    """
    unknown = [name for name in row if name not in FIELDS]
    if unknown:
        raise InputError([Fault(term, f"no field is called '{unknown[0]}'{did_you_mean(unknown[0], FIELDS)}", FILE)])
    if ("definition" in row) == ("declared" in row):
        raise InputError([Fault(term, "needed: either a definition or what declares it", FILE)])


def measure_names(row: dict[str, Any]) -> tuple[str, ...]:
    """Return the name of the measure that declares a term, as in the file; empty for other terms."""
    kind, _, name = str(row.get("declared", "")).partition(":")
    return (name,) if kind == "measure" else ()


def written_entry(term: str, row: dict[str, Any], base: GlossaryEntry | None) -> GlossaryEntry:
    """Return the entry of a term of the file, based on its declaration where it has one."""
    entry = base or GlossaryEntry(term, str(row["definition"]))
    texts = (entry.definition, str(row.get("note", "")))
    label = (entry.term,) if slug(entry.term) != slug(term) else ()
    renamed = tuple(name for name in measure_names(row) if name not in entry.names)
    return replace(
        entry,
        term=term,
        definition=" ".join(text.strip() for text in texts if text),
        names=(*entry.names, *(name for name in row.get("names", ()) if name not in entry.names)),
        also=(*label, *renamed, *map(str, row.get("also", ()))),
        formerly=tuple(name for name in row.get("formerly", ()) if name not in entry.names),
        sources=tuple(dict.fromkeys((*entry.sources, *CITATION_KEY.findall(str(row.get("source", "")))))),
    )


def load_glossary() -> tuple[GlossaryEntry, ...]:
    """Return all entries in alphabetical order.

    Raises
    ------
    InputError
        Where the file refers to a missing declaration, or has a declared term twice.
    """
    return _build_glossary(tuple(MEASURES.values()))


@lru_cache(maxsize=1)
def _build_glossary(_measures: tuple[Measure, ...]) -> tuple[GlossaryEntry, ...]:
    declared = declared_entries()
    rows, _ = read_yaml(files(__package__).joinpath(FILE), FILE)
    entries: list[GlossaryEntry] = []
    for term, row in rows.items():
        check_fields(term, row)
        key = declared_key(term, row, declared) if "declared" in row else ""
        entries.append(written_entry(term, row, declared.pop(key) if key else None))
    entries += declared.values()
    return tuple(sorted(entries, key=lambda entry: (slug(entry.term), entry.term)))


def slug(text: str) -> str:
    """Return a normalised name for comparison: lower case, words separated by spaces."""
    return re.sub(r"[\W_]+", " ", re.sub(r"['\u2019]", "", text.lower())).strip()


def ranked_words(entry: GlossaryEntry) -> tuple[tuple[str, ...], ...]:
    """Return the words for an entry by rank: the term, its names in code, their last parts, former names, synonyms."""
    last = tuple(re.split(r"[.:] ?", name)[-1] for name in entry.names)
    return (entry.term,), entry.names, last, entry.formerly, entry.also


def entries_by_word() -> dict[str, GlossaryEntry]:
    """Return the entries by every word for them; a shared word has the entry with the higher rank."""
    return _index_entries(load_glossary())


@lru_cache(maxsize=1)
def _index_entries(entries: tuple[GlossaryEntry, ...]) -> dict[str, GlossaryEntry]:
    index: dict[str, GlossaryEntry] = {}
    for rank in zip(*(ranked_words(entry) for entry in entries), strict=True):
        for entry, words in zip(entries, rank, strict=True):
            for word in words:
                index.setdefault(slug(word), entry)
    return index


def find_entry(word: str) -> GlossaryEntry | None:
    """Return the entry of a term, of a name in code or of a synonym; None where there is none."""
    return entries_by_word().get(slug(word))


def find_entries(word: str) -> tuple[GlossaryEntry, ...]:
    """Return the entry of a word, or else those with the word in their term; empty where there is none."""
    exact, part = find_entry(word), slug(word)
    if exact is not None:
        return (exact,)
    return tuple(entry for entry in load_glossary() if part and f" {part}" in f" {slug(entry.term)}")


def glossary_entry(term: str) -> GlossaryEntry:
    """Return the entry of a term, of a name in code or of a synonym.

    Parameters
    ----------
    term : str
        Case, hyphens and underscores are ignored.

    Raises
    ------
    InputError
        Where the glossary has none, with the nearest term.
    """
    entry = find_entry(term)
    if entry is None:
        raise InputError([Fault("glossary", f"no term is called '{term}'{nearest_term(term)}")])
    return entry


def nearest_term(word: str, *others: str) -> str:
    """Return a hint with the nearest of `others` and of all words of the glossary; empty where none is near."""
    words = {*others} | {
        name for entry in load_glossary() for name in (entry.term, *entry.names, *entry.also, *entry.formerly)
    }
    return did_you_mean(word, words, listing=False)
