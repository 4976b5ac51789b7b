"""Comparison of arms with common random numbers: the same populations and draws, paired by replicate."""

from qispread.runs.comparison.arms import BASELINE_ARM, arms_from_files, prepare_arms
from qispread.runs.comparison.paired_comparison import Comparison
from qispread.runs.comparison.precision import PrecisionTarget
from qispread.runs.comparison.run_comparison import compare

__all__ = ["BASELINE_ARM", "Comparison", "PrecisionTarget", "arms_from_files", "compare", "prepare_arms"]
