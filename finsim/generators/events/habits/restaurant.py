"""How entities return to payees: strength and discount of a restaurant, repeats of payee and amount."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.generators.events.habits.ledger import Ledger, net_rates, sums_by
from finsim.kernels.events.normal_scores import log_gamma
from finsim.kernels.events.payments import RECENT_RUNS
from finsim.notation import Array, Float1D, Int1D

DISCOUNTS = (-20.0, -4.0, -1.0, 0.0, 0.15, 0.3, 0.45, 0.6, 0.75)
LEAST_RUNS = 6
RATE_WEIGHT, KEEP_WEIGHT = 8.0, 2.0


@dataclass(frozen=True)
class Returns:
    """Chances of each entity, float64[E]; see ``finsim.kernels.events.payment_laws.Habits``.

    ``fixed`` float64[P] and ``older`` float64[2], see its ``Law``.
    """

    remembers: Float1D
    keeps: Float1D
    returns: Float1D
    strength: Float1D
    discount: Float1D
    fixed: Float1D
    older: Float1D


@dataclass(frozen=True)
class Runs:
    """Runs of payments of one entity with one payee on one day: row of the first payment, and whose.

    row, entity, payee int64[R]; link int64[R], the pair of entity and payee; links : of all pairs the
    entity and payee, int64[L] each, by entity.
    """

    row: Int1D
    entity: Int1D
    payee: Int1D
    link: Int1D
    link_entity: Int1D
    link_payee: Int1D

    @classmethod
    def read(cls, ledger: Ledger) -> Runs:
        """Return the runs of a ledger."""
        new = ledger.is_new_day()
        new[1:] |= ledger.payee[1:] != ledger.payee[:-1]
        row = np.flatnonzero(new)
        entity, payee = ledger.entity[row], ledger.payee[row]
        pairs, link = np.unique(entity * ledger.payees + payee, return_inverse=True)
        return cls(row, entity, payee, link.astype(np.int64), pairs // ledger.payees, pairs % ledger.payees)


def learn_returns(ledger: Ledger, runs: Runs, chance: Float1D) -> Returns:
    """Learn what repeats; ``chance`` float64[n] is that of an equal amount by the law of amounts alone."""
    n, count = len(ledger.day), ledger.count
    in_day = ~ledger.is_new_day()
    stays = in_day.copy()
    stays[1:] &= ledger.payee[1:] == ledger.payee[:-1]
    equal = np.zeros(n, dtype=np.bool_)
    equal[1:] = ledger.amount[1:] == ledger.amount[:-1]
    again, before = _earlier(ledger, runs)
    sizes = np.diff(np.append(runs.row, n))
    link = np.repeat(runs.link, sizes)
    had, chances = had_before(link, ledger.amount, chance)
    keeps = _keeps(ledger, link, chance)
    net = net_hits(had[again], chances[again])
    remembers = net_rates(ledger.entity[again], had[again], chances[again], count, RATE_WEIGHT)
    last = net_hits(ledger.amount[again] == ledger.amount[before], chance[again])
    within = net_hits(had[stays], chances[stays])
    older = np.array([_older(net_hits(equal[stays], chance[stays]), within), _older(last, net)])
    payee = ledger.payee[again]
    found = np.maximum(sums_by(payee, net, ledger.payees), 0.0)
    usual = sums_by(payee, remembers[ledger.entity[again]], ledger.payees)
    fixed = (found + 2.0) / (usual + 2.0)
    strength, discount = restaurant(runs, count)
    recency = _recency(runs, count)
    return Returns(remembers, keeps, recency, strength, discount, fixed, older)


def across_days(ledger: Ledger, runs: Runs) -> Float1D:
    """Return the chance of each entity that a day begins with the payee that the last one ended with.

    The restaurant alone makes so many repeats; within a day there are more. Of any two runs of an entity as
    many are alike (its runs can be exchanged, Pitman 1995): those tell the entities apart with less noise,
    the beginnings of days how large the whole is.
    """
    later = ledger.is_new_day() & ~ledger.is_first()
    same = np.zeros(len(later), dtype=np.bool_)
    same[1:] = ledger.payee[1:] == ledger.payee[:-1]
    times = np.bincount(runs.link).astype(np.float64)
    total = np.bincount(runs.entity, minlength=ledger.count).astype(np.float64)
    alike = sums_by(runs.link_entity, times * (times - 1.0), ledger.count)
    pairs = np.maximum(total * (total - 1.0), 0.0)
    usual = alike.sum() / max(pairs.sum(), 1.0)
    chance = (alike + 2.0 * usual) / (pairs + 2.0)
    expected = float(chance[ledger.entity[later]].sum())
    whole = float((later & same).sum()) / expected if expected > 0 else 1.0
    return np.asarray(np.minimum(whole * chance, 0.9))


def net_hits(alike: Array, chance: Float1D) -> Float1D:
    """Return hits less those of chance, so that (rate + (1 - rate) chance) is what was seen."""
    return np.asarray((alike - chance) / (1.0 - np.minimum(chance, 0.95)))


def _older(last: Float1D, any_before: Float1D) -> float:
    """Return how often a repeated amount is not the last one, from net hits of both."""
    whole = float(any_before.sum())
    return float(np.clip(1.0 - last.sum() / whole, 0.0, 0.9)) if whole > 0 else 0.0


def _keeps(ledger: Ledger, link: Int1D, chance: Float1D) -> Float1D:
    """Return the chance of each entity that its first amount to a new payee is one that it paid before."""
    again, chances = had_before(ledger.entity, ledger.amount, chance)
    rows = np.unique(link, return_index=True)[1]
    rows = rows[~ledger.is_first()[rows]]
    owner = ledger.entity[rows]
    return np.minimum(net_rates(owner, again[rows], chances[rows], ledger.count, KEEP_WEIGHT), 0.99)


def had_before(link: Int1D, amount: Float1D, chance: Float1D) -> tuple[Array, Float1D]:
    """Return bool[n], whether the group ``link`` int64[n] had the amount before, and the chance of it."""
    n = len(link)
    order = np.argsort(link, kind="stable")
    begins = np.searchsorted(link[order], np.arange(int(link.max(initial=-1)) + 1))
    age = np.empty(n, np.int64)
    age[order] = np.arange(n) - begins[link[order]]
    code = np.unique(amount, return_inverse=True)[1].astype(np.int64)
    key = link * (int(code.max(initial=0)) + 1) + code
    order = np.argsort(key, kind="stable")
    found = np.zeros(n, dtype=np.bool_)
    found[order[1:]] = key[order][1:] == key[order][:-1]
    found &= ~np.isnan(amount)
    return found, 1.0 - (1.0 - np.minimum(chance, 0.95)) ** age


def _earlier(ledger: Ledger, runs: Runs) -> tuple[Int1D, Int1D]:
    """Return the first rows of runs with a known payee, and the last rows of the runs before."""
    ends = np.append(runs.row[1:], len(ledger.day)) - 1
    order = np.argsort(runs.link, kind="stable")
    same = runs.link[order][1:] == runs.link[order][:-1]
    return runs.row[order[1:][same]], ends[order[:-1][same]]


def _recency(runs: Runs, count: int) -> Float1D:
    """Return the surplus of returns to one of the last few runs over the restaurant's own, by entity."""
    order = np.argsort(runs.link, kind="stable")
    same = runs.link[order][1:] == runs.link[order][:-1]
    later, former = order[1:][same], order[:-1][same]
    starts = np.searchsorted(runs.entity, np.arange(count))
    age = later - starts[runs.entity[later]]
    lag = later - former
    # A random earlier run lies among the last few with this chance; of more than those there must be some.
    told = age > 2 * RECENT_RUNS
    whole = np.maximum(np.bincount(runs.entity, minlength=count)[runs.entity[later]], 1)
    share = np.minimum(np.bincount(runs.link)[runs.link[later]] / whole, 1.0)
    by_chance = 1.0 - (1.0 - share) ** RECENT_RUNS
    near = (lag <= RECENT_RUNS).astype(np.float64)
    owner = runs.entity[later][told]
    return np.minimum(net_rates(owner, near[told], by_chance[told], count, 20.0), 0.95)


