"""Size limits of the page, whose visitors share one computer."""

from qispread.inputs.cross_checks import organisation_ids
from qispread.inputs.errors import Fault, InputError
from qispread.inputs.network_kinds import CompleteNetwork, GivenTiesNetwork
from qispread.inputs.scenario import Scenario

MAX_ORGANISATIONS, MAX_MONTHS, MAX_REPLICATES, MAX_TIES = 1000, 600, 1000, 20_000
MAX_WORK = 40_000_000
"""Organisations times months times replicates times interventions of an arm: about two seconds of one core."""
MAX_BODY = 4 * 2**20
"""Largest request body in bytes, with uploaded files."""
MAX_CHANGES = 300


def check_size(scenario: Scenario) -> None:
    """Check that a scenario is small enough for the interactive page.

    Raises
    ------
    InputError
        With every limit that it exceeds.
    """
    organisations = len(organisation_ids(scenario))
    ties = len(scenario.network.ties) if isinstance(scenario.network, GivenTiesNetwork) else 0
    ties = organisations * (organisations - 1) // 2 if isinstance(scenario.network, CompleteNetwork) else ties
    sizes = (
        ("organisations", organisations, MAX_ORGANISATIONS),
        ("horizon", scenario.horizon, MAX_MONTHS),
        ("replicates", scenario.replicates, MAX_REPLICATES),
        ("network", ties, MAX_TIES),
    )
    faults = [
        Fault(name, f"got {size:,}; the page allows at most {limit:,}") for name, size, limit in sizes if size > limit
    ]
    work = organisations * scenario.horizon * scenario.replicates * len(scenario.interventions)
    if work > MAX_WORK and not faults:
        problem = (
            f"got {scenario.replicates:,}: too many runs for this number of organisations, months and interventions"
        )
        limit = max(1, MAX_WORK * scenario.replicates // work)
        faults.append(Fault("replicates", f"{problem}; the page allows at most {limit:,}"))
    if faults:
        raise InputError(faults)
