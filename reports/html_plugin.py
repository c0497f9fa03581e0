"""Keeps pytest-html's table usable and harmless, for those who have `--html` wired in.

Its page draws every row by script and dies between 5,000 and 20,000 of them, so rows beyond a cap are
left out, findings last. Ids are safe slugs already; names reach it only as text that it escapes.
"""

from typing import Final

import pytest

ROWS: Final = 4_000


class CappedRows:
    """Counts the rows of one report."""

    def __init__(self) -> None:
        self.shown = 0
        self.left_out = 0

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_table_row(self, report: pytest.TestReport, cells: list[str]) -> None:
        """Leave out passes and skips beyond the cap; failures and errors always have their row."""
        if self.shown >= ROWS and report.outcome in {"passed", "skipped"}:
            self.left_out += 1
            del cells[:]
        else:
            self.shown += 1

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_summary(self, prefix: list[str]) -> None:
        """Say what the table is, and what it leaves out."""
        prefix.append("<p>The evidence is report.html in the bundle; this table is an extract.</p>")
        if self.left_out:
            prefix.append(f"<p>{self.left_out} rows of passes and skips are left out.</p>")


def pytest_configure(config: pytest.Config) -> None:
    """Register only where pytest-html writes a page."""
    if getattr(config.option, "htmlpath", None):
        config.pluginmanager.register(CappedRows(), "poolproof-html")
