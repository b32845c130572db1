"""Added rows in narrow stored types: they fit, or the column is refused before anything is written."""

from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from made_ledgers import cards, statements

import finsim
from finsim.errors import DataError

CARD = "card_testing_escalation"
FRAME = cards(3_000).rename(columns={"when": "ts", "card": "card_id", "shop": "merchant"})
ROWS = np.arange(len(FRAME))


def put(folder: Path, **more: object) -> object:
    frame = FRAME[["ts", "card_id", "merchant", "amount"]].assign(**more)
    frame.to_parquet(folder / "t.parquet", index=False)
    return finsim.inject(
        folder / "t.parquet", output=folder / "out", narratives=CARD, rate=0.05, progress=False
    )


def tens(amount: pd.Series, most: int, kind: str) -> pd.Series:
    return amount.clip(1, most).round().astype(kind)


NARROW = {
    "int8": tens(FRAME.amount, 127, "int8"),
    "decimal128(4, 2)": [Decimal(f"{min(one, 99.99):.2f}") for one in FRAME.amount],
}


@pytest.mark.parametrize("kind", NARROW)
def test_amounts_are_none_above_the_largest_so_a_full_type_has_room(tmp_path: Path, kind: str) -> None:
    made = put(tmp_path, amount=NARROW[kind])
    rows = pq.read_table(made.transactions)
    assert str(rows.schema.field("amount").type) == kind
    told = rows["instance"].to_numpy() >= 0
    amounts = rows["amount"].to_pandas().to_numpy()
    assert amounts[told].max() <= amounts[~told].max()


def test_a_type_without_room_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    """An account pays 128 to another, and its statement says so above the 127 that the type can hold."""
    frame = statements()
    frame["amount"] = np.where(frame["amount"] < 0, -128, 100).astype("int8")
    frame.to_parquet(tmp_path / "t.parquet", index=False)
    with pytest.raises(DataError) as caught:
        finsim.inject(
            tmp_path / "t.parquet", output=tmp_path / "out", narratives="account_ring_layering", rate=0.05,
            progress=False,
        )  # fmt: skip
    said = str(caught.value)
    assert "column 'amount': int8 cannot hold" in said
    assert "t.parquet" in said
    assert "store the column as" in said
    assert [one.name for one in tmp_path.iterdir()] == ["t.parquet"]


def test_counted_ids_at_the_end_of_their_type_go_on_in_a_wider_one(tmp_path: Path) -> None:
    made = put(tmp_path, tx_id=ROWS + (2**63 - len(ROWS)))
    ids = pq.read_table(made.transactions)["tx_id"]
    assert str(ids.type) == "uint64"
    assert sorted(ids.to_pylist()) == list(range(2**63 - len(ROWS), 2**63 - len(ROWS) + len(ids)))


@pytest.mark.parametrize(
    "cells",
    [
        {"amount": tens(FRAME.amount, 10_000, "int32"), "tx_id": ROWS.astype("int16")},
        {"amount": FRAME.amount.astype("float32"), "tx_id": ROWS.astype("uint64")},
    ],
    ids=["int32 and int16", "float32 and uint64"],
)
def test_narrow_types_with_room_stay(tmp_path: Path, cells: dict[str, pd.Series]) -> None:
    made = put(tmp_path, **cells)
    before, rows = pq.read_table(tmp_path / "t.parquet"), pq.read_table(made.transactions)
    real = rows.filter(rows["instance"].to_numpy() < 0)
    assert real.select(before.column_names).equals(before.cast(real.select(before.column_names).schema))
    for header in cells:
        assert rows.schema.field(header).type == before.schema.field(header).type
    assert len(set(rows["tx_id"].to_pylist())) == rows.num_rows
