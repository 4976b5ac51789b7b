"""Export of sweeps in the formats of other tools: Mesa's batch_run, EMA Workbench and xarray."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from qispread.inputs.cross_checks import POOLED
from qispread.inputs.errors import Fault, InputError

if TYPE_CHECKING:
    import pandas as pd

    from qispread.runs.sweep.sweep_reader import Sweep


def as_batch_run(sweep: "Sweep", *, months: bool = False) -> "pd.DataFrame":
    """Return the table of ``pandas.DataFrame(mesa.batch_run(...))``: RunId, iteration, Step, parameters, reporters.

    Parameters
    ----------
    sweep : Sweep
    months : bool
        Whether to return a row for each month (``data_collection_period=1``) or only for the last (-1).
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
    run_keys = keys.drop(columns="Step").assign(point=runs["point"], replicate=runs["replicate"])
    joined = run_keys.merge(table.rename(columns={"month": "Step"}), on=["point", "replicate"])
    columns = ["RunId", "iteration", "Step", *factors, *sweep.experiment.measures.monthly]
    joined = joined.astype({"Step": "int64"})
    return joined[columns].sort_values(["RunId", "Step"], ignore_index=True)


def replicate_mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean over the second axis of values that are not NaN; NaN without any."""
    defined = ~np.isnan(values)
    count = defined.sum(axis=1)
    total = np.where(defined, values, 0.0).sum(axis=1)
    mean: NDArray[np.float64] = np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
    return mean


def identity(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return values unchanged."""
    return values


def as_ema(sweep: "Sweep", *, replicates: str = "mean") -> tuple["pd.DataFrame", dict[str, NDArray[np.float64]]]:
    """Return (experiments, outcomes) in the format of EMA Workbench's ``perform_experiments``.

    Parameters
    ----------
    sweep : Sweep
    replicates : {"mean", "each"}
        Whether an outcome is the mean over replicates, of (points,) or (points, months), or each replicate, of
        (points, replicates) or (points, replicates, months), as from its replicator.

    Returns
    -------
    DataFrame
        One row for each point: factors, numbers as floats and labels as categories, then scenario, policy and model.
    dict of str to array
        Measures at the end by name; monthly ones as "measure by month".
    """
    if replicates not in ("mean", "each"):
        raise InputError([Fault("replicates", f"got '{replicates}'; needed: one of mean, each")])
    aggregate = replicate_mean if replicates == "mean" else identity
    table = sweep.points.reset_index(drop=True)
    for factor in sweep.experiment.resolved_factors:
        # Its scenario discovery under pandas 3 only accepts floats and categories.
        table[factor.path] = table[factor.path].astype("category" if factor.labels else "float64")
    name = sweep.experiment.scenario.name
    table = table.assign(scenario=np.arange(len(table)), policy="None", model=name)
    outcomes = {measure: aggregate(sweep.values(measure)) for measure in sweep.experiment.measures.final}
    for measure in sweep.experiment.measures.monthly:
        outcomes[f"{measure} by month"] = aggregate(sweep.monthly(measure))
    return table, outcomes


def as_xarray(sweep: "Sweep") -> Any:
    """Return an xarray.Dataset over points and replicates, and over months for monthly measures.

    Factors are coordinates of the points.

    Raises
    ------
    InputError
        If xarray is not installed.
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
