"""Renew the stored results, after a change of the model that is meant; say it in CHANGELOG under "Changes results"."""

import json

from test_baselines import FILE, SCENARIOS, final_measures

if __name__ == "__main__":
    FILE.write_text(json.dumps({name: final_measures(make()) for name, make in SCENARIOS.items()}, indent=1) + "\n")
