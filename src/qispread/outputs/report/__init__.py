"""Write a report on a folder of results: one page that prints and opens anywhere."""

from qispread.outputs.report.report_writer import build_report, write_report

__all__ = ["build_report", "write_report"]
