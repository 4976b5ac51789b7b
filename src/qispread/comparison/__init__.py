"""What difference would it make: arms in the same worlds with the same draws, compared world by world."""

from qispread.comparison.arms import BASELINE_ARM, arms_from_files, prepare_arms
from qispread.comparison.paired import Comparison
from qispread.comparison.precision import PrecisionTarget
from qispread.comparison.running import compare

__all__ = ["BASELINE_ARM", "Comparison", "PrecisionTarget", "arms_from_files", "compare", "prepare_arms"]
