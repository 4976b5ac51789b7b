"""Fixtures of the tests of sweeps."""

import pytest


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path, monkeypatch):
    """Let each test stand in an empty folder, so that files are named as a user would name them."""
    monkeypatch.chdir(tmp_path)