def restaurant(runs: Runs, count: int) -> tuple[Float1D, Float1D]:
    """Return strength and discount by entity, by likelihood of the partition of its runs (Pitman 1995).

    The strength gives the observed number of payees; entities with few runs share the discount of all.
    """
    sizes = np.bincount(runs.link).astype(np.float64)
    total = np.bincount(runs.entity, minlength=count).astype(np.float64)
    tables = np.bincount(runs.link_entity, minlength=count).astype(np.float64)
    found = []
    for discount in DISCOUNTS:
        strength = _strength(total, tables, discount)
        tails = _lgamma(sizes - discount) - _lgamma(np.full(1, 1.0 - discount))[0]
        inner = sums_by(runs.link_entity, tails, count)
        if discount < 0:
            # Below 0 there are only so many payees in all, and each is as likely (Pitman 2006, 3.2).
            room = np.maximum(strength / -discount, tables)
            heads = tables * np.log(-discount) + _lgamma(room + 1.0) - _lgamma(room - tables + 1.0)
        elif discount > 0:
            heads = tables * np.log(discount) + _lgamma(strength / discount + tables)
            heads -= _lgamma(strength / discount)
        else:
            heads = tables * np.log(strength)
        found.append((strength, inner + heads + _lgamma(strength) - _lgamma(strength + total)))
    worth = np.stack([one[1] for one in found])
    many = total >= LEAST_RUNS
    prior = np.where(many, worth, 0.0).sum(axis=1)
    prior = (prior - prior.max()) / max(many.sum(), 1)
    best = (worth + 4.0 * prior[:, None]).argmax(axis=0)
    best[~many] = int(prior.argmax())
    strengths = np.stack([one[0] for one in found])
    return strengths[best, np.arange(count)], np.array(DISCOUNTS)[best]


def _strength(total: Float1D, tables: Float1D, discount: float) -> Float1D:
    """Return the strength under which so many runs are expected at so many payees.

    Few runs say little: one run more is supposed, at a new payee as often as later runs of all are.
    """
    later = np.maximum(total - 1.0, 0.0).sum()
    fresh = np.maximum(tables - 1.0, 0.0).sum() / later if later > 0 else 0.5
    runs, wanted = total + 1.0, np.maximum(tables + min(max(fresh, 0.02), 0.98), 1.001)
    lowest = max(1e-2, 1e-3 - discount)
    low, high = np.full(len(runs), np.log(lowest)), np.full(len(runs), np.log(1e5))
    for _ in range(40):
        middle = (low + high) / 2
        strength = np.exp(middle)
        if discount != 0:
            grown = _lgamma(strength + runs + discount) - _lgamma(strength + runs)
            grown += _lgamma(strength + 1.0) - _lgamma(strength + discount)
            expected = (np.exp(grown) - strength) / discount
        else:
            expected = strength * np.log1p(runs / strength)
        low, high = np.where(expected < wanted, middle, low), np.where(expected < wanted, high, middle)
    return np.asarray(np.exp((low + high) / 2))


def _lgamma(values: Float1D) -> Float1D:
    out = np.empty(len(values))
    log_gamma(np.ascontiguousarray(values, dtype=np.float64), out)
    return out
