"""The report: a folder of results in, one page that prints and opens anywhere out."""

from qispread.outputs.report.report_writer import build_report, write_report

__all__ = ["build_report", "write_report"]
