"""Fixtures of the tests of input."""

import pytest


@pytest.fixture(autouse=True)
def _change_folder(tmp_path, monkeypatch):
    """Let each test stand in an empty folder, so that files are named as a user would name them."""
    monkeypatch.chdir(tmp_path)
