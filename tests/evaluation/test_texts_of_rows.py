"""Texts that name another counterparty or day than their row are seen; real halves pass."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from finsim.evaluation.events.event_sides import event_case
from finsim.evaluation.events.statements import texts_of_rows
from finsim.evaluation.settings import Settings
from finsim.evaluation.tables.column_pairs import Roles
from finsim.randomness import Streams

SHOPS = [
    f"{one} {town}" for one in ("BOOTS", "GREGGS", "ALDI") for town in ("YORK", "HULL", "LEEDS", "DOVER")
]


def statement(seed, fault=""):
    """Accounts whose texts name the shop and the day of purchase, 0 to 2 days before the row."""
    rng = np.random.default_rng(seed)
    rows = []
    for e in range(60):
        for day in np.sort(rng.integers(0, 120, 40)):
            time = pd.Timestamp("2025-01-01") + pd.Timedelta(days=int(day))
            shop, late = SHOPS[rng.integers(12)], int(rng.integers(0, 3))
            bad = rng.random() < 0.3
            named = SHOPS[rng.integers(12)] if bad and fault == "shop" else shop
            late = int(rng.integers(3, 40)) if bad and fault == "day" else late
            text = f"CARD {named} {time - pd.Timedelta(days=late):%d/%m}"
            rows.append((f"a{e}", time, shop, text, round(float(rng.lognormal(3, 1)), 2)))
    return pd.DataFrame(rows, columns=["account", "date", "shop", "text", "amount"])


def measured(real, own):
    roles = Roles(id="account", time="date", amount="amount", counterparty="shop")
    tables = [pa.Table.from_pandas(one, preserve_index=False) for one in (real, own)]
    return texts_of_rows.measure(event_case(*tables, None, roles, Streams(1), Settings(bootstrap=60)))


@pytest.mark.parametrize(("fault", "column"), [("", ""), ("shop", "shop"), ("day", "date")])
def test_a_planted_break_is_seen(fault, column):
    (score,) = measured(statement(1), statement(2, fault))
    if not fault:
        assert (score.subject, score.value, score.verdict) == ("text", 0.0, "pass")
        return
    assert 0.2 < score.value < 0.35
    assert score.verdict in ("warn", "fail")
    assert score.note.startswith(f"{column}: in 100.0% of real texts, ")


def test_texts_of_other_rows_are_the_ceiling():
    real = statement(1)
    dealt = real.assign(text=np.random.default_rng(3).permutation(real["text"]))
    (score,) = measured(real, dealt)
    assert score.value > 0.85
    words = real.assign(text=real["shop"].str.lower())
    assert "no column" in measured(words, words)[0].reason
