"""The tables of a sweep: one fixed schema, and the bytes of a part."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet
from numpy.typing import NDArray

from qispread.config.factors import Factor
from qispread.measures import MEASURES, NAMES
from qispread.sweeping.design import Points
from qispread.sweeping.experiment import Experiment
from qispread.sweeping.work import final_columns

KEYS = {
    "run_id": "Name of the run: experiment, fingerprint of all that can change a result, point, replicate.",
    "point": "Which point of the design, from 0.",
    "replicate": "Which world, from 0; the same in every point.",
}
OUTCOME_COLUMNS = {"status": "done or failed.", "error": "Why it failed."}
LABELS = pa.dictionary(pa.int32(), pa.string())


def column(values: NDArray[Any]) -> Any:
    """Return an array of numbers as a column that shares its memory.

    `pyarrow.array` would do, but loads pandas to see whether it was given something of its, which takes longer than
    many a sweep needs to start.
    """
    whole = np.ascontiguousarray(values)
    return pa.Array.from_buffers(pa.from_numpy_dtype(whole.dtype), whole.size, [None, pa.py_buffer(whole)])


def words(values: Iterable[str]) -> Any:
    """Return text as a column, for the same reason."""
    content = [value.encode() for value in values]
    ends = np.cumsum([0, *map(len, content)], dtype=np.int32)
    return pa.Array.from_buffers(pa.string(), len(content), [None, pa.py_buffer(ends), pa.py_buffer(b"".join(content))])


def run_names(stem: str, points: Any, replicates: Any) -> list[str]:
    """Return the names of runs."""
    return [f"{stem}-{point:06d}-{replicate:05d}" for point, replicate in zip(points, replicates, strict=True)]


def column_type(factor: Factor) -> Any:
    """Return the type of a factor's column: text for labels, else whole numbers or numbers."""
    if factor.labels:
        return pa.string()
    whole = all(isinstance(value, int) for value in factor.values) if factor.values else factor.integer
    return pa.int64() if whole else pa.float64()


def described(name: str, kind: Any, meaning: str) -> Any:
    """Return a field that carries its meaning."""
    return pa.field(name, kind, metadata={"meaning": meaning})


def meaning_of(column: str) -> str:
    """Return what a measure's column means, "measure" or "measure.intervention"."""
    measure = MEASURES[column.split(".", maxsplit=1)[0]]
    return f"{measure.meaning} [{measure.unit}]"


def key_fields() -> list[Any]:
    """Return the fields that tell one run from another."""
    kinds = {"run_id": pa.string(), "point": pa.int32(), "replicate": pa.int32()}
    return [described(name, kinds[name], meaning) for name, meaning in KEYS.items()]


def runs_schema(experiment: Experiment) -> Any:
    """Return the schema of a part: a row a run."""
    return pa.schema(
        [
            *key_fields(),
            *(described(one.path, column_type(one), "Factor.") for one in experiment.varied),
            *(described(name, pa.string(), meaning) for name, meaning in OUTCOME_COLUMNS.items()),
            *(described(name, pa.float64(), meaning_of(name)) for name in final_columns(experiment)),
        ]
    )


def months_schema(experiment: Experiment) -> Any:
    """Return the schema of the months of a part: a row a run, month and intervention."""
    run_id, point, replicate = key_fields()
    return pa.schema(
        [
            run_id.with_type(LABELS),
            point,
            replicate,
            described("month", pa.int32(), "Month, from 0, the state before the first."),
            described("intervention", LABELS, "Name of the intervention; 'all' for all together."),
            *(described(name, pa.float64(), meaning_of(name)) for name in experiment.measures.monthly),
        ]
    )


def factor_columns(factors: tuple[Factor, ...], numbers: NDArray[np.float64]) -> list[Any]:
    """Return the columns of the factors."""
    return [
        words(shown) if factor.labels else column(shown)
        for factor, shown in ((one, one.shown(numbers[:, place])) for place, one in enumerate(factors))
    ]


def points_table(experiment: Experiment, points: Points) -> Any:
    """Return the table of points: what each factor is, and where it lies in [0, 1] for designs drawn there."""
    factors = experiment.varied
    number = column(np.arange(len(points.numbers), dtype=np.int32))
    columns = [number, *factor_columns(factors, points.numbers), *map(column, points.numbers.T)]
    names = ["point", *(one.path for one in factors), *(f"number: {one.path}" for one in factors)]
    if points.unit is not None:
        columns += list(map(column, points.unit.T))
        names += [f"unit: {one.path}" for one in factors]
    return pa.table(columns, names=names)


def points_from(table: Any, experiment: Experiment) -> Points:
    """Return the points that a table of points holds."""

    def of(what: str) -> Any:
        columns = [table.column(f"{what}: {one.path}").to_numpy() for one in experiment.varied]
        return np.ascontiguousarray(np.column_stack(columns))

    drawn = f"unit: {experiment.varied[0].path}" in table.column_names
    return Points(of("number"), of("unit") if drawn else None)


class Block:
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

    def fill(self, places: NDArray[np.int64], final: Any, months: Any, errors: dict[int, str]) -> None:
        """Take what some runs measured; `errors` is by place among these."""
        self.final[places], self.months[places] = final, months
        for place in places.tolist():
            self.errors.pop(place, None)
        self.errors.update({int(places[place]): error for place, error in errors.items()})
        self.left.difference_update(places.tolist())


def runs_table(
    experiment: Experiment, names: list[str], points: Any, replicates: Any, numbers: NDArray[np.float64], block: Block
) -> Any:
    """Return the table of a part."""
    columns = [
        words(names),
        column(points.astype(np.int32)),
        column(replicates.astype(np.int32)),
        *factor_columns(experiment.varied, numbers),
        words("failed" if place in block.errors else "done" for place in range(len(names))),
        words(block.errors.get(place, "") for place in range(len(names))),
        *map(column, block.final.T),
    ]
    return pa.Table.from_arrays(columns, schema=runs_schema(experiment))


def months_table(experiment: Experiment, names: list[str], points: Any, replicates: Any, block: Block) -> Any:
    """Return the table of the months of a part."""
    runs, months, rows, _ = block.months.shape
    run = np.repeat(np.arange(runs, dtype=np.int32), months * rows)
    month = np.tile(np.repeat(np.arange(months, dtype=np.int32), rows), runs)
    row = np.tile(np.arange(rows, dtype=np.int32), runs * months)
    columns = [
        pa.DictionaryArray.from_arrays(column(run), words(names)),
        column(points.astype(np.int32)[run]),
        column(replicates.astype(np.int32)[run]),
        column(month),
        pa.DictionaryArray.from_arrays(column(row), words(experiment.rows)),
        *(column(block.months[..., place].ravel()) for place in range(block.months.shape[3])),
    ]
    return pa.Table.from_arrays(columns, schema=months_schema(experiment))


def encoded(table: Any) -> bytes:
    """Return a table as the bytes of a Parquet file; the same table gives the same bytes.

    Measures are written as they are, without their extremes: splitting their bytes, a dictionary of them, or tighter
    compression takes longer than it saves here. The keys have extremes, by which readers skip what they do not need.
    """
    out = pa.BufferOutputStream()
    coded = [name for name in table.column_names if name.split(".")[0] not in NAMES]
    pyarrow.parquet.write_table(table, out, compression="lz4", use_dictionary=coded, write_statistics=coded)
    content: bytes = out.getvalue().to_pybytes()
    return content
