"""What the facts' runs and their page share: where things stand, and the rule of the verdicts."""

from pathlib import Path

from qispread.runs.calibration.calibration_tables import MIN_REACH_SHARE

ROOT = Path(__file__).resolve().parents[2]
PUBLISHED, CONFIGS = ROOT / "results/published", ROOT / "configs"
CONFIG = "prompt_calibrated.yaml"
NEAR, MISSED = "near", "missed"
SHORT = f"fewer than {100 * MIN_REACH_SHARE:g} % of the runs over the whole ranges come as far as"
"""What keeps a counterpart out of reach."""
WAYS = ("default", "all", "within")
"""Parameter sets: the defaults, and medians calibrated to all counterparts or to those within reach of runs."""
RULE = (
    "A counterpart is near where its median over worlds lies within the 95 % interval of what was measured, else "
    "missed; a missed one is within reach where the interval of the worlds overlaps it."
)
"""Fixed before anything was run."""
