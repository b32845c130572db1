"""The small run for the clients; those that are not installed are skipped with that reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from finsim.engine.finished_run import Run


@pytest.fixture(scope="session")
def folder(small_run: Run) -> Path:
    return small_run.path
