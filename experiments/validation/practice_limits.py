"""A practice after it has begun: fidelity, embedding, reviews, copies of copies."""

import math
from collections.abc import Iterator

import numpy as np
from scipy import stats

import qispread as qs
from experiments.validation.known_limit import KnownLimit, LimitFinding, mean_finding
from experiments.validation.scenarios import (
    CLIMATE,
    VIGILANCE,
    identical_organisations_scenario,
    measure_by_month,
    single_mechanism_scenario,
    threshold_changes,
)
from qispread.model.world.state_arrays import EMBEDDING, FIDELITY, GENERATION

DECAY, MONTHS = 0.03, 60
REPAIR, REACTIVE, EROSION = 0.06, 0.5, 0.06
EMBED, TURNOVER = 0.13, 0.12
DISCONTINUING, FORBEARANCE, LEADERSHIP, NOISE = 0.9, 1.2, 0.6, 0.25


def decay_findings(_: int, __: int) -> Iterator[LimitFinding]:
    """Yield fidelity after five years, and the half-life, by measurement."""
    for measurement in (0.0, 0.5, 1.0):
        runs = qs.simulate(
            identical_organisations_scenario(MONTHS, 3, {"improving.decay": DECAY}, measurement=measurement), 1
        )
        found, held = measure_by_month(runs, "fidelity")[0], (1.0 - measurement * LEADERSHIP) ** 2
        where = f"measurement {measurement:g}"
        yield LimitFinding(f"fidelity in month {MONTHS}, {where}", (1.0 - DECAY * held) ** MONTHS, float(found[-1]))
        half_life = math.log(2.0) * MONTHS / -math.log(found[-1])
        yield LimitFinding(f"half-life in months, {where}", math.log(2.0) / -math.log1p(-DECAY * held), half_life)


def fidelity_findings(replicates: int, seed: int) -> Iterator[LimitFinding]:
    """Yield mean fidelity under real cycles, reactive changes and decay."""
    changes = {"improving.repair": REPAIR, "improving.reactive": REACTIVE, "improving.decay": DECAY}
    changes |= {"improving.erosion": EROSION, "copying.copy_loss": 0.5}
    found = measure_by_month(
        qs.simulate(identical_organisations_scenario(MONTHS, 101, changes, {"complexity": 0.6}, seed=seed), replicates),
        "fidelity",
    )
    real, reactive = 0.4 * (0.5 + 0.5 * 0.5), REACTIVE * 0.5
    kept = 1.0 - DECAY * (1.0 - VIGILANCE) ** 2
    factor = 1.0 - real * REPAIR - (1.0 - real) * reactive * EROSION * 0.6
    settled = real * REPAIR * kept / (1.0 - factor * kept)
    for month in (1, 12, MONTHS):
        start = 1.0 - 0.5 * 0.6 * 0.6
        expected = settled + (start - settled) * (factor * kept) ** month
        yield mean_finding(f"mean fidelity in month {month}", found[:, month], expected)


def copy_chain_findings(_: int, __: int) -> Iterator[LimitFinding]:
    """Yield fidelity at the tenth copy in a chain, copied from the previous copy and from the original."""
    for lineage, kept in ((0.0, 0.76**10), (1.0, 0.76)):
        changes = {**threshold_changes(0.25), "copying.copy_loss": 0.5, "copying.lineage": lineage}
        scenario = single_mechanism_scenario(
            40, {"kind": "ring"}, 41, changes, {"complexity": 0.6, "codification": 0.2}
        )
        end = qs.simulate(scenario, 1).runs[0].final_state
        tenth = end.practices[0, FIDELITY][end.histories[0, GENERATION] == 10]
        yield LimitFinding(f"fidelity of the tenth copy, lineage {lineage:g}", kept, float(np.mean(tenth)))


