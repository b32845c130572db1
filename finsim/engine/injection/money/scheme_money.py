"""Amounts of a scheme in the ledger's own money: its relations kept, its level and spread the ledger's.

A narrative's fixed sums are moved by one power law per scheme, x -> exp(q) x^b; b is 1 unless the scheme
spreads wider than the ledger does. q gives the scheme's rows the mean rank, among the ledger's rows, that
their own spread leaves room for: evenly around the middle, on the side of a part of its first payer's own
amounts, so that over many schemes the ranks spread as the ledger's own do. In a single-sided ledger money in
is ranked among money in. Growth keeps its direction, and what is passed on is still a share of what came in,
because the ledger of the scheme is run again on the moved sums. What is above all that the ledger pays is
paid in parts (own). ``story_level`` says on which side of the middle a story's sums lie.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from finsim.agents.ledger_posting import run_orders
from finsim.agents.payment_orders import Orders
from finsim.agents.schemes.scheme_plan import SchemePlan
from finsim.engine.injection.entity_histories import Histories
from finsim.engine.injection.ledger_population import LedgerPopulation
from finsim.engine.injection.money.amount_steps import at_steps
from finsim.engine.injection.money.split_payments import MOST_PARTS, Parting, in_parts, least_parts, parts
from finsim.engine.injection.money.story_level import lean, leaning, trial_sums, trials
from finsim.errors import DataError
from finsim.kernels.ledger import FIXED, OF_POT, OF_PREVIOUS, POSTED, Book
from finsim.notation import Array, Bool1D, Cents1D, Float1D, Int1D

_FIT = 0.85  # assumption: most of the ledger's own spread that one scheme may fill
_NEAR = 0.03  # how far an amount may move to one that the ledger knows
_FEW_SUMS, _OF_THEM, _WIDE = 8, 0.5, 0.25
# assumption: where so few sums are so much of what is paid, amounts move so far to one of them.
_TOP = 0.999  # what nearly all of the ledger's amounts are below
_GRAINS = (10_000, 5_000, 1_000, 500, 100, 50, 10, 5)
_LEAST = 0.05
_SMALLEST = 0.02  # assumption: of the ledger's amounts, that are smaller than what is usually paid at least
_MIDDLE = 0.5
_LEAST_PART = 0.25  # of the ranks of what parts are of
_LARGEST = 41.0  # of logs: what an int64 holds
_ROUNDS, _HALVINGS, _WIDEST = 3, 24, 12.0


@dataclass(frozen=True)
class Money:
    """What the ledger pays: sorted amounts, those of its receipts, those of each account, their spread.

    ``receipts`` int64[r] is what a single-sided ledger is paid, sorted; empty in any other. ``kind`` int8[A]
    is that of each account, ``by_kind`` what accounts of a kind pay, sorted. ``top`` and ``top_in`` are what
    nearly all amounts, and receipts, are below. All are multiples of ``step``. ``room``: how far an amount
    may move to one that the ledger knows.
    """

    amounts: Int1D
    receipts: Int1D
    own_start: Int1D
    own: Int1D
    kind: Array
    by_kind: Mapping[int, Int1D]
    spread: float
    top: float
    top_in: float
    grain: int
    step: int = 1
    room: float = _NEAR

    def place(self, account: int, part: float, rng: np.random.Generator) -> float:
        """Return the rank of what an account paid at ``part`` of its amounts, ``part`` where it paid none.

        It is ranked among what accounts of its kind pay: a role that firms play would be at the top of all.
        """
        low, high = int(self.own_start[account]), int(self.own_start[account + 1])
        if high == low:
            return part
        paid = self.own[low + min(int(part * (high - low)), high - low - 1)]
        law = self.by_kind[int(self.kind[account])]
        first, last = (np.searchsorted(law, paid, side=side) for side in ("left", "right"))
        return float((first + rng.random() * (last - first)) / len(law))

    def ranks(self, amounts: Float1D, sides: tuple[Array, Array], parting: Parting) -> Float1D:
        """Return the ranks of the rows of payments, parted: those that go out, and those that come in."""
        number = parts(amounts, self.limits(sides), parting)
        each = np.repeat(amounts / number, number)
        out, into = (np.repeat(side, number) for side in sides)
        if not len(self.receipts):
            return _ranks(self.amounts, each)
        return np.concatenate([_ranks(self.amounts, each[out]), _ranks(self.receipts, each[into])])

    def standing(self, amounts: Float1D, sides: tuple[Array, Array], parting: Parting) -> tuple[float, float]:
        """Return mean and variance of the ranks, where a row counts as much as its direction in the ledger.

        A payment between two accounts has a row of both, and no sum is usual in both where receipts are
        larger than payments. An added receipt is told from all payments by its direction already: of
        what tells the rows of a story its rank is a share q where receipts are q of the ledger (own).
        """
        ranks = self.ranks(amounts, sides, parting)
        if not len(self.receipts):
            return float(ranks.mean()), float(ranks.var())
        came = len(self.receipts) / (len(self.receipts) + len(self.amounts))
        number = parts(amounts, self.limits(sides), parting)
        weight = np.repeat([1.0 - came, came], [number[side].sum() for side in sides])
        mean = float(np.average(ranks, weights=weight))
        return mean, float(np.average((ranks - mean) ** 2, weights=weight))

    def limits(self, sides: tuple[Array, Array]) -> Float1D:
        """Return what nearly all amounts of the direction are below: receipts where only they tell of it."""
        return np.where(self.comes_in(sides), self.top_in, self.top)

    def comes_in(self, sides: tuple[Array, Array]) -> Bool1D:
        """Return which payments are a receipt alone: bool[m]."""
        return np.asarray(~sides[0] & sides[1] & (len(self.receipts) > 0))

    def parting(self, sides: tuple[Array, Array], rng: np.random.Generator) -> Parting:
        """Return how payments are parted: few parts are of large sums; see ``split_payments``."""
        u = rng.uniform(_LEAST_PART, 1.0, len(sides[0]))
        here = self.comes_in(sides)
        paid = self.amounts[(u * len(self.amounts)).astype(np.int64)]
        if here.any():
            paid[here] = self.receipts[(u[here] * len(self.receipts)).astype(np.int64)]
        came = len(self.receipts)
        if not came:
            return Parting(paid, np.ones(len(paid), dtype=np.int64))
        return Parting(paid, least_parts(sides, came / (came + len(self.amounts))))

    def written(
        self, amounts: Float1D, sides: tuple[Array, Array], below: Array, rng: np.random.Generator
    ) -> Cents1D:
        """Return amounts as ``near`` does, receipts as the ledger's receipts are written."""
        here = self.comes_in(sides)
        found = self.near(amounts, below, rng)
        if here.any():
            own = replace(self, amounts=self.receipts)
            found[here] = own.near(amounts[here], below[here], rng)
        return found

    def at_most(
        self, amounts: Float1D, sides: tuple[Array, Array], most: float, rng: np.random.Generator
    ) -> Cents1D:
        """Return amounts as the ledger writes and steps them, none above what is asked but a step.

        Where few sums are most of what is paid, one of them nearby, up to ``most``: of 20 that came in 20 go
        out, not 18.
        """
        asked = np.minimum(amounts, self.limits(sides))
        found = self.written(asked, sides, np.ones(len(asked), dtype=np.bool_), rng)
        if self.room > _NEAR and not self.comes_in(sides).any():
            low = np.searchsorted(self.amounts, asked * (1 - self.room), side="left")
            high = np.searchsorted(self.amounts, np.minimum(asked * (1 + self.room), most), side="right")
            pick = np.minimum(low + (rng.random(len(asked)) * (high - low)).astype(np.int64), high - 1)
            found = np.where(high > low, self.amounts[np.maximum(pick, 0)], found)
        return at_steps(found, np.full(len(found), self.step))

    def least(self) -> int:
        """Return the smallest sum that is paid as a matter of course."""
        return int(self.amounts[int(_SMALLEST * len(self.amounts))])

    def near(self, amounts: Float1D, below: Array, rng: np.random.Generator) -> Cents1D:
        """Return amounts as the ledger writes them: one of its own nearby, else of its usual roundness.

        Where ``below``, none is above what was asked; else none is below all that the ledger pays.
        """
        room = np.where(below, 0.0, self.room)
        low = np.searchsorted(self.amounts, amounts * (1 - self.room), side="left")
        high = np.searchsorted(self.amounts, amounts * (1 + room), side="right")
        pick = low + (rng.random(len(amounts)) * (high - low)).astype(np.int64)
        known = self.amounts[np.minimum(pick, len(self.amounts) - 1)]
        plain = np.maximum(amounts // self.grain * self.grain, min(self.grain, 1)).astype(np.int64)
        found = np.maximum(np.where(high > low, known, plain), 1).astype(np.int64)
        return np.where(below, found, np.maximum(found, self.amounts[0]))


def ledger_money(
    past: Histories, world: LedgerPopulation, step: int = 1, among: Array | None = None
) -> Money:
    """Return what the ledger pays, in the rows ``among`` bool[n]. Raises DataError where nothing is paid."""
    inside = np.ones(len(past.size), dtype=np.bool_) if among is None else among
    paid = np.flatnonzero(past.outgoing & inside)
    if not len(paid):
        raise DataError("no row pays anything out", place="the amounts", expected="amounts above 0")
    amounts = np.sort(past.size[paid])
    came = np.sort(past.size[~past.outgoing & ~past.refund & (past.size > 0) & (past.payee < 0) & inside])
    order = paid[np.lexsort((past.size[paid], past.payer[paid]))]
    edges = np.searchsorted(past.payer[order], np.arange(past.count + 1))
    sizes = [edges[one + 1] - edges[one] if one >= 0 else 0 for one in world.entity.tolist()]
    parts = [order[edges[one] : edges[one + 1]] for one in world.entity.tolist() if one >= 0]
    own = past.size[np.concatenate(parts)] if parts else np.zeros(0, dtype=np.int64)
    kind = world.population.accounts.kind
    rows = np.repeat(kind, sizes)
    shares = [float((amounts % grain == 0).mean()) for grain in _GRAINS]
    grain = next((one for one, share in zip(_GRAINS, shares, strict=True) if share > 0.95), 1)
    return Money(
        amounts, came, np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64), own, kind,
        {int(one): np.sort(own[rows == one]) for one in np.unique(rows)},
        max(float(np.log(amounts).std()), _LEAST), float(np.quantile(amounts, _TOP)),
        float(np.quantile(came, _TOP)) if len(came) else 0.0, grain, step,
    )  # fmt: skip


