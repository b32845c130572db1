"""No more is passed on than was written as received, times the share that the narrative names."""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pytest
from made_ledgers import accounts, statements

import finsim
from finsim.agents.narratives.narrative import load_narratives
from finsim.agents.payment_orders import Orders
from finsim.engine.injection.money.passed_on import Bounds, is_passed_on, passed_on, payments
from finsim.kernels.ledger import FIXED, OF_POT, Plan

pytestmark = pytest.mark.sweep

BETWEEN = [
    "account_ring_layering", "layering_fan_out", "layering_gather_scatter", "layering_scatter_gather",
    "layering_stack",
]  # fmt: skip
OUTSIDE = ["app_scam_mule_chain", "mule_network", "rapid_movement", "romance_scam"]


def plan(mode: list[int], share: list[float], source: list[int], target: list[int]) -> Plan:
    size = len(mode)
    columns = {name: np.zeros(size, dtype=np.int64) for name in Plan._fields}
    return Plan(**columns)._replace(
        mode=np.array(mode), share=np.array(share), pot_from=np.array(source), pot_to=np.array(target)
    )


def orders(plan_row: list[int]) -> Orders:
    size = len(plan_row)
    zero = np.zeros(size, dtype=np.int64)
    return Orders(
        ts=np.arange(size), payer=zero.astype(np.int32), payee=zero.astype(np.int32), amount=zero,
        channel=zero.astype(np.int8), purpose=zero.astype(np.int8), merchant=zero.astype(np.int32),
        order_id=zero.astype(np.uint64), plan_row=np.array(plan_row, dtype=np.int32),
    )  # fmt: skip


def free(size: int) -> Bounds:
    """Return that nothing is spent in shops, and transfers cost nothing."""
    return Bounds(np.zeros(size, dtype=np.bool_), 1, np.zeros(size, dtype=np.bool_))


def as_asked(sums: np.ndarray, rows: np.ndarray, most: float) -> np.ndarray:
    return sums.astype(np.int64)


def test_shares_are_of_what_came_in_and_is_left() -> None:
    """1,000 and 500 come in; two thirds of it and then all of the rest go out, the first in two parts."""
    law = plan([FIXED, FIXED, OF_POT, OF_POT], [1, 1, 2 / 3, 1.0], [-1, -1, 0, 0], [0, 0, 1, -1])
    made = orders([0, 1, 2, 2, 3])
    some, found = passed_on(made, np.array([1_000, 500, 9, 9, 9_999]), law, as_asked, free(5))
    assert found.tolist() == [1_000, 500, 500, 500, 500]
    assert some.all()
    assert is_passed_on(made, law).tolist() == [False, False, True, True, True]
    some, found = passed_on(
        made, np.array([1_000, 500, 9, 9, 9_999]), law, lambda *asked: as_asked(*asked) - 100, free(5)
    )
    assert found.tolist() == [1_000, 500, 400, 400, 600]  # what the ledger did not write is left


def test_own_money_that_a_story_mixes_in_is_paid_on_top() -> None:
    law = plan([FIXED, OF_POT], [1, 1.3], [-1, 0], [0, -1])
    assert passed_on(orders([0, 1]), np.array([100, 1]), law, as_asked, free(2))[1].tolist() == [100, 130]


def test_nothing_is_passed_on_where_nothing_came_in_or_is_left() -> None:
    law = plan([OF_POT, FIXED, OF_POT, OF_POT], [1, 1, 1, 1.0], [0, -1, 0, 0], [-1, 0, -1, -1])
    some, found = passed_on(orders([0, 1, 2, 3]), np.array([50, 40, 30, 20]), law, as_asked, free(4))
    assert some.tolist() == [False, True, True, False]
    assert found.tolist() == [0, 40, 40, 0]
    some, found = passed_on(orders([1, 2, 2, 2]), np.array([2, 9, 9, 9]), law, as_asked, free(4))
    assert found.tolist() == [2, 0, 1, 1]  # a part is no less than a cent


def test_payments_come_off_with_their_last_parts() -> None:
    assert [(row, rows.tolist()) for row, rows in payments(np.array([4, 2, 4, 2, 7]))] == [
        (4, [0, 2]), (2, [1, 3]), (7, [4]),
    ]  # fmt: skip


