"""Turnover and succession of leaders."""

import math

from qispread.model.rules.jit import rule
from qispread.model.rules.rule_effects import Neither, Rises, Share


@rule
def chance_leader_leaves(leader_exit: Rises) -> Share:
    """Return the probability that a leader leaves this month, from the annual rate `leader_exit`.

    Equation: 1 - exp(-leader_exit / 12). Source: kingsfund2018 (median tenure 3 years).
    """
    return 1.0 - math.exp(-leader_exit / 12.0)


@rule
def successor_leadership(old: Rises, drawn: Rises, continuity: Neither) -> Share:
    """Return the leadership under a successor, in [0, 1].

    Equation: continuity * old + (1 - continuity) * drawn, `drawn` from the leadership of the population at the start.
    Source: assumption.
    """
    return continuity * old + (1.0 - continuity) * drawn
