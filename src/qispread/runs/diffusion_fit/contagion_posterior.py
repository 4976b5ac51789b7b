"""The exact posterior of a contagion model's parameters, by quadrature (decision 51).

Given earlier adopters, the probabilities of these models are known, so that the likelihood of a history is a product
over people and periods and needs no simulation. Given the strength of contagion, the pushes of different periods are
independent, so that one integral over the strength and one over each push remain.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp, xlog1py, xlogy

from qispread.runs.diffusion_fit.contagion_models import (
    ContagionModel,
    RiskSets,
    count_risk_sets,
    probability_of_not_adopting,
)
from qispread.runs.diffusion_fit.observed_diffusion import FloatArray, IntArray, ObservedDiffusion

MIN_PUSH_NODES = 64
COARSE_NODES, FINE_NODES = 17, 48
"""Numbers of strengths for locating the likelihood, and for the integral."""
MAX_REFINEMENTS = 6
LOG_LIKELIHOOD_CUTOFF = 20.0
"""Difference from the largest log-likelihood at which a strength is left out."""
LOG_ZERO = -1e7
"""Replaces the logarithm of 0, so that a community can be subtracted from a sum."""
QUANTILE_LEVELS = (0.025, 0.5, 0.975)


@dataclass(frozen=True, eq=False)
class ContagionPosterior:
    """The posterior of one model; U strengths, B probabilities, P pushes, G communities.

    Attributes
    ----------
    model : ContagionModel
    strengths : array of U
    weights : array of U
        Posterior probabilities of the strengths.
    probability_nodes : array of B
        Values of a push: the probability of adopting in a period without adopters around.
    pushes : array of (U, P, B)
        Posterior probability of each value of each push, given the strength.
    evidence : float
        Log of the mean likelihood over the prior.
    max_log_likelihood : float
        Log-likelihood ratio of the best strength to no contagion, with the pushes integrated out.
    scores : array of G
        Log predictive probability of each community's history, given all other communities.
    """

    model: ContagionModel
    strengths: FloatArray
    weights: FloatArray
    probability_nodes: FloatArray
    pushes: FloatArray
    evidence: float
    max_log_likelihood: float
    scores: FloatArray

    def strength_quantiles(self) -> FloatArray:
        """Return the 2.5, 50 and 97.5 percent points of the strength of contagion."""
        return weighted_quantiles_95(self.strengths, self.weights)

    def push_quantiles(self, index: int) -> FloatArray:
        """Return the 2.5, 50 and 97.5 percent points of one push."""
        return weighted_quantiles_95(self.probability_nodes, self.weights @ self.pushes[:, index])

    def draw(self, rng: np.random.Generator) -> tuple[float, FloatArray]:
        """Return a strength and all pushes, drawn from their joint posterior."""
        index = int(rng.choice(self.weights.size, p=self.weights))
        cumulative = np.cumsum(self.pushes[index], axis=1)
        thresholds = rng.random((cumulative.shape[0], 1)) * cumulative[:, -1:]
        node_indices = np.minimum((cumulative < thresholds).sum(axis=1), self.probability_nodes.size - 1)
        return float(self.strengths[index]), self.probability_nodes[node_indices]


def weighted_quantiles_95(values: FloatArray, weights: FloatArray) -> FloatArray:
    """Return the 2.5, 50 and 97.5 percent points of ascending values with weights that sum to 1."""
    middles = np.cumsum(weights) - weights / 2.0
    return np.asarray(np.interp(QUANTILE_LEVELS, middles, values))


def probability_quadrature(people: float) -> tuple[FloatArray, FloatArray]:
    """Return probabilities from 0 to 1 and their log-weights under the prior Beta(1/2, 1/2).

    The prior is uniform in the angle whose squared sine is the probability, and the likelihood of `people` trials has
    a standard deviation of about 1 / (2 sqrt(people)) in it; with steps of half that size the trapezoidal rule is exact
    to many digits. Source: jeffreys1946 for the prior.
    """
    steps = max(MIN_PUSH_NODES, int(np.ceil(2.0 * np.pi * np.sqrt(people))))
    weights = np.full(steps + 1, 1.0 / steps)
    weights[[0, -1]] /= 2.0
    return np.sin(np.linspace(0.0, np.pi / 2.0, steps + 1)) ** 2, np.log(weights)


@dataclass(frozen=True, eq=False)
class ContagionLikelihood:
    """The likelihood of the cells of one model."""

    model: ContagionModel
    cells: RiskSets
    communities: int
    probability_nodes: FloatArray
    prior: FloatArray

    @property
    def cell_indices(self) -> IntArray:
        """Combined index of the community and push of each cell."""
        return self.cells.community * self.cells.push_count + self.cells.push

    def log_likelihood_by_part(self, strength: float) -> FloatArray:
        """Return the log-likelihood at one strength, an array of (communities, pushes, probabilities)."""
        cells = self.cells
        stays = probability_of_not_adopting(self.model, self.probability_nodes, strength, cells.exposure, cells.levels)
        log_terms = xlog1py(cells.adopted[:, None], -stays) + xlogy(cells.not_adopted[:, None], stays)
        # Cells are sorted by community and push, so that those of each are adjacent.
        parts, cell_indices = (
            np.zeros((self.communities * cells.push_count, self.probability_nodes.size)),
            self.cell_indices,
        )
        first_cells = np.flatnonzero(np.diff(cell_indices, prepend=-1))
        parts[cell_indices[first_cells]] = np.add.reduceat(np.maximum(log_terms, LOG_ZERO), first_cells, axis=0)
        return parts.reshape(self.communities, cells.push_count, -1)

    def log_likelihood(self, strength: float) -> tuple[FloatArray, FloatArray]:
        """Return, at one strength, the log-likelihood with the pushes integrated out, and each push's log-posterior.

        The first is an array of 1 + communities: for all, and without each. The second is of (pushes, probabilities).
        """
        parts = self.log_likelihood_by_part(strength)
        total = parts.sum(axis=0)
        log_posteriors = np.concatenate((total[None], total - parts)) + self.prior
        integrals = logsumexp(log_posteriors, axis=2)
        return integrals.sum(axis=1), log_posteriors[0] - integrals[0][:, None]


def fit_model(observed: ObservedDiffusion, model: ContagionModel, cells: RiskSets | None = None) -> ContagionPosterior:
    """Return the posterior of a model, with the score of each held-out community.

    `cells` replace those of the model. Equation of the score: log p(history of g | all others) = log Z(all) -
    log Z(all but g), Z the mean likelihood over the prior: the push Beta(1/2, 1/2), the strength uniform from 0 to its
    largest. Source: good1952 for the score.
    """
    cells = count_risk_sets(observed, model) if cells is None else cells
    largest_group = np.bincount(cells.push, cells.adopted + cells.not_adopted).max()
    chances, prior = probability_quadrature(float(largest_group))
    likelihood = ContagionLikelihood(model, cells, len(observed.communities), chances, prior)
    strengths, log_widths = strength_quadrature(likelihood)
    results = [likelihood.log_likelihood(float(strength)) for strength in strengths]
    log_likelihoods = np.array([strength for strength, _ in results])
    log_terms = log_likelihoods + log_widths[:, None]
    total = logsumexp(log_terms, axis=0)
    return ContagionPosterior(
        model=model,
        strengths=strengths,
        weights=normalise_log_weights(log_terms[:, 0]),
        probability_nodes=chances,
        pushes=np.exp(np.array([strength for _, strength in results])),
        evidence=float(total[0]),
        max_log_likelihood=max(0.0, float(log_likelihoods[:, 0].max() - likelihood.log_likelihood(0.0)[0][0])),
        scores=total[0] - total[1:],
    )


def normalise_log_weights(heights: FloatArray) -> FloatArray:
    """Return weights that sum to 1 from their logarithms."""
    weights = np.exp(heights - heights.max())
    return np.asarray(weights / weights.sum())


def strength_quadrature(likelihood: ContagionLikelihood) -> tuple[FloatArray, FloatArray]:
    """Return strengths where the likelihood is not negligible, and the logs of their quadrature weights."""
    max_strength = likelihood.model.max_strength
    if max_strength == 0.0:
        return np.zeros(1), np.zeros(1)
    low, high = 0.0, max_strength
    for _ in range(MAX_REFINEMENTS):
        strengths = np.linspace(low, high, COARSE_NODES)
        log_likelihoods = np.array([likelihood.log_likelihood(float(strength))[0] for strength in strengths])
        relevant = np.flatnonzero((log_likelihoods > log_likelihoods.max(axis=0) - LOG_LIKELIHOOD_CUTOFF).any(axis=1))
        width, low, high = (
            high - low,
            strengths[max(relevant[0] - 1, 0)],
            strengths[min(relevant[-1] + 1, COARSE_NODES - 1)],
        )
        if high - low > width / 2.0:
            break
    nodes, weights = np.polynomial.legendre.leggauss(FINE_NODES)
    half_width = (high - low) / 2.0
    return low + half_width * (nodes + 1.0), np.log(weights * half_width / max_strength)
