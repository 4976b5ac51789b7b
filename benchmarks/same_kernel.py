"""What a change of the model costs: time of a run in this checkout over that in another, the two in turn.

    python benchmarks/same_kernel.py OTHER [--rounds 40] [--scenario configs/prompt.yaml] [--mesa]

OTHER is a folder that holds `src/qispread`. Each of the two has one process, which is warm and is asked for a few runs
in each round, so that they share the load of the machine. The ratio is that of the medians of all runs; beside it is
the median of the ratios within rounds. With --mesa the runs are those of the Mesa engine.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import median

HERE = Path(__file__).resolve().parent.parent
RUNS = 10
"""Runs of the kernel in a round."""

WORKER = """
import json, sys, time
from qispread import read_scenario
from qispread.model.engines.simulation import allocate_measures, run_kernel, run_replicate
from qispread.model.world.run_inputs import initialise_run, prepare_scenario
scenario, engine = read_scenario(sys.argv[1]), sys.argv[2]
prepared = prepare_scenario(scenario)
def seconds(replicate):
    if engine == "mesa":
        start = time.perf_counter()
        run_replicate(prepared, replicate, "mesa")
        return time.perf_counter() - start
    plan, state = initialise_run(prepared, prepared.world(replicate))
    measures = allocate_measures(scenario)
    start = time.perf_counter()
    run_kernel(plan, state, scenario.horizon, measures)
    return time.perf_counter() - start
for line in sys.stdin:
    print(json.dumps([seconds(replicate) for replicate in json.loads(line)]), flush=True)
"""


class Contender:
    """A checkout that runs replicates on demand in a process of its own."""

    def __init__(self, tree, scenario, engine):
        environment = {**os.environ, "PYTHONPATH": str(tree / "src")}
        command = [sys.executable, "-c", WORKER, str(scenario.resolve()), engine]
        self.process = subprocess.Popen(  # noqa: S603 - ours
            command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def seconds(self, replicates):
        """Return the time of each replicate."""
        self.process.stdin.write(json.dumps(list(replicates)) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


def main():
    reader = argparse.ArgumentParser(description="Compare the time of a run in two checkouts.")
    reader.add_argument("other", type=Path)
    reader.add_argument("--rounds", type=int, default=40)
    reader.add_argument("--scenario", type=Path, default=HERE / "configs/prompt.yaml")
    reader.add_argument("--mesa", action="store_true")
    arguments = reader.parse_args()
    engine, runs = ("mesa", 1) if arguments.mesa else ("kernel", RUNS)
    contenders = [Contender(tree, arguments.scenario, engine) for tree in (HERE, arguments.other)]
    times, ratios = ([], []), []
    for turn in range(arguments.rounds + 1):
        replicates = range(turn * runs, (turn + 1) * runs)
        order = (0, 1) if turn % 2 else (1, 0)
        found = {place: contenders[place].seconds(replicates) for place in order}
        if turn:  # the first warms up
            for place in order:
                times[place].extend(found[place])
            ratios.append(median(found[0]) / median(found[1]))
    mine, others = map(median, times)
    words = f"median of {len(times[0])} runs {mine * 1e3:.3f} ms here, {others * 1e3:.3f} ms there"
    print(f"{words}: ratio {mine / others:.3f}; median of rounds {median(ratios):.3f}")
    for contender in contenders:
        contender.process.stdin.close()
        contender.process.wait()


if __name__ == "__main__":
    main()
