"""Progress of long work: a bar in terminals and notebooks, one line every ten seconds elsewhere."""

from __future__ import annotations

import importlib
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

Report = Callable[[str, int, int], None]
Progress = bool | Report
"""``True``: shown on standard error; ``False``: silent; else a function ``(stage, done, total)``."""

EVERY_SECONDS = 10.0
NOTEBOOK_SECONDS = 0.5


@contextmanager
def reporting(progress: Progress) -> Iterator[Report]:
    """Give the function ``(stage, done, total)`` that long work calls; ``total`` 0 means not known.

    What stands behind a comma in ``stage`` (step, loss, metric) changes while the stage lasts.
    """
    if callable(progress):
        yield progress
    elif not progress:
        yield _silent
    elif _in_notebook():
        cell = _Cell()
        try:
            yield cell
        finally:
            cell.clear()
    elif sys.stderr.isatty():
        with _bar() as step:
            yield step
    else:
        yield _Lines()


def say(text: str) -> None:
    """Show a note on standard error."""
    print(f"note: {text}", file=sys.stderr, flush=True)


def _silent(stage: str, done: int, total: int) -> None:
    """Show nothing."""


def _in_notebook() -> bool:
    """Tell whether this process is the kernel of a notebook."""
    shell = sys.modules.get("IPython")
    running = shell.get_ipython() if shell is not None else None
    return hasattr(running, "kernel")


@contextmanager
def _bar() -> Iterator[Report]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        known: dict[str, Any] = {}

        def step(stage: str, done: int, total: int) -> None:
            name = stem(stage)
            if name not in known:
                known[name] = bar.add_task(stage, total=total or None)
            bar.update(known[name], description=stage, completed=done, total=total or None)

        yield step


class _Timed:
    """Says of each stage its share and the time that is left, by the pace since it began here."""

    def __init__(self) -> None:
        self._begun: dict[str, tuple[float, int]] = {}

    def text(self, stage: str, done: int, total: int, now: float) -> str:
        """Return one line; a stage that begins in its middle (a resumed run) is timed from there."""
        started, before = self._begun.setdefault(stem(stage), (now, done))
        share = f"{done / total:.0%}" if total else f"{done:,}"
        if not total or done <= before or done >= total:
            return f"{stage}: {share}"
        return f"{stage}: {share}, {_span((now - started) * (total - done) / (done - before))} left"


class _Lines(_Timed):
    """Writes one line at most every ten seconds on standard error."""

    def __init__(self) -> None:
        super().__init__()
        self._said = time.monotonic()

    def __call__(self, stage: str, done: int, total: int) -> None:
        now = time.monotonic()
        text = self.text(stage, done, total, now)
        if now - self._said >= EVERY_SECONDS:
            self._said = now
            print(text, file=sys.stderr, flush=True)


class _Cell(_Timed):
    """Shows one line with a bar in the cell of a notebook, from the first second on; gone at the end."""

    def __init__(self) -> None:
        super().__init__()
        self._said = time.monotonic() + 1.0 - NOTEBOOK_SECONDS
        self._shown: Any = None

    def __call__(self, stage: str, done: int, total: int) -> None:
        now = time.monotonic()
        text = self.text(stage, done, total, now)
        if now - self._said < NOTEBOOK_SECONDS:
            return
        self._said = now
        bar = f"<progress value='{done}' max='{total}'></progress> " if total else ""
        self._show(f"{bar}<code>{text}</code>")

    def clear(self) -> None:
        """Leave nothing of the bar in the notebook."""
        if self._shown is not None:
            self._show("")

    def _show(self, html: str) -> None:
        screen: Any = importlib.import_module("IPython.display")
        if self._shown is None:
            self._shown = screen.display(screen.HTML(html), display_id=True)
        else:
            self._shown.update(screen.HTML(html))


def stem(stage: str) -> str:
    """Return what names a stage; figures behind a comma (step, loss) change while it lasts."""
    return stage.partition(",")[0]


def _span(seconds: float) -> str:
    hours, rest = divmod(round(seconds), 3600)
    minutes, left = divmod(rest, 60)
    if hours:
        return f"{hours} h {minutes:02d} min"
    return f"{minutes} min {left:02d} s" if minutes else f"{left} s"
