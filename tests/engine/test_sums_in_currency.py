"""Sums of new rows have the decimals of their currency, in files of numbers as in files of text."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import finsim
from finsim.engine.learned.currency_decimals import rounded_by_currency, stored_places

PLACES = {"EUR": 2, "JPY": 0, "KWD": 3}


@pytest.fixture(scope="module")
def tape():
    rng = np.random.default_rng(0)
    ccy = rng.choice(list(PLACES), 300)
    sums = rng.lognormal(5, 1, 300)
    amount = [round(value, PLACES[word]) for value, word in zip(sums, ccy, strict=True)]
    return pd.DataFrame({"currency": ccy, "amount": amount, "age": rng.integers(20, 60, 300)})


@pytest.mark.parametrize("stored", ["csv", "parquet"])
@pytest.mark.parametrize("out", ["csv", "parquet"])
def test_sums_have_the_decimals_of_their_currency(tape, stored, out, tmp_path):
    place = tmp_path / f"tape.{stored}"
    if stored == "csv":
        texts = [f"{v:.{PLACES[w]}f}" for v, w in zip(tape["amount"], tape["currency"], strict=True)]
        tape.assign(amount=texts).to_csv(place, index=False)
    else:
        tape.to_parquet(place, index=False)
    model = finsim.fit(place, "bayes", kind="table", progress=False)
    finsim.sample(model, rows=400, output=tmp_path / f"new.{out}", progress=False)
    rows = (pd.read_csv if out == "csv" else pd.read_parquet)(tmp_path / f"new.{out}")
    for word, places in PLACES.items():
        mine = rows["amount"][rows["currency"] == word].to_numpy(float)
        assert len(mine) > 50
        assert np.abs(mine - np.round(mine, places)).max() < 1e-9
    assert (rows["amount"] != rows["amount"].round(2)).any()  # not all like euros


def test_a_gap_stays_one_and_other_currencies_are_left_alone():
    sums = pa.array([1.255, None, 7.7, 3.123])
    words = pa.array(["EUR", "EUR", "JPY", "XAU"])
    found = rounded_by_currency(sums, words, {"EUR": (1, 1), "JPY": (0, 0)})
    assert found.to_pylist() == [1.3, None, 8.0, 3.123]
    chunked = pa.chunked_array([sums]), pa.chunked_array([words])
    assert stored_places(*chunked) == {"EUR": (3, 3), "JPY": (1, 1), "XAU": (3, 3)}
    assert stored_places(chunked[0].slice(0, 1), chunked[1].slice(0, 1)) == {}
