"""`help(qispread)` and `dir(qispread)`: a guide on one screen, and every public name."""

import pydoc
import subprocess
import sys

import pytest

import qispread as qs

MAX_HELP_LINES = 60


def test_help_fits_a_screen():
    text = pydoc.plain(pydoc.render_doc(qs))
    assert len(text.splitlines()) < MAX_HELP_LINES
    assert max(map(len, text.splitlines())) <= 120


def test_help_names_functions_that_exist():
    guide = qs.__doc__.partition("by task::")[2].partition("`dir(")[0]
    names = [line[19:].split()[0] for line in guide.splitlines() if line.strip()]
    assert len(names) >= 10
    assert set(names) <= set(dir(qs))


@pytest.mark.parametrize("name", dir(qs))
def test_every_listed_name_resolves(name):
    assert getattr(qs, name) is not None


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'simulat'"):
        qs.simulat  # noqa: B018 - the access is the test


def test_the_import_loads_neither_compiler_nor_mesa():
    code = "import sys, qispread; sys.exit(bool({'numba', 'mesa', 'pandas'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
