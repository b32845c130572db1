"""Accounts that banks block: when, for what, and that nothing else changes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from finsim.agents.settings import NarrativeUse, Settings
from finsim.agents.simulate import simulate
from finsim.engine.study.study_file import Study, study_of
from finsim.engine.study.study_resolution import agent_settings, resolve
from finsim.errors import StudyError
from finsim.kernels.ledger import NEVER, POSTED, Blocks, Book, Moves, Rows, post_moves
from finsim.randomness import Streams
from finsim.records.transactions import Transactions

STORIES = tuple(NarrativeUse(name, count=15) for name in ("app_scam_mule_chain", "account_ring_layering"))
OPEN = Settings(accounts=700, days=75, narratives=STORIES)


@pytest.fixture(scope="module")
def worlds() -> tuple[Transactions, Transactions]:
    return simulate(OPEN, Streams(3)), simulate(replace(OPEN, blocking=1.0, slice_days=4), Streams(3))


def frame(world: Transactions) -> pd.DataFrame:
    found = world.to_pandas(internal=True)
    return found.astype(dict.fromkeys(("status", "decline_reason", "channel", "phase", "narrative"), str))


def test_payments_of_a_blocked_account_are_declined_and_no_others(worlds) -> None:
    rows, labels = frame(worlds[1]), worlds[1].account_labels.to_pandas().set_index("account_id")
    day = labels["blocked_on"]
    since = pd.concat([rows[side].map(day) for side in ("from_account", "to_account")], axis=1).min(axis=1)
    today = rows["ts"].dt.tz_localize(None).dt.normalize()
    after, before = today > since, ~(today >= since)
    assert after.sum() > 50
    assert (rows.loc[after, "status"] == "declined").all()
    assert (rows.loc[after & (rows["instance"] < 0), "decline_reason"] == "blocked").all()
    assert (rows.loc[before, "decline_reason"] != "blocked").all()


def test_who_is_blocked_was_reported_or_sent_stolen_money(worlds) -> None:
    world = worlds[1]
    rows, labels = frame(world), world.account_labels.to_pandas().set_index("account_id")
    blocked = labels["blocked_on"].dropna()
    sar = world.alerts.to_pandas().query("outcome == 'sar'").groupby("account_id")["closed"].min()
    claims = world.reports.to_pandas().query("kind == 'recall' and outcome == 'upheld'")
    told = claims.merge(rows[["tx_id", "to_account", "ts", "is_fraud"]], on="tx_id").query("is_fraud")
    recalled = told.groupby("to_account")["reported"].min()
    assert set(blocked.index) <= set(sar.index) | set(recalled.index)
    assert len(set(blocked.index) & set(sar.index)) > 3
    assert len(set(blocked.index) & set(recalled.index)) > 2
    alone = blocked.index.difference(recalled.index)
    assert (blocked[alone] == sar[alone]).all()  # on the day of the report
    inside = world.accounts.to_pandas().query("kind not in ('external', 'merchant')")["account_id"]
    sent = recalled[recalled.index.isin(inside)]
    assert (blocked[sent.index] <= sent).all()  # at the latest with the first recall


def test_orders_of_ordinary_life_stay_and_thieves_get_less(worlds) -> None:
    before, after = (frame(world) for world in worlds)
    names = ["order_id", "ts", "from_account", "to_account", "amount", "channel", "device_id"]
    life = [
        rows.loc[rows["instance"] < 0, names].sort_values("order_id", ignore_index=True)
        for rows in (before, after)
    ]
    assert life[0].reset_index(drop=True).equals(life[1].reset_index(drop=True))
    taken = [rows.query("is_fraud and status == 'posted'")["amount"].sum() for rows in (before, after)]
    assert taken[1] < 0.97 * taken[0]
    first = after.loc[after["decline_reason"] == "blocked", "ts"].min()
    same = ["order_id", "ts", "status", "amount", "from_balance_after", "to_balance_after"]
    assert before.loc[before["ts"] < first, same].equals(after.loc[after["ts"] < first, same])
    assert after["decline_reason"].eq("blocked").any() > before["decline_reason"].eq("blocked").any()


def test_nobody_is_blocked_unless_asked(worlds) -> None:
    labels = worlds[0].account_labels
    assert labels["blocked_on"].null_count == labels.num_rows > 0
    hardly = simulate(replace(OPEN, blocking=1e-9), Streams(3)).account_labels
    assert hardly["blocked_on"].null_count == hardly.num_rows
    with pytest.raises(StudyError, match=r"blocking is 1\.5"):
        Settings(blocking=1.5)


def posted(orders: list[tuple[int, int, int, int]], pays: list[int], paid: list[int]) -> list[bool]:
    """Return which orders (ts, payer, payee, plan row) of a cent are posted."""
    ts, payer, payee, row = (np.array(column, dtype=np.int64) for column in zip(*orders, strict=True))
    size, zero = len(ts), np.zeros(len(ts), dtype=np.int64)
    from test_ledger import BLANK, TYPES

    from finsim.kernels.ledger import Plan, State

    steps = [{**BLANK, "attempt": k, "tally": k} for k in range(len(pays))]
    plan = Plan(*(np.array([step[f] for step in steps], dtype=TYPES.get(f, np.int64)) for f in Plan._fields))
    slots = [np.zeros(len(pays), np.int64) for _ in range(5)]
    state = State(
        np.zeros(1, np.uint8),
        *(np.zeros(1, np.int64) for _ in range(4)),
        slots[0].astype(np.uint8),
        *slots[1:],
    )
    book = Book(np.full(5, 100), np.zeros(5, np.int64), np.array([False] * 4 + [True]))
    rows = Rows(np.zeros(size, np.uint8), zero.copy(), zero.copy(), zero.copy())
    blocks = Blocks(ts, np.full(5, NEVER), np.array(pays), np.array(paid))
    moves = Moves(
        payer.astype(np.int32), payee.astype(np.int32), np.ones(size, np.int64), row.astype(np.int32)
    )
    post_moves(moves, book, plan, state, rows, blocks)
    return (rows.status == POSTED).tolist()


def test_the_kernel_blocks_from_the_instant_on_and_by_posted_rows_alone() -> None:
    life = -1
    orders = [(0, 0, 1, 0), (4, 2, 1, life), (5, 1, 2, life), (5, 4, 1, life), (9, 0, 2, life)]
    assert posted(orders, [NEVER], [5]) == [True, True, False, False, True]
    assert posted(orders, [NEVER], [6]) == [True, True, True, True, True]
    assert posted(orders, [9], [NEVER]) == [True, True, True, True, False]
    # The earliest block holds, and a declined payment leads to none.
    twice = [(0, 0, 1, 0), (1, 0, 1, 1), (2, 1, 0, life), (3, 1, 0, life)]
    assert posted(twice, [NEVER] * 2, [10, 1]) == [True, True, False, False]
    assert posted(twice, [NEVER] * 2, [2, 20]) == [True, True, False, False]
    late = [(0, 1, 0, 0), (1, 0, 1, 1), (2, 2, 3, life), (9, 1, 3, life)]
    assert posted(late, [1, NEVER], [1, 3]) == [True, False, True, False]
    assert posted([(0, 0, 1, 0), (1, 0, 2, 1), (2, 2, 3, life)], [1, NEVER], [NEVER, 1]) == [
        True,
        False,
        True,
    ]


def test_a_study_says_it_and_says_nothing_else() -> None:
    def study(**part: object) -> Study:
        return study_of({"finsim": "study/1", "id": "blocks", "transactions": {"accounts": 300, **part}})

    asked, silent = study(blocking="90%"), study()
    assert agent_settings(resolve(asked)).blocking == pytest.approx(0.9)
    assert agent_settings(resolve(silent)).blocking == 0.0
    assert "blocking" not in silent.model_dump()["transactions"]
    for part, words in (({"blocking": 1.5}, "at most 1"), ({"blocking": "often"}, "blocking")):
        with pytest.raises(StudyError, match=words):
            study(**part)
    with pytest.raises(StudyError, match="blocking with data"):
        study_of({
            "finsim": "study/1", "id": "blocks",
            "transactions": {"data": "shipped:berka_like.csv.gz", "blocking": 0.5},
        })  # fmt: skip
