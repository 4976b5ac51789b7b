"""Folders of results: tables in Parquet and CSV with a manifest beside them, written whole or not at all."""

from qispread.results.comparisons import Answer, check_arms, comparison_folder, save_comparison
from qispread.results.folder import tidied
from qispread.results.runs import check_folder, default_folder, save

__all__ = [
    "Answer",
    "check_arms",
    "check_folder",
    "comparison_folder",
    "default_folder",
    "save",
    "save_comparison",
    "tidied",
]
