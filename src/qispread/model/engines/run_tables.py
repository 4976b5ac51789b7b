"""The tables of results: declarations of their columns, and how they are built from runs."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from qispread.inputs.cross_checks import POOLED
from qispread.inputs.organisations import CONTEXT_FACTORS
from qispread.model.measures import MEASURE_REGISTRY, Measure
from qispread.model.world.run_inputs import prepare_scenario
from qispread.model.world.state_arrays import (
    COPIED_FROM_NOBODY,
    COPY_SOURCES,
    HISTORY_ROWS,
    ORGANISATION_ROWS,
    PRACTICE_ROWS,
    STAGES,
)

if TYPE_CHECKING:
    from qispread.model.engines.simulation import Runs

RUN_COLUMNS = {
    "run_id": "Name of the run: scenario, fingerprint of everything that can change a result, replicate.",
    "scenario": "Name of the scenario.",
    "replicate": "Index of the run, from 0.",
    "seed": "Seed of all random numbers.",
    "parameters": "Parameters that differ from those of the scenario, as JSON.",
    "status": "done or failed.",
    "error": "Reason for a failure.",
}
MONTH_KEY_COLUMNS = {
    "run_id": "Name of the run.",
    "month": "Month, from 0 (the state before the first).",
    "intervention": f"Name of the intervention; '{POOLED}' for all together.",
}


def month_columns(measures: Iterable[Measure]) -> dict[str, str]:
    """Return the columns of the table of months with their meaning, for some measures."""
    return MONTH_KEY_COLUMNS | {measure.name: f"{measure.meaning} [{measure.unit}]" for measure in measures}


MONTH_COLUMNS = month_columns(MEASURE_REGISTRY)
"""The columns of every table of months; measures of the user's own come after them."""
START_COLUMNS = {
    name: f"{name} at the start" for name in (*CONTEXT_FACTORS, "size", "baseline", "setting_1", "setting_2")
}
END_COLUMNS = {
    "leadership_end": ("leadership", "Leadership at the end [share]"),
    "alignment_end": ("alignment", "Alignment at the end [share]"),
    "culture_end": ("culture", "Culture at the end [share]"),
    "capability_end": ("capability", "Capability at the end [share]"),
    "local_improvement": ("local_improvement", "Reduction of the event rate by other local improvement [share]"),
    "event_rate": ("event_rate", "Rate of adverse events in the last month [per 10,000]"),
    "staff_time": ("staff_time", "Staff time spent on interventions [team-months]"),
    "cost": ("cost", "Cost of policies [currency]"),
    "all_events_averted": ("events_averted", "Adverse events averted compared with the underlying trend [events]"),
}
PRACTICE_COLUMNS = {
    "fidelity": ("fidelity", "Core components intact [share]"),
    "appropriateness": ("appropriateness", "Fit of the version in use to the setting [share]"),
    "embedding": ("embedding", "Attitudes and behaviours that have become normal [share]"),
    "goal": ("goal", "Effect expected at adoption [share]"),
    "result": ("result", "Effect [share of the full effect]"),
    "best_result": ("best_result", "Best effect so far [share of the full effect]"),
    "events_averted": (
        "events_averted",
        "Adverse events averted by this practice, all else the same [events]",
    ),
}
HISTORY_COLUMNS = {
    "first_adopted": ("first_adopted", "Month of the first adoption; -1 if never."),
    "last_adopted": ("last_adopted", "Month of the latest adoption; -1 if never."),
    "generation": ("generation", "Copies between this version and the pilot site's."),
    "times_discontinued": ("times_discontinued", "Number of times it was discontinued."),
    "origin": ("origin", "1 for the pilot site, else 0."),
}
ORGANISATION_COLUMNS = {
    "run_id": "Name of the run.",
    "organisation": "Id of the organisation.",
    "name": "Displayed name of the organisation.",
    "partnership": "Partnership of the organisation.",
    "intervention": "Name of the intervention.",
    "stage": "unaware, aware, implementing, embedded or discontinued, at the end.",
    "copied_from": "Id of the peer that it last copied, or another source.",
    **START_COLUMNS,
    **{name: meaning for name, (_, meaning) in {**END_COLUMNS, **PRACTICE_COLUMNS, **HISTORY_COLUMNS}.items()},
}
EVENT_COLUMNS = {
    "run_id": "Name of the run.",
    "month": "Month, from 1.",
    "organisation": "Id of the organisation.",
    "intervention": "Name of the intervention; empty if none is involved.",
    "event": "Event, such as heard, adopted or discontinued.",
    "reason": "Reason for the event, with its numbers.",
}
OBSERVED_COLUMNS = {
    "run_id": "Name of the run.",
    "month": "Month, from 1.",
    "organisation": "Id of the organisation.",
    "expected": "Adverse events expected: the rate per 10,000 times the cases [events]",
    "observed": "Adverse events observed, a Poisson draw around the expected number, for run charts [events]",
}
RUN_TABLES = {
    "runs": RUN_COLUMNS,
    "months": MONTH_COLUMNS,
    "organisations": ORGANISATION_COLUMNS,
    "events": EVENT_COLUMNS,
    "observed": OBSERVED_COLUMNS,
}


