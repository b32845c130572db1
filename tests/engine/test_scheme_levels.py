"""The sums of a scheme are moved together to where a ledger pays."""

from __future__ import annotations

from dataclasses import fields
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from finsim.agents.ledger_posting import run_orders
from finsim.agents.payment_orders import Orders
from finsim.agents.population.population import Population
from finsim.agents.schemes.scheme_plan import Scheme, SchemePlan, Step, lay_plan
from finsim.engine.learned_payments.scheme_levels import levelled
from finsim.engine.learned_payments.story_money import StoryMoney
from finsim.kernels.ledger import FIXED, OF_AVAILABLE, OF_POT, SKIPPED, Book
from finsim.randomness import Streams

LEDGER = np.sort(np.round(np.exp(np.random.default_rng(1).normal(8, 1, 2_000))).astype(np.int64))
MONEY = StoryMoney(LEDGER, 10_800.0, 1.66, 1.0, 1)
ACCOUNTS = 40


class _Accounts(SimpleNamespace):
    def __len__(self) -> int:
        return ACCOUNTS


def _population(at_hand: int = 10**9) -> Population:
    opening = np.full(ACCOUNTS, at_hand, dtype=np.int64)
    outside = np.arange(ACCOUNTS) == 0
    accounts = _Accounts(opening=opening, overdraft=np.zeros(ACCOUNTS, np.int64), external=outside)
    return cast(Population, SimpleNamespace(accounts=accounts))


def _step(**keys: Any) -> Step:
    known: dict[str, Any] = dict.fromkeys((one.name for one in fields(Step)), 0)
    known |= {"gate": -1, "pot_from": -1, "pot_to": -1, "merchant": -1, "share": 1.0, "step": 1}
    return Step(**(known | {"retry": False, "abandon": False, "fraud": True, "laundering": False} | keys))


def _scheme(name: int, sums: list[int], share: float = 0.9) -> Scheme:
    """Return deposits of these sums from outside, each passed on from the pot."""
    steps = [
        _step(ts=2 * k, payer=0, payee=1, amount=sums[k], mode=FIXED, pot_to=0, attempt=2 * k)
        for k in range(len(sums))
    ]
    steps += [
        _step(ts=2 * k + 1, payer=1, payee=2, mode=OF_POT, share=share, pot_from=0, attempt=2 * k + 1)
        for k in range(len(sums))
    ]
    return Scheme(name, 0, 0, False, 0, 0, 0, 0, ((0, len(steps)),), len(steps), 1, 1, tuple(steps))


def _paid(orders: Orders, plan: SchemePlan) -> dict[int, np.ndarray]:
    accounts = _population().accounts
    book = Book(accounts.opening.copy(), accounts.overdraft, accounts.external)
    rows = run_orders(orders, book, plan, plan.fresh_state())
    scheme = plan.steps.scheme[orders.plan_row]
    return {
        int(name): rows.amount[(scheme == k) & (rows.status != SKIPPED)] for k, name in enumerate(plan.id)
    }


def _made(*schemes: Scheme) -> dict[int, np.ndarray]:
    orders, plan = lay_plan(schemes, (("story",), ("kind",), ("phase",), ("role",)))
    return _paid(*levelled(orders, plan, _population(), MONEY, Streams(3)))


def _rank(sums: np.ndarray) -> float:
    return float(np.mean([(one > LEDGER).mean() + (one == LEDGER).mean() / 2 for one in sums]))


