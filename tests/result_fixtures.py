"""Folders of results to report on, made by the model."""

import qispread as qs

COACHING_FIELDS = {"support": 0.8, "cost": 2000.0}


def small_scenario(**fields):
    """Return a small scenario; `fields` as for `Scenario.replace`."""
    small = {
        "name": "small",
        "description": "Something small spreads through fifteen places.",
        "horizon": 36,
        "replicates": 8,
        "organisations.number": 15,
        "organisations.partnerships": 4,
        "organisations.regions": 2,
        "network.mean_degree": 4.0,
        "deciding.reluctance": 2.0,
        "hearing.contact": 0.2,
    }
    return qs.Scenario().replace({**small, **fields})


def with_coaching(base, **fields):
    """Return a base with coaching that costs something."""
    return base.with_policy("coaching", **{**COACHING_FIELDS, **fields})


def write_run_folder(folder, scenario):
    """Write the folder of a run."""
    qs.write_runs(qs.simulate(scenario), folder, command=["qispread", "run", "small.yaml"])
    return folder


def write_comparison_folder(folder, base, arms, *, models=0, **how):
    """Write the folder of a comparison; `how` as for `compare`."""
    compared = qs.compare(base, arms, **how)
    robust = qs.robustness(compared, models=models, replicates=2) if models else None
    qs.write_comparison(qs.ComparisonResult(compared, robust), folder, command=["qispread", "compare", "small.yaml"])
    return folder
