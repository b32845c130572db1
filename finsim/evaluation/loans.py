"""Applications and loans -> the columns that both have as two Arrow tables, and the case of a loan book."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from finsim.evaluation.settings import Settings
from finsim.evaluation.tables.column_pairs import UNFIT
from finsim.notation import Float1D
from finsim.randomness import Streams
from finsim.tables import open_table
from finsim.tables.cells.stored import is_text

KEYS = ("loan_id", "obligor_id")
MADE_ANEW = ("balance", "ead", "opened")
"""What a resampled book has from its own schedule and not from the tape."""
OUTCOME, PD, CURRENCY = "bad", "pd", "currency"
MONEY = ("amount", "income", "collateral_value")


@dataclass(frozen=True)
class CreditCase:
    """What the credit metrics see: the loans, the month panel, the losses, streams and settings."""

    loans: pa.Table
    months: pa.Table | None
    losses: Float1D | None
    streams: Streams
    settings: Settings


def loan_sides(
    applications: pd.DataFrame, loans: pa.Table, holdout: pd.DataFrame | None
) -> tuple[pa.Table, pa.Table, pa.Table | None]:
    """Return applications, loans and hold-out with the columns of the applications that a book should keep.

    Keys and what a book makes anew are left out, and the outcome where the book has a PD instead. What a
    book adds (rate, grade, ...) is not compared. Where the currencies differ amounts do not fit, and say so.
    """
    left = {*KEYS, *MADE_ANEW}
    if OUTCOME not in loans.column_names and PD in loans.column_names:
        left.add(OUTCOME)
    names = [str(name) for name in applications if name not in left]
    real = _table(applications[names])
    held = None if holdout is None else _table(holdout[[name for name in names if name in holdout]])
    strangers = [] if _is_book(loans) else [n for n in loans.column_names if n not in names and n not in left]
    own = loans.select([name for name in loans.column_names if name in names or name in strangers])
    return real, _typed_as(own, real), held


def _is_book(loans: pa.Table) -> bool:
    """Whether the loans are of a book of finsim, which adds columns of its own."""
    return {"pd", "lgd", "rho"} <= set(loans.column_names)


def _table(frame: pd.DataFrame) -> pa.Table:
    return open_table(frame, {}).table(rename=False)


def _typed_as(own: pa.Table, real: pa.Table) -> pa.Table:
    """Return the loans with numbers that are stored as text read as numbers, and amounts of one currency."""
    for name in own.column_names:
        if name not in real.column_names:
            continue
        kind, other = real.schema.field(name).type, own.schema.field(name).type
        if _is_number(kind) and is_text(other):
            own = own.set_column(own.column_names.index(name), *_read(name, own[name]))
    codes = [currency_of(table) for table in (real, own)]
    if codes[0] and codes[1] and codes[0] != codes[1]:
        for name in (name for name in MONEY if name in own.column_names and name in real.column_names):
            reason = f"{codes[1]} on the synthetic side, {codes[0]} on the real: amounts of two currencies"
            field = own.schema.field(name).with_metadata({UNFIT: reason.encode()})
            own = own.set_column(own.column_names.index(name), field, own[name])
    return own


def currency_of(table: pa.Table) -> str:
    """Return the one currency of a table, or nothing."""
    if CURRENCY not in table.column_names:
        return ""
    known = pc.unique(pc.cast(table[CURRENCY], pa.string())).drop_null().to_pylist()
    return str(known[0]) if len(known) == 1 else ""


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))


def _read(name: str, cells: pa.ChunkedArray) -> tuple[pa.Field, pa.ChunkedArray]:
    texts = cells.to_pylist()
    values = np.array([_number(text) for text in texts])
    wrong = [text for text, value in zip(texts, values, strict=True) if text is not None and np.isnan(value)]
    if not wrong:
        return pa.field(name, pa.float64()), pa.chunked_array([pa.array(values, from_pandas=True)])
    reason = f"text on the synthetic side where the real side has numbers, such as {wrong[0]!r}"
    return pa.field(name, cells.type, metadata={UNFIT: reason.encode()}), cells


def _number(text: str | None) -> float:
    try:
        return float("nan") if text is None else float(text)
    except ValueError:
        return float("nan")
