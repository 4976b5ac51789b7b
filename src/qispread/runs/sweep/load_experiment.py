"""Experiments from files, mappings and manifests, with every fault of all of it said at once."""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from qispread.common.former_names import removal_note
from qispread.inputs import argument_checks
from qispread.inputs.csv_tables import CsvTable, ReadContext, parse_number, read_table
from qispread.inputs.errors import TRUNCATION_MARK, Fault, InputError, did_you_mean
from qispread.inputs.factors import Factor, list_paths
from qispread.inputs.field_errors import fault_at_path
from qispread.inputs.former_data import (
    MANIFEST_NOTE,
    is_former_scenario,
    rename_former,
    rename_path,
    rename_saved_experiment,
    rename_saved_scenario,
)
from qispread.inputs.load_scenario import load, read_with_parents
from qispread.inputs.scenario import Scenario
from qispread.inputs.scenario_fields import InputFile
from qispread.inputs.table_references import resolve_path
from qispread.inputs.validate import to_tuples, validate_section
from qispread.inputs.yaml_reader import SourceLocation, SourceLocations, read_text
from qispread.runs.sweep.analysis_notes import analysis_notes
from qispread.runs.sweep.experiment import Experiment, FactorSpec
from qispread.runs.sweep.factor_validation import FactorValidator, explicit_spec, resolve_valid_factors

ExperimentSource = str | Path | Mapping[str, Any] | Experiment
"""What describes an experiment: a file, the folder or manifest of a sweep, a mapping like the file, or itself."""
EXPERIMENT = (
    "an Experiment, the path of its file or of the folder of a sweep, or a mapping that says what the file would"
)
MANIFEST = "manifest.json"


@argument_checks.validate_arguments(
    source=argument_checks.described_check(Experiment, EXPERIMENT),
)
def load_experiment(source: ExperimentSource) -> Experiment:
    """Read an experiment.

    Parameters
    ----------
    source : str, Path, mapping or Experiment
        A YAML file; the folder or the manifest.json of a sweep; or a mapping that says what the file would, whose
        ``base`` may be a Scenario.

    Raises
    ------
    InputError
        With every fault of the experiment, of its scenario and of its tables.
    """
    if isinstance(source, Experiment):
        return resolve_factors(source, {}, Path(), [])
    if isinstance(source, Mapping):
        return build_experiment(rename_former(dict(source), {}), {}, Path())
    path = Path(source)
    if path.is_dir() or path.suffix == ".json":
        return read_experiment_manifest(path / MANIFEST if path.is_dir() else path)
    notes: list[str] = []
    data, places = read_with_parents(path, str(path), notes=notes)
    return build_experiment(data, places, path.parent, notes)


def is_experiment(path: str | Path) -> bool:
    """Return whether a YAML file describes an experiment: whether it names factors."""
    if Path(path).suffix not in (".yaml", ".yml"):
        return False
    try:
        return "factors" in read_with_parents(Path(path), str(path))[0]
    except InputError:
        return False


def check_experiment(path: str | Path) -> Scenario:
    """Check an experiment file, and return its scenario, with notes on both; raises as it is read."""
    experiment = load_experiment(path)
    scenario = experiment.scenario
    return scenario.model_copy(update={"notes": (*scenario.notes, *analysis_notes(experiment))})


def read_experiment_manifest(path: Path) -> Experiment:
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
        raise InputError([Fault("", TRUNCATION_MARK, str(path), getattr(error, "lineno", 0))]) from None
    try:
        experiment, scenario = kept["experiment"], kept["scenario"]
        if is_former_scenario(scenario):
            experiment, scenario = rename_saved_experiment(experiment), rename_saved_scenario(scenario)
            scenario["notes"] = [*scenario.get("notes", ()), f"{path}: {MANIFEST_NOTE}"]
        return Experiment.model_validate(to_tuples({**experiment, "scenario": scenario}))
    except (ValueError, KeyError, TypeError, ValidationError):
        raise InputError([Fault("", "is not the manifest of a sweep", str(path))]) from None