def embedding_findings(_: int, __: int) -> Iterator[LimitFinding]:
    """Yield the stationary embedding, with the time that it needs and with half of it."""
    for effort, dose in ((0.1, 1.0), (0.64, 0.5)):
        runs = qs.simulate(identical_organisations_scenario(900, 3, {"improving.embed": EMBED}, {"effort": effort}), 1)
        built, kept = EMBED * CLIMATE * dose, 1.0 - TURNOVER / 12.0
        settled = built * kept / (1.0 - (1.0 - built) * kept)
        found = float(runs.runs[0].final_state.practices[0, EMBEDDING].mean())
        yield LimitFinding(f"stationary embedding, dose {dose:g}", settled, found)
        apart = settled - measure_by_month(runs, "embedding")[0, [60, 61]]
        yield LimitFinding(
            f"remaining distance after a month, as a share, dose {dose:g}", (1.0 - built) * kept, apart[1] / apart[0]
        )


def review_findings(replicates: int, seed: int) -> Iterator[LimitFinding]:
    """Yield current use after reviews of a constant shortfall without error."""
    changes = {"reviewing.discontinuing": DISCONTINUING, "deciding.claimed_result": 0.5, "copying.ambition": 4.0}
    found = measure_by_month(
        qs.simulate(identical_organisations_scenario(61, 101, changes, seed=seed), replicates), "sustainment"
    )
    for years in (1, 5):
        expected = math.exp(-DISCONTINUING * (FORBEARANCE - LEADERSHIP) * (4.0 * 0.5 - 1.0) * years)
        yield mean_finding(f"current use after {years} reviews", found[:, 12 * years + 1], expected)


def noisy_review_findings(replicates: int, seed: int) -> Iterator[LimitFinding]:
    """Yield current use after a review that observes the result with an error."""
    readiness, spread = DISCONTINUING * (FORBEARANCE - LEADERSHIP), NOISE * 0.5
    changes = {"reviewing.discontinuing": DISCONTINUING, "reviewing.noise": NOISE, "deciding.claimed_result": 0.5}
    for ambition in (1.8, 2.0, 2.2):
        shortfall = ambition * 0.5 - 1.0
        scenario = identical_organisations_scenario(13, 101, {**changes, "copying.ambition": ambition}, seed=seed)
        found = measure_by_month(qs.simulate(scenario, replicates), "sustainment")[:, -1]
        content = stats.norm.cdf(-shortfall / spread)
        tilted = stats.norm.cdf(shortfall / spread - readiness * spread)
        stays = content + math.exp(-readiness * shortfall + (readiness * spread) ** 2 / 2.0) * tilted
        yield mean_finding(f"current use after a review, mean shortfall {shortfall:g}", found, float(stays))


LIMITS = (
    KnownLimit(
        "Decay of fidelity",
        "assumption",
        "F = (1 - d (1 - v)^2)^months, exponential, with vigilance v; half-life ln 2 / -ln(1 - d (1 - v)^2)",
        0.0,
        1,
        decay_findings,
    ),
    KnownLimit(
        "Fidelity under cycles and changes",
        "assumption",
        "F' = (F (1 - P r - (1 - P) A e) + P r)(1 - d (1 - v)^2) in the mean, P, A the probabilities of a real cycle "
        "and a reactive change",
        0.005,
        100,
        fidelity_findings,
    ),
    KnownLimit(
        "Copies of copies",
        "assumption",
        "(1 - loss)^copies with lineage 0, 1 - loss with lineage 1; loss 0.24",
        0.0,
        1,
        copy_chain_findings,
    ),
    KnownLimit(
        "Embedding",
        "assumption",
        "b k / (1 - (1 - b) k), b = embed * climate * dose, k = 1 - turnover / 12, approached by the factor (1 - b) k",
        0.0,
        1,
        embedding_findings,
    ),
    KnownLimit(
        "Reviews without error",
        "assumption",
        "exp(-discontinuing (forbearance - leadership) shortfall) at each yearly review",
        0.01,
        800,
        review_findings,
    ),
    KnownLimit(
        "Reviews with error",
        "assumption",
        "Phi(-m / s) + exp(-a m + a^2 s^2 / 2) Phi(m / s - a s): shortfall normal with mean m and deviation s, "
        "a = discontinuing (forbearance - leadership)",
        0.01,
        400,
        noisy_review_findings,
    ),
)
