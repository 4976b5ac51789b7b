"""What the page takes on: everybody who uses it shares the cores of one computer."""

from qispread.inputs.cross_checks import organisation_ids
from qispread.inputs.errors import Fault, InputError
from qispread.inputs.network_kinds import CompleteNetwork, GivenTiesNetwork
from qispread.inputs.scenario import Scenario

MAX_ORGANISATIONS, MAX_MONTHS, MAX_REPLICATES, MAX_TIES = 1000, 600, 1000, 20_000
MAX_WORK = 40_000_000
"""Months that organisations live in all worlds of an arm, an intervention each: about two seconds of one core."""
MAX_BODY = 4 * 2**20
"""Bytes that a question may have, files with it."""
MAX_CHANGES = 300


def check_size(scenario: Scenario) -> None:
    """Refuse a scenario that is too large for a page that answers at once.

    Raises
    ------
    InputError
        With every limit that it passes, and what to do.
    """
    number = len(organisation_ids(scenario))
    ties = len(scenario.network.ties) if isinstance(scenario.network, GivenTiesNetwork) else 0
    ties = number * (number - 1) // 2 if isinstance(scenario.network, CompleteNetwork) else ties
    sizes = (
        ("organisations", number, MAX_ORGANISATIONS),
        ("horizon", scenario.horizon, MAX_MONTHS),
        ("replicates", scenario.replicates, MAX_REPLICATES),
        ("network", ties, MAX_TIES),
    )
    faults = [Fault(name, f"got {got:,}; the page takes at most {most:,}") for name, got, most in sizes if got > most]
    work = number * scenario.horizon * scenario.replicates * len(scenario.interventions)
    if work > MAX_WORK and not faults:
        problem = f"got {scenario.replicates:,}: too many worlds for so many organisations, months and interventions"
        worlds = max(1, MAX_WORK * scenario.replicates // work)
        faults.append(Fault("replicates", f"{problem}; the page takes at most {worlds:,}"))
    if faults:
        raise InputError(faults)
