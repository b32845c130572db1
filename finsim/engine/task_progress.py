"""Progress from inside a task of a run: whoever performs tasks says where reports go."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

Report = Callable[[str, int, int], None]

SHARES = 1_000
"""Into how many parts work is divided that reports a share from 0 to 1."""


def silent(stage: str, done: int, total: int) -> None:
    """Show no progress."""


_REPORT: ContextVar[Report] = ContextVar("report", default=silent)


def task_progress() -> Report:
    """Return the function ``(stage, done, total)`` that a task calls while it works."""
    return _REPORT.get()


@contextmanager
def reporting_to(report: Report) -> Iterator[None]:
    """Send the reports of tasks performed in this thread to ``report``."""
    before = _REPORT.set(report)
    try:
        yield
    finally:
        _REPORT.reset(before)


def report_always_to(report: Report) -> None:
    """Send the reports of all tasks of this process to ``report``: for workers."""
    _REPORT.set(report)


def as_share(report: Report, stage: str) -> Callable[[float, str], None]:
    """Return a function ``(share, text)`` for work that reports a share from 0 to 1 and what it does.

    ``text`` (step, loss) stands behind the name of the stage and a comma.
    """
    return lambda share, text: report(f"{stage}, {text}", round(SHARES * share), SHARES)


def at_most_every(seconds: float, report: Report) -> Report:
    """Return a report that passes on the last of a stage, and others at most every so many seconds."""
    said: dict[str, float] = {}

    def sparse(stage: str, done: int, total: int) -> None:
        name, now = stage.partition(",")[0], time.monotonic()
        if done >= total > 0 or now - said.get(name, -seconds) >= seconds:
            said[name] = now
            report(stage, done, total)

    return sparse
