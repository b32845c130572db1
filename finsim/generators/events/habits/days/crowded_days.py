"""What repeats within a day, by whose it is, with whom, and how many payments the day has.

Days of many payments are mostly with one payee, often of one sum, and with the payees that bring such days.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.generators.events.habits.ledger import Ledger, sums_by
from finsim.generators.events.habits.restaurant import Returns, Runs, across_days, had_before
from finsim.kernels.events.payments import BIG_DAY, CLASSES
from finsim.notation import Array, Float1D, Int1D

WEIGHT, FREE, START = 2.0, 4.0, 1.0
"""Runs that a payee's own figure is drawn towards that of all by; variance of effects of classes, and that of
entities and payees before it is known (assumptions)."""
OFTEN, MOST_OFTEN, SEVERAL = 3.0, 20.0, 2.0
"""How many times as often as others a payee is met on big days from which on it brings them, and at most, and
how many such days there are at least (assumptions)."""
BRINGS, LEAST = 0.25, 20
"""Share of the runs with payees that bring big days from which on a life is one of such days; such lives, and
others, from which on they are a class of their own (assumptions)."""
ROUNDS, STEPS, LOWEST, FAR = 4, 4, -9.0, 7.0


@dataclass(frozen=True)
class Crowds:
    """Odds of repeats within a day: those of entities, times factors of payees and of sizes of days.

    stays, doubles float64[E], chances of the payee of the last payment, and then of an amount of it; sticky,
    paired float64[P] and stays_by, doubles_by float64[C], factors of their odds. crowded int64[P], 1 for
    payees that bring big days; busy float64[P], the chance that one of them is taken for one (0: of others).
    """

    stays: Float1D
    doubles: Float1D
    sticky: Float1D
    paired: Float1D
    stays_by: Float1D
    doubles_by: Float1D
    busy: Float1D
    crowded: Int1D


def learn_crowds(ledger: Ledger, runs: Runs, returns: Returns, chance: Float1D) -> Crowds:
    """Learn what repeats within a day; ``chance`` float64[n] as in ``learn_returns``."""
    new = ledger.is_new_day()
    day = np.cumsum(new) - 1
    size = np.bincount(day)[day]
    later = np.flatnonzero(~new)
    one, payee, kind = ledger.entity[later], ledger.payee[later - 1], size_classes(size[later])
    stayed = ledger.payee[later] == payee
    luck = across_days(ledger, runs)[one]
    sizes = ledger.count, ledger.payees, len(CLASSES) + 1
    stays, sticky, by_size = odds_effects(stayed, 1.0 - luck, luck, (one, payee, kind), sizes)
    # Of payments that stay, those that the restaurant brought have a remembered amount.
    held = chances(stays[one], sticky[payee] * by_size[kind])
    own = (held / np.maximum(held + (1.0 - held) * luck, 1e-9))[stayed]
    link = np.repeat(runs.link, np.diff(np.append(runs.row, len(ledger.day))))
    had, alike = had_before(link, ledger.amount, chance)
    rows, one, payee, kind = later[stayed], one[stayed], payee[stayed], kind[stayed]
    kept = np.minimum(returns.remembers[one] * returns.fixed[payee], 0.98)
    rest = own * alike[rows] + (1.0 - own) * (kept + (1.0 - kept) * alike[rows])
    doubles, paired, doubles_by = odds_effects(
        had[rows], own * (1.0 - alike[rows]), rest, (one, payee, kind), sizes
    )
    busy, crowded = on_big_days(ledger, runs)
    taken = busy * crowded / max(float((busy * crowded).max(initial=1.0)), 1.0)
    return Crowds(stays, doubles, sticky, paired, by_size, doubles_by, taken, crowded)


def size_classes(size: Int1D) -> Int1D:
    """Return the class int64[n] of days of so many payments."""
    return np.searchsorted(np.array(CLASSES), size, side="right").astype(np.int64)


def chances(chance: Float1D, factor: Float1D) -> Float1D:
    """Return chances whose odds are multiplied by a factor."""
    return np.asarray(chance * factor / (1.0 - chance + chance * factor))


def odds_effects(
    seen: Array, weight: Float1D, rest: Float1D, groups: tuple[Int1D, Int1D, Int1D], sizes: tuple[int, ...]
) -> tuple[Float1D, Float1D, Float1D]:
    """Return chances by the first group, and factors of the odds by the second and third.

    A row is seen with chance rest + weight p, float64[n] each; the log odds of p add up what all have in
    common and an effect of each of its groups int64[n]. Effects of the first two are normal around 0, their
    variance by moments; the third is nearly free. As many are expected as are seen.
    Source: random effects by penalized quasi-likelihood
    (Breslow and Clayton 1993).
    """
    common, effects = -1.0, [np.zeros(size) for size in sizes]
    variance = [START, START, FREE]
    if not len(seen):
        return np.full(sizes[0], 1e-4), np.ones(sizes[1]), np.ones(sizes[2])
    for _ in range(ROUNDS):
        for k in (2, 1, 0):
            total = common + sum(effect[group] for effect, group in zip(effects, groups, strict=True))
            shift, unsure = _stepped(seen, weight, rest, total - effects[k][groups[k]], groups[k], effects[k],
                                     1.0 / variance[k])  # fmt: skip
            effects[k] = shift - (shift[groups[2]].mean() if k == 2 else 0.0)
            if k < 2:
                told = np.bincount(groups[k], minlength=sizes[k]) > 0
                variance[k] = float(np.clip((shift[told] ** 2 + unsure[told]).mean(), 1e-3, 9.0))
        total = sum(effect[group] for effect, group in zip(effects, groups, strict=True))
        common = _level(seen, weight, rest, np.asarray(total))
    own = 1.0 / (1.0 + np.exp(-np.clip(common + effects[0], LOWEST, FAR)))
    return own, np.exp(effects[1]), np.exp(effects[2])


def _stepped(
    seen: Array, weight: Float1D, rest: Float1D, base: Float1D, group: Int1D, effect: Float1D, prior: float
) -> tuple[Float1D, Float1D]:
    """Return effects after steps of Fisher's scoring, and how unsure they are (variance)."""
    count = len(effect)
    for _ in range(STEPS):
        chance = 1.0 / (1.0 + np.exp(-np.clip(base + effect[group], -12.0, 12.0)))
        slope = weight * chance * (1.0 - chance)
        whole = np.clip(rest + weight * chance, 1e-6, 1.0 - 1e-6)
        told = slope / (whole * (1.0 - whole))
        inside = sums_by(group, slope * told, count) + prior
        step = (sums_by(group, told * (seen - whole), count) - prior * effect) / inside
        effect = np.clip(effect + np.clip(step, -1.5, 1.5), -FAR, FAR)
    return effect, 1.0 / inside


