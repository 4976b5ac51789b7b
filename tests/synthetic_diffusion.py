"""Diffusions made on the kernel, whose truth is known."""

from dataclasses import replace

import numpy as np

from qispread.runs.diffusion_fit.contagion_models import CONTACT, INDEPENDENT
from qispread.runs.diffusion_fit.observed_diffusion import NEVER_ADOPTED, ObservedDiffusion, build_tie_graph
from qispread.runs.diffusion_fit.simulate_diffusion import create_simulator


def build_villages(number=8, size=25, degree=6, periods=12, seed=1, weights=(1.0,)):
    """Return people of some villages, tied within them, of whom the first two of each village are seeds."""
    rng, people = np.random.default_rng(seed), number * size
    first, second = np.triu_indices(people, 1)
    tied = (first // size == second // size) & (rng.random(first.size) < degree / (size - 1))
    first, second = first[tied], second[tied]
    return ObservedDiffusion(
        ids=tuple(f"person-{place:03d}" for place in range(people)),
        adopted=np.where(np.arange(people) % size < 2, 1, NEVER_ADOPTED),
        periods=periods,
        community=np.arange(people) // size,
        communities=tuple(f"village-{place}" for place in range(number)),
        permutation_groups=np.arange(people) // size,
        ties=build_tie_graph(first, second, rng.choice(weights, first.size), people),
        seeded=True,
    )


def simulate_histories(observed, *, push=0.04, contact=0.0, worlds=1, first=0):
    """Return histories of the same people, made with a push and a contact."""
    theatre, model = create_simulator(observed), CONTACT if contact else INDEPENDENT
    lived = [theatre.simulate_adoption(model, contact, np.array([push]), first + world) for world in range(worlds)]
    return [replace(observed, adopted=adopted) for adopted in lived]


def write_diffusion_tables(observed, folder, *, dated=False):
    """Write the two tables of a diffusion and return their paths."""
    people, ties = folder / "people.csv", folder / "ties.csv"
    rows = [
        f"{one},{'' if when == NEVER_ADOPTED else format_period(int(when), dated)},{observed.communities[place]}"
        for one, when, place in zip(observed.ids, observed.adopted, observed.community, strict=True)
    ]
    people.write_text("\n".join(["id,adopted,community", *rows]) + "\n", encoding="utf-8")
    owners, others = observed.ties.owners, observed.ties.indices
    once = owners < others
    pairs = zip(owners[once], others[once], observed.ties.weights[once], strict=True)
    named = [f"{observed.ids[a]},{observed.ids[b]},{weight:g}" for a, b, weight in pairs]
    ties.write_text("\n".join(["from,to,weight", *named]) + "\n", encoding="utf-8")
    return people, ties


def format_period(period, dated):
    """Return a period as a table has it: a number, or a month from January 2020."""
    year, month = divmod(period - 1, 12)
    return f"{2020 + year}-{month + 1:02d}" if dated else str(period)
