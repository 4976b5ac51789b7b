"""Which parameters a measure of a sweep depends on: Sobol' indices, Morris's elementary effects, shares of variance."""

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from qispread.analysis.given_data import first_order
from qispread.analysis.looking import SEED, Looking, interval_of, load_analysis, problem_of
from qispread.analysis.noise import Split
from qispread.analysis.outcomes import Numbers, Swept, swept
from qispread.analysis.sensitivity_tables import PAIRS, Sensitivity
from qispread.config import arguments
from qispread.config.cross import POOLED
from qispread.config.faults import Fault, InputError
from qispread.sweeping.design import block_of
from qispread.sweeping.experiment import Morris, Saltelli
from qispread.sweeping.notes import MIN_BLOCKS

RESAMPLES = 400


@arguments.checks(
    sweep=swept,
    measure=arguments.text,
    intervention=arguments.text,
    months=arguments.optional(arguments.wholes),
)
def sensitivity(
    sweep: Swept, measure: str, *, intervention: str = POOLED, months: Sequence[int] | None = None
) -> Sensitivity:
    """Return which parameters a measure depends on, by the method that the design of the sweep is for.

    Sobol' indices for a saltelli design, elementary effects for morris, first-order shares of variance for the others.

    Parameters
    ----------
    sweep : Sweep
    measure, intervention : str
    months : sequence of int, optional
        As for `outcomes`.

    Raises
    ------
    InputError
        For a measure, intervention or month that was not kept, a measure that is the same at all points, too few
        points that have it, and where SALib is not installed.
    """
    design = sweep.experiment.design
    method = sobol if isinstance(design, Saltelli) else morris if isinstance(design, Morris) else first_order
    return method(sweep, measure, intervention=intervention, months=months)


def sobol(
    sweep: Swept, measure: str, *, intervention: str = POOLED, months: Sequence[int] | None = None
) -> Sensitivity:
    """Return first and total order indices of the levels of points, and second order where the design has it.

    Equation: first V[E(y | x_i)] / V(y), total E[V(y | all but x_i)] / V(y) (sobol2001, saltelli2010). A block with a
    point that no world has is left out whole. Where a share n of the variance is noise, the indices without it are
    first / (1 - n) and (total - n) / (1 - n), exact if noise strikes every point anew.

    Parameters and errors as for `sensitivity`; the design must be saltelli.
    """
    experiment = sweep.experiment
    if not isinstance(experiment.design, Saltelli):
        raise unfit("sobol", experiment.design.kind, "saltelli")
    analyze, names, second = load_analysis("sobol"), list(experiment.factors), experiment.design.second_order
    look = Looking(sweep, measure, intervention, months, block_of(experiment), "blocks", MIN_BLOCKS)
    rows, pairs = [], []
    for one in look.months():
        found = analyze(problem_of(names), one.levels, calc_second_order=second, num_resamples=RESAMPLES, seed=SEED)
        columns = interval_of("first", found["S1"], found["S1_conf"])
        columns |= interval_of("total", found["ST"], found["ST_conf"])
        columns |= without_noise(columns, one.split)
        rows.append(one.table(names, columns | {"blocks": one.levels.size // look.together}))
        if second:
            pairs.append(pairs_of(one.month, names, found))
    return look.answer("sobol", rows, pairs)


def without_noise(columns: dict[str, Numbers], noise: Split | None) -> dict[str, Numbers]:
    """Return the indices less what noise adds to them; none where that cannot be told, or all is noise."""
    if noise is None or noise.noise_of_points >= 1.0:
        return {}
    share = noise.noise_of_points
    return {
        "first_without_noise": columns["first"] / (1.0 - share),
        "total_without_noise": (columns["total"] - share) / (1.0 - share),
    }


def pairs_of(month: int, names: Sequence[str], found: Any) -> pd.DataFrame:
    """Return the second order indices of a month, a row a pair."""
    rows = []
    for one, other in combinations(range(len(names)), 2):
        second, half = found["S2"][one, other], found["S2_conf"][one, other]
        rows.append((month, names[one], names[other], second, second - half, second + half))
    return pd.DataFrame(rows, columns=list(PAIRS))


def morris(
    sweep: Swept, measure: str, *, intervention: str = POOLED, months: Sequence[int] | None = None
) -> Sensitivity:
    """Return the elementary effects of each parameter on the levels of points.

    Equation: of a step d in [0, 1] of one range, (y after - y before) / d; mu is their mean, mu_star that of their
    sizes, sigma their standard deviation (morris1991, campolongo2007). A walk with a point that no world has is left
    out whole.

    Parameters and errors as for `sensitivity`; the design must be morris.
    """
    experiment, unit = sweep.experiment, sweep.design().unit
    if not isinstance(experiment.design, Morris) or unit is None:
        raise unfit("morris", experiment.design.kind, "morris")
    analyze, names, rows = load_analysis("morris"), list(experiment.factors), []
    look = Looking(sweep, measure, intervention, months, block_of(experiment), "walks", MIN_BLOCKS)
    options = {"num_levels": experiment.design.levels, "num_resamples": RESAMPLES, "seed": SEED}
    for one in look.months():
        found = analyze(problem_of(names), unit[one.kept], one.levels, **options)
        columns = {"mu": np.asarray(found["mu"]), "sigma": np.asarray(found["sigma"])}
        columns |= interval_of("mu_star", found["mu_star"], found["mu_star_conf"])
        rows.append(one.table(names, columns | {"trajectories": one.levels.size // look.together}))
    unordered = ", ".join(factor.path for factor in experiment.varied if factor.labels)
    if unordered:
        look.notes.append(f"no scale: effects of {unordered} depend on the order in which the values are listed")
    return look.answer("morris", rows)


def unfit(method: str, got: str, needed: str) -> InputError:
    """Return the error for a design that a method is not for."""
    problem = f"{method} cannot be had from a {got} design; needed: design: {{kind: {needed}}} in the experiment"
    return InputError([Fault("design.kind", problem)])
