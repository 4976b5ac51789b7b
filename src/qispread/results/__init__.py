"""Folders of results: tables in Parquet and CSV with a manifest beside them, written whole or not at all."""

from qispread.analysis.columns import TABLES as COMPARISON_TABLES
from qispread.provenance import draws_in_use
from qispread.results.comparisons import Answer, Asked, save_comparison
from qispread.results.folder import MANIFEST, read_manifest, tidied
from qispread.results.names import SUMMARY
from qispread.results.origins import Origin, read_origin
from qispread.results.runs import check_folder, default_folder, save

__all__ = [
    "COMPARISON_TABLES",
    "MANIFEST",
    "SUMMARY",
    "Answer",
    "Asked",
    "Origin",
    "check_folder",
    "default_folder",
    "draws_in_use",
    "read_manifest",
    "read_origin",
    "save",
    "save_comparison",
    "tidied",
]
