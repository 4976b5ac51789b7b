"""Compiled code is kept under the name of all that it was made from, and of nothing else."""

import ast
import inspect
import json
import os
import pickle
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import numba
import numpy as np
import pytest

import qispread.model.engines.simulation
import qispread.model.world.observed_events  # noqa: F401 - all that is compiled
from qispread.common import shipped_bindings
from qispread.model.rules import code_cache, code_content, jit, source_hash

COMPILES = pytest.mark.skipif(jit.INTERPRETED, reason="nothing is compiled")


@pytest.fixture
def package_copy(tmp_path, monkeypatch):
    shutil.copytree(source_hash.PACKAGE_FOLDER, tmp_path / "qispread", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(source_hash, "PACKAGE_FOLDER", tmp_path / "qispread")
    return tmp_path / "qispread"


def fingerprints():
    return source_hash.compiled_fingerprint(), source_hash.model_fingerprint()


def edit(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.mark.parametrize(
    "edited",
    [
        "model/rules/hearing.py",
        "model/engines/kernel.py",
        "model/world/state_arrays.py",
        "model/measures.py",
        "inputs/organisations.py",
    ],
)
def test_an_edited_compiled_source_has_other_fingerprints(package_copy, edited):
    compiled, model = fingerprints()
    with (package_copy / edited).open("a", encoding="utf-8") as file:
        file.write("\nEDITED = 1\n")
    assert source_hash.compiled_fingerprint() != compiled
    assert source_hash.model_fingerprint() != model
    assert source_hash.source_fingerprint() != model


@pytest.mark.parametrize("edited", ["model/engines/agents.py", "inputs/load_scenario.py", "runs/sweep/apply_point.py"])
def test_an_edited_source_that_is_not_compiled_has_another_model_only(package_copy, edited):
    compiled, model = fingerprints()
    with (package_copy / edited).open("a", encoding="utf-8") as file:
        file.write("\nEDITED = 1\n")
    assert source_hash.compiled_fingerprint() == compiled
    assert source_hash.model_fingerprint() != model


def test_comments_docstrings_and_formatting_change_no_fingerprint(package_copy):
    before, path = fingerprints(), package_copy / "model" / "rules" / "capacity.py"
    edit(path, '"""The capacity for improvement', '"""All the capacity for improvement')
    edit(path, '"""Return vigilance', '"""Return the vigilance')
    edit(
        path,
        "    return measurement * leadership",
        "\n    # a comment\n    return (measurement  *\n        leadership)",
    )
    edit(path, "@rule\ndef dose", '"""Words about nothing."""\n\n\n@rule\ndef dose')
    assert fingerprints() == before
    edit(path, "return effort * upkeep if", "return upkeep * effort if")
    assert source_hash.compiled_fingerprint() != before[0]


def test_a_docstring_where_none_was_changes_no_fingerprint(package_copy):
    before, path = fingerprints(), package_copy / "model" / "world" / "lever_slots.py"
    edit(
        path,
        "def _add(current: SlotValues, strength: float) -> SlotValues:\n",
        'def _add(current: SlotValues, strength: float) -> SlotValues:\n    """Add."""\n',
    )
    assert fingerprints() == before


def test_a_moved_file_has_other_fingerprints(package_copy):
    before = fingerprints()
    (package_copy / "model" / "rules" / "hearing.py").rename(package_copy / "model" / "rules" / "listening.py")
    assert not set(fingerprints()) & set(before)


def test_the_generator_is_part_of_the_fingerprints(package_copy, monkeypatch):
    before = fingerprints()
    monkeypatch.setenv("QISPREAD_DRAWS", "philox" if os.environ.get("QISPREAD_DRAWS") != "philox" else "")
    assert not set(fingerprints()) & set(before)


def test_all_that_is_compiled_is_part_of_the_compiled_sources():
    walk = code_content.ContentWalker()
    for function in shipped_bindings.FUNCTIONS.values():
        walk.visit_function(function)
    modules = {inspect.getmodule(getattr(one, "py_func", one)).__name__ for one in shipped_bindings.FUNCTIONS.values()}
    for space, name in walk.reads.values():
        modules.add(space["__name__"])
        if inspect.ismodule(space[name]):
            modules.add(space[name].__name__)
        modules.update(_homes(space["__name__"], name))
    ours = {Path(sys.modules[module].__file__) for module in modules if shipped_bindings.is_ours(module)}
    assert len(ours) > 20
    assert not ours - set(source_hash.files_of(source_hash.COMPILED_SOURCES))


def _homes(module, name):
    """Where a name that a module imports was defined."""
    tree = ast.parse(inspect.getsource(sys.modules[module]))
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and shipped_bindings.is_ours(node.module):
            for alias in node.names:
                if name == (alias.asname or alias.name) and not inspect.ismodule(vars(sys.modules[module])[name]):
                    yield node.module
                    yield from _homes(node.module, alias.name)


def test_every_constant_in_compiled_code_was_noted_where_it_is_defined():
    walk = code_content.ContentWalker()
    for function in shipped_bindings.FUNCTIONS.values():
        walk.visit_function(function)
    constants = {
        (space["__name__"], name) for space, name in walk.reads.values() if shipped_bindings.is_constant(space[name])
    }
    ours = {(module, name) for module, name in constants if shipped_bindings.is_ours(module)}
    homes = {(home, name) for module, name in ours for home in _homes(module, name)}
    assert ("qispread.model.measures", "REPLICATED_THRESHOLD") in homes
    assert not ours - set(shipped_bindings.BINDINGS)
    assert {module for module, _ in homes} <= {module for module, _ in shipped_bindings.BINDINGS}


@COMPILES
def test_every_shipped_function_has_a_content():
    hashes = {code_content.content_hash(function) for function in shipped_bindings.FUNCTIONS.values()}
    assert len(hashes) == len(shipped_bindings.FUNCTIONS)


SCALE = 2.0


def scaled(value):
    return SCALE * value


class TestCache:
    def test_a_numba_without_its_private_classes_keeps_no_code(self, monkeypatch):
        monkeypatch.delattr("numba.core.caching.CompileResultCacheImpl")
        without = runpy.run_path(code_cache.__file__)
        assert without["cache_folder"]() is None

    @COMPILES
    def test_code_that_cannot_be_written_is_not_kept(self, tmp_path, monkeypatch):
        def refuse(*_):
            raise pickle.PicklingError

        monkeypatch.setattr(code_cache._Files, "save_overload", refuse)
        compiled = numba.njit(scaled)
        compiled._cache = code_cache.CodeCache(scaled, tmp_path)
        assert compiled(1.0) == 2.0

    def test_a_folder_of_somebody_else_is_not_trusted(self, tmp_path, monkeypatch):
        monkeypatch.setattr(code_cache.os, "getuid", lambda: -1, raising=False)
        assert not code_cache.is_writable(tmp_path / "theirs")

    def test_another_environment_has_another_folder(self, monkeypatch, tmp_path):
        monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
        names = {code_cache.cache_folder()}
        for library in (numba, np):
            monkeypatch.setattr(library, "__version__", "0.0")
            names.add(code_cache.cache_folder())
        assert len(names) == 3
        assert {name.parent for name in names} == {tmp_path / "qispread"}

    def test_what_was_used_longest_ago_goes_first(self, tmp_path):
        for age, folder in enumerate(("new", "middle", "old")):
            for name in ("f-1.py311.nbi", "f-1.py311.1.nbc"):
                path = tmp_path / folder / name
                path.parent.mkdir(exist_ok=True)
                path.write_bytes(b"x" * 50)
                os.utime(path, (1e9 - age, 1e9 - age if name.endswith("nbi") else 0.0))
        (tmp_path / "notes.txt").write_text("not ours", encoding="utf-8")
        code_cache.remove_unused(tmp_path, 250)
        assert sorted(path.name for path in tmp_path.iterdir()) == ["middle", "new", "notes.txt"]
        assert len(list(tmp_path.rglob("*.nb*"))) == 4

    @COMPILES
    def test_code_is_found_by_its_content_and_survives_what_is_broken(self, tmp_path):
        def first(space):
            exec("def f(x):\n    return x + STEP", space)  # noqa: S102
            function = space["f"]
            function.__module__ = __name__
            compiled = numba.njit(function)
            compiled._cache = code_cache.CodeCache(function, tmp_path)
            return compiled, compiled(1.0)

        assert first({"STEP": 1.0})[1] == 2.0
        assert first({"STEP": 2.0})[1] == 3.0  # not the code that holds 1
        again, value = first({"STEP": 1.0})
        assert (value, sum(again.stats.cache_hits.values())) == (2.0, 1)
        for path in tmp_path.glob("*.nbc"):
            path.write_bytes(b"broken")
        again, value = first({"STEP": 1.0})
        assert (value, sum(again.stats.cache_hits.values())) == (2.0, 0)

    @COMPILES
    def test_what_changed_while_it_was_compiled_is_not_kept(self, tmp_path, monkeypatch):
        compiled = numba.njit(scaled)
        compiled._cache = cache = code_cache.CodeCache(scaled, tmp_path)
        load = cache.load_overload

        def replaced_meanwhile(*arguments):
            found = load(*arguments)
            monkeypatch.setitem(globals(), "SCALE", 5.0)
            return found

        cache.load_overload = replaced_meanwhile
        assert compiled(1.0) == 5.0
        assert not list(tmp_path.iterdir())


def test_a_helper_of_compiled_code_can_be_called_from_python():
    from qispread.model.engines.measure_kernel import gini_coefficient

    assert gini_coefficient(np.array([1.0, 1.0, 1.0])) == 0.0
    assert gini_coefficient(np.array([0.0, 0.0, 3.0])) == pytest.approx(2.0 / 3.0)


COUNTING = """
import hashlib, json
from numba.core import event
class Count(event.Listener):
    names = []
    def on_start(self, event): pass
    def on_end(self, event): self.names.append(event.data["dispatcher"].py_func.__name__)
with event.install_listener("numba:compile", Count()):
    from qispread import Scenario, simulate
    from qispread.inputs.interventions import Intervention
    scenario = Scenario(interventions={"prompt": Intervention()}, horizon=12)
    runs = simulate(scenario, 2, workers=1)
print(json.dumps([hashlib.sha256(runs.measures.tobytes()).hexdigest(), Count.names]))
"""


def counted(package, cache):
    """Return the hash of some results of a copied package, and what was compiled for them."""
    environment = {**os.environ, "PYTHONPATH": str(package.parent), "NUMBA_CACHE_DIR": str(cache)}
    done = subprocess.run(
        [sys.executable, "-c", COUNTING], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.slow
@COMPILES
def test_an_edited_docstring_compiles_nothing_and_an_edited_rule_what_calls_it(package_copy, tmp_path):
    cache = tmp_path / "cache"
    results, compiled = counted(package_copy, cache)
    assert "run_months_in_order" in compiled
    edit(
        package_copy / "model" / "rules" / "capacity.py",
        '"""Return vigilance',
        '"""Return the\n\n    vigilance',
    )
    edit(package_copy / "model" / "engines" / "kernel.py", '"""The compiled engine', '# Words.\n"""The compiled engine')
    assert counted(package_copy, cache) == [results, []]
    edit(
        package_copy / "model" / "rules" / "capacity.py",
        "return measurement * leadership",
        "return 0.5 * measurement * leadership",
    )
    changed, compiled = counted(package_copy, cache)
    assert changed != results
    assert "run_months_in_order" in compiled
