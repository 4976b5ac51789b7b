"""The tables of a sweep: schemas, buffers and Parquet encoding."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet
from numpy.typing import NDArray

from qispread.inputs.factors import Factor
from qispread.model.measures import MEASURE_NAMES, Measure, scenario_measures
from qispread.runs.sweep.designs import DesignPoints
from qispread.runs.sweep.experiment import Experiment
from qispread.runs.sweep.worker import build_final_columns

KEY_COLUMNS = {
    "run_id": "Name of the run: experiment, fingerprint of everything that can change a result, point, replicate.",
    "point": "Index of the point in the design, from 0.",
    "replicate": "Index of the replicate, from 0; points share replicates.",
}
OUTCOME_COLUMNS = {"status": "done or failed.", "error": "Reason for a failure."}
LABEL_TYPE = pa.dictionary(pa.int32(), pa.string())


def number_column(values: NDArray[Any]) -> Any:
    """Return an array of numbers as a column that shares its memory.

    `pyarrow.array` would load pandas to check for its types, which takes longer than the start of many sweeps.
    """
    contiguous = np.ascontiguousarray(values)
    return pa.Array.from_buffers(
        pa.from_numpy_dtype(contiguous.dtype), contiguous.size, [None, pa.py_buffer(contiguous)]
    )


def text_column(values: Iterable[str]) -> Any:
    """Return text as a column without `pyarrow.array`, as `number_column` does."""
    content = [value.encode() for value in values]
    ends = np.cumsum([0, *map(len, content)], dtype=np.int32)
    return pa.Array.from_buffers(pa.string(), len(content), [None, pa.py_buffer(ends), pa.py_buffer(b"".join(content))])


def build_run_ids(stem: str, points: Any, replicates: Any) -> list[str]:
    """Return the names of runs."""
    return [f"{stem}-{point:06d}-{replicate:05d}" for point, replicate in zip(points, replicates, strict=True)]


def column_type(factor: Factor) -> Any:
    """Return the type of a factor's column: text for labels, else integers or floats."""
    if factor.labels:
        return pa.string()
    is_integer = all(isinstance(value, int) for value in factor.values) if factor.values else factor.integer
    return pa.int64() if is_integer else pa.float64()


def described_field(name: str, data_type: Any, meaning: str) -> Any:
    """Return a field with its meaning as metadata."""
    return pa.field(name, data_type, metadata={"meaning": meaning})


def measure_field(column: str, declared: Mapping[str, Measure]) -> Any:
    """Return the field of a measure's column, named "measure" or "measure.intervention"."""
    measure = declared[column.split(".", maxsplit=1)[0]]
    return described_field(column, pa.float64(), f"{measure.meaning} [{measure.unit}]")


def measures_by_name(experiment: Experiment) -> dict[str, Measure]:
    """Return the measures of an experiment's scenario by name."""
    return {measure.name: measure for measure in scenario_measures(experiment.scenario)}


def key_fields() -> list[Any]:
    """Return the fields that identify a run."""
    types = {"run_id": pa.string(), "point": pa.int32(), "replicate": pa.int32()}
    return [described_field(name, types[name], meaning) for name, meaning in KEY_COLUMNS.items()]


def runs_schema(experiment: Experiment) -> Any:
    """Return the schema of a part: one row for each run."""
    declared = measures_by_name(experiment)
    return pa.schema(
        [
            *key_fields(),
            *(described_field(factor.path, column_type(factor), "Factor.") for factor in experiment.resolved_factors),
            *(described_field(name, pa.string(), meaning) for name, meaning in OUTCOME_COLUMNS.items()),
            *(measure_field(name, declared) for name in build_final_columns(experiment)),
        ]
    )


def months_schema(experiment: Experiment) -> Any:
    """Return the schema of the months of a part: one row for each run, month and intervention."""
    declared = measures_by_name(experiment)
    run_id, point, replicate = key_fields()
    return pa.schema(
        [
            run_id.with_type(LABEL_TYPE),
            point,
            replicate,
            described_field("month", pa.int32(), "Month, from 0 (the state before the first)."),
            described_field("intervention", LABEL_TYPE, "Name of the intervention; 'all' for all together."),
            *(measure_field(name, declared) for name in experiment.measures.monthly),
        ]
    )


def build_factor_columns(factors: tuple[Factor, ...], numbers: NDArray[np.float64]) -> list[Any]:
    """Return the columns of the factors."""
    return [
        text_column(values) if factor.labels else number_column(values)
        for factor, values in (
            (factor, factor.format_values(numbers[:, index])) for index, factor in enumerate(factors)
        )
    ]


