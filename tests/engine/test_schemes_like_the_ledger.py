"""Who plays a role in a table that knows accounts by what they do, and the channels that schemes pay by."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from finsim.agents.channels_by_amount import ChannelsByAmount
from finsim.agents.narratives.narrative import load_narratives
from finsim.agents.payment_orders import Orders
from finsim.agents.population.population import Population
from finsim.agents.schemes.casting_by_activity import Activity, cast_by_activity
from finsim.agents.schemes.planned_payment import settling_sorts
from finsim.agents.schemes.role_casting import Pool
from finsim.agents.vocabulary import CHANNEL, CURRENT
from finsim.engine.injection.ledger_columns import ACCOUNTS
from finsim.engine.learned_payments.ordinary_rows import OrdinaryRows
from finsim.engine.learned_payments.scheme_channels import scheme_channels
from finsim.randomness import Streams

CARD, ACH, WIRE, CASH = (CHANNEL[name] for name in ("card_present", "ach", "wire", "cash"))


def naive_near(rows: list[tuple[int, int]], amount: int, u: float) -> int:
    """Return what the 25 rows nearest in rank give, all rows of the amount where they are more."""
    rows = sorted(rows, key=lambda one: one[0])
    below = sum(one < amount for one, _ in rows)
    same = sum(one == amount for one, _ in rows)
    width = len(rows) if amount <= 0 else max(same, min(25, len(rows)))
    first = below if same >= width else below - width // 2
    first = min(max(first, 0), len(rows) - width)
    return rows[first + min(int(u * width), width - 1)][1]


@pytest.mark.parametrize("rows", [1, 7, 25, 400])
def test_channels_come_from_rows_near_in_amount(rows: int) -> None:
    rng = np.random.default_rng(rows)
    amounts, channels = rng.permutation(3 * rows)[:rows] // 4 + 1, rng.integers(0, 5, rows)
    law = ChannelsByAmount.of(amounts, channels)
    order = np.argsort(amounts, kind="stable")
    pairs = list(zip(amounts[order].tolist(), channels[order].tolist(), strict=True))
    sums, u = rng.integers(0, rows + 3, 200), np.append(rng.random(198), [0.0, 1.0])
    expected = [naive_near(pairs, one, at) for one, at in zip(sums.tolist(), u.tolist(), strict=True)]
    assert law.near(sums, u).tolist() == expected


def test_many_rows_are_thinned_evenly() -> None:
    law = ChannelsByAmount.of(np.arange(1_000_000)[::-1], np.arange(1_000_000) % 7)
    assert 150_000 <= len(law) <= 250_000
    assert np.diff(law.amounts).min() == np.diff(law.amounts).max() == 5


def orders(channel: int, count: int, merchant: int = -1, first: int = 0) -> Orders:
    zero = np.zeros(count, dtype=np.int64)
    return Orders(
        ts=zero, payer=zero.astype(np.int32), payee=zero.astype(np.int32), amount=zero,
        channel=np.full(count, channel, np.int8), purpose=zero.astype(np.int8),
        merchant=np.full(count, merchant, np.int32), order_id=np.arange(first, first + count),
        plan_row=zero.astype(np.int32),
    )  # fmt: skip


def ledger(layout: str, has_shops: bool = False) -> Any:
    """Return rows by card in of up to 100, ach in above, wire out; an eighth of all rows is cash."""
    rng = np.random.default_rng(0)
    cents, out = rng.integers(1, 200, 4_000), rng.random(4_000) < 0.6
    code = np.where(out, 2, np.where(cents <= 100, 0, 1))
    code[::8] = 3
    log = SimpleNamespace(part=lambda name: code if name == "channel" else None, count=900)
    return SimpleNamespace(
        layout=layout, has_shops=has_shops, log=log, cents=lambda log: cents.astype(float),
        direction=SimpleNamespace(paid_out=lambda log: out),
        words=SimpleNamespace(
            channel=np.array([CARD, ACH, WIRE, CASH, -1]),
            channels=frozenset(["card_present", "ach", "wire", "cash"]),
        ),
    )  # fmt: skip


@pytest.fixture(autouse=True)
def paid_by_card(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ordinary rows pay the merchant by card."""
    rows = SimpleNamespace(orders=orders(CARD, 50, merchant=3))
    monkeypatch.setattr(OrdinaryRows, "of", lambda ledger: rows)


