"""Lineage tables: one row a unit, written in a stream, addresses that can be had back."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from finsim.errors import ProvenanceError
from finsim.provenance import lineage
from finsim.provenance.lineage import (
    REPAIRS,
    SEQUENCE_SCHEMA,
    SEQUENCES,
    Repair,
    Unit,
    address,
    write_lineage,
)
from finsim.randomness import Streams
from finsim.records.storage import digest_file


def some(count: int) -> list[Unit]:
    return [
        Unit("base", "path", k, address("market", k), 0, "s" * 64, "m" * 64, repairs=k) for k in range(count)
    ]


def test_units_are_written_as_given(tmp_path: Path) -> None:
    units = [*some(3), Unit("gfc", "loan_shard", 1, address("credit", 1), 0, first_id=5, last_id=9, name="x")]
    assert write_lineage(tmp_path, iter(units)) == 4
    table = pq.read_table(tmp_path / SEQUENCES)
    assert table.schema.equals(SEQUENCE_SCHEMA)
    rows = table.to_pylist()
    assert [row["layer"] for row in rows] == ["market"] * 3 + ["credit"]
    assert [row["sequence"] for row in rows] == [0, 1, 2, 1]
    assert (rows[3]["first_id"], rows[3]["last_id"], rows[0]["first_id"]) == (5, 9, -1)
    assert rows[2]["repairs"] == 2
    assert not (tmp_path / REPAIRS).exists()


def test_repairs_are_written_when_there_are_any(tmp_path: Path) -> None:
    repairs = [Repair("bars/base", k, "high-low", "high", "1", "2") for k in range(5)]
    write_lineage(tmp_path, some(1), iter(repairs))
    assert pq.read_table(tmp_path / REPAIRS)["row"].to_pylist() == [0, 1, 2, 3, 4]


def test_blocks_do_not_show_in_the_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_lineage(tmp_path / "a", some(100))
    monkeypatch.setattr(lineage, "BLOCK", 7)
    write_lineage(tmp_path / "b", some(100))
    assert digest_file(tmp_path / "a" / SEQUENCES) == digest_file(tmp_path / "b" / SEQUENCES)


def test_an_unknown_kind_is_refused_and_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(ProvenanceError, match="no kind of unit is called 'pth'") as caught:
        write_lineage(tmp_path, [*some(2), Unit("base", "pth", 1, "[]", 0)])
    assert caught.value.problems[0].remedy == "did you mean 'path'?"
    assert not (tmp_path / SEQUENCES).exists()


def test_an_address_keeps_numbers_and_words_apart() -> None:
    assert address("a", 1) == '["a",1]'
    assert address("a", "1") == '["a","1"]'
    parts = json.loads(address("agents", "shard", 17))
    assert Streams(7).word(*parts) == Streams(7).word("agents", "shard", 17)
