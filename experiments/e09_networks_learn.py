"""Claim 9: networks make a learning system.

Decided before it was run. A learning network for everyone, at its declared strength, with practical support and
without; nothing else differs. With support it raises fidelity: against no network and against ties alone, and both
differences have to be there. Fidelity is a mean over users, which would rise if the unready stayed away: reach,
adoption and the population effect stand in the table of arms to tell. Ties alone raise adoption; "little else" means
that the mean fidelity of users changes by less than the smallest difference that matters.
"""

from collections.abc import Mapping
from typing import Any

import qispread as qs
from experiments.command import main
from experiments.design import SHARE_MATTERS, Ablation, Contrast, Experiment, Part, Strengths, more
from experiments.lives import Arm, Plain


def make(base: qs.Scenario, strengths: Strengths) -> Mapping[str, Arm]:
    """Return the arms."""
    shape: dict[str, Any] = {name: strengths[f"learning_network.{name}"] for name in ("ties", "contact")}
    support = strengths["learning_network.support"]
    return {
        "none": Plain(base),
        "ties alone": Plain(base.with_policy("learning_network", support=0.0, **shape)),
        "ties and support": Plain(base.with_policy("learning_network", support=support, **shape)),
    }


EXPERIMENT = Experiment(
    name="e09_networks_learn",
    claim="Networks make a learning system: ties with practical support raise fidelity, ties alone raise adoption and "
    "little else.",
    source="mccannon2009, nembhard2012",
    design="A learning network adds ties and contact between all units, with or without practical support in copying "
    "and improving, against none.",
    caution="Ties carry word, pressure and a model to copy. Trust, shared data and joint work, which networks may also "
    "bring, count only as far as they are support.",
    make=make,
    arms={
        "none": "no learning network",
        "ties alone": "more ties and more contact",
        "ties and support": "the same, with practical support",
    },
    parts=(
        Part(
            "with support: fidelity",
            "Ties with support raise the fidelity of users, over no network and over ties alone",
            "fidelity",
            (more("ties and support", "none", "fidelity"), more("ties and support", "ties alone", "fidelity")),
            SHARE_MATTERS,
            Ablation(
                "support without effect: it lends no skill, and copies lose nothing that it could save",
                {"improving.support_skill": 0.0, "copying.copy_loss": 0.0},
            ),
        ),
        Part(
            "ties alone: adoption",
            "Ties alone raise adoption",
            "adoption",
            (more("ties alone", "none", "adoption"),),
            SHARE_MATTERS,
            Ablation(
                "ties that carry neither word nor pressure nor a tale of success",
                {"hearing.contact": 0.0, "deciding.peers": 0.0, "deciding.advantage": 0.0},
            ),
        ),
        Part(
            "ties alone: little else",
            "Ties alone change the fidelity of users by less than one component in twenty",
            "fidelity",
            (
                Contrast(((-1.0, "ties alone", "fidelity"), (1.0, "none", "fidelity")), SHARE_MATTERS),
                Contrast(((1.0, "ties alone", "fidelity"), (-1.0, "none", "fidelity")), SHARE_MATTERS),
            ),
            0.0,
            None,
            "by which the change stays within it",
        ),
    ),
    secondary=("fidelity", "adoption", "reach", "lapses", "population_effect", "effect", "generation", "averted"),
    curve="adoption",
    strengths=("learning_network.ties", "learning_network.contact", "learning_network.support"),
)

if __name__ == "__main__":
    main(EXPERIMENT)
