"""What the observed histories say of a model's parameters: the exact posterior, by quadrature.

Given who had adopted before each period, the chances of these models are known, so that the likelihood of a whole
history is a product over people and periods and nothing has to be simulated. Given the strength of contagion, the
pushes of different periods are independent of each other; so however many there are, one integral over the strength
and one for each push remain.
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
"""Strengths at which the likelihood is looked at while seeking where it is, and then for the integral."""
MAX_REFINEMENTS = 6
LOG_LIKELIHOOD_CUTOFF = 20.0
"""Log-likelihood below the highest from which a strength is left out."""
LOG_ZERO = -1e7
"""In place of the logarithm of 0, so that a community can be taken off a sum again."""
QUANTILE_LEVELS = (0.025, 0.5, 0.975)


@dataclass(frozen=True, eq=False)
class ContagionPosterior:
    """The posterior of one model; U strengths, B chances, P pushes, G communities.

    Attributes
    ----------
    model : ContagionModel
    strengths : array of U
    weights : array of U
        Their posterior probabilities.
    probability_nodes : array of B
        Values of a push: the chance a period to adopt when nobody around has.
    pushes : array of (U, P, B)
        Posterior probability of each value of each push, given the strength.
    evidence : float
        Log of the mean likelihood over the prior.
    max_log_likelihood : float
        Log of how much likelier all is at the likeliest strength than without contagion, the pushes integrated out.
    scores : array of G
        Log of the probability that the model, told of all other communities, gives to the history of each.
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
        """Return a strength and all pushes, drawn together."""
        one = int(rng.choice(self.weights.size, p=self.weights))
        running = np.cumsum(self.pushes[one], axis=1)
        drawn = rng.random((running.shape[0], 1)) * running[:, -1:]
        places = np.minimum((running < drawn).sum(axis=1), self.probability_nodes.size - 1)
        return float(self.strengths[one]), self.probability_nodes[places]


def weighted_quantiles_95(values: FloatArray, weights: FloatArray) -> FloatArray:
    """Return the 2.5, 50 and 97.5 percent points of ascending values with weights that sum to 1."""
    middles = np.cumsum(weights) - weights / 2.0
    return np.asarray(np.interp(QUANTILE_LEVELS, middles, values))


def probability_quadrature(people: float) -> tuple[FloatArray, FloatArray]:
    """Return chances from 0 to 1 and their log-weights under the prior Beta(1/2, 1/2).

    In the angle whose squared sine is the chance that prior is flat, and the likelihood of `people` trials has a
    standard deviation of about 1 / (2 sqrt(people)) everywhere: with steps of half that size the trapezoidal rule is
    exact to many digits. Source: jeffreys1946 for the prior.
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
        """Of which community and push each cell is."""
        return self.cells.community * self.cells.push_count + self.cells.push

    def log_likelihood_by_part(self, strength: float) -> FloatArray:
        """Return the log-likelihood as (communities, pushes, chances) at one strength."""
        cells = self.cells
        stays = probability_of_not_adopting(self.model, self.probability_nodes, strength, cells.exposure, cells.levels)
        found = xlog1py(cells.adopted[:, None], -stays) + xlogy(cells.not_adopted[:, None], stays)
        # Cells come in the order of community and push, so that those of each stand together.
        parts, place = np.zeros((self.communities * cells.push_count, self.probability_nodes.size)), self.cell_indices
        starts = np.flatnonzero(np.diff(place, prepend=-1))
        parts[place[starts]] = np.add.reduceat(np.maximum(found, LOG_ZERO), starts, axis=0)
        return parts.reshape(self.communities, cells.push_count, -1)

    def log_likelihood(self, strength: float) -> tuple[FloatArray, FloatArray]:
        """Return, at one strength, the log-likelihood with the pushes integrated out, and each push's log-posterior.

        The first is an array of 1 + communities: of all, and of all but each. The second is (pushes, chances).
        """
        parts = self.log_likelihood_by_part(strength)
        whole = parts.sum(axis=0)
        rest = np.concatenate((whole[None], whole - parts)) + self.prior
        each = logsumexp(rest, axis=2)
        return each.sum(axis=1), rest[0] - each[0][:, None]


def fit_model(observed: ObservedDiffusion, model: ContagionModel, cells: RiskSets | None = None) -> ContagionPosterior:
    """Return the posterior of a model, and how it scores each community from all the others.

    `cells` take the place of those of the model.
    Equation of the score: log p(history of g | all others) = log Z(all) - log Z(all but g), Z the mean likelihood over
    the prior: the push Beta(1/2, 1/2), the strength uniform from 0 to its largest. Source: good1952 for the score.
    """
    cells = count_risk_sets(observed, model) if cells is None else cells
    people = np.bincount(cells.push, cells.adopted + cells.not_adopted).max()
    chances, prior = probability_quadrature(float(people))
    likelihood = ContagionLikelihood(model, cells, len(observed.communities), chances, prior)
    strengths, log_widths = strength_quadrature(likelihood)
    found = [likelihood.log_likelihood(float(one)) for one in strengths]
    plain = np.array([one for one, _ in found])
    heights = plain + log_widths[:, None]
    total = logsumexp(heights, axis=0)
    return ContagionPosterior(
        model=model,
        strengths=strengths,
        weights=normalise_log_weights(heights[:, 0]),
        probability_nodes=chances,
        pushes=np.exp(np.array([one for _, one in found])),
        evidence=float(total[0]),
        max_log_likelihood=max(0.0, float(plain[:, 0].max() - likelihood.log_likelihood(0.0)[0][0])),
        scores=total[0] - total[1:],
    )


def normalise_log_weights(heights: FloatArray) -> FloatArray:
    """Return weights that sum to 1 from their logarithms."""
    weights = np.exp(heights - heights.max())
    return np.asarray(weights / weights.sum())


def strength_quadrature(likelihood: ContagionLikelihood) -> tuple[FloatArray, FloatArray]:
    """Return strengths over where the likelihood is, and the log of what each stands for in the integral."""
    largest = likelihood.model.max_strength
    if largest == 0.0:
        return np.zeros(1), np.zeros(1)
    low, high = 0.0, largest
    for _ in range(MAX_REFINEMENTS):
        looks = np.linspace(low, high, COARSE_NODES)
        heights = np.array([likelihood.log_likelihood(float(one))[0] for one in looks])
        near = np.flatnonzero((heights > heights.max(axis=0) - LOG_LIKELIHOOD_CUTOFF).any(axis=1))
        width, low, high = high - low, looks[max(near[0] - 1, 0)], looks[min(near[-1] + 1, COARSE_NODES - 1)]
        if high - low > width / 2.0:
            break
    nodes, weights = np.polynomial.legendre.leggauss(FINE_NODES)
    half = (high - low) / 2.0
    return low + half * (nodes + 1.0), np.log(weights * half / largest)
