"""Ids of added rows go on behind the last, in the type and form of the table's."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from made_ledgers import accounts, table

import finsim
import finsim.engine.injection.inject as put_in
from finsim.errors import DataError
from finsim.evaluation.added_rows.id_codes import id_numbers

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


def _ids(law: str) -> list[str]:
    rng = np.random.default_rng(5)
    numbers = 200_000 + np.cumsum(rng.integers(1, 90, ROWS))
    if law == "random":
        numbers = rng.permutation(numbers)
    return [f"OP{7 * n if law == 'grid' else number}" for n, number in enumerate(numbers)]


@pytest.mark.parametrize("law", ["rising", "random", "grid"])
def test_numbers_in_a_text_follow_the_law_of_the_table(law: str, tmp_path: Path) -> None:
    known = _ids(law)
    made, rows = _put(pa.array(known), tmp_path)
    new = pc.greater_equal(rows["instance"], 0)
    numbers = pc.cast(pc.utf8_slice_codeunits(rows["tx_id"], 2), pa.int64()).to_numpy()
    real, added = numbers[~np.asarray(new)], numbers[np.asarray(new)]
    if law == "random":
        assert np.searchsorted(np.sort(real), added).mean() / ROWS == pytest.approx(0.5, abs=0.15)
    else:  # rows stand in order of time
        assert (np.diff(numbers) > 0).mean() > 0.95
    assert any("tx_id: the numbers lie 7 apart" in one for one in made.remarks) == (law == "grid")


def test_references_are_judged_by_number_and_order() -> None:
    """Numbers over the whole range among rising ones are told by their order alone."""
    rng = np.random.default_rng(6)
    time, real = np.append(np.arange(ROWS), rng.integers(0, ROWS, 100)), np.arange(ROWS + 100) < ROWS
    numbers = np.append(np.arange(ROWS) * 50, rng.integers(0, ROWS * 50, 100))
    words = pa.chunked_array([pa.array([f"OP{number}" for number in numbers])])
    found = id_numbers(words, time, real)
    assert found["number"].tolist() == numbers.tolist()
    assert (np.abs(found["order"][1:ROWS]) == 50).all()
    assert (np.abs(found["order"][ROWS:]) > 50).mean() > 0.9
    few = pa.chunked_array([pa.array(["OP1", "OP2"] * ((ROWS + 100) // 2))])
    assert id_numbers(few, time, real) == {}


@pytest.mark.parametrize("law", ["dense", "sparse", "without numbers"])
def test_ids_of_two_series_are_of_the_series_of_such_rows(law: str, tmp_path: Path) -> None:
    """Half of the senders write TX with zeros before, the others P-: each goes on in its own way."""
    frame = accounts(ROWS).drop(columns="tx_id")
    other_half = (frame["sender"].str[2:].astype(int) % 2 == 1).to_numpy()
    step = 1 if law == "dense" else 40
    jitter = np.random.default_rng(7).integers(0, step, ROWS)
    first, other = (np.cumsum(one) * step + jitter for one in (~other_half, other_half))
    words = [f"P-{other[row]}" if other_half[row] else f"TX{first[row]:06d}" for row in range(ROWS)]
    if law == "without numbers":
        words = [word if word[0] == "T" else "".join(np.random.default_rng(row).choice(list("abcdef"), 9))
                 for row, word in enumerate(words)]  # fmt: skip
    pq.write_table(table(frame.assign(tx_id=words)), tmp_path / "in.parquet")
    made = finsim.inject(tmp_path / "in.parquet", narratives=RING, rate=0.05, seed=1, output=tmp_path / "out",
                         progress=False)  # fmt: skip
    rows = pq.read_table(made.transactions).to_pandas()
    new = rows["instance"] >= 0
    assert rows["tx_id"].is_unique
    assert rows.loc[~new, "tx_id"].tolist() == words
    if law == "without numbers":
        return
    is_tx = rows["tx_id"].str.fullmatch(r"TX[0-9]{6}")
    assert (is_tx | rows["tx_id"].str.fullmatch("P-[0-9]+")).all()
    assert (is_tx == (rows["sender"].str[2:].astype(int) % 2 == 0)).all()
    for mine, last in ((is_tx, first[~other_half][-1]), (~is_tx, other[other_half][-1])):
        numbers = rows["tx_id"][mine].str.extract(r"([0-9]+)$", expand=False).astype(int)
        added = numbers[new[mine]]
        if law == "dense":
            assert added.tolist() == list(range(last + 1, last + 1 + len(added)))
        else:  # rows stand in order of time, and so do the numbers of each series
            assert (np.diff(numbers) > 0).mean() > 0.95


def test_references_are_none_of_rows_beyond_the_sample(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two of three numbers are taken, most of them in rows of accounts that are not in the sample."""
    frame = accounts(ROWS).drop(columns="tx_id")
    known = [f"REF{one}" for one in range(3 * ROWS) if one % 3][:ROWS]
    monkeypatch.setattr(put_in, "sample_ledger", partial(put_in.sample_ledger, most_rows=ROWS // 2))
    frame = frame.assign(order=known)
    made = finsim.inject(frame, narratives=RING, rate=0.05, seed=1, output=tmp_path / "out", progress=False)
    rows = pq.read_table(made.transactions).to_pandas()
    assert rows["order"].is_unique
    assert (rows["instance"] >= 0).sum() == made.added > 40


@pytest.mark.parametrize("is_daily", [False, True])
def test_ids_that_never_fall_do_not_fall_with_added_rows(is_daily: bool, tmp_path: Path) -> None:
    """A fifth of the gaps has no free number, and rows of a day or a minute have only their ids in order."""
    plain = table(accounts(ROWS))
    name = plain.column_names[_time_column(plain)]
    grain = pa.scalar(86_400 if is_daily else 60)
    when = pc.cast(plain[name], pa.timestamp("s")).cast(pa.int64())
    floored = pc.multiply(pc.divide(when, grain), grain).cast(pa.timestamp("s"))
    floored = floored.cast(pa.date32()) if is_daily else floored
    data = plain.set_column(_time_column(plain), name, floored).sort_by(name)
    numbers = 70_000 + np.cumsum(np.random.default_rng(4).choice([1, 8], ROWS, p=[0.2, 0.8]))
    ids = pa.array([f"OP{one}" for one in numbers])
    at = data.schema.get_field_index("tx_id")
    data = data.set_column(at, "tx_id", ids) if at >= 0 else data.append_column("tx_id", ids)
    pq.write_table(data, tmp_path / "in.parquet")
    made = finsim.inject(tmp_path / "in.parquet", narratives=RING, rate=0.02, seed=1, output=tmp_path / "out",
                         progress=False)  # fmt: skip
    rows = pq.read_table(made.transactions)
    number = pc.cast(pc.utf8_slice_codeunits(rows["tx_id"], 2), pa.int64()).to_numpy()
    told = [int(one.split()[1]) for one in made.remarks if "out of order" in one]
    assert (np.diff(number) < 0).sum() <= sum(told)
    assert sum(told) <= 0.3 * made.added
    assert not (is_daily and told)
    assert rows.filter(pc.less(rows["instance"], 0))["tx_id"].to_pylist() == ids.to_pylist()


def _time_column(rows: pa.Table) -> int:
    return next(at for at, one in enumerate(rows.schema) if pa.types.is_temporal(one.type))
