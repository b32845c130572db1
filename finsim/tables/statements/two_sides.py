"""Amounts in two columns, of what goes out and of what comes in: Soll and Haben, Paid out and Paid in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from finsim.errors import DataError
from finsim.notation import Float1D
from finsim.tables.proposing.statements.side_headers import LEAST_FILLED, ONE_FILLED, SIDE_ROLES, side_of
from finsim.tables.schema import Field


@dataclass(frozen=True)
class TwoSides:
    """The columns of what goes out and of what comes in, the sign of each, and whether 0 stands for none."""

    out: str
    into: str
    signs: tuple[int, int]
    zeros: tuple[bool, bool]

    def together(self, out: Float1D, into: Float1D) -> Float1D:
        """Return amounts float64[n], below 0 where money goes out, NaN where neither side is filled."""
        lacks = np.isnan(out) & np.isnan(into)
        found = np.nan_to_num(into) * self.signs[1] - np.nan_to_num(out) * self.signs[0]
        return np.where(lacks, np.nan, found)

    def apart(self, amount: Float1D) -> tuple[Float1D, Float1D]:
        """Return the cells of both sides of amounts float64[n]; a sum of 0 goes out."""
        lacks, is_in = np.isnan(amount), amount > 0
        fill = [0.0 if zero else np.nan for zero in self.zeros]
        out = np.where(is_in, fill[0], -amount * self.signs[0])
        into = np.where(is_in, amount * self.signs[1], fill[1])
        return np.where(lacks, np.nan, out) + 0.0, np.where(lacks, np.nan, into)


def side_headers(fields: Mapping[str, Field]) -> dict[str, str]:
    """Return declared name -> the word by which ``two_sides`` knows a column: its role, else its header.

    Where roles say which are the sides, no other column is one.
    """
    said = {name: each.role for name, each in fields.items() if each.role in SIDE_ROLES}
    if len(said) > 1:
        return {name: said.get(name, "") for name in fields}
    return {name: said.get(name) or each.source or name for name, each in fields.items()}


def refuse_no_sides(fields: Mapping[str, Field], place: str) -> None:
    """Raise DataError where roles say which columns are two sides: of cells that are none."""
    said = {each.role: each.source or name for name, each in fields.items() if each.role in SIDE_ROLES}
    if not said:
        return
    named = ", ".join(f"`{header}` ({role})" for role, header in said.items())
    raise DataError(
        f"{named}: no amount in two columns", place=place,
        expected="a debit and a credit, numbers of which nearly every row has one",
        remedy="correct the roles; or say in a schema which column is the amount: `role: amount`",
    )  # fmt: skip


def two_sides(columns: Mapping[str, tuple[str, Float1D]]) -> TwoSides | None:
    """Return the two sides among columns of numbers, name -> header and cells float64[n]; None for none.

    Rows must have one side, not both: debits and credits of a month in one row are two sums.
    """
    sides = {name: side_of(header) for name, (header, _) in columns.items()}
    for out in (name for name, side in sides.items() if side < 0):
        for into in (name for name, side in sides.items() if side > 0):
            cells = columns[out][1], columns[into][1]
            filled = [np.nan_to_num(one) != 0 for one in cells]
            if not len(filled[0]) or (filled[0] ^ filled[1]).mean() < ONE_FILLED:
                continue
            if min(one.mean() for one in filled) < LEAST_FILLED:
                continue
            signs = [-1 if np.median(one[some]) < 0 else 1 for one, some in zip(cells, filled, strict=True)]
            zeros = [bool((one == 0).mean() >= LEAST_FILLED) for one in cells]
            return TwoSides(out, into, (signs[0], signs[1]), (zeros[0], zeros[1]))
    return None
