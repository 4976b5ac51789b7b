"""What difference would it make: arms in the same worlds with the same draws, compared world by world."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import stdtrit

from qispread.config.cross import POOLED
from qispread.config.faults import Fault, InputError, nearest
from qispread.config.load import load
from qispread.config.policies import Seeding
from qispread.config.scenario import Scenario
from qispread.engines.branching import simulate_futures
from qispread.engines.run import Engine, Progress, Runs, simulate
from qispread.measures import MEASURES, REGISTRY

BASE = "base"
CONFIDENCE = 0.95
COUNTED = ("events", "team-months", "currency")
"""Units of sums over organisations, which are told for every 100 organisations."""


@dataclass(frozen=True, repr=False)
class Comparison:
    """Runs of several arms in the same worlds.

    Attributes
    ----------
    runs : dict of str to Runs
        By arm; the first, "base", is what the others are compared with.
    """

    runs: dict[str, Runs]

    def __repr__(self) -> str:
        base = self.runs[BASE]
        return f"Comparison({', '.join(self.runs)}: {len(base.runs)} worlds, {base.scenario.horizon} months)"

    @property
    def arms(self) -> tuple[str, ...]:
        """The arms beside the base."""
        return tuple(name for name in self.runs if name != BASE)

    def pairs(self, arm: str, measure: str, intervention: str = POOLED) -> NDArray[np.float64]:
        """Return a measure at the end in the base (row 0) and in an arm (row 1), for each world that has it in both.

        Raises
        ------
        InputError
            For an arm, a measure or an intervention that there is not.
        """
        if arm not in self.runs:
            raise InputError([Fault("arm", f"no arm is called '{arm}'" + nearest(arm, self.runs))])
        both = [self.runs[name].by_world(measure, intervention) for name in (BASE, arm)]
        values = np.array(both)
        return values[:, ~np.isnan(values).any(axis=0)]

    def changes_nothing(self, arm: str) -> bool:
        """Return whether an arm gives the same bytes as the base in every measure but its cost."""
        free = [place for place, measure in enumerate(REGISTRY) if measure.name != "cost"]
        first, second = (self.runs[name].measures[..., free] for name in (BASE, arm))
        return first.tobytes() == second.tobytes()

    @property
    def differences(self) -> pd.DataFrame:
        """The table of differences at the end: a row for each arm, intervention and measure.

        Columns: ``base`` and ``arm_mean`` (means over worlds), ``difference`` (mean of the paired differences) with
        its 95 % interval ``low`` to ``high``, ``better`` (share of worlds in which the arm is better; NaN where no
        direction is), ``for_100`` (the difference for every 100 organisations, for sums over organisations),
        ``pairing`` (variance of the difference between independent worlds over that of the paired one) and ``worlds``.
        """
        rows = [
            {
                "arm": arm,
                "intervention": intervention,
                "measure": measure.name,
                **self.difference(arm, measure.name, intervention),
            }
            for arm in self.arms
            for intervention in self.runs[BASE].interventions
            for measure in REGISTRY
            if intervention == POOLED or not measure.overall
        ]
        return pd.DataFrame(rows)

    def difference(self, arm: str, measure: str, intervention: str = POOLED) -> dict[str, float]:
        """Return one row of `differences` as numbers by name."""
        base, other = self.pairs(arm, measure, intervention)
        apart = other - base
        mean, half = mean_and_half_width(apart)
        number = len(self.runs[BASE].runs[0].start[0])
        return {
            "base": float(base.mean()) if base.size else np.nan,
            "arm_mean": float(other.mean()) if other.size else np.nan,
            "difference": mean,
            "low": mean - half,
            "high": mean + half,
            "better": share_better(apart, MEASURES[measure].better),
            "for_100": 100.0 * mean / number if MEASURES[measure].unit in COUNTED else np.nan,
            "pairing": pairing_gain(base, other),
            "worlds": int(apart.size),
        }


def mean_and_half_width(values: NDArray[np.float64], confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Return the mean of some values and the half-width of its Student interval; NaN where there are too few."""
    if values.size < 2:
        return (float(values.mean()) if values.size else np.nan), np.nan
    quantile = float(stdtrit(values.size - 1, 0.5 + confidence / 2.0))
    return float(values.mean()), quantile * float(values.std(ddof=1)) / float(np.sqrt(values.size))


def share_better(apart: NDArray[np.float64], direction: str) -> float:
    """Return the share of worlds in which a difference is for the better; worlds without any count half."""
    if direction == "neither" or not apart.size:
        return np.nan
    signs = np.sign(apart if direction == "more" else -apart)
    return float(np.mean((signs + 1.0) / 2.0))


