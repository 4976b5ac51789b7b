"""The tables of a sweep, as far as it has got, in pandas and in arrays."""

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qispread.common.deprecation import keep_former_members
from qispread.inputs import argument_checks
from qispread.inputs.cross_checks import POOLED
from qispread.inputs.errors import Fault, InputError, index_of
from qispread.inputs.former_data import MANIFEST_NOTE, is_former_scenario, read_measure, rename_saved_column
from qispread.runs.sweep.experiment import Experiment
from qispread.runs.sweep.load_experiment import MANIFEST, read_experiment_manifest
from qispread.runs.sweep.sweep_log import SweepStatus, part_file_name
from qispread.runs.sweep.sweep_store import MONTHS_FOLDER, ORDER, PARTS_FOLDER, POINTS_FILE, SweepStore, open_store

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from qispread.runs.sweep.designs import DesignPoints
    from qispread.runs.sweep.run_order import RunOrder
    from qispread.runs.sweep.sweep_tables import PartBuffer

OTHER_ORDER = (
    "its runs come in another order than when it was begun, so that some would be made twice and others never: "
    f"{ORDER} is missing or damaged, or this version orders runs differently; use the version that its manifest names"
)
"""What is said of a sweep whose order cannot be drawn again."""


@keep_former_members
class Sweep:
    """What a sweep has measured so far; nothing is read before it is asked for.

    Parameters
    ----------
    folder : str or Path

    Raises
    ------
    InputError
        Where the folder holds no sweep.
    """

    @argument_checks.validate_arguments(folder=argument_checks.check_path)
    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self.store: SweepStore = open_store(self.folder)

    def __repr__(self) -> str:
        return f"Sweep({self.folder}: {self.status})"

    @cached_property
    def experiment(self) -> Experiment:
        """The experiment, with its scenario."""
        return read_experiment_manifest(self.folder / MANIFEST)

    @property
    def status(self) -> SweepStatus:
        """How many runs are done, failed and left."""
        return self.store.status()

    @property
    def _is_former(self) -> bool:
        return is_former_scenario(self.store.manifest.get("scenario"))

    @property
    def notes(self) -> tuple[str, ...]:
        """What has to be known of its names: that version 0.1 wrote it."""
        return (f"{self.folder}: {MANIFEST_NOTE}",) if self._is_former else ()

    @property
    def parts(self) -> list[int]:
        """The numbers of the parts that are there, ascending."""
        return sorted(part for part, one in self.store.part_records.items() if self.store.exists(one))

    @cached_property
    def points(self) -> "pd.DataFrame":
        """The points of the design: a row a point, a column a factor; labels for parts that are exchanged whole."""
        names = ["point", *self.experiment.factors]
        table: pd.DataFrame = self._points_table().select(names).to_pandas().set_index("point")
        return table

    @property
    def runs(self) -> "pd.DataFrame":
        """The table of runs, in the order of points and replicates; those that failed have a status and an error."""
        import pandas as pd

        parts = list(self.iterate_parts())
        if not parts:
            import pyarrow as pa

            from qispread.runs.sweep.sweep_tables import runs_schema

            parts = [pa.Table.from_pylist([], runs_schema(self.experiment)).to_pandas()]
        table = pd.concat(parts, ignore_index=True)
        return table.sort_values(["point", "replicate"], ignore_index=True)

    def iterate_parts(self) -> "Iterator[pd.DataFrame]":
        """Yield the table of runs part by part, in the order in which they were run, so that memory stays flat."""
        for part in self.parts:
            yield self.read_part(PARTS_FOLDER, part).to_pandas()

    def iterate_months(self, *measures: str) -> "Iterator[pd.DataFrame]":
        """Yield the table of months part by part; with the measures named, or all that were kept.

        Raises
        ------
        InputError
            For a measure of which no months were kept.
        """
        names = self._monthly(measures)
        for part in self.parts:
            columns = ["run_id", "point", "replicate", "month", "intervention", *names]
            yield self.read_part(MONTHS_FOLDER, part, columns).to_pandas()

    def months(self, *measures: str) -> "pd.DataFrame":
        """Return the table of months, of the measures named or of all; it may be large: see `iterate_months`."""
        import pandas as pd

        found = [table.astype({"run_id": str}) for table in self.iterate_months(*measures)]
        names = ["run_id", "point", "replicate", "month", "intervention", *self._monthly(measures)]
        table = pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=names)
        return table.sort_values(["point", "replicate", "month"], kind="stable", ignore_index=True)

    def values(self, measure: str, intervention: str = POOLED) -> "NDArray[np.float64]":
        """Return a measure at the end, as an array of (points, replicates): NaN where a run failed or is missing.

        Raises
        ------
        InputError
            For a measure or intervention that was not kept.
        """
        self.experiment.row_index(intervention)
        measure = read_measure(measure)
        column = measure if intervention == POOLED else f"{measure}.{intervention}"
        from qispread.runs.sweep.worker import build_final_columns

        index_of(column, tuple(build_final_columns(self.experiment)), "measure at the end")
        found = self._missing_array()
        for part in self.parts:
            table = self.read_part(PARTS_FOLDER, part, ["point", "replicate", column])
            found[table["point"].to_numpy(), table["replicate"].to_numpy()] = table[column].to_numpy()
        return found

    def monthly(self, measure: str, intervention: str = POOLED) -> "NDArray[np.float64]":
        """Return a measure over time, as an array of (points, replicates, months), month 0 first.

        Raises
        ------
        InputError
            For a measure or intervention of which no months were kept.
        """
        (measure,) = self._monthly((read_measure(measure),))
        row = self.experiment.row_index(intervention)
        months = self.experiment.scenario.horizon + 1
        found = self._missing_array(months)
        for part in self.parts:
            table = self.read_part(MONTHS_FOLDER, part, ["point", "replicate", measure])
            shape = (-1, months, len(self.experiment.intervention_rows))
            points, replicates, values = (table[name].to_numpy().reshape(shape) for name in table.column_names)
            found[points[:, 0, 0], replicates[:, 0, 0]] = values[:, :, row]
        return found

    def attempted(self) -> "NDArray[np.bool_]":
        """Return which runs were made, those that failed too, as an array of (points, replicates)."""
        import numpy as np

        order, found = self.order(), np.zeros((self._points_table().num_rows, self.experiment.replicates), dtype=bool)
        for part in self.parts:
            found[order.runs_at(np.array(order.part_positions(part)))] = True
        return found

    def design(self) -> "DesignPoints":
        """Return the points as numbers of the design.

        Raises
        ------
        InputError
            Where their table is not as it was written.
        """
        from qispread.runs.sweep.sweep_tables import points_from_table

        return points_from_table(self._points_table(), self.experiment)

    def order(self) -> "RunOrder":
        """Return the order in which the runs are made.

        Raises
        ------
        InputError
            Where it is not the one in which the sweep was begun, so that runs would be made twice and others never.
        """
        return self._order

    @cached_property
    def _order(self) -> "RunOrder":
        from dataclasses import replace

        from qispread.runs.sweep.run_order import build_run_order

        drawn = build_run_order(self.experiment, self._points_table().num_rows, kept=read_order(self.folder / ORDER))
        found, begun = replace(drawn, part_runs=int(self.store.manifest["part_runs"])), self._begun_order
        if begun is not None and found.sha256() != begun:
            raise InputError([Fault("", OTHER_ORDER, str(self.folder))])
        return found

    @property
    def _begun_order(self) -> str | None:
        """The hash of the order in which the sweep was begun; None where an earlier version began it."""
        return self.store.manifest.get("order_sha256")

    def failed_positions(self, part: int) -> "NDArray[np.int64]":
        """Return the places within a part of the runs that failed."""
        import numpy as np

        table = self.read_part(PARTS_FOLDER, part, ["status"])
        return np.flatnonzero(np.array(table["status"].to_pylist()) == "failed")

    def block(self, part: int) -> "PartBuffer":
        """Return what a part holds, with the runs that failed as missing."""
        from qispread.runs.sweep.run_order import monthly_shape
        from qispread.runs.sweep.sweep_tables import PartBuffer
        from qispread.runs.sweep.worker import build_final_columns

        shape, names = monthly_shape(self.experiment), list(build_final_columns(self.experiment))
        table = self.read_part(PARTS_FOLDER, part)
        block = PartBuffer(table.num_rows, len(names), shape)
        for place, name in enumerate(names):
            block.final[:, place] = table[name].to_numpy()
        if shape[2]:
            months = self.read_part(MONTHS_FOLDER, part)
            for place, name in enumerate(self.experiment.measures.monthly):
                block.months[..., place] = months[name].to_numpy().reshape(block.months.shape[:3])
        failed = self.failed_positions(part)
        block.errors = {int(place): table["error"][int(place)].as_py() for place in failed}
        block.left = set(failed.tolist())
        return block

    def _missing_array(self, *shape: int) -> "NDArray[np.float64]":
        import numpy as np

        return np.full((self._points_table().num_rows, self.experiment.replicates, *shape), np.nan)

    def _monthly(self, measures: tuple[str, ...]) -> tuple[str, ...]:
        kept = self.experiment.measures.monthly
        measures = tuple(read_measure(name) for name in measures)
        for name in measures:
            index_of(name, kept, "measure kept by month")
        return measures or kept

    def _points_table(self) -> Any:
        return self._table(POINTS_FILE)

    def read_part(self, where: str, part: int, columns: list[str] | None = None) -> Any:
        """Return the table of one part, from the folder of parts or of months, as pyarrow reads it.

        Raises
        ------
        InputError
            Where it is not as it was written, or holds runs of another sweep or others than the order says.
        """
        path, runs = f"{where}/{part_file_name(part)}", {"point", "replicate"}
        if columns is not None and not runs <= set(columns):
            return self._table(path, columns)
        table = self._table(path, None if columns is None else [*dict.fromkeys([*columns, "run_id"])])
        self._check_runs(where, part, table)
        return table if columns is None else table.select(columns)

    def _table(self, path: str, columns: list[str] | None = None) -> Any:
        """Return a table of the folder, or some of its columns, if it is as it was written."""
        import pyarrow.parquet

        content = self.store.intact_bytes(path)
        # Opened as a single file: a folder would be taken for a data set, and its name for columns.
        source = self.folder / path if content is None else pyarrow.BufferReader(content)
        file = pyarrow.parquet.ParquetFile(source)
        if not self._is_former:
            return file.read(columns)
        before = {rename_saved_column(name): name for name in file.schema_arrow.names}
        table = file.read(None if columns is None else [before.get(name, name) for name in columns])
        return table.rename_columns([rename_saved_column(name) for name in table.column_names])

    def _check_runs(self, where: str, part: int, table: Any) -> None:
        """Make sure that a part holds the runs of this sweep that the order says, each once."""
        import numpy as np

        file = str(self.folder / where / part_file_name(part))
        if not all(name.startswith(f"{self.store.run_id_prefix}-") for name in table["run_id"].unique().to_pylist()):
            problem = "holds runs of another sweep: remove it, and run the sweep again"
            raise InputError([Fault("", problem, file)])
        points, replicates = self.order().runs_at(np.array(self.order().part_positions(part)))
        rows, left = divmod(table.num_rows, len(points))
        right = not left and all(
            np.array_equal(table[name].to_numpy(), np.repeat(wanted, rows))
            for name, wanted in (("point", points), ("replicate", replicates))
        )
        if not right:
            problem = "holds runs that do not match the order of this sweep: remove it, and run the sweep again"
            raise InputError([Fault("", problem, file)])


def read_order(path: Path) -> "NDArray[np.int64] | None":
    """Return the order of points that a file holds; None where there is none, or none that can be read."""
    import numpy as np

    try:
        found = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    return found.astype(np.int64) if found.ndim == 1 and np.issubdtype(found.dtype, np.integer) else None


@argument_checks.validate_arguments(
    folder=argument_checks.check_path,
)
def read_sweep(folder: str | Path) -> Sweep:
    """Return the tables of a sweep, finished or not.

    Raises
    ------
    InputError
        Where the folder holds no sweep.
    """
    return Sweep(folder)
