"""One scenario with every policy, every kind of target and three interventions; for checks that need all rules on."""

from qispread.inputs.load_scenario import build_scenario

ALL_POLICIES = {
    "network": {"lever": "learning_network", "start": 5, "end": 40, "target": {"most_ready": 20}},
    "standard": {"lever": "standard", "start": 8, "latitude": 0.4},
    "coaching": {"lever": "coaching", "start": 6, "end": 30, "cost": 100.0, "target": {"least_ready": 25}},
    "training": {"lever": "training"},
    "boards": {"lever": "board_programme", "end": 36},
    "distributed": {"lever": "distributed_leadership", "start": 2},
    "time": {"lever": "protected_time", "target": {"partnerships": ["partnership-03", "partnership-05"]}},
    "feedback": {"lever": "feedback", "start": 12, "end": 24},
    "mandate": {"lever": "mandate", "start": 10, "end": 30, "interventions": ["prompt"]},
    "goals": {"lever": "goals", "ambition": 1.2, "target": {"random": 12}},
    "limit": {"lever": "portfolio_limit", "at_most": 2, "target": {"hubs": 15}},
    "seeding": {"lever": "seeding", "origin": {"rule": "hub", "number": 2}, "interventions": ["drug"]},
    "refresher": {"lever": "refresher", "start": 13, "cost": 5.0},
}


def all_features_scenario(**changes):
    """Return the scenario, with top-level values changed."""
    data = {
        "name": "everything",
        "horizon": 48,
        "replicates": 3,
        "organisations": {"number": 40, "partnerships": 8, "regions": 3},
        "interventions": {
            "prompt": {},
            "bundle": {"response": {"midpoint": 0.85, "steepness": 10.0}, "launch": 4, "origin": "random"},
            "drug": {"social": 0.2, "effort": 0.15, "codification": 0.8, "launch": 7, "origin": "broker"},
        },
        "policies": ALL_POLICIES,
    }
    return build_scenario({**data, **changes})