@cache
def added(kind: str) -> pd.DataFrame:
    """Return added rows with columns giver, taker (where they are told) and cents."""
    with TemporaryDirectory() as folder:
        file, stories = Path(folder) / "rows.parquet", BETWEEN
        frame = statements(3_000)
        if kind == "accounts":
            frame = accounts(4_000)
        elif kind == "debits and credits":
            way = np.where(frame["amount"] < 0, "D", "C")
            frame = frame.assign(amount=frame["amount"].abs(), direction=way)
            stories = BETWEEN + OUTSIDE
        elif kind == "signed":
            stories = BETWEEN + OUTSIDE
        else:
            frame, stories = several_sorts(), OUTSIDE
        frame.to_parquet(file, index=False)
        made = finsim.inject(
            file,
            narratives=stories,
            rate=0.03 * len(stories),
            seed=4,
            output=Path(folder) / "o",
            progress=False,
        )
        rows = pd.read_parquet(made.transactions)
    rows = rows[rows["instance"] >= 0]
    cents = np.rint(rows["amount"].abs() * 100)
    if "receiver" in rows:
        return rows.assign(giver=rows["sender"].astype(str), taker=rows["receiver"].astype(str), cents=cents)
    out = rows["direction"].astype(str) == "D" if "direction" in rows else rows["amount"] < 0
    who = rows["account"].astype(str)
    return rows.assign(giver=who.where(out), taker=who.where(~out), cents=cents)


def several_sorts() -> pd.DataFrame:
    """Return persons who send each other small sums, buy from shops and pay large bills, in one column."""
    rng = np.random.default_rng(5)
    rows = []
    for k in range(3_000):
        me = int(rng.integers(150))
        sort = rng.choice(["shop", "bill", "friend"], p=[0.6, 0.15, 0.25])
        to, shop, level = f"B{rng.integers(30):02d}", None, 5.5
        if sort == "shop":
            shop = f"shop {rng.integers(25)}"
            to, level = f"S{shop[5:]}", 3.0
        elif sort == "friend":
            to, level = f"P{(me + int(rng.choice([1, 2, 5, 9]))) % 150:03d}", 3.5
        rows.append((pd.Timestamp("2025-02-01") + pd.Timedelta(minutes=55 * k), f"P{me:03d}", to, shop, sort,
                     round(float(np.exp(rng.normal(level, 0.6))), 2)))  # fmt: skip
    return pd.DataFrame(rows, columns=["ts", "sender", "receiver", "merchant", "word", "amount"])


def flows(kind: str, name: str) -> list[tuple[float, float]]:
    """Return what each payer of a pot's money was paid before, and what it passed on, scheme by scheme."""
    rows = added(kind)
    rows = rows[rows["narrative"].astype(str) == name]
    pots = {one.name for one in load_narratives([name])[0].phases if "pot" in str(one.amount)}
    found = []
    for _, scheme in rows.groupby("instance"):
        given: dict[str, float] = defaultdict(float)
        got: dict[str, float] = defaultdict(float)
        for row in scheme.itertuples():
            if isinstance(row.taker, str):
                got[row.taker] += row.cents
            if isinstance(row.giver, str) and str(row.phase) in pots:
                given[row.giver] += row.cents
        found += [(got[who], paid) for who, paid in given.items()]
    return found


CASES = [(kind, name) for kind in ("signed", "debits and credits") for name in BETWEEN + OUTSIDE]
CASES += [("accounts", name) for name in BETWEEN] + [("several sorts", name) for name in OUTSIDE]


@pytest.mark.parametrize(("kind", "name"), CASES)
def test_nobody_passes_on_more_than_the_narrative_lets_it(kind: str, name: str) -> None:
    """Up to all of a pot, and own money on top only where the narrative commingles."""
    story = load_narratives([name])[0]
    pairs = np.array(flows(kind, name))
    assert len(pairs)
    assert (pairs[:, 0] > 0).all()
    ratio = pairs[:, 1] / pairs[:, 0]
    assert ratio.max() <= 1.0 + story.level("commingle") + 1e-9
    assert np.median(ratio) > 0.6
