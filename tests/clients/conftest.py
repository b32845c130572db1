"""The small run for the clients; those that are not installed are skipped with that reason."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from finsim.engine.finished_run import Run


@pytest.fixture(scope="session")
def folder(small_run: Run) -> Path:
    return small_run.path


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Where all clients were meant to be there (`make clients`), one that is missing is a failure."""
    page = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("FINSIM_ALL_CLIENTS") and page is not None and page.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
