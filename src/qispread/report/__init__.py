"""The report: a folder of results in, one page that prints and opens anywhere out."""

from qispread.report.writing import report_of, write_report

__all__ = ["report_of", "write_report"]