def at_usual_sums(law: Money) -> Money:
    """Return a law whose amounts may move farther, where few round sums are most of what is paid."""
    often = np.sort(np.unique(law.amounts, return_counts=True)[1])
    is_few = often[-_FEW_SUMS:].sum() >= _OF_THEM * len(law.amounts)
    return replace(law, room=_WIDE) if is_few else law


def _ranks(law: Int1D, amounts: Float1D) -> Float1D:
    """Return the share of a law's amounts that are smaller, half of the equal ones with them."""
    low = np.searchsorted(law, amounts, side="left")
    high = np.searchsorted(law, amounts, side="right")
    return np.asarray((low + high) / (2.0 * len(law)))


def posted_scheme(
    orders: Orders, plan: SchemePlan, world: LedgerPopulation, money: tuple[Money, float],
    rng: np.random.Generator,
) -> tuple[Orders, Cents1D]:  # fmt: skip
    """Return the payments of one scheme that come off, and what each moves in the ledger's money.

    ``money`` : what the ledger pays, and in which part of the first payer's own amounts the scheme stands.
    """
    accounts, law = world.population.accounts, money[0]
    book = Book(accounts.opening.copy(), accounts.overdraft, accounts.external)
    first = run_orders(orders, book, plan, plan.fresh_state())
    kept = orders.take(np.flatnonzero(first.status == POSTED))
    amounts = first.amount[first.status == POSTED]
    if not len(amounts):
        return kept, amounts
    sides = world.entity[kept.payer] >= 0, world.entity[kept.payee] >= 0
    parting = law.parting(sides, rng)
    found = _levelled(kept, plan, amounts, (sides, parting), (world, *money), rng)
    some = found > 0
    limits = law.limits(sides)
    least = parting.least[some]
    number = parts(found[some], limits[some], Parting(parting.sizes[some], least))
    begin = world.settings.start_ns
    made, sums, is_part = in_parts(kept.take(some), found[some], number, least > 1, begin, rng)
    ends = world.entity[made.payer] >= 0, world.entity[made.payee] >= 0
    most = np.minimum(sums, law.limits(ends))
    paid = law.written(most, ends, np.ones(len(made), dtype=np.bool_), rng)
    whole = np.where(is_part, paid, sums).astype(np.int64)
    return made, at_steps(whole, np.full(len(whole), law.step))


