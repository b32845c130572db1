"""Schemes in statements with debits and credits in two columns: read as one amount, written as two."""

import numpy as np
import pandas as pd
import pytest

import finsim

SIDES = ["Soll", "Haben"]
STORY = "card_testing_escalation"


def statement(*, zeros=False, minus=False, party="Firma {}", mostly_in=False) -> pd.DataFrame:
    """Return rows of 30 accounts with a running balance, by account and time."""
    rng = np.random.default_rng(5)
    parts = []
    for k in range(30):
        days = np.sort(rng.integers(0, 120, 60)) + np.datetime64("2024-01-01")
        into = rng.random(60) < (0.7 if mostly_in else 0.3)
        sums = np.round(rng.lognormal(3.5, 0.8, 60), 2)
        none = 0.0 if zeros else np.nan
        parts.append(pd.DataFrame({
            "Konto": f"DE{10**9 + 17 * k}", "Buchungstag": days.astype(str),
            "Buchungstext": np.where(into, "Gutschrift", rng.choice(["Lastschrift", "Karte"], 60)),
            "Auftraggeber/Empfänger": [party.format(one) for one in rng.integers(0, 40, 60)],
            "Soll": np.where(into, none, -sums if minus else sums), "Haben": np.where(into, sums, none),
            "Saldo": np.round(900 + np.cumsum(np.where(into, sums, -sums)), 2),
        }))  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def injected(tmp_path, frame, schema=None, story=STORY):
    frame.to_csv(tmp_path / "s.csv", index=False, sep=";", decimal=",", float_format="%.2f")
    if schema is not None:
        (tmp_path / "s.yaml").write_text(schema)
    said = finsim.inject(
        tmp_path / "s.csv", narratives=story, output=tmp_path / "out", rate=0.03, seed=4,
        schema=tmp_path / "s.yaml" if schema else None,
    )  # fmt: skip
    rows = pd.read_parquet(said.transactions)
    for name in (*SIDES, "Saldo"):
        rows[name] = rows[name].astype(float)
    return said, rows[rows["instance"] < 0], rows[rows["instance"] >= 0], rows


def assert_goes_on(rows, added):
    """An added row has the balance of the account's row before it and what it moves itself."""
    move = rows["Haben"].fillna(0) - rows["Soll"].abs().fillna(0)
    before = rows["Saldo"].groupby(rows["Konto"]).shift()
    here = rows.index.isin(added.index) & before.notna()
    assert here.sum() > 10
    np.testing.assert_allclose((before + move)[here], rows["Saldo"][here], atol=0.006)


@pytest.mark.parametrize(("zeros", "minus"), [(False, False), (True, False), (False, True)])
def test_one_amount_is_read_and_two_columns_are_written(tmp_path, zeros, minus):
    frame = statement(zeros=zeros, minus=minus)
    said, real, added, rows = injected(tmp_path, frame)
    for name in frame.columns:
        want = frame[name]
        got = real[name].astype(want.dtype).to_numpy()
        assert pd.Series(got).equals(want) or (got == want).all(), name
    assert len(added) > 20
    none = added[SIDES] == 0 if zeros else added[SIDES].isna()
    assert (none.sum(axis=1) == 1).all()
    assert (added["Soll"][~none["Soll"]] * (-1 if minus else 1) > 0).all()
    assert (added["Haben"][~none["Haben"]] > 0).all()
    assert any("amount Soll, credit Haben" in one for one in said.remarks)
    assert any(one.startswith("Saldo: runs on") for one in said.remarks)
    assert_goes_on(rows, added)


def test_purchases_go_out_of_an_account_that_is_mostly_paid(tmp_path):
    _, _, added, rows = injected(tmp_path, statement(mostly_in=True))
    assert added["Soll"].notna().all()
    assert added["Haben"].isna().all()
    assert set(added["Buchungstext"]) <= {"Lastschrift", "Karte"}
    assert_goes_on(rows, added)


def test_money_that_comes_in_has_the_other_column(tmp_path):
    frame = statement().drop(columns="Auftraggeber/Empfänger")
    _, _, added, _ = injected(tmp_path, frame, story="app_scam_mule_chain")
    assert added["Soll"].notna().any()
    assert added["Haben"].notna().any()
    assert set(added["Buchungstext"][added["Haben"].notna()]) == {"Gutschrift"}
    assert (added["Soll"].notna() != added["Haben"].notna()).all()


def test_sides_are_known_by_their_roles(tmp_path):
    frame = statement().rename(columns={"Soll": "Raus", "Haben": "Rein"})
    schema = (
        "finsim: schema/1\nkind: payments\nread: {sep: ';', decimal: ','}\ncolumns:\n"
        "  Konto: {type: id, role: from_account}\n  Buchungstag: {type: date, role: date}\n"
        "  Buchungstext: {type: cat}\n  Partner: {from: Auftraggeber/Empfänger, type: cat, role: merchant}\n"
        "  Soll: {from: Raus, type: money, ccy: EUR, role: debit, null: true}\n"
        "  Haben: {from: Rein, type: money, ccy: EUR, role: credit, null: true}\n"
        "  Saldo: {type: money, ccy: EUR}\n"
    )
    frame.to_csv(tmp_path / "s.csv", index=False, sep=";", decimal=",", float_format="%.2f")
    (tmp_path / "s.yaml").write_text(schema)
    said = finsim.inject(
        tmp_path / "s.csv", narratives=STORY, output=tmp_path / "out", rate=0.03, schema=tmp_path / "s.yaml"
    )
    rows = pd.read_parquet(said.transactions)
    added = rows[rows["instance"] >= 0]
    assert len(added) > 20
    assert (added["Raus"].notna() != added["Rein"].notna()).all()


def test_the_same_rows_with_one_signed_amount_get_the_same_schemes(tmp_path):
    frame = statement()
    _, _, two, _ = injected(tmp_path, frame)
    one = frame.assign(Betrag=frame["Haben"].fillna(0) - frame["Soll"].fillna(0)).drop(columns=SIDES)
    one = one.rename(columns={"Auftraggeber/Empfänger": "Merchant"})
    one.to_csv(tmp_path / "one.csv", index=False, sep=";", decimal=",", float_format="%.2f")
    said = finsim.inject(tmp_path / "one.csv", narratives=STORY, output=tmp_path / "one", rate=0.03, seed=4)
    rows = pd.read_parquet(said.transactions)
    rows = rows[rows["instance"] >= 0]
    signed = two["Haben"].fillna(0) - two["Soll"].fillna(0)
    np.testing.assert_allclose(signed.to_numpy(), rows["Betrag"].astype(float).to_numpy())
    assert two["Konto"].tolist() == rows["Konto"].tolist()
