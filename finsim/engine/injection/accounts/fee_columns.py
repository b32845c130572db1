"""Columns that say the fee of a transfer: what the two sides of a payment differ by stands there (own)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from finsim.engine.injection.accounts.other_sides import OtherSides
from finsim.engine.injection.entity_histories import Histories
from finsim.engine.injection.ledger_columns import Part
from finsim.engine.injection.ledger_rows import Ledger
from finsim.engine.injection.ledger_sample import LedgerSample
from finsim.engine.injection.written_cells import amount_cells, held
from finsim.notation import Float1D

_SAYS = 0.95  # assumption: share of the rows with a fee whose cell is the fee
_NUMBERS = ("money", "float", "int")


@dataclass(frozen=True)
class FeeColumn:
    """A column that has the fee of a row, times ``sign``; ``is_empty`` where there is none, else 0."""

    part: Part
    sign: int
    is_empty: bool

    def over(self, column: pa.Array, fees: Sequence[int | None], ledger: Ledger) -> pa.Array:
        """Return the cells with the fees of rows that have one known, in units of 1 / ``scale``."""
        known = np.array([one is not None for one in fees])
        sums = self.sign * np.array([one or 0 for one in fees], dtype=np.int64)
        field = self.part.field
        with held(ledger.source.place, self.part.header, column.type, "fees"):
            made = amount_cells(sums, ledger.scale, column.type, field, ledger.source.dialect)
        if self.is_empty:
            made = pc.if_else(pa.array(sums != 0), made, pa.scalar(None, made.type))
        return pc.if_else(pa.array(known), made.cast(column.type), column)


def fee_columns(
    sides: OtherSides | None, sample: LedgerSample, past: Histories, ledger: Ledger
) -> tuple[FeeColumn, ...]:
    """Return the columns of numbers that say by what the rows of both sides of a transfer differ."""
    if sides is None or not sides.differs:
        return ()
    source, taken = ledger.source, {part.header for part in ledger.columns.parts.values()}
    one = np.flatnonzero(sides.second >= 0)
    two = sides.second[one]
    fee = np.abs(past.size[one] - past.size[two])
    by_payee = np.array([law.by_payee for law in sides.laws])[sides.law[one]]
    costs = fee > 0
    rows = np.where(by_payee, two, one)[costs]
    free = np.concatenate([one[~costs], two[~costs], np.where(by_payee, one, two)[costs]])
    found = []
    for name, header in source.bound.items():
        field = source.fields[name]
        if field.type not in _NUMBERS or header in taken:
            continue
        part = Part(header, source.headers.index(header), replace(field, null=True))
        values = units(sample.cells, part, ledger)
        says = [float((np.abs(values[rows] - sign * fee[costs]) < 0.5).mean()) for sign in (1, -1)]
        none = np.isin(np.nan_to_num(values[free]), [0.0]).mean()
        if max(says) >= _SAYS and none >= _SAYS:
            is_empty = bool(np.isnan(values[free]).mean() > 0.5)
            found.append(FeeColumn(part, 1 if says[0] >= says[1] else -1, is_empty))
    return tuple(found)


def units(cells: pa.Table, part: Part, ledger: Ledger) -> Float1D:
    """Return the numbers of a column in units of the amounts, NaN where there is none."""
    scale = 10**part.field.decimals if part.field.type == "money" else 1
    told = pc.cast(ledger.typed(cells, part), pa.float64(), safe=False)
    plain = pc.fill_null(told, np.nan).to_numpy(zero_copy_only=False)
    return np.asarray(plain, dtype=np.float64) * (ledger.scale / scale)
