"""Former names in Python: each works as that of now, with a warning that says which and until when."""

import ast
import functools
import importlib
import pickle
import sys
import warnings
from pathlib import Path

import pytest

import qispread as qs
from optional import require
from qispread.common import former_names
from qispread.common.deprecation import FormerKeys, FormerMember
from qispread.common.former_names import (
    FORMER_VERSION,
    MEMBERS,
    PARAMETERS,
    PUBLIC_NAMES,
    REMOVED_IN,
    former_modules,
)

SOURCE = Path(qs.__file__).parent
NEEDS_EXTRAS = {"interfaces.mesa_page.solara_page": ("solara", "solara")}
"""Modules that need a library of an extra: the library and the extra."""
SMALL = {"horizon": 24, "replicates": 2, "organisations": {"number": 12, "partnerships": 2, "regions": 2}}


@functools.cache
def classes():
    """Return every class of the package by name."""
    found = {}
    for path in SOURCE.rglob("*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and node.name in MEMBERS:
                module = ".".join(("qispread", *path.relative_to(SOURCE).with_suffix("").parts))
                found[node.name] = getattr(importlib.import_module(module), node.name)
    return found


def warned(call, *words):
    """Return what a call gives, having seen it warn of a former name with these words."""
    with pytest.warns(DeprecationWarning, match=f"goes in qispread {REMOVED_IN}") as caught:
        result = call()
    text = " ".join(str(one.message) for one in caught)
    assert all(word in text for word in words), text
    assert {one.filename for one in caught} <= {__file__}, "the warning is about another line than that of the user"
    return result


def test_the_package_is_older_than_the_release_that_removes_the_names():
    now = tuple(map(int, qs.__version__.split(".")[:2]))
    assert tuple(map(int, FORMER_VERSION.split("."))) <= now < tuple(map(int, REMOVED_IN.split(".")))


def error_of(call, **keywords):
    """Return the error that a call ends in."""
    with pytest.raises((TypeError, qs.InputError)) as caught:
        call(**keywords)
    return caught.value


@pytest.mark.parametrize("name", PUBLIC_NAMES)
def test_public_names(name):
    assert name not in dir(qs)
    assert warned(lambda: getattr(qs, name), name, PUBLIC_NAMES[name]) is getattr(qs, PUBLIC_NAMES[name])


def former_module(name):
    """Return a former module as a parameter of a test; one that needs an extra is tried where all extras are."""
    marks = [pytest.mark.slow] if former_modules()[name] in NEEDS_EXTRAS else []
    return pytest.param(name, marks=marks)


@pytest.mark.parametrize("name", [former_module(name) for name in former_modules()])
def test_modules_are_the_same_object(name):
    new = f"qispread.{former_modules()[name]}"
    if former_modules()[name] in NEEDS_EXTRAS:
        require(*NEEDS_EXTRAS[former_modules()[name]])
    module = importlib.import_module(new)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert importlib.import_module(f"qispread.{name}") is module
        assert importlib.import_module(f"qispread.{name}") is module
    assert module.__name__ == new == module.__spec__.name


def test_modules_warn_once_and_classes_pickle():
    import sys

    sys.modules.pop("qispread.engines.model", None)

    def old_import():
        from qispread.engines.model import SpreadModel

        return SpreadModel

    kind = warned(old_import, "qispread.engines.model is now qispread.model.engines.mesa_model")
    assert kind is qs.SpreadModel
    assert pickle.loads(pickle.dumps(kind)) is kind  # noqa: S301


def test_no_former_module_hides_one_of_now():
    now = {
        ".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__")
        for path in SOURCE.rglob("*.py")
    }
    assert not now & former_modules().keys()
    assert set(former_modules().values()) <= now


@pytest.mark.parametrize(("function", "old"), [(name, old) for name, each in PARAMETERS.items() for old in each])
def test_keywords(function, old):
    import inspect

    new, call = PARAMETERS[function][old], getattr(qs, function)
    names = inspect.signature(call).parameters
    assert new in names
    assert old not in names
    # Without the arguments that it needs, a call ends in Python's words or ours, which do not know the former keyword.
    caught = warned(lambda: error_of(call, **{old: None}), f"{function}({old}=...) is now {function}({new}=...)")
    assert f"'{old}'" not in str(caught)
    assert old not in [fault.path for fault in getattr(caught, "faults", ())]
    with pytest.raises(TypeError, match=f"'{new}' and '{old}'"):
        call(**{old: None, new: None})


@pytest.mark.parametrize(("kind", "old"), [(name, old) for name, each in MEMBERS.items() for old in each])
def test_members(kind, old):
    new, found = MEMBERS[kind][old], classes()[kind]
    member = vars(found)[old]
    assert isinstance(member, FormerMember)

    class Holder:
        """Stands for an object of the class."""

    member = FormerMember(Holder, old, new)
    setattr(Holder, old, member)
    holder, value = Holder(), object()
    setattr(holder, new, value)
    assert warned(lambda: getattr(holder, old), f".{old} is now", f".{new};") is value
    warned(lambda: setattr(holder, old, 1))
    assert getattr(holder, new) == 1
    declared = {*dir(found), *getattr(found, "model_fields", ()), *getattr(found, "__annotations__", ())}
    source = (SOURCE / "/".join(found.__module__.split(".")[1:])).with_suffix(".py").read_text(encoding="utf-8")
    assert new in declared or f"self.{new}" in source


