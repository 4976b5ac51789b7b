"""Arms: which scenarios can be compared with a base, and how files, branches and combinations make them."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import Path

from qispread.inputs.errors import Fault, InputError
from qispread.inputs.field_errors import fault_at_path
from qispread.inputs.load_scenario import load, read_policy_file, reject_policy_file
from qispread.inputs.policies import AnyPolicy, SeedingPolicy
from qispread.inputs.scenario import Scenario
from qispread.inputs.scenario_fields import validate_folder_name

BASELINE_ARM = "baseline"
RESERVED_NAMES = (BASELINE_ARM, "charts")
"""Names that no arm can have: of what arms are compared with, and of the folder of a report's charts."""
SIBLING_FILE_SUFFIXES = (".json", ".csv", ".parquet", ".html", ".txt")
"""Endings of the files that stand beside the folders of arms."""
NAME_SEPARATOR = "+"
MAX_FACTORS = 6


def prepare_arms(
    base: Scenario, arms: Mapping[str, Scenario], branch_at: int | None = None, *, factorial: bool = False
) -> dict[str, Scenario]:
    """Return the base and the arms as they will be run, by name; raises as `compare`."""
    check_comparable(base, arms)
    every = build_factorial_arms(base, arms) if factorial else dict(arms)
    return {BASELINE_ARM: base, **(every if branch_at is None else branch_arms(base, every, branch_at))}


def find_added_policies(base: Scenario, arm: Scenario) -> dict[str, AnyPolicy]:
    """Return the policies that an arm has and the base has not, or has otherwise."""
    return {key: policy for key, policy in arm.policies.items() if policy != base.policies.get(key)}


def differs_only_by_policies(base: Scenario, arm: Scenario) -> bool:
    """Return whether an arm is the base with policies added, and nothing else."""
    added = find_added_policies(base, arm)
    kept = {key: policy for key, policy in arm.policies.items() if key not in added}
    rest = arm.replace(policies=kept, name=base.name, replicates=base.replicates)
    return rest.fingerprint() == base.fingerprint()


def build_factorial_arms(base: Scenario, arms: Mapping[str, Scenario]) -> dict[str, Scenario]:
    """Return every combination of the policies that arms add, the single ones first: a full factorial.

    Raises
    ------
    InputError
        For fewer than two arms or more than six, for arms that differ from the base in more than added policies, for
        two that add a policy of one name, and for one that is called like a combination of others.
    """
    faults: list[Fault] = []
    if not 1 < len(arms) <= MAX_FACTORS:
        count = "1 arm" if len(arms) == 1 else f"{len(arms)} arms"
        faults.append(Fault("factorial", f"got {count}; needed: 2 to {MAX_FACTORS}, to be combined"))
    owners: dict[str, str] = {}
    for name, arm in arms.items():
        if not differs_only_by_policies(base, arm):
            faults.append(Fault(f"arm '{name}'", "differs from the base in more than added policies"))
        for key in find_added_policies(base, arm):
            if key in owners:
                faults.append(Fault(f"arm '{name}'", f"adds a policy '{key}', as arm '{owners[key]}' does"))
            owners[key] = name
    mixes = {NAME_SEPARATOR.join(some) for size in range(2, len(arms) + 1) for some in combinations(arms, size)}
    faults += [Fault(f"arm '{name}'", "has the name of a combination of others") for name in mixes & set(arms)]
    if faults:
        raise InputError(faults)
    found = dict(arms)
    for size in range(2, len(arms) + 1):
        for names in combinations(arms, size):
            added = {key: policy for name in names for key, policy in find_added_policies(base, arms[name]).items()}
            found[NAME_SEPARATOR.join(names)] = base.replace(policies={**base.policies, **added})
    return found


def check_comparable(base: Scenario, arms: Mapping[str, Scenario]) -> None:
    """Refuse arms that differ from the base in their world, or that are the base.

    Raises
    ------
    InputError
        With every reason.
    """
    faults = [] if arms else [Fault("arms", "none is given; needed: at least one arm beside the base")]
    for name, arm in arms.items():
        where = f"arm '{name}'"
        faults += check_arm_name(name)
        before = len(faults)
        if arm.world_fingerprint() != base.world_fingerprint():
            faults.append(Fault(where, "has other organisations or ties than the base: differences would mix worlds"))
        faults += [
            Fault(where, f"has {field} {getattr(arm, field)}; the base has {getattr(base, field)}")
            for field in ("seed", "horizon")
            if getattr(arm, field) != getattr(base, field)
        ]
        if list(arm.interventions) != list(base.interventions):
            faults.append(Fault(where, "spreads other interventions than the base"))
        if (
            len(faults) == before
            and arm.replace(name=base.name, replicates=base.replicates).fingerprint() == base.fingerprint()
        ):
            faults.append(Fault(where, "is the same as the base"))
    if faults:
        raise InputError(faults)


