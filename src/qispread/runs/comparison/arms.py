"""Arms: scenarios that can be compared with a baseline, and how files, branches and combinations define them."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import Path

from qispread.inputs.errors import Fault, InputError
from qispread.inputs.field_errors import fault_at_path
from qispread.inputs.load_scenario import read_policy_file, read_scenario, reject_policy_file
from qispread.inputs.policies import AnyPolicy, SeedingPolicy
from qispread.inputs.scenario import Scenario
from qispread.inputs.scenario_fields import validate_folder_name

BASELINE_ARM = "baseline"
RESERVED_NAMES = (BASELINE_ARM, "charts")
"""Names that no arm can have: that of the baseline, and of the folder of a report's charts."""
SIBLING_FILE_SUFFIXES = (".json", ".csv", ".parquet", ".html", ".txt")
"""Suffixes of the files beside the folders of arms."""
NAME_SEPARATOR = "+"
MAX_FACTORS = 6


def prepare_arms(
    base: Scenario, arms: Mapping[str, Scenario], branch_at: int | None = None, *, factorial: bool = False
) -> dict[str, Scenario]:
    """Return the baseline and the arms as they will be run, by name; raises the errors of `compare`."""
    check_comparable(base, arms)
    prepared = build_factorial_arms(base, arms) if factorial else dict(arms)
    return {BASELINE_ARM: base, **(prepared if branch_at is None else branch_arms(base, prepared, branch_at))}


def find_added_policies(base: Scenario, arm: Scenario) -> dict[str, AnyPolicy]:
    """Return the policies of an arm that are not in the baseline or differ from it."""
    return {key: policy for key, policy in arm.policies.items() if policy != base.policies.get(key)}


def differs_only_by_policies(base: Scenario, arm: Scenario) -> bool:
    """Return whether an arm is the baseline with policies added and no other change."""
    added = find_added_policies(base, arm)
    shared_policies = {key: policy for key, policy in arm.policies.items() if key not in added}
    without_added = arm.replace(policies=shared_policies, name=base.name, replicates=base.replicates)
    return without_added.fingerprint() == base.fingerprint()


def build_factorial_arms(base: Scenario, arms: Mapping[str, Scenario]) -> dict[str, Scenario]:
    """Return every combination of the policies that arms add, single arms first: a full factorial.

    Raises
    ------
    InputError
        For fewer than two arms or more than six, for arms that differ from the baseline in more than added policies,
        for two that add a policy with the same name, and for an arm with the name of a combination.
    """
    faults: list[Fault] = []
    if not 1 < len(arms) <= MAX_FACTORS:
        count = "1 arm" if len(arms) == 1 else f"{len(arms)} arms"
        faults.append(Fault("factorial", f"got {count}; needed: 2 to {MAX_FACTORS} to combine"))
    owners: dict[str, str] = {}
    for name, arm in arms.items():
        if not differs_only_by_policies(base, arm):
            faults.append(Fault(f"arm '{name}'", "differs from the baseline in more than added policies"))
        for key in find_added_policies(base, arm):
            if key in owners:
                faults.append(Fault(f"arm '{name}'", f"adds a policy '{key}', as does arm '{owners[key]}'"))
            owners[key] = name
    combined_names = {
        NAME_SEPARATOR.join(names) for size in range(2, len(arms) + 1) for names in combinations(arms, size)
    }
    faults += [
        Fault(f"arm '{name}'", "has the name of a combination of other arms") for name in combined_names & set(arms)
    ]
    if faults:
        raise InputError(faults)
    combined = dict(arms)
    for size in range(2, len(arms) + 1):
        for names in combinations(arms, size):
            added = {key: policy for name in names for key, policy in find_added_policies(base, arms[name]).items()}
            combined[NAME_SEPARATOR.join(names)] = base.replace(policies={**base.policies, **added})
    return combined


def check_comparable(base: Scenario, arms: Mapping[str, Scenario]) -> None:
    """Raise InputError for arms that differ from the baseline in population, or that equal the baseline.

    Raises
    ------
    InputError
        With every reason.
    """
    faults = [] if arms else [Fault("arms", "none is given; needed: at least one arm besides the baseline")]
    for name, arm in arms.items():
        path = f"arm '{name}'"
        faults += check_arm_name(name)
        fault_count = len(faults)
        if arm.world_fingerprint() != base.world_fingerprint():
            faults.append(Fault(path, "has other organisations or ties than the baseline; needed: the same"))
        faults += [
            Fault(path, f"has {field} {getattr(arm, field)}; the baseline has {getattr(base, field)}")
            for field in ("seed", "horizon")
            if getattr(arm, field) != getattr(base, field)
        ]
        if list(arm.interventions) != list(base.interventions):
            faults.append(Fault(path, "has other interventions than the baseline"))
        if (
            len(faults) == fault_count
            and arm.replace(name=base.name, replicates=base.replicates).fingerprint() == base.fingerprint()
        ):
            faults.append(Fault(path, "is the same as the baseline"))
    if faults:
        raise InputError(faults)