def pairing_gain(base: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Return how many times as many worlds independent seeds would need.

    Equation: (var(base) + var(other)) / var(other - base). 1 is no gain; infinite where all differences are equal.
    """
    if base.size < 2:
        return np.nan
    paired = float(np.var(other - base, ddof=1))
    independent = float(np.var(base, ddof=1) + np.var(other, ddof=1))
    return independent / paired if paired > 0.0 else (np.inf if independent > 0.0 else np.nan)


def compare(
    base: Scenario,
    arms: Mapping[str, Scenario],
    replicates: int | None = None,
    *,
    branch_at: int | None = None,
    engine: Engine = "kernel",
    workers: int | None = None,
    progress: Progress | None = None,
) -> Comparison:
    """Run a base and other arms in the same worlds with the same draws.

    Parameters
    ----------
    base : Scenario
    arms : mapping of str to Scenario
        By name; each must have the base's organisations, ties, seed, horizon and interventions.
    replicates : int, optional
        Worlds; the base's own number unless given.
    branch_at : int, optional
        The month, from 2, at which arms part from the base, which is run up to there once: policies that an arm adds
        begin then or later, and arms may differ from the base in nothing else. On the kernel alone.
    engine, workers, progress
        As for `simulate`; `progress` counts the worlds of all arms.

    Returns
    -------
    Comparison

    Raises
    ------
    InputError
        For arms that cannot be compared with the base, each with the reason, or no arm at all.
    """
    count = base.replicates if replicates is None else replicates
    ready = ready_arms(base, arms, branch_at)
    scenarios = {name: arm.replace(replicates=count) for name, arm in ready.items()}
    if branch_at is not None:
        futures = simulate_futures(scenarios[BASE], scenarios, branch_at, workers=workers, progress=progress)
        return Comparison(futures)
    total = count * len(scenarios)
    runs: dict[str, Runs] = {}
    for place, (name, scenario) in enumerate(scenarios.items()):

        def advance(done: int, _: int, before: int = place * count) -> None:
            if progress is not None:
                progress(before + done, total)

        runs[name] = simulate(scenario, engine=engine, workers=workers, progress=advance)
    return Comparison(runs)


def ready_arms(base: Scenario, arms: Mapping[str, Scenario], branch_at: int | None = None) -> dict[str, Scenario]:
    """Return the base and the arms as they will be run, by name; raises as `compare`."""
    refuse_unlike(base, arms)
    return {BASE: base, **(arms if branch_at is None else parted(base, arms, branch_at))}


def refuse_unlike(base: Scenario, arms: Mapping[str, Scenario]) -> None:
    """Refuse arms that differ from the base in their world, or that are the base.

    Raises
    ------
    InputError
        With every reason.
    """
    faults = [] if arms else [Fault("arms", "none is given; needed: at least one arm beside the base")]
    for name, arm in arms.items():
        where = f"arm '{name}'"
        if name == BASE:
            faults.append(Fault(where, f"'{BASE}' is the name of what arms are compared with; choose another"))
        if arm.world_fingerprint() != base.world_fingerprint():
            faults.append(Fault(where, "has other organisations or ties than the base: differences would mix worlds"))
        faults += [
            Fault(where, f"has {field} {getattr(arm, field)}; the base has {getattr(base, field)}")
            for field in ("seed", "horizon")
            if getattr(arm, field) != getattr(base, field)
        ]
        if list(arm.interventions) != list(base.interventions):
            faults.append(Fault(where, "spreads other interventions than the base"))
        if not faults and arm.replace(name=base.name, replicates=base.replicates).fingerprint() == base.fingerprint():
            faults.append(Fault(where, "is the same as the base"))
    if faults:
        raise InputError(faults)


def parted(base: Scenario, arms: Mapping[str, Scenario], month: int) -> dict[str, Scenario]:
    """Return arms whose added policies begin when they part from the base.

    Raises
    ------
    InputError
        For a month outside the run, and for arms that differ from the base in more than policies added, or by seeding,
        or whose policies have ended by then.
    """
    if not 1 < month <= base.horizon:
        problem = f"got {month}; needed: a month from 2 to {base.horizon}, the last of the run"
        raise InputError([Fault("branch_at", problem)])
    faults: list[Fault] = []
    found: dict[str, Scenario] = {}
    for name, arm in arms.items():
        added = {key: policy for key, policy in arm.policies.items() if policy != base.policies.get(key)}
        kept = {key: policy for key, policy in arm.policies.items() if key not in added}
        rest = arm.replace(policies=kept, name=base.name, replicates=base.replicates)
        if rest.fingerprint() != base.fingerprint():
            faults.append(Fault(f"arm '{name}'", "differs from the base in more than added policies: it cannot branch"))
        for key, policy in added.items():
            if isinstance(policy, Seeding):
                faults.append(Fault(f"arm '{name}', policy '{key}'", "says who starts, which is past by then"))
            elif policy.end is not None and policy.end < month:
                faults.append(Fault(f"arm '{name}', policy '{key}'", f"ends in month {policy.end}, before {month}"))
        if not faults:
            starts = {f"policies.{key}.start": max(month, policy.start) for key, policy in added.items()}
            found[name] = arm.replace(starts)
    if faults:
        raise InputError(faults)
    return found


def arms_from_files(
    base: str | Path,
    others: Sequence[str | Path],
    policies: Sequence[str | Path],
    *,
    seed: int | None = None,
    replicates: int | None = None,
) -> tuple[Scenario, dict[str, Scenario]]:
    """Return the base and the arms that files describe, each arm called after its file.

    Parameters
    ----------
    base : str or Path
        The scenario that arms are compared with.
    others : sequence of str or Path
        Scenarios, each an arm.
    policies : sequence of str or Path
        Policy files, each an arm: the base with the policies of the file.
    seed, replicates : int, optional
        In place of the scenarios' own.

    Raises
    ------
    InputError
        With the faults of all files, and for two arms of one name.
    """
    given = {"seed": seed, "replicates": replicates}
    changes = {name: value for name, value in given.items() if value is not None}
    sources: list[tuple[str, str | Path, list[str | Path]]] = [
        *((str(path), path, []) for path in others),
        *((str(path), base, [path]) for path in policies),
    ]
    faults: list[Fault] = []
    scenarios: dict[str, Scenario] = {}
    for file, path, added in [(BASE, base, []), *sources]:
        name = BASE if file == BASE else Path(file).stem
        if file != BASE and name in {*scenarios, BASE}:
            faults.append(Fault("", f"another arm is called '{name}' already; give the file another name", file))
            continue
        try:
            scenarios[name] = load(path, policies=added, changes=changes)
        except InputError as error:
            faults.extend(error.faults)
    if faults:
        raise InputError(faults)
    found = scenarios.pop(BASE)
    return found, scenarios