def decode_column(codes: Any, labels: list[str]) -> Any:
    """Return a dictionary-encoded column of labels from their codes."""
    return pa.DictionaryArray.from_arrays(pa.array(np.asarray(codes, dtype=np.int32)), pa.array(labels, pa.string()))


def build_runs_table(runs: "Runs") -> pa.Table:
    """Return the table of runs."""
    scenario, replicate_runs = runs.scenario, runs.runs
    columns: dict[str, Any] = {
        "run_id": build_run_names(runs),
        "scenario": [scenario.name] * len(replicate_runs),
        "replicate": [run.replicate for run in replicate_runs],
        "seed": [scenario.seed] * len(replicate_runs),
        "parameters": ["{}"] * len(replicate_runs),
        "status": ["failed" if run.error else "done" for run in replicate_runs],
        "error": [run.error for run in replicate_runs],
    }
    return pa.table(columns)


def build_run_names(runs: "Runs") -> list[str]:
    """Return the names of all runs, in order."""
    stem = f"{runs.scenario.name}-{runs.scenario.fingerprint()}"
    return [f"{stem}-{run.replicate:05d}" for run in runs.runs]


def build_months_table(runs: "Runs") -> pa.Table:
    """Return the table of months: replicates, months and interventions in order, the pooled row last."""
    values = runs.measures
    replicate_count, months, rows, _ = values.shape
    replicate, month, intervention = np.unravel_index(
        np.arange(replicate_count * months * rows), (replicate_count, months, rows)
    )
    columns: dict[str, Any] = {
        "run_id": decode_column(replicate, build_run_names(runs)),
        "month": month.astype(np.int32),
        "intervention": decode_column(intervention, list(runs.interventions)),
    }
    for index, name in enumerate(runs.measure_names):
        columns[name] = np.ascontiguousarray(values[..., index]).ravel()
    return pa.table(columns)


def copy_source_names(ids: tuple[str, ...]) -> list[str]:
    """Return the labels of `copied_from` + 4: four sources other than peers, then the peers."""
    return [COPY_SOURCES[code] for code in range(COPIED_FROM_NOBODY, 0)] + list(ids)