def check_arm_name(name: str) -> list[Fault]:
    """Return the faults of an arm's name, which is also that of its folder."""
    try:
        validate_folder_name(name)
    except ValueError as error:
        return [Fault(f"arm '{name}'", str(error))]
    if name in RESERVED_NAMES or Path(name).suffix in SIBLING_FILE_SUFFIXES:
        return [Fault(f"arm '{name}'", f"'{name}' is reserved for other files of the results; choose another name")]
    return []


def branch_arms(base: Scenario, arms: Mapping[str, Scenario], month: int) -> dict[str, Scenario]:
    """Return arms whose added policies start when they branch from the baseline.

    Raises
    ------
    InputError
        For a month outside the run, and for arms that differ from the baseline in more than added policies, add
        seeding, or add policies that end before the branch.
    """
    if not 1 < month <= base.horizon:
        problem = f"got {month}; needed: a month from 2 to {base.horizon}, the last of the run"
        raise InputError([Fault("branch_at", problem)])
    faults: list[Fault] = []
    branched: dict[str, Scenario] = {}
    for name, arm in arms.items():
        added = find_added_policies(base, arm)
        if not differs_only_by_policies(base, arm):
            faults.append(
                Fault(f"arm '{name}'", "differs from the baseline in more than added policies: it cannot branch")
            )
        for key, policy in added.items():
            if isinstance(policy, SeedingPolicy):
                faults.append(
                    Fault(f"arm '{name}', policy '{key}'", "chooses pilot sites, which have started before the branch")
                )
            elif policy.end is not None and policy.end < month:
                faults.append(Fault(f"arm '{name}', policy '{key}'", f"ends in month {policy.end}, before {month}"))
        if not faults:
            starts = {f"policies.{key}.start": max(month, policy.start) for key, policy in added.items()}
            branched[name] = arm.replace(starts)
    if faults:
        raise InputError(faults)
    return branched


def arm_name_and_description(file: str, *, is_policy: bool) -> tuple[str, dict[str, str]]:
    """Return the name of an arm, and the description in its policy file.

    Raises
    ------
    InputError
        For an invalid policy file, and a name or description that is not text.
    """
    if not is_policy:
        return Path(file).stem, {}
    data, locations = read_policy_file(Path(file), file)
    texts = {key: data[key] for key in ("name", "description") if data.get(key) is not None}
    faults = [
        fault_at_path((key,), f"got {value!r}; needed: text", locations)
        for key, value in texts.items()
        if not isinstance(value, str) or not value.strip()
    ]
    if faults:
        raise InputError(faults)
    return texts.pop("name", Path(file).stem), texts


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
    """Return the baseline and the arms of files, each named after its file or by a name in it.

    Parameters
    ----------
    base : str or Path
        The baseline scenario.
    scenario_files : sequence of str or Path
        Scenarios, each an arm.
    policies : sequence of str or Path
        Policy files, each an arm: the baseline with the policies of the file, and its description if any.
    organisations, ties : str or Path, optional
        Tables for the baseline and every arm.
    seed, replicates : int, optional
        Values to use instead of those of the scenarios.

    Raises
    ------
    InputError
        With the faults of all files, and for two arms with the same name.
    """
    overrides = {"seed": seed, "replicates": replicates}
    changes = {name: value for name, value in overrides.items() if value is not None}
    sources: list[tuple[str, str | Path, list[str | Path]]] = [
        *((str(path), path, []) for path in scenario_files),
        *((str(path), base, [path]) for path in policies),
    ]
    faults: list[Fault] = []
    scenarios: dict[str, Scenario] = {}
    for file, path, added in [(BASELINE_ARM, base, []), *sources]:
        try:
            name, description = (
                (BASELINE_ARM, {}) if file == BASELINE_ARM else arm_name_and_description(file, is_policy=bool(added))
            )
        except InputError as error:
            faults.extend(error.faults)
            continue
        name_faults = [Fault("", fault.problem, file) for fault in check_arm_name(name)] if file != BASELINE_ARM else []
        if name in scenarios and not name_faults:
            name_faults = [Fault("", f"another arm is already called '{name}'; rename one", file)]
        if name_faults:
            faults.extend(name_faults)
            continue
        try:
            reject_policy_file(path)
            scenarios[name] = read_scenario(
                path, organisations=organisations, ties=ties, policies=added, changes=changes
            )
            scenarios[name] = scenarios[name].model_copy(update=description)
        except InputError as error:
            faults.extend(error.faults)
    if faults:
        raise InputError(faults)
    baseline = scenarios.pop(BASELINE_ARM)
    return baseline, scenarios
