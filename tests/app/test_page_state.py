"""What a visitor has changed, read against the scenario that the page opened with."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import qispread as qs
from qispread.inputs.errors import InputError
from qispread.inputs.field_errors import discriminator
from qispread.inputs.parameter import section_classes
from qispread.inputs.policies import AnyPolicy
from qispread.inputs.scenario_yaml import non_default_data
from qispread.interfaces.page.default_scenario import default_scenario
from qispread.interfaces.page.page_state import MAX_CHANGES, PageStateReader
from qispread.interfaces.page.request_limits import MAX_ORGANISATIONS

LEVERS = [tag for one in section_classes(AnyPolicy) if (tag := discriminator(one))]


@pytest.fixture(scope="module")
def read(start):
    """Return what reads settings."""
    return PageStateReader(start).read


def faults(read, setting):
    with pytest.raises(InputError) as caught:
        read(setting)
    return str(caught.value)


def test_the_page_opens_with_the_scenario_of_the_first_example():
    assert default_scenario().fingerprint() == qs.read_scenario("configs/prompt.yaml").fingerprint()


def test_without_changes_both_arms_are_the_scenario(read, start):
    setting = read({})
    assert setting.is_unchanged
    assert setting.baseline.fingerprint() == setting.option.fingerprint() == start.fingerprint()


def test_a_policy_and_a_number_alone_are_of_the_option(read, start):
    setting = read({"policies": {"coaching": {"support": 0.8}}, "alone": {"copying.copy_loss": 0.3}})
    expected = start.replace({"copying.copy_loss": 0.3}).with_policy("coaching", support=0.8)
    assert setting.baseline.fingerprint() == start.fingerprint()
    assert setting.option.fingerprint() == expected.fingerprint()


def test_a_number_in_both_is_of_both(read, start):
    setting = read({"both": {"network.mean_degree": 3.0}})
    assert setting.is_unchanged
    assert setting.baseline.fingerprint() == start.replace({"network.mean_degree": 3.0}).fingerprint()


@pytest.mark.parametrize("lever", LEVERS)
def test_every_lever_can_be_pulled(read, lever):
    assert not read({"policies": {lever: {}}}).is_unchanged


def test_another_network_brings_its_own_numbers(read):
    assert read({"both": {"network": "ring", "network.degree": 4}}).baseline.network.degree == 4


def test_a_policy_of_a_name_that_is_taken_is_called_after_the_page(start):
    setting = PageStateReader(start.with_policy("coaching")).read({"policies": {"coaching": {"support": 0.9}}})
    assert list(setting.option.policies) == ["coaching", "coaching-option"]


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ({"alone": {"organisations.number": 20}}, "change it in both"),
        ({"alone": {"horizon": 12}}, "change it in both"),
        ({"both": {"copying.copy_los": 0.1}}, "did you mean 'copying.copy_loss'"),
        ({"both": {"copying.copy_loss": 1.5}}, "copying.copy_loss"),
        ({"both": {"copying.copy_loss": "much"}}, "needed: a number"),
        ({"policies": {"bribes": {}}}, "bribes"),
        ({"policies": {"coaching": []}}, "needed: a mapping"),
        ({"policies": {"coaching": {"start": 99}}}, "the run ends in month 36"),
        ({"poliçies": {}}, "did you mean 'policies'"),
        ([], "needed: a mapping"),
        ({"both": [1]}, "needed: a mapping"),
        ({"scenario": "prompt.yaml"}, "needed: a mapping"),
        ({"both": {f"a{number}": 1 for number in range(MAX_CHANGES + 1)}}, "at most"),
        ({"both": {"organisations.number": MAX_ORGANISATIONS + 1}}, "at most 1,000"),
        ({"both": {"horizon": 12_000}}, "at most 600"),
        ({"both": {"replicates": 1000, "horizon": 600, "organisations.number": 900}}, "too many runs"),
    ],
)
def test_what_cannot_be_is_refused_in_plain_words(read, setting, said):
    assert said in faults(read, setting)


@pytest.mark.parametrize(
    "setting",
    [
        {"both": {"organisations.file": "/etc/passwd"}},
        {"both": {"network.file": "/etc/passwd"}},
        {"both": {"network": {"kind": "file", "file": "/etc/passwd"}}},
        {"both": {"network": "file"}},
        {"both": {"network.kind": "file"}},
        {"scenario": {"organisations": {"file": "/etc/passwd"}}},
        {"scenario": {"network": {"kind": "file", "file": "/etc/passwd"}}},
        {"scenario": {"network": {"kind": "memberships", "file": "../../secrets.csv"}}},
        {"scenario": {"extends": "/etc/passwd"}},
        {"policies": {"coaching": {"lever": "coaching", "file": "/etc/passwd"}}},
    ],
)
def test_no_setting_makes_the_server_look_at_a_file(read, setting, monkeypatch):
    opened = []
    monkeypatch.setattr("pathlib.Path.read_bytes", lambda path: opened.append(path) or b"")
    assert "root:" not in faults(read, setting)
    assert not opened


def test_a_scenario_that_came_with_the_question_takes_the_place_of_the_first(read, start):
    other = start.replace(seed=7, name="other")
    assert read({"scenario": non_default_data(other)}).baseline.fingerprint() == other.fingerprint()


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(["copying.copy_loss", "network", "network.mean_degree", "interventions.intervention.origin"])


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(st.sampled_from(["both", "alone", "policies", "scenario"]), ANYTHING)
    | st.fixed_dictionaries({"both": st.dictionaries(NAMES, ANYTHING, max_size=2)})
    | st.fixed_dictionaries({"policies": st.dictionaries(st.sampled_from(LEVERS), ANYTHING, max_size=2)})
)
def test_whatever_is_sent_is_read_or_refused(read, setting):
    try:
        found = read(setting)
    except InputError as error:
        found = error.faults
    assert found
