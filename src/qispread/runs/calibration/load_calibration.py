"""Calibrations from files and mappings, with every fault of all of it said at once."""

import math
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
from qispread.inputs.load_scenario import add_policies, build_scenario, load
from qispread.inputs.scenario import Scenario
from qispread.inputs.scenario_fields import validate_folder_name
from qispread.inputs.table_references import resolve_path
from qispread.inputs.validate import to_tuples, validate_section
from qispread.inputs.yaml_reader import SourceLocation, SourceLocations, read_yaml
from qispread.model.measures import MEASURE_NAMES, MEASURES, Measure
from qispread.runs.calibration.abc_posterior import describe_shortfall
from qispread.runs.calibration.targets import BASELINE_ARM, Calibration, CalibrationArm, CalibrationTarget
from qispread.runs.sweep.factor_validation import FactorValidator, resolve_valid_factors
from qispread.runs.sweep.load_experiment import valid_factor_specs

CalibrationSource = str | Path | Mapping[str, Any]
"""What describes a calibration: a YAML file, or a mapping that says what the file would."""
CALIBRATION = "the path of a calibration file, or a mapping that says what the file would"
NEEDS_RANGE = "has values; a posterior needs a range of numbers that are not only whole"


@dataclass(frozen=True, eq=False)
class CalibrationSpec:
    """A calibration that is right, with all that it names.

    Attributes
    ----------
    calibration : Calibration
    arms : dict of str to Scenario
        Those that targets take, by name.
    factors : tuple of Factor
        The parameters with their ranges.
    base_paths : tuple of Path
        The file of the base scenario and its policy files; none where the base was no file.
    """

    calibration: Calibration
    arms: dict[str, Scenario]
    factors: tuple[Factor, ...]
    base_paths: tuple[Path, ...] = ()


