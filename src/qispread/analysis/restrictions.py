"""Whether each restriction of a box says something: quasi-p-values, pruning, and what chance alone would find."""

from collections.abc import Iterator, Sequence

import numpy as np

from qispread.analysis.prim import Box, Cases, Patience, Range, Step, step_to, trajectory

TELLING = 0.05
"""Quasi-p-value up to which a restriction is told from chance."""
SEED = 1


def relaxed(box: Box) -> Iterator[tuple[str, str, Box]]:
    """Yield each restriction of a box as parameter and side ("low", "high" or "labels"), and the box without it."""
    for name, limit in box.items():
        rest = {other: one for other, one in box.items() if other != name}
        if not isinstance(limit, Range):
            yield name, "labels", rest
            continue
        for side, wide in (("low", Range(high=limit.high)), ("high", Range(low=limit.low))):
            if wide != limit:
                yield name, side, rest if wide == Range() else {**box, name: wide}


def quasi_p_values(data: Cases, step: Step) -> dict[tuple[str, str], float]:
    """Return the quasi-p-value of each restriction of a box, by parameter and side.

    Equation: the chance of at least as many cases among the points inside, were their density that of the box without
    the restriction: the upper tail of a binomial distribution (bryant2010). They are of one restriction each, of a box
    that was searched: whether the box as a whole says anything, `chance` tells.
    """
    from scipy.stats import binom

    found = {}
    for name, side, box in relaxed(step.box):
        density = step_to(data, "", box).density
        found[name, side] = float(binom.sf(step.cases - 1, step.points, density))
    return found


def balance(step: Step, cases: int) -> float:
    """Return the harmonic mean of a box's coverage and density: 2 h / (n + H), h of H cases among its n points."""
    return 2.0 * step.cases / (step.points + cases)


def pruned(data: Cases, step: Step) -> Step:
    """Return a box without restrictions that are not told from chance and do not better its balance."""
    cases = int(np.count_nonzero(data.cases))
    while True:
        found = quasi_p_values(data, step)
        weak = [box for name, side, box in relaxed(step.box) if found[name, side] > TELLING]
        simpler = [step_to(data, "pruned", box) for box in weak]
        one = max(simpler, key=lambda other: balance(other, cases), default=step)
        if one is step or balance(one, cases) < balance(step, cases):
            return step
        step = one


def chosen(steps: Sequence[Step], coverage: float | None = None) -> int:
    """Return the place of the box to look at first: the last of the best balance, or with at least some coverage."""
    whole = steps[0].cases
    if coverage is not None:
        return max(place for place, step in enumerate(steps) if step.cases >= coverage * whole)
    scores = [balance(step, whole) for step in steps]
    return max(range(len(steps)), key=lambda place: (scores[place], place))


def chance(data: Cases, patience: Patience, shuffles: int, coverage: float | None = None) -> float:
    """Return how often a box as telling would be found were cases dealt to points by chance.

    Equation: (1 + k) / (1 + shuffles), k the shuffles of the cases in which the box chosen by the same search, without
    pasting, has at least the same balance, or density where a coverage is asked for (phipson2010).
    """
    rng = np.random.default_rng(SEED)
    search = Patience(patience.alpha, patience.mass, paste=False)

    def score(cases: Cases) -> float:
        steps = trajectory(cases, search)
        one = steps[chosen(steps, coverage)]
        return balance(one, steps[0].cases) if coverage is None else one.density

    found = score(data)
    reached = [score(Cases(data.columns, rng.permutation(data.cases))) >= found for _ in range(shuffles)]
    return (1 + int(np.count_nonzero(reached))) / (1 + shuffles)
