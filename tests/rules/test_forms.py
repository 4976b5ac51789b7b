"""Forms of rules: declared for every rule, taken by both engines with equal bytes, and each with results of its own."""

import ast
import inspect
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

import qispread as qs
from all_features import all_features_scenario
from qispread.inputs.load_scenario import build_scenario
from qispread.inputs.rule_forms import ALTERNATIVES, CODED_RULES, RULE_FORMS, RULE_NAMES, SHIPPED, rule_name
from qispread.model import rules
from qispread.model.engines.simulation import run_replicate
from qispread.model.rules import capacity, forms
from qispread.model.rules.code_replacement import apply_replacements
from qispread.model.rules.forms import FORM_FUNCTIONS
from qispread.model.rules.rule_effects import effects_of
from qispread.model.world import state_arrays as at
from qispread.model.world.run_inputs import initialise_run, prepare_scenario
from strategies import identical_rows

ROOT = Path(__file__).parents[2]
OTHERS = [form for form in ALTERNATIVES if form.name != SHIPPED]
SHIPPED_FUNCTIONS = {rule: getattr(vars(forms)[rule.split(".")[0]], rule_name(rule)) for rule in CODED_RULES}
KEYS = set(re.findall(r"^@\w+\{(\w+),", (ROOT / "docs/references.bib").read_text(encoding="utf-8"), re.MULTILINE))
THREE_ORIGINS = {
    "organisations": {"rows": identical_rows()},
    "network": {"kind": "complete"},
    "hearing": {"broadcast": 0.3},
    "interventions": {"prompt": {"origin": {"organisations": [f"organisation-{i:03d}" for i in (3, 7, 11)]}}},
    "rules": {"deciding.attraction": "random_peer"},
    "horizon": 30,
}


def form_id(form):
    return f"{form.rule}={form.name}"


def arguments_of(function):
    return list(inspect.signature(getattr(function, "py_func", function)).parameters)


def run_bytes(run):
    assert not run.error
    return [run.measures.tobytes(), *(array.tobytes() for array in run.final_state)]


def functions_in(module):
    """Return the names of the rules that a module defines."""
    path = Path(rules.__path__[0], f"{module}.py")
    nodes = ast.parse(path.read_text(encoding="utf-8")).body
    return [node.name for node in nodes if isinstance(node, ast.FunctionDef)]


def test_every_rule_is_declared_and_no_other():
    chosen = {function.__name__ for function in FORM_FUNCTIONS.values()}
    others = {f"{rule_name(form.rule)}_{form.name}" for form in OTHERS}
    for module, names in RULE_NAMES.items():
        assert list(names) == [name for name in functions_in(module) if name not in chosen | others]
    defined = {name for module in RULE_NAMES for name in functions_in(module)}
    assert chosen | others <= defined


def test_a_scenario_has_a_field_for_every_rule():
    sections = qs.Scenario().rules
    fields = {module: tuple(vars(getattr(sections, module))) for module in type(sections).model_fields}
    assert fields == RULE_NAMES
    assert {module: getattr(sections, module).module for module in fields} == {module: module for module in fields}


@pytest.mark.parametrize("rule", RULE_FORMS)
def test_forms_have_codes_from_0_meanings_and_sources(rule):
    words = RULE_FORMS[rule]
    assert next(iter(words)) == SHIPPED
    assert [form.code for form in words.values()] == list(range(len(words)))
    for word, form in words.items():
        assert (form.rule, form.name, form.plugin) == (rule, word, "")
        assert form.meaning.endswith(".")
        assert form.meaning.count(". ") == 0
        assert form.equation or len(words) == 1
        assert set(form.source.split(",")) <= {*KEYS, "assumption", "-"}


def test_names_of_coded_rules_differ_since_the_record_has_no_modules():
    assert len({rule_name(rule) for rule in CODED_RULES}) == len(CODED_RULES) == len(FORM_FUNCTIONS)
    assert list(CODED_RULES) == [rule for rule in RULE_FORMS if rule in FORM_FUNCTIONS]


@pytest.mark.parametrize("rule", CODED_RULES)
def test_the_choosing_function_takes_the_code_then_the_arguments_of_the_rule(rule):
    own = arguments_of(SHIPPED_FUNCTIONS[rule])
    form, *others = arguments_of(FORM_FUNCTIONS[rule])
    assert form == "form"
    assert others[: len(own)] == own
    effects, shipped = effects_of(FORM_FUNCTIONS[rule]), effects_of(SHIPPED_FUNCTIONS[rule])
    assert {name: effects[name] for name in shipped} == shipped


@pytest.mark.parametrize("form", ALTERNATIVES, ids=form_id)
def test_a_code_chooses_the_function_of_its_form(form):
    module = vars(forms)[form.rule.split(".")[0]]
    name = rule_name(form.rule) if form.name == SHIPPED else f"{rule_name(form.rule)}_{form.name}"
    function, chosen = getattr(module, name), FORM_FUNCTIONS[form.rule]
    words = {"stream": np.uint64(7), "peer": np.uint64(8), "month": 3}
    for seed in range(20):
        draw = np.random.default_rng(seed)
        values = {argument: words.get(argument, draw.uniform(0.1, 0.9)) for argument in arguments_of(chosen)}
        values["form"] = form.code
        given = [values[argument] for argument in arguments_of(function)]
        assert chosen(*values.values()) == function(*given)


def test_no_engine_calls_a_rule_that_has_several_forms_without_a_code():
    functions = {f"{rule_name(form.rule)}_{form.name}" for form in OTHERS} | set(map(rule_name, CODED_RULES))
    for path in (ROOT / "src/qispread/model").rglob("*.py"):
        if path.stem in RULE_NAMES:
            continue
        calls = [
            node.func for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)
        ]
        assert not {call.attr for call in calls if isinstance(call, ast.Attribute)} & (functions - {"climate"}), path
        names = {call.id for call in calls if isinstance(call, ast.Name)}
        assert not names & functions, path
        dispatchers = {function.__name__ for function in FORM_FUNCTIONS.values()}
        assert not names & dispatchers, f"{path}: call it as an attribute of its module"