def build_experiment(
    data: dict[str, Any], places: SourceLocations, folder: Path, notes: Sequence[str] = ()
) -> Experiment:
    """Return the checked experiment that data describes, with notes in those of its scenario.

    `folder` is what its files are relative to.
    """
    faults: list[Fault] = []
    base, policies = data.pop("base", None), data.pop("policies", [])
    scenario = data.pop("scenario", base)
    if not isinstance(scenario, Scenario):
        scenario = load_base_scenario(base, policies, places, folder, faults)
    elif policies:
        faults.append(
            fault_at_path(("policies",), "can be added to a base file only; change the scenario itself", places)
        )
    if scenario is not None and notes:
        scenario = scenario.model_copy(update={"notes": (*scenario.notes, *notes)})
    found = validate_section(Experiment, {**data, "scenario": scenario or Scenario()}, places)
    if scenario is None:
        raise InputError([*faults, *found])
    if not found:
        experiment = Experiment.model_validate(to_tuples({**data, "scenario": scenario}))
        return resolve_factors(experiment, places, folder, faults)
    checking = FactorValidator(scenario, places, folder)
    resolve_valid_factors(valid_factor_specs(data.get("factors")), checking)
    raise InputError([*faults, *found, *checking.faults])


def load_base_scenario(
    base: Any, policies: Any, places: SourceLocations, folder: Path, faults: list[Fault]
) -> Scenario | None:
    """Return the scenario that an experiment varies, or None with its faults noted."""
    if not isinstance(base, str | Path):
        faults.append(fault_at_path(("base",), "is missing; needed: the file of a scenario", places))
        return None
    named = [policies] if isinstance(policies, str) else policies
    if not isinstance(named, list | tuple) or not all(isinstance(one, str | Path) for one in named):
        faults.append(fault_at_path(("policies",), "needed: the names of policy files", places))
        return None
    try:
        path = resolve_path(("base",), str(base), places, folder)
        added = [resolve_path(("policies", place), str(one), places, folder) for place, one in enumerate(named)]
        return load(path, policies=added)
    except InputError as error:
        faults.extend(error.faults)
        return None


def valid_factor_specs(factor_specs: Any) -> dict[str, FactorSpec]:
    """Return what is said of factors, as far as it is right by itself."""
    found = {}
    for path, one in factor_specs.items() if isinstance(factor_specs, dict) else ():
        try:
            found[str(path)] = FactorSpec.model_validate(to_tuples(one or {}))
        except ValidationError:
            continue
    return found


def resolve_factors(experiment: Experiment, places: SourceLocations, folder: Path, faults: list[Fault]) -> Experiment:
    """Return an experiment in which all is written out: ranges of factors, and the rows of a table of points.

    Raises
    ------
    InputError
        With every fault of the factors and of the table.
    """
    checking = FactorValidator(experiment.scenario, places, folder, faults)
    if experiment.design.kind == "list" and not experiment.design.rows:
        return points_from_csv(experiment, checking)
    if not experiment.factors:
        checking.faults.append(fault_at_path(("factors",), "none is given; needed: at least one", places))
    factors = resolve_valid_factors(experiment.factors, checking)
    if checking.faults:
        raise InputError(checking.faults)
    return experiment.model_copy(update={"factors": {factor.path: explicit_spec(factor) for factor in factors}})


