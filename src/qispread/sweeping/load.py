"""Experiments from files, mappings and manifests, with every fault of all of it said at once."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from qispread.config import arguments
from qispread.config.factors import Factor, paths_of
from qispread.config.faults import CUT_SHORT, Fault, InputError, nearest
from qispread.config.load import load, read_extended
from qispread.config.named_tables import beside
from qispread.config.scenario import InputFile, Scenario
from qispread.config.tables import Reading, Table, number_or_none, read_table
from qispread.config.validate import fault_at, faults_in, frozen
from qispread.config.yaml_reader import Place, Places, read_text
from qispread.sweeping.experiment import Experiment, Varied
from qispread.sweeping.notes import notes_on
from qispread.sweeping.varying import Checking, explicit, factors_of

Given = str | Path | Mapping[str, Any] | Experiment
"""What describes an experiment: a file, the folder or manifest of a sweep, a mapping like the file, or itself."""
EXPERIMENT = (
    "an Experiment, the path of its file or of the folder of a sweep, or a mapping that says what the file would"
)
MANIFEST = "manifest.json"


@arguments.checks(
    given=arguments.described_by(Experiment, EXPERIMENT),
)
def load_experiment(given: Given) -> Experiment:
    """Read an experiment.

    Parameters
    ----------
    given : str, Path, mapping or Experiment
        A YAML file; the folder or the manifest.json of a sweep; or a mapping that says what the file would, whose
        ``base`` may be a Scenario.

    Raises
    ------
    InputError
        With every fault of the experiment, of its scenario and of its tables.
    """
    if isinstance(given, Experiment):
        return with_factors(given, {}, Path(), [])
    if isinstance(given, Mapping):
        return experiment_from(dict(given), {}, Path())
    path = Path(given)
    if path.is_dir() or path.suffix == ".json":
        return experiment_of_manifest(path / MANIFEST if path.is_dir() else path)
    data, places = read_extended(path, str(path))
    return experiment_from(data, places, path.parent)


def is_experiment(path: str | Path) -> bool:
    """Return whether a YAML file describes an experiment: whether it names factors."""
    if Path(path).suffix not in (".yaml", ".yml"):
        return False
    try:
        return "factors" in read_extended(Path(path), str(path))[0]
    except InputError:
        return False


def check_experiment(path: str | Path) -> Scenario:
    """Check an experiment file, and return its scenario, with notes on both; raises as it is read."""
    experiment = load_experiment(path)
    scenario = experiment.scenario
    return scenario.model_copy(update={"notes": (*scenario.notes, *notes_on(experiment))})


def experiment_of_manifest(path: Path) -> Experiment:
    """Return the experiment that the manifest of a sweep holds.

    Raises
    ------
    InputError
        Where there is no manifest, or none of a sweep.
    """
    text = read_text(path, str(path))
    try:
        kept = json.loads(text)
    except ValueError as error:
        raise InputError([Fault("", CUT_SHORT, str(path), getattr(error, "lineno", 0))]) from None
    try:
        return Experiment.model_validate(frozen({**kept["experiment"], "scenario": kept["scenario"]}))
    except (ValueError, KeyError, TypeError, ValidationError):
        raise InputError([Fault("", "is not the manifest of a sweep", str(path))]) from None


def experiment_from(data: dict[str, Any], places: Places, folder: Path) -> Experiment:
    """Return the checked experiment that data describes; `folder` is what its files are relative to."""
    faults: list[Fault] = []
    base, policies = data.pop("base", None), data.pop("policies", [])
    scenario = data.pop("scenario", base)
    if not isinstance(scenario, Scenario):
        scenario = base_scenario(base, policies, places, folder, faults)
    elif policies:
        faults.append(fault_at(("policies",), "can be added to a base file only; change the scenario itself", places))
    found = faults_in(Experiment, {**data, "scenario": scenario or Scenario()}, places)
    if scenario is None:
        raise InputError([*faults, *found])
    if not found:
        experiment = Experiment.model_validate(frozen({**data, "scenario": scenario}))
        return with_factors(experiment, places, folder, faults)
    checking = Checking(scenario, places, folder)
    factors_of(rightly_said(data.get("factors")), checking)
    raise InputError([*faults, *found, *checking.faults])


def base_scenario(base: Any, policies: Any, places: Places, folder: Path, faults: list[Fault]) -> Scenario | None:
    """Return the scenario that an experiment varies, or None with its faults noted."""
    if not isinstance(base, str | Path):
        faults.append(fault_at(("base",), "is missing; needed: the file of a scenario", places))
        return None
    named = [policies] if isinstance(policies, str) else policies
    if not isinstance(named, list | tuple) or not all(isinstance(one, str | Path) for one in named):
        faults.append(fault_at(("policies",), "needed: the names of policy files", places))
        return None
    try:
        path = beside(("base",), str(base), places, folder)
        added = [beside(("policies", place), str(one), places, folder) for place, one in enumerate(named)]
        return load(path, policies=added)
    except InputError as error:
        faults.extend(error.faults)
        return None


def rightly_said(given: Any) -> dict[str, Varied]:
    """Return what is said of factors, as far as it is right by itself."""
    found = {}
    for path, one in given.items() if isinstance(given, dict) else ():
        try:
            found[str(path)] = Varied.model_validate(frozen(one or {}))
        except ValidationError:
            continue
    return found


def with_factors(experiment: Experiment, places: Places, folder: Path, faults: list[Fault]) -> Experiment:
    """Return an experiment in which all is written out: ranges of factors, and the rows of a table of points.

    Raises
    ------
    InputError
        With every fault of the factors and of the table.
    """
    checking = Checking(experiment.scenario, places, folder, faults)
    if experiment.design.kind == "list" and not experiment.design.rows:
        return from_table(experiment, checking)
    if not experiment.factors:
        checking.faults.append(fault_at(("factors",), "none is given; needed: at least one", places))
    factors = factors_of(experiment.factors, checking)
    if checking.faults:
        raise InputError(checking.faults)
    return experiment.model_copy(update={"factors": {factor.path: explicit(factor) for factor in factors}})


def from_table(experiment: Experiment, checking: Checking) -> Experiment:
    """Return an experiment with the points of its table as rows; a column that is no factor yet becomes one."""
    design: Any = experiment.design
    path = beside(("design", "file"), design.file, checking.places, checking.base)
    reading = Reading()
    try:
        table = read_table(path, os.path.normpath(path), reading)
    except InputError as error:
        raise InputError([*checking.faults, *error.faults]) from None
    checking.faults += reading.faults
    for name in experiment.factors:
        if name not in table.columns:
            checking.fault(name, f"has no column in {table.shown}" + nearest(name, table.columns))
    columns = {name: column_of(name, table, experiment.factors.get(name, Varied()), checking) for name in table.columns}
    if checking.faults or any(column is None for column in columns.values()):
        raise InputError(checking.faults)
    rows = tuple(zip(*(numbers for _, numbers in columns.values() if numbers), strict=True))
    factors = {name: explicit(factor) for name, (factor, _) in columns.items() if factor}
    inputs = (*experiment.scenario.inputs, *(InputFile(**one) for one in reading.inputs))
    kept = experiment.scenario.model_copy(update={"inputs": inputs})
    return experiment.model_copy(
        update={"factors": factors, "design": design.model_copy(update={"rows": rows}), "scenario": kept}
    )


def column_of(name: str, table: Table, varied: Varied, checking: Checking) -> tuple[Factor | None, list[float]]:
    """Return the factor of a column and its numbers: those in the cells, or the places of the values that they name."""
    if name not in paths_of(checking.scenario):
        problem = "is nothing of the scenario" + nearest(name, paths_of(checking.scenario))
        checking.faults.append(Fault(f"column '{name}'", problem, table.shown, 1))
        return None, []
    given = [(line, cells[name]) for line, cells in table.rows]
    if varied.values:
        return among_labels(name, table, varied, checking)
    numbers = [number_or_none(cell) for _, cell in given]
    for (line, cell), number in zip(given, numbers, strict=True):
        if not isinstance(number, float) or number - number != 0.0:
            problem = f"got '{cell}'; needed: a number"
            checking.faults.append(Fault(f"column '{name}'", problem, table.shown, line))
    right = [number for number in numbers if isinstance(number, float) and number - number == 0.0]
    if len(right) < len(numbers) or not right:
        return None, []
    # The table says what is run, so that its own ends are the range, and the declared bounds are all that holds them.
    here = Checking(checking.scenario, {("factors", name): Place(table.shown, 1, f"column '{name}'")})
    factor = next(iter(factors_of({name: Varied(low=min(right), high=max(right))}, here)), None)
    checking.faults += here.faults
    for (line, cell), number in zip(given, right, strict=True):
        if factor is not None and factor.integer and not number.is_integer():
            checking.faults.append(Fault(f"column '{name}'", f"got {cell}; needed: a whole number", table.shown, line))
    return factor, right


def among_labels(name: str, table: Table, varied: Varied, checking: Checking) -> tuple[Factor | None, list[float]]:
    """Return the factor of a column of labels and the place of the value that each names."""
    factor = next(iter(factors_of({name: varied}, checking)), None)
    if factor is None:
        return None, []
    labels = factor.labels or tuple(f"{value:g}" for value in factor.values)
    places = []
    for line, cells in table.rows:
        if cells[name] in labels:
            places.append(float(labels.index(cells[name])))
        else:
            problem = f"got '{cells[name]}'; needed: a label" + nearest(cells[name], labels)
            checking.faults.append(Fault(f"column '{name}'", problem, table.shown, line))
    return factor, places
