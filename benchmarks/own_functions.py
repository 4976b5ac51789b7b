"""What functions of a plug-in cost: time of a run with each over that of the shipped model, and time until the first.

    python benchmarks/own_functions.py [--rounds 300] [--scenario configs/prompt.yaml]

The functions are below: forms of a rule, one of them equal to the shipped form, measures, a policy, a network. All
models are in one process and run in turn, one replicate in each round; the ratio is that of the medians. The time until
the first run is that of an empty cache, in a folder of its own, in the order of the rows: later ones share what is
compiled already.
"""

import argparse
import os
import tempfile
import time
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parent.parent
HEAD = "import networkx as nx\nimport qispread as qs\n"
FUNCTIONS = {
    "rule, the same as shipped": """
@qs.rule("capacity.climate")
def unchanged(leadership, alignment, culture):
    return (leadership * alignment * culture) ** (1.0 / 3.0)
""",
    "rule, other": """
@qs.rule("capacity.climate")
def led(leadership, alignment, culture):
    return leadership * (alignment + culture) / 2.0
""",
    "measure, arrays": """
@qs.measure("late_share")
def late_share(world):
    return ((world.first_adopted > 60) & world.in_use).mean()
""",
    "measure, loop": """
@qs.measure("late_loop")
def late_loop(world):
    count = 0
    for k in range(world.stage.shape[0]):
        for i in range(world.stage.shape[1]):
            count += (world.first_adopted[k, i] > 60) & (world.stage[k, i] >= 2) & (world.stage[k, i] <= 3)
    return count / world.stage.size
""",
    "policy of strength 0": """
@qs.policy("bonus", moves="push", plausible=(0.0, 0.9))
def bonus(world, strength):
    return strength * (world.culture > 0.5) * (world.first_adopted < 0)
""",
    "network, drawn in plain Python": """
@qs.network("pairs")
def pairs(places, rng):
    return nx.gnm_random_graph(places.number, 450, seed=rng)
""",
}
CHANGES = {
    "rule, the same as shipped": {"rules.capacity.climate": "unchanged"},
    "rule, other": {"rules.capacity.climate": "led"},
    "policy of strength 0": {"policies": {"bonus": {"lever": "bonus", "strength": 0.0}}},
    "network, drawn in plain Python": {"network": {"kind": "pairs"}},
}
"""What a scenario says to use each function; measures need nothing."""


def read_arguments():
    """Return the arguments of the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument("--scenario", type=Path, default=ROOT / "configs" / "prompt.yaml")
    return parser.parse_args()


def build_scenarios(file, folder):
    """Return the scenario and the seconds until its first run ended, for the shipped model and for each function."""
    import qispread as qs

    base = qs.read_scenario(file)
    qs.simulate(base, 1)
    scenarios = {"shipped": (base, 0.0)}
    for index, (name, code) in enumerate(FUNCTIONS.items()):
        plugin = folder / f"own_{index}.py"
        plugin.write_text(HEAD + code, encoding="utf-8")
        start = time.perf_counter()
        scenario = qs.read_scenario(file, plugins=[plugin]).replace(CHANGES.get(name, {}))
        qs.simulate(scenario, 1)
        scenarios[name] = (scenario, time.perf_counter() - start)
    return scenarios


def seconds_by_model(scenarios, rounds):
    """Return the seconds of each run of each model, all of which take turns."""
    from qispread.model.engines.composed_model import composed_model
    from qispread.model.engines.simulation import allocate_measures
    from qispread.model.world.run_inputs import prepare_scenario

    seconds = {name: [] for name in scenarios}
    contenders = {
        name: (composed_model(scenario), prepare_scenario(scenario)) for name, (scenario, _) in scenarios.items()
    }
    for replicate in range(rounds):
        for name, (model, prepared) in contenders.items():
            plan, state = model.initialise_run(prepared, prepared.world(replicate))
            measures = allocate_measures(prepared.scenario)
            start = time.perf_counter()
            model.run_months(plan, state, 1, prepared.scenario.horizon, measures[1:])
            seconds[name].append(time.perf_counter() - start)
    return seconds


def main():
    """Print a row for each function."""
    arguments = read_arguments()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_CACHE_HOME"] = folder  # before anything is compiled
        scenarios = build_scenarios(arguments.scenario.resolve(), Path(folder))
        seconds = seconds_by_model(scenarios, arguments.rounds)
    shipped = median(seconds["shipped"])
    print(f"{arguments.rounds} runs of each in turn; shipped: {1000 * shipped:.3f} ms a run")
    print(f"{'':34}{'of a shipped run':>18}{'first run after':>18}")
    for name, (_, ready) in scenarios.items():
        first = "" if name == "shipped" else f"{ready:.1f} s"
        print(f"{name:34}{median(seconds[name]) / shipped:>18.3f}{first:>18}")


if __name__ == "__main__":
    main()
