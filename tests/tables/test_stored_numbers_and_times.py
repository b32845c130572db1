"""Stored columns: floats are never words, and times that no type holds are refused where they are."""

import datetime as dt
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import finsim
from finsim.errors import DataError
from finsim.tables import propose
from finsim.tables.learning.mixed_columns import mixed_column

CENTS = np.round(np.random.default_rng(3).lognormal(5, 1, 300), 2)
FAR = dt.datetime(9999, 12, 31)


def late(values, odd, at):
    """Return values among which an odd one stands, further on than a proposal is made from."""
    return [*values[:at], odd, *values[at:]]


@pytest.mark.parametrize(
    "cells",
    [
        pa.array(CENTS, pa.float32()),
        pa.array(CENTS * 1.0123457),
        pa.array([*CENTS, np.inf]),
        pa.array([*CENTS, -np.inf, np.nan], pa.float32()),
        pa.array([np.inf] * 3),
        pa.array(late([1.0] * 6000, 2.5, 5500)),
        pa.array(late([12.25] * 6000, 0.123456, 5500)),
        pa.array(late([20_240_131.0] * 6000, 0.5, 5500)),
        pa.array(late([1] * 6000, 2**63 + 5, 5500), pa.uint64()),
    ],
)
@pytest.mark.parametrize("header", ["amount", "rate", "x", "day"])
def test_stored_numbers_are_never_words(cells, header):
    found = propose(pa.table({header: cells, "word": ["a"] * len(cells)})).fields
    assert found[header].type in ("float", "ratio", "money")
    assert found["word"].type == "cat"


def test_floats_of_32_bits_are_learned_as_the_cents_they_stand_for():
    found = mixed_column(pa.chunked_array([pa.array([*CENTS, np.nan], pa.float32())]))
    assert found.step == pytest.approx(0.01)
    assert found.values[:-1].tolist() == CENTS.tolist()
    free = np.float32(np.random.default_rng(1).normal(size=50))
    assert mixed_column(pa.chunked_array([pa.array(free)])).values.tolist() == free.astype(float).tolist()


def test_a_model_of_float32_amounts_gives_new_amounts_of_cents(tmp_path):
    frame = pd.DataFrame({"amount": CENTS.astype("float32"), "x": np.arange(300) % 7})
    frame.to_parquet(tmp_path / "t.parquet", index=False)
    model = finsim.fit(tmp_path / "t.parquet", "bayes", kind="table", progress=False)
    made = finsim.sample(model, rows=50, progress=False).arrow["amount"]
    assert made.type == pa.float32()
    values = made.to_numpy()
    assert np.array_equal(np.round(values.astype(float), 2).astype("float32"), values)


@pytest.mark.parametrize("body", ["bayes", "resample_rows"])
def test_an_infinite_cell_is_refused_where_it_is_learned(body):
    table = pa.table({"amount": [*CENTS, np.inf], "x": np.arange(301) % 7})
    with pytest.raises(DataError, match=r"column 'amount'") as caught:
        finsim.fit(table, body, kind="table", progress=False)
    assert "1 cells are infinite" in str(caught.value)
    assert "correct or empty" in str(caught.value)


@pytest.mark.parametrize("kind", [pa.timestamp("s"), pa.timestamp("us", tz="UTC"), pa.date32()], ids=str)
def test_a_time_beyond_nanoseconds_is_refused_at_its_column_and_never_a_word(tmp_path, kind):
    days = pa.array([dt.datetime(2020, 1, 1, 10) + dt.timedelta(days=k) for k in range(200)] + [FAR])
    table = pa.table({"v": days.cast(pa.timestamp("us")).cast(kind, safe=False), "x": np.arange(201) % 7})
    pq.write_table(table, tmp_path / "t.parquet")
    assert propose(tmp_path / "t.parquet").fields["v"].type in ("ts", "date")
    with pytest.raises(DataError, match="column 'v'") as caught:
        finsim.fit(tmp_path / "t.parquet", "bayes", kind="table", progress=False)
    assert "1678 to 2261" in str(caught.value)
    assert "correct or empty" in str(caught.value)


