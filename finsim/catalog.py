"""Name -> item tables of the extension folders; listing imports nothing, unknown names get a suggestion."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from finsim.errors import FinsimError, did_you_mean


@dataclass(frozen=True)
class Entry:
    """One line of a catalogue: where the item lives (``module:attribute``) and one sentence."""

    target: str
    summary: str


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
        """Import and return the item called ``name``; raises FinsimError when unknown."""
        module, _, attribute = self.entry(name, place).target.partition(":")
        return getattr(importlib.import_module(module), attribute)

    def describe(self) -> dict[str, str]:
        """Return name -> one-sentence summary, sorted by name."""
        return {name: self.entries[name].summary for name in self}
