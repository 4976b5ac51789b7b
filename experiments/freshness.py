"""List the published results that another model made: `python -m experiments.freshness`.

A record beside the results has, for each part, a fingerprint of its design, of its declaration and of a few runs. If
the current fingerprint differs, the part is stale: the model, a plausible range or the claim has changed since. The
command lists stale parts with the command that reruns each, and exits with 1 if a change has not been acknowledged;
`--acknowledge` records that it has been noticed. Stale results are never changed automatically.
"""

import argparse
import hashlib
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

import experiments
from experiments.claim_test import FULL, ROOT, ClaimTest, baseline_scenario
from experiments.replicate_outcomes import ScenarioArm
from experiments.run_experiment import arms_in_model, draw_models, run_parts

if TYPE_CHECKING:
    from qispread.runs.diffusion_fit.observed_diffusion import ObservedDiffusion

PUBLISHED = ROOT / "results/published"
RECORD = "made_from.json"
MADE_FROM, NOTICED = "made_from", "noticed"
"""Keys of the record: fingerprints of the stored results, and of later models that were acknowledged."""
DIGITS = 7
"""Significant digits that are compared: libraries and machines differ in the last few."""


def digits(values: Iterable[float]) -> str:
    """Return numbers as text, to the digits that are compared."""
    return " ".join(f"{float(value):.{DIGITS}g}" for value in values)


def model_probe() -> str:
    """Return the measures of one run of the default model at its end."""
    return digits(np.ravel(ScenarioArm(baseline_scenario()).simulate(0).measures[-1]))


def claim_probe(experiment: ClaimTest) -> Iterator[str]:
    """Yield what a claim's results depend on: its declaration, its plausible models, a run of its arms in the first."""
    factors, table = draw_models(experiment, FULL)
    yield repr((FULL, experiment.horizon, experiment.fixed, experiment.strengths))
    yield from (repr((part.name, part.contrasts, part.smallest, part.ablation)) for part in experiment.parts)
    yield from (f"{factor.path} {factor.low} {factor.high}" for factor in factors)
    yield digits(table.to_numpy(np.float64).ravel())
    base, first = baseline_scenario(experiment.horizon), {str(path): value for path, value in table.iloc[0].items()}
    for model in ({}, first):
        values = run_parts(arms_in_model(experiment, base, model), experiment.parts, 1)
        yield from (f"{key} {digits(value)}" for key, value in sorted(values.items()))


def facts_probe() -> Iterator[str]:
    """Yield what the facts and their calibration depend on."""
    from experiments.facts.run_facts import FULL as FULL_FACTS
    from experiments.facts.run_facts import facts_calibration

    plan = facts_calibration(FULL_FACTS)
    yield model_probe()
    yield plan.calibration.model_dump_json()
    yield from (f"{factor.path} {factor.low} {factor.high}" for factor in plan.factors)


def validation_probe() -> Iterator[str]:
    """Yield what the known limits depend on: the model, and the list of limits."""
    from experiments.validation.run_validation import FAMILIES

    yield model_probe()
    for family in FAMILIES:
        yield from (f"{family.heading} {limit.name} {limit.replicates} {limit.seed}" for limit in family.limits)


def diffusion_probe() -> Iterator[str]:
    """Yield what the fits of the two diffusions depend on: a history simulated with a known contact, and its fit."""
    from experiments.diffusion.run_studies import SHUFFLES, WORLDS
    from qispread.runs.diffusion_fit.contagion_models import CONTACT
    from qispread.runs.diffusion_fit.contagion_posterior import fit_model
    from qispread.runs.diffusion_fit.simulate_diffusion import create_simulator

    people = villagers()
    adopted = create_simulator(people).simulate_adoption(CONTACT, 0.1, np.array([0.04]), 0)
    found = fit_model(replace(people, adopted=adopted), CONTACT)
    yield f"{WORLDS} {SHUFFLES}"
    yield digits(adopted)
    yield digits([found.evidence, *found.strength_quantiles()])


