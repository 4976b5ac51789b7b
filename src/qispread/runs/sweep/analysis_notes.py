"""Notes on an experiment before it is run."""

from qispread.runs.sweep.experiment import Experiment, LatinHypercubeDesign, MorrisDesign, SaltelliDesign, SobolDesign

MIN_BLOCKS = 8
"""Trajectories, or blocks of a Saltelli design, that a sensitivity analysis needs."""
MIN_POINTS = 64
"""Points of any other design that it needs: with fewer, ten harmonics fit a third of the variance by chance."""


def analysis_notes(experiment: Experiment) -> tuple[str, ...]:
    """Return notes on an experiment: whether it is too small for a sensitivity analysis."""
    design = experiment.design
    if isinstance(design, MorrisDesign):
        name, count, minimum, label = ("trajectories", design.trajectories, MIN_BLOCKS, "trajectories")
    elif isinstance(design, SaltelliDesign):
        name, count, minimum, label = ("points", design.points, MIN_BLOCKS, "base points")
    elif isinstance(design, LatinHypercubeDesign | SobolDesign):
        name, count, minimum, label = ("points", design.points, MIN_POINTS, "points")
    else:
        return ()
    if count >= minimum:
        return ()
    return (f"design.{name}: got {count}; qispread sensitivity needs at least {minimum} {label}",)