def _levelled(
    kept: Orders, plan: SchemePlan, amounts: Cents1D, ways: tuple[tuple[Array, Array], Parting],
    ledger: tuple[LedgerPopulation, Money, float], rng: np.random.Generator,
) -> Cents1D:  # fmt: skip
    """Return what each payment of a scheme moves in the ledger's money, where the story's level is there."""
    (sides, parting), (world, money, part) = ways, ledger
    trial = trials(amounts, world.shop[kept.payee] >= 0)
    rest = ~trial if not trial.all() else trial
    # In a statement the direction tells already, and what comes in many times goes out in large sums anyway.
    level = 0.0 if len(money.receipts) else lean(amounts[rest])
    logs = np.log(np.maximum(amounts, 1))
    power = min(1.0, _FIT * (1.0 - max(level, 0.0)) * money.spread / max(float(logs[rest].std()), 1e-9))
    place = money.place(int(kept.payer[0]), leaning(part, level), rng)
    mine = (sides[0][rest], sides[1][rest]), Parting(parting.sizes[rest], parting.least[rest])
    moved = power * (logs - np.median(logs[rest])) + float(np.log(np.median(money.amounts)))
    found = _rerun(kept, plan, _sums(moved), power, (world, money), rng)
    # What is passed on in other portions moves by another factor than what is fixed, so once more.
    for _ in range(_ROUNDS - 1):
        moved = moved + _shift(np.log(np.maximum(found[rest], 1)), mine[0], place, (money, mine[1]))
        found = _rerun(kept, plan, _sums(moved), power, (world, money), rng)
    if trial.any():
        found[trial] = trial_sums(money.amounts, int(trial.sum()), rng)
    return found


