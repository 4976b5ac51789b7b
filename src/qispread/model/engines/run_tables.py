"""The tables of results: their columns, declared once, and how they are filled from runs."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from qispread.inputs.cross_checks import POOLED
from qispread.inputs.organisations import CONTEXT_FACTORS
from qispread.model.measures import MEASURE_REGISTRY
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
    "run_id": "Name of the run: scenario, fingerprint of all that can change a result, replicate.",
    "scenario": "Name of the scenario.",
    "replicate": "Which world, from 0.",
    "seed": "Seed of all draws.",
    "parameters": "Parameters that differ from the scenario's, as JSON.",
    "status": "done or failed.",
    "error": "Why it failed.",
}
MONTH_COLUMNS = {
    "run_id": "Name of the run.",
    "month": "Month, from 0, the state before the first.",
    "intervention": f"Name of the intervention; '{POOLED}' for all together.",
} | {measure.name: f"{measure.meaning} [{measure.unit}]" for measure in MEASURE_REGISTRY}
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
    "staff_time": ("staff_time", "Staff time given to what spreads [team-months]"),
    "cost": ("cost", "Cost of policies [currency]"),
    "all_events_averted": ("events_averted", "Adverse events averted against the secular trend [events]"),
}
PRACTICE_COLUMNS = {
    "fidelity": ("fidelity", "Share of the core components intact [share]"),
    "appropriateness": ("appropriateness", "Fit of the version in use to the setting [share]"),
    "embedding": ("embedding", "Attitudes and behaviours become normal [share]"),
    "goal": ("goal", "Result expected at the start [share]"),
    "result": ("result", "Result, of the largest possible benefit [share]"),
    "best_result": ("best_result", "Best result so far [share]"),
    "events_averted": (
        "events_averted",
        "Adverse events there would have been without this practice, all else the same [events]",
    ),
}
HISTORY_COLUMNS = {
    "first_adopted": ("first_adopted", "Month of the first adoption; -1 if never."),
    "last_adopted": ("last_adopted", "Month of the latest adoption; -1 if never."),
    "generation": ("generation", "Copies between this version and the origin."),
    "times_discontinued": ("times_discontinued", "How many times it was discontinued."),
    "origin": ("origin", "1 where the intervention began, else 0."),
}
ORGANISATION_COLUMNS = {
    "run_id": "Name of the run.",
    "organisation": "Id of the organisation.",
    "name": "Its name for people.",
    "partnership": "Its partnership.",
    "intervention": "Name of the intervention.",
    "stage": "unaware, aware, implementing, embedded or discontinued, at the end.",
    "copied_from": "Id of the peer that it copied last, or what else it copied.",
    **START_COLUMNS,
    **{name: meaning for name, (_, meaning) in {**END_COLUMNS, **PRACTICE_COLUMNS, **HISTORY_COLUMNS}.items()},
}
EVENT_COLUMNS = {
    "run_id": "Name of the run.",
    "month": "Month, from 1.",
    "organisation": "Id of the organisation.",
    "intervention": "Name of the intervention; empty where none is concerned.",
    "event": "What happened.",
    "reason": "Why, in words, with the numbers behind it.",
}
OBSERVED_COLUMNS = {
    "run_id": "Name of the run.",
    "month": "Month, from 1.",
    "organisation": "Id of the organisation.",
    "expected": "Adverse events expected: the rate per 10,000 times the cases [events]",
    "observed": "Adverse events observed, a Poisson draw around them, for run charts [events]",
}
RUN_TABLES = {
    "runs": RUN_COLUMNS,
    "months": MONTH_COLUMNS,
    "organisations": ORGANISATION_COLUMNS,
    "events": EVENT_COLUMNS,
    "observed": OBSERVED_COLUMNS,
}


def decode_column(codes: Any, words: list[str]) -> Any:
    """Return a column of words from their codes, kept as a dictionary."""
    return pa.DictionaryArray.from_arrays(pa.array(np.asarray(codes, dtype=np.int32)), pa.array(words, pa.string()))


def build_runs_table(runs: "Runs") -> pa.Table:
    """Return the table of runs."""
    scenario, done = runs.scenario, runs.runs
    columns: dict[str, Any] = {
        "run_id": build_run_names(runs),
        "scenario": [scenario.name] * len(done),
        "replicate": [run.replicate for run in done],
        "seed": [scenario.seed] * len(done),
        "parameters": ["{}"] * len(done),
        "status": ["failed" if run.error else "done" for run in done],
        "error": [run.error for run in done],
    }
    return pa.table(columns)


def build_run_names(runs: "Runs") -> list[str]:
    """Return the names of all runs, in order."""
    stem = f"{runs.scenario.name}-{runs.scenario.fingerprint()}"
    return [f"{stem}-{run.replicate:05d}" for run in runs.runs]


def build_months_table(runs: "Runs") -> pa.Table:
    """Return the table of months: replicates, months and interventions in order, the pooled one last."""
    values = runs.measures
    count, months, rows, _ = values.shape
    replicate, month, intervention = np.unravel_index(np.arange(count * months * rows), (count, months, rows))
    columns: dict[str, Any] = {
        "run_id": decode_column(replicate, build_run_names(runs)),
        "month": month.astype(np.int32),
        "intervention": decode_column(intervention, list(runs.interventions)),
    }
    for place, measure in enumerate(MEASURE_REGISTRY):
        columns[measure.name] = np.ascontiguousarray(values[..., place]).ravel()
    return pa.table(columns)


def copy_source_names(ids: tuple[str, ...]) -> list[str]:
    """Return the words for `copied_from` + 4: four sources that are no peer, then the peers."""
    return [COPY_SOURCES[code] for code in range(COPIED_FROM_NOBODY, 0)] + list(ids)


def build_organisations_table(runs: "Runs") -> pa.Table:
    """Return the table of organisations at the end of the runs that did not fail."""
    frame = prepare_scenario(runs.scenario).static_world
    done = [
        (place, run, run.final_state)
        for place, run in enumerate(runs.runs)
        if run.final_state is not None and not run.error
    ]
    names = list(runs.scenario.interventions)
    shape = (len(done), frame.organisation_count, len(names))
    replicate, organisation, intervention = np.unravel_index(np.arange(int(np.prod(shape))), shape)

    def by_organisation(values: list[Any]) -> Any:
        return np.repeat(np.array(values).reshape(shape[:2]), len(names))

    def by_practice(values: list[Any]) -> Any:
        return np.array(values).reshape(shape[0], shape[2], shape[1]).transpose(0, 2, 1).ravel()

    def history(name: str) -> Any:
        return by_practice([end.histories[:, HISTORY_ROWS.index(name)] for _, _, end in done])

    columns: dict[str, Any] = {
        "run_id": decode_column(np.array([place for place, _, _ in done])[replicate], build_run_names(runs)),
        "organisation": decode_column(organisation, list(frame.ids)),
        "name": decode_column(organisation, list(frame.names)),
        "partnership": decode_column(frame.partnership[organisation], list(frame.partnership_names)),
        "intervention": decode_column(intervention, names),
        "stage": decode_column(history("stage"), list(STAGES)),
        "copied_from": decode_column(history("copied_from") - COPIED_FROM_NOBODY, copy_source_names(frame.ids)),
    }
    for name in START_COLUMNS:
        columns[name] = by_organisation(
            [run.initial_organisations[ORGANISATION_ROWS.index(name)] for _, run, _ in done]
        )
    for name, (row, _) in END_COLUMNS.items():
        columns[name] = by_organisation([end.organisations[ORGANISATION_ROWS.index(row)] for _, _, end in done])
    for name, (row, _) in PRACTICE_COLUMNS.items():
        columns[name] = by_practice([end.practices[:, PRACTICE_ROWS.index(row)] for _, _, end in done])
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
    """Return the table of events that organisations observe, of the runs that kept them."""
    ids, names = list(prepare_scenario(runs.scenario).static_world.ids), build_run_names(runs)
    kept = [(place, run) for place, run in enumerate(runs.runs) if run.observed]
    values = np.array([run.observed for _, run in kept])
    shape = (len(kept), values.shape[1], len(ids))
    replicate, month, organisation = np.unravel_index(np.arange(int(np.prod(shape))), shape)
    return pa.table(
        {
            "run_id": decode_column(np.array([place for place, _ in kept])[replicate], names),
            "month": (month + 1).astype(np.int32),
            "organisation": decode_column(organisation, ids),
            "expected": values[:, :, 0].ravel(),
            "observed": values[:, :, 1].ravel().astype(np.int64),
        }
    )


def with_column_metadata(table: pa.Table, columns: dict[str, str]) -> pa.Table:
    """Return a table whose columns carry their meaning as metadata, where they are declared."""
    fields = [
        field.with_metadata({"meaning": columns[field.name]}) if field.name in columns else field
        for field in table.schema
    ]
    return table.cast(pa.schema(fields))


def build_tables(runs: "Runs") -> dict[str, pa.Table]:
    """Return all tables of some runs, by name."""
    tables = {
        "runs": build_runs_table(runs),
        "months": build_months_table(runs),
        "organisations": build_organisations_table(runs),
    }
    if any(run.events is not None for run in runs.runs):
        tables["events"] = build_events_table(runs)
    if any(run.observed for run in runs.runs):
        tables["observed"] = build_observed_table(runs)
    return {name: with_column_metadata(table, RUN_TABLES[name]) for name, table in tables.items()}
