"""Cells of added rows at merchants belong together: type, town, category of the payee, the payer's card."""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pytest
from card_statement import card_statement, written

import finsim
from finsim.engine.injection.accounts.merchant_words import _anew, is_tied


@cache
def injected():
    with TemporaryDirectory() as folder:
        data, schema = written(Path(folder), card_statement())
        made = finsim.inject(
            data, narratives=["card_testing_escalation", "lost_or_stolen_card"], schema=schema, rate=0.08,
            seed=3, output=Path(folder) / "o", progress=False,
        )  # fmt: skip
        table = pd.read_parquet(made.transactions)
    words = ["Account", "Type", "Payee", "Reference", "Category", "Town", "narrative"]
    table[words] = table[words].astype(object)
    table["Town"] = table["Town"].fillna("")
    return table[table["narrative"].isna()], table[table["narrative"].notna()], made


def test_only_names_that_are_paid_by_purchases_are_merchants() -> None:
    _, added, _ = injected()
    assert len(added) > 100
    assert added["Payee"].str.startswith("SHOP").all()  # no machine, biller, landlord or employer
    assert set(added["Type"]) == {"POS"}


@pytest.mark.parametrize("pair", [("Type", "Payee"), ("Town", "Payee"), ("Category", "Payee"),
                                  ("Type", "Category"), ("Category", "Town")])  # fmt: skip
def test_no_pair_of_words_is_new(pair: tuple[str, str]) -> None:
    real, added, _ = injected()
    known = set(zip(*(real[one] for one in pair), strict=True))
    assert set(zip(*(added[one] for one in pair), strict=True)) <= known


def test_the_card_is_the_accounts_own() -> None:
    real, added, _ = injected()
    cards = real[real["Type"] == "POS"].groupby("Account")["Reference"].first()
    assert (added["Reference"] == added["Account"].map(cards)).all()
    homes = real[real["Town"] != ""].groupby("Account")["Town"].first()
    told = added[added["Town"] != ""]
    assert (told["Town"] == told["Account"].map(homes)).mean() > 0.9


def test_nothing_is_named_where_all_belongs_together() -> None:
    made = injected()[2]
    assert [one.unseen_pair for one in made.separations] == ["", ""]
    assert not [one for one in made.remarks if "no real row has" in one]


def test_words_are_tied_where_pairs_never_are() -> None:
    rng = np.random.default_rng(0)
    one = rng.integers(0, 6, 5_000)
    assert is_tied(one, one // 2)
    assert not is_tied(one, rng.integers(0, 6, 5_000))
    assert not is_tied(one, rng.integers(0, 2_000, 5_000))  # too few rows a pair to tell


def test_a_reference_made_anew_keeps_its_form() -> None:
    made = {_anew("EE-5561158", np.random.default_rng(seed)) for seed in range(5)}
    assert len(made) == 5
    assert all(one.startswith("EE-") and one[3:].isdigit() and len(one) == 10 for one in made)
