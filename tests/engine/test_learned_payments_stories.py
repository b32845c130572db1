"""What gives the stories of a learned ledger away, and what they do to ordinary life."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from test_learned_payments import MADE

from finsim.agents.channels_by_amount import ChannelsByAmount
from finsim.agents.payment_orders import Orders
from finsim.agents.statement_rows import SECOND, Middles, as_statements
from finsim.agents.vocabulary import CHANNELS as ALL_CHANNELS
from finsim.engine.finished_run import Run
from finsim.engine.run import run
from finsim.engine.study.study_file import study_of
from finsim.evaluation.added_rows.column_codes import Codes, column_codes
from finsim.evaluation.added_rows.separation import auc, separation
from finsim.kernels.ledger import DECLINED, POSTED, Book, Rows
from finsim.records.columns import LABEL
from finsim.records.transactions import TRANSACTION_SCHEMA

pytestmark = pytest.mark.sweep

TOLD = {
    "cards": ["card_testing_escalation"],
    "accounts": ["app_scam_mule_chain", "account_takeover", "payroll_fan_out"],
    "statements": [
        "account_ring_layering", "account_takeover", "app_scam_mule_chain", "marketplace_gather_scatter",
        "payroll_fan_out", "scatter_gather_structuring",
    ],
}  # fmt: skip
CHANNELS = {"card_present": 0.7, "direct_debit": 0.15, "ach": 0.1, "cash": 0.05}
"""Of the statements here: transfers, which stories are made of, are few."""
SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
REAL = {
    "cards": SHARED / "transactions" / "purchasing_cards_2010_half_a.csv.gz",
    "accounts": SHARED / "synthetic_fraud" / "amlsim_20K_fanin200cycle200" / "transactions.csv.gz",
}


def _world(folder: Path, name: str, data: str, **keys: Any) -> Run:
    stories = [{"name": one, "count": 25} for one in TOLD[name]]
    part = {"data": data, "body": "habits", "entities": 500, "days": 60, "narratives": stories, **keys}
    study = {"id": name, "seed": 5, "transactions": part, "evaluation": {"enabled": False}}
    return run(study_of(study, folder), output=folder / f"run-{name}")


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    folder = tmp_path_factory.mktemp("stories")
    for name, made in MADE.items():
        frame = made()
        if name == "statements":
            drawn = np.random.default_rng(9).choice(list(CHANNELS), len(frame), p=list(CHANNELS.values()))
            frame["channel"] = drawn
            frame = pd.concat([frame, _other_receipts(frame)])
        frame.to_csv(folder / f"{name}.csv", index=False)
    return {name: _world(folder, name, f"{name}.csv") for name in MADE}


def _other_receipts(frame: pd.DataFrame) -> pd.DataFrame:
    """Return money in of accounts that receive wages alone: without, any other sum gives a story away.

    A model that knows whose wages are whose leaves nothing else to hide in, as in the ledger itself.
    """
    rng = np.random.default_rng(10)
    rows = [
        (account, day, round(float(np.exp(rng.normal(4, 1))), 2), "credit", "cash",
         rng.choice(list(CHANNELS), p=list(CHANNELS.values())))
        for account in sorted(set(frame["account"]))[8:] for day in sorted(set(frame["date"]))
        for _ in range(rng.poisson(0.1))
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=frame.columns)


def _areas(finished: Run) -> dict[str, float]:
    """Return for every column that is no label how far it tells rows of stories from ordinary ones."""
    rows = finished.transactions.rows.to_pandas()
    told = rows["narrative"].notna().to_numpy()
    kinds = finished.transactions.accounts.to_pandas().set_index("account_id")["kind"].astype(str)
    for side in ("from", "to"):
        rows[f"{side}_kind"] = kinds.reindex(rows[f"{side}_account"]).to_numpy()
    labels = {one.name for one in TRANSACTION_SCHEMA if (one.metadata or {}).get(b"role") == LABEL.encode()}
    assert {"narrative", "purpose", "order_id", "is_fraud"} <= labels
    found = {}
    for name in rows.columns.difference(list(labels)):
        cells = rows[name]
        if cells.dtype.kind in "iuM":
            score = cells.astype("int64").to_numpy()
        else:  # words by how often stories have them
            words = pd.factorize(cells.astype(object).fillna("none"))[0]
            score = (np.bincount(words, told) / np.bincount(words))[words]
        one = auc(score, told)
        found[name] = max(one, 1 - one)
    return found


@pytest.mark.parametrize("name", MADE)
def test_no_column_gives_the_stories_away(worlds: dict[str, Run], name: str) -> None:
    found = _areas(worlds[name])
    assert max(found.values()) <= 0.75, found
    assert found["channel"] <= 0.6  # also where narratives ask for one that the ledger hardly has


@pytest.mark.parametrize("name", MADE)
def test_stories_have_the_resolution_of_the_ledger(worlds: dict[str, Run], name: str) -> None:
    rows = worlds[name].transactions.rows.to_pandas()
    told = rows["narrative"].notna()
    off = rows["ts"] != rows["ts"].dt.floor("s")
    assert not off[~told].any()
    assert not off[told].any()


@pytest.mark.parametrize("name", MADE)
def test_no_pair_of_columns_and_no_words_together_give_the_stories_away(
    worlds: dict[str, Run], name: str
) -> None:
    """Rates of one half of the schemes, judged on the other; with the kinds of both accounts."""
    rows = worlds[name].transactions.rows.to_pandas().sort_values("ts", kind="stable", ignore_index=True)
    told = rows["narrative"].notna().to_numpy()
    instance = np.where(told, rows["instance"], -1)
    kinds = worlds[name].transactions.accounts.to_pandas().set_index("account_id")["kind"].astype(str)
    words = rows[["channel", "category", "status"]].astype(object).fillna("-")
    for side in ("from", "to"):
        words[f"{side}_kind"] = kinds.reindex(rows[f"{side}_account"]).to_numpy()
    words["together"] = words.agg("|".join, axis=1)
    keys = ["from_account", "to_account"]
    table = pa.Table.from_pandas(rows[["ts", "amount", *keys]].join(words), preserve_index=False)
    time = rows["ts"].dt.tz_localize(None).to_numpy().astype("datetime64[ns]").astype(np.int64)
    codes = column_codes(table, time, ~told, ("ts", keys))
    one = separation("all", codes, (~told, told), instance, instance, np.random.default_rng(0))
    assert one.column_auc <= 0.73, one
    assert one.pair_auc <= 0.75, one
    planted = Codes("planted", "planted", told.astype(np.int64), told.astype(np.int64))
    seen = separation("all", [*codes, planted], (~told, told), instance, instance,
                      np.random.default_rng(0))  # fmt: skip
    assert seen.column == "planted"


@pytest.mark.slow
@pytest.mark.parametrize("name", REAL)
def test_no_column_of_a_real_ledger_gives_the_stories_away(tmp_path: Path, name: str) -> None:
    if not REAL[name].is_file():
        pytest.skip("the shared data are not here")
    file = REAL[name]
    if name == "accounts":
        with gzip.open(file, "rt") as stream:
            paid = pd.read_csv(stream)
        file = tmp_path / "amlsim.csv"
        pd.DataFrame({
            "date": pd.Timestamp("2024-01-01") + pd.to_timedelta(paid["time"], unit="D"),
            "from_account": "A" + paid["sourceNodeId"].astype(str),
            "to_account": "A" + paid["targetNodeId"].astype(str), "amount": paid["value"],
        }).to_csv(file, index=False)  # fmt: skip
    found = _areas(_world(tmp_path, name, str(file), entities=2_000, days=90))
    assert max(found.values()) <= 0.77, found


def test_a_stolen_card_leaves_ordinary_life_its_money(worlds: dict[str, Run]) -> None:
    rows = worlds["cards"].transactions.rows.to_pandas()
    ordinary = rows[rows["narrative"].isna()]
    assert (ordinary["status"] == "posted").all()
    assert rows["narrative"].notna().sum() > 60


@pytest.mark.parametrize("name", MADE)
def test_what_is_declined_of_ordinary_life_was_taken_by_a_story(worlds: dict[str, Run], name: str) -> None:
    rows = worlds[name].transactions.rows.to_pandas()
    told = rows["narrative"].notna()
    declined = rows[~told & (rows["status"] == "declined")]
    began = rows[told].groupby("from_account")["tx_id"].min()
    assert (began.reindex(declined["from_account"]).to_numpy() < declined["tx_id"].to_numpy()).all()


def test_statements_know_one_side_of_every_row(worlds: dict[str, Run]) -> None:
    """A payment of a scheme between two accounts is a row of each, at one instant, of one amount."""
    world = worlds["statements"].transactions
    rows, accounts = world.rows.to_pandas(), world.accounts.to_pandas()
    outside = set(accounts.loc[accounts["kind"] == "external", "account_id"])
    both = rows["from_account"].isin(outside).astype(int) + rows["to_account"].isin(outside)
    assert (both == 1).all()
    assert rows["order_id"].is_unique
    told = rows[rows["phase"].eq("hit") & rows["status"].eq("posted")]
    out, into = (told[told[f"{side}_account"].isin(outside)] for side in ("to", "from"))
    assert len(out) == len(into) > 20
    assert (out[["ts", "amount"]].to_numpy() == into[["ts", "amount"]].to_numpy()).all()
    assert (into["tx_id"].to_numpy() == out["tx_id"].to_numpy() + 1).all()
    passed = rows[rows["phase"].eq("disperse") & rows["status"].eq("posted")]
    out, into = (passed[passed[f"{side}_account"].isin(outside)] for side in ("to", "from"))
    told = out[out["tx_id"].isin(into["tx_id"] - 1)]["taint"].to_numpy()
    assert (told == into[into["tx_id"].isin(out["tx_id"] + 1)]["taint"].to_numpy()).all()
    assert ((told > 0.01) & (told < 1)).sum() > 5  # it comes from the payer's own mix, not from outside
    patterns = world.patterns.to_pandas().set_index("instance")
    counts = rows[rows["narrative"].notna()].groupby("instance").size()
    assert (patterns["rows"] == counts.reindex(patterns.index)).all()
    posted = rows[
        rows["narrative"].notna() & rows["status"].eq("posted") & ~rows["from_account"].isin(outside)
    ]
    paid = posted.groupby("instance")["amount"].sum()
    app = patterns.index[patterns["narrative"].eq("app_scam_mule_chain")]
    assert (patterns.loc[app, "amount"] == paid.reindex(app)).all()


def test_cash_comes_from_anybody_as_often_as_ordinary_rows_do(worlds: dict[str, Run]) -> None:
    """Were it always the counter, where a fifth of the receipts is cash, the account would tell the rows."""
    rows = worlds["statements"].transactions.rows.to_pandas()
    accounts = worlds["statements"].transactions.accounts.to_pandas().set_index("account_id")["kind"]
    outside = accounts.reindex(rows["from_account"]).astype(str).to_numpy() == "external"
    paid = rows[outside & rows["phase"].eq("placement").to_numpy()]
    assert len(paid) > 30
    counts = paid["from_account"].value_counts(normalize=True)
    usual = rows[outside & rows["narrative"].isna().to_numpy()]["from_account"].value_counts(normalize=True)
    assert np.abs(counts.reindex(usual.index).fillna(0) - usual).max() < 0.3
    assert len(counts) >= 2


def test_rows_of_statements_keep_every_balance() -> None:
    """Against a ledger that is kept row by row."""
    rng = np.random.default_rng(4)
    size = 200
    payer, payee = rng.integers(0, 7, size), rng.integers(0, 7, size)
    payee = np.where(payee == payer, (payee + 1) % 7, payee)
    external = np.arange(7) >= 5
    amount, status = rng.integers(1, 90, size), rng.choice([POSTED, DECLINED], size, p=[0.9, 0.1])
    balance, after = np.full(7, 1_000), np.zeros((2, size), dtype=np.int64)
    for k in range(size):
        if status[k] == POSTED:
            balance[payer[k]] -= amount[k]
            balance[payee[k]] += amount[k]
        after[:, k] = balance[payer[k]], balance[payee[k]]
    zero = np.zeros(size, dtype=np.int64)
    orders = Orders(
        ts=np.arange(size), payer=payer.astype(np.int32), payee=payee.astype(np.int32), amount=amount,
        channel=zero.astype(np.int8), purpose=zero.astype(np.int8), merchant=(zero - 1).astype(np.int32),
        order_id=np.arange(size), plan_row=np.where(rng.random(size) < 0.5, 1, -1).astype(np.int32),
    )  # fmt: skip
    book = Book(balance.copy(), np.zeros(7, dtype=np.int64), external)
    receipts = ChannelsByAmount.of(np.arange(1, 101), np.repeat([3, 4], 50))
    paid, pays = np.zeros((2, 2, len(ALL_CHANNELS)))
    paid[:, 0], pays[:, 0] = [1.0, 2.0], [1.0, 0.0]
    middles = Middles(np.array([5, 6]), np.array([3, -1]), paid, pays, receipts)
    before = np.full(7, 1_000)
    made, rows = as_statements(orders, Rows(status.astype(np.uint8), amount, *after), book, before, middles)
    told, inner = orders.plan_row >= 0, ~external[payer] & ~external[payee]
    assert len(made) == size + (told & inner & (status == POSTED)).sum() > size
    assert not (~external[made.payer] & ~external[made.payee] & (made.plan_row >= 0)).any()
    held = np.full(7, 1_000)
    for k in range(len(made)):
        if rows.status[k] == POSTED:
            held[made.payer[k]] -= rows.amount[k]
            held[made.payee[k]] += rows.amount[k]
        assert (rows.payer_after[k], rows.payee_after[k]) == (held[made.payer[k]], held[made.payee[k]])
    assert (held == book.balance).all()
    assert (held[:5] == balance[:5]).all()
    into = made.order_id >= SECOND
    assert set(made.payer[into]) == {5}  # rows come from it alone
    assert set(made.merchant[into]) == {3}
    assert len(np.unique(made.order_id)) == len(made)
    assert (made.channel[into & (rows.amount <= 30)] == 3).all()
    assert (made.channel[into & (rows.amount > 70)] == 4).all()
    assert (made.channel[~into] == 0).all()
    assert set((made.order_id % SECOND).tolist()) == set(range(size))
