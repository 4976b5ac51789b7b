"""Reader of the tables of a sweep, complete or not, in pandas and arrays."""

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
    "its runs have another order than when it was started, so that some would be made twice and others never: "
    f"{ORDER} is missing or damaged, or this version orders runs differently; use the version named in its manifest"
)
"""The message for a sweep whose order cannot be reproduced."""


@keep_former_members
class Sweep:
    """The tables of a sweep so far, read on demand.

    Parameters
    ----------
    folder : str or Path

    Raises
    ------
    InputError
        If the folder holds no sweep.
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
        """The numbers of runs completed, failed and pending."""
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
        """The numbers of the existing parts, ascending."""
        return sorted(part for part, record in self.store.part_records.items() if self.store.exists(record))

    @cached_property
    def points(self) -> "pd.DataFrame":
        """The points of the design: one row for each point, one column for each factor; labels for sections."""
        names = ["point", *self.experiment.factors]
        table: pd.DataFrame = self._points_table().select(names).to_pandas().set_index("point")
        return table

    @property
    def runs(self) -> "pd.DataFrame":
        """The table of runs, in the order of points and replicates, with the status and error of each."""
        import pandas as pd

        parts = list(self.iterate_parts())
        if not parts:
            import pyarrow as pa

            from qispread.runs.sweep.sweep_tables import runs_schema

            parts = [pa.Table.from_pylist([], runs_schema(self.experiment)).to_pandas()]
        table = pd.concat(parts, ignore_index=True)
        return table.sort_values(["point", "replicate"], ignore_index=True)

    def iterate_parts(self) -> "Iterator[pd.DataFrame]":
        """Yield the table of runs part by part in the order of runs, which limits memory."""
        for part in self.parts:
            yield self.read_part(PARTS_FOLDER, part).to_pandas()

    def iterate_months(self, *measures: str) -> "Iterator[pd.DataFrame]":
        """Yield the table of months part by part, with the named measures or all that were kept.

        Raises
        ------
        InputError
            For a measure that was not kept by month.
        """
        names = self._monthly(measures)
        for part in self.parts:
            columns = ["run_id", "point", "replicate", "month", "intervention", *names]
            yield self.read_part(MONTHS_FOLDER, part, columns).to_pandas()

    def months(self, *measures: str) -> "pd.DataFrame":
        """Return the table of months of the named measures or all; for large tables see `iterate_months`."""
        import pandas as pd

        tables = [table.astype({"run_id": str}) for table in self.iterate_months(*measures)]
        names = ["run_id", "point", "replicate", "month", "intervention", *self._monthly(measures)]
        table = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=names)
        return table.sort_values(["point", "replicate", "month"], kind="stable", ignore_index=True)

    def values(self, measure: str, intervention: str = POOLED) -> "NDArray[np.float64]":
        """Return a measure at the end, an array of (points, replicates) with NaN for failed or missing runs.

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
        values = self._missing_array()
        for part in self.parts:
            table = self.read_part(PARTS_FOLDER, part, ["point", "replicate", column])
            values[table["point"].to_numpy(), table["replicate"].to_numpy()] = table[column].to_numpy()
        return values

    def monthly(self, measure: str, intervention: str = POOLED) -> "NDArray[np.float64]":
        """Return a measure over time, an array of (points, replicates, months) from month 0.

        Raises
        ------
        InputError
            For a measure or intervention that was not kept by month.
        """
        (measure,) = self._monthly((read_measure(measure),))
        row = self.experiment.row_index(intervention)
        months = self.experiment.scenario.horizon + 1
        results = self._missing_array(months)
        for part in self.parts:
            table = self.read_part(MONTHS_FOLDER, part, ["point", "replicate", measure])
            shape = (-1, months, len(self.experiment.intervention_rows))
            points, replicates, values = (table[name].to_numpy().reshape(shape) for name in table.column_names)
            results[points[:, 0, 0], replicates[:, 0, 0]] = values[:, :, row]
        return results

    def attempted(self) -> "NDArray[np.bool_]":
        """Return which runs were made, including failed ones, an array of (points, replicates)."""
        import numpy as np

        order, attempted = (
            self.order(),
            np.zeros((self._points_table().num_rows, self.experiment.replicates), dtype=bool),
        )
        for part in self.parts:
            attempted[order.runs_at(np.array(order.part_positions(part)))] = True
        return attempted

    def design(self) -> "DesignPoints":
        """Return the points as numbers of the design.

        Raises
        ------
        InputError
            If their table is damaged.
        """
        from qispread.runs.sweep.sweep_tables import points_from_table

        return points_from_table(self._points_table(), self.experiment)

    def order(self) -> "RunOrder":
        """Return the order of the runs.

        Raises
        ------
        InputError
            If it differs from the original order, so that some runs would be made twice and others never.
        """
        return self._order

    @cached_property
    def _order(self) -> "RunOrder":
        from dataclasses import replace

        from qispread.runs.sweep.run_order import build_run_order

        rebuilt = build_run_order(self.experiment, self._points_table().num_rows, saved=read_order(self.folder / ORDER))
        order, original_hash = replace(rebuilt, part_runs=int(self.store.manifest["part_runs"])), self._begun_order
        if original_hash is not None and order.sha256() != original_hash:
            raise InputError([Fault("", OTHER_ORDER, str(self.folder))])
        return order

    @property
    def _begun_order(self) -> str | None:
        """The hash of the original order; None for a sweep of an earlier version."""
        return self.store.manifest.get("order_sha256")

    def failed_positions(self, part: int) -> "NDArray[np.int64]":
        """Return the positions of failed runs in a part."""
        import numpy as np

        table = self.read_part(PARTS_FOLDER, part, ["status"])
        return np.flatnonzero(np.array(table["status"].to_pylist()) == "failed")

    def block(self, part: int) -> "PartBuffer":
        """Return the buffer of a part, with failed runs as missing."""
        from qispread.runs.sweep.run_order import monthly_shape
        from qispread.runs.sweep.sweep_tables import PartBuffer
        from qispread.runs.sweep.worker import build_final_columns

        shape, names = monthly_shape(self.experiment), list(build_final_columns(self.experiment))
        table = self.read_part(PARTS_FOLDER, part)
        block = PartBuffer(table.num_rows, len(names), shape)
        for index, name in enumerate(names):
            block.final[:, index] = table[name].to_numpy()
        if shape[2]:
            months = self.read_part(MONTHS_FOLDER, part)
            for index, name in enumerate(self.experiment.measures.monthly):
                block.months[..., index] = months[name].to_numpy().reshape(block.months.shape[:3])
        failed = self.failed_positions(part)
        block.errors = {int(index): table["error"][int(index)].as_py() for index in failed}
        block.missing = set(failed.tolist())
        return block

    def _missing_array(self, *shape: int) -> "NDArray[np.float64]":
        import numpy as np

        return np.full((self._points_table().num_rows, self.experiment.replicates, *shape), np.nan)

    def _monthly(self, measures: tuple[str, ...]) -> tuple[str, ...]:
        available = self.experiment.measures.monthly
        measures = tuple(read_measure(name) for name in measures)
        for name in measures:
            index_of(name, available, "measure kept by month")
        return measures or available

    def _points_table(self) -> Any:
        return self._table(POINTS_FILE)

    def read_part(self, folder: str, part: int, columns: list[str] | None = None) -> Any:
        """Return the table of one part, from the folder of parts or of months, as a pyarrow table.

        Raises
        ------
        InputError
            If it is damaged, holds runs of another sweep, or does not match the order.
        """
        path, key_columns = f"{folder}/{part_file_name(part)}", {"point", "replicate"}
        if columns is not None and not key_columns <= set(columns):
            return self._table(path, columns)
        table = self._table(path, None if columns is None else [*dict.fromkeys([*columns, "run_id"])])
        self._check_runs(folder, part, table)
        return table if columns is None else table.select(columns)

    def _table(self, path: str, columns: list[str] | None = None) -> Any:
        """Return a table of the folder, or some of its columns, after checking its hash."""
        import pyarrow.parquet

        content = self.store.intact_bytes(path)
        # Opened as a single file: pyarrow would interpret folder names as columns of a data set.
        source = self.folder / path if content is None else pyarrow.BufferReader(content)
        file = pyarrow.parquet.ParquetFile(source)
        if not self._is_former:
            return file.read(columns)
        before = {rename_saved_column(name): name for name in file.schema_arrow.names}
        table = file.read(None if columns is None else [before.get(name, name) for name in columns])
        return table.rename_columns([rename_saved_column(name) for name in table.column_names])

    def _check_runs(self, folder: str, part: int, table: Any) -> None:
        """Raise InputError if the runs of a part do not match the order of this sweep."""
        import numpy as np

        file = str(self.folder / folder / part_file_name(part))
        if not all(name.startswith(f"{self.store.run_id_prefix}-") for name in table["run_id"].unique().to_pylist()):
            problem = "holds runs of another sweep: remove it, and run the sweep again"
            raise InputError([Fault("", problem, file)])
        points, replicates = self.order().runs_at(np.array(self.order().part_positions(part)))
        rows, remainder = divmod(table.num_rows, len(points))
        matches = not remainder and all(
            np.array_equal(table[name].to_numpy(), np.repeat(expected, rows))
            for name, expected in (("point", points), ("replicate", replicates))
        )
        if not matches:
            problem = "holds runs that do not match the order of this sweep: remove it, and run the sweep again"
            raise InputError([Fault("", problem, file)])


def read_order(path: Path) -> "NDArray[np.int64] | None":
    """Return the order of points in a file; None if it is missing or damaged."""
    import numpy as np

    try:
        order = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    return order.astype(np.int64) if order.ndim == 1 and np.issubdtype(order.dtype, np.integer) else None


@argument_checks.validate_arguments(
    folder=argument_checks.check_path,
)
def read_sweep(folder: str | Path) -> Sweep:
    """Return the tables of a sweep, finished or not.

    Raises
    ------
    InputError
        If the folder holds no sweep.
    """
    return Sweep(folder)
