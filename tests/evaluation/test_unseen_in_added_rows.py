"""Pairs of cells that no real row has are named, with the share that real rows held out have."""

import numpy as np
import pandas as pd
import pyarrow as pa

from finsim.evaluation.added_rows.unseen_pairs import unseen_pairs

REAL, ADDED = 4_000, 100


def rows(**planted: object) -> pa.Table:
    """Return real rows, and added ones like them but for ``planted`` columns."""
    rng = np.random.default_rng(1)
    shop = rng.integers(0, 12, REAL + ADDED)
    account = rng.integers(0, 40, REAL + ADDED)
    table = pd.DataFrame({
        "account": account.astype(str), "shop": np.char.add("S", shop.astype(str)),
        "kind": np.asarray(["POS", "DD"])[shop % 2], "town": np.asarray(["A", "B", "C"])[account % 3],
        "card": np.char.add("CARD ", (account * 7).astype(str)),
    })  # fmt: skip
    for name, values in planted.items():
        table.loc[REAL:, name] = values
    return pa.Table.from_pandas(table, preserve_index=False)


def named(table: pa.Table):
    real = np.arange(REAL + ADDED) < REAL
    first = ~real & (np.arange(REAL + ADDED) < REAL + ADDED // 2)
    return unseen_pairs(table, real, [first, ~real & ~first], "account", {"account", "shop"})


def test_rows_like_real_ones_are_not_named() -> None:
    assert named(rows()) == [None, None]


def test_a_type_that_a_shop_never_has_is_named() -> None:
    wrong = ["POS"] * (ADDED // 2) + [rows()["kind"][REAL + k].as_py() for k in range(ADDED // 2, ADDED)]
    found, clean = named(rows(kind=wrong))
    assert clean is None
    assert found is not None
    assert found.columns == "shop and kind"
    assert 0.3 < found.share < 0.7
    assert found.real == 0.0


def test_the_card_of_another_account_is_named_and_a_new_one_is_not() -> None:
    cards = rows()["card"].to_pylist()[REAL:]
    found = named(rows(card=cards[1:] + cards[:1]))[0]
    assert found is not None
    assert found.columns == "account and card"
    assert found.share > 0.9
    assert named(rows(card=[f"CARD 9{k:05d}" for k in range(ADDED)])) == [None, None]
