"""Amounts of loans in currencies with none, two, three and four decimals: one tape, told in each of them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from finsim.credit.book import fit_book, loans
from finsim.credit.kept import kept_loans
from finsim.credit.settings import Settings
from finsim.credit.tape import read_tape
from finsim.notation import minor_digits, minor_units
from finsim.randomness import Streams
from finsim.records.display.fact_words import money as exact
from finsim.report.number_text import money as short
from finsim.tables.currencies import CURRENCIES

DECIMALS = {"EUR": 2, "JPY": 0, "KWD": 3, "KRW": 0, "CLF": 4}
MONEY = ("amount", "balance", "payment", "income", "collateral_value")


def tape(currency: str, seed: int = 5, count: int = 300) -> pd.DataFrame:
    """Return a tape whose amounts are the same whole units in any currency."""
    rng = np.random.default_rng(seed)
    return pd.DataFrame({
        "loan_no": [f"K{at}" for at in range(count)],
        "amount": rng.integers(1_000, 40_000, count).astype(float),
        "income": rng.integers(1_500, 9_000, count).astype(float),
        "collateral_value": rng.integers(5_000, 90_000, count).astype(float),
        "term_months": rng.choice([24, 48], count),
        "months_on_book": rng.integers(0, 20, count),
        "rate": rng.uniform(0.01, 0.2, count).round(4),
        "pd": rng.uniform(0.01, 0.2, count),
        "lgd": rng.uniform(0.1, 0.9, count),
        "sector": "shops",
        "loan_class": "consumer",
        "currency": currency,
    })  # fmt: skip


@pytest.mark.parametrize("currency", DECIMALS)
def test_a_kept_loan_has_the_units_of_the_tape(currency: str) -> None:
    source = tape(currency)
    table = kept_loans(read_tape(source, keep=True).frame, Settings(shard_loans=100), Streams(1))
    found = table.to_pandas()
    for name in ("amount", "income", "collateral_value"):
        units = found[name] / 10.0 ** DECIMALS[currency]
        assert np.allclose(units, source[name], rtol=0, atol=1e-9), name
    assert set(found["currency"].astype(str)) == {currency}


@pytest.mark.parametrize("currency", DECIMALS)
@pytest.mark.parametrize("seed", [5, 6])
def test_a_resampled_book_is_the_same_units_in_every_currency(currency: str, seed: int) -> None:
    found = {}
    for code in ("EUR", currency):
        applications = read_tape(tape(code, seed)).frame
        book = fit_book(applications, Settings(shard_loans=200))
        found[code] = loans(book, 200, Streams(seed)).to_pandas()
    scale = 10.0 ** (DECIMALS[currency] - DECIMALS["EUR"])
    for name in MONEY:
        if name in found["EUR"]:
            step = max(1.0, scale)  # a rounding of either currency's smallest unit
            wide = 40 if name in ("balance", "income") else 2
            assert np.allclose(found[currency][name], found["EUR"][name] * scale, rtol=0, atol=wide * step), (
                name
            )
    assert np.array_equal(found[currency]["pd"], found["EUR"]["pd"])
    assert (found[currency]["amount"] % 10 ** DECIMALS[currency] == 0).all()


def test_the_page_and_the_card_say_the_same_amount() -> None:
    for currency in CURRENCIES:
        minor = 12 * minor_units(currency)
        assert exact(minor, currency).split()[0].startswith("12")
        assert float(short(minor, currency).split("\u202f")[0]) == 12.0
        assert minor_units(currency) == 10 ** minor_digits(currency)
    assert short(1_234, "JPY") == "1,234\u202fJPY"
    assert short(12, "JPY") == "12\u202fJPY"
    assert short(1_234, "KWD") == "1.234\u202fKWD"
    assert short(1_234, "EUR") == "12.34\u202fEUR"
    assert short(5_000_000, "JPY") == "5.000\u202fm\u202fJPY"
