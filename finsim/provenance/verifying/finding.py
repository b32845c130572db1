"""``Finding``: one thing in a run that does not agree with its record."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One thing that does not agree: the file, and what is wrong with it."""

    path: str
    found: str

    def __str__(self) -> str:
        """Return the finding as one line; characters that a screen hides are written as escapes."""
        return visible(f"{self.path}: {self.found}")


def visible(text: str) -> str:
    """Return a text with everything that is not printable as an escape, so that a file name hides nothing."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)
