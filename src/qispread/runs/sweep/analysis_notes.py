"""What is worth knowing of an experiment before it is run."""

from qispread.runs.sweep.experiment import Experiment, LatinHypercubeDesign, MorrisDesign, SaltelliDesign, SobolDesign

MIN_BLOCKS = 8
"""Walks, or blocks of a saltelli design, that a sensitivity analysis needs."""
MIN_POINTS = 64
"""Points that one of any other design needs: with ten harmonics of fewer a third of the variance would be chance."""


def analysis_notes(experiment: Experiment) -> tuple[str, ...]:
    """Return notes on an experiment: whether it is too small for a sensitivity analysis."""
    design = experiment.design
    if isinstance(design, MorrisDesign):
        found = ("trajectories", design.trajectories, MIN_BLOCKS, "walks")
    elif isinstance(design, SaltelliDesign):
        found = ("points", design.points, MIN_BLOCKS, "base points")
    elif isinstance(design, LatinHypercubeDesign | SobolDesign):
        found = ("points", design.points, MIN_POINTS, "points")
    else:
        return ()
    name, number, least, words = found
    if number >= least:
        return ()
    return (f"design.{name}: got {number}; qispread sensitivity needs at least {least} {words}",)
