"""What a report says of sources and of how to cite is what the repository says."""

import json
import re
from pathlib import Path

import yaml
from bibliography import read_sources

from qispread.inputs.parameter_descriptions import all_descriptions
from qispread.outputs.report.assumptions_section import EVIDENCE_ORDER
from qispread.outputs.report.provenance_section import SOFTWARE_TITLE
from qispread.outputs.text.references import CITATION_KEY, load_references

ROOT = Path(__file__).parents[2]


def test_every_source_of_a_parameter_is_in_the_bibliography_of_the_report():
    named = {key for one in all_descriptions() for key in CITATION_KEY.findall(one.source)}
    assert named
    assert named <= set(load_references())


def test_the_bibliography_has_every_entry_without_markup():
    keys = re.findall(r"^@\w+\{(\w+),", (ROOT / "docs/references.bib").read_text(encoding="utf-8"), re.MULTILINE)
    found = read_sources()
    assert sorted(keys) == list(found)
    for text in found.values():
        assert not set(text) & set("{}\\`")
        assert re.search(r"\((?:19|20)\d\d\)\. \S", text)


def test_how_well_values_are_known_is_ranked_whole():
    assert {one.evidence for one in all_descriptions()} <= set(EVIDENCE_ORDER)


def test_what_to_cite_is_what_the_citation_file_says():
    assert yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))["title"] == SOFTWARE_TITLE


def test_the_bibliography_is_plain_data():
    assert json.loads(json.dumps(load_references())) == load_references()
