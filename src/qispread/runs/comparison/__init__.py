"""What difference would it make: arms in the same worlds with the same draws, compared world by world."""

from qispread.runs.comparison.arms import BASELINE_ARM, arms_from_files, prepare_arms
from qispread.runs.comparison.paired_comparison import Comparison
from qispread.runs.comparison.precision import PrecisionTarget
from qispread.runs.comparison.run_comparison import compare

__all__ = ["BASELINE_ARM", "Comparison", "PrecisionTarget", "arms_from_files", "compare", "prepare_arms"]
