"""What is left of a loan by a payment plan that the tape does not state, learned as payments behind a day.

A tape gives amount, rate and dates, and what is owed, and no payment. The plan is found in the balances: they
are those after whole numbers of payments, mostly as many as months have gone by since the opening (own).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from finsim.generators.tables.reduction.column_cells import as_numbers
from finsim.generators.tables.reduction.dates.months_after import (
    are_whole,
    day_of_month,
    month_of,
    months_after,
    months_between,
)
from finsim.generators.tables.reduction.identities import MOST_RATE, MOST_TERMS
from finsim.generators.tables.reduction.schedules import Schedule
from finsim.notation import Bool1D, Float1D
from finsim.records.mixed_table import NUMBER, TIME, MixedTable

Numbers = Mapping[str, Float1D]
LEAST_ROWS, LEAST_VALUES, LEAST_BELOW, LEAST_WHOLE, WHOLE = 200, 200, 0.999, 0.3, 0.01
MOST_CHANCE, TURNS = 0.1, (1, 7)
"""A plan: 200 rows and amounts, within the loan in 99.9 %, whole payments (to .01) in 30 % of those that are
neither nothing nor all, in a tenth with amounts of other rows (assumptions)."""
LEAST_SAME, SOME_ROWS = 0.3, 600
"""A day of the tape: 30 % of whole payments are the months since the opening (assumption)."""
FACTORS = (1 / 1200, 1 / 12)
LAST_DAY, SOME_OPENED = 31, 5_000
MOST_COLUMNS = 8
LEAST_DATED, SURER = 20, 0.1
"""Balances stand at a date of their own where 20 loans with whole payments have one, 30 % of these the same
number of months by it, a tenth more than by the tape (assumptions)."""


@dataclass(frozen=True)
class Plan:
    """``target`` is what is left, or repaid, of a loan after some payments of a level-payment plan.

    ``operands`` : what is learned, the amount, the rate (``factor`` x it is that of a month), then the
    opening and the end, or the term in months, or both of opening and term. Learned are payments made or,
    with the month ``day`` (since 1970) of the tape, how many were not made by then: of loans opened after
    day ``due`` of a month the payment of that month was not.
    """

    target: str
    operands: tuple[str, ...]
    factor: float
    left: bool
    by_dates: bool
    day: int = -1
    dated: bool = False
    lag: int = 0
    complete: bool = False
    due: int = LAST_DAY
    step: ClassVar[float] = 0.0

    def _plain(self, columns: Numbers) -> tuple[Schedule, dict[str, Float1D], Float1D]:
        """Return the schedule, its columns, and the months from the opening to the day (0 without one)."""
        amount, rate = (columns[name] for name in self.operands[1:3])
        opened, end = columns[self.operands[3]], columns[self.operands[-2 if self.dated else -1]]
        term = months_between(opened, end) if self.by_dates else end
        since = np.zeros(len(amount))
        if self.day >= 0:
            since = self.by_tape(opened)
        if self.dated:
            own = _months_by(opened, columns[self.operands[-1]], self.complete) - self.lag
            since = np.where(np.isnan(own), since, own)
        names = ("made", "amount", "rate", "term")
        known = {"amount": amount, "rate": rate, "term": term}
        return Schedule("target", names, self.factor, self.left), known, since

    def by_tape(self, opened: Float1D) -> Float1D:
        """Return the payments of loans by the day of the tape, float64[N]."""
        return np.asarray(self.day - month_of(opened) - (day_of_month(opened) > self.due))

    def values(self, columns: Numbers) -> Float1D:
        """Return what is left or repaid, float64[N]."""
        schedule, known, since = self._plain(columns)
        learned = columns[self.operands[0]]
        made = since - learned if self.is_behind() else learned
        return schedule.values({**known, "made": np.clip(made, 0.0, known["term"])})

    def is_behind(self) -> bool:
        """Tell whether payments are counted by dates: those not made by a day are learned."""
        return self.day >= 0 or self.dated

    def made(self, columns: Numbers) -> tuple[Float1D, Float1D]:
        """Return the payments made and the term in months, float64[N] each."""
        schedule, known, _ = self._plain(columns)
        target = np.clip(columns[self.target], 0.0, known["amount"])
        made = schedule.learned({**known, "target": target})
        over = target <= 0.0 if self.left else target >= known["amount"]
        return np.where(over, known["term"], made), known["term"]

    def learned(self, columns: Numbers) -> Float1D:
        """Return the payments made, or those not made by the day of the tape, float64[N]."""
        made, term = self.made(columns)
        if not self.is_behind():
            return np.asarray(made)
        since = self._plain(columns)[2]
        # A loan that has ended owes nothing however many payments its plan had.
        return np.asarray(np.where((made >= term) & (since >= term), 0.0, since - made))


def find_plans(table: MixedTable, free: list[str]) -> Iterator[Plan]:
    """Yield columns of ``free`` that are left or repaid of a plan, each of the plan that fits best."""
    numbers = {name: one for name, column in table.columns.items() if (one := as_numbers(column)) is not None}
    kinds = {kind: [name for name in numbers if table[name].kind == kind] for kind in (NUMBER, TIME)}
    for target in (name for name in free if name in kinds[NUMBER]):
        mine = numbers[target]
        there = np.flatnonzero(~np.isnan(mine))
        hidden = f"{target}: payments"
        if len(there) < LEAST_ROWS or hidden in table or len(np.unique(mine[there])) < LEAST_VALUES:
            continue
        if (mine[there] < 0).any():
            continue
        some = there[:: max(1, len(there) // SOME_ROWS)]
        known = {name: one[some] for name, one in numbers.items()}
        shares = [
            (_whole(rule, known), rule)
            for operands, by_dates in _loans(table, known, target, kinds)
            for factor in FACTORS for left in (True, False)
            if (rule := Plan(target, (hidden, *operands), factor, left, by_dates))
        ]  # fmt: skip
        if not shares:
            continue
        share, best = max(shares, key=lambda pair: pair[0])
        if share >= LEAST_WHOLE:
            whole = {name: one[there] for name, one in numbers.items()}
            found = _with_due(_with_day(best, known, kinds[TIME]), whole)
            found = _with_date(found, whole, kinds[TIME])
            learned = found.learned(numbers)
            if not np.isnan(learned[there]).any():
                yield found


def _loans(
    table: MixedTable, known: Numbers, target: str, kinds: Mapping[str, list[str]]
) -> Iterator[tuple[tuple[str, ...], bool]]:
    """Yield amount, rate and opening with end, or with term, of which the target may be a part."""
    mine = known[target]
    rest = [name for name in kinds[NUMBER] if name != target and not np.isnan(known[name]).any()]
    amounts = [name for name in rest if (mine <= known[name]).mean() >= LEAST_BELOW and known[name].min() > 0]
    rates = [name for name in rest if table[name].step < 1 and known[name].min() >= 0
             and known[name].max() <= MOST_RATE and len(np.unique(known[name])) > 2]  # fmt: skip
    terms = [name for name in rest if table[name].step >= 1 and known[name].min() >= 1
             and len(np.unique(known[name])) <= MOST_TERMS]  # fmt: skip
    days = [name for name in kinds[TIME] if not np.isnan(known[name]).any()]
    spans = [(one, other) for one in days for other in days if one != other
             and (known[one] < known[other]).all() and are_whole(known[one], known[other])]  # fmt: skip
    for amount in amounts[:MOST_COLUMNS]:
        for rate in rates[:MOST_COLUMNS]:
            if amount != rate:
                yield from (((amount, rate, *span), True) for span in spans)
                yield from (((amount, rate, term), False) for term in terms[:MOST_COLUMNS]
                            if term not in (amount, rate))  # fmt: skip


def _whole(rule: Plan, known: Numbers) -> float:
    """Return the share of rows with a whole number of payments, 0 where chance may do it."""
    share = float(_are_whole(rule, known).mean())
    if share < LEAST_WHOLE:
        return 0.0
    turned = ({**known, rule.target: np.roll(known[rule.target], turn)} for turn in TURNS)
    return share if max(float(_are_whole(rule, one).mean()) for one in turned) <= MOST_CHANCE else 0.0


def _are_whole(rule: Plan, known: Numbers) -> Bool1D:
    """Return which rows, of those that are neither nothing nor all, are after a whole number of payments.

    A share or a rate is next to no payment of a large loan, or next to all: that is no whole one.
    """
    target, amount = known[rule.target], known[rule.operands[1]]
    between = (target > 0) & (target < amount)
    if between.sum() < LEAST_ROWS // 4:
        return np.zeros(1, np.bool_)
    columns = {name: one[between] for name, one in known.items()}
    made, term = rule.made(columns)
    return _is_whole(made, term)


def _is_whole(made: Float1D, term: Float1D) -> Bool1D:
    with np.errstate(invalid="ignore"):
        whole = np.abs(made - np.round(made)) <= WHOLE
        return np.asarray(whole & (made > 0.5) & (made < term - 0.5))


def _with_day(rule: Plan, known: Numbers, days: list[str]) -> Plan:
    """Return a plan with the month of the tape, where most whole payments are the months since an opening."""
    made, term = rule.made(known)
    whole = _is_whole(made, term)
    best, share = rule, 0.0
    for opened in [rule.operands[3]] if rule.by_dates else days:
        months = (month_of(known[opened]) + np.round(made))[whole & ~np.isnan(known[opened])]
        if not len(months):
            continue
        found, counts = np.unique(months, return_counts=True)
        if counts.max() > share * whole.sum() and not np.isnan(known[opened]).any():
            share = float(counts.max() / whole.sum())
            operands = rule.operands if rule.by_dates else (*rule.operands[:3], opened, rule.operands[-1])
            best = replace(rule, operands=operands, day=int(found[counts.argmax()]))
    return best if share >= LEAST_SAME and best.day >= 0 else rule


def _with_due(rule: Plan, known: Numbers) -> Plan:
    """Return a plan with the day of a month up to which openings have paid in the month of the tape.

    A tape of the 15th has one payment less of the loans that were opened, and are due, later in a month.
    """
    if rule.day < 0:
        return rule
    every = max(1, len(known[rule.target]) // SOME_OPENED)
    known = {name: one[::every] for name, one in known.items()}
    made, term = rule.made(known)
    opened = known[rule.operands[3]]
    whole = _is_whole(made, term) & ~np.isnan(opened)
    tried = [replace(rule, day=rule.day + later, due=due) for later in (0, 1) for due in range(1, LAST_DAY)]
    met = [int((one.by_tape(opened[whole]) == np.round(made[whole])).sum()) for one in (rule, *tried)]
    best = int(np.argmax(met))
    return tried[best - 1] if met[best] - met[0] >= LEAST_DATED else rule


def _with_date(rule: Plan, known: Numbers, days: list[str]) -> Plan:
    """Return a plan with the date at which balances of some loans stand, where there is one.

    A loan that has defaulted owes what it owed then: counted to the day of the tape no two of them would have
    missed the same number of payments. Without a day of the tape every loan has the date.
    """
    if rule.day < 0 and not rule.by_dates:
        return rule
    made, term = rule.made(known)
    whole = _is_whole(made, term)
    opened = known[rule.operands[3]]
    by_tape = rule.by_tape(opened) - np.round(made)
    best, most = rule, 0.0
    for name in days:
        dated = whole & ~np.isnan(known[name]) & (known[name] >= opened)
        is_partial = np.isnan(known[name]).any()
        if name in rule.operands or dated.sum() < LEAST_DATED or (rule.day < 0 and is_partial):
            continue
        same = (by_tape[dated] == 0).mean() if rule.day >= 0 else 0.0
        for complete in (True, False):
            lags = _months_by(opened, known[name], complete)[dated] - np.round(made[dated])
            found, counts = np.unique(lags, return_counts=True)
            share = float(counts.max() / dated.sum())
            if share >= max(LEAST_SAME, same + SURER) and share > most:
                most, lag = share, int(found[counts.argmax()])
                best = replace(rule, operands=(*rule.operands, name), dated=True, lag=lag, complete=complete)
    return best


def _months_by(opened: Float1D, days: Float1D, complete: bool) -> Float1D:
    """Return the months from an opening to days, those of the calendar or those that are complete."""
    months = months_between(opened, days)
    return np.asarray(months - (complete & (months_after(opened, months) > days)))
