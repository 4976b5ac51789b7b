"""Folders of results to report on: runs made by the model, and around them the tables of a comparison."""

import json

import numpy as np
import pandas as pd

import qispread as qs
from qispread.comparison import BASE
from qispread.results import manifest_of

GROUPS = ("lowest third", "middle third", "highest third")
GROUPINGS = {
    "readiness": GROUPS,
    "capability": GROUPS,
    "size": GROUPS,
    "setting": ("most like the rest", "in between", "least like the rest"),
    "ties": GROUPS,
}
MEASURES = ("harm_reduction", "adoption", "result")
WILLING = 40


def scenario_of(**fields):
    """Return a small scenario; `fields` as for `Scenario.replace`."""
    small = {
        "name": "small",
        "description": "Something small spreads through fifteen places.",
        "horizon": 48,
        "replicates": 12,
        "organisations.number": 15,
        "organisations.systems": 4,
        "organisations.regions": 2,
        "network.mean_degree": 4.0,
        "deciding.reluctance": 2.0,
        "hearing.contact": 0.2,
    }
    return qs.Scenario().replace({**small, **fields})


def coached(base, **fields):
    """Return a base with coaching that costs something."""
    return base.with_policy("coaching", **{"support": 0.8, "cost": 2000.0, **fields})


def save_run(folder, scenario):
    """Write the folder of a run."""
    qs.save(qs.simulate(scenario), folder, command=["qispread", "run", "small.yaml"])
    return folder


def save_comparison(folder, base, arms, *, priced=True, models=30, factorial=True, without=()):
    """Write the folder of a comparison: real runs and differences, and plausible numbers in the other tables."""
    compared = qs.compare(base, arms)
    for name, runs in compared.runs.items():
        qs.save(runs, folder / name, command=["qispread", "compare", "small.yaml"])
    random = np.random.default_rng(1)
    worlds = worlds_table(compared, priced=priced)
    tables = {
        "differences": compared.differences,
        "worlds": worlds,
        "cost_effectiveness": cost_table(worlds, priced=priced),
        "acceptability": acceptability_table(worlds),
        "for_whom": for_whom_table(compared.arms, random),
        "inequality": inequality_table(compared),
    }
    if models:
        tables |= {"robustness": robustness_table(compared.runs, random), "flips": flips_table(random)}
    if factorial and len(arms) > 1:
        tables["factorial"] = factorial_table(list(arms), random)
    for name, table in tables.items():
        if name not in without:
            table.to_parquet(folder / f"{name}.parquet", index=False)
            table.to_csv(folder / f"{name}.csv", index=False)
    write_manifest(folder, base, compared, models)
    return folder


def write_manifest(folder, base, compared, models):
    """Write the manifest of a comparison."""
    manifest = manifest_of(base, ["qispread", "compare", "small.yaml"])
    del manifest["scenario"]
    values = {name: float(np.nanmean(runs.by_world("harm_averted"))) for name, runs in compared.runs.items()}
    manifest["comparison"] = {
        "arms": list(compared.runs),
        "measure": "harm_averted",
        "worlds": base.replicates,
        "branch_at": None,
        "precision": None,
        "reached": None,
        "factors": [],
        "team_month": 0.0,
        "models": models,
        "model_worlds": 8 if models else 0,
        "ranking": sorted(values, key=values.get, reverse=True),
        "ranking_holds": 0.8,
        "best_holds": 0.9,
        "top_flip": "copying.copy_loss",
        "notes": [],
    }
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


def worlds_table(compared, *, priced):
    """Return the table of worlds."""
    pieces = []
    for name, runs in compared.runs.items():
        averted, cost = runs.by_world("harm_averted"), runs.by_world("cost") * priced
        users = runs.by_world("adoption") * runs.by_world("replicated") * 14
        pieces.append(
            pd.DataFrame(
                {
                    "arm": name,
                    "replicate": np.arange(len(averted)),
                    "cost": cost,
                    "staff_time": runs.by_world("staff_time"),
                    "total_cost": cost,
                    "harm_averted": averted,
                    "at_80": np.nan_to_num(users),
                    "value": averted,
                }
            )
        )
    return pd.concat(pieces, ignore_index=True)


