"""Loading of calibrations from files and mappings, with every fault reported at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from qispread.inputs import argument_checks
from qispread.inputs.cross_checks import POOLED
from qispread.inputs.errors import Fault, InputError, did_you_mean
from qispread.inputs.factors import Factor, number_at_path
from qispread.inputs.field_errors import fault_at_path
from qispread.inputs.former_data import rename_former
from qispread.inputs.load_scenario import add_policies, build_scenario, read_scenario
from qispread.inputs.scenario import Scenario
from qispread.inputs.scenario_fields import validate_folder_name
from qispread.inputs.table_references import resolve_path
from qispread.inputs.validate import to_tuples, validate_section
from qispread.inputs.yaml_reader import SourceLocation, SourceLocations, read_yaml
from qispread.model.measures import MEASURES, measure_names
from qispread.runs.calibration.abc_posterior import describe_shortfall
from qispread.runs.calibration.targets import (
    BASELINE_ARM,
    Calibration,
    CalibrationArm,
    CalibrationTarget,
    describe_impossible_value,
)
from qispread.runs.sweep.experiment import foreign_measure_problem
from qispread.runs.sweep.factor_validation import FactorValidator, resolve_valid_factors
from qispread.runs.sweep.load_experiment import valid_factor_specs

CalibrationSource = str | Path | Mapping[str, Any]
"""Sources of a calibration: a YAML file, or a mapping with the content of the file."""
CALIBRATION = "the path of a calibration file, or a mapping with the content of the file"
NEEDS_RANGE = "has values or whole numbers; a posterior needs a continuous range"


@dataclass(frozen=True, eq=False)
class CalibrationSpec:
    """A validated calibration with its arms and parameters.

    Attributes
    ----------
    calibration : Calibration
    arms : dict of str to Scenario
        The arms of targets, by name.
    factors : tuple of Factor
        The parameters with their ranges.
    base_paths : tuple of Path
        The file of the base scenario and its policy files; empty if the base is not a file.
    """

    calibration: Calibration
    arms: dict[str, Scenario]
    factors: tuple[Factor, ...]
    base_paths: tuple[Path, ...] = ()


@dataclass
class CalibrationReader:
    """Reads one calibration and collects every fault.

    Attributes
    ----------
    data : dict
        In the structure of a file.
    locations : dict
        Source location of each value.
    folder : Path
        Folder to which names of files are relative if they do not come from a file.
    faults : list of Fault
    notes : sequence of str
        On former names; they go to those of the base scenario.
    """

    data: dict[str, Any]
    locations: SourceLocations = field(default_factory=dict)
    folder: Path = field(default_factory=Path)
    faults: list[Fault] = field(default_factory=list)
    notes: Sequence[str] = ()

    def add_fault(self, path: tuple[str | int, ...], problem: str) -> None:
        """Record a fault at a path."""
        self.faults.append(fault_at_path(path, problem, self.locations))

    def read(self) -> CalibrationSpec:
        """Return the calibration.

        Raises
        ------
        InputError
            With every fault.
        """
        base, policies = self.data.pop("base", None), self.data.pop("policies", ())
        scenario = self.base_scenario(base, policies)
        if scenario is not None and self.notes:
            scenario = scenario.model_copy(update={"notes": (*scenario.notes, *self.notes)})
        self.faults += validate_section(Calibration, self.data, self.locations)
        arms = self.read_arms(scenario) if scenario else {}
        factors = self.read_factors(scenario, arms) if scenario else ()
        self.check_targets(self.valid_entries("targets", CalibrationTarget), scenario, arms)
        self.check_accepted_runs()
        for name in ("parameters", "targets"):
            if not self.data.get(name):
                self.add_fault((name,), "none is given; needed: at least one")
        if self.faults:
            raise InputError(self.faults)
        calibration = Calibration.model_validate(to_tuples({**self.data, "scenario": scenario}))
        used_arms = {arm for target in calibration.targets.values() for arm in target.arms}
        arms_used = {name: target for name, target in arms.items() if name in used_arms}
        return CalibrationSpec(calibration, arms_used, factors, self.base_files(base, policies))

    def resolve_file(self, path: tuple[str | int, ...], name: str | Path) -> Path:
        """Return the path of a file that the calibration names."""
        return resolve_path(path, str(name), self.locations, self.folder)

    def base_files(self, base: Any, policies: Any) -> tuple[Path, ...]:
        """Return the files of the base scenario, if any."""
        if isinstance(base, Scenario):
            return ()
        names = [policies] if isinstance(policies, str) else policies
        files = [self.resolve_file(("policies", index), name) for index, name in enumerate(names)]
        return (self.resolve_file(("base",), base), *files)

    def base_scenario(self, base: Any, policies: Any) -> Scenario | None:
        """Return the base scenario, or None after recording its faults."""
        names = [policies] if isinstance(policies, str) else policies
        if not isinstance(names, list | tuple) or not all(isinstance(name, str | Path) for name in names):
            self.add_fault(("policies",), "needed: the names of policy files")
            return None
        files = [self.resolve_file(("policies", index), name) for index, name in enumerate(names)]
        try:
            if isinstance(base, Scenario):
                return apply_policy_files(base, files, {})
            if isinstance(base, str | Path):
                return read_scenario(self.resolve_file(("base",), base), policies=files)
        except InputError as error:
            self.faults.extend(error.faults)
            return None
        self.add_fault(("base",), "is missing; needed: the file of a scenario")
        return None

    def valid_entries(self, name: str, section: Any) -> dict[str, Any]:
        """Return the entries of a mapping that are valid on their own."""
        entries = {}
        mapping = self.data.get(name)
        for key, entry in mapping.items() if isinstance(mapping, dict) else ():
            try:
                entries[str(key)] = section.model_validate(to_tuples(entry or {}))
            except ValidationError:
                continue
        return entries

    def read_arms(self, scenario: Scenario) -> dict[str, Scenario]:
        """Return the scenarios of all valid arms, that of the baseline first."""
        arms = {BASELINE_ARM: scenario}
        for name, arm in self.valid_entries("arms", CalibrationArm).items():
            arm_scenario = self.read_arm(name, arm, scenario)
            if arm_scenario is not None:
                arms[name] = arm_scenario
        return arms

    def read_arm(self, name: str, arm: CalibrationArm, scenario: Scenario) -> Scenario | None:
        """Return the scenario of one arm, or None after recording its faults."""
        if name == BASELINE_ARM:
            self.add_fault(("arms", name), "is the name of the baseline; rename the arm")
            return None
        files = [
            self.resolve_file(("arms", name, "policies", index), policy_file)
            for index, policy_file in enumerate(arm.policies)
        ]
        try:
            validate_folder_name(name)
            return apply_policy_files(scenario, files, arm.changes)
        except InputError as error:
            for fault in error.faults:
                if fault.file:
                    self.faults.append(fault)
                    continue
                path = max(
                    (policy_file for policy_file in arm.changes if fault.path.startswith(policy_file)),
                    key=len,
                    default="",
                )
                self.add_fault(("arms", name, "changes", path), f"{fault.path}: {fault.problem}")
        except ValueError as error:
            self.add_fault(("arms", name), str(error))
        return None

    def read_factors(self, scenario: Scenario, arms: dict[str, Scenario]) -> tuple[Factor, ...]:
        """Return the valid parameters."""
        specs, factors = valid_factor_specs(self.data.get("parameters")), []
        for factor in resolve_valid_factors(specs, self.factor_validator(scenario)):
            if factor.values or factor.integer:
                self.add_fault(("parameters", factor.path), NEEDS_RANGE)
            else:
                factors.append(factor)
        paths = {factor.path for factor in factors}
        self.check_arms(paths)
        for name, arm in arms.items():
            if len(resolve_valid_factors({path: specs[path] for path in paths}, FactorValidator(arm))) < len(paths):
                self.add_fault(("arms", name), "lacks some of the parameters")
        return tuple(factors)

    def check_arms(self, paths: set[str]) -> None:
        """Record a fault for arms that set calibrated parameters."""
        for name, arm in self.valid_entries("arms", CalibrationArm).items():
            for changed in arm.changes:
                for path in paths:
                    if path == changed or path.startswith(f"{changed}.") or changed.startswith(f"{path}."):
                        problem = f"the parameter '{path}' would override it; either calibrate it or set it in the arm"
                        self.add_fault(("arms", name, "changes", changed), problem)

    def factor_validator(self, scenario: Scenario) -> FactorValidator:
        """Return a validator of parameters as factors of an experiment, with their source locations."""
        locations = {
            ("factors", *path[1:]): SourceLocation(location.file, location.line, ".".join(map(str, path)))
            for path, location in self.locations.items()
            if path[:1] == ("parameters",)
        }
        return FactorValidator(scenario, locations, self.folder, self.faults)

    def check_targets(
        self, targets: dict[str, CalibrationTarget], scenario: Scenario | None, arms: dict[str, Scenario]
    ) -> None:
        """Check targets against the scenarios and against each other."""
        first_names: dict[tuple[Any, ...], str] = {}
        for name, target in targets.items():
            first = first_names.setdefault(target.identity, name)
            if first != name:
                self.add_fault(("targets", name), f"is the same quantity as the target '{first}': {target}")
            if problem := describe_impossible_value(target):
                self.add_fault(("targets", name, "value"), problem)
            if scenario is not None:
                self.check_target(name, target, scenario, arms)

    def check_accepted_runs(self) -> None:
        """Record a fault for fewer runs than a posterior needs, before any run."""
        targets = self.data.get("targets")
        fields = Calibration.model_fields
        points, accept = (self.data.get(name, fields[name].default) for name in ("points", "accepted_share"))
        if not (targets and isinstance(targets, dict) and isinstance(points, int) and isinstance(accept, int | float)):
            return
        problem = describe_shortfall(points, accept, len(targets)) if points >= 1 and 0.0 < accept <= 1.0 else ""
        if problem:
            self.add_fault(("accepted_share" if "accepted_share" in self.data else "points",), problem)

    def check_target(self, name: str, target: CalibrationTarget, scenario: Scenario, arms: dict[str, Scenario]) -> None:
        """Check one target against the scenarios."""
        arm_settings = self.data.get("arms")
        arm_names = {BASELINE_ARM, *(map(str, arm_settings) if isinstance(arm_settings, dict) else ())}
        for field_name, arm in (("arm", target.arm), ("against", target.against)):
            if arm is not None and arm not in arm_names:
                self.add_fault(
                    ("targets", name, field_name), f"no arm is called '{arm}'" + did_you_mean(arm, arm_names)
                )
        if target.against == target.arm:
            self.add_fault(("targets", name, "against"), f"'{target.arm}' is the arm itself")
        interventions = (POOLED, *scenario.interventions)
        if target.intervention not in interventions:
            problem = f"no intervention is called '{target.intervention}'" + did_you_mean(
                target.intervention, interventions
            )
            self.add_fault(("targets", name, "intervention"), problem)
        elif target.intervention != POOLED and MEASURES[target.measure].overall:
            self.add_fault(
                ("targets", name, "intervention"), f"'{target.measure}' is only defined for all interventions together"
            )
        for arm in target.arms:
            horizon = arms[arm].horizon if arm in arms else scenario.horizon
            if target.month > horizon:
                self.add_fault(
                    ("targets", name, "month"), f"got {target.month}; the runs of {arm} end in month {horizon}"
                )
        self.check_target_measures(name, target, [arms.get(arm, scenario) for arm in target.arms])

    def check_target_measures(self, name: str, target: CalibrationTarget, scenarios: list[Scenario]) -> None:
        """Check the measure of a target, and what multiplies it, against the scenarios of its arms."""
        for scenario in scenarios:
            if problem := foreign_measure_problem((target.measure,), scenario):
                self.add_fault(("targets", name, "measure"), problem)
        scenario = scenarios[0]
        if target.multiplied_by is not None and target.multiplied_by not in measure_names(scenario):
            try:
                number_at_path(scenario, target.multiplied_by)
            except InputError:
                problem = f"'{target.multiplied_by}' is neither a measure nor a number in the scenario" + did_you_mean(
                    target.multiplied_by, measure_names(scenario)
                )
                self.add_fault(("targets", name, "multiplied_by"), problem)


def apply_policy_files(scenario: Scenario, files: list[Path], changes: dict[str, Any]) -> Scenario:
    """Return a scenario with policy files added and values changed."""
    if files:
        data = scenario.model_dump(mode="json")
        locations: SourceLocations = {}
        faults = add_policies(data, locations, files)
        scenario = build_scenario(data, locations, faults=faults)
    return scenario.replace(dict(changes)) if changes else scenario


@argument_checks.validate_arguments(
    source=argument_checks.described_check((), CALIBRATION),
    folder=argument_checks.instance_check((str, PathLike), "the path of a folder"),
)
def read_calibration(source: CalibrationSource, folder: str | Path = "") -> CalibrationSpec:
    """Read a calibration.

    Parameters
    ----------
    source : str, Path or mapping
        A YAML file, or a mapping with the content of the file, whose ``base`` may be a Scenario.
    folder : str or Path
        Folder to which names of files in a mapping are relative.

    Raises
    ------
    InputError
        With every fault in the calibration, its scenarios and its targets.
    """
    if isinstance(source, Mapping):
        return CalibrationReader(rename_former(dict(source), {}), folder=Path(folder)).read()
    path, duplicate_faults = Path(source), list[Fault]()
    data, locations = read_yaml(path, str(source), duplicate_faults)
    notes: list[str] = []
    data = rename_former(data, locations, notes)
    return CalibrationReader(data, locations, path.parent, duplicate_faults, notes).read()


def is_calibration(path: str | Path) -> bool:
    """Return whether a YAML file is a calibration, that is, has `targets`."""
    if Path(path).suffix not in (".yaml", ".yml"):
        return False
    try:
        return "targets" in read_yaml(Path(path), str(path), [])[0]
    except InputError:
        return False
