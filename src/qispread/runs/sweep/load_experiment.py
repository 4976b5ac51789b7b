"""Loading of experiments from files, mappings and manifests, with every fault reported at once."""

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
from qispread.inputs.extensions.plugin_files import read_named_packages
from qispread.inputs.factors import Factor, list_paths
from qispread.inputs.field_errors import PLAIN_PROBLEM, fault_at_path
from qispread.inputs.former_data import (
    MANIFEST_NOTE,
    is_former_scenario,
    rename_former,
    rename_path,
    rename_saved_experiment,
    rename_saved_scenario,
)
from qispread.inputs.load_scenario import read_scenario, read_with_parents
from qispread.inputs.scenario import Scenario
from qispread.inputs.scenario_fields import InputFile
from qispread.inputs.table_references import resolve_path
from qispread.inputs.validate import to_tuples, validate_section
from qispread.inputs.yaml_reader import SourceLocation, SourceLocations, read_text
from qispread.runs.sweep.analysis_notes import analysis_notes
from qispread.runs.sweep.experiment import Experiment
from qispread.runs.sweep.factor_spec import FactorSpec
from qispread.runs.sweep.factor_validation import FactorValidator, explicit_spec, resolve_valid_factors

ExperimentSource = str | Path | Mapping[str, Any] | Experiment
"""Sources of an experiment: a file, the folder or manifest of a sweep, a mapping like the file, or an Experiment."""
EXPERIMENT = (
    "an Experiment, the path of its file or of the folder of a sweep, or a mapping with the content of the file"
)
MANIFEST = "manifest.json"


@argument_checks.validate_arguments(
    source=argument_checks.described_check(Experiment, EXPERIMENT),
)
def read_experiment(source: ExperimentSource) -> Experiment:
    """Read an experiment.

    Parameters
    ----------
    source : str, Path, mapping or Experiment
        A YAML file; the folder or the manifest.json of a sweep; or a mapping with the content of the file, whose
        ``base`` may be a Scenario.

    Raises
    ------
    InputError
        With every fault in the experiment, its scenario and its tables.
    """
    if isinstance(source, Experiment):
        return resolve_factors(source, {}, Path(), [])
    if isinstance(source, Mapping):
        return build_experiment(rename_former(dict(source), {}), {}, Path())
    path = Path(source)
    if path.is_dir() or path.suffix == ".json":
        return read_experiment_manifest(path / MANIFEST if path.is_dir() else path)
    notes: list[str] = []
    data, locations = read_with_parents(path, str(path), notes=notes)
    return build_experiment(data, locations, path.parent, notes)


def is_experiment(path: str | Path) -> bool:
    """Return whether a YAML file is an experiment, that is, has `factors`."""
    if Path(path).suffix not in (".yaml", ".yml"):
        return False
    try:
        return "factors" in read_with_parents(Path(path), str(path))[0]
    except InputError:
        return False


def check_experiment(path: str | Path) -> Scenario:
    """Check an experiment file and return its scenario with notes on both; raises as `read_experiment`."""
    experiment = read_experiment(path)
    scenario = experiment.scenario
    return scenario.model_copy(update={"notes": (*scenario.notes, *analysis_notes(experiment))})


def read_experiment_manifest(path: Path) -> Experiment:
    """Return the experiment in the manifest of a sweep.

    Raises
    ------
    InputError
        If there is no manifest, or it is not of a sweep.
    """
    text = read_text(path, str(path))
    try:
        manifest = json.loads(text)
    except ValueError as error:
        raise InputError([Fault("", TRUNCATION_MARK, str(path), getattr(error, "lineno", 0))]) from None
    try:
        experiment, scenario = manifest["experiment"], manifest["scenario"]
        if not isinstance(scenario, dict):
            raise InputError(not_a_sweep(path))
        if is_former_scenario(scenario):
            experiment, scenario = rename_saved_experiment(experiment), rename_saved_scenario(scenario)
            scenario["notes"] = [*scenario.get("notes", ()), f"{path}: {MANIFEST_NOTE}"]
        read_named_packages(scenario.get("plugins", ()))
        return Experiment.model_validate(to_tuples({**experiment, "scenario": scenario}))
    except ValidationError as error:
        problems = [str(detail["ctx"]["problem"]) for detail in error.errors() if detail["type"] == PLAIN_PROBLEM]
        raise InputError([Fault("plugins", problem, str(path)) for problem in problems] or not_a_sweep(path)) from None
    except (ValueError, KeyError, TypeError):
        raise InputError(not_a_sweep(path)) from None


def not_a_sweep(path: Path) -> list[Fault]:
    """Return the fault of a manifest that is not of a sweep."""
    return [Fault("", "is not the manifest of a sweep", str(path))]


def build_experiment(
    data: dict[str, Any], locations: SourceLocations, folder: Path, notes: Sequence[str] = ()
) -> Experiment:
    """Return a validated experiment from data, with notes added to those of its scenario.

    Relative paths start from `folder`.
    """
    faults: list[Fault] = []
    base, policies = data.pop("base", None), data.pop("policies", [])
    scenario = data.pop("scenario", base)
    if not isinstance(scenario, Scenario):
        scenario = load_base_scenario(base, policies, locations, folder, faults)
    elif policies:
        faults.append(
            fault_at_path(("policies",), "can only be added to a base file; change the scenario instead", locations)
        )
    if scenario is not None and notes:
        scenario = scenario.model_copy(update={"notes": (*scenario.notes, *notes)})
    section_faults = validate_section(Experiment, {**data, "scenario": scenario or Scenario()}, locations)
    if scenario is None:
        raise InputError([*faults, *section_faults])
    if not section_faults:
        experiment = Experiment.model_validate(to_tuples({**data, "scenario": scenario}))
        return resolve_factors(experiment, locations, folder, faults)
    validator = FactorValidator(scenario, locations, folder)
    resolve_valid_factors(valid_factor_specs(data.get("factors")), validator)
    raise InputError([*faults, *section_faults, *validator.faults])


