"""Illicit shares and reasons of declines, against plain twins over the tables of the world."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from naive import taint as naive

from finsim.agents.payment_orders import public_id
from finsim.agents.schemes.scheme_generation import scheme_orders
from finsim.agents.simulate import unstressed
from finsim.kernels.ledger import DECLINED, POSTED, Moves, Rows
from finsim.kernels.taint import CLEAN, MIXED, SOURCE, Pools, follow_taint
from finsim.randomness import Streams


@pytest.fixture(scope="module")
def origins(world) -> dict[int, bool]:
    """Return published order id -> whether its payment brings illicit money, from the plan alone."""
    drivers = unstressed(world.settings)
    orders, plan = scheme_orders(world.population, world.narratives, world.settings, Streams(7), drivers)
    row = orders.plan_row
    steps = list(
        zip(
            orders.ts.tolist(), plan.steps.scheme[row].tolist(), orders.payer.tolist(), orders.payee.tolist(),
            plan.fraud[row].tolist(), plan.laundering[row].tolist(), strict=True,
        )
    )  # fmt: skip
    brings = {}
    for scheme in set(plan.steps.scheme.tolist()):
        mine = [place for place, step in enumerate(steps) if step[1] == scheme]
        found = naive.sources([steps[place] for place in mine])
        brings |= dict(zip(public_id(orders.order_id[mine]).tolist(), found, strict=True))
    return brings


def test_taint_is_that_of_the_plain_twin(world, origins) -> None:
    accounts = world.accounts
    external = set(accounts.loc[accounts["kind"].astype(str) == "external", "account_id"])
    opening = dict(zip(accounts["account_id"], accounts["opening_balance"], strict=True))
    rows = world.rows
    source = [origins.get(order, False) for order in rows["order_id"].tolist()]
    told = zip(
        rows["from_account"].tolist(), rows["to_account"].tolist(), rows["amount"].tolist(),
        (rows["status"].astype(str) == "posted").tolist(), source, rows["is_laundering"].tolist(),
        strict=True,
    )  # fmt: skip
    share = np.array(naive.follow(told, opening, external))
    assert np.abs(share - rows["taint"].to_numpy()).max() < 0.000_51
    laundering = rows["is_laundering"].to_numpy() & (rows["status"].astype(str) == "posted").to_numpy()
    mixed = laundering & (share > 0.001) & (share < 0.999)
    assert mixed.sum() > 20
    assert ((share > 0.001) & (rows["instance"] < 0).to_numpy()).sum() > 100  # ordinary life carries it on


def test_taint_says_what_the_labels_say_of_its_sources(world) -> None:
    posted = world.rows[world.rows["status"].astype(str) == "posted"]
    assert (posted.loc[posted["is_fraud"], "taint"] == 1).all()
    assert (world.rows.loc[world.rows["status"].astype(str) == "declined", "taint"] == 0).all()
    before = posted[posted["ts"] < posted.loc[posted["is_fraud"] | posted["is_laundering"], "ts"].min()]
    assert len(before) > 100
    assert (before["taint"] == 0).all()
    assert ((posted["taint"] >= 0) & (posted["taint"] <= 1)).all()


def shares(
    moves: list[tuple[int, int, int, int]], opening: list[int], external: list[int], declined=()
) -> list[float]:
    """Return the shares of (payer, payee, cents, mark) with balances booked by hand."""
    balance, after = list(opening), []
    for place, (payer, payee, amount, _) in enumerate(moves):
        if place not in declined:
            balance[payer] -= amount
            balance[payee] += amount
        after.append((balance[payer], balance[payee]))
    payer, payee, amount, mark = (np.array(column) for column in zip(*moves, strict=True))
    status = np.array(
        [DECLINED if place in declined else POSTED for place in range(len(moves))], dtype=np.uint8
    )
    rows = Rows(status, amount, *(np.array(column) for column in zip(*after, strict=True)))
    outside = np.isin(np.arange(len(opening)), external)
    pools, found = Pools(np.zeros(len(opening)), outside), np.zeros(len(moves), dtype=np.float32)
    follow_taint(
        Moves(payer, payee, amount, np.full(len(moves), -1)), rows, mark.astype(np.uint8), pools, found
    )
    assert (pools.held <= np.maximum(balance, 0) + 1e-9).all()
    assert (pools.held >= 0).all()
    return found.tolist()


@pytest.mark.parametrize(
    ("moves", "opening", "expected"),
    [
        # 100 illicit come to 300: a quarter of everything after it, until it is diluted.
        ([(0, 1, 100, SOURCE), (1, 2, 40, CLEAN), (1, 2, 360, CLEAN)], [100, 300, 0], [1, 0.25, 0.25]),
        # What is borrowed is clean: 100 of 150 are the account's own, all illicit.
        ([(0, 1, 100, SOURCE), (1, 2, 150, CLEAN), (1, 2, 10, CLEAN)], [100, 0, 0], [1, 2 / 3, 0]),
        # What repays a debt is gone: 60 of 100 are left of it.
        ([(0, 1, 100, SOURCE), (3, 1, 60, CLEAN), (1, 2, 30, CLEAN)], [100, -40, 0, 60], [1, 0, 0.5]),
        # Mixed money from outside is illicit, from inside it is what the account has.
        ([(4, 1, 100, MIXED), (3, 1, 100, MIXED), (1, 2, 50, MIXED)], [0, 0, 0, 100, 0], [1, 0, 0.5]),
        # Accounts outside carry nothing on.
        ([(0, 4, 100, SOURCE), (4, 1, 100, CLEAN), (1, 2, 50, CLEAN)], [100, 0, 0, 0, 0], [1, 0, 0]),
        # A source pays away its own illicit part too, and is illicit whole.
        ([(0, 1, 100, SOURCE), (1, 2, 100, SOURCE), (1, 3, 50, CLEAN)], [100, 100, 0, 0], [1, 1, 0.5]),
    ],
)  # fmt: skip
def test_shares_by_hand(moves, opening, expected) -> None:
    assert shares(moves, opening, [4]) == pytest.approx(expected, abs=0.000_51)


def test_a_declined_payment_moves_no_illicit_money() -> None:
    moves = [(0, 1, 100, SOURCE), (0, 1, 100, SOURCE), (1, 2, 50, CLEAN)]
    assert shares(moves, [100, 100, 0], [], declined=(0,)) == pytest.approx([0, 1, 0.5], abs=0.000_51)


def test_every_declined_row_has_the_reason_of_its_account(world) -> None:
    rows = world.rows
    declined = (rows["status"].astype(str) == "declined").to_numpy()
    reason = rows["decline_reason"].astype(object)
    assert (reason.notna() == declined).all()
    accounts = world.accounts.set_index("account_id")
    payer = accounts.loc[rows.loc[declined, "from_account"]]
    card = (payer["kind"].astype(str) == "card").to_numpy()
    assert 0 < card.sum() < len(card)
    assert (reason[declined] == np.where(card, "limit", "funds")).all()
    left = rows.loc[declined, "from_balance_after"].to_numpy() - rows.loc[declined, "amount"].to_numpy()
    assert (left < -payer["overdraft_limit"].to_numpy()).all()
    assert pd.api.types.is_float_dtype(rows["taint"].dtype)