def build_organisations_table(runs: "Runs") -> pa.Table:
    """Return the table of organisations at the end of the runs that did not fail."""
    static_world = prepare_scenario(runs.scenario).static_world
    completed = [
        (index, run, run.final_state)
        for index, run in enumerate(runs.runs)
        if run.final_state is not None and not run.error
    ]
    names = list(runs.scenario.interventions)
    shape = (len(completed), static_world.organisation_count, len(names))
    replicate, organisation, intervention = np.unravel_index(np.arange(int(np.prod(shape))), shape)

    def by_organisation(values: list[Any]) -> Any:
        return np.repeat(np.array(values).reshape(shape[:2]), len(names))

    def by_practice(values: list[Any]) -> Any:
        return np.array(values).reshape(shape[0], shape[2], shape[1]).transpose(0, 2, 1).ravel()

    def history(name: str) -> Any:
        return by_practice([state.histories[:, HISTORY_ROWS.index(name)] for _, _, state in completed])

    columns: dict[str, Any] = {
        "run_id": decode_column(np.array([index for index, _, _ in completed])[replicate], build_run_names(runs)),
        "organisation": decode_column(organisation, list(static_world.ids)),
        "name": decode_column(organisation, list(static_world.names)),
        "partnership": decode_column(static_world.partnership[organisation], list(static_world.partnership_names)),
        "intervention": decode_column(intervention, names),
        "stage": decode_column(history("stage"), list(STAGES)),
        "copied_from": decode_column(history("copied_from") - COPIED_FROM_NOBODY, copy_source_names(static_world.ids)),
    }
    for name in START_COLUMNS:
        columns[name] = by_organisation(
            [run.initial_organisations[ORGANISATION_ROWS.index(name)] for _, run, _ in completed]
        )
    for name, (row, _) in END_COLUMNS.items():
        columns[name] = by_organisation(
            [state.organisations[ORGANISATION_ROWS.index(row)] for _, _, state in completed]
        )
    for name, (row, _) in PRACTICE_COLUMNS.items():
        columns[name] = by_practice([state.practices[:, PRACTICE_ROWS.index(row)] for _, _, state in completed])
    for name, (row, _) in HISTORY_COLUMNS.items():
        columns[name] = history(row).astype(np.int32)
    return pa.table(columns)


def build_events_table(runs: "Runs") -> pa.Table:
    """Return the table of events of the runs that kept them."""
    rows = [
        {"run_id": name, **event}
        for name, run in zip(build_run_names(runs), runs.runs, strict=True)
        for event in run.events or ()
    ]
    schema = pa.schema([(name, pa.int32() if name == "month" else pa.string()) for name in EVENT_COLUMNS])
    return pa.Table.from_pylist(rows, schema=schema)


def build_observed_table(runs: "Runs") -> pa.Table:
    """Return the table of adverse events that organisations observe, of the runs that kept them."""
    ids, names = list(prepare_scenario(runs.scenario).static_world.ids), build_run_names(runs)
    observed_runs = [(index, run) for index, run in enumerate(runs.runs) if run.observed]
    values = np.array([run.observed for _, run in observed_runs])
    shape = (len(observed_runs), values.shape[1], len(ids))
    replicate, month, organisation = np.unravel_index(np.arange(int(np.prod(shape))), shape)
    return pa.table(
        {
            "run_id": decode_column(np.array([index for index, _ in observed_runs])[replicate], names),
            "month": (month + 1).astype(np.int32),
            "organisation": decode_column(organisation, ids),
            "expected": values[:, :, 0].ravel(),
            "observed": values[:, :, 1].ravel().astype(np.int64),
        }
    )


def with_column_metadata(table: pa.Table, columns: dict[str, str]) -> pa.Table:
    """Return a table with the declared meaning of its columns as metadata."""
    fields = [
        field.with_metadata({"meaning": columns[field.name]}) if field.name in columns else field
        for field in table.schema
    ]
    return table.cast(pa.schema(fields))


def build_tables(runs: "Runs") -> dict[str, pa.Table]:
    """Return all tables of runs, by name."""
    tables = {
        "runs": build_runs_table(runs),
        "months": build_months_table(runs),
        "organisations": build_organisations_table(runs),
    }
    if any(run.events is not None for run in runs.runs):
        tables["events"] = build_events_table(runs)
    if any(run.observed for run in runs.runs):
        tables["observed"] = build_observed_table(runs)
    declared = RUN_TABLES | {"months": month_columns(runs.declarations)}
    return {name: with_column_metadata(table, declared[name]) for name, table in tables.items()}
