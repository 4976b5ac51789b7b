"""A sweep from its experiment to its folder: begun, or gone on with where it stopped."""

import sys
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qispread.config import arguments
from qispread.config.faults import Fault, InputError
from qispread.identity import environment
from qispread.sweeping.experiment import Experiment
from qispread.sweeping.files import local_folder
from qispread.sweeping.load import EXPERIMENT, Given, load_experiment
from qispread.sweeping.lock import FolderLock
from qispread.sweeping.log import Status
from qispread.sweeping.main_guard import leave_import_by_worker
from qispread.sweeping.notes import notes_on
from qispread.sweeping.reading import Sweep
from qispread.sweeping.resuming import accept_libraries, refuse_changed
from qispread.sweeping.store import (
    ORDER,
    POINTS,
    Store,
    default_folder,
    is_sweep,
    make_folder,
    make_store,
    open_store,
    tidy,
)

if TYPE_CHECKING:
    from qispread.sweeping.design import Points
    from qispread.sweeping.executors import Crew
    from qispread.sweeping.order import Order
    from qispread.sweeping.runner import Progress, Runner

MOST_RUNS = 100_000
"""Runs above which a sweep must be asked for twice."""

Say = Callable[[str], None]


@dataclass(frozen=True)
class Wishes:
    """Who does the work, how, and who is told; as for `sweep`. None of it changes a byte but a timeout."""

    executor: str | Executor
    workers: int | None
    scheduler: str | None
    timeout: float | None
    retry_failed: bool
    passes: int | None
    progress: "Callable[[Progress], None] | None"
    say: Say


def silent(_: str) -> None:
    """Say nothing."""


@arguments.checks(
    experiment=arguments.described_by(Experiment, EXPERIMENT),
    folder=arguments.optional(arguments.path),
    executor=arguments.instance((str, Executor), "the name of an executor, or one of concurrent.futures"),
    workers=arguments.optional(arguments.whole()),
    scheduler=arguments.optional(arguments.text),
    timeout=arguments.optional(arguments.number),
    yes=arguments.flag,
    retry_failed=arguments.flag,
    passes=arguments.optional(arguments.whole(1)),
    progress=arguments.optional(arguments.called),
    say=arguments.called,
    command=arguments.optional(arguments.texts),
)
def sweep(
    experiment: Given,
    folder: str | Path | None = None,
    *,
    executor: str | Executor = "threads",
    workers: int | None = None,
    scheduler: str | None = None,
    timeout: float | None = None,
    yes: bool = False,
    retry_failed: bool = False,
    passes: int | None = None,
    progress: "Callable[[Progress], None] | None" = None,
    say: Say = silent,
    command: Sequence[str] | None = None,
) -> Sweep:
    """Run an experiment, or go on with it where it stopped; the same bytes with any executor and number of workers.

    Parameters
    ----------
    experiment : str, Path, mapping or Experiment
        As for `load_experiment`; the folder of a sweep goes on with that.
    folder : str or Path, optional
        Where its tables are kept; ``results/sweep-NAME`` unless given.
    executor : {"threads", "processes", "dask", "inline"} or concurrent.futures.Executor
    workers : int, optional
        One for each core unless given.
    scheduler : str, optional
        Address of a Dask scheduler, such as "tcp://host:8786"; else Dask runs on this machine.
    timeout : float, optional
        Seconds that a run may take; one that takes longer is a row that failed.
    yes : bool
        Whether to start even with very many runs, or with factors that seem to change nothing; and to go on with other
        libraries than a sweep was begun with.
    retry_failed : bool
        Whether to run those again that failed.
    passes : int, optional
        How often to go through all points, each time with another world for each; unless given as often as there are
        replicates, and in a folder that is gone on with by its name as often as before. The rest is not run.
    progress : callable, optional
        Called with a `Progress` now and then.
    say : callable, optional
        Called with what there is to know before it starts.
    command : sequence of str, optional
        What was typed, for the manifest.

    Returns
    -------
    Sweep
        That reads the tables.

    Raises
    ------
    InputError
        For faults of the experiment, a folder that cannot be used, holds another experiment or was made by other code,
        workers that cannot be had. What was written before is kept, and the same call goes on from there.
    """
    leave_import_by_worker()
    if timeout is not None and not timeout > 0.0:
        raise InputError([Fault("--timeout", f"got {timeout:g}; needed: seconds above 0")])
    wanted = load_experiment(experiment)
    named = folder_named(experiment)
    place = local_folder(folder) if folder is not None else named or default_folder(wanted)
    if is_sweep(place):
        store = open_store(place)
        refuse_changed(store, wanted, by_folder=named is not None)
        store.check_points()
        passes = passes or (store.passes if named else wanted.replicates)
        if nothing_left(store, retry_failed=retry_failed, passes=passes):
            say(f"Nothing is left to do: {store.status()}.")
            return Sweep(place)
        accept_libraries(store, say, yes=yes)
        fresh = None
    else:
        fresh = fresh_points(wanted, say, yes=yes, timeout=timeout, passes=passes)
    make_folder(place)
    with FolderLock(place, say):
        tidy(place)
        work = begun_work(place, wanted, fresh, list(command if command is not None else sys.argv), passes)
        work.go_on(Wishes(executor, workers, scheduler, timeout, retry_failed, passes, progress, say))
    return Sweep(place)