def test_members_of_objects():
    scenario = qs.Scenario()
    assert warned(lambda: scenario.home_grown) is scenario.local_improvement
    assert warned(lambda: qs.Stage.LAPSED) is qs.Stage.DISCONTINUED
    assert len(qs.Stage) == 5
    terms = warned(lambda: qs.TableOptions(alike=("role",)), "TableOptions(alike=...)")
    assert terms.permutation_columns == ("role",)
    with pytest.raises(TypeError, match="'permutation_columns' and 'alike'"):
        qs.TableOptions(alike=(), permutation_columns=())


def test_sections_take_former_fields():
    assert warned(lambda: qs.Scenario(home_grown={"gain": 0.03})) == qs.Scenario(local_improvement={"gain": 0.03})
    scenario = qs.Scenario(**SMALL)
    changed = warned(lambda: scenario.replace({"reviewing.giving_up": 0.5, "home_grown.gain": 0.03}))
    assert changed == scenario.replace({"reviewing.discontinuing": 0.5, "local_improvement.gain": 0.03})
    with pytest.raises(qs.InputError, match="is the former name of"):
        scenario.replace({"home_grown.gain": 0.1, "local_improvement.gain": 0.1})


def run_months(kind):
    """Return the measures of a few months with organisations of a class."""
    model = qs.SpreadModel(qs.Scenario(**SMALL), replicate=0, organisation_class=kind)
    for _ in range(24):
        model.step()
    return model


def test_an_override_under_its_former_name_is_used():
    def old_style():
        class Stubborn(qs.Organisation):
            """Never begins."""

            def consider(self, practice):
                self.asked = practice

        return Stubborn

    class Never(qs.Organisation):
        """The same under the name of now."""

        def decide_practice(self, practice):
            self.asked = practice

    stubborn = warned(old_style, "Stubborn.consider is now Stubborn.decide_practice")
    assert run_months(stubborn).measures[-1].tobytes() == run_months(Never).measures[-1].tobytes()
    assert run_months(Never).measures[-1].tobytes() != run_months(qs.Organisation).measures[-1].tobytes()


def test_an_override_under_its_former_name_calls_what_it_overrides():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")

        class Counting(qs.Organisation):
            """Counts, and does what all do."""

            count = 0

            def suffer_harm(self):
                type(self).count += 1
                super().suffer_harm()

            @property
            def load(self):
                return super().load

        class Below(Counting):
            """Overrides by the name of now what is overridden by the former one."""

            def update_events(self):
                super().update_events()

        for kind in (Counting, Below):
            Counting.count = kind.count = 0
            model = run_months(kind)
            assert kind.count == 24 * 12
            assert model.measures[-1].tobytes() == run_months(qs.Organisation).measures[-1].tobytes()


def test_both_names_of_a_method_are_refused():
    with pytest.raises(TypeError, match="'decide_practice' and 'consider'"):

        class Both(qs.Organisation):
            """Leaves open which is meant."""

            def consider(self, practice):
                pass

            def decide_practice(self, practice):
                pass


def test_keys():
    found = FormerKeys({"new": 1}, {"old": "new", "lost": "gone"}, {"odd": "because"})
    assert warned(lambda: found["old"], '"old" is now "new"') == 1
    assert list(found) == ["new"]
    assert "old" not in found
    for key in ("lost", "other"):
        with pytest.raises(KeyError):
            found[key]
    with pytest.raises(KeyError, match="because"):
        found["odd"]
    again = pickle.loads(pickle.dumps(found))  # noqa: S301
    assert again == found
    assert again.renamed == found.renamed


def test_arms_and_tables_of_a_comparison():
    base = qs.Scenario(**SMALL)
    comparison = qs.compare(base, {"coach": base.with_policy("coaching")})
    assert warned(lambda: comparison.runs["base"]) is comparison.runs["baseline"]
    now = comparison.difference_between("baseline", "coach", "events_averted")
    assert warned(lambda: comparison.apart("base", "coach", "harm_averted")) == now
    tables = qs.ComparisonResult(comparison).tables
    assert warned(lambda: tables["worlds"]) is tables["replicates"]


@pytest.mark.parametrize("name", former_names.MEASURES)
def test_former_measures(name):
    new, scenario = former_names.MEASURES[name], qs.Scenario(**SMALL)
    runs = qs.simulate(scenario)
    assert warned(lambda: runs.final_values(name)).tobytes() == runs.final_values(new).tobytes()
    assert warned(lambda: qs.MEASURES[name]) is qs.MEASURES[new]
    found = warned(lambda: qs.compare(scenario, {"coach": scenario.with_policy("coaching")}, measure=name))
    assert found.measure == new
    model = qs.SpreadModel(scenario)
    model.step()
    assert repr(warned(lambda: model.measure(name))) == repr(model.measure(new))
    assert repr(warned(lambda: model.pooled_measure(name))) == repr(model.pooled_measure(new))


@pytest.mark.parametrize("name", former_names.REFUSED_MEASURES)
def test_refused_measures(name):
    scenario = qs.Scenario(**SMALL)
    runs, needed = qs.simulate(scenario), former_names.REFUSED_MEASURES[name]
    asked = {
        "final": lambda: runs.final_values(name),
        "compare": lambda: qs.compare(scenario, {"coach": scenario}, measure=name),
        "model": lambda: qs.SpreadModel(scenario).measure(name),
    }
    for ask in asked.values():
        with pytest.raises(qs.InputError) as caught:
            ask()
        assert needed in str(caught.value)
    with pytest.raises(KeyError, match="needed"):
        qs.MEASURES[name]


def test_replaced_rules_are_found_where_a_module_was_imported_by_its_former_name():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        importlib.import_module("qispread.world.build")
    from qispread.model.rules import code_replacement

    assert all(module in sys.modules for module, _ in code_replacement._imported_names())
    assert not [binding for binding in code_replacement._imported_names() if binding[0].startswith("qispread.world.")]
