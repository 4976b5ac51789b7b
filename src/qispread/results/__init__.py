"""Folders of results: tables in Parquet and CSV with a manifest beside them, written whole or not at all."""

from qispread.analysis.columns import COMPARISON_TABLES
from qispread.provenance import random_generator_name
from qispread.results.comparisons import ComparisonRequest, ComparisonResult, save_comparison
from qispread.results.folder import MANIFEST, cleanup_on_abort, read_manifest
from qispread.results.names import SUMMARY_FILE
from qispread.results.origins import ResultOrigin, read_origin
from qispread.results.runs import check_run_folder, default_folder, save

__all__ = [
    "COMPARISON_TABLES",
    "MANIFEST",
    "SUMMARY_FILE",
    "ComparisonRequest",
    "ComparisonResult",
    "ResultOrigin",
    "check_run_folder",
    "cleanup_on_abort",
    "default_folder",
    "random_generator_name",
    "read_manifest",
    "read_origin",
    "save",
    "save_comparison",
]
