"""What difference would it make: arms in the same worlds with the same draws, compared world by world."""

from qispread.comparison.arms import BASE, arms_from_files, ready_arms
from qispread.comparison.paired import Comparison
from qispread.comparison.precision import Precision
from qispread.comparison.running import compare

__all__ = ["BASE", "Comparison", "Precision", "arms_from_files", "compare", "ready_arms"]
