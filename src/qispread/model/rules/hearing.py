"""How organisations hear of an intervention."""

from qispread.model.rules.jit import rule
from qispread.model.rules.rule_effects import Falls, Rises, Share


@rule
def chance_peer_silent(contact: Falls, weight: Falls, observability: Falls) -> Share:
    """Return the probability that an organisation does not hear from one peer in use of it this month.

    Equation: 1 - contact * weight * observability, the product at most 1; monthly `contact`, tie `weight` in (0, 1],
    `observability` in [0, 1]. Source: assumption.
    """
    return 1.0 - min(1.0, contact * weight * observability)


@rule
def chance_hears(broadcast: Rises, all_peers_silent: Falls) -> Share:
    """Return the probability that an unaware organisation hears this month, from the media or a peer.

    Equation: P = 1 - (1 - broadcast) * prod over peers that use it (1 - contact * weight * observability). Source:
    vandenbulte2001 (external influence as a separate parameter); sizes are assumptions.
    """
    return 1.0 - (1.0 - broadcast) * all_peers_silent