@pytest.mark.parametrize("level", [1, 20, 9_000_00, 10**9])
def test_schemes_of_like_sums_lie_all_over_the_ledger_two_thirds_on_their_own_side(level: int) -> None:
    schemes = [_scheme(name, [level, level + level // 30, level + level // 20]) for name in range(120)]
    ranks = np.array([_rank(paid) for paid in _made(*schemes).values()])
    side = ranks - 0.5 if level > np.median(LEDGER) else 0.5 - ranks
    assert (side > 0).mean() == pytest.approx(2 / 3, abs=0.12)
    for here in (side[side > 0], -side[side < 0]):
        assert np.quantile(here, [0.1, 0.5, 0.9]) == pytest.approx([0.05, 0.25, 0.45], abs=0.11)


def test_schemes_that_spread_over_the_ledger_stay_in_its_middle() -> None:
    wide = [int(one) for one in np.quantile(LEDGER, np.linspace(0.02, 0.98, 12), method="nearest")]
    ranks = [_rank(paid) for paid in _made(*[_scheme(name, wide, 0.9) for name in range(30)]).values()]
    assert 0.03 < max(abs(one - 0.5) for one in ranks) < 0.25


def test_sums_in_the_middle_of_a_ledger_do_not_stay_there() -> None:
    """Schemes that all pay a ledger's usual sum would be told by it as those of a huge one are."""
    middle = int(np.median(LEDGER))
    ranks = [_rank(paid) for paid in _made(*[_scheme(name, [middle] * 3) for name in range(60)]).values()]
    assert np.std(ranks) > 0.2


def test_schemes_that_are_added_leave_the_others_as_they_are() -> None:
    some = [_scheme(name, [10**6, 10**6 + 5]) for name in (3, 8)]
    alone = _made(*some)
    together = _made(some[0], _scheme(5, [4, 40, 400]), some[1], _scheme(9, [10**8]))
    assert all(np.array_equal(alone[name], together[name]) for name in alone)


def test_what_is_passed_on_is_still_a_share_of_what_came_in() -> None:
    paid = _made(_scheme(1, [10**7, 3 * 10**7], share=0.5))[1]
    assert np.isin(paid[[0, 2]], LEDGER).all()
    assert paid[1] == paid[0] // 2
    assert paid[3] == (paid[0] - paid[1] + paid[2]) // 2


def _emptied(name: int, times: tuple[int, ...] = (0, 1), **keys: Any) -> Scheme:
    """Return payments of nine tenths of what account 3 has at hand."""
    steps = [
        _step(ts=ts, payer=3, payee=0, mode=OF_AVAILABLE, share=0.9, attempt=k, **keys)
        for k, ts in enumerate(times)
    ]
    return Scheme(name, 0, 0, False, 0, 0, 0, 0, ((0, len(steps)),), len(steps), 1, 1, tuple(steps))


def _plan(*schemes: Scheme) -> tuple[Orders, SchemePlan, SchemePlan]:
    orders, plan = lay_plan(schemes, (("story",), ("kind",), ("phase",), ("role",)))
    made, changed = levelled(orders, plan, _population(), MONEY, Streams(3))
    return made, plan, changed


def test_shares_of_what_is_at_hand_are_moved_and_every_scheme_has_its_accounts_to_itself() -> None:
    made, _, alone = _plan(_emptied(1))
    assert 0.02 < _rank(_paid(made, alone)[1]) < 0.98
    _, _, together = _plan(_emptied(0), _emptied(1, (2, 3)))
    assert np.array_equal(together.steps.share[2:], alone.steps.share)


def test_limits_go_down_with_the_sums_and_never_up() -> None:
    def limits(level: int, low: int, high: int) -> tuple[float, Any, SchemePlan]:
        scheme = _scheme(2, [level, level])
        bound = Scheme(*(getattr(scheme, one.name) for one in fields(Scheme)))
        object.__setattr__(bound, "spent_limit", 50 * level)
        steps = tuple(_step(**{**vars_of(step), "low": low, "high": high}) for step in scheme.steps)
        object.__setattr__(bound, "steps", steps)
        made, _, changed = _plan(bound)
        return made.amount.max() / level, changed.steps, changed

    down, steps, plan = limits(10**8, 10**7, 2 * 10**8)
    assert steps.high[0] / 2e8 == pytest.approx(down, rel=0.1)
    assert steps.low[0] / 1e7 == pytest.approx(down, rel=0.1)
    assert plan.spent_limit[0] / 5e9 == pytest.approx(down, rel=0.1)
    up, steps, plan = limits(2, 1, 4)
    assert up > 100
    assert (steps.high == 4).all()
    assert (steps.low <= steps.high).all()
    assert plan.spent_limit[0] == 100


def vars_of(step: Step) -> dict[str, Any]:
    return {one.name: getattr(step, one.name) for one in fields(Step)}


def test_a_ledger_of_one_amount_and_no_scheme_are_no_fault() -> None:
    money = StoryMoney(np.array([500]), 10_800.0, 1.66, 1.0, 1)
    orders, plan = lay_plan([_scheme(1, [10**7])], (("story",), ("kind",), ("phase",), ("role",)))
    made, _ = levelled(orders, plan, _population(), money, Streams(3))
    assert made.amount.max() == 500
    empty, none = lay_plan([], (("story",), ("kind",), ("phase",), ("role",)))
    assert len(levelled(empty, none, _population(), money, Streams(3))[0]) == 0
