"""A first look at the eleven claims, at the model's defaults alone: `python experiments/first_look.py`.

Question: which of the claims that the model must be able to test (docs/model.md, section 1) show with its defaults?
Design: for each claim two or more arms in the same 200 worlds; the first arm is the reference. Analysis: the mean of a
measure at the end, and the mean paired difference from the reference with its 95 % interval over worlds. Verdict: none
here. A claim that holds at the defaults may fail elsewhere in the plausible range: that is for a longer experiment.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

import qispread as qs

ROOT = Path(__file__).parents[1]
BASE = qs.load(ROOT / "configs/prompt.yaml")
WORLDS = 200
NORMAL_95 = 1.96

Arms = dict[str, qs.Scenario]


@dataclass(frozen=True)
class Look:
    """One claim: arms, the first being the reference, and the measures to compare."""

    claim: str
    arms: Arms
    measures: tuple[str, ...]
    intervention: str = "prompt"


def replicate() -> Look:
    """Return how many adopt, and how many of these replicate."""
    lineage = BASE.replace({"copying.lineage": 1.0})
    return Look(
        "1 rarely easy to replicate",
        {"defaults": BASE, "all learn from the origin": lineage},
        ("adoption", "replicated"),
    )


def no_magic_bullet() -> Look:
    """Return single levers against their combination."""
    levers = ("coaching", "training", "board_programme", "distributed_leadership", "protected_time", "feedback")
    together = BASE
    for lever in levers:
        together = together.with_policy(lever)
    return Look(
        "2 no magic bullet",
        {"nothing": BASE, **{lever: BASE.with_policy(lever) for lever in levers}, "all six": together},
        ("effect", "replicated"),
    )


def embedding_takes_time() -> Look:
    """Return a technical against a social intervention, at two years."""
    short = BASE.replace(horizon=36)
    return Look(
        "3 embedding takes time",
        {f"social {share:g}": short.replace({"interventions.prompt.social": share}) for share in (0.0, 0.6, 0.9)},
        ("adoption", "effect"),
    )


def real_cycles() -> Look:
    """Return real PDSA cycles against the same number from which nothing is learnt."""
    in_name = BASE.replace({"improving.tuning_step": 0.0, "improving.repair": 0.0, "improving.learning": 0.0})
    return Look("4 PDSA in practice, not in name", {"in name": in_name, "real": BASE}, ("effect", "fidelity"))


def distributed_leadership() -> Look:
    """Return leadership and alignment raised, one by one and together."""
    low = {"organisations.context.leadership": 0.35, "organisations.context.alignment": 0.35}
    led = {"organisations.context.leadership": 0.65}
    aligned = {"organisations.context.alignment": 0.65}
    start = BASE.replace(low)
    arms = {"both low": start, "led": start.replace(led), "aligned": start.replace(aligned)}
    return Look("5 leadership and alignment", arms | {"both": start.replace(led | aligned)}, ("effect", "adoption"))


def constancy() -> Look:
    """Return the same coaching in bursts and steadily, and leaders who stay."""
    bursts = BASE
    for start in range(1, 120, 24):
        bursts = bursts.with_policy("coaching", f"burst-{start}", start=start, end=start + 11, protected_time=0.0)
    steady = BASE.with_policy("coaching", support=0.3, protected_time=0.0)
    stay = BASE.replace({"leaders.leader_exit": 0.1})
    leave = BASE.replace({"leaders.leader_exit": 0.7})
    return Look(
        "6 constancy",
        {"bursts": bursts, "steady": steady, "leaders leave": leave, "leaders stay": stay},
        ("effect", "adoption"),
    )


def history() -> Look:
    """Return a project with and without a history of a failed one that took no time."""
    fresh = BASE.replace({"horizon": 180, "interventions.prompt.launch": 61})
    failing = {"codification": 0.0, "complexity": 0.9, "effort": 0.0, "benefit": 0.0}
    after = fresh.replace({"interventions.earlier": failing}).with_policy(
        "goals", ambition=3.0, interventions=["earlier"], end=60
    )
    return Look("7 history of failure", {"none": fresh, "a failed project": after}, ("effect", "adoption"))


def standards() -> Look:
    """Return free copying and standards with more or less latitude, where settings differ."""
    return Look(
        "8 standards with latitude, settings differ",
        {"free": BASE, **{f"latitude {x:g}": BASE.with_policy("standard", latitude=x) for x in (0.0, 0.3, 0.6, 1.0)}},
        ("effect", "appropriateness"),
    )


def standards_alike() -> Look:
    """Return the same where settings are alike."""
    alike = BASE.replace({"organisations.setting_spread": 0.2})
    return Look(
        "8 standards with latitude, settings alike",
        {"free": alike, **{f"latitude {x:g}": alike.with_policy("standard", latitude=x) for x in (0.0, 0.3, 0.6, 1.0)}},
        ("effect", "appropriateness"),
    )


def networks() -> Look:
    """Return ties alone, and ties with practical support."""
    ties = BASE.with_policy("learning_network", contact=1.0, support=0.0)
    support = BASE.with_policy("learning_network", contact=1.0, support=0.5)
    return Look(
        "9 networks learn", {"none": BASE, "ties": ties, "ties and support": support}, ("reach", "adoption", "fidelity")
    )


def goals() -> Look:
    """Return realistic, usual and heroic goals."""
    arms = {f"ambition {x:g}": BASE.replace({"copying.ambition": x}) for x in (0.8, 0.4, 1.5)}
    return Look("10 realistic goals", arms, ("lapses", "adoption", "effect", "harm_averted"))


def launches() -> Look:
    """Return five launches in a row against one, with the systems to carry it."""
    more = {f"interventions.launch-{i}": {"launch": 24 * i + 1} for i in range(1, 5)}
    systems = BASE.with_policy("training").with_policy("protected_time").with_policy("feedback")
    return Look(
        "11 systems, not magic bullets",
        {"one launch": BASE, "five launches": BASE.replace(more), "one, with systems": systems},
        ("effect", "culture", "harm"),
    )


LOOKS = (
    replicate,
    no_magic_bullet,
    embedding_takes_time,
    real_cycles,
    distributed_leadership,
    constancy,
    history,
    standards,
    standards_alike,
    networks,
    goals,
    launches,
)


def rows(look: Look, worlds: int) -> Iterator[dict[str, object]]:
    """Yield a row for each arm and measure."""
    runs = {arm: qs.simulate(scenario, replicates=worlds) for arm, scenario in look.arms.items()}
    for measure in look.measures:
        overall = qs.MEASURES[measure].overall
        ends = {arm: one.last(measure, "all" if overall else look.intervention) for arm, one in runs.items()}
        reference = next(iter(ends.values()))
        for arm, values in ends.items():
            difference = values - reference
            known = difference[~np.isnan(difference)]
            half = NORMAL_95 * known.std(ddof=1) / np.sqrt(known.size)
            yield {
                "claim": look.claim,
                "measure": measure,
                "arm": arm,
                "mean": np.nanmean(values),
                "difference": known.mean(),
                "low": known.mean() - half,
                "high": known.mean() + half,
                "worlds": known.size,
            }


def main(worlds: int) -> pd.DataFrame:
    """Return the table of all looks."""
    return pd.DataFrame([row for make in LOOKS for row in rows(make(), worlds)])


if __name__ == "__main__":
    smoke = "--smoke" in sys.argv
    table = main(5 if smoke else WORLDS)
    print(table.round(3).to_string(index=False))
    if not smoke:
        table.round(5).to_csv(ROOT / "results/published/first_look.csv", index=False)
