"""Folders of results: tables in Parquet and CSV with a manifest beside them, written whole or not at all."""

from qispread.results.columns import TABLES as COMPARISON_TABLES
from qispread.results.comparisons import Answer, check_arms, comparison_folder, save_comparison
from qispread.results.folder import MANIFEST, read_manifest, tidied
from qispread.results.manifest import draws_in_use
from qispread.results.runs import SUMMARY, check_folder, default_folder, save

__all__ = [
    "COMPARISON_TABLES",
    "MANIFEST",
    "SUMMARY",
    "Answer",
    "check_arms",
    "check_folder",
    "comparison_folder",
    "default_folder",
    "draws_in_use",
    "read_manifest",
    "save",
    "save_comparison",
    "tidied",
]