def villagers() -> "ObservedDiffusion":
    """Return forty people in a ring of ties in each of two villages, two of each adopters from the start."""
    from qispread.runs.diffusion_fit.observed_diffusion import NEVER_ADOPTED, ObservedDiffusion, build_tie_graph

    village, size = np.repeat([0, 1], 40), 40
    first = np.arange(2 * size)
    second = np.where(first % size == size - 1, first - size + 1, first + 1)
    ends = np.sort([first, second], axis=0)
    order = np.lexsort(ends[::-1])
    return ObservedDiffusion(
        ids=tuple(f"person-{index:02d}" for index in first),
        adopted=np.where(first % size < 2, 1, NEVER_ADOPTED),
        periods=12,
        community=village,
        communities=("first", "second"),
        permutation_groups=village,
        ties=build_tie_graph(ends[0][order], ends[1][order], np.ones(2 * size), 2 * size),
        seeded=True,
    )


def probes() -> dict[str, Callable[[], Iterator[str]]]:
    """Return, for each published part by its module, the function that yields what it depends on."""
    claims = {
        f"experiments.{claim.name}": lambda claim=claim: claim_probe(claim)
        for claim in experiments.load_all_experiments()
    }
    return {
        **claims,
        "experiments.facts": facts_probe,
        "experiments.validation": validation_probe,
        "experiments.diffusion": diffusion_probe,
    }


COMMANDS = {"experiments.facts": " --write", "experiments.validation": " --write"}
"""Arguments with which a module reruns its results."""


def fingerprint(name: str) -> str:
    """Return the current fingerprint of a part; `name` as in `probes`."""
    digest = hashlib.blake2b(digest_size=8)
    for line in probes()[name]():
        digest.update(line.encode())
        digest.update(b"\n")
    return digest.hexdigest()


def read_record(folder: Path = PUBLISHED) -> dict[str, dict[str, str]]:
    """Read the record of a folder of results; empty if there is none."""
    path = folder / RECORD
    found = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return {key: dict(found.get(key, {})) for key in (MADE_FROM, NOTICED)}


def write_record(record: dict[str, dict[str, str]], folder: Path = PUBLISHED) -> None:
    """Write the record of a folder of results."""
    text = json.dumps({key: dict(sorted(record[key].items())) for key in (MADE_FROM, NOTICED)}, indent=1)
    (folder / RECORD).write_text(f"{text}\n", encoding="utf-8")


def record_made(name: str, folder: Path = PUBLISHED) -> None:
    """Record that the results of a part were made with the current model."""
    record = read_record(folder)
    record[MADE_FROM][name] = fingerprint(name)
    record[NOTICED].pop(name, None)
    write_record(record, folder)


def stale_parts(record: dict[str, dict[str, str]], today: dict[str, str]) -> list[str]:
    """Return the parts that were not made with the current model, or have no record."""
    return [name for name, mark in today.items() if record[MADE_FROM].get(name) != mark]


def unnoticed_parts(record: dict[str, dict[str, str]], today: dict[str, str]) -> list[str]:
    """Return the stale parts whose current change has not been acknowledged."""
    return [name for name in stale_parts(record, today) if record[NOTICED].get(name) != today[name]]


def main(typed: Sequence[str] | None = None) -> int:
    """List stale parts, and return the exit code: 1 if any has not been acknowledged."""
    parser = argparse.ArgumentParser(prog="python -m experiments.freshness", description=__doc__)
    parser.add_argument("--acknowledge", action="store_true", help="record that stale results have been noticed")
    asked = parser.parse_args(typed)
    record, today = read_record(), {name: fingerprint(name) for name in probes()}
    stale = stale_parts(record, today)
    for name in stale:
        print(f"{name}: stale, made with another model; rerun it with python -m {name}{COMMANDS.get(name, '')}")
    if not stale:
        print("Nothing published is stale.")
    if asked.acknowledge:
        record[NOTICED] = {name: today[name] for name in stale}
        write_record(record)
        return 0
    return 1 if unnoticed_parts(record, today) else 0


if __name__ == "__main__":
    sys.exit(main())
