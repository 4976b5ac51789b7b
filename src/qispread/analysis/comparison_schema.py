"""The tables of a comparison: the meaning of each table and of its columns, declared once."""

from qispread.runs.comparison.arms import BASELINE_ARM

ARM_MEANING = f"Name of the arm; '{BASELINE_ARM}' for the arm that the others are compared with."
OTHER_ARM = "Name of the arm."
LOWER_MEANING, UPPER_MEANING = "Lower end of the 95% interval (simulation error).", "Upper end of the 95% interval."
PAIRED_COLUMNS = {
    "baseline": "Mean of the baseline over replicates.",
    "arm_mean": "Mean of the arm over replicates.",
    "difference": "Mean of the paired differences, arm less baseline.",
    "low": LOWER_MEANING,
    "high": UPPER_MEANING,
}
PAIRED_REPLICATES = "Replicates that have the measure in both arms."


def interval_columns(quantity: str, name: str) -> dict[str, str]:
    """Return the columns of a difference from the baseline with its interval."""
    return {
        f"{name}_difference": f"{quantity}, compared with the baseline: mean over replicates.",
        f"{name}_low": LOWER_MEANING,
        f"{name}_high": UPPER_MEANING,
    }


def cost_columns(quantity: str, name: str) -> dict[str, str]:
    """Return the columns of the cost per unit of effect with its interval."""
    return {
        f"cost_per_{name}": f"Added cost per {quantity} [currency]; blank unless cost and effect are both larger.",
        f"cost_per_{name}_low": "Lower end of Fieller's 95% interval; blank where it is unbounded.",
        f"cost_per_{name}_high": "Upper end of Fieller's 95% interval.",
    }


