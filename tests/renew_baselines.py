"""Renew the stored results, after a change of the model that is meant; say it in CHANGELOG under "Changes results"."""

import json

from test_baselines import FILE, SCENARIOS, figures

if __name__ == "__main__":
    FILE.write_text(json.dumps({name: figures(make()) for name, make in SCENARIOS.items()}, indent=1) + "\n")
