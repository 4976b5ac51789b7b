"""Loss of fidelity when an intervention is copied."""

from qispread.model.rules.jit import rule
from qispread.model.rules.rule_effects import Falls, Rises, Share


@rule
def copy_loss(loss: Rises, complexity: Rises, codification: Falls, support: Falls) -> Share:
    """Return the share of the core components that a copy loses, in [0, 1].

    Equation: loss * complexity * (1 - codification) * (1 - support). Source: assumption; no published data measure
    the loss of fidelity with distance from the pilot site.
    """
    return loss * complexity * (1.0 - codification) * (1.0 - support)


@rule
def copied_fidelity(peer_fidelity: Rises, lineage: Rises, lost: Falls) -> Share:
    """Return the fidelity of a copy made from a peer, in [0, 1].

    Equation: (lineage + (1 - lineage) * F_peer) * (1 - lost). With lineage 0, organisations copy a peer's version; with
    1, all copy the original. Source: assumption, the most important untested one of the model: vary it.
    """
    return (lineage + (1.0 - lineage) * peer_fidelity) * (1.0 - lost)
