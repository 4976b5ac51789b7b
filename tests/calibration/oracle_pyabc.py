"""What pyABC says of a small problem whose answer is known: `python tests/calibration/oracle_pyabc.py` writes a table.

It needs `pip install -e ".[oracles]"`. The problem: levels a exp(-b t) at four times, each with a normal error of known
size, one of each observed; a and b were equally likely anywhere in their ranges before.
"""

import tempfile
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd

TABLE = Path(__file__).with_name("pyabc.csv")
TIMES = np.array([0.5, 1.0, 2.0, 4.0])
BOUNDS = np.array([[0.0, 2.0], [0.0, 1.5]])
ERROR = 0.1
OBSERVED = np.array([0.81, 0.72, 0.33, 0.19])
NAMES = ("a", "b")


def noise_free_levels(parameters):
    """Return what is to be seen without errors, of (runs, times), for parameters of (runs, 2)."""
    return parameters[:, :1] * np.exp(-parameters[:, 1:] * TIMES)


def exact_posterior(points=801):
    """Return mean, standard deviation and correlation of the posterior, by adding up its density over a fine grid."""
    first, second = np.meshgrid(*(np.linspace(*ends, points) for ends in BOUNDS), indexing="ij")
    places = np.column_stack([first.ravel(), second.ravel()])
    logs = -0.5 * np.square((noise_free_levels(places) - OBSERVED) / ERROR).sum(axis=1)
    return weighted_moments(places, np.exp(logs - logs.max()))


def weighted_moments(places, weights):
    """Return mean, standard deviation and correlation of weighted places."""
    weights = weights / weights.sum()
    mean = weights @ places
    apart = places - mean
    spread = np.sqrt(weights @ np.square(apart))
    return {
        "mean_a": mean[0],
        "mean_b": mean[1],
        "deviation_a": spread[0],
        "deviation_b": spread[1],
        "correlation": weights @ (apart[:, 0] * apart[:, 1]) / spread.prod(),
    }


def pyabc_posterior(seed, particles=1000, populations=7):
    """Return the same as pyABC finds it, by sequential rejection with a threshold that falls."""
    import pyabc

    np.random.seed(seed)  # noqa: NPY002 - pyABC draws from the global generator alone
    draws = np.random.default_rng(seed)

    def model(given):
        seen = noise_free_levels(np.array([[given["a"], given["b"]]]))[0] + ERROR * draws.standard_normal(TIMES.size)
        return {"seen": seen}

    prior = pyabc.Distribution(
        **{name: pyabc.RV("uniform", low, high - low) for name, (low, high) in zip(NAMES, BOUNDS, strict=True)}
    )
    search = pyabc.ABCSMC(
        model, prior, pyabc.PNormDistance(p=2), population_size=particles, sampler=pyabc.SingleCoreSampler()
    )
    with tempfile.TemporaryDirectory() as folder:
        search.new(f"sqlite:///{folder}/runs.db", {"seen": OBSERVED})
        history = search.run(max_nr_populations=populations)
        table, weights = history.get_distribution(m=0)
        simulations = int(history.total_nr_simulations)
        history.done()
    return {**weighted_moments(table[list(NAMES)].to_numpy(), np.asarray(weights)), "simulations": simulations}


def main():
    """Write what pyABC found for a few seeds, and with which version."""
    rows = [{"seed": seed, "pyabc": version("pyabc"), **pyabc_posterior(seed)} for seed in (1, 2, 3)]
    pd.DataFrame(rows).to_csv(TABLE, index=False, float_format="%.5g")


if __name__ == "__main__":
    main()
