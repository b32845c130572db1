"""Facts of the parties of a row by their ids; null for a party that the world's tables do not know."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from finsim.exports.payments.rows.row_words import Column, renamed, whole
from finsim.notation import Int1D


def places(table: pa.Table, key: str, ids: Column) -> pa.Array:
    """Return the row of each id in ``table``, sorted by ``key``: int64, null where there is none."""
    known, wanted = np.asarray(table[key]), np.asarray(whole(ids))
    if not len(known):
        return pa.nulls(len(wanted), pa.int64())
    found: Int1D = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
    return pa.array(found, mask=known[found] != wanted)


def fact(table: pa.Table, column: str, rows: pa.Array) -> pa.Array:
    """Return a column of ``table`` at ``rows`` (of ``places``), texts as plain text."""
    values = table[column]
    plain = renamed(values, {}) if pa.types.is_dictionary(values.type) else whole(values)
    return plain.take(rows)