@dataclass
class CalibrationReader:
    """Reads one calibration, noting every fault.

    Attributes
    ----------
    data : dict
        As a file would give it.
    locations : dict
        Where each value was given.
    folder : Path
        To which names of files are relative where no file gave them.
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
        """Note a fault at a path."""
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
        found = Calibration.model_validate(to_tuples({**self.data, "scenario": scenario}))
        taken = {arm for one in found.targets.values() for arm in one.arms}
        kept = {name: one for name, one in arms.items() if name in taken}
        return CalibrationSpec(found, kept, factors, self.base_files(base, policies))

    def resolve_file(self, path: tuple[str | int, ...], name: str | Path) -> Path:
        """Return a file that the calibration names."""
        return resolve_path(path, str(name), self.locations, self.folder)

    def base_files(self, base: Any, policies: Any) -> tuple[Path, ...]:
        """Return the files of the base scenario, if it has any."""
        if isinstance(base, Scenario):
            return ()
        names = [policies] if isinstance(policies, str) else policies
        files = [self.resolve_file(("policies", place), one) for place, one in enumerate(names)]
        return (self.resolve_file(("base",), base), *files)

    def base_scenario(self, base: Any, policies: Any) -> Scenario | None:
        """Return the base scenario, or None with its faults noted."""
        names = [policies] if isinstance(policies, str) else policies
        if not isinstance(names, list | tuple) or not all(isinstance(one, str | Path) for one in names):
            self.add_fault(("policies",), "needed: the names of policy files")
            return None
        files = [self.resolve_file(("policies", place), one) for place, one in enumerate(names)]
        try:
            if isinstance(base, Scenario):
                return apply_policy_files(base, files, {})
            if isinstance(base, str | Path):
                return load(self.resolve_file(("base",), base), policies=files)
        except InputError as error:
            self.faults.extend(error.faults)
            return None
        self.add_fault(("base",), "is missing; needed: the file of a scenario")
        return None

    def valid_entries(self, name: str, section: Any) -> dict[str, Any]:
        """Return the parts of a mapping that are right by themselves."""
        found = {}
        given = self.data.get(name)
        for key, one in given.items() if isinstance(given, dict) else ():
            try:
                found[str(key)] = section.model_validate(to_tuples(one or {}))
            except ValidationError:
                continue
        return found

    def read_arms(self, scenario: Scenario) -> dict[str, Scenario]:
        """Return the scenarios of all arms that are right, that of the base first."""
        found = {BASELINE_ARM: scenario}
        for name, arm in self.valid_entries("arms", CalibrationArm).items():
            made = self.read_arm(name, arm, scenario)
            if made is not None:
                found[name] = made
        return found

    def read_arm(self, name: str, arm: CalibrationArm, scenario: Scenario) -> Scenario | None:
        """Return the scenario of one arm, or None with its faults noted."""
        if name == BASELINE_ARM:
            self.add_fault(("arms", name), "is the baseline itself; give the arm another name")
            return None
        files = [self.resolve_file(("arms", name, "policies", place), one) for place, one in enumerate(arm.policies)]
        try:
            validate_folder_name(name)
            return apply_policy_files(scenario, files, arm.changes)
        except InputError as error:
            for fault in error.faults:
                if fault.file:
                    self.faults.append(fault)
                    continue
                path = max((one for one in arm.changes if fault.path.startswith(one)), key=len, default="")
                self.add_fault(("arms", name, "changes", path), f"{fault.path}: {fault.problem}")
        except ValueError as error:
            self.add_fault(("arms", name), str(error))
        return None

    def read_factors(self, scenario: Scenario, arms: dict[str, Scenario]) -> tuple[Factor, ...]:
        """Return the parameters that are right."""
        given, found = valid_factor_specs(self.data.get("parameters")), []
        for one in resolve_valid_factors(given, self.factor_validator(scenario)):
            if one.values or one.integer:
                self.add_fault(("parameters", one.path), NEEDS_RANGE)
            else:
                found.append(one)
        paths = {one.path for one in found}
        self.check_arms(paths)
        for name, arm in arms.items():
            if len(resolve_valid_factors({path: given[path] for path in paths}, FactorValidator(arm))) < len(paths):
                self.add_fault(("arms", name), "has not all of the parameters")
        return tuple(found)

    def check_arms(self, paths: set[str]) -> None:
        """Refuse arms that set what is calibrated."""
        for name, arm in self.valid_entries("arms", CalibrationArm).items():
            for changed in arm.changes:
                for path in paths:
                    if path == changed or path.startswith(f"{changed}.") or changed.startswith(f"{path}."):
                        problem = f"the parameter '{path}' would take its place; calibrate it, or let the arm set it"
                        self.add_fault(("arms", name, "changes", changed), problem)

    def factor_validator(self, scenario: Scenario) -> FactorValidator:
        """Return what checks parameters as factors of an experiment, with the places where they were given."""
        places = {
            ("factors", *path[1:]): SourceLocation(one.file, one.line, ".".join(map(str, path)))
            for path, one in self.locations.items()
            if path[:1] == ("parameters",)
        }
        return FactorValidator(scenario, places, self.folder, self.faults)

    def check_targets(
        self, targets: dict[str, CalibrationTarget], scenario: Scenario | None, arms: dict[str, Scenario]
    ) -> None:
        """Check targets against the scenarios and against each other."""
        seen: dict[tuple[Any, ...], str] = {}
        for name, one in targets.items():
            first = seen.setdefault(one.identity, name)
            if first != name:
                self.add_fault(("targets", name), f"is about the same as the target '{first}': {one}")
            if problem := impossible_fault(one):
                self.add_fault(("targets", name, "value"), problem)
            if scenario is not None:
                self.check_target(name, one, scenario, arms)

    def check_accepted_runs(self) -> None:
        """Refuse fewer runs than a posterior needs, before any of them is run."""
        given = self.data.get("targets")
        fields = Calibration.model_fields
        points, accept = (self.data.get(name, fields[name].default) for name in ("points", "accepted_share"))
        if not (given and isinstance(given, dict) and isinstance(points, int) and isinstance(accept, int | float)):
            return
        problem = describe_shortfall(points, accept, len(given)) if points >= 1 and 0.0 < accept <= 1.0 else ""
        if problem:
            self.add_fault(("accepted_share" if "accepted_share" in self.data else "points",), problem)

    def check_target(self, name: str, target: CalibrationTarget, scenario: Scenario, arms: dict[str, Scenario]) -> None:
        """Check one target against the scenarios."""
        given = self.data.get("arms")
        wanted = {BASELINE_ARM, *(map(str, given) if isinstance(given, dict) else ())}
        for said, arm in (("arm", target.arm), ("against", target.against)):
            if arm is not None and arm not in wanted:
                self.add_fault(("targets", name, said), f"no arm is called '{arm}'" + did_you_mean(arm, wanted))
        if target.against == target.arm:
            self.add_fault(("targets", name, "against"), f"'{target.arm}' is the arm itself")
        whose = (POOLED, *scenario.interventions)
        if target.intervention not in whose:
            problem = f"no intervention is called '{target.intervention}'" + did_you_mean(target.intervention, whose)
            self.add_fault(("targets", name, "intervention"), problem)
        elif target.intervention != POOLED and MEASURES[target.measure].overall:
            self.add_fault(("targets", name, "intervention"), f"'{target.measure}' belongs to the whole, not to one")
        for arm in target.arms:
            horizon = arms[arm].horizon if arm in arms else scenario.horizon
            if target.month > horizon:
                self.add_fault(
                    ("targets", name, "month"), f"got {target.month}; the runs of {arm} end in month {horizon}"
                )
        if target.multiplied_by is not None and target.multiplied_by not in MEASURES:
            try:
                number_at_path(scenario, target.multiplied_by)
            except InputError:
                problem = f"'{target.multiplied_by}' is neither a measure nor a number of the scenario" + did_you_mean(
                    target.multiplied_by, MEASURE_NAMES
                )
                self.add_fault(("targets", name, "multiplied_by"), problem)


def impossible_fault(one: CalibrationTarget) -> str:
    """Return why no run can show the value of a target, or nothing: shares lie within 0 and 1, and so on."""
    low, high = is_possible(MEASURES[one.measure])
    if one.multiplied_by is not None:
        return ""
    compared = one.compared_with_month is not None or one.against is not None
    if compared and one.compare == "change":
        low, high = low - high, high - low
    elif compared:
        low, high = min(low, 0.0), math.inf
    if low <= one.value <= high:
        return ""
    needed = f"at least {low:g}" if high == math.inf else f"from {low:g} to {high:g}"
    return f"got {one.value:g}; {one} is {needed} in every run"


def is_possible(measure: Measure) -> tuple[float, float]:
    """Return the least and the largest value that a measure can have."""
    if measure.unit == "share":
        return 0.0, 1.0
    return (-math.inf if measure.name == "events_averted" else 0.0), math.inf


def apply_policy_files(scenario: Scenario, files: list[Path], changes: dict[str, Any]) -> Scenario:
    """Return a scenario with policy files added and values changed."""
    if files:
        data = scenario.model_dump(mode="json")
        places: SourceLocations = {}
        faults = add_policies(data, places, files)
        scenario = build_scenario(data, places, faults=faults)
    return scenario.replace(dict(changes)) if changes else scenario


@argument_checks.validate_arguments(
    source=argument_checks.described_check((), CALIBRATION),
    folder=argument_checks.instance_check((str, PathLike), "the path of a folder"),
)
def load_calibration(source: CalibrationSource, folder: str | Path = "") -> CalibrationSpec:
    """Read a calibration.

    Parameters
    ----------
    source : str, Path or mapping
        A YAML file, or a mapping that says what the file would, whose ``base`` may be a Scenario.
    folder : str or Path
        To which a mapping's names of files are relative.

    Raises
    ------
    InputError
        With every fault of the calibration, its scenarios and its targets.
    """
    if isinstance(source, Mapping):
        return CalibrationReader(rename_former(dict(source), {}), folder=Path(folder)).read()
    path, twice = Path(source), list[Fault]()
    data, places = read_yaml(path, str(source), twice)
    notes: list[str] = []
    data = rename_former(data, places, notes)
    return CalibrationReader(data, places, path.parent, twice, notes).read()


def is_calibration(path: str | Path) -> bool:
    """Return whether a YAML file describes a calibration: whether it names targets."""
    if Path(path).suffix not in (".yaml", ".yml"):
        return False
    try:
        return "targets" in read_yaml(Path(path), str(path), [])[0]
    except InputError:
        return False
