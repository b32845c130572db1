"""The payment that a payment answers: sales of refunds, declines that are tried again."""

from __future__ import annotations

from dataclasses import fields, replace
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from naive import originals as naive

from finsim.agents.narratives.narrative import load_narratives
from finsim.agents.originals.refund_links import RefundLinks, all_links
from finsim.agents.originals.row_originals import RowOriginals
from finsim.agents.originals.scheme_refunds import SchemeRefunds
from finsim.agents.payment_orders import Orders
from finsim.agents.schemes.scheme_generation import scheme_orders
from finsim.agents.settings import NarrativeUse, Settings
from finsim.agents.simulate import simulate, unstressed
from finsim.agents.vocabulary import CHANNEL, PURPOSE
from finsim.kernels.ledger import DECLINED, POSTED, Rows
from finsim.randomness import Streams

SECOND, DAY = 10**9, 86_400 * 10**9


def pairs(rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the rows that answer another, and those others."""
    answers = rows[rows["original_id"] >= 0]
    return answers, rows.set_index("tx_id").loc[answers["original_id"]].reset_index()


def audit(rows: pd.DataFrame) -> None:
    """Every original exists, is earlier, has the same parties, and covers all that refers to it."""
    answers, originals = pairs(rows)
    answers = answers.reset_index(drop=True)
    assert (originals["tx_id"] < answers["tx_id"]).all()
    assert (originals["ts"] <= answers["ts"]).all()
    back = (answers["purpose"] == "refund").to_numpy()
    for side, other in (("from_account", "to_account"), ("to_account", "from_account")):
        assert (answers[side][back] == originals[other][back]).all()
        assert (answers[side][~back] == originals[side][~back]).all()
    assert (answers["merchant_id"] == originals["merchant_id"]).all()
    assert (originals["status"][back] == "posted").all()
    assert (originals["status"][~back] == "declined").all()
    assert (originals["purpose"][back] != "refund").all()
    sums = answers.groupby("original_id")["amount"].sum()
    assert (sums.to_numpy() <= rows.set_index("tx_id").loc[sums.index, "amount"].to_numpy()).all()


@pytest.fixture(scope="module")
def ordinary(world) -> pd.DataFrame:
    return world.rows.astype(dict.fromkeys(("status", "purpose", "channel"), str))


def test_the_ledger_audit_of_links_has_no_exception(ordinary: pd.DataFrame) -> None:
    audit(ordinary)
    answers, originals = pairs(ordinary)
    back = (answers["purpose"] == "refund").to_numpy()
    assert back.sum() > 150
    assert (~back).sum() > 60
    full = answers["amount"].to_numpy()[back] == originals["amount"].to_numpy()[back]
    assert 0.6 < full.mean() < 0.9  # three in four are given back in full
    days = (answers["ts"].to_numpy() - originals["ts"].to_numpy())[back] / np.timedelta64(1, "D")
    assert days.min() > 0.3
    assert 6 < np.median(days) < 13


def test_a_refund_without_an_original_is_of_a_sale_that_never_was(world, ordinary: pd.DataFrame) -> None:
    alone = ordinary[(ordinary["purpose"] == "refund") & (ordinary["original_id"] < 0)]
    whole = ordinary[ordinary["purpose"] == "refund"]
    assert len(alone) < 0.1 * len(whole)
    start = pd.Timestamp(world.settings.start)
    new = set(world.accounts.loc[world.accounts["opened"] > start, "account_id"])
    for back in alone.itertuples():
        same = (ordinary["from_account"] == back.to_account) & (ordinary["to_account"] == back.from_account)
        same &= (ordinary["status"] == "declined") & (ordinary["ts"] < back.ts)
        declined = (ordinary.loc[same, "amount"] >= back.amount).any()
        assert declined or back.to_account in new  # what was bought before the account was opened has no row


def test_tries_are_those_of_the_plain_twin(ordinary: pd.DataFrame) -> None:
    answers, _ = pairs(ordinary)
    tries = answers[answers["purpose"] != "refund"]
    found = dict(zip(tries["tx_id"], tries["original_id"], strict=True))
    assert found == naive.tried_again(ordinary)
    assert (tries["instance"] < 0).mean() > 0.5  # they do not give schemes away


@pytest.fixture(scope="module")
def returns() -> pd.DataFrame:
    stories = ("goods_sent_back", "first_party_chargeback", "refund_fraud", "casino_chips")
    uses = tuple(NarrativeUse(name, count=12) for name in stories)
    found = simulate(Settings(accounts=500, days=60, narratives=uses), Streams(5)).to_pandas(internal=True)
    return found.astype(dict.fromkeys(("status", "purpose", "channel", "narrative"), str))


def test_refunds_of_schemes_answer_a_sale_of_theirs_that_covers_them(returns: pd.DataFrame) -> None:
    audit(returns)
    mine = returns[(returns["instance"] >= 0) & (returns["purpose"] == "refund")]
    told = mine[mine["original_id"] >= 0]
    assert dict(zip(told["tx_id"], told["original_id"], strict=True)) == naive.scheme_refunds(returns)
    linked = mine.assign(known=mine["original_id"] >= 0).groupby("narrative")["known"].mean()
    assert linked["refund_fraud"] == 0.0  # there never was a sale
    assert (linked[["casino_chips", "goods_sent_back"]] > 0).all()


@pytest.fixture(scope="module")
def no_schemes():
    settings = Settings(accounts=200, days=1, narratives=())
    from finsim.agents.population.population import build_population

    people = build_population(settings, Streams(1))
    return scheme_orders(people, load_narratives([]), settings, Streams(1), unstressed(settings))


def orders(rows: list[tuple]) -> tuple[Orders, Rows]:
    """Return orders and outcomes of (ts, payer, payee, cents, channel, purpose, order_id, status)."""
    ts, payer, payee, amount, channel, purpose, number, status = zip(*rows, strict=True)
    size = len(rows)
    made = Orders(
        np.array(ts, np.int64),
        np.array(payer, np.int32),
        np.array(payee, np.int32),
        np.array(amount, np.int64),
        np.array([CHANNEL[one] for one in channel], np.int8),
        np.array([PURPOSE[one] for one in purpose], np.int8),
        np.full(size, -1, np.int32),
        np.array(number, np.int64),
        np.full(size, -1, np.int32),
    )
    zero = np.zeros(size, np.int64)
    return made, Rows(np.array(status, np.uint8), made.amount, zero, zero)


def links_of(told: RefundLinks, planned, rows: list[tuple], cuts: list[int]) -> list[int]:
    """Return the originals of rows that come in the pieces between ``cuts``."""
    made, outcome = orders(rows)
    watch, found = RowOriginals(told, planned, 9), []
    for low, high in pairwise(cuts):
        part = Rows(*(column[low:high] for column in outcome))
        found += watch.of(made.take(slice(low, high)), part, 100 + low).tolist()
    return found


CARD = ("card_present", "retail")


@pytest.mark.parametrize("cuts", [[0, 8], [0, 1, 2, 3, 4, 5, 6, 7, 8], [0, 2, 5, 8], [0, 0, 7, 8, 8]])
def test_sales_of_one_instant_are_told_apart_however_rows_are_cut(no_schemes, cuts: list[int]) -> None:
    rows = [
        (1_000, 1, 2, 50, *CARD, 11, POSTED), (5_000, 1, 2, 50, *CARD, 14, POSTED),
        (5_000, 1, 2, 70, *CARD, 12, POSTED), (5_000, 3, 2, 50, *CARD, 13, DECLINED),
        (6_000, 2, 1, 70, "card_present", "refund", 22, POSTED),
        (7_000, 2, 1, 20, "card_present", "refund", 24, POSTED),
        (7_000, 2, 3, 20, "card_present", "refund", 23, POSTED),
        (8_000, 2, 1, 20, "card_present", "refund", 29, POSTED),
    ]  # fmt: skip
    # Sales are known by the instant before it was cut to microseconds.
    told = RefundLinks(
        np.array([24, 23, 22, 25]), np.array([14, 13, 12, 99]), np.array([5_999, 5_300, 5_001, 5_500])
    )
    assert links_of(told, no_schemes, rows, cuts) == [-1, -1, -1, -1, 102, 101, -1, -1]


@pytest.mark.parametrize("cuts", [[0, 10], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10], [0, 5, 6, 10]])
def test_what_tries_a_decline_again(no_schemes, cuts: list[int]) -> None:
    def row(second: int, payer: int, payee: int, cents: int, status: int, channel: str = "instant") -> tuple:
        return (second * SECOND, payer, payee, cents, channel, "transfer", second, status)

    rows = [
        row(1, 1, 2, 100, DECLINED),
        row(2, 1, 3, 100, POSTED),  # another payee
        row(3, 1, 2, 101, POSTED),  # more than was declined
        row(4, 1, 2, 50, DECLINED, "ach"),  # another channel: a decline of its own
        row(5, 1, 2, 50, DECLINED, "ach"),
        row(6, 2, 1, 50, POSTED, "ach"),  # the other way
        row(7, 1, 2, 25, POSTED, "ach"),
        row(8, 1, 2, 25, POSTED, "ach"),  # answered already
        row(9, 4, 5, 10, DECLINED),
        row(10 + 86_400, 4, 5, 10, POSTED),  # a second more than a day
    ]
    none = all_links([])
    assert links_of(none, no_schemes, rows, cuts) == [-1, -1, -1, -1, 103, -1, 104, -1, -1, -1]
    rows[-1] = row(9 + 86_400, 4, 5, 10, POSTED)
    assert links_of(none, no_schemes, rows, cuts)[-1] == 108


def test_links_keep_their_values_in_files_and_shards() -> None:
    told = RefundLinks(np.array([5, 7]), np.array([1, 2]), np.array([10, 20]))
    both = all_links([told, told.moved(1 << 40)])
    again = RefundLinks.from_arrow(both.to_arrow())
    for one in fields(RefundLinks):
        assert np.array_equal(getattr(again, one.name), getattr(both, one.name))
    assert both.refund.tolist() == [5, 7, (1 << 40) + 5, (1 << 40) + 7]
    assert both.sale.tolist() == [1, 2, (1 << 40) + 1, (1 << 40) + 2]
    assert both.ts.tolist() == [10, 20, 10, 20]
    assert len(all_links([])) == 0


def test_a_sale_of_a_scheme_is_given_back_once() -> None:
    back = ("card_present", "refund")
    rows = [
        (1, 1, 2, 50, *CARD, 0, POSTED), (2, 1, 2, 60, *CARD, 1, POSTED), (3, 1, 2, 90, *CARD, 2, DECLINED),
        (4, 2, 1, 45, *back, 3, POSTED), (5, 2, 1, 45, *back, 4, POSTED),
        (6, 2, 1, 15, *back, 5, POSTED), (7, 2, 1, 15, *back, 6, POSTED),
    ]  # fmt: skip
    made, outcome = orders(rows)
    made = replace(made, plan_row=np.arange(len(rows), dtype=np.int32))
    steps = SimpleNamespace(scheme=np.zeros(len(rows), dtype=np.int64))
    plan = type("Plan", (), {"steps": steps, "__len__": lambda self: 1})()
    found = np.full(len(rows), -1)
    SchemeRefunds((made, plan)).of(made, outcome, 100, found)
    assert found.tolist() == [-1, -1, -1, 101, 100, 101, -1]
