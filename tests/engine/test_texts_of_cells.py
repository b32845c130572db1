"""Texts made of other cells of their row: new and added rows name their own counterparty, day and sum."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from text_statements import BILLS, SHORT, british, german

import finsim
from finsim.engine.learned import event_model

CARD = re.compile(r"(.+) (\d\d)\.(\d\d)\. (\d\d):(\d\d) UHR KARTE (\d{4})")
DEBIT = re.compile(r"(.+) Mandat (\d{7}) BETRAG (\d+,\d\d) EUR")
ORDER = re.compile(r"(.+) Auftrag (\d{6}) (Miete|Danke|Geschenk)")


def _right(row: pd.Series) -> bool:
    """Whether a German text says what its row says."""
    if row["art"] == "KARTE":
        said = CARD.fullmatch(row["zweck"])
        if said is None or said[1] != row["haendler"][:SHORT].rstrip():
            return False
        late = {(row["tag"] - pd.Timedelta(days=one)).strftime("%d.%m") for one in (1, 2, 3)}
        return f"{said[2]}.{said[3]}" in late and 8 <= int(said[4]) < 20
    if row["art"] == "LASTSCHRIFT":
        said = DEBIT.fullmatch(row["zweck"])
        named = said is not None and said[1] == row["haendler"].title()
        return named and said[3] == f"{-row['betrag']:.2f}".replace(".", ",")
    said = ORDER.fullmatch(row["zweck"])
    return said is not None and said[1] == row["haendler"]


@pytest.fixture(scope="module")
def learned():
    real = german()
    return real, finsim.fit(real, kind="events", generator="habits", seed=1, progress=False)


def _sampled(model) -> pd.DataFrame:
    return _plain(finsim.sample(model, entities=50, seed=2, progress=False).to_pandas())


def _plain(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows whose words are plain text."""
    return rows.astype({name: "str" for name in rows.columns if rows[name].dtype == "category"})


def test_new_rows_say_what_they_are(learned, tmp_path, monkeypatch) -> None:
    """Texts of a saved model fit their rows; those of a twin without the finder are of other rows."""
    real, model = learned
    assert real.apply(_right, axis=1).all()
    model.save(tmp_path / "model")
    new = _sampled(tmp_path / "model")
    assert new.equals(_sampled(model))
    assert new.apply(_right, axis=1).mean() > 0.99
    assert "zweck: 100.0% of its texts are made of other cells of the row: haendler" in model.data["read_as"]
    monkeypatch.setattr(event_model, "without_texts", lambda data, streams, of_purpose: (data, None))
    twin = finsim.fit(real, kind="events", generator="habits", seed=1, progress=False)
    assert _sampled(twin).apply(_right, axis=1).mean() < 0.3


def test_digits_are_of_card_mandate_and_order(learned, tmp_path) -> None:
    """One card of an account, one mandate of account and payee, orders that count on; none of the file."""
    real, model = learned
    new = _sampled(model)
    cards = new["zweck"].str.extract(CARD)[5]
    assert (cards.groupby(new["konto"]).nunique() <= 1).all()
    assert cards.nunique() > 30
    pairs = new.assign(mandate=new["zweck"].str.extract(DEBIT)[1]).dropna(subset="mandate")
    assert (pairs.groupby(["konto", "haendler"])["mandate"].nunique() == 1).all()
    assert pairs["mandate"].nunique() == len(pairs.groupby(["konto", "haendler"]))
    known = set(real["zweck"].str.extract(DEBIT)[1].dropna())
    assert len(known & set(pairs["mandate"])) <= 1  # 7 digits, by chance
    model.save(tmp_path / "model")
    stored = (tmp_path / "model" / "model.json").read_text(encoding="utf-8")
    assert not [one for one in known if one in stored]
    orders = new["zweck"].str.extract(ORDER)[1].dropna().astype(int)
    step = orders.groupby(new.loc[orders.index, "konto"]).diff().dropna()
    assert (step == 1).mean() > 0.95
    waits = {one: _waits(rows) for one, rows in (("real", real), ("new", new))}
    assert np.abs(waits["real"] - waits["new"]).max() < 0.06


def _waits(rows: pd.DataFrame) -> np.ndarray:
    """Return the shares of purchases 1, 2 and 3 days before a Monday on which they are booked."""
    monday = rows[(rows["art"] == "KARTE") & (rows["tag"].dt.day_of_week == 0)]
    day = monday["zweck"].str.extract(CARD)[[1, 2]].agg(".".join, axis=1)
    lag = [(monday["tag"] - pd.Timedelta(days=one)).dt.strftime("%d.%m") == day for one in (1, 2, 3)]
    return np.array([one.mean() for one in lag])


def test_texts_of_british_statements() -> None:
    """Names whole and the day as 14DEC; a reference of each account and payee."""
    real = british()
    model = finsim.fit(real, kind="events", generator="habits", seed=1, progress=False)
    new = _sampled(model)
    pos = new[new["type"] == "POS"]
    assert (pos["narration"] == pos["merchant"] + pos["when"].dt.strftime(" %d%b").str.upper()).all()
    debit = new[new["type"] == "DD"]
    said = debit["narration"].str.extract(r"(.+) REF (\d{8})$")
    assert (said[0] == debit["merchant"]).all()
    assert set(debit["merchant"]) <= set(BILLS)
    assert (said[1].groupby([debit["acct"], debit["merchant"]]).nunique() == 1).all()


def test_a_word_of_each_payee_stays_as_it_is(monkeypatch) -> None:
    """Texts that are one word of each counterparty are learned as ever, to the byte."""
    real = british(people=30)
    real["narration"] = "AT " + real["merchant"]
    fitted = {"kind": "events", "generator": "habits", "seed": 1, "progress": False}
    one = _sampled(finsim.fit(real, **fitted))
    monkeypatch.setattr(event_model, "without_texts", lambda data, streams, of_purpose: (data, None))
    assert one.equals(_sampled(finsim.fit(real, **fitted)))


@pytest.mark.parametrize("kind", ["german", "british"])
def test_added_rows_say_what_they_are(kind, tmp_path) -> None:
    """Texts of added rows fit them, with the card of their account; real rows stay."""
    real = german() if kind == "german" else british()
    made = finsim.inject(real, narratives=["card_testing_escalation"], output=tmp_path / "out", rate=0.03,
                         seed=2, progress=False)  # fmt: skip
    rows = _plain(pq.read_table(made.transactions).to_pandas())
    added, kept = rows[rows["instance"] >= 0], rows[rows["instance"] < 0]
    text = "zweck" if kind == "german" else "narration"
    assert kept[text].tolist() == real[text].tolist()
    assert len(added) > 40
    assert any(f"{text}: " in one for one in made.remarks)
    if kind == "british":
        pos = added[added["type"] == "POS"]
        assert (
            pos["narration"] == pos["merchant"] + pos["when"].dt.strftime(" %d%b").str.upper()
        ).mean() > 0.99
        return
    assert added.apply(_right, axis=1).mean() > 0.95
    cards = real.assign(card=real["zweck"].str.extract(CARD)[5]).dropna().groupby("konto")["card"].first()
    own = added["zweck"].str.extract(CARD)[5].dropna()
    assert (own == added.loc[own.index, "konto"].map(cards)).mean() > 0.99
