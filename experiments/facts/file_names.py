"""Names that the facts' runs and their page share: folders, files, parameter sets, and the rule of the verdicts."""

from pathlib import Path

from qispread.runs.calibration.calibration_tables import MIN_REACH_SHARE

ROOT = Path(__file__).resolve().parents[2]
PUBLISHED, CONFIGS = ROOT / "results/published", ROOT / "configs"
CONFIG = "prompt_calibrated.yaml"
NEAR, MISSED = "near", "missed"
SHORT = f"fewer than {100 * MIN_REACH_SHARE:g}% of the runs over the whole ranges come as far as"
"""The reason why a counterpart is out of reach."""
WAYS = ("default", "all", "within")
"""Parameter sets: the defaults, and medians calibrated to all counterparts or to those within reach of runs."""
RULE = (
    "A counterpart is near if its median over runs is within the 95% interval of the measured fact, otherwise "
    "missed; a missed counterpart is within reach if the interval over runs overlaps that interval."
)
"""Set before any run."""