def check_arm_name(name: str) -> list[Fault]:
    """Return why an arm cannot be called so: its name is that of its folder."""
    try:
        validate_folder_name(name)
    except ValueError as error:
        return [Fault(f"arm '{name}'", str(error))]
    if name in RESERVED_NAMES or Path(name).suffix in SIBLING_FILE_SUFFIXES:
        return [Fault(f"arm '{name}'", f"'{name}' is taken by what stands beside arms; choose another name")]
    return []


def branch_arms(base: Scenario, arms: Mapping[str, Scenario], month: int) -> dict[str, Scenario]:
    """Return arms whose added policies begin when they part from the base.

    Raises
    ------
    InputError
        For a month outside the run, and for arms that differ from the base in more than policies added, or by seeding,
        or whose policies have ended by then.
    """
    if not 1 < month <= base.horizon:
        problem = f"got {month}; needed: a month from 2 to {base.horizon}, the last of the run"
        raise InputError([Fault("branch_at", problem)])
    faults: list[Fault] = []
    found: dict[str, Scenario] = {}
    for name, arm in arms.items():
        added = find_added_policies(base, arm)
        if not differs_only_by_policies(base, arm):
            faults.append(Fault(f"arm '{name}'", "differs from the base in more than added policies: it cannot branch"))
        for key, policy in added.items():
            if isinstance(policy, SeedingPolicy):
                faults.append(Fault(f"arm '{name}', policy '{key}'", "says who starts, which is past by then"))
            elif policy.end is not None and policy.end < month:
                faults.append(Fault(f"arm '{name}', policy '{key}'", f"ends in month {policy.end}, before {month}"))
        if not faults:
            starts = {f"policies.{key}.start": max(month, policy.start) for key, policy in added.items()}
            found[name] = arm.replace(starts)
    if faults:
        raise InputError(faults)
    return found


def arm_name_and_description(file: str, *, is_policy: bool) -> tuple[str, dict[str, str]]:
    """Return what an arm is called, and the description that its policy file has.

    Raises
    ------
    InputError
        For a policy file that cannot be read, and words of it that are no text.
    """
    if not is_policy:
        return Path(file).stem, {}
    data, places = read_policy_file(Path(file), file)
    words = {key: data[key] for key in ("name", "description") if data.get(key) is not None}
    faults = [
        fault_at_path((key,), f"got {value!r}; needed: text", places)
        for key, value in words.items()
        if not isinstance(value, str) or not value.strip()
    ]
    if faults:
        raise InputError(faults)
    return words.pop("name", Path(file).stem), words


def arms_from_files(
    base: str | Path,
    scenario_files: Sequence[str | Path],
    policies: Sequence[str | Path],
    *,
    organisations: str | Path | None = None,
    ties: str | Path | None = None,
    seed: int | None = None,
    replicates: int | None = None,
) -> tuple[Scenario, dict[str, Scenario]]:
    """Return the base and the arms that files describe, each called after its file or by a name in it.

    Parameters
    ----------
    base : str or Path
        The scenario that arms are compared with.
    scenario_files : sequence of str or Path
        Scenarios, each an arm.
    policies : sequence of str or Path
        Policy files, each an arm: the base with the policies of the file, and its description if it has one.
    organisations, ties : str or Path, optional
        The user's own tables, for the base and every arm.
    seed, replicates : int, optional
        In place of the scenarios' own.

    Raises
    ------
    InputError
        With the faults of all files, and for two arms of one name.
    """
    given = {"seed": seed, "replicates": replicates}
    changes = {name: value for name, value in given.items() if value is not None}
    sources: list[tuple[str, str | Path, list[str | Path]]] = [
        *((str(path), path, []) for path in scenario_files),
        *((str(path), base, [path]) for path in policies),
    ]
    faults: list[Fault] = []
    scenarios: dict[str, Scenario] = {}
    for file, path, added in [(BASELINE_ARM, base, []), *sources]:
        try:
            name, described = (
                (BASELINE_ARM, {}) if file == BASELINE_ARM else arm_name_and_description(file, is_policy=bool(added))
            )
        except InputError as error:
            faults.extend(error.faults)
            continue
        wrong = [Fault("", fault.problem, file) for fault in check_arm_name(name)] if file != BASELINE_ARM else []
        if name in scenarios and not wrong:
            wrong = [Fault("", f"another arm is called '{name}' already; give one another name", file)]
        if wrong:
            faults.extend(wrong)
            continue
        try:
            reject_policy_file(path)
            scenarios[name] = load(path, organisations=organisations, ties=ties, policies=added, changes=changes)
            scenarios[name] = scenarios[name].model_copy(update=described)
        except InputError as error:
            faults.extend(error.faults)
    if faults:
        raise InputError(faults)
    found = scenarios.pop(BASELINE_ARM)
    return found, scenarios
