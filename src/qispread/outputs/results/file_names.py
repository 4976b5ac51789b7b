"""Names of the files of results."""

from qispread.analysis.comparison_schema import COMPARISON_TABLES
from qispread.model.engines.run_tables import RUN_TABLES
from qispread.outputs.results.former_results import FORMER_FILES
from qispread.outputs.results.results_folder import MANIFEST, PAGE_FILE

EVENTS_TEXT_FILE, SUMMARY_FILE, REPORT_FILE = "events.txt", "summary.csv", PAGE_FILE
RESULT_TABLES = (*RUN_TABLES, *COMPARISON_TABLES)
OWN_FILES = (
    MANIFEST,
    EVENTS_TEXT_FILE,
    SUMMARY_FILE,
    REPORT_FILE,
    *(f"{name}.{kind}" for name in RESULT_TABLES for kind in ("parquet", "csv")),
    *FORMER_FILES,
)
"""Files that a run, a comparison or a report writes, other than the folders of arms and charts."""
