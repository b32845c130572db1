"""What is done to sound rows: empty cells, wrong values, doubled and swapped rows."""

import numpy as np
import pandas as pd
import pyarrow as pa

WORDS = pa.string()
MONEY = ID = INT = pa.int64()
REAL, TRUTH, DAY, TIME = pa.float64(), pa.bool_(), pa.date32(), pa.timestamp("us", tz="UTC")


def damaged(rng, frame, schema, wrong, share=0.04):
    """Return an Arrow table: some cells empty, some wrong (drawn from ``wrong``), rows twice or swapped."""
    rows = [dict(zip(frame.columns, row, strict=True)) for row in frame.itertuples(index=False, name=None)]
    for row in rows:
        for name in schema:
            luck = rng.random()
            if luck < share:
                row[name] = None
            elif luck < 2 * share and name in wrong:
                pool = wrong[name]
                row[name] = pool[int(rng.integers(len(pool)))]
    for _ in range(len(rows) // 25):
        at = int(rng.integers(len(rows)))
        rows.insert(int(rng.integers(max(0, at - 3), at + 1)), dict(rows[at]))
    for _ in range(len(rows) // 20):
        at = int(rng.integers(len(rows) - 1))
        rows[at], rows[at + 1] = rows[at + 1], rows[at]
    return pa.table(
        {name: pa.array([plain(row[name]) for row in rows], kind) for name, kind in schema.items()}
    )


def parents(table, key):
    """Return a table in which no filled key stands twice: rows of other tables look it up."""
    cells = table[key].to_pylist()
    kept = [row for row, cell in enumerate(cells) if cell is None or cell not in cells[:row]]
    return table.take(pa.array(kept))


def plain(cell):
    """Return a cell as Arrow wants it: Python scalars, None for missing."""
    if cell is None or cell is pd.NaT or (isinstance(cell, float) and np.isnan(cell)):
        return None
    return cell.item() if isinstance(cell, np.generic) else cell


def days(rng, first, spread, count):
    start = pd.Timestamp(first)
    return [(start + pd.Timedelta(int(k), "D")).date() for k in rng.integers(0, spread, count)]