@pytest.mark.parametrize("form", ALTERNATIVES, ids=form_id)
def test_engines_agree_on_every_form(form):
    scenario = all_features_scenario(rules={form.rule: form.name})
    for replicate in (0, 1):
        kernel, mesa = (run_replicate(prepare_scenario(scenario), replicate, engine) for engine in ("kernel", "mesa"))
        assert run_bytes(kernel) == run_bytes(mesa)


def test_engines_agree_on_all_forms_together():
    chosen = {rule: list(RULE_FORMS[rule])[-1] for rule in CODED_RULES}
    for scenario in (all_features_scenario(rules=chosen), build_scenario(THREE_ORIGINS)):
        kernel, mesa = (run_replicate(prepare_scenario(scenario), 2, engine) for engine in ("kernel", "mesa"))
        assert run_bytes(kernel) == run_bytes(mesa)


@pytest.mark.parametrize("form", OTHERS, ids=form_id)
def test_every_form_changes_some_result(form):
    usual, other = all_features_scenario(), all_features_scenario(rules={form.rule: form.name})
    assert other.fingerprint() != usual.fingerprint()
    found = [run_replicate(prepare_scenario(scenario), 0).measures.tobytes() for scenario in (usual, other)]
    assert found[0] != found[1]


def test_the_word_shipped_changes_nothing():
    usual, other = all_features_scenario(), all_features_scenario(rules=dict.fromkeys(RULE_FORMS, SHIPPED))
    assert usual == other
    assert other.model_dump(mode="json") == usual.model_dump(mode="json")
    assert "rules" not in usual.model_dump()
    assert prepare_scenario(other).parameters.forms.item() == (0,) * len(CODED_RULES)


@pytest.mark.parametrize(("word", "expected"), [("additive", np.mean), ("weakest", np.min)])
def test_the_climate_before_the_first_month_has_the_form_too(word, expected):
    prepared = prepare_scenario(all_features_scenario(rules={"capacity.climate": word}))
    _, state = initialise_run(prepared, prepared.world(0))
    factors = state.organisations[[at.LEADERSHIP, at.ALIGNMENT, at.CULTURE]]
    assert state.organisations[at.CLIMATE] == pytest.approx(expected(factors, axis=0), rel=1e-12)


def copied_origins(scenario, replicates):
    """Return who copied from whom, by id, of the copies of peers in the first months."""
    for replicate in range(replicates):
        prepared = prepare_scenario(scenario)
        ids = prepared.static_world.ids
        histories = run_replicate(prepared, replicate).final_state.histories[0]
        first = (histories[at.GENERATION] == 1) & (histories[at.COPIED_FROM] >= 0)
        yield {ids[i]: ids[histories[at.COPIED_FROM, i]] for i in np.flatnonzero(first)}


def test_random_peers_are_chosen_evenly_and_whatever_the_order_of_organisations():
    scenario = build_scenario(THREE_ORIGINS)
    rows = THREE_ORIGINS["organisations"]["rows"]
    turned = build_scenario({**THREE_ORIGINS, "organisations": {"rows": rows[::-1]}})
    found = list(copied_origins(scenario, 60))
    assert list(copied_origins(turned, 60)) == found
    counts = Counter(origin for copies in found for origin in copies.values())
    total = sum(counts.values())
    assert total > 300
    assert set(counts) == {"organisation-003", "organisation-007", "organisation-011"}
    # Three standard deviations of a share of a third.
    assert all(abs(count / total - 1 / 3) < 3.0 * np.sqrt(2.0 / 9.0 / total) for count in counts.values())


def constant_like(function):
    """Return a function with the arguments of another that returns the same number whatever they are."""
    return eval(f"lambda {', '.join(arguments_of(function))}: 0.25")  # noqa: S307 - our own text


@pytest.mark.slow
@pytest.mark.parametrize("rule", CODED_RULES)
def test_both_engines_take_a_function_in_place_of_the_choosing_one(rule, monkeypatch):
    scenario = all_features_scenario(horizon=24)
    usual = run_replicate(prepare_scenario(scenario), 0)
    module, function = vars(forms)[rule.split(".")[0]], FORM_FUNCTIONS[rule]
    try:
        monkeypatch.setattr(module, function.__name__, constant_like(function))
        mine = [run_replicate(prepare_scenario(scenario), 0, engine) for engine in ("kernel", "mesa")]
    finally:
        monkeypatch.undo()
        apply_replacements()
    assert run_bytes(mine[0]) == run_bytes(mine[1])
    assert mine[0].measures.tobytes() != usual.measures.tobytes()
    assert run_bytes(run_replicate(prepare_scenario(scenario), 0)) == run_bytes(usual)


@pytest.mark.slow
def test_a_replaced_rule_is_its_shipped_form_and_no_other(monkeypatch):
    scenarios = [all_features_scenario(horizon=24, rules={"capacity.climate": word}) for word in (SHIPPED, "additive")]
    usual = [run_replicate(prepare_scenario(scenario), 0).measures.tobytes() for scenario in scenarios]
    try:
        monkeypatch.setattr(capacity, "climate", lambda leadership, alignment, culture: leadership * culture)
        found = [run_replicate(prepare_scenario(scenario), 0).measures.tobytes() for scenario in scenarios]
    finally:
        monkeypatch.undo()
        apply_replacements()
    assert [before == after for before, after in zip(usual, found, strict=True)] == [False, True]
