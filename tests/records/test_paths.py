"""Paths: what they refuse, and their way through Arrow and Parquet and back."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finsim.errors import RecordError
from finsim.records.paths import BARS_SCHEMA, FIELDS, Paths, from_table
from finsim.records.storage import digest_file, read_table, write_table

DATES = np.array(["2026-01-02", "2026-01-05", "2026-01-06"], dtype="datetime64[D]")


def some(count: int = 2, assets: tuple[str, ...] = ("IBM", "AAPL"), first: int = 0, seed: int = 1) -> Paths:
    rng = np.random.default_rng(seed)
    shape = (count, len(DATES), len(assets))
    prices = {name: rng.uniform(1, 100, shape) for name in FIELDS[:4]}
    return Paths(assets, DATES, {**prices, "volume": rng.integers(0, 2**40, shape)}, first, source=3)


def same(a: Paths, b: Paths) -> bool:
    return (
        a.assets == b.assets
        and np.array_equal(a.dates, b.dates)
        and a.first_path == b.first_path
        and a.source == b.source
        and set(a.columns) == set(b.columns)
        and all(np.array_equal(a.columns[name], b.columns[name]) for name in a.columns)
    )


@given(st.integers(1, 4), st.lists(st.sampled_from("ABCDE"), min_size=1, unique=True), st.integers(0, 90))
@settings(deadline=None, max_examples=25)
def test_a_round_trip_through_arrow_keeps_everything(count: int, assets: list[str], first: int) -> None:
    paths = some(count, tuple(assets), first)
    table = paths.to_table()
    assert table.schema == BARS_SCHEMA
    assert table.num_rows == count * 3 * len(assets)
    assert same(from_table(table), paths)


def test_a_round_trip_through_parquet_keeps_everything(tmp_path: Path) -> None:
    paths = some()
    assert write_table(tmp_path / "bars.parquet", BARS_SCHEMA, paths.batches()) == 12
    assert same(from_table(read_table(tmp_path / "bars.parquet")), paths)


def test_shards_of_paths_write_the_same_bytes_as_the_whole(tmp_path: Path) -> None:
    whole = some(4)
    write_table(tmp_path / "whole.parquet", BARS_SCHEMA, whole.batches())
    halves = [
        Paths(whole.assets, DATES, {k: v[i : i + 2] for k, v in whole.columns.items()}, i, source=3)
        for i in (0, 2)
    ]
    write_table(tmp_path / "halves.parquet", BARS_SCHEMA, [half.to_table() for half in halves])
    assert digest_file(tmp_path / "whole.parquet") == digest_file(tmp_path / "halves.parquet")


def test_rows_stand_in_order_of_path_date_asset() -> None:
    frame = some(2, first=5).to_pandas(internal=True)
    assert frame["path"].tolist() == [5] * 6 + [6] * 6
    assert frame["asset"].tolist() == ["IBM", "AAPL"] * 6
    assert frame["_fs_seq"].tolist() == frame["path"].tolist()
    paths = some(2, first=5)
    assert frame["close"].to_numpy()[7] == paths.close[1, 0, 1]


def test_a_panel_of_closes_has_flat_bars() -> None:
    closes = Paths(("A",), DATES, {"close": np.array([[[1.0], [2.0], [3.0]]])})
    assert not closes.is_ohlcv
    frame = closes.to_pandas()
    assert frame[["open", "high", "low", "close"]].nunique(axis=1).eq(1).all()
    assert frame["volume"].eq(0).all()
    assert np.allclose(closes.returns()[0, :, 0], np.log([2.0, 1.5]))


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"columns": {"open": np.ones((1, 3, 2))}}, "bar columns"),
        ({"columns": {"close": np.ones((1, 3, 2)), "bid": np.ones((1, 3, 2))}}, "bar columns"),
        ({"columns": {"close": np.ones((3, 2))}}, "shape"),
        ({"columns": {"close": np.ones((1, 2, 2))}}, "shape"),
        ({"columns": {"close": np.ones((1, 3, 2)), "open": np.ones((2, 3, 2))}}, "open has shape"),
        ({"dates": DATES[[0, 2, 1]]}, "do not increase"),
        ({"dates": DATES[[0, 1, 1]]}, "do not increase"),
        ({"assets": ("A", "A")}, "listed twice"),
    ],
)
def test_what_paths_refuse(change: dict[str, object], found: str) -> None:
    good: dict[str, object] = {"assets": ("A", "B"), "dates": DATES, "columns": {"close": np.ones((1, 3, 2))}}
    Paths(**good)  # type: ignore[arg-type]
    with pytest.raises(RecordError, match=found):
        Paths(**{**good, **change})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "order",
    [
        list(range(11)),  # the last bar is missing
        [*range(12), 11],  # one too many
        [1, 0, *range(2, 12)],  # assets of the first date swapped: the order of all others is wrong
        [*range(6), *range(8, 10), *range(6, 8), *range(10, 12)],  # dates swapped in the second path
        [*range(0, 12, 2), *range(1, 12, 2)],  # sorted by asset first
        [*range(6, 12), *range(6)],  # paths swapped
        [*range(6), *range(6)],  # the same path twice
        [*range(4), *range(6, 12)],  # a date missing in the first path
    ],
)
def test_bars_out_of_order_are_refused_and_not_scrambled(order: list[int]) -> None:
    table = some().to_table().take(order)
    with pytest.raises(RecordError, match=r"breaks the order of the bars|dates do not increase"):
        from_table(table)


def test_a_table_without_rows_is_refused() -> None:
    with pytest.raises(RecordError, match="without rows"):
        from_table(BARS_SCHEMA.empty_table())


def test_plain_text_assets_are_read_too() -> None:
    table = some().to_table()
    plain = table.set_column(2, "asset", table["asset"].cast(pa.string()))
    assert same(from_table(plain), some())
