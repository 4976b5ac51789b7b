"""The names of all files that results are kept in."""

from qispread.analysis.columns import TABLES as COMPARISON_TABLES
from qispread.engines.tables import TABLES as RUN_TABLES
from qispread.results.folder import MANIFEST, PAGE

CHRONICLE, SUMMARY, REPORT = "events.txt", "summary.csv", PAGE
TABLES = (*RUN_TABLES, *COMPARISON_TABLES)
OURS = (MANIFEST, CHRONICLE, SUMMARY, REPORT, *(f"{name}.{kind}" for name in TABLES for kind in ("parquet", "csv")))
"""Whatever a run, a comparison or a report writes beside the folders of arms and charts."""
