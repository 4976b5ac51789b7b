"""The tables of a comparison: what each is and what its columns mean, declared once."""

from qispread.runs.comparison.arms import BASELINE_ARM

ARM_MEANING = f"Name of the arm; '{BASELINE_ARM}' for what the others are compared with."
OTHER_ARM = "Name of the arm."
LOWER_MEANING, UPPER_MEANING = "Lower end of the 95 % interval.", "Upper end of the 95 % interval."
PAIRED_COLUMNS = {
    "baseline": "Mean of the base over worlds.",
    "arm_mean": "Mean of the arm over worlds.",
    "difference": "Mean of the paired differences, arm less baseline.",
    "low": LOWER_MEANING,
    "high": UPPER_MEANING,
}
PAIRED_REPLICATES = "Worlds that have the measure in both."


def interval_columns(quantity: str, name: str) -> dict[str, str]:
    """Return the columns of a difference from the base with its interval."""
    return {
        f"{name}_difference": f"{quantity} than in the base, mean over worlds.",
        f"{name}_low": LOWER_MEANING,
        f"{name}_high": UPPER_MEANING,
    }


def cost_columns(quantity: str, name: str) -> dict[str, str]:
    """Return the columns of what one unit of effect costs."""
    return {
        f"cost_per_{name}": f"Additional cost of each {quantity} [currency]; blank unless dearer and better.",
        f"cost_per_{name}_low": "Lower end of Fieller's 95 % interval; blank where it is unbounded.",
        f"cost_per_{name}_high": "Upper end of it.",
    }


