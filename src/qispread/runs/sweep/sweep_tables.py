"""The tables of a sweep: one fixed schema, and the bytes of a part."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet
from numpy.typing import NDArray

from qispread.inputs.factors import Factor
from qispread.model.measures import MEASURE_NAMES, MEASURES
from qispread.runs.sweep.designs import DesignPoints
from qispread.runs.sweep.experiment import Experiment
from qispread.runs.sweep.worker import build_final_columns

KEY_COLUMNS = {
    "run_id": "Name of the run: experiment, fingerprint of all that can change a result, point, replicate.",
    "point": "Which point of the design, from 0.",
    "replicate": "Which world, from 0; the same in every point.",
}
OUTCOME_COLUMNS = {"status": "done or failed.", "error": "Why it failed."}
LABEL_TYPE = pa.dictionary(pa.int32(), pa.string())


def number_column(values: NDArray[Any]) -> Any:
    """Return an array of numbers as a column that shares its memory.

    `pyarrow.array` would do, but loads pandas to see whether it was given something of its, which takes longer than
    many a sweep needs to start.
    """
    whole = np.ascontiguousarray(values)
    return pa.Array.from_buffers(pa.from_numpy_dtype(whole.dtype), whole.size, [None, pa.py_buffer(whole)])


def text_column(values: Iterable[str]) -> Any:
    """Return text as a column, for the same reason."""
    content = [value.encode() for value in values]
    ends = np.cumsum([0, *map(len, content)], dtype=np.int32)
    return pa.Array.from_buffers(pa.string(), len(content), [None, pa.py_buffer(ends), pa.py_buffer(b"".join(content))])


def build_run_ids(stem: str, points: Any, replicates: Any) -> list[str]:
    """Return the names of runs."""
    return [f"{stem}-{point:06d}-{replicate:05d}" for point, replicate in zip(points, replicates, strict=True)]


def column_type(factor: Factor) -> Any:
    """Return the type of a factor's column: text for labels, else whole numbers or numbers."""
    if factor.labels:
        return pa.string()
    whole = all(isinstance(value, int) for value in factor.values) if factor.values else factor.integer
    return pa.int64() if whole else pa.float64()


def described_field(name: str, kind: Any, meaning: str) -> Any:
    """Return a field that carries its meaning."""
    return pa.field(name, kind, metadata={"meaning": meaning})


def column_meaning(column: str) -> str:
    """Return what a measure's column means, "measure" or "measure.intervention"."""
    measure = MEASURES[column.split(".", maxsplit=1)[0]]
    return f"{measure.meaning} [{measure.unit}]"


def key_fields() -> list[Any]:
    """Return the fields that tell one run from another."""
    kinds = {"run_id": pa.string(), "point": pa.int32(), "replicate": pa.int32()}
    return [described_field(name, kinds[name], meaning) for name, meaning in KEY_COLUMNS.items()]


def runs_schema(experiment: Experiment) -> Any:
    """Return the schema of a part: a row a run."""
    return pa.schema(
        [
            *key_fields(),
            *(described_field(one.path, column_type(one), "Factor.") for one in experiment.resolved_factors),
            *(described_field(name, pa.string(), meaning) for name, meaning in OUTCOME_COLUMNS.items()),
            *(described_field(name, pa.float64(), column_meaning(name)) for name in build_final_columns(experiment)),
        ]
    )


def months_schema(experiment: Experiment) -> Any:
    """Return the schema of the months of a part: a row a run, month and intervention."""
    run_id, point, replicate = key_fields()
    return pa.schema(
        [
            run_id.with_type(LABEL_TYPE),
            point,
            replicate,
            described_field("month", pa.int32(), "Month, from 0, the state before the first."),
            described_field("intervention", LABEL_TYPE, "Name of the intervention; 'all' for all together."),
            *(described_field(name, pa.float64(), column_meaning(name)) for name in experiment.measures.monthly),
        ]
    )


def build_factor_columns(factors: tuple[Factor, ...], numbers: NDArray[np.float64]) -> list[Any]:
    """Return the columns of the factors."""
    return [
        text_column(shown) if factor.labels else number_column(shown)
        for factor, shown in ((one, one.format_values(numbers[:, place])) for place, one in enumerate(factors))
    ]


def build_points_table(experiment: Experiment, points: DesignPoints) -> Any:
    """Return the table of points: what each factor is, and where it lies in [0, 1] for designs drawn there."""
    factors = experiment.resolved_factors
    number = number_column(np.arange(len(points.numbers), dtype=np.int32))
    columns = [number, *build_factor_columns(factors, points.numbers), *map(number_column, points.numbers.T)]
    names = ["point", *(one.path for one in factors), *(f"number: {one.path}" for one in factors)]
    if points.unit is not None:
        columns += list(map(number_column, points.unit.T))
        names += [f"unit: {one.path}" for one in factors]
    return pa.table(columns, names=names)


def points_from_table(table: Any, experiment: Experiment) -> DesignPoints:
    """Return the points that a table of points holds."""

    def of(what: str) -> Any:
        columns = [table.column(f"{what}: {one.path}").to_numpy() for one in experiment.resolved_factors]
        return np.ascontiguousarray(np.column_stack(columns))

    drawn = f"unit: {experiment.resolved_factors[0].path}" in table.column_names
    return DesignPoints(of("number"), of("unit") if drawn else None)


class PartBuffer:
    """The runs of one part as they come in.

    Attributes
    ----------
    final : array of (runs, columns) float64
    months : array of (runs, months, interventions, measures) float64
    errors : dict of int to str
        By place in the part.
    left : set of int
        Places of the runs that are still missing.
    """

    def __init__(self, runs: int, columns: int, shape: tuple[int, int, int]) -> None:
        self.final = np.empty((runs, columns))
        self.months = np.empty((runs, *shape))
        self.errors: dict[int, str] = {}
        self.left = set(range(runs))

    def store_results(self, positions: NDArray[np.int64], final: Any, months: Any, errors: dict[int, str]) -> None:
        """Take what some runs measured; `errors` is by place among these."""
        self.final[positions], self.months[positions] = final, months
        for place in positions.tolist():
            self.errors.pop(place, None)
        self.errors.update({int(positions[place]): error for place, error in errors.items()})
        self.left.difference_update(positions.tolist())


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
        text_column("failed" if place in block.errors else "done" for place in range(len(names))),
        text_column(block.errors.get(place, "") for place in range(len(names))),
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
        *(number_column(block.months[..., place].ravel()) for place in range(block.months.shape[3])),
    ]
    return pa.Table.from_arrays(columns, schema=months_schema(experiment))


def encode_parquet(table: Any) -> bytes:
    """Return a table as the bytes of a Parquet file; the same table gives the same bytes.

    Measures are written as they are, without their extremes: splitting their bytes, a dictionary of them, or tighter
    compression takes longer than it saves here. The keys have extremes, by which readers skip what they do not need.
    """
    out = pa.BufferOutputStream()
    coded = [name for name in table.column_names if name.split(".")[0] not in MEASURE_NAMES]
    pyarrow.parquet.write_table(table, out, compression="lz4", use_dictionary=coded, write_statistics=coded)
    content: bytes = out.getvalue().to_pybytes()
    return content
