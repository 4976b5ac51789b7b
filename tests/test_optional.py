"""What is missing is a skip with its reason on anybody's machine, and a failure in CI."""

import pytest

import optional


@pytest.fixture(params=[{}, {"CI": "false"}, {"CI": "true"}, {"QISPREAD_CI": "1"}], ids=str)
def in_ci(request, monkeypatch):
    """Set the environment, and return whether it is that of CI."""
    for name in ("CI", "QISPREAD_CI"):
        monkeypatch.delenv(name, raising=False)
    for name, value in request.param.items():
        monkeypatch.setenv(name, value)
    return request.param not in ({}, {"CI": "false"})


def test_a_module_that_is_missing_fails_in_ci_alone(in_ci):
    expected = pytest.fail.Exception if in_ci else pytest.skip.Exception
    with pytest.raises(expected, match="no_such_module is not installed; it comes with the extra `oracles`"):
        optional.require("no_such_module", "oracles")


def test_a_browser_that_is_missing_fails_in_ci_alone(in_ci, monkeypatch, tmp_path):
    monkeypatch.setattr(optional, "CHROMIUM", tmp_path / "chromium")
    with pytest.raises(pytest.fail.Exception if in_ci else pytest.skip.Exception, match="there is no browser at "):
        optional.launch(None)


def test_a_module_that_is_there_but_broken_is_never_skipped(tmp_path, monkeypatch):
    (tmp_path / "broken_module.py").write_text("import no_such_module\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="no_such_module"):
        optional.require("broken_module", "test")


def test_a_module_that_is_there_is_returned():
    assert optional.require("json", "test").loads("1") == 1