def shares(found: np.ndarray) -> dict[int, float]:
    return {one: count / len(found) for one, count in Counter(found.tolist()).items()}


def test_card_payments_and_transfers_keep_their_sort_where_rows_have_shops() -> None:
    known, size = ledger(ACCOUNTS, has_shops=True), np.full(900, 50)
    at_shop = scheme_channels(orders(CARD, 900, merchant=3), size, 900, known, Streams(2))
    assert set(at_shop.tolist()) == {CARD}
    between = scheme_channels(orders(ACH, 900), size, 900, known, Streams(2))
    assert set(between.tolist()) == {ACH, WIRE}
    assert (between == WIRE).mean() > 0.8  # hardly any ach row is so small


def test_schemes_beside_it_leave_the_channels_of_a_payment() -> None:
    known, size = ledger(ACCOUNTS), np.full(300, 40)
    alone = scheme_channels(orders(ACH, 100, first=200), size[:100], 300, known, Streams(1))
    assert np.array_equal(scheme_channels(orders(ACH, 300), size, 300, known, Streams(1))[200:], alone)


def test_an_outside_account_of_several_sorts_settles_nothing() -> None:
    nobody = np.zeros(0, dtype=np.int64)
    outside = {"cash": np.array([1, 2]), "exchange": np.array([2, 3]), "remitter": np.array([4]),
               "person": np.array([4, 5]), "supplier": nobody}  # fmt: skip
    assert settling_sorts(outside) == {1: "cash", 3: "exchange"}


class _Six(SimpleNamespace):
    def __len__(self) -> int:
        return 6


def test_roles_are_cast_by_what_accounts_do() -> None:
    """Payers by what they pay, payees by what they are paid, those in between by both; not by weights."""
    story = load_narratives(["account_takeover"])[0]
    assert story.roles["mule"].select.weight
    size = 6
    nobody = np.zeros(0, dtype=np.int64)
    accounts = _Six(
        kind=np.full(size, CURRENT), opening=np.full(size, 10**7), overdraft=np.zeros(size, np.int64)
    )
    held = np.arange(size)
    people = SimpleNamespace(
        current=held, savings=np.full(size, -1), card=np.full(size, -1), age=np.full(size, 30),
        income=held, segment=held * 0, online=np.array([0.0, 1, 1, 1, 1, 1]),
    )  # fmt: skip
    population = cast(Population, SimpleNamespace(
        accounts=accounts, people=people, firms=SimpleNamespace(account=nobody, turnover=nobody),
        contacts=SimpleNamespace(degree=lambda: np.array([0, 1, 1, 1, 1, 1])),
        outside={"exchange": np.array([0]), "remitter": nobody, "person": np.array([1]), "cash": nobody},
    ))  # fmt: skip
    activity = Activity(np.array([1.0, 2, 3, 4, 0, 0]), np.array([4.0, 8, 0, 0, 1, 9]))

    def weights(role: str) -> list[float]:
        found = cast_by_activity(story, role, population, activity, Pool(10.0, 1.0, Streams(1)))
        return np.round(np.diff(found.running, prepend=0.0), 6).tolist()

    assert weights("victim") == [1, 2, 3, 4, 0, 0]
    assert weights("mule") == [2, 4, 0, 0, 0, 0]
    assert weights("exit") == [4, 8]
    pool = cast_by_activity(story, "mule", population, activity, Pool(400.0, 1.0, Streams(1))).pool
    assert (pool == 1).mean() == pytest.approx(2 / 3, abs=0.1)
    assert set(pool.tolist()) == {0, 1}
