"""Arms: every combination of policies, names that are taken, what a base may be, and all faults at once."""

from itertools import chain, combinations

import pytest

import qispread as qs
from all_features import all_features_scenario
from helpers_input import SMALL_YAML, catch_input_error, write_file
from qispread.runs.comparison import BASELINE_ARM, arms_from_files, prepare_arms
from qispread.runs.comparison.arms import MAX_FACTORS, differs_only_by_policies, find_added_policies

PLAIN = all_features_scenario(policies={}, horizon=24, replicates=2).with_policy("feedback")
LEVERS = ("coaching", "training", "mandate", "protected_time", "standard", "refresher", "goals")
SINGLES = {lever: PLAIN.with_policy(lever) for lever in LEVERS}


def first_arms(number):
    """Return the first arms."""
    return {name: SINGLES[name] for name in LEVERS[:number]}


def refusal_message(arms, base=PLAIN, **keywords):
    """Return the message with which arms are refused."""
    return str(catch_input_error(prepare_arms, base, arms, **keywords))


@pytest.mark.parametrize("number", range(2, MAX_FACTORS + 1))
def test_a_factorial_has_every_subset_of_the_policies_once(number):
    names = LEVERS[:number]
    found = prepare_arms(PLAIN, first_arms(number), factorial=True)
    subsets = chain.from_iterable(combinations(names, size) for size in range(number + 1))
    assert [list(arm.policies) for arm in found.values()] == [["feedback", *subset] for subset in subsets]
    assert len(found) == 2**number


def test_combinations_are_called_after_their_parts_the_single_ones_first():
    found = prepare_arms(PLAIN, first_arms(3), factorial=True)
    assert list(found) == [
        BASELINE_ARM,
        *LEVERS[:3],
        "coaching+training",
        "coaching+mandate",
        "training+mandate",
        "coaching+training+mandate",
    ]


def test_single_arms_and_the_base_stay_as_they_were_given():
    found = prepare_arms(PLAIN, first_arms(3), factorial=True)
    assert found[BASELINE_ARM] == PLAIN
    assert {name: found[name] for name in LEVERS[:3]} == first_arms(3)


def test_a_combination_is_the_base_with_the_policies_added_one_after_the_other():
    both = prepare_arms(PLAIN, first_arms(2), factorial=True)["coaching+training"]
    assert both.fingerprint() == PLAIN.with_policy("coaching").with_policy("training").fingerprint()


def test_policies_of_an_arm_act_together_in_every_combination():
    double = {"two": PLAIN.with_policy("coaching").with_policy("goals"), "one": SINGLES["mandate"]}
    found = prepare_arms(PLAIN, double, factorial=True)
    assert list(found["two+one"].policies) == ["feedback", "coaching", "goals", "mandate"]


def test_combinations_begin_at_the_branch_too():
    late = prepare_arms(PLAIN, first_arms(2), 9, factorial=True)["coaching+training"].policies
    assert {name: policy.start for name, policy in late.items()} == {"feedback": 1, "coaching": 9, "training": 9}


@pytest.mark.parametrize("number", [1, MAX_FACTORS + 1])
def test_too_few_or_too_many_arms_are_not_combined(number):
    assert f"got {number} arm" in refusal_message(first_arms(number), factorial=True)


NOT_ADDED = {
    "a parameter": PLAIN.replace({"improving.decay": 0.01}),
    "a policy taken away": PLAIN.without_policies().with_policy("coaching"),
    "a policy changed": PLAIN.replace({"policies.feedback.measurement": 0.3}),
    "a policy changed beside one added": SINGLES["coaching"].replace({"policies.feedback.end": 6}),
    "an intervention": PLAIN.replace({"interventions.drug.benefit": 0.4}),
}


@pytest.mark.parametrize("arm", NOT_ADDED.values(), ids=NOT_ADDED)
def test_arms_that_do_more_than_add_policies_are_not_combined(arm):
    assert "arm 'odd': differs from the baseline in more than added policies" in refusal_message(
        {"odd": arm, **first_arms(2)}, factorial=True
    )


def test_two_arms_that_add_a_policy_of_one_name_are_not_combined():
    arms = {"weak": PLAIN.with_policy("coaching", support=0.2), "strong": PLAIN.with_policy("coaching", support=0.9)}
    assert "arm 'strong': adds a policy 'coaching', as does arm 'weak'" in refusal_message(arms, factorial=True)


def test_all_faults_of_a_factorial_come_at_once():
    arms = {**first_arms(7), "odd": NOT_ADDED["a parameter"], "again": PLAIN.with_policy("coaching", support=0.1)}
    said = refusal_message(arms, factorial=True)
    assert all(part in said for part in ("3 faults", "got 9 arms", "arm 'odd'", "arm 'again'"))


def test_an_arm_called_like_a_combination_is_refused():
    arms = {**first_arms(2), "coaching+training": SINGLES["mandate"]}
    assert "coaching+training" in refusal_message(arms, factorial=True)


@pytest.mark.parametrize("name", [BASELINE_ARM, "charts"])
def test_names_of_what_stands_beside_arms_are_taken(name):
    assert f"arm '{name}'" in refusal_message({name: SINGLES["coaching"]})


OUTSIDE = ("../x", "a/b", "", ".", "..", "a\\b", " ")
FILES = ("manifest.json", "differences.csv", "worlds.parquet", "report.html")


