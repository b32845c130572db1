"""Scenario files written for one test."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from finsim.records.calendar import Clock

HEAD = """finsim: scenario/1
id: {name}
title: A test
kind: hypothetical
"""


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., str]:
    """Return a function that writes ``<name>.yaml`` with the usual head and returns its path."""

    def written(name: str, body: str, head: str = HEAD) -> str:
        path = tmp_path / f"{name}.yaml"
        path.write_text(head.format(name=name) + body)
        return str(path)

    return written


@pytest.fixture(scope="session")
def clock() -> Clock:
    """Return five years of sessions, 200 days and 48 months from the end of 2025."""
    return Clock(date(2025, 12, 31), 1260, 200, 48)