def points_from_csv(experiment: Experiment, checking: FactorValidator) -> Experiment:
    """Return an experiment with the points of its table as rows; a column that is no factor yet becomes one."""
    design: Any = experiment.design
    path = resolve_path(("design", "file"), design.file, checking.locations, checking.folder)
    reading = ReadContext()
    try:
        table = read_table(path, os.path.normpath(path), reading)
    except InputError as error:
        raise InputError([*checking.faults, *error.faults]) from None
    checking.faults += reading.faults
    table = rename_columns(table, reading)
    for name in experiment.factors:
        if name not in table.columns:
            checking.fault(name, f"has no column in {table.display_name}" + did_you_mean(name, table.columns))
    columns = {
        name: parse_factor_column(name, table, experiment.factors.get(name, FactorSpec()), checking)
        for name in table.columns
    }
    if checking.faults or any(column is None for column in columns.values()):
        raise InputError(checking.faults)
    rows = tuple(zip(*(numbers for _, numbers in columns.values() if numbers), strict=True))
    factors = {name: explicit_spec(factor) for name, (factor, _) in columns.items() if factor}
    inputs = (*experiment.scenario.inputs, *(InputFile(**one) for one in reading.inputs))
    notes = (*experiment.scenario.notes, *reading.notes)
    kept = experiment.scenario.model_copy(update={"inputs": inputs, "notes": notes})
    return experiment.model_copy(
        update={"factors": factors, "design": design.model_copy(update={"rows": rows}), "scenario": kept}
    )


def rename_columns(table: CsvTable, reading: ReadContext) -> CsvTable:
    """Return a table of points whose columns are paths of now, with a note on each former one."""
    renamed = {name: rename_path(name) for name in table.columns}
    moved = {old: new for old, new in renamed.items() if new != old and new not in table.columns}
    reading.notes += [f"{table.display_name}:1: {removal_note(old, new)}" for old, new in moved.items()]
    if not moved:
        return table
    rows = [(line, {moved.get(name, name): cell for name, cell in cells.items()}) for line, cells in table.rows]
    return CsvTable(table.display_name, tuple(moved.get(name, name) for name in table.columns), rows)


def parse_factor_column(
    name: str, table: CsvTable, specs: FactorSpec, checking: FactorValidator
) -> tuple[Factor | None, list[float]]:
    """Return the factor of a column and its numbers: those in the cells, or the places of the values that they name."""
    if name not in list_paths(checking.scenario):
        problem = "is nothing of the scenario" + did_you_mean(name, list_paths(checking.scenario))
        checking.faults.append(Fault(f"column '{name}'", problem, table.display_name, 1))
        return None, []
    given = [(line, cells[name]) for line, cells in table.rows]
    if specs.values:
        return parse_label_column(name, table, specs, checking)
    numbers = [parse_number(cell) for _, cell in given]
    for (line, cell), number in zip(given, numbers, strict=True):
        if not isinstance(number, float) or number - number != 0.0:
            problem = f"got '{cell}'; needed: a number"
            checking.faults.append(Fault(f"column '{name}'", problem, table.display_name, line))
    right = [number for number in numbers if isinstance(number, float) and number - number == 0.0]
    if len(right) < len(numbers) or not right:
        return None, []
    # The table says what is run, so that its own ends are the range, and the declared bounds are all that holds them.
    here = FactorValidator(
        checking.scenario, {("factors", name): SourceLocation(table.display_name, 1, f"column '{name}'")}
    )
    factor = next(iter(resolve_valid_factors({name: FactorSpec(low=min(right), high=max(right))}, here)), None)
    checking.faults += here.faults
    for (line, cell), number in zip(given, right, strict=True):
        if factor is not None and factor.integer and not number.is_integer():
            checking.faults.append(
                Fault(f"column '{name}'", f"got {cell}; needed: a whole number", table.display_name, line)
            )
    return factor, right


def parse_label_column(
    name: str, table: CsvTable, specs: FactorSpec, checking: FactorValidator
) -> tuple[Factor | None, list[float]]:
    """Return the factor of a column of labels and the place of the value that each names."""
    factor = next(iter(resolve_valid_factors({name: specs}, checking)), None)
    if factor is None:
        return None, []
    labels = factor.labels or tuple(f"{value:g}" for value in factor.values)
    places = []
    for line, cells in table.rows:
        if cells[name] in labels:
            places.append(float(labels.index(cells[name])))
        else:
            problem = f"got '{cells[name]}'; needed: a label" + did_you_mean(cells[name], labels)
            checking.faults.append(Fault(f"column '{name}'", problem, table.display_name, line))
    return factor, places
