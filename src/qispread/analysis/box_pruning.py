"""Whether each restriction of a box says something: quasi-p-values, pruning, and what chance alone would find."""

from collections.abc import Iterator, Sequence

import numpy as np

from qispread.analysis.prim import Box, CaseData, NumberRange, PeelStep, PrimOptions, make_step, search_boxes

SIGNIFICANCE_LEVEL = 0.05
"""Quasi-p-value up to which a restriction is told from chance."""
PERMUTATION_SEED = 1


def relax_restrictions(box: Box) -> Iterator[tuple[str, str, Box]]:
    """Yield each restriction of a box as parameter and side ("low", "high" or "labels"), and the box without it."""
    for name, limit in box.items():
        rest = {other: one for other, one in box.items() if other != name}
        if not isinstance(limit, NumberRange):
            yield name, "labels", rest
            continue
        for side, wide in (("low", NumberRange(high=limit.high)), ("high", NumberRange(low=limit.low))):
            if wide != limit:
                yield name, side, rest if wide == NumberRange() else {**box, name: wide}


def quasi_p_values(data: CaseData, step: PeelStep) -> dict[tuple[str, str], float]:
    """Return the quasi-p-value of each restriction of a box, by parameter and side.

    Equation: the chance of at least as many cases among the points inside, were their density that of the box without
    the restriction: the upper tail of a binomial distribution (bryant2010). They are of one restriction each, of a box
    that was searched: whether the box as a whole says anything, `chance_probability` tells.
    """
    from scipy.stats import binom

    found = {}
    for name, side, box in relax_restrictions(step.box):
        density = make_step(data, "", box).density
        found[name, side] = float(binom.sf(step.case_count - 1, step.point_count, density))
    return found


def f1_score(step: PeelStep, cases: int) -> float:
    """Return the harmonic mean of a box's coverage and density: 2 h / (n + H), h of H cases among its n points."""
    return 2.0 * step.case_count / (step.point_count + cases)


def prune_box(data: CaseData, step: PeelStep) -> PeelStep:
    """Return a box without restrictions that are not told from chance and do not better its balance."""
    cases = int(np.count_nonzero(data.is_case))
    while True:
        found = quasi_p_values(data, step)
        weak = [box for name, side, box in relax_restrictions(step.box) if found[name, side] > SIGNIFICANCE_LEVEL]
        simpler = [make_step(data, "pruned", box) for box in weak]
        one = max(simpler, key=lambda other: f1_score(other, cases), default=step)
        if one is step or f1_score(one, cases) < f1_score(step, cases):
            return step
        step = one


def suggest_box(steps: Sequence[PeelStep], coverage: float | None = None) -> int:
    """Return the place of the box to look at first: the last of the best balance, or with at least some coverage."""
    whole = steps[0].case_count
    if coverage is not None:
        return max(place for place, step in enumerate(steps) if step.case_count >= coverage * whole)
    scores = [f1_score(step, whole) for step in steps]
    return max(range(len(steps)), key=lambda place: (scores[place], place))


def chance_probability(data: CaseData, options: PrimOptions, permutations: int, coverage: float | None = None) -> float:
    """Return how often a box as telling would be found were cases dealt to points by chance.

    Equation: (1 + k) / (1 + shuffles), k the shuffles of the cases in which the box chosen by the same search, without
    pasting, has at least the same balance, or density where a coverage is asked for (phipson2010).
    """
    rng = np.random.default_rng(PERMUTATION_SEED)
    search = PrimOptions(options.alpha, options.mass, paste=False)

    def score(cases: CaseData) -> float:
        steps = search_boxes(cases, search)
        one = steps[suggest_box(steps, coverage)]
        return f1_score(one, steps[0].case_count) if coverage is None else one.density

    found = score(data)
    reached = [score(CaseData(data.columns, rng.permutation(data.is_case))) >= found for _ in range(permutations)]
    return (1 + int(np.count_nonzero(reached))) / (1 + permutations)
