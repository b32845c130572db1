"""Records show themselves in little space, and hand their rows over in the types that readers expect."""

from __future__ import annotations

import builtins
import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import polars
import pyarrow as pa
import pytest

from finsim.errors import RecordError
from finsim.records.paths import DIFFERENCE, PRICE, Paths
from finsim.records.portfolio import Portfolio
from finsim.records.shown_rows import ShownRows
from finsim.records.table import Table
from finsim.records.transactions import Transactions
from tests.records.shown_worlds import WILD, paths, portfolio, transactions

MAKERS: dict[str, Callable[[], ShownRows]] = {
    "no rows": lambda: transactions(0, 0),
    "one row": lambda: transactions(1, 1),
    "rows": lambda: transactions(500),
    "forty narratives": lambda: transactions(2_000, 40),
    "currencies": lambda: transactions(300, 2, ("USD", "JPY", "KWD")),
    "one bar": lambda: paths(1, 1, 1),
    "bars": lambda: paths(3, 40, 2),
    "hundred assets": lambda: paths(2, 30, 100, WILD),
    "no loans": lambda: portfolio(0, 0, 0),
    "loans": lambda: portfolio(200),
    "loans in currencies": lambda: portfolio(200, currencies=("EUR", "USD")),
    "table": lambda: Table(WILD, transactions(20).patterns),
}


@pytest.fixture(params=list(MAKERS))
def record(request: pytest.FixtureRequest) -> ShownRows:
    return MAKERS[request.param]()


def test_repr_has_at_most_twelve_lines_and_600_characters(record: ShownRows) -> None:
    text = repr(record)
    assert len(text) <= 600
    assert len(text.splitlines()) <= 12
    assert text == str(record)
    assert type(record).__name__ in text


def test_the_card_for_notebooks_escapes_names_and_has_no_address(record: ShownRows) -> None:
    html = record._repr_html_()
    assert "http" not in html
    assert "<b " not in html
    assert len(html) < 40_000
    assert ("<th " in html) == (len(record) > 0)


def test_len_head_columns_and_every_way_out_agree(record: ShownRows) -> None:
    frame = record.to_pandas()
    assert len(record) == len(frame)
    assert record.column_names == list(frame.columns)
    assert not [name for name in frame.columns if name.startswith("_fs_")]
    for n in (0, 1, 5, 10_000_000, -1):
        pd.testing.assert_frame_equal(record.head(n), frame.head(n))
    assert record.head().attrs == frame.attrs
    stream = pa.table(record)
    assert stream.column_names == record.column_names
    assert stream.num_rows == len(record)
    assert polars.DataFrame(record).shape == frame.shape
    assert record.to_polars().equals(polars.DataFrame(record))
    if hasattr(pd.DataFrame, "from_arrow"):  # pandas 3
        assert pd.DataFrame.from_arrow(record).shape == frame.shape


def test_internal_columns_come_on_demand(record: ShownRows) -> None:
    more = record.to_pandas(internal=True)
    assert list(more.columns) == record._table().column_names
    assert record.to_polars(internal=True).columns == list(more.columns)
    pd.testing.assert_frame_equal(more[record.column_names], record.to_pandas())


def test_a_record_without_rows_is_still_something(record: ShownRows) -> None:
    assert record
    assert record is not None


def test_records_keep_their_equality_and_can_be_copied() -> None:
    world = transactions(30)
    assert world == Transactions(world.rows, world.accounts, world.patterns)
    assert world != replace(world, rows=world.rows.slice(1))
    assert copy.deepcopy(world) == world
    assert copy.copy(world) == world
    some = paths(1, 3, 1)
    assert replace(some, source=2).source == 2


def test_columns_are_taken_by_name() -> None:
    world = transactions(30)
    assert world["amount"].tolist() == world.rows["amount"].to_pylist()
    assert str(world["merchant_id"].dtype) == "Int64"
    assert "amount" in world
    assert "amuont" not in world
    with pytest.raises(RecordError, match="did you mean 'amount'"):
        world["amuont"]
    with pytest.raises(TypeError):
        iter(world)
    assert world.columns == world.column_names