COMPARISON_TABLES: dict[str, tuple[str, dict[str, str]]] = {
    "differences": (
        "What each arm changes at the end.",
        {
            "arm": OTHER_ARM,
            "intervention": "Name of the intervention; 'all' for all together.",
            "measure": "Name of the measure.",
            **PAIRED_COLUMNS,
            "share_better": "Share of replicates in which the arm is better; those without any difference count half.",
            "per_100_organisations": "The difference per 100 organisations, for sums over organisations.",
            "pairing_gain": "Factor by which common random numbers cut the number of replicates needed.",
            "replicates": PAIRED_REPLICATES,
        },
    ),
    "arm_differences": (
        "Differences between any two arms at the end, all interventions together.",
        {
            "arm": OTHER_ARM,
            "against": "Name of the arm that it is compared with.",
            "measure": "Name of the measure.",
            "difference": "Mean of the paired differences, the first arm less the second.",
            "low": LOWER_MEANING,
            "high": UPPER_MEANING,
            "share_better": "Share of replicates in which the first arm is better than the second.",
            "per_100_organisations": "The difference per 100 organisations, for sums over organisations.",
            "replicates": PAIRED_REPLICATES,
        },
    ),
    "replicates": (
        "Cost and effect of each arm in each replicate that failed in no arm.",
        {
            "arm": ARM_MEANING,
            "replicate": "Number of the replicate, from 0.",
            "cost": "Cost of policies [currency]",
            "staff_time": "Staff time given to the interventions [team-months]",
            "total_cost": "Cost of policies and, where a team-month has a price, of staff time [currency]",
            "events_averted": "Adverse events averted since the start [events]",
            "replicated_practices": "Practices in use at 80% of the pilot site's effect or more, pilot sites excepted.",
            "value": "The measure of the comparison.",
        },
    ),
    "cost_effectiveness": (
        "Cost and effect of each arm, and cost per unit of effect.",
        {
            "arm": ARM_MEANING,
            "cost": "Cost of policies, mean over replicates [currency]",
            "staff_time": "Staff time given to the interventions, mean over replicates [team-months]",
            "total_cost": "Total cost, mean over replicates [currency]",
            "events_averted": "Adverse events averted, mean over replicates [events]",
            "replicated_practices": "Practices at 80% of the pilot site's effect, mean over replicates.",
            **interval_columns("Added total cost", "cost"),
            **interval_columns("Added adverse events averted", "averted"),
            **cost_columns("event averted", "event_averted"),
            **interval_columns("Added practices at 80%", "replicated_practices"),
            **cost_columns("practice at 80%", "replicated_practices"),
            "dominance": "Whether the arm is on the efficiency frontier, or which arms dominate it.",
        },
    ),
    "acceptability": (
        "Cost-effectiveness acceptability: share of replicates in which each arm has the largest net benefit.",
        {
            "arm": ARM_MEANING,
            "willingness_to_pay": "Willingness to pay per event averted [currency]",
            "probability": "Share of replicates in which the net benefit of this arm is the largest.",
            "best_expected": "Whether the mean net benefit of this arm is the largest.",
        },
    ),
    "subgroup_gains": (
        "Gains of each third of the organisations, by context at the start.",
        {
            "arm": OTHER_ARM,
            "grouping": "Factor that organisations are grouped by: readiness, capability, size, setting or ties.",
            "group": "Third of the organisations of each replicate.",
            "measure": "event_rate_reduction (as a share of the rate at the start), current_use or result.",
            **PAIRED_COLUMNS,
            "replicates": PAIRED_REPLICATES,
        },
    ),
    "inequality": (
        "Inequality of adverse event rates between organisations at the start and at the end.",
        {
            "arm": ARM_MEANING,
            "measure": "event_rate_range (90th less 10th percentile) or event_rate_gini.",
            "start": "Mean over replicates in month 0.",
            "end": "Mean over replicates at the end.",
            "difference": "Difference from the baseline at the end, mean of the paired differences.",
            "low": LOWER_MEANING,
            "high": UPPER_MEANING,
        },
    ),
    "factorial": (
        "Effects in a comparison of every combination (--factorial).",
        {
            "kind": "main, interaction, alone (one factor against the baseline), together (all against the baseline) "
            "or beyond (together less the sum of alone).",
            "term": "Factors of the effect.",
            "measure": "Name of the measure.",
            "effect": "Mean over replicates.",
            "low": LOWER_MEANING,
            "high": UPPER_MEANING,
            "replicates": "Replicates that have the measure in every combination.",
        },
    ),
    "robustness": (
        "Performance of the arms in plausible models.",
        {
            "arm": ARM_MEANING,
            "rank": "Rank in the comparison itself, 1 the best.",
            "value": "Mean of the measure over models.",
            "share_best": "Share of models in which the arm is best.",
            "share_above_baseline": "Share of models in which the arm is better than the baseline.",
            "regret_mean": "Regret: how much worse the arm is than the best arm in the same model, mean over models.",
            "regret_worst": "The largest regret over models.",
        },
    ),
    "models": (
        "The plausible models: a column for each parameter, by path, and `value.ARM`, the mean of the measure.",
        {},
    ),
    "best_arm_drivers": (
        "Parameters that distinguish the models in which the best arm stays the best from the others.",
        {
            "parameter": "Path of the parameter.",
            "distance": "Kolmogorov-Smirnov distance between the two sets of models.",
            "p_value": "p-value of the distance.",
            "p_adjusted": "p-value adjusted for the number of parameters by Holm's method.",
            "unchanged_median": "Median of the parameter in the models in which the best arm stays the best.",
            "changed_median": "Median of the parameter in the other models.",
            "low": "Lower end of the plausible range.",
            "high": "Upper end of the plausible range.",
        },
    ),
    "order_drivers": (
        "Parameters that distinguish the models in which an arm stays ahead of the next in the ranking.",
        {
            "arm": "Name of the arm that ranks higher.",
            "against": "Name of the next arm in the ranking; pairs whose order never changes are left out.",
            "order_stability": "Share of models in which the first arm is at least as good as the second.",
            "parameter": "Path of the parameter.",
            "distance": "Kolmogorov-Smirnov distance between the two sets of models.",
            "p_value": "p-value of the distance.",
            "p_adjusted": "p-value adjusted for the number of parameters by Holm's method, in each pair.",
            "unchanged_median": "Median of the parameter in the models in which the order holds.",
            "changed_median": "Median of the parameter in the other models.",
            "low": "Lower end of the plausible range.",
            "high": "Upper end of the plausible range.",
        },
    ),
}


def table_columns(table: str) -> list[str]:
    """Return the columns of a table, in order."""
    return list(COMPARISON_TABLES[table][1])
