"""What the tests of input, command line and results share: files on disk, faults caught, numbers from MODEL.md."""

from pathlib import Path
from textwrap import dedent

import pytest

from qispread.inputs.errors import InputError

SMALL_YAML = """\
    name: small
    horizon: 24
    replicates: 3
    organisations: {number: 24, partnerships: 6, regions: 2}
    network: {kind: partnerships, mean_degree: 4}
    """
MARK = "# here"


def write_file(name, text, folder="."):
    """Write a file, text or bytes, and return its path."""
    path = Path(folder, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else dedent(text).encode())
    return path


def catch_input_error(function, *arguments, **keywords):
    """Return the InputError that a call ends in."""
    with pytest.raises(InputError) as found:
        function(*arguments, **keywords)
    return found.value


def only_fault(function, *arguments, **keywords):
    """Return the one fault that a call ends in."""
    error = catch_input_error(function, *arguments, **keywords)
    assert len(error.faults) == 1, str(error)
    return error.faults[0]


def line_of_mark(text):
    """Return the line, from 1, that holds the mark."""
    return next(number for number, line in enumerate(dedent(text).splitlines(), 1) if MARK in line)


# Typed from MODEL.md sections 2 to 5: each a number that stands there, at the place where a scenario has it.
MODEL_DEFAULTS = {
    "horizon": 120,
    "organisations.context.leadership": 0.5,
    "organisations.context.alignment": 0.5,
    "organisations.context.culture": 0.5,
    "organisations.context.capability": 0.25,
    "organisations.context.measurement": 0.4,
    "organisations.context.slack": 0.45,
    "organisations.context.turnover": 0.15,
    "organisations.context.concentration": 6.0,
    "organisations.context.correlation": 0.25,
    "interventions.intervention.benefit": 0.5,
    "interventions.intervention.complexity": 0.6,
    "interventions.intervention.codification": 0.4,
    "interventions.intervention.social": 0.6,
    "interventions.intervention.breadth": 1.2,
    "interventions.intervention.observability": 0.6,
    "interventions.intervention.effort": 0.35,
    "interventions.intervention.upkeep": 0.3,
    "interventions.intervention.response.midpoint": 0.5,
    "interventions.intervention.response.steepness": 3.0,
    "deciding.similarity_range": 8.0,
    "capacity.unled_time": 0.5,
    "leaders.leader_exit": 0.23,
    "leaders.continuity": 0.5,
    "leaders.new_broom": 0.25,
    "hearing.broadcast": 0.004,
    "hearing.contact": 0.08,
    "deciding.reluctance": 3.6,
    "deciding.peers": 2.5,
    "deciding.advantage": 2.0,
    "deciding.climate": 3.0,
    "deciding.standard": 2.0,
    "deciding.overload": 1.5,
    "deciding.claimed_result": 0.3,
    "copying.copy_loss": 0.6,
    "copying.lineage": 0.0,
    "copying.standard_codification": 0.8,
    "copying.ambition": 0.8,
    "improving.support_skill": 0.3,
    "improving.blind_cycles": 0.5,
    "improving.tuning_step": 0.12,
    "improving.repair": 0.06,
    "improving.learning": 0.004,
    "improving.reactive": 0.5,
    "improving.standard_guard": 0.7,
    "improving.erosion": 0.06,
    "improving.decay": 0.03,
    "improving.embedding_holds": 0.5,
    "improving.embed": 0.13,
    "improving.embedded_above": 0.5,
    "reviewing.interval": 12,
    "reviewing.noise": 0.25,
    "reviewing.discontinuing": 0.9,
    "reviewing.forbearance": 1.2,
    "reviewing.cynicism": 0.06,
    "reviewing.encouragement": 0.03,
    "reviewing.readopting": 0.01,
    "local_improvement.gain": 0.01,
    "local_improvement.loss": 0.02,
    "outcome.secular": 0.05,
    "network.kind": "partnerships",
    "network.across": 0.12,
    "organisations.baseline.mean": 86.6,
}

# Typed from EVIDENCE.md section 4: default and range to sweep.
EVIDENCE_RANGES = {
    "improving.decay": (0.03, 0.006, 0.046),
    "copying.copy_loss": (0.6, 0.1, 0.9),
    "copying.lineage": (0.0, 0.0, 1.0),
    "improving.embed": (0.13, 0.04, 0.25),
    "organisations.context.capability": (0.25, 0.05, 0.5),
    "policies.NAME.capability_growth": (0.12, 0.05, 0.2),
    "organisations.context.turnover": (0.15, 0.08, 0.30),
    "leaders.leader_exit": (0.23, 0.1, 0.7),
    "outcome.secular": (0.05, 0.0, 0.25),
    "interventions.NAME.benefit": (0.5, 0.3, 0.7),
    "network.across": (0.12, 0.02, 0.30),
    "network.mean_degree": (6.0, 3.0, 10.0),
    "organisations.context.slack": (0.45, 0.1, 0.8),
    "deciding.reluctance": (3.6, 1.8, 7.2),
    "deciding.peers": (2.5, 1.25, 5.0),
    "deciding.advantage": (2.0, 1.0, 4.0),
    "deciding.climate": (3.0, 1.5, 6.0),
    "deciding.standard": (2.0, 1.0, 4.0),
    "deciding.overload": (1.5, 0.75, 3.0),
}
