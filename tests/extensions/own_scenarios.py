"""The example plug-in, and a small scenario for it."""

from pathlib import Path

import qispread as qs

PLUGIN = Path(__file__).resolve().parents[2] / "docs" / "examples" / "late_adopters" / "late_adopters.py"

SMALL = {
    "organisations.number": 24,
    "organisations.partnerships": 6,
    "organisations.regions": 3,
    "horizon": 70,
    "replicates": 3,
    "hearing.broadcast": 0.1,
    "interventions": {"first": {}, "second": {"launch": 50}},
}
USES = {
    "measure": {},
    "rule": {"rules.capacity.climate": "led"},
    "network": {"network": {"kind": "caves", "size": 5}},
    "policy": {"policies": {"paid": {"lever": "bonus", "strength": 0.8, "start": 3, "end": 60}}},
}
"""What a scenario says to use each function of the plug-in."""


def own_scenario(**changes):
    """Return a small scenario that names the plug-in."""
    plugin = qs.read_plugin(PLUGIN)
    return qs.Scenario().replace({**SMALL, "plugins": [plugin.name], **changes})
