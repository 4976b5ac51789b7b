"""Write what EMA Workbench finds in `cases_to_find`, which is what our own boxes are compared with.

To be run where EMA Workbench 2.5.3 is installed, which is no dependency: `python tests/boxes_of_ema.py`. Its
defaults are used: alpha 0.05, mass 0.05, pasting, the gain in density for each point lost.
"""

import json
import sys
from pathlib import Path

import numpy as np

STORED = Path(__file__).parent / "baselines" / "boxes_of_ema.json"


def cases_to_find(points, kinds):
    """Return columns and cases, made without any random numbers so that they are the same everywhere."""
    place = np.arange(points)
    columns = {f"x{number}": (place * root % 1.0) for number, root in enumerate(np.sqrt([2.0, 3.0, 5.0, 7.0]), 1)}
    core = (columns["x1"] > 0.6) & (columns["x2"] < 0.45)
    if kinds:
        columns["kind"] = np.array(["a", "b", "c"])[place * 7 // 5 % 3]
        core &= columns["kind"] != "b"
    odd = (place * 7919 % 23) == 0
    return columns, core ^ odd


def found_by_ema(points, kinds):
    """Return the boxes of EMA Workbench, with the quasi-p-values of their limits."""
    import pandas as pd
    from ema_workbench.analysis.prim import Prim

    columns, cases = cases_to_find(points, kinds)
    box = Prim(pd.DataFrame(columns), cases.astype(int), threshold=0.1).find_box()
    table = box.peeling_trajectory
    limits = [
        {name: sorted(one[name][0]) if name == "kind" else one[name].tolist() for name in one.columns}
        for one in box.box_lims
    ]
    shares = {name: table[name].tolist() for name in ("coverage", "density", "mass")}
    return {
        **shares,
        "limits": limits,
        "p_values": [{name: list(map(float, qp[name])) for name in qp} for qp in box.qp],
    }


if __name__ == "__main__":
    sys.setrecursionlimit(10_000)
    found = {f"{points} {kinds}": found_by_ema(points, kinds) for points, kinds in ((400, False), (600, True))}
    STORED.write_text(json.dumps(found) + "\n", encoding="utf-8")
