"""Late adopters: who they are, what holds them back, and a bonus for doing well."""

import networkx as nx

import qispread as qs

LATE = 60


@qs.measure("late_share", unit="share", better="less")
def late_share(world):
    """Share of organisations that use an intervention and first adopted it after month 60."""
    return ((world.first_adopted > LATE) & world.in_use).mean()


@qs.rule("capacity.climate")
def led(leadership, alignment, culture):
    """Leadership is necessary; alignment and culture make up for each other."""
    return leadership * (alignment + culture) / 2.0


@qs.network("caves", plausible=(5, 20), limits=(2, 1000))
def caves(places, rng, size: int = 10):
    """Groups of a given size, dense inside and with few ties between them."""
    sizes = [size] * (places.number // size) + [places.number % size] * (places.number % size > 0)
    return nx.random_partition_graph(sizes, 0.5, 0.01, seed=rng)


@qs.policy("bonus", moves="support", plausible=(0.1, 0.9), limits=(0.0, 1.0))
def bonus(world, strength):
    """Support for the practices whose fidelity is above one half."""
    return strength * (world.fidelity > 0.5)