def load_base_scenario(
    base: Any, policies: Any, locations: SourceLocations, folder: Path, faults: list[Fault]
) -> Scenario | None:
    """Return the base scenario of an experiment, or None after adding its faults to `faults`."""
    if not isinstance(base, str | Path):
        faults.append(fault_at_path(("base",), "is missing; needed: the file of a scenario", locations))
        return None
    files = [policies] if isinstance(policies, str) else policies
    if not isinstance(files, list | tuple) or not all(isinstance(file, str | Path) for file in files):
        faults.append(fault_at_path(("policies",), "needed: the names of policy files", locations))
        return None
    try:
        path = resolve_path(("base",), str(base), locations, folder)
        policy_paths = [
            resolve_path(("policies", index), str(file), locations, folder) for index, file in enumerate(files)
        ]
        return read_scenario(path, policies=policy_paths)
    except InputError as error:
        faults.extend(error.faults)
        return None


def valid_factor_specs(factor_specs: Any) -> dict[str, FactorSpec]:
    """Return the specifications of factors that are valid on their own."""
    specs = {}
    for path, spec in factor_specs.items() if isinstance(factor_specs, dict) else ():
        try:
            specs[str(path)] = FactorSpec.model_validate(to_tuples(spec or {}))
        except ValidationError:
            continue
    return specs


def resolve_factors(
    experiment: Experiment, locations: SourceLocations, folder: Path, faults: list[Fault]
) -> Experiment:
    """Return an experiment with explicit ranges of factors and the rows of a table of points.

    Raises
    ------
    InputError
        With every fault in the factors and the table.
    """
    validator = FactorValidator(experiment.scenario, locations, folder, faults)
    if experiment.design.kind == "list" and not experiment.design.rows:
        return points_from_csv(experiment, validator)
    if not experiment.factors:
        validator.faults.append(fault_at_path(("factors",), "none is given; needed: at least one", locations))
    factors = resolve_valid_factors(experiment.factors, validator)
    if validator.faults:
        raise InputError(validator.faults)
    return experiment.model_copy(update={"factors": {factor.path: explicit_spec(factor) for factor in factors}})


def points_from_csv(experiment: Experiment, checking: FactorValidator) -> Experiment:
    """Return an experiment with the points of its table; every column becomes a factor."""
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
    inputs = (*experiment.scenario.inputs, *(InputFile(**entry) for entry in reading.inputs))
    notes = (*experiment.scenario.notes, *reading.notes)
    scenario = experiment.scenario.model_copy(update={"inputs": inputs, "notes": notes})
    return experiment.model_copy(
        update={"factors": factors, "design": design.model_copy(update={"rows": rows}), "scenario": scenario}
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
    name: str, table: CsvTable, spec: FactorSpec, checking: FactorValidator
) -> tuple[Factor | None, list[float]]:
    """Return the factor of a column and its numbers: those in the cells, or the indices of labelled values."""
    if name not in list_paths(checking.scenario):
        problem = "is not in the scenario" + did_you_mean(name, list_paths(checking.scenario))
        checking.faults.append(Fault(f"column '{name}'", problem, table.display_name, 1))
        return None, []
    column_cells = [(line, cells[name]) for line, cells in table.rows]
    if spec.values:
        return parse_label_column(name, table, spec, checking)
    numbers = [parse_number(cell) for _, cell in column_cells]
    for (line, cell), number in zip(column_cells, numbers, strict=True):
        if not isinstance(number, float) or number - number != 0.0:
            problem = f"got '{cell}'; needed: a number"
            checking.faults.append(Fault(f"column '{name}'", problem, table.display_name, line))
    valid = [number for number in numbers if isinstance(number, float) and number - number == 0.0]
    if len(valid) < len(numbers) or not valid:
        return None, []
    # The range is that of the column, within the declared bounds.
    column_validator = FactorValidator(
        checking.scenario, {("factors", name): SourceLocation(table.display_name, 1, f"column '{name}'")}
    )
    factor = next(
        iter(resolve_valid_factors({name: FactorSpec(low=min(valid), high=max(valid))}, column_validator)), None
    )
    checking.faults += column_validator.faults
    for (line, cell), number in zip(column_cells, valid, strict=True):
        if factor is not None and factor.integer and not number.is_integer():
            checking.faults.append(
                Fault(f"column '{name}'", f"got {cell}; needed: a whole number", table.display_name, line)
            )
    return factor, valid


def parse_label_column(
    name: str, table: CsvTable, spec: FactorSpec, checking: FactorValidator
) -> tuple[Factor | None, list[float]]:
    """Return the factor of a column of labels and the index of the value of each label."""
    factor = next(iter(resolve_valid_factors({name: spec}, checking)), None)
    if factor is None:
        return None, []
    labels = factor.labels or tuple(f"{value:g}" for value in factor.values)
    indices = []
    for line, cells in table.rows:
        if cells[name] in labels:
            indices.append(float(labels.index(cells[name])))
        else:
            problem = f"got '{cells[name]}'; needed: a label" + did_you_mean(cells[name], labels)
            checking.faults.append(Fault(f"column '{name}'", problem, table.display_name, line))
    return factor, indices