def _level(seen: Array, weight: Float1D, rest: Float1D, total: Float1D) -> float:
    """Return the level of the log odds with which as many are expected as are seen."""
    low, high = LOWEST, FAR
    for _ in range(25):
        middle = (low + high) / 2.0
        chance = 1.0 / (1.0 + np.exp(-np.clip(middle + total, -12.0, 12.0)))
        is_less = float((rest + weight * chance - seen).sum()) < 0.0
        low, high = (middle, high) if is_less else (low, middle)
    return (low + high) / 2.0


def crowded_lives(ledger: Ledger, runs: Runs) -> Int1D:
    """Return int64[E], 1 for lives of days of many payments: payees that bring them have many of their runs.

    They are a class of their own where there are enough of them, and of others: else all are 0.
    """
    found = np.bincount(runs.entity, on_big_days(ledger, runs)[1][runs.payee], ledger.count)
    whole = np.bincount(runs.entity, minlength=ledger.count)
    is_crowded = found >= BRINGS * np.maximum(whole, 1)
    several = np.bincount(ledger.entity[ledger.is_new_day()], minlength=ledger.count) > 1
    is_class = min(int((several & is_crowded).sum()), int((several & ~is_crowded).sum())) >= LEAST
    return (is_crowded & is_class).astype(np.int64)


def on_big_days(ledger: Ledger, runs: Runs) -> tuple[Float1D, Int1D]:
    """Return how many times as often each payee is met on big days float64[P], and which of them brings such.

    A day counts once. Who was met on one big day alone brings none: int64[P].
    """
    day = np.cumsum(ledger.is_new_day()) - 1
    size = np.bincount(day)[day]
    of = day[runs.row]
    share = 1.0 / np.bincount(of)[of]
    whole = sums_by(runs.payee, share, ledger.payees)
    big = sums_by(runs.payee, share * (size[runs.row] >= BIG_DAY), ledger.payees)
    usual = float(big.sum()) / max(float(whole.sum()), 1.0)
    if usual <= 0.0:
        return np.ones(ledger.payees), np.zeros(ledger.payees, np.int64)
    busy = np.minimum((big + WEIGHT * usual) / (whole + WEIGHT) / usual, MOST_OFTEN)
    return busy, ((busy >= OFTEN) & (big >= SEVERAL)).astype(np.int64)
