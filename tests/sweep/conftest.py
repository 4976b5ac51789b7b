"""Fixtures of the tests of sweeps."""

import shutil
from pathlib import Path

import pytest

import qispread as qs
from helpers_sweep import LARGE


@pytest.fixture(autouse=True)
def _change_folder(tmp_path, monkeypatch):
    """Let each test stand in an empty folder, so that files are named as a user would name them."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """A finished sweep that nothing disturbed."""
    return qs.sweep(LARGE, tmp_path_factory.mktemp("undisturbed") / "s", workers=1).folder


@pytest.fixture
def folder(undisturbed, tmp_path):
    """A copy of a finished sweep."""
    return Path(shutil.copytree(undisturbed, tmp_path / "s"))
