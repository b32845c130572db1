"""How a given cell and its column are named to who gave it."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from finsim.generators.tables.table_generator import Cell
from finsim.notation import NANOS_PER_DAY
from finsim.records.mixed_table import TIME


class Words(Protocol):
    """Names columns and cells as the data have them."""

    def title(self, name: str) -> str:
        """Return the header of a column."""
        ...

    def said(self, name: str, cell: Cell, kind: str) -> str:
        """Return a cell of a column of that kind as it is written; times are nanoseconds UTC."""
        ...


class PlainWords:
    """Columns by their names, cells as they are learned, moments as days or times."""

    def title(self, name: str) -> str:
        """Return the name."""
        return name

    def said(self, name: str, cell: Cell, kind: str) -> str:
        """Return the cell; see ``Words``."""
        return said_plainly(cell, kind)


def said_plainly(cell: Cell, kind: str) -> str:
    """Return a cell as it is learned; moments as days or times."""
    if kind == TIME and isinstance(cell, float | int):
        return str(np.datetime64(int(cell), "ns")).removesuffix(".000000000").removesuffix("T00:00:00")
    return f"{cell:.12g}" if isinstance(cell, float) else repr(cell)


def moment(days: float) -> float:
    """Return days since 1970 as nanoseconds."""
    return round(days) * float(NANOS_PER_DAY)
