"""Calibrations from files and mappings, with every fault of all of it said at once."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from qispread.analysis.calibration import too_few
from qispread.calibrating.targets import BASE, Arm, Calibration, Target
from qispread.config import arguments
from qispread.config.cross import POOLED
from qispread.config.factors import Factor, value_at
from qispread.config.faults import Fault, InputError, nearest
from qispread.config.load import add_policies, load, scenario_from
from qispread.config.named_tables import beside
from qispread.config.scenario import Scenario, folder_name
from qispread.config.validate import fault_at, faults_in, frozen
from qispread.config.yaml_reader import Place, Places, read_yaml
from qispread.measures import MEASURES, NAMES, Measure
from qispread.sweeping.load import rightly_said
from qispread.sweeping.varying import Checking, factors_of

Given = str | Path | Mapping[str, Any]
"""What describes a calibration: a YAML file, or a mapping that says what the file would."""
CALIBRATION = "the path of a calibration file, or a mapping that says what the file would"
NEEDS_RANGE = "has values; a posterior needs a range of numbers that are not only whole"


@dataclass(frozen=True, eq=False)
class Plan:
    """A calibration that is right, with all that it names.

    Attributes
    ----------
    calibration : Calibration
    arms : dict of str to Scenario
        Those that targets take, by name.
    factors : tuple of Factor
        The parameters with their ranges.
    base : tuple of Path
        The file of the base scenario and its policy files; none where the base was no file.
    """

    calibration: Calibration
    arms: dict[str, Scenario]
    factors: tuple[Factor, ...]
    base: tuple[Path, ...] = ()


@dataclass
class Reader:
    """Reads one calibration, noting every fault.

    Attributes
    ----------
    data : dict
        As a file would give it.
    places : dict
        Where each value was given.
    folder : Path
        To which names of files are relative where no file gave them.
    faults : list of Fault
    """

    data: dict[str, Any]
    places: Places = field(default_factory=dict)
    folder: Path = field(default_factory=Path)
    faults: list[Fault] = field(default_factory=list)

    def fault(self, path: tuple[str | int, ...], problem: str) -> None:
        """Note a fault at a path."""
        self.faults.append(fault_at(path, problem, self.places))

    def plan(self) -> Plan:
        """Return the calibration.

        Raises
        ------
        InputError
            With every fault.
        """
        base, policies = self.data.pop("base", None), self.data.pop("policies", ())
        scenario = self.base_scenario(base, policies)
        self.faults += faults_in(Calibration, self.data, self.places)
        arms = self.arms(scenario) if scenario else {}
        factors = self.factors(scenario, arms) if scenario else ()
        self.check_targets(self.right("targets", Target), scenario, arms)
        self.check_kept()
        for name in ("parameters", "targets"):
            if not self.data.get(name):
                self.fault((name,), "none is given; needed: at least one")
        if self.faults:
            raise InputError(self.faults)
        found = Calibration.model_validate(frozen({**self.data, "scenario": scenario}))
        taken = {arm for one in found.targets.values() for arm in one.arms}
        kept = {name: one for name, one in arms.items() if name in taken}
        return Plan(found, kept, factors, self.base_files(base, policies))

    def path_of(self, path: tuple[str | int, ...], name: str | Path) -> Path:
        """Return a file that the calibration names."""
        return beside(path, str(name), self.places, self.folder)

    def base_files(self, base: Any, policies: Any) -> tuple[Path, ...]:
        """Return the files of the base scenario, if it has any."""
        if isinstance(base, Scenario):
            return ()
        names = [policies] if isinstance(policies, str) else policies
        files = [self.path_of(("policies", place), one) for place, one in enumerate(names)]
        return (self.path_of(("base",), base), *files)

    def base_scenario(self, base: Any, policies: Any) -> Scenario | None:
        """Return the base scenario, or None with its faults noted."""
        names = [policies] if isinstance(policies, str) else policies
        if not isinstance(names, list | tuple) or not all(isinstance(one, str | Path) for one in names):
            self.fault(("policies",), "needed: the names of policy files")
            return None
        files = [self.path_of(("policies", place), one) for place, one in enumerate(names)]
        try:
            if isinstance(base, Scenario):
                return with_files(base, files, {})
            if isinstance(base, str | Path):
                return load(self.path_of(("base",), base), policies=files)
        except InputError as error:
            self.faults.extend(error.faults)
            return None
        self.fault(("base",), "is missing; needed: the file of a scenario")
        return None

    def right(self, name: str, section: Any) -> dict[str, Any]:
        """Return the parts of a mapping that are right by themselves."""
        found = {}
        given = self.data.get(name)
        for key, one in given.items() if isinstance(given, dict) else ():
            try:
                found[str(key)] = section.model_validate(frozen(one or {}))
            except ValidationError:
                continue
        return found

    def arms(self, scenario: Scenario) -> dict[str, Scenario]:
        """Return the scenarios of all arms that are right, that of the base first."""
        found = {BASE: scenario}
        for name, arm in self.right("arms", Arm).items():
            made = self.arm(name, arm, scenario)
            if made is not None:
                found[name] = made
        return found

    def arm(self, name: str, arm: Arm, scenario: Scenario) -> Scenario | None:
        """Return the scenario of one arm, or None with its faults noted."""
        if name == BASE:
            self.fault(("arms", name), "is the base itself; give the arm another name")
            return None
        files = [self.path_of(("arms", name, "policies", place), one) for place, one in enumerate(arm.policies)]
        try:
            folder_name(name)
            return with_files(scenario, files, arm.changes)
        except InputError as error:
            for fault in error.faults:
                if fault.file:
                    self.faults.append(fault)
                    continue
                path = max((one for one in arm.changes if fault.where.startswith(one)), key=len, default="")
                self.fault(("arms", name, "changes", path), f"{fault.where}: {fault.problem}")
        except ValueError as error:
            self.fault(("arms", name), str(error))
        return None

    def factors(self, scenario: Scenario, arms: dict[str, Scenario]) -> tuple[Factor, ...]:
        """Return the parameters that are right."""
        given, found = rightly_said(self.data.get("parameters")), []
        for one in factors_of(given, self.checking(scenario)):
            if one.values or one.integer:
                self.fault(("parameters", one.path), NEEDS_RANGE)
            else:
                found.append(one)
        paths = {one.path for one in found}
        self.check_arms(paths)
        for name, arm in arms.items():
            if len(factors_of({path: given[path] for path in paths}, Checking(arm))) < len(paths):
                self.fault(("arms", name), "has not all of the parameters")
        return tuple(found)

    def check_arms(self, paths: set[str]) -> None:
        """Refuse arms that set what is calibrated."""
        for name, arm in self.right("arms", Arm).items():
            for changed in arm.changes:
                for path in paths:
                    if path == changed or path.startswith(f"{changed}.") or changed.startswith(f"{path}."):
                        problem = f"the parameter '{path}' would take its place; calibrate it, or let the arm set it"
                        self.fault(("arms", name, "changes", changed), problem)

    def checking(self, scenario: Scenario) -> Checking:
        """Return what checks parameters as factors of an experiment, with the places where they were given."""
        places = {
            ("factors", *path[1:]): Place(one.file, one.line, ".".join(map(str, path)))
            for path, one in self.places.items()
            if path[:1] == ("parameters",)
        }
        return Checking(scenario, places, self.folder, self.faults)

    def check_targets(self, targets: dict[str, Target], scenario: Scenario | None, arms: dict[str, Scenario]) -> None:
        """Check targets against the scenarios and against each other."""
        seen: dict[tuple[Any, ...], str] = {}
        for name, one in targets.items():
            first = seen.setdefault(one.about, name)
            if first != name:
                self.fault(("targets", name), f"is about the same as the target '{first}': {one}")
            if problem := impossible(one):
                self.fault(("targets", name, "value"), problem)
            if scenario is not None:
                self.check_target(name, one, scenario, arms)

    def check_kept(self) -> None:
        """Refuse fewer runs than a posterior needs, before any of them is run."""
        given = self.data.get("targets")
        fields = Calibration.model_fields
        points, accept = (self.data.get(name, fields[name].default) for name in ("points", "accept"))
        if not (given and isinstance(given, dict) and isinstance(points, int) and isinstance(accept, int | float)):
            return
        problem = too_few(points, accept, len(given)) if points >= 1 and 0.0 < accept <= 1.0 else ""
        if problem:
            self.fault(("accept" if "accept" in self.data else "points",), problem)

    def check_target(self, name: str, one: Target, scenario: Scenario, arms: dict[str, Scenario]) -> None:
        """Check one target against the scenarios."""
        given = self.data.get("arms")
        wanted = {BASE, *(map(str, given) if isinstance(given, dict) else ())}
        for said, arm in (("arm", one.arm), ("against", one.against)):
            if arm is not None and arm not in wanted:
                self.fault(("targets", name, said), f"no arm is called '{arm}'" + nearest(arm, wanted))
        if one.against == one.arm:
            self.fault(("targets", name, "against"), f"'{one.arm}' is the arm itself")
        whose = (POOLED, *scenario.interventions)
        if one.intervention not in whose:
            problem = f"no intervention is called '{one.intervention}'" + nearest(one.intervention, whose)
            self.fault(("targets", name, "intervention"), problem)
        elif one.intervention != POOLED and MEASURES[one.measure].overall:
            self.fault(("targets", name, "intervention"), f"'{one.measure}' belongs to the whole, not to one")
        for arm in one.arms:
            horizon = arms[arm].horizon if arm in arms else scenario.horizon
            if one.month > horizon:
                self.fault(("targets", name, "month"), f"got {one.month}; the runs of {arm} end in month {horizon}")
        if one.times is not None and one.times not in MEASURES:
            try:
                value_at(scenario, one.times)
            except InputError:
                problem = f"'{one.times}' is neither a measure nor a number of the scenario" + nearest(one.times, NAMES)
                self.fault(("targets", name, "times"), problem)


def impossible(one: Target) -> str:
    """Return why no run can show the value of a target, or nothing: shares lie within 0 and 1, and so on."""
    low, high = possible(MEASURES[one.measure])
    if one.times is not None:
        return ""
    compared = one.since is not None or one.against is not None
    if compared and one.compare == "change":
        low, high = low - high, high - low
    elif compared:
        low, high = min(low, 0.0), math.inf
    if low <= one.value <= high:
        return ""
    needed = f"at least {low:g}" if high == math.inf else f"from {low:g} to {high:g}"
    return f"got {one.value:g}; {one} is {needed} in every run"


def possible(measure: Measure) -> tuple[float, float]:
    """Return the least and the largest value that a measure can have."""
    if measure.unit == "share":
        return 0.0, 1.0
    return (-math.inf if measure.name == "harm_averted" else 0.0), math.inf


def with_files(scenario: Scenario, files: list[Path], changes: dict[str, Any]) -> Scenario:
    """Return a scenario with policy files added and values changed."""
    if files:
        data = scenario.model_dump(mode="json")
        places: Places = {}
        faults = add_policies(data, places, files)
        scenario = scenario_from(data, places, faults=faults)
    return scenario.replace(dict(changes)) if changes else scenario


@arguments.checks(
    given=arguments.described_by((), CALIBRATION),
    folder=arguments.instance((str, PathLike), "the path of a folder"),
)
def load_calibration(given: Given, folder: str | Path = "") -> Plan:
    """Read a calibration.

    Parameters
    ----------
    given : str, Path or mapping
        A YAML file, or a mapping that says what the file would, whose ``base`` may be a Scenario.
    folder : str or Path
        To which a mapping's names of files are relative.

    Raises
    ------
    InputError
        With every fault of the calibration, its scenarios and its targets.
    """
    if isinstance(given, Mapping):
        return Reader(dict(given), folder=Path(folder)).plan()
    path, twice = Path(given), list[Fault]()
    data, places = read_yaml(path, str(given), twice)
    return Reader(data, places, path.parent, twice).plan()


def is_calibration(path: str | Path) -> bool:
    """Return whether a YAML file describes a calibration: whether it names targets."""
    if Path(path).suffix not in (".yaml", ".yml"):
        return False
    try:
        return "targets" in read_yaml(Path(path), str(path), [])[0]
    except InputError:
        return False
