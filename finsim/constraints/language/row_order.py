"""``Order``: the columns by which rows are grouped and sorted."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Order:
    """Rows of equal ``group`` columns form a group; ``by`` sorts them unless ``is_sorted`` is False.

    Without sorting, rows of a group keep their order in the table. Equal ``by`` values
    keep their order in the table (a stable sort).
    """

    group: tuple[str, ...]
    by: tuple[str, ...]
    is_sorted: bool = True
