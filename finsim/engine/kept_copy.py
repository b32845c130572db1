"""A second copy of a run folder that is kept in step while the run grows."""

from __future__ import annotations

from typing import Protocol

from finsim.engine.finished_tasks import Done


class Copy(Protocol):
    """What a run tells its copy: that it has begun, of each finished task, and that it is closed.

    ``place`` is where the copy lies, as the user wrote it; "" for none.
    """

    @property
    def place(self) -> str:
        """Where the copy lies."""

    def begun(self) -> None:
        """Take what was prepared before the first task."""

    def finished(self, done: Done) -> None:
        """Take the outputs of a task, then its record."""

    def closed(self) -> None:
        """Take the rest, what names all others last."""


class NoCopy:
    """A run that lies in one place."""

    place = ""

    def begun(self) -> None:
        """Take nothing."""

    def finished(self, done: Done) -> None:
        """Take nothing."""

    def closed(self) -> None:
        """Take nothing."""