def folder_named(experiment: Given) -> Path | None:
    """Return the folder by which a sweep is gone on with, if that is what was given."""
    return Path(experiment) if isinstance(experiment, str | Path) and Path(experiment).is_dir() else None


def nothing_left(store: Store, *, retry_failed: bool, passes: int | None) -> bool:
    """Return whether every run that is wanted has its row, and every part is as it was written."""
    if any(part not in store.written for part in range(store.parts_within(passes))):
        return False
    return not (retry_failed and store.status().failed) and not store.verify()


def telling(
    progress: "Callable[[Progress], None]", before: Status, left: int, wishes: Wishes
) -> Callable[[int, int], None]:
    """Return what is called with the runs done and failed since now, and tells of all; `left` are still to do."""
    from qispread.sweeping.runner import Progress

    began, failed_before = time.monotonic(), 0 if wishes.retry_failed else before.failed

    def advance(done: int, failed: int) -> None:
        rate = (done + failed) / max(time.monotonic() - began, 1e-9)
        progress(Progress(before.done + done, failed_before + failed, before.done + failed_before + left, rate))

    return advance


class Work:
    """What is needed to go on with a sweep."""

    def __init__(self, store: Store, experiment: Experiment, points: "Points", order: "Order") -> None:
        self.store, self.experiment, self.points, self.order = store, experiment, points, order

    def todo(self, wishes: Wishes) -> Iterator[Any]:
        """Yield each part that is wanted and not whole, with the places of its runs that are missing, or failed."""
        import numpy as np

        for part in self.wanted(wishes):
            written = self.store.written.get(part)
            if written is None:
                yield part, np.arange(len(self.order.part(part)))
            elif wishes.retry_failed and written.failed:
                yield part, self.sweep.failed_places(part)

    def wanted(self, wishes: Wishes) -> range:
        """Return the parts that are wanted."""
        return range(self.store.parts_within(wishes.passes))

    def left(self, wishes: Wishes) -> int:
        """Return how many runs are to do."""
        missing = sum(len(self.order.part(part)) for part in self.wanted(wishes) if part not in self.store.written)
        return missing + (self.store.status().failed if wishes.retry_failed else 0)

    @property
    def sweep(self) -> Sweep:
        """The reader of what is there."""
        return Sweep(self.store.folder)

    def go_on(self, wishes: Wishes) -> None:
        """Run what is missing."""
        from qispread.engines.run import compile_model
        from qispread.sweeping.executors import crew_of
        from qispread.sweeping.trying import estimate_of

        lost = [part for part in self.store.verify() if part < self.order.parts]
        if lost:
            wishes.say(f"{len(lost)} parts are missing or not as they were written, and are run again.")
        before = self.store.status()
        compile_model()
        crew = crew_of(wishes.executor, wishes.workers, wishes.scheduler)
        crew.say = wishes.say
        try:
            estimate = estimate_of(self.experiment, self.order, self.points.numbers, crew.workers, wishes.timeout)
            left = self.left(wishes)
            wishes.say(f"{before}: {estimate.of(left)}." if before.done else f"{estimate.of(left)}.")
            self.runner(crew, estimate.pace, before, wishes).run(self.todo(wishes))
        except BaseException:
            crew.leave(at_once=True)
            raise
        crew.leave()

    def runner(self, crew: "Crew", pace: float, before: Status, wishes: Wishes) -> "Runner":
        """Return the one who hands out the work."""
        from qispread.sweeping.runner import Runner
        from qispread.sweeping.work import packed

        key = uuid.uuid4().hex
        return Runner(
            crew,
            packed(self.experiment, wishes.timeout, key),
            key,
            self.order,
            self.points.numbers,
            pace=pace,
            open_block=self.block,
            keep=self.keep,
            progress=None if wishes.progress is None else telling(wishes.progress, before, self.left(wishes), wishes),
        )

    def block(self, part: int) -> Any:
        """Return the block of a part, with the runs that it has already."""
        from qispread.sweeping.order import months_shape
        from qispread.sweeping.tables import Block
        from qispread.sweeping.work import final_columns

        if part in self.store.written:
            return self.sweep.block(part)
        columns = len(final_columns(self.experiment))
        return Block(len(self.order.part(part)), columns, months_shape(self.experiment))

    def keep(self, part: int, block: Any) -> None:
        """Write a part that is whole."""
        import numpy as np

        from qispread.sweeping.tables import encoded, months_table, run_names, runs_table

        points, replicates = self.order.at(np.array(self.order.part(part)))
        names = run_names(self.store.stem, points, replicates)
        contents = {}
        if self.experiment.measures.monthly:
            contents["months"] = encoded(months_table(self.experiment, names, points, replicates, block))
        numbers = self.points.numbers[points]
        contents["parts"] = encoded(runs_table(self.experiment, names, points, replicates, numbers, block))
        self.store.put(part, len(names), len(block.errors), contents)


