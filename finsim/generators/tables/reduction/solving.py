"""A rule between columns solved for one of its operands: what an empty cell must have held."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from finsim.generators.tables.level_payments import annuity_factor, discounted, nominal
from finsim.generators.tables.reduction.dates.month_dates import MonthDate
from finsim.generators.tables.reduction.dates.months_after import months_after, months_between
from finsim.generators.tables.reduction.identities import (
    ANNUITY,
    BALLOON,
    COMPOUND,
    PRODUCT,
    RATIO,
    Identity,
)
from finsim.notation import Float1D, Int1D

Numbers = Mapping[str, Float1D]


def solved(rule: Identity | MonthDate, operand: str, numbers: Numbers, seen: Float1D) -> Float1D:
    """Return the operand from the target and the other operands, float64[N]; NaN where nothing solves it.

    ``seen`` are the values of the operand in other rows, sorted: rates and numbers of periods of a level
    payment are sought among them. The result is not on the operand's grid.
    """
    target = numbers[rule.target]
    with np.errstate(all="ignore"):
        if isinstance(rule, MonthDate):
            return _date_or_count(rule, operand, numbers)
        place = rule.operands.index(operand)
        if rule.kind in (ANNUITY, BALLOON):
            return _of_annuity(rule, place, numbers, seen)
        if rule.kind == COMPOUND:
            found = nominal(target - rule.offset, *rule.factors[:2]) / rule.factors[2]
        elif rule.kind == PRODUCT:
            found = target / (rule.factors[0] * numbers[rule.operands[1 - place]])
        elif rule.kind == RATIO and place == 0:
            found = target * numbers[rule.operands[1]] / rule.factors[0]
        elif rule.kind == RATIO:
            found = rule.factors[0] * numbers[rule.operands[0]] / target
        else:
            rest = target - rule.offset
            for name, factor in zip(rule.operands, rule.factors, strict=True):
                rest = rest - factor * numbers[name] if name != operand else rest
            found = rest / rule.factors[place]
    return np.asarray(np.where(np.isfinite(found), found, np.nan))


def _of_annuity(rule: Identity, place: int, numbers: Numbers, seen: Float1D) -> Float1D:
    amount, rate, term = (numbers[name] for name in rule.operands[:3])
    end = numbers[rule.operands[3]] if rule.kind == BALLOON else np.zeros(len(amount))
    payment = numbers[rule.target] - rule.offset
    if place == 0:
        paid_off = discounted(end, rule.factors[0] * rate, term)
        return np.asarray(payment / annuity_factor(rule.factors[0] * rate, term) + paid_off)
    # The payment grows with the rate and falls with the periods.
    known = seen if place == 1 else seen[::-1]
    low, high = np.zeros(len(payment), np.int64), np.full(len(payment), len(known) - 1)

    def paid(at: Int1D) -> Float1D:
        rates, terms = (known[at], term) if place == 1 else (rate, known[at])
        rates = rule.factors[0] * rates
        return np.asarray((amount - discounted(end, rates, terms)) * annuity_factor(rates, terms))

    while (low < high).any():
        middle = (low + high) // 2
        is_below = paid(middle) < payment
        low, high = np.where(is_below, np.minimum(middle + 1, high), low), np.where(is_below, high, middle)
    before = np.maximum(low - 1, 0)
    nearer = np.abs(paid(before) - payment) < np.abs(paid(low) - payment)
    return np.asarray(np.where(np.isfinite(payment), known[np.where(nearer, before, low)], np.nan))


def _date_or_count(rule: MonthDate, operand: str, numbers: Numbers) -> Float1D:
    end = numbers[rule.target]
    start, count = (numbers[name] for name in rule.operands)
    if operand == rule.operands[0]:
        return months_after(end, -count * rule.months, rule.ends)
    return months_between(start, end) / rule.months
