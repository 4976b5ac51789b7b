"""Compiled code is kept under the name of all that it was made from."""

import shutil

import pytest

from qispread.rules import code_cache, sources


@pytest.fixture
def copy(tmp_path, monkeypatch):
    shutil.copytree(sources.PACKAGE, tmp_path / "qispread")
    monkeypatch.setattr(sources, "PACKAGE", tmp_path / "qispread")
    return tmp_path / "qispread"


@pytest.mark.parametrize(
    "edited", ["rules/hearing.py", "engines/kernel.py", "world/layout.py", "measures.py", "config/organisations.py"]
)
def test_an_edited_source_has_another_fingerprint(copy, edited):
    before = sources.source_fingerprint()
    path = copy / edited
    path.write_text(path.read_text(encoding="utf-8") + "\nEDITED = 1\n", encoding="utf-8")
    assert sources.source_fingerprint() != before


def test_the_generator_is_part_of_the_fingerprint(copy, monkeypatch):
    before = sources.source_fingerprint()
    monkeypatch.setenv("QISPREAD_DRAWS", "philox" if not before else "other")
    assert sources.source_fingerprint() != before


def test_a_folder_of_somebody_else_is_not_trusted(tmp_path, monkeypatch):
    monkeypatch.setattr(code_cache.os, "getuid", lambda: -1, raising=False)
    assert not code_cache.is_writable(tmp_path / "theirs")