def test_whole_numbers_stay_whole_and_dates_are_datetimes() -> None:
    kinds = transactions(30).to_pandas().dtypes.astype(str)
    assert kinds["merchant_id"] == "Int64"
    assert kinds["amount"] == "int64"
    assert kinds["narrative"] == "category"
    assert kinds["ts"] == "datetime64[ns, UTC]"
    accounts = Table("accounts", transactions(30).accounts).to_pandas()
    assert str(accounts["opened"].dtype) == "datetime64[ns]"
    assert str(paths(1, 3, 1).to_pandas()["date"].dtype) == "datetime64[ns]"
    assert str(portfolio(5).to_pandas("months")["month"].dtype) == "datetime64[ns]"
    truths = Table("t", pa.table({"a": pa.array([True, None]), "b": pa.array([1, None], pa.uint8())}))
    assert truths.to_pandas().dtypes.astype(str).tolist() == ["boolean", "UInt8"]


def test_days_that_nanoseconds_cannot_tell_are_datetimes_still() -> None:
    days = pa.array(["2026-01-05", "9999-12-31"]).cast(pa.date32())
    frame = Table("t", pa.table({"day": days})).to_pandas()
    assert str(frame["day"].dtype).startswith("datetime64")
    assert frame["day"].dt.year.tolist() == [2026, 9999]


def test_kinds_and_calendar_travel_with_the_stream() -> None:
    known = replace(paths(2, 3, 2), kinds=(PRICE, DIFFERENCE))
    assert pa.table(known).schema.metadata == known.schema.metadata


def test_shops_that_miss_are_not_numbers() -> None:
    frame = transactions(30).to_pandas()
    assert frame["merchant_id"].isna().sum() == 10
    assert frame["merchant_id"].dropna().astype("int64").tolist() == [k for k in range(30) if k % 3]


@pytest.mark.parametrize("currencies", [("USD",), ("JPY",), ("KWD",), ("USD", "JPY", "KWD")])
def test_units_and_cents_are_the_same_money(currencies: tuple[str, ...]) -> None:
    world = transactions(300, 2, currencies)
    cents, units = world.to_pandas(), world.to_pandas(money="units")
    digits = cents["currency"].astype(str).map({"USD": 2, "JPY": 0, "KWD": 3}).to_numpy()
    for name in ("amount", "from_balance_after", "to_balance_after"):
        assert cents[name].dtype == np.int64
        assert units[name].dtype == np.float64
        again = np.rint(units[name].to_numpy() * 10.0**digits).astype(np.int64)
        assert again.tolist() == cents[name].tolist()
        assert again.sum() == cents[name].sum()
    assert cents.attrs == {"money": "cents", "currency": ", ".join(sorted(currencies))}
    assert units.attrs["money"] == "units"
    others = [
        name for name in cents.columns if name not in ("amount", "from_balance_after", "to_balance_after")
    ]
    pd.testing.assert_frame_equal(cents[others], units[others])
    assert world.to_polars(money="units")["amount"].to_list() == units["amount"].tolist()


def test_units_are_the_nearest_numbers_to_the_decimals() -> None:
    world = transactions(3)
    rows = world.rows.set_column(6, "amount", pa.array([10, 2**53 - 1, 115]))
    found = replace(world, rows=rows).to_pandas(money="units")["amount"].tolist()
    assert found == [0.1, float("90071992547409.91"), 1.15]


def test_a_row_without_a_currency_has_two_decimals() -> None:
    world = transactions(4, 1, ("JPY", "USD"))
    currency = pa.array(["JPY", None, "JPY", "USD"], pa.string()).dictionary_encode()
    rows = world.rows.set_column(6, "amount", pa.array([100, 100, 100, 100])).set_column(
        7, "currency", currency
    )
    assert replace(world, rows=rows).to_pandas(money="units")["amount"].tolist() == [100.0, 1.0, 100.0, 1.0]


def test_money_missing_stays_missing() -> None:
    world = transactions(2)
    rows = world.rows.set_column(6, "amount", pa.array([None, 100], pa.int64()))
    frame = replace(world, rows=rows).to_pandas(money="units")
    assert frame["amount"].isna().tolist() == [True, False]


@pytest.mark.parametrize("money", ["unit", "dollars", "", None, 1])
def test_another_unit_is_refused(record: ShownRows, money: Any) -> None:
    with pytest.raises(RecordError, match="cents"):
        record.to_pandas(money=money)


def test_the_card_says_which_unit_money_is_in() -> None:
    assert "cents of USD" in repr(transactions(5))
    assert "whole units of JPY" in repr(transactions(5, 2, ("JPY",)))
    assert "cents of EUR" in repr(portfolio(5))
    assert "cents of USD" in transactions(5)._repr_html_()