def _sums(logs: Float1D) -> Float1D:
    """Return amounts of their logs; those of payments that follow others are not used and may be any."""
    return np.asarray(np.exp(np.minimum(logs, _LARGEST)))


def _shift(logs: Float1D, sides: tuple[Array, Array], place: float, law: tuple[Money, Parting]) -> float:
    """Return by how much the logs of a scheme's amounts move to stand where the ledger's do, by halving.

    With ranks of variance v their mean lies within sqrt(3 (1/12 - v)) of 1/2, which gives the rows of
    all schemes the variance of the ledger's own, 1/12. Sums are paid in parts only where the mean would stay
    below the middle without, and then no further than to the middle.
    """
    money, parting = law
    whole = float((np.log(money.limits(sides)) - logs).min())
    at_most = money.standing(np.exp(logs + whole), sides, parting)[0]
    low, high, goal = -_WIDEST, whole, 1.0
    if at_most < _MIDDLE and place > at_most:
        low, high, goal = whole, whole + float(np.log(MOST_PARTS)), _MIDDLE
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        mean, variance = money.standing(np.exp(logs + middle), sides, parting)
        width = np.sqrt(3 * max(1 / 12 - variance, 0.0))
        if mean > min(goal, _MIDDLE + width * (2 * place - 1)):
            high = middle
        else:
            low = middle
    return (low + high) / 2


def _rerun(
    kept: Orders, plan: SchemePlan, sums: Float1D, power: float, ledger: tuple[LedgerPopulation, Money],
    rng: np.random.Generator,
) -> Cents1D:  # fmt: skip
    """Return the amounts when the moved sums are paid: nothing is declined, pots and growth follow."""
    world, money = ledger
    size = len(plan.steps.mode)
    follows = np.isin(plan.steps.mode, (OF_POT, OF_PREVIOUS))
    steps = plan.steps._replace(
        mode=np.where(follows, plan.steps.mode, FIXED).astype(np.uint8),
        share=np.where(plan.steps.mode == OF_PREVIOUS, plan.steps.share**power, plan.steps.share),
        low=np.ones(size, dtype=np.int64), high=np.zeros(size, dtype=np.int64),
        step=np.ones(size, dtype=np.int64), retry=np.zeros(size, dtype=np.bool_),
        until=np.zeros(size, dtype=np.int64), gate=np.full(size, -1, dtype=np.int64),
    )  # fmt: skip
    total = len(world.entity)
    book = Book(
        np.zeros(total, dtype=np.int64), np.zeros(total, dtype=np.int64), np.ones(total, dtype=np.bool_)
    )
    again = replace(plan, steps=steps, spent_limit=np.zeros_like(plan.spent_limit))  # a sum of its own world
    own = follows[kept.plan_row]
    sides = world.entity[kept.payer] >= 0, world.entity[kept.payee] >= 0
    fixed = money.written(sums, sides, np.zeros(len(kept), dtype=np.bool_), rng)
    rows = run_orders(replace(kept, amount=fixed), book, again, again.fresh_state())
    found = np.where(rows.status == POSTED, rows.amount, 0)
    below = np.ones(len(kept), dtype=np.bool_)
    near = money.written(np.maximum(found, 1).astype(np.float64), sides, below, rng)
    return np.where(own & (found > 0), near, found)
