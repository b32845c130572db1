"""Identifiers of narrow stored types: new ones have room, or the column is refused where it is learned."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import finsim
from finsim.engine.learned.reading import read_to_learn
from finsim.errors import DataError
from finsim.evaluation.reading.guessed_roles import Named
from finsim.tables import Field, Schema

X = np.arange(120) % 7


@pytest.mark.parametrize("kind", [pa.int8(), pa.uint8(), pa.int16(), pa.int32(), pa.uint32()], ids=str)
def test_new_identifiers_go_beyond_a_narrow_type(tmp_path, kind):
    last = int(np.iinfo(str(kind)).max)
    known = [last - 119 + k for k in range(120)]
    pq.write_table(pa.table({"id": pa.array(known, kind), "x": X}), tmp_path / "t.parquet")
    model = finsim.fit(tmp_path / "t.parquet", "bayes", kind="table", progress=False)
    made = finsim.sample(model, rows=300, progress=False)
    cells = made.arrow["id"]
    assert cells.type == pa.int64()
    assert cells.to_pylist() == list(range(last + 1, last + 301))


def test_identifiers_beyond_int64_are_refused_where_they_are_learned(tmp_path):
    wide = pa.array([2**63 + k for k in range(120)], pa.uint64())
    pq.write_table(pa.table({"id": wide, "x": X}), tmp_path / "t.parquet")
    with pytest.raises(DataError, match="column 'id': identifiers of uint64") as caught:
        finsim.fit(tmp_path / "t.parquet", "bayes", kind="table", progress=False)
    assert "store the column as text" in str(caught.value)


def test_accounts_of_a_narrow_type_come_out_new_on_both_sides(tmp_path):
    rng = np.random.default_rng(2)
    rows = 3_000
    table = pa.table({
        "from_account": pa.array(rng.integers(60, 127, rows), pa.int8()),
        "to_account": pa.array(rng.integers(60, 127, rows), pa.int8()),
        "ts": pa.array(np.sort(rng.integers(0, 90 * 86_400, rows)) + 1_700_000_000, pa.timestamp("s")),
        "amount": np.round(rng.lognormal(3, 1, rows), 2),
    })  # fmt: skip
    pq.write_table(table, tmp_path / "t.parquet")
    model = finsim.fit(tmp_path / "t.parquet", "habits", kind="events", progress=False)
    made = finsim.sample(model, entities=300, progress=False).arrow
    for side in ("from_account", "to_account"):
        assert made[side].type == pa.int64()
        assert pa.compute.min(made[side]).as_py() > 126
    assert pa.compute.max(made["from_account"]).as_py() > 127


def test_a_table_says_that_an_identifier_which_repeats_comes_out():
    frame = pd.DataFrame({"card_id": np.arange(400) % 40 + 1_000, "amount": np.arange(400.0)})
    told = read_to_learn(frame, "table", Named(), None, None).remarks
    assert any("card_id repeats" in one and "--kind events" in one for one in told)
    once = read_to_learn(frame.assign(card_id=np.arange(400)), "table", Named(), None, None)
    assert once.keys == ("card_id",)
    assert not any("repeats" in one for one in once.remarks)


@pytest.mark.parametrize("role", ["id", ""])
def test_ids_of_rows_that_repeat_in_a_ledger_are_made_anew(role):
    """Both sides of a transfer have its number; who is paid stays, and so does a code of few values."""
    rng = np.random.default_rng(3)
    rows = 600
    number = [f"OP{70_000 + k - (k % 10 == 9)}" for k in range(rows)]
    frame = pd.DataFrame(
        {
            "op": number,
            "account": rng.integers(0, 40, rows),
            "at": pd.date_range("2025-01-01", periods=rows, freq="h"),
            "other": [f"X{k}" for k in rng.integers(0, 5_000, rows)],
            "branch": [f"B{k}" for k in rng.integers(0, 9, rows)],
            "amount": np.round(rng.lognormal(3, 1, rows), 2),
        }
    )
    fields = {
        "op": Field("id", role=role),
        "account": Field("id", role="from_account"),
        "at": Field("ts", role="date"),
        "other": Field("id", role="to_account"),
        "branch": Field("id"),
        "amount": Field("float", role="amount"),
    }
    read = read_to_learn(frame, "events", Named(), Schema(fields), None)
    assert read.keys == ("op",)
    assert any("op: values repeat" in one for one in read.row_remarks)
    model = finsim.fit(frame, "habits", kind="events", schema=Schema(fields), progress=False)
    made = finsim.sample(model, entities=40, progress=False).arrow["op"].to_pylist()
    assert not set(made) & set(number)
    assert len(set(made)) == len(made)