@pytest.mark.parametrize("name", OUTSIDE + FILES)
def test_a_name_that_no_folder_beside_the_tables_can_have_is_refused(name):
    assert f"arm '{name}'" in refusal_message({name: SINGLES["coaching"]})


def test_the_base_under_another_name_is_no_arm():
    for same in (PLAIN, PLAIN.replace(name="other", description="the same", replicates=9)):
        assert "arm 'again': is the same as the base" in refusal_message({"again": same})


def test_every_arm_that_is_wrong_is_named_at_once():
    said = refusal_message({"again": PLAIN, "charts": SINGLES["coaching"], "later": PLAIN.replace(seed=8)})
    assert all(f"arm '{name}'" in said for name in ("again", "charts", "later"))
    said = refusal_message({"later": PLAIN.replace(seed=8), "again": PLAIN})
    assert all(f"arm '{name}'" in said for name in ("later", "again"))


def test_added_policies_are_those_that_the_base_has_not():
    arm = SINGLES["coaching"].with_policy("mandate")
    assert list(find_added_policies(PLAIN, arm)) == ["coaching", "mandate"]
    assert find_added_policies(PLAIN, PLAIN) == {}
    assert differs_only_by_policies(PLAIN, arm)
    assert differs_only_by_policies(PLAIN, arm.replace(name="other", replicates=7))
    assert not any(differs_only_by_policies(PLAIN, odd) for odd in NOT_ADDED.values())


def test_policies_with_a_point_in_their_name_branch_like_others():
    dotted = PLAIN.replace(policies={"feedback": {"lever": "feedback"}, "version 1.2": {"lever": "coaching"}})
    base = PLAIN.replace(policies={"feedback": {"lever": "feedback"}})
    found = prepare_arms(base, {"dotted": dotted}, 5)
    assert found["dotted"].policies["version 1.2"].start == 5


@pytest.fixture
def arm_files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_file("s.yaml", SMALL_YAML)
    write_file("other.yaml", "extends: s.yaml\nimproving: {decay: 0.01}\n")
    write_file("coaching.yaml", "policies: {coached: {lever: coaching}}\n")
    write_file("mandate.yaml", "policies: {told: {lever: mandate}}\n")


@pytest.mark.usefixtures("arm_files")
def test_arms_are_called_after_their_files_and_come_in_their_order():
    base, arms = arms_from_files("s.yaml", ["other.yaml"], ["mandate.yaml", "coaching.yaml"], seed=3, replicates=4)
    assert list(arms) == ["other", "mandate", "coaching"]
    assert base.policies == arms["other"].policies == {}
    assert list(arms["coaching"].policies) == ["coached"]
    assert {(one.seed, one.replicates) for one in (base, *arms.values())} == {(3, 4)}
    assert differs_only_by_policies(base, arms["coaching"])
    assert not differs_only_by_policies(base, arms["other"])


@pytest.mark.usefixtures("arm_files")
def test_a_base_of_policies_alone_is_refused():
    with pytest.raises(qs.InputError, match=r"coaching\.yaml: holds only policies"):
        arms_from_files("coaching.yaml", ["s.yaml"], [])


@pytest.mark.usefixtures("arm_files")
def test_an_arm_of_policies_alone_is_refused_unless_it_is_given_as_a_policy():
    with pytest.raises(qs.InputError, match=r"mandate\.yaml: holds only policies"):
        arms_from_files("s.yaml", ["mandate.yaml"], [])


@pytest.mark.usefixtures("arm_files")
def test_a_file_called_like_a_folder_of_charts_is_told_why_its_name_will_not_do():
    write_file("charts.yaml", "policies: {told: {lever: mandate}}\n")
    said = str(catch_input_error(arms_from_files, "s.yaml", [], ["charts.yaml"]))
    assert "charts" in said
    assert "another arm is already called 'charts'" not in said


def test_a_policy_file_may_name_and_describe_its_arm(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_file("s.yaml", SMALL_YAML)
    write_file("a.yaml", "name: a team for each\ndescription: As in Wales.\npolicies: {coaching: {lever: coaching}}\n")
    write_file("b.yaml", "policies: {coaching: {lever: coaching, support: 0.9}}\n")
    base, arms = arms_from_files("s.yaml", [], ["a.yaml", "b.yaml"])
    assert list(arms) == ["a team for each", "b"]
    assert arms["a team for each"].description == "As in Wales."
    assert arms["b"].description == base.description
    plain = base.with_policy("coaching").fingerprint()
    assert arms["a team for each"].fingerprint() == plain


@pytest.mark.parametrize("words", ["name: 7", "name: ' '", "description: [1]"])
def test_words_of_a_policy_file_that_are_no_text_are_refused_with_their_line(tmp_path, monkeypatch, words):
    monkeypatch.chdir(tmp_path)
    write_file("s.yaml", SMALL_YAML)
    write_file("a.yaml", f"policies: {{coaching: {{lever: coaching}}}}\n{words}\n")
    fault = catch_input_error(arms_from_files, "s.yaml", [], ["a.yaml"]).faults[0]
    assert fault.path == words.partition(":")[0]
    assert (fault.file, fault.line) == ("a.yaml", 2)
    assert "needed: text" in fault.problem
