"""What the observed histories say of a model's parameters: the exact posterior, by quadrature.

Given who had adopted before each period, the chances of these models are known, so that the likelihood of a whole
history is a product over people and periods and nothing has to be simulated. Given the strength of contagion, the
pushes of different periods are independent of each other; so however many there are, one integral over the strength
and one for each push remain.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp, xlog1py, xlogy

from qispread.fitting.models import Cells, Model, cells_of, chance_stays
from qispread.fitting.people import Numbers, Observed, Whole

LEAST_PUSHES = 64
COARSE, FINE = 17, 48
"""Strengths at which the likelihood is looked at while seeking where it is, and then for the integral."""
MOST_LOOKS = 6
FAR = 20.0
"""Log-likelihood below the highest from which a strength is left out."""
FLOOR = -1e7
"""In place of the logarithm of 0, so that a community can be taken off a sum again."""
ENDS = (0.025, 0.5, 0.975)


@dataclass(frozen=True, eq=False)
class Posterior:
    """The posterior of one model; U strengths, B chances, P pushes, G communities.

    Attributes
    ----------
    model : Model
    strengths : array of U
    weights : array of U
        Their posterior probabilities.
    chances : array of B
        Values of a push: the chance a period to adopt when nobody around has.
    pushes : array of (U, P, B)
        Posterior probability of each value of each push, given the strength.
    evidence : float
        Log of the mean likelihood over the prior.
    most : float
        Log of how much likelier all is at the likeliest strength than without contagion, the pushes integrated out.
    scores : array of G
        Log of the probability that the model, told of all other communities, gives to the history of each.
    """

    model: Model
    strengths: Numbers
    weights: Numbers
    chances: Numbers
    pushes: Numbers
    evidence: float
    most: float
    scores: Numbers

    def strength(self) -> Numbers:
        """Return the 2.5, 50 and 97.5 percent points of the strength of contagion."""
        return quantiles(self.strengths, self.weights)

    def push(self, place: int) -> Numbers:
        """Return the 2.5, 50 and 97.5 percent points of one push."""
        return quantiles(self.chances, self.weights @ self.pushes[:, place])

    def draw(self, rng: np.random.Generator) -> tuple[float, Numbers]:
        """Return a strength and all pushes, drawn together."""
        one = int(rng.choice(self.weights.size, p=self.weights))
        running = np.cumsum(self.pushes[one], axis=1)
        drawn = rng.random((running.shape[0], 1)) * running[:, -1:]
        places = np.minimum((running < drawn).sum(axis=1), self.chances.size - 1)
        return float(self.strengths[one]), self.chances[places]


def quantiles(values: Numbers, weights: Numbers) -> Numbers:
    """Return the 2.5, 50 and 97.5 percent points of ascending values with weights that sum to 1."""
    middles = np.cumsum(weights) - weights / 2.0
    return np.asarray(np.interp(ENDS, middles, values))


def push_nodes(people: float) -> tuple[Numbers, Numbers]:
    """Return chances from 0 to 1 and their log-weights under the prior Beta(1/2, 1/2).

    In the angle whose squared sine is the chance that prior is flat, and the likelihood of `people` trials has a
    standard deviation of about 1 / (2 sqrt(people)) everywhere: with steps of half that size the trapezoidal rule is
    exact to many digits. Source: jeffreys1946 for the prior.
    """
    steps = max(LEAST_PUSHES, int(np.ceil(2.0 * np.pi * np.sqrt(people))))
    weights = np.full(steps + 1, 1.0 / steps)
    weights[[0, -1]] /= 2.0
    return np.sin(np.linspace(0.0, np.pi / 2.0, steps + 1)) ** 2, np.log(weights)


@dataclass(frozen=True, eq=False)
class Likelihood:
    """The likelihood of the cells of one model."""

    model: Model
    cells: Cells
    communities: int
    chances: Numbers
    prior: Numbers

    @property
    def places(self) -> Whole:
        """Of which community and push each cell is."""
        return self.cells.community * self.cells.pushes + self.cells.push

    def by_part(self, strength: float) -> Numbers:
        """Return the log-likelihood as (communities, pushes, chances) at one strength."""
        cells = self.cells
        stays = chance_stays(self.model, self.chances, strength, cells.reach, cells.levels)
        found = xlog1py(cells.adopted[:, None], -stays) + xlogy(cells.stayed[:, None], stays)
        # Cells come in the order of community and push, so that those of each stand together.
        parts, place = np.zeros((self.communities * cells.pushes, self.chances.size)), self.places
        starts = np.flatnonzero(np.diff(place, prepend=-1))
        parts[place[starts]] = np.add.reduceat(np.maximum(found, FLOOR), starts, axis=0)
        return parts.reshape(self.communities, cells.pushes, -1)

    def at(self, strength: float) -> tuple[Numbers, Numbers]:
        """Return, at one strength, the log-likelihood with the pushes integrated out, and each push's log-posterior.

        The first is an array of 1 + communities: of all, and of all but each. The second is (pushes, chances).
        """
        parts = self.by_part(strength)
        whole = parts.sum(axis=0)
        rest = np.concatenate((whole[None], whole - parts)) + self.prior
        each = logsumexp(rest, axis=2)
        return each.sum(axis=1), rest[0] - each[0][:, None]


def fitted(observed: Observed, model: Model, cells: Cells | None = None) -> Posterior:
    """Return the posterior of a model, and how it scores each community from all the others.

    `cells` take the place of those of the model.
    Equation of the score: log p(history of g | all others) = log Z(all) - log Z(all but g), Z the mean likelihood over
    the prior: the push Beta(1/2, 1/2), the strength uniform from 0 to its largest. Source: good1952 for the score.
    """
    cells = cells_of(observed, model) if cells is None else cells
    people = np.bincount(cells.push, cells.adopted + cells.stayed).max()
    chances, prior = push_nodes(float(people))
    likelihood = Likelihood(model, cells, len(observed.communities), chances, prior)
    strengths, log_widths = strength_nodes(likelihood)
    found = [likelihood.at(float(one)) for one in strengths]
    plain = np.array([one for one, _ in found])
    heights = plain + log_widths[:, None]
    total = logsumexp(heights, axis=0)
    return Posterior(
        model=model,
        strengths=strengths,
        weights=normal_weights(heights[:, 0]),
        chances=chances,
        pushes=np.exp(np.array([one for _, one in found])),
        evidence=float(total[0]),
        most=max(0.0, float(plain[:, 0].max() - likelihood.at(0.0)[0][0])),
        scores=total[0] - total[1:],
    )


def normal_weights(heights: Numbers) -> Numbers:
    """Return weights that sum to 1 from their logarithms."""
    weights = np.exp(heights - heights.max())
    return np.asarray(weights / weights.sum())


def strength_nodes(likelihood: Likelihood) -> tuple[Numbers, Numbers]:
    """Return strengths over where the likelihood is, and the log of what each stands for in the integral."""
    largest = likelihood.model.largest
    if largest == 0.0:
        return np.zeros(1), np.zeros(1)
    low, high = 0.0, largest
    for _ in range(MOST_LOOKS):
        looks = np.linspace(low, high, COARSE)
        heights = np.array([likelihood.at(float(one))[0] for one in looks])
        near = np.flatnonzero((heights > heights.max(axis=0) - FAR).any(axis=1))
        width, low, high = high - low, looks[max(near[0] - 1, 0)], looks[min(near[-1] + 1, COARSE - 1)]
        if high - low > width / 2.0:
            break
    nodes, weights = np.polynomial.legendre.leggauss(FINE)
    half = (high - low) / 2.0
    return low + half * (nodes + 1.0), np.log(weights * half / largest)
