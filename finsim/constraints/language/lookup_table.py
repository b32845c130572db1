"""``Lookup``: values by keys and, where dated, by ranges of days."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from finsim.constraints.language.types import Clash, Type

FOREVER = 10**8  # days: later and earlier than any date


@dataclass(frozen=True, eq=False)
class Lookup:
    """One table of values.

    Row k has the key texts ``keys[k]`` and holds ``values[k]`` from day ``spans[k][0]`` to day
    ``spans[k][1]`` (since 1970-01-01, both included; minus or plus ``FOREVER`` where left open).
    ``is_strict`` says that a row without a match is an error and not a null. Ranges of one key never
    overlap.
    """

    name: str
    by: tuple[str, ...]
    dated: bool
    type: Type
    is_strict: bool
    keys: tuple[tuple[str, ...], ...]
    spans: tuple[tuple[int, int], ...]
    values: tuple[bool | int | float | str, ...]
    places: tuple[str, ...]
    digest: str
    cache: list[Any] = field(default_factory=list)

    def __repr__(self) -> str:
        """Return name and digest: equal texts mean equal tables."""
        return f"lookup {self.name} {self.digest}"

    @property
    def usage(self) -> str:
        """How it is called."""
        return f"lookup({', '.join((self.name, *self.by, *(['date'] if self.dated else [])))})"

    def whole_numbers(self, at: int) -> None:
        """Raise Clash, naming file and row, when a key column holds something else than whole numbers."""
        for key, place in zip(self.keys, self.places, strict=True):
            if not re.fullmatch(r"[-+]?[0-9]{1,18}", key[at], re.ASCII):
                raise Clash(
                    f"{place}: {self.by[at]} holds {key[at]!r}, not a whole number",
                    "give a column of labels, or correct the cell",
                )
