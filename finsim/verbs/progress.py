"""Progress of long work: a bar in terminals and notebooks, one line every ten seconds elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

Report = Callable[[str, int, int], None]
Progress = bool | Report
"""``True``: shown on standard error; ``False``: silent; else a function ``(stage, done, total)``."""

EVERY_SECONDS = 10.0


@contextmanager
def reporting(progress: Progress) -> Iterator[Report]:
    """Give the function ``(stage, done, total)`` that long work calls; ``total`` 0 means not known."""
    if callable(progress):
        yield progress
    elif not progress:
        yield _silent
    elif sys.stderr.isatty() or _in_notebook():
        with _bar() as step:
            yield step
    else:
        yield _Lines()


def _silent(stage: str, done: int, total: int) -> None:
    """Show nothing."""


def as_fraction(step: Report) -> Callable[[float, str], None]:
    """Return a function ``(share, text)`` for work that reports a share from 0 to 1 and what it does."""
    return lambda share, text: step(text, round(1_000 * share), 1_000)


def _in_notebook() -> bool:
    return "ipykernel" in sys.modules


@contextmanager
def _bar() -> Iterator[Report]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        known: dict[str, Any] = {}

        def step(stage: str, done: int, total: int) -> None:
            name = _stem(stage)
            if name not in known:
                known[name] = bar.add_task(stage, total=total or None)
            bar.update(known[name], description=stage, completed=done, total=total or None)

        yield step


class _Lines:
    """Write one line at most every ten seconds: stage, share and the time that is left."""

    def __init__(self) -> None:
        self.begun: dict[str, float] = {}
        self.said = time.monotonic()

    def __call__(self, stage: str, done: int, total: int) -> None:
        now = time.monotonic()
        started = self.begun.setdefault(_stem(stage), now)
        if now - self.said < EVERY_SECONDS:
            return
        self.said = now
        left = f", {_span((now - started) * (total - done) / done)} left" if done and total else ""
        share = f"{done / total:.0%}" if total else f"{done:,}"
        print(f"{stage}: {share}{left}", file=sys.stderr, flush=True)


def _stem(stage: str) -> str:
    """Return what names a stage; figures behind a comma (step, loss) change while it lasts."""
    return stage.partition(",")[0]


def _span(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"
