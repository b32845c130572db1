"""Name -> item tables of the extension folders; listing imports nothing, unknown names get a suggestion."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from finsim.errors import FinsimError, did_you_mean
from finsim.extras import missing, needs


@dataclass(frozen=True)
class Entry:
    """One line of a catalogue: the item's home (``module:attribute``), one sentence, the extra it needs."""

    target: str
    summary: str
    extra: str = ""


@dataclass(frozen=True)
class Catalog:
    """The items of one extension folder by name; ``kind`` names them in messages."""

    kind: str
    entries: Mapping[str, Entry]

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names, sorted."""
        return iter(sorted(self.entries))

    def __contains__(self, name: object) -> bool:
        """Tell whether a name is listed."""
        return name in self.entries

    def entry(self, name: str, place: str = "") -> Entry:
        """Return the line of ``name``; raises FinsimError with a suggestion when unknown."""
        if name not in self.entries:
            raise FinsimError(
                f"no {self.kind} is called {name!r}",
                place=place,
                remedy=did_you_mean(name, list(self.entries)),
            )
        return self.entries[name]

    def load(self, name: str, place: str = "") -> Any:
        """Import and return the item called ``name``.

        Raises FinsimError when unknown, StudyError with the pip line when its extra is not installed.
        """
        entry = self.entry(name, place)
        needs((entry.extra,), place or f"{self.kind} {name}")
        module, _, attribute = entry.target.partition(":")
        return getattr(importlib.import_module(module), attribute)

    def lacks(self, name: str) -> tuple[str, ...]:
        """Return the packages of an item's extra that are not installed."""
        extra = self.entry(name).extra
        return missing(extra) if extra else ()

    def describe(self) -> dict[str, str]:
        """Return name -> one-sentence summary, sorted by name."""
        return {name: self.entries[name].summary for name in self}
