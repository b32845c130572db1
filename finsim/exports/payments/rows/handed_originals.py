"""Links to earlier payments, where some rows are left out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa

_LINK, _NOTHING = "original_id", -1


def among_handed(tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """Yield rows whose ``original_id`` is -1 where the row with that ``tx_id`` is not among those before it.

    Rows come in the order of ``tx_id``. Memory is a byte for each row of the world.
    """
    handed = np.zeros(0, dtype=np.bool_)
    for table in tables:
        if _LINK in table.column_names and table.num_rows:
            own, link = np.asarray(table["tx_id"]), np.asarray(table[_LINK])
            longer = np.zeros(int(own.max()) + 1, dtype=np.bool_)
            longer[: len(handed)] = handed
            longer[own] = True
            handed = longer
            kept = np.where((link >= 0) & handed[link], link, _NOTHING)
            place = table.column_names.index(_LINK)
            table = table.set_column(place, _LINK, pa.array(kept))
        yield table
