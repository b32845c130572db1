"""Money of a table in minor units (cents) or in units of its currency, and which columns are internal."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, cast, get_args

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from finsim.errors import RecordError, did_you_mean
from finsim.notation import Float1D, minor_digits
from finsim.records.columns import CENTS, facts_of

Unit = Literal["cents", "units"]
INTERNAL = "_fs_"
"""How the names of columns begin that say where a row came from, and nothing of the world."""


@dataclass(frozen=True)
class Money:
    """Which columns hold minor units; their currency is in ``column`` row by row, else ``currency``."""

    columns: tuple[str, ...] = ()
    column: str = ""
    currency: str = ""

    def currencies(self, table: pa.Table) -> tuple[str, ...]:
        """Return the currencies of a table, sorted; none where they are not known."""
        if self.column in table.column_names:
            return tuple(sorted(str(one) for one in pc.unique(table[self.column]).to_pylist() if one))
        return tuple(self.currency.split(", ")) if self.currency else ()

    def within(self, table: pa.Table) -> tuple[str, ...]:
        """Return the columns of money that a table has: those named here, and those whose fields say so."""
        told = minor_columns(table.schema)
        return tuple(name for name in table.column_names if name in told or name in self.columns)


NO_MONEY = Money()


def money_fact(money: Money, table: pa.Table) -> str:
    """Return the sentence of a card on the unit of money, empty for a table without money."""
    if not money.within(table):
        return ""
    found = money.currencies(table)
    named = f" of {', '.join(found[:3])}" if found else ""
    word = "whole units" if found and not any(map(minor_digits, found)) else "cents"
    return f'{word}{named} (int64 minor units); money="units" gives amounts'


def minor_columns(fields: Iterable[pa.Field]) -> tuple[str, ...]:
    """Return the names of the fields that say their unit is minor units of a currency."""
    return tuple(field.name for field in fields if facts_of(field)["unit"].startswith(CENTS))


def checked_unit(money: str) -> Unit:
    """Return ``money`` when it is ``cents`` or ``units``; raises RecordError for anything else."""
    known = get_args(Unit)
    if money not in known:
        raise RecordError(
            f"money={money!r}",
            expected="'cents' (whole minor units) or 'units' (amounts of the currency)",
            remedy=did_you_mean(str(money), known),
        )
    return cast(Unit, money)


def without_internal(names: list[str]) -> list[str]:
    """Return the names of columns that are not internal."""
    return [name for name in names if not name.startswith(INTERNAL)]


def presented(table: pa.Table, money: Money, unit: Unit, internal: bool) -> pa.Table:
    """Return the columns that a reader asked for, money in the unit that they asked for.

    Units are float64: the number nearest to the exact decimal, for amounts below 2^53 minor units.
    Raises RecordError where units are asked for and rows without a currency of their own are in several.
    """
    scale = _scale(table, money) if checked_unit(unit) == "units" and money.within(table) else None
    kept = table if internal else table.select(without_internal(table.column_names))
    if scale is None:
        return kept
    for name in money.within(kept):
        amounts = pc.divide(pc.cast(kept[name], pa.float64(), safe=False), scale)
        kept = kept.set_column(kept.column_names.index(name), name, amounts)
    return kept


def _scale(table: pa.Table, money: Money) -> float | pa.Array:
    """Return 10^decimals, for the whole table or row by row."""
    factors = {name: 10.0 ** minor_digits(name) for name in money.currencies(table)}
    if len(set(factors.values())) <= 1:
        return next(iter(factors.values()), 10.0 ** minor_digits(""))
    if money.column not in table.column_names:
        raise RecordError(
            f"amounts of {', '.join(factors)} in one column without a currency",
            expected="one number of decimals",
            remedy='take money="cents", and scale with the currency of each loan',
        )
    codes = pc.index_in(table[money.column].cast(pa.string()), pa.array(list(factors)))
    each: Float1D = np.array([*factors.values(), 10.0 ** minor_digits("")])
    # A row without a currency takes the last factor, the usual two decimals.
    return pa.array(each[pc.fill_null(codes, len(factors)).to_numpy()])
