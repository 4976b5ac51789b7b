"""Significance of the restrictions of a box: quasi-p-values, pruning, and boxes found by chance alone."""

from collections.abc import Iterator, Sequence

import numpy as np

from qispread.analysis.prim import Box, CaseData, NumberRange, PeelStep, PrimOptions, make_step, search_boxes

SIGNIFICANCE_LEVEL = 0.05
"""Quasi-p-value up to which a restriction is significant."""
PERMUTATION_SEED = 1


def relax_restrictions(box: Box) -> Iterator[tuple[str, str, Box]]:
    """Yield each restriction of a box as parameter and side ("low", "high" or "labels"), and the box without it."""
    for name, limit in box.items():
        relaxed = {other: other_limit for other, other_limit in box.items() if other != name}
        if not isinstance(limit, NumberRange):
            yield name, "labels", relaxed
            continue
        for side, wide in (("low", NumberRange(high=limit.high)), ("high", NumberRange(low=limit.low))):
            if wide != limit:
                yield name, side, relaxed if wide == NumberRange() else {**box, name: wide}


def quasi_p_values(data: CaseData, step: PeelStep) -> dict[tuple[str, str], float]:
    """Return the quasi-p-value of each restriction of a box, by parameter and side.

    Equation: the probability of at least as many cases among the points inside if their density were that of the box
    without the restriction: the upper tail of a binomial distribution (bryant2010). Each is of one restriction of a
    box that was selected by a search: see `chance_probability` for the significance of the box as a whole.
    """
    from scipy.stats import binom

    p_values = {}
    for name, side, box in relax_restrictions(step.box):
        density = make_step(data, "", box).density
        p_values[name, side] = float(binom.sf(step.case_count - 1, step.point_count, density))
    return p_values


def f1_score(step: PeelStep, cases: int) -> float:
    """Return the harmonic mean of a box's coverage and density: 2 h / (n + H), h of H cases among its n points."""
    return 2.0 * step.case_count / (step.point_count + cases)


def prune_box(data: CaseData, step: PeelStep) -> PeelStep:
    """Return a box without restrictions that are not significant and do not improve its F1 score."""
    cases = int(np.count_nonzero(data.is_case))
    while True:
        p_values = quasi_p_values(data, step)
        weak = [box for name, side, box in relax_restrictions(step.box) if p_values[name, side] > SIGNIFICANCE_LEVEL]
        simpler = [make_step(data, "pruned", box) for box in weak]
        best = max(simpler, key=lambda candidate: f1_score(candidate, cases), default=step)
        if best is step or f1_score(best, cases) < f1_score(step, cases):
            return step
        step = best


def suggest_box(steps: Sequence[PeelStep], coverage: float | None = None) -> int:
    """Return the index of the suggested box: the last with the largest F1 score, or with at least `coverage`."""
    cases = steps[0].case_count
    if coverage is not None:
        return max(index for index, step in enumerate(steps) if step.case_count >= coverage * cases)
    scores = [f1_score(step, cases) for step in steps]
    return max(range(len(steps)), key=lambda index: (scores[index], index))


def chance_probability(data: CaseData, options: PrimOptions, permutations: int, coverage: float | None = None) -> float:
    """Return the probability of a box at least as good if cases were assigned to points at random.

    Equation: (1 + k) / (1 + permutations), k the permutations of the cases in which the box suggested by the same
    search, without pasting, has at least the same F1 score, or density where a coverage is required (phipson2010).
    """
    rng = np.random.default_rng(PERMUTATION_SEED)
    search = PrimOptions(options.alpha, options.mass, paste=False)

    def score(cases: CaseData) -> float:
        steps = search_boxes(cases, search)
        suggested = steps[suggest_box(steps, coverage)]
        return f1_score(suggested, steps[0].case_count) if coverage is None else suggested.density

    observed = score(data)
    reached = [score(CaseData(data.columns, rng.permutation(data.is_case))) >= observed for _ in range(permutations)]
    return (1 + int(np.count_nonzero(reached))) / (1 + permutations)
