"""Cells that an account has in all of its rows: its branch, its bank, the sort code of whom it pays."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.types as kinds

from finsim.engine.injection.added_rows import Added, stored_cells
from finsim.engine.injection.ledger_rows import Ledger
from finsim.engine.injection.ledger_sample import LedgerSample
from finsim.notation import Array, Int1D

# Assumptions: share of rows that agree, of accounts with several; how many such rows and accounts there are.
AGREES, ROWS, ACCOUNTS = 0.999, 30, 5
_SIDES = ("from_account", "to_account")


def with_owned_cells(added: Added, sample: LedgerSample, ledger: Ledger) -> Added:
    """Return added rows in which each account has the cells that all of its real rows have.

    A row lends its words to payments of other accounts too, but not what is an account's own.
    """
    cells, parts = added.cells, ledger.columns.parts
    taken = {part.header for part in parts.values()}
    names = [one.name for one in sample.cells.schema if one.name not in taken and _is_word(one.type)]
    for role in (one for one in _SIDES if one in parts):
        known, new = _codes(sample.cells, cells, parts[role].header)
        for name in names:
            at, words = cells.schema.get_field_index(name), _plain(sample.cells[name])
            row = _rows_of(known, pd.factorize(words.to_pandas(), use_na_sentinel=False)[0])
            if row is None:
                continue
            lent = np.where(new >= 0, row[new], -1)
            kept = pa.array(np.flatnonzero(lent >= 0))
            made = _plain(cells[name]).to_pandas().to_numpy(dtype=object, copy=True)
            made[kept.to_numpy()] = words.take(pa.array(lent[lent >= 0])).to_pandas().astype(object)
            column = pa.array(made, words.type, from_pandas=True)
            cells = cells.set_column(
                at, cells.schema.field(at), stored_cells(column, cells.schema.field(at).type)
            )
    return replace(added, cells=cells)


def _rows_of(account: Int1D, word: Array) -> Int1D | None:
    """Return a row int64[K + 1] in which each account stands, None where its cells are not the account's own.

    account int64[n], -1 for none; word int64[n]. The last one stands for no account.
    """
    rows = np.flatnonzero(account >= 0)
    if not len(rows):
        return None
    first = np.full(int(account.max()) + 2, -1)
    first[account[rows][::-1]] = rows[::-1]
    several = np.bincount(account[rows])[account[rows]] > 1
    mine, all_alike = rows[several], len(np.unique(word[rows])) < 2
    if all_alike or len(mine) < ROWS or len(np.unique(account[mine])) < ACCOUNTS:
        return None
    return first if np.mean(word[mine] == word[first[account[mine]]]) >= AGREES else None


def _codes(real: pa.Table, added: pa.Table, header: str) -> tuple[Int1D, Int1D]:
    """Return the accounts of real rows int64[n] and of added ones int64[m], -1 for none and unknown ones."""
    both = [_plain(one[header]).to_pandas().astype(object) for one in (real, added)]
    codes, known = pd.factorize(both[0])
    place = pd.Index(known).get_indexer(both[1])
    place[both[1].isna().to_numpy()] = -1
    return codes.astype(np.int64), place.astype(np.int64)


def _is_word(kind: pa.DataType) -> bool:
    return bool(kinds.is_dictionary(kind) or kinds.is_string(kind) or kinds.is_large_string(kind))


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return column.cast(column.type.value_type) if kinds.is_dictionary(column.type) else column
