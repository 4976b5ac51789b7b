"""Sensitivity of a measure of a sweep: Sobol' indices, Morris's elementary effects, first order shares of variance."""

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from qispread.analysis.rbd_fast import first_order_indices
from qispread.analysis.sensitivity_inputs import (
    RESAMPLING_SEED,
    SensitivityInput,
    interval_columns,
    load_analysis,
    salib_problem,
)
from qispread.analysis.sensitivity_tables import PAIR_COLUMNS, SensitivityResult
from qispread.analysis.variance_components import VarianceComponents
from qispread.inputs import argument_checks
from qispread.inputs.cross_checks import POOLED
from qispread.inputs.errors import Fault, InputError
from qispread.runs.sweep.analysis_notes import MIN_BLOCKS
from qispread.runs.sweep.designs import block_size
from qispread.runs.sweep.experiment import MorrisDesign, SaltelliDesign
from qispread.runs.sweep.sweep_outcomes import FloatArray, SweepReader, check_swept

RESAMPLES = 400


@argument_checks.validate_arguments(
    sweep=check_swept,
    measure=argument_checks.check_text,
    intervention=argument_checks.check_text,
    months=argument_checks.optional_check(argument_checks.check_integers),
)
def sensitivity(
    sweep: SweepReader, measure: str, *, intervention: str = POOLED, months: Sequence[int] | None = None
) -> SensitivityResult:
    """Return the sensitivity of a measure to the parameters of a sweep, by the method that suits its design.

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
    if isinstance(design, SaltelliDesign):
        return sobol_indices(sweep, measure, intervention=intervention, months=months)
    if isinstance(design, MorrisDesign):
        return morris_effects(sweep, measure, intervention=intervention, months=months)
    return first_order_indices(sweep, measure, intervention=intervention, months=months)


def sobol_indices(
    sweep: SweepReader, measure: str, *, intervention: str = POOLED, months: Sequence[int] | None = None
) -> SensitivityResult:
    """Return first and total order indices of the means of points, and second order where the design has it.

    Equation: first V[E(y | x_i)] / V(y), total E[V(y | all but x_i)] / V(y) (sobol2001, saltelli2010). A block with a
    point without values is left out. Where a share n of the variance is noise, the indices without it are
    first / (1 - n) and (total - n) / (1 - n), exact if noise is independent between points.

    Parameters and errors as for `sensitivity`; the design must be saltelli.
    """
    experiment = sweep.experiment
    if not isinstance(experiment.design, SaltelliDesign):
        raise wrong_design_error("sobol", experiment.design.kind, "saltelli")
    analyze, names, second = load_analysis("sobol"), list(experiment.factors), experiment.design.second_order
    data = SensitivityInput(sweep, measure, intervention, months, block_size(experiment), "blocks", MIN_BLOCKS)
    rows, pairs = [], []
    for selection in data.iterate_months():
        analysis = analyze(
            salib_problem(names),
            selection.point_means,
            calc_second_order=second,
            num_resamples=RESAMPLES,
            seed=RESAMPLING_SEED,
        )
        columns = interval_columns("first", analysis["S1"], analysis["S1_conf"])
        columns |= interval_columns("total", analysis["ST"], analysis["ST_conf"])
        columns |= subtract_noise(columns, selection.variance_components)
        rows.append(selection.build_rows(names, columns | {"blocks": selection.point_means.size // data.block_size}))
        if second:
            pairs.append(second_order_rows(selection.month, names, analysis))
    return data.build_result("sobol", rows, pairs)


def subtract_noise(columns: dict[str, FloatArray], noise: VarianceComponents | None) -> dict[str, FloatArray]:
    """Return the indices without the contribution of noise; none where noise is unknown or the whole variance."""
    if noise is None or noise.noise_of_points >= 1.0:
        return {}
    share = noise.noise_of_points
    return {
        "first_without_noise": columns["first"] / (1.0 - share),
        "total_without_noise": (columns["total"] - share) / (1.0 - share),
    }


def second_order_rows(month: int, names: Sequence[str], analysis: Any) -> pd.DataFrame:
    """Return the second order indices of a month, a row for each pair."""
    rows = []
    for i, j in combinations(range(len(names)), 2):
        second, half = analysis["S2"][i, j], analysis["S2_conf"][i, j]
        rows.append((month, names[i], names[j], second, second - half, second + half))
    return pd.DataFrame(rows, columns=list(PAIR_COLUMNS))


def morris_effects(
    sweep: SweepReader, measure: str, *, intervention: str = POOLED, months: Sequence[int] | None = None
) -> SensitivityResult:
    """Return the elementary effects of each parameter on the means of points.

    Equation: of a step d in [0, 1] of one range, (y after - y before) / d; mu is their mean, mu_star the mean of
    their absolute values, sigma their standard deviation (morris1991, campolongo2007). A trajectory with a point
    without values is left out.

    Parameters and errors as for `sensitivity`; the design must be morris.
    """
    experiment, unit = sweep.experiment, sweep.design().unit
    if not isinstance(experiment.design, MorrisDesign) or unit is None:
        raise wrong_design_error("morris", experiment.design.kind, "morris")
    analyze, names, rows = load_analysis("morris"), list(experiment.factors), []
    data = SensitivityInput(sweep, measure, intervention, months, block_size(experiment), "trajectories", MIN_BLOCKS)
    options = {"num_levels": experiment.design.levels, "num_resamples": RESAMPLES, "seed": RESAMPLING_SEED}
    for selection in data.iterate_months():
        analysis = analyze(salib_problem(names), unit[selection.selected_points], selection.point_means, **options)
        columns = {"mu": np.asarray(analysis["mu"]), "sigma": np.asarray(analysis["sigma"])}
        columns |= interval_columns("mu_star", analysis["mu_star"], analysis["mu_star_conf"])
        trajectories = selection.point_means.size // data.block_size
        rows.append(selection.build_rows(names, columns | {"trajectories": trajectories}))
    unordered = ", ".join(factor.path for factor in experiment.resolved_factors if factor.labels)
    if unordered:
        data.notes.append(f"effects of {unordered} depend on the order in which their values are listed (no scale)")
    return data.build_result("morris", rows)


def wrong_design_error(method: str, design: str, required: str) -> InputError:
    """Return the error for a design that a method does not support."""
    problem = f"{method} needs another design than {design}; needed: design: {{kind: {required}}} in the experiment"
    return InputError([Fault("design.kind", problem)])
