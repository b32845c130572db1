"""Ids of added rows go on behind the last, in the type and form of the table's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from made_ledgers import accounts, table

import finsim
from finsim.errors import DataError

ROWS = 1_500
RING = "account_ring_layering"


def _put(ids: pa.Array, folder: Path) -> tuple[Any, pa.Table]:
    plain = table(accounts(ROWS))
    at = plain.schema.get_field_index("tx_id")
    data = plain.set_column(at, "tx_id", ids) if at >= 0 else plain.append_column("tx_id", ids)
    pq.write_table(data, folder / "in.parquet")
    made = finsim.inject(folder / "in.parquet", narratives=RING, rate=0.02, seed=1, output=folder / "out",
                         progress=False)  # fmt: skip
    return made, pq.read_table(made.transactions)


@pytest.mark.parametrize(
    ("ids", "kind", "first"),
    [
        (pa.array([f"TR/2025/{n:06d}" for n in range(ROWS)]), pa.string(), f"TR/2025/{ROWS:06d}"),
        (pa.array([str(n) for n in range(ROWS)]), pa.string(), str(ROWS)),
        (pa.array([None, *map(float, range(1, ROWS))], pa.float64()), pa.float64(), float(ROWS)),
        (pa.array(np.arange(2**15 - ROWS, 2**15), pa.int16()), pa.int64(), 2**15),
        (pa.array(range(2**63, 2**63 + ROWS), pa.uint64()), pa.uint64(), 2**63 + ROWS),
    ],
)
def test_ids_of_added_rows_go_on_behind_the_last(
    ids: pa.Array, kind: pa.DataType, first: object, tmp_path: Path
) -> None:
    made, rows = _put(ids, tmp_path)
    new = rows.filter(pc.greater_equal(rows["instance"], 0))["tx_id"]
    assert rows.schema.field("tx_id").type == kind
    assert min(new.to_pylist()) == first
    assert len(pc.unique(new)) == len(new) == made.added
    assert not set(new.to_pylist()) & set(ids.to_pylist())
    real = rows.filter(pc.less(rows["instance"], 0))["tx_id"]
    assert real.to_pylist() == ids.to_pylist()
    assert any("no room" in one for one in made.remarks) == (kind != ids.type)


def test_ids_without_room_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(
        DataError, match=r"in\.parquet: column 'tx_id': uint64 cannot hold the ids.*do not fit"
    ):
        _put(pa.array(range(2**64 - ROWS, 2**64), pa.uint64()), tmp_path)
    assert [one.name for one in tmp_path.iterdir()] == ["in.parquet"]
