"""The tables of a sweep in the shapes that other tools give: Mesa's batch_run, EMA Workbench, xarray."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from qispread.inputs.cross_checks import POOLED
from qispread.inputs.errors import Fault, InputError

if TYPE_CHECKING:
    import pandas as pd

    from qispread.runs.sweep.sweep_reader import Sweep


def as_batch_run(sweep: "Sweep", *, months: bool = False) -> "pd.DataFrame":
    """Return what ``pandas.DataFrame(mesa.batch_run(...))`` would give: RunId, iteration, Step, parameters, reporters.

    Parameters
    ----------
    sweep : Sweep
    months : bool
        Whether there is a row for each month (``data_collection_period=1``) or for the last alone (-1).
    """
    import pandas as pd

    factors = list(sweep.experiment.factors)
    runs = sweep.runs
    head = pd.DataFrame(
        {
            "RunId": runs["replicate"] * len(sweep.points) + runs["point"],
            "iteration": runs["replicate"],
            "Step": sweep.experiment.scenario.horizon,
        }
    ).astype("int64")
    keys = pd.concat([head, runs[factors]], axis=1)
    if not months:
        measures = runs.drop(columns=["run_id", "point", "replicate", "status", "error", *factors])
        table = pd.concat([keys, measures], axis=1)
        return table.sort_values("RunId", ignore_index=True)
    table = sweep.months()
    table = table[table["intervention"] == POOLED].drop(columns=["run_id", "intervention"])
    keyed = keys.drop(columns="Step").assign(point=runs["point"], replicate=runs["replicate"])
    joined = keyed.merge(table.rename(columns={"month": "Step"}), on=["point", "replicate"])
    columns = ["RunId", "iteration", "Step", *factors, *sweep.experiment.measures.monthly]
    joined = joined.astype({"Step": "int64"})
    return joined[columns].sort_values(["RunId", "Step"], ignore_index=True)


def replicate_mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean over the second axis of what is a number, NaN where nothing is."""
    there = ~np.isnan(values)
    count = there.sum(axis=1)
    total = np.where(there, values, 0.0).sum(axis=1)
    mean: NDArray[np.float64] = np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
    return mean


def identity(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return values as they are."""
    return values


def as_ema(sweep: "Sweep", *, replicates: str = "mean") -> tuple["pd.DataFrame", dict[str, NDArray[np.float64]]]:
    """Return (experiments, outcomes) as EMA Workbench's ``perform_experiments`` does.

    Parameters
    ----------
    sweep : Sweep
    replicates : {"mean", "each"}
        Whether an outcome is the mean over a point's worlds, of (points,) or (points, months), or each of them, of
        (points, worlds) or (points, worlds, months) as its replicator gives.

    Returns
    -------
    DataFrame
        A row a point: the factors, numbers as floats and labels as categories, then scenario, policy and model.
    dict of str to array
        Measures at the end by name; those kept by month as "measure by month".
    """
    if replicates not in ("mean", "each"):
        raise InputError([Fault("replicates", f"got '{replicates}'; needed: one of mean, each")])
    gathered = replicate_mean if replicates == "mean" else identity
    table = sweep.points.reset_index(drop=True)
    for factor in sweep.experiment.resolved_factors:
        # Its scenario discovery under pandas 3 takes floats and categories alone.
        table[factor.path] = table[factor.path].astype("category" if factor.labels else "float64")
    name = sweep.experiment.scenario.name
    table = table.assign(scenario=np.arange(len(table)), policy="None", model=name)
    outcomes = {measure: gathered(sweep.values(measure)) for measure in sweep.experiment.measures.final}
    for measure in sweep.experiment.measures.monthly:
        outcomes[f"{measure} by month"] = gathered(sweep.monthly(measure))
    return table, outcomes


def as_xarray(sweep: "Sweep") -> Any:
    """Return an xarray.Dataset over points and replicates, and months for what was kept of them.

    Factors are coordinates of the points.

    Raises
    ------
    InputError
        Where xarray is not installed.
    """
    try:
        import xarray
    except ImportError:
        raise InputError([Fault("xarray", "is not installed: pip install xarray")]) from None
    points = sweep.points
    data: dict[str, Any] = {
        measure: (("point", "replicate"), sweep.values(measure)) for measure in sweep.experiment.measures.final
    }
    for measure in sweep.experiment.measures.monthly:
        data[f"{measure} by month"] = (("point", "replicate", "month"), sweep.monthly(measure))
    coordinates: dict[str, Any] = {
        "point": points.index.to_numpy(),
        "replicate": np.arange(sweep.experiment.replicates),
        "month": np.arange(sweep.experiment.scenario.horizon + 1),
        **{path: ("point", points[path].to_numpy()) for path in sweep.experiment.factors},
    }
    if not sweep.experiment.measures.monthly:
        del coordinates["month"]
    return xarray.Dataset(data, coordinates)
