"""Folders of results: tables as Parquet and CSV with a manifest, all files written or none."""

from qispread.analysis.comparison_schema import COMPARISON_TABLES
from qispread.outputs.results.comparison_results import ComparisonRequest, ComparisonResult, write_comparison
from qispread.outputs.results.file_names import SUMMARY_FILE
from qispread.outputs.results.result_origins import ResultOrigin, read_origin
from qispread.outputs.results.results_folder import MANIFEST, cleanup_on_abort, read_manifest
from qispread.outputs.results.run_results import check_run_folder, default_folder, write_runs
from qispread.outputs.results.saved_results import read_comparison, read_runs
from qispread.runs.provenance import random_generator_name

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
    "read_comparison",
    "read_manifest",
    "read_origin",
    "read_runs",
    "write_comparison",
    "write_runs",
]