@pytest.mark.parametrize("kind", [pa.time32("s"), pa.time64("us")], ids=str)
def test_times_of_day_are_left_out_in_words(kind):
    table = pa.table({"v": pa.array(range(200), pa.int32() if "32" in str(kind) else pa.int64()).cast(kind),
                      "x": np.arange(200) % 7})  # fmt: skip
    found = propose(table)
    assert list(found.fields) == ["x"]
    assert any("'v'" in doubt for doubt in found.doubts)
    model = finsim.fit(table, "bayes", kind="table", progress=False)
    assert finsim.sample(model, rows=5, progress=False).arrow.column_names == ["x"]
    assert "not learned: v" in model.data["read_as"]


@pytest.mark.parametrize("form", ["%Y-%m-%dT%H:%M:%S", "%d.%m.%Y %H:%M"])
def test_a_written_time_beyond_nanoseconds_is_refused_too(tmp_path, form):
    times = [dt.datetime(2020, 1, 1, 10) + dt.timedelta(days=k) for k in range(200)] + [FAR]
    frame = pd.DataFrame({"v": [one.strftime(form) for one in times], "x": np.arange(201) % 7})
    frame.to_csv(tmp_path / "t.csv", index=False)
    with pytest.raises(DataError, match="column 'v'") as caught:
        finsim.fit(tmp_path / "t.csv", "bayes", kind="table", progress=False)
    assert "1678 to 2261" in str(caught.value)


@pytest.mark.parametrize("values", [[7, 8, 7], [7, None, 7], [7.0, 8.0, 7.0]])
@pytest.mark.parametrize(
    ("kind", "check"),
    [("id", "a = '7'"), ("cat", "a = '7'"), ("int", "a = 7"), ("float", "a < 8"), ("id", "unique(a)")],
)
def test_numbers_in_a_dictionary_are_read_as_plain_ones(kind, check, values):
    pack = finsim.RuleSet.parse(
        "finsim-rules: 1\npack: {id: p, version: '1'}\ntable: t\n"
        f'columns: {{a: {{type: {kind}}}}}\nrules: [{{id: r, check: "{check}"}}]\n'
    )
    plain = pa.array(values)
    coded, frame = pa.table({"a": plain.dictionary_encode()}), pd.DataFrame({"a": pd.Categorical(values)})
    told = {
        finsim.check(one, pack, tier=tier, progress=False).to_text()
        for one in (pa.table({"a": plain}), coded, frame)
        for tier in ("interpreter", "compiled")
    }
    assert len(told) == 1
    assert "BROKEN" in told.pop()


def test_an_index_without_a_name_is_no_column_of_the_table(tmp_path):
    rows = pd.DataFrame({"account": ["a", "b"] * 40, "amount": CENTS[:80], "row": range(80)})
    file = tmp_path / "rows.parquet"
    rows.sort_values("amount").to_parquet(file)
    found = propose(file)
    assert list(found.fields) == ["account", "amount", "row"]
    assert any("__index_level_0__" in said and "left out" in said for said in found.about)
    named = rows.sort_values("amount").rename_axis("ticket")
    named.to_parquet(file)
    assert "ticket" in propose(file).fields


@pytest.mark.parametrize("first", [100_001, 10**20])
def test_decimals_without_a_scale_are_whole_numbers(first):
    """Warehouses write whole numbers as decimals of 38 digits: identifiers stay exact."""
    count = range(400)
    wide = pa.decimal128(38, 0)
    table = pa.table({
        "loan_id": pa.array([Decimal(first + 3 * at) for at in count], wide),
        "branch": pa.array([Decimal(first + at % 7) for at in count], wide),
        "term": pa.array([Decimal(12 + 12 * (at % 2)) for at in count], wide),
        "rate": pa.array([Decimal(at + 1) / 100 for at in count], pa.decimal128(10, 2)),
    })  # fmt: skip
    types = {name: field.type for name, field in propose(table, "loans").fields.items()}
    assert types == {
        "loan_id": "id", "branch": "int" if first < 2**63 else "id", "term": "int", "rate": "ratio",
    }  # fmt: skip
    model = finsim.fit(table, kind="table", generator="resample_rows", seed=1, progress=False)
    new = finsim.sample(model, rows=300, seed=2, progress=False)["loan_id"].tolist()
    assert len(set(new)) == 300
    assert not {str(one) for one in new} & {str(first + 3 * at) for at in count}


def test_a_quantity_beyond_int64_is_a_float():
    """Sums of a chain in wei vary in length; numbers of one length are names."""
    wei = pa.array([str(10**at) for at in range(15, 24)] * 40)
    assert propose(pa.table({"x": wei, "y": pa.array(["7"] * 360)})).fields["x"].type == "float"