def build_points_table(experiment: Experiment, points: DesignPoints) -> Any:
    """Return the table of points: the value of each factor, and its position in [0, 1] for sampled designs."""
    factors = experiment.resolved_factors
    point_column = number_column(np.arange(len(points.numbers), dtype=np.int32))
    columns = [point_column, *build_factor_columns(factors, points.numbers), *map(number_column, points.numbers.T)]
    names = ["point", *(factor.path for factor in factors), *(f"number: {factor.path}" for factor in factors)]
    if points.unit is not None:
        columns += list(map(number_column, points.unit.T))
        names += [f"unit: {factor.path}" for factor in factors]
    return pa.table(columns, names=names)


def points_from_table(table: Any, experiment: Experiment) -> DesignPoints:
    """Return the points in a table of points."""

    def stacked(prefix: str) -> Any:
        columns = [table.column(f"{prefix}: {factor.path}").to_numpy() for factor in experiment.resolved_factors]
        return np.ascontiguousarray(np.column_stack(columns))

    has_unit = f"unit: {experiment.resolved_factors[0].path}" in table.column_names
    return DesignPoints(stacked("number"), stacked("unit") if has_unit else None)


class PartBuffer:
    """The buffer of the runs of one part.

    Attributes
    ----------
    final : array of (runs, columns) float64
    months : array of (runs, months, interventions, measures) float64
    errors : dict of int to str
        Errors by position in the part.
    missing : set of int
        Positions of missing runs.
    """

    def __init__(self, runs: int, columns: int, shape: tuple[int, int, int]) -> None:
        self.final = np.empty((runs, columns))
        self.months = np.empty((runs, *shape))
        self.errors: dict[int, str] = {}
        self.missing = set(range(runs))

    def store_results(self, positions: NDArray[np.int64], final: Any, months: Any, errors: dict[int, str]) -> None:
        """Store the results of some runs; `errors` is by index among these."""
        self.final[positions], self.months[positions] = final, months
        for position in positions.tolist():
            self.errors.pop(position, None)
        self.errors.update({int(positions[position]): error for position, error in errors.items()})
        self.missing.difference_update(positions.tolist())


def build_runs_table(
    experiment: Experiment,
    names: list[str],
    points: Any,
    replicates: Any,
    numbers: NDArray[np.float64],
    block: PartBuffer,
) -> Any:
    """Return the table of a part."""
    columns = [
        text_column(names),
        number_column(points.astype(np.int32)),
        number_column(replicates.astype(np.int32)),
        *build_factor_columns(experiment.resolved_factors, numbers),
        text_column("failed" if row in block.errors else "done" for row in range(len(names))),
        text_column(block.errors.get(row, "") for row in range(len(names))),
        *map(number_column, block.final.T),
    ]
    return pa.Table.from_arrays(columns, schema=runs_schema(experiment))


def build_months_table(
    experiment: Experiment, names: list[str], points: Any, replicates: Any, block: PartBuffer
) -> Any:
    """Return the table of the months of a part."""
    runs, months, rows, _ = block.months.shape
    run = np.repeat(np.arange(runs, dtype=np.int32), months * rows)
    month = np.tile(np.repeat(np.arange(months, dtype=np.int32), rows), runs)
    row = np.tile(np.arange(rows, dtype=np.int32), runs * months)
    columns = [
        pa.DictionaryArray.from_arrays(number_column(run), text_column(names)),
        number_column(points.astype(np.int32)[run]),
        number_column(replicates.astype(np.int32)[run]),
        number_column(month),
        pa.DictionaryArray.from_arrays(number_column(row), text_column(experiment.intervention_rows)),
        *(number_column(block.months[..., index].ravel()) for index in range(block.months.shape[3])),
    ]
    return pa.Table.from_arrays(columns, schema=months_schema(experiment))


def encode_parquet(table: Any, measures: Collection[str] = MEASURE_NAMES) -> bytes:
    """Return a table as the bytes of a Parquet file; the same table gives the same bytes.

    Measures are written plainly and without statistics: byte-stream splitting, dictionaries or tighter compression
    cost more time than they save (decision 35). Key columns have statistics, by which readers skip row groups.

    Parameters
    ----------
    measures : collection of str
        The names of the measures among its columns.
    """
    stream = pa.BufferOutputStream()
    key_columns = [name for name in table.column_names if name.split(".")[0] not in measures]
    pyarrow.parquet.write_table(
        table, stream, compression="lz4", use_dictionary=key_columns, write_statistics=key_columns
    )
    content: bytes = stream.getvalue().to_pybytes()
    return content