COMPARISON_TABLES: dict[str, tuple[str, dict[str, str]]] = {
    "differences": (
        "What each arm changes at the end.",
        {
            "arm": OTHER_ARM,
            "intervention": "Name of the intervention; 'all' for all together.",
            "measure": "Name of the measure.",
            **PAIRED_COLUMNS,
            "share_better": "Share of worlds in which the arm is better; worlds without any difference count half.",
            "per_100_organisations": "The difference for every 100 organisations, of sums over organisations.",
            "pairing_gain": "How many times as many worlds independent seeds would have needed.",
            "replicates": PAIRED_REPLICATES,
        },
    ),
    "arm_differences": (
        "How every two arms differ at the end, all interventions together.",
        {
            "arm": OTHER_ARM,
            "against": "Name of the arm that it is compared with.",
            "measure": "Name of the measure.",
            "difference": "Mean of the paired differences, arm less the other.",
            "low": LOWER_MEANING,
            "high": UPPER_MEANING,
            "share_better": "Share of worlds in which the arm is better than the other.",
            "per_100_organisations": "The difference for every 100 organisations, of sums over organisations.",
            "replicates": "Worlds that have the measure in both.",
        },
    ),
    "replicates": (
        "Cost and effect of each arm in each world that failed in none.",
        {
            "arm": ARM_MEANING,
            "replicate": "Which world, from 0.",
            "cost": "Cost of policies [currency]",
            "staff_time": "Staff time given to what spreads [team-months]",
            "total_cost": "Cost of policies and, where a team-month has a price, of staff time [currency]",
            "events_averted": "Harmful events averted since the start [events]",
            "replicated_practices": "Practices in use at 80 % of the origin's effect or more, those of origins left out.",
            "value": "The measure that the answer is about.",
        },
    ),
    "cost_effectiveness": (
        "What each arm costs and achieves, and what one unit of effect costs.",
        {
            "arm": ARM_MEANING,
            "cost": "Cost of policies, mean over worlds [currency]",
            "staff_time": "Staff time given to what spreads, mean over worlds [team-months]",
            "total_cost": "Total cost, mean over worlds [currency]",
            "events_averted": "Harmful events averted, mean over worlds [events]",
            "replicated_practices": "Practices at 80 % of the origin's effect, mean over worlds.",
            **interval_columns("More total cost", "cost"),
            **interval_columns("More events averted", "averted"),
            **cost_columns("event averted", "event_averted"),
            **interval_columns("More practices at 80 %", "replicated_practices"),
            **cost_columns("practice at 80 %", "replicated_practices"),
            "dominance": "Whether it is on the frontier of cost and effect, or which arms dominate it.",
        },
    ),
    "acceptability": (
        "The share of worlds in which each arm is worth most, by what an event averted is worth.",
        {
            "arm": ARM_MEANING,
            "willingness_to_pay": "What an event averted is worth [currency]",
            "probability": "Share of worlds in which the net benefit of this arm is the largest.",
            "best_expected": "Whether its mean net benefit is the largest.",
        },
    ),
    "subgroup_gains": (
        "What each third of the organisations gains, by context at the start.",
        {
            "arm": OTHER_ARM,
            "grouping": "What organisations are grouped by: readiness, capability, size, setting or ties.",
            "group": "Which third of each world.",
            "measure": "harm_reduction (share of the harm at the start that is gone), adoption or result.",
            **PAIRED_COLUMNS,
            "replicates": PAIRED_REPLICATES,
        },
    ),
    "inequality": (
        "Inequality of harm between organisations before and after.",
        {
            "arm": ARM_MEANING,
            "measure": "event_rate_range (90th less 10th percentile) or event_rate_gini.",
            "start": "Mean over worlds in month 0.",
            "end": "Mean over worlds at the end.",
            "difference": "Of the end from the base's end, mean of the paired differences.",
            "low": LOWER_MEANING,
            "high": UPPER_MEANING,
        },
    ),
    "factorial": (
        "Effects in a comparison of every combination (--factorial).",
        {
            "kind": "main, interaction, alone (against the base), together (all against the base) or beyond (together "
            "less the sum of alone).",
            "term": "The factors concerned.",
            "measure": "Name of the measure.",
            "effect": "Mean over worlds.",
            "low": LOWER_MEANING,
            "high": UPPER_MEANING,
            "replicates": "Worlds that have the measure in every combination.",
        },
    ),
    "robustness": (
        "How the arms fare in plausible models.",
        {
            "arm": ARM_MEANING,
            "rank": "Rank in the comparison itself, 1 the best.",
            "value": "Mean of the measure over models.",
            "share_best": "Share of models in which it is best.",
            "share_above_baseline": "Share of models in which it is better than the base.",
            "regret_mean": "By how much it falls short of the best arm, mean over models.",
            "regret_worst": "The same in the model where that is most.",
        },
    ),
    "models": (
        "The plausible models: a column a parameter by its path, and `value.ARM`, the mean of the measure in each arm.",
        {},
    ),
    "best_arm_drivers": (
        "Which parameters tell the models where the best arm stays best from the others.",
        {
            "parameter": "Path of the parameter.",
            "distance": "Kolmogorov-Smirnov distance between the two sets of models.",
            "p_value": "Of that distance.",
            "p_adjusted": "The same, adjusted for the number of parameters by Holm's procedure.",
            "unchanged_median": "Median of the parameter where the best arm stays best.",
            "changed_median": "Median of the parameter in the other models.",
            "low": "Lower end of the plausible range.",
            "high": "Upper end of it.",
        },
    ),
    "order_drivers": (
        "Which parameters tell the models where an arm stays ahead of the next in the ranking from the others.",
        {
            "arm": "The arm.",
            "against": "The arm that comes next in the ranking; pairs that never change places are left out.",
            "order_stability": "Share of models in which the first does not fall behind the second.",
            "parameter": "Path of the parameter.",
            "distance": "Kolmogorov-Smirnov distance between the two sets of models.",
            "p_value": "Of that distance.",
            "p_adjusted": "The same, adjusted for the number of parameters by Holm's procedure, in each pair.",
            "unchanged_median": "Median of the parameter where the order holds.",
            "changed_median": "Median of the parameter in the other models.",
            "low": "Lower end of the plausible range.",
            "high": "Upper end of it.",
        },
    ),
}


def table_columns(table: str) -> list[str]:
    """Return the columns of a table, in order."""
    return list(COMPARISON_TABLES[table][1])
