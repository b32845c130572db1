"""Text columns of Arrow tables as codes."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from finsim.notation import Int1D


def coded(table: pa.Table, name: str) -> tuple[Int1D, tuple[str, ...]]:
    """Return the codes of a text column (int64 [N]) and its words in alphabetical order."""
    column = table[name].combine_chunks()
    if pa.types.is_dictionary(column.type):
        column = column.cast(pa.string())
    words = tuple(sorted(pc.unique(column).to_pylist()))
    codes = pc.index_in(column, pa.array(words, pa.string())).to_numpy(zero_copy_only=False)
    return codes.astype(np.int64), words