def test_fields_that_say_their_unit_are_believed() -> None:
    field = pa.field("price_paid", pa.int64(), metadata={"unit": "currency minor units"})
    known = Table("t", pa.table([pa.array([150])], schema=pa.schema([field])))
    assert known.to_pandas(money="units")["price_paid"].tolist() == [1.5]


def test_facts_of_transactions() -> None:
    world = transactions(400, 3)
    illicit = np.asarray(world.rows["is_fraud"]) | np.asarray(world.rows["is_laundering"])
    text = repr(world)
    assert text.startswith("Transactions: 400 rows\n")
    assert f"({illicit.sum():,})" in text
    assert "declined    25 % of rows (100)" in text
    assert "accounts    400, 80 of them external" in text
    assert "schemes     3 from 3 narratives" in text
    assert "2023-11-14 to 2023-12-01" in text


def test_facts_of_paths() -> None:
    some = paths(3, 40, 2)
    text = repr(some)
    assert text.startswith("Paths: 3 paths x 40 daily bars x 2 assets\n")
    assert "2026-01-05 to 2026-02-13" in text
    mean = (some.close[:, -1] / some.close[:, 0]).mean() - 1
    assert f"{100 * mean:+.3g} %" in text
    kinds = replace(some, kinds=(PRICE, DIFFERENCE))
    assert "asset 1 difference, the rest prices" in repr(kinds)
    assert "difference" not in repr(some)
    assert "<svg" in some._repr_html_()


def test_the_mean_path_of_a_history_begins_where_each_asset_does() -> None:
    close = np.array([[[10.0, np.nan], [11.0, 4.0], [12.0, 8.0]]])
    known = Paths(("A", "B"), np.arange(3).astype("datetime64[D]"), {"close": close})
    assert known._curve() == pytest.approx([1.0, (1.1 + 1) / 2, (1.2 + 2) / 2])
    levels = replace(known, kinds=(DIFFERENCE, DIFFERENCE))
    assert levels._curve() == []


def test_facts_of_a_portfolio() -> None:
    book = portfolio(200)
    text = repr(book)
    assert text.startswith("Portfolio: 200 loans over 3 months\n")
    balance = int(np.asarray(book.loans["balance"]).sum())
    assert f"{balance // 100:,}.{balance % 100:02d} EUR" in text
    tail = np.sort(book.losses)[-10:].mean()
    assert f"{round(tail) // 100:,}." in text.split("ES 99 %")[1]
    assert "12 (6 % of loans)" in text
    assert "VaR" not in repr(portfolio(20, draws=100))
    assert "expected loss" not in repr(portfolio(20, draws=0))


def test_the_tables_of_a_portfolio() -> None:
    book = portfolio(20)
    months, losses = book.to_pandas("months", money="units"), book.to_pandas("losses", money="units")
    assert len(months) == 60
    assert months["loss"].tolist() == [x / 100 for x in book.months["loss"].to_pylist()]
    assert losses["loss"].tolist() == [x / 100 for x in book.losses]
    assert losses.attrs == {"money": "units", "currency": "EUR"}
    assert book.to_pandas("losses").attrs["money"] == "cents"
    with pytest.raises(RecordError, match="did you mean 'months'"):
        book.to_pandas("month")  # type: ignore[arg-type]


def test_losses_in_currencies_of_other_decimals_have_no_units() -> None:
    book = portfolio(20, currencies=("EUR", "JPY"))
    with pytest.raises(RecordError, match="EUR, JPY"):
        book.to_pandas("losses", money="units")
    assert len(book.to_pandas(money="units")) == 20
    same = portfolio(20, currencies=("EUR", "USD"))
    assert same.to_pandas("losses", money="units")["loss"][0] == same.losses[0] / 100


def test_without_polars_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def missing(name: str, *rest: Any, **more: Any) -> Any:
        if name == "polars":
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(RecordError, match="pip install polars"):
        transactions(3).to_polars()


def test_a_portfolio_without_currency_is_in_plain_amounts() -> None:
    book = portfolio(10)
    plain = Portfolio(book.loans.drop(["currency"]), book.months, book.losses)
    assert plain.to_pandas(money="units")["balance"][0] == book.loans["balance"][0].as_py() / 100
    assert len(repr(plain)) <= 600
