"""The glossary has every term of the product once, from where it is declaration_of, and finds it by any word for it."""

import re
from pathlib import Path

import pytest

from qispread.inputs.errors import InputError
from qispread.inputs.field_errors import discriminator
from qispread.inputs.frameworks import PARAMETERS, POLICIES
from qispread.inputs.network_kinds import AnyNetwork
from qispread.inputs.organisations import CONTEXT_FACTORS
from qispread.inputs.parameter import section_classes
from qispread.inputs.parameter_descriptions import all_descriptions
from qispread.interfaces.cli.main import main
from qispread.model.measures import MEASURES
from qispread.outputs.text.glossary import (
    GlossaryEntry,
    check_fields,
    declared_entries,
    declared_key,
    find_entries,
    glossary_entry,
    load_glossary,
)
from qispread.outputs.text.glossary_pages import entry_as_text, glossary_as_markdown
from qispread.outputs.text.references import load_references

DOCS = Path(__file__).parents[2] / "docs"
NAMES = (
    "replicate",
    "arm",
    "baseline",
    "origin",
    "current_use",
    "ever_adopted",
    "discontinued",
    "fidelity",
    "effect",
    "replication_ratio",
    "event_rate",
    "events_averted",
    "uncertainty",
    "plausible_models",
    "simulation_interval",
    "uncertainty_range",
    "cost_per_event_averted",
    "icer",
    "dominated",
    "willingness_to_pay",
    "common_random_numbers",
    "identified",
    "local_improvement",
)
"""The names that the product uses for one thing each."""
TERMS = (
    "paired comparison",
    "Sobol' index",
    "Morris method",
    "PRIM box",
    "coverage",
    "density",
    "posterior",
    "predictive distribution",
    "Latin hypercube",
    "RE-AIM",
    "FRAME",
    "adaptation",
    "sustainment",
    "PDSA",
    "drift",
    "core components",
    "embedding",
    "ERIC",
    "MUSIQ",
    "CFIR",
)
ENTRIES = load_glossary()


@pytest.mark.parametrize("term", [*NAMES, *TERMS])
def test_terms_of_the_product_are_found(term):
    assert glossary_entry(term) in ENTRIES


def test_terms_and_anchors_are_unique():
    for one in ("term", "anchor"):
        values = [getattr(entry, one).lower() for entry in ENTRIES]
        assert len(set(values)) == len(values)


@pytest.mark.parametrize("name", MEASURES)
def test_every_measure_has_the_meaning_of_its_declaration(name):
    measured = [entry for entry in ENTRIES if entry.kind == "Measure" and name in entry.names]
    if name in CONTEXT_FACTORS:
        assert f"is the measure `{name}`" in glossary_entry(f"organisations.context.{name}").definition
    else:
        assert [entry.definition.startswith(MEASURES[name].meaning) for entry in measured] == [True]
        assert [entry.unit for entry in measured] == [MEASURES[name].unit]


def test_every_policy_network_factor_and_attribute_has_an_entry_with_its_counterparts():
    for lever, counterparts in POLICIES.items():
        assert glossary_entry(f"lever: {lever}").counterparts == counterparts
    for path, counterparts in PARAMETERS.items():
        assert glossary_entry(path).counterparts == counterparts
    for section in section_classes(AnyNetwork):
        if discriminator(section):
            assert glossary_entry(f"kind: {discriminator(section)}").kind == "Collaboration network"


def test_a_term_goes_before_another_word_for_it():
    assert glossary_entry("reach").term == "Reach"
    assert glossary_entry("uptake").term in {"Adoption", "Ever adopted"}
    assert glossary_entry("ADOPTERS STILL USING IT").term == "Sustainment"


def test_sources_are_in_the_bibliography():
    assert {key for entry in ENTRIES for key in entry.sources} <= set(load_references())


def test_paths_are_parameters():
    paths = {one.path for one in all_descriptions()}
    for entry in ENTRIES:
        for name in entry.names:
            if re.fullmatch(r"[a-z_]+(\.[a-z_]+)+", name):
                assert any(path == name or path.startswith(f"{name}.") for path in paths), name


def test_definitions_are_sentences():
    for entry in ENTRIES:
        assert re.fullmatch(r"[^a-z].*[.)]", entry.definition), entry.term
        assert "  " not in entry.definition


def test_an_unknown_term_leads_to_the_nearest():
    with pytest.raises(InputError, match="did you mean 'fidelity'"):
        glossary_entry("fidelty")


def test_part_of_a_term_finds_it():
    assert [entry.term for entry in find_entries("sobol")] == ["Sobol' index"]
    assert find_entries("") == ()


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ({"definition": "A.", "nmes": []}, "no field is called 'nmes'; did you mean 'names'"),
        ({"definition": "A.", "declared": "measure:cost"}, "either a definition or what declares it"),
        ({"names": []}, "either a definition or what declares it"),
    ],
)
def test_faulty_rows_are_refused(row, problem):
    with pytest.raises(InputError, match=re.escape(problem)):
        check_fields("Term", row)


def test_what_nothing_declares_is_refused_with_the_nearest():
    with pytest.raises(InputError, match="did you mean 'policy:coaching'"):
        declared_key("Coaching", {"declared": "policy:coachin"}, declared_entries())


def test_the_page_has_every_entry_under_its_letter_and_is_the_page_in_docs():
    page = glossary_as_markdown()
    headings = re.findall(r"^### (.*)$", page, flags=re.MULTILINE)
    assert headings == [entry.term for entry in ENTRIES]
    for initial in re.findall(r"\]\(#(\w)\)", page):
        assert f"\n## {initial.upper()}\n" in page
    if DOCS.exists():
        assert (DOCS / "glossary.md").read_text(encoding="utf-8") == page


def test_text_for_the_terminal_has_all_that_is_known():
    entry = GlossaryEntry("Term", "It is.", "Measure", "share", ("name",), ("word",), ("old",), ("kaplan2012",))
    assert entry_as_text(entry).splitlines() == [
        "Term (measure)",
        "  It is.",
        "  In YAML, columns and code: name",
        "  Unit: share",
        "  Other words: word",
        "  Name in version 0.1: old",
        "  Source: kaplan2012",
    ]


def test_describe_prints_a_term_its_counterparts_and_its_parameters(capsys):
    assert main(["describe", "slack"]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("Slack (context factor)\n")
    assert "organisations.context.slack = 0.45 full teams" in printed
    assert "    CFIR: Individuals: Characteristics: Opportunity" in printed


def test_describe_policies_names_the_strategies_of_each(capsys):
    assert main(["describe", "policies"]) == 0
    printed = capsys.readouterr().out
    for counterparts in POLICIES.values():
        assert all(str(one) in printed for one in counterparts)


def test_describe_glossary_prints_every_term_and_its_page(capsys):
    assert main(["describe", "glossary"]) == 0
    printed = capsys.readouterr().out
    assert all(entry.definition in printed for entry in ENTRIES)
    assert main(["describe", "--markdown", "glossary"]) == 0
    assert capsys.readouterr().out == glossary_as_markdown()


def test_describe_of_an_unknown_word_leads_to_the_nearest_term(capsys):
    assert main(["describe", "fidelty"]) == 2
    assert "did you mean 'fidelity'" in capsys.readouterr().err