def cost_table(worlds, *, priced):
    """Return the table of cost-effectiveness."""
    means = worlds.groupby("arm", sort=False).mean(numeric_only=True)
    base, rows = means.loc[BASE], []
    for arm, mean in means.iterrows():
        cost, averted, at_80 = (mean[name] - base[name] for name in ("total_cost", "harm_averted", "at_80"))
        has = priced and arm != BASE and averted > 0
        row = {name: mean[name] for name in ("cost", "staff_time", "total_cost", "harm_averted", "at_80")}
        for name, value in (("cost", cost), ("averted", averted), ("at_80", at_80)):
            row |= {f"{name}_difference": value, f"{name}_low": 0.9 * value, f"{name}_high": 1.1 * value}
        for name, value in (("cost_per_event", cost / averted if has else np.nan), ("cost_per_at_80", np.nan)):
            row |= {name: value, f"{name}_low": 0.8 * value, f"{name}_high": 1.3 * value}
        standing = "the base" if arm == BASE else "on the frontier" if averted > 0 else "dominated by the base"
        rows.append({"arm": arm, **row, "standing": standing})
    return pd.DataFrame(rows)


def acceptability_table(worlds):
    """Return the table of acceptability, worked out from the worlds."""
    averted = worlds.pivot_table(index="replicate", columns="arm", values="harm_averted", sort=False)
    cost = worlds.pivot_table(index="replicate", columns="arm", values="total_cost", sort=False)
    rows = []
    for willingness in np.linspace(0.0, 60_000.0, WILLING):
        benefit = willingness * averted - cost
        best, expected = benefit.idxmax(axis=1), benefit.mean().idxmax()
        rows += [
            {"arm": arm, "willingness": willingness, "probability": (best == arm).mean(), "expected": arm == expected}
            for arm in averted.columns
        ]
    return pd.DataFrame(rows)


def for_whom_table(arms, random):
    """Return the table of who gains."""
    rows = []
    for arm in arms:
        for grouping, groups in GROUPINGS.items():
            for rank, group in enumerate(groups):
                for measure in MEASURES:
                    base, gain = 0.2 + 0.05 * rank, 0.03 + 0.02 * rank + 0.01 * random.random()
                    rows.append(
                        {
                            "arm": arm,
                            "grouping": grouping,
                            "group": group,
                            "measure": measure,
                            "base": base,
                            "arm_mean": base + gain,
                            "difference": gain,
                            "low": gain - 0.006,
                            "high": gain + 0.006,
                            "worlds": 12,
                        }
                    )
    return pd.DataFrame(rows)


def inequality_table(compared):
    """Return the table of inequality, from the runs."""
    rows = []
    for measure in ("harm_range", "harm_gini"):
        base = float(np.nanmean(compared.runs[BASE].by_world(measure)))
        for name, runs in compared.runs.items():
            months = runs.months
            pooled = months[months["intervention"] == "all"]
            end = float(np.nanmean(runs.by_world(measure)))
            spread = 0.0 if name == BASE else 0.02 * abs(end)
            rows.append(
                {
                    "arm": name,
                    "measure": measure,
                    "start": float(pooled[pooled["month"] == 0][measure].mean()),
                    "end": end,
                    "difference": end - base,
                    "low": end - base - spread,
                    "high": end - base + spread,
                }
            )
    return pd.DataFrame(rows)


def robustness_table(runs, random):
    """Return the table of robustness."""
    share = random.dirichlet(np.ones(len(runs)))
    return pd.DataFrame(
        {
            "arm": list(runs),
            "rank": np.arange(len(runs), 0, -1),
            "value": 40.0 + 10.0 * random.random(len(runs)),
            "share_best": share,
            "share_above_base": [np.nan, *random.random(len(runs) - 1)],
            "regret_mean": 10.0 * random.random(len(runs)),
            "regret_worst": 20.0 + 10.0 * random.random(len(runs)),
        }
    )


def flips_table(random):
    """Return the table of parameters that make the ranking flip."""
    paths = ("copying.copy_loss", "improving.decay", "deciding.peers")
    return pd.DataFrame(
        {
            "parameter": paths,
            "distance": sorted(random.random(3), reverse=True),
            "p_value": [0.001, 0.2, 0.5],
            "adjusted": [0.003, 0.4, 0.5],
            "holds_median": [0.5, 0.02, 2.4],
            "flips_median": [0.8, 0.03, 2.6],
            "low": [0.1, 0.006, 1.25],
            "high": [0.9, 0.046, 5.0],
        }
    )


def factorial_table(names, random):
    """Return the table of a factorial."""
    terms = [("main", name) for name in names] + [("interaction", " x ".join(names[:2]))]
    terms += [("alone", " + ".join(names[:2])), ("together", " + ".join(names[:2])), ("beyond", " + ".join(names[:2]))]
    effects = 100.0 * random.standard_normal(len(terms))
    return pd.DataFrame(
        {
            "kind": [kind for kind, _ in terms],
            "term": [term for _, term in terms],
            "measure": "harm_averted",
            "effect": effects,
            "low": effects - 20.0,
            "high": effects + 20.0,
            "worlds": 12,
        }
    )
