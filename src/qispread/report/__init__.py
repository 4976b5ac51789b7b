"""The report: a folder of results in, one page that prints and opens anywhere out."""

from qispread.report.writing import build_report, write_report

__all__ = ["build_report", "write_report"]