def fresh_points(experiment: Experiment, say: Say, *, yes: bool, timeout: float | None, passes: int | None) -> "Points":
    """Return the points of a sweep that has not begun, once nothing speaks against it."""
    from qispread.engines.run import compile_model
    from qispread.sweeping.design import points_of

    refuse_many(experiment, yes=yes, passes=passes)
    for note in notes_on(experiment):
        say(f"note: {note}")
    compile_model()
    points = points_of(experiment)
    refuse_idle(experiment, points, say, yes=yes, timeout=timeout)
    return points


def begun_work(
    folder: Path, experiment: Experiment, fresh: "Points | None", command: Sequence[str], passes: int | None
) -> Work:
    """Return the work of a folder that is held: that of the sweep in it, or of one begun now."""
    from qispread.sweeping.order import order_of
    from qispread.sweeping.tables import encoded, points_table

    if fresh is None or is_sweep(folder):
        store = open_store(folder)
        refuse_changed(store, experiment)
        store.want(passes)
        store.use_environment(environment()["libraries"])
        found = Sweep(folder)
        return Work(store, experiment, found.design(), found.order())
    order = order_of(experiment, len(fresh.numbers), passes)
    table = encoded(points_table(experiment, fresh))
    cut = {
        "runs": order.runs,
        "part_runs": order.part_runs,
        "passes": passes,
        "order_sha256": order.sha256(),
    }
    store = make_store(folder, experiment, {ORDER: order.as_file(), POINTS: table}, cut, command)
    return Work(store, experiment, fresh, order)


def refuse_many(experiment: Experiment, *, yes: bool, passes: int | None = None) -> None:
    """Refuse a sweep of very many runs that was not asked for twice."""
    from qispread.sweeping.design import number_of_points

    points, worlds = number_of_points(experiment), min(experiment.replicates, passes or experiment.replicates)
    runs = points * worlds
    if runs > MOST_RUNS and not yes:
        problem = f"{points:,} points in {worlds:,} worlds are {runs:,} runs, more than {MOST_RUNS:,}"
        raise InputError([Fault("design", f"{problem}; give --yes to run them all the same")])


def refuse_idle(experiment: Experiment, points: "Points", say: Say, *, yes: bool, timeout: float | None) -> None:
    """Refuse points that cannot be, and factors that change nothing unless they are wanted all the same."""
    from qispread.sweeping.changing import refuse_impossible
    from qispread.sweeping.trying import idle_factors

    refuse_impossible(experiment.scenario, experiment.varied, points.numbers)
    idle = idle_factors(experiment, points.numbers, timeout)
    if idle and not yes:
        raise InputError([Fault(one.where, f"{one.problem}; leave it out, or give --yes") for one in idle])
    for one in idle:
        say(f"note: {one}")
