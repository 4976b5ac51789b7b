"""Diffusions made on the kernel, whose truth is known."""

from dataclasses import replace

import numpy as np

from qispread.fitting.models import CONTACT, INDEPENDENT
from qispread.fitting.people import NEVER, Observed, ties_between
from qispread.fitting.simulating import theatre_of


def villages(number=8, size=25, degree=6, periods=12, seed=1, weights=(1.0,)):
    """Return people of some villages, tied within them, of whom the first two of each village are seeds."""
    rng, people = np.random.default_rng(seed), number * size
    first, second = np.triu_indices(people, 1)
    tied = (first // size == second // size) & (rng.random(first.size) < degree / (size - 1))
    first, second = first[tied], second[tied]
    return Observed(
        ids=tuple(f"person-{place:03d}" for place in range(people)),
        adopted=np.where(np.arange(people) % size < 2, 1, NEVER),
        periods=periods,
        community=np.arange(people) // size,
        communities=tuple(f"village-{place}" for place in range(number)),
        alike=np.arange(people) // size,
        ties=ties_between(first, second, rng.choice(weights, first.size), people),
        seeded=True,
    )


def made(observed, *, push=0.04, contact=0.0, worlds=1, first=0):
    """Return histories of the same people, made with a push and a contact."""
    theatre, model = theatre_of(observed), CONTACT if contact else INDEPENDENT
    lived = [theatre.lived(model, contact, np.array([push]), first + world) for world in range(worlds)]
    return [replace(observed, adopted=adopted) for adopted in lived]


def tables(observed, folder, *, dated=False):
    """Write the two tables of a diffusion and return their paths."""
    people, ties = folder / "people.csv", folder / "ties.csv"
    rows = [
        f"{one},{'' if when == NEVER else moment(int(when), dated)},{observed.communities[place]}"
        for one, when, place in zip(observed.ids, observed.adopted, observed.community, strict=True)
    ]
    people.write_text("\n".join(["id,adopted,community", *rows]) + "\n", encoding="utf-8")
    owners, others = observed.ties.owners, observed.ties.others
    once = owners < others
    pairs = zip(owners[once], others[once], observed.ties.weights[once], strict=True)
    named = [f"{observed.ids[a]},{observed.ids[b]},{weight:g}" for a, b, weight in pairs]
    ties.write_text("\n".join(["from,to,weight", *named]) + "\n", encoding="utf-8")
    return people, ties


def moment(period, dated):
    """Return a period as a table has it: a number, or a month from January 2020."""
    year, month = divmod(period - 1, 12)
    return f"{2020 + year}-{month + 1:02d}" if dated else str(period)
