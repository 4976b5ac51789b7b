"""Write what EMA Workbench finds in `synthetic_cases` and `cases_to_paste`, which our own boxes are compared with.

To be run where EMA Workbench 2.5.3 is installed, which is no dependency: `python tests/ema_boxes.py`. Its
defaults are used: alpha 0.05, mass 0.05, pasting, the gain in density for each point lost.
"""

import json
import sys
from pathlib import Path

import numpy as np

STORED_BOXES = Path(__file__).parent / "baselines" / "boxes_of_ema.json"
PASTED = STORED_BOXES.with_name("boxes_of_ema_pasted.json")
TO_PASTE = ((380, False, 5), (380, False, 3), (220, True, 3))
"""Points, whether there are labels, and how many points there are to a case out of place."""


def synthetic_cases(points, kinds):
    """Return columns and cases, made without any random numbers so that they are the same everywhere."""
    place = np.arange(points)
    columns = {f"x{number}": (place * root % 1.0) for number, root in enumerate(np.sqrt([2.0, 3.0, 5.0, 7.0]), 1)}
    core = (columns["x1"] > 0.6) & (columns["x2"] < 0.45)
    if kinds:
        columns["kind"] = np.array(["a", "b", "c"])[place * 7 // 5 % 3]
        core &= columns["kind"] != "b"
    odd = (place * 7919 % 23) == 0
    return columns, core ^ odd


def cases_to_paste(points, kinds, every):
    """Return columns and cases whose corner is cut off aslant, so that boxes are peeled too far and pasted again."""
    place = np.arange(points)
    columns = {f"x{number}": (place * root % 1.0) for number, root in enumerate(np.sqrt([2.0, 3.0, 5.0, 7.0]), 1)}
    core = columns["x1"] + columns["x2"] > 1.3
    if kinds:
        columns["kind"] = np.array(["a", "b", "c"])[place * 7 // 5 % 3]
        core &= columns["kind"] != "b"
    return columns, core ^ ((place * 7919 % every) == 0)


def ema_boxes(columns, cases):
    """Return the boxes of EMA Workbench, with the quasi-p-values of their limits."""
    import pandas as pd
    from ema_workbench.analysis.prim import Prim

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
    found = {
        f"{points} {kinds}": ema_boxes(*synthetic_cases(points, kinds)) for points, kinds in ((400, False), (600, True))
    }
    STORED_BOXES.write_text(json.dumps(found) + "\n", encoding="utf-8")
    pasted = {" ".join(map(str, given)): ema_boxes(*cases_to_paste(*given)) for given in TO_PASTE}
    PASTED.write_text(json.dumps(pasted) + "\n", encoding="utf-8")
