"""What a date is worth to all: its weekday, the time of the year, and holidays of its own."""

from __future__ import annotations

import numpy as np

from finsim.generators.events.habits.ledger import sums_by
from finsim.notation import Array, Float1D, Int1D

SMOOTH_DAYS = 21
ROUNDS, PASSES = 40, 2
# Assumptions: at first one date in twenty is out of the common, by a third of the usual or more.
RARE, WIDE = 0.05, 0.35
LEAST_SPREAD = 0.01


def course(seen: Float1D, usual: Float1D, noise: Float1D, weekday: Int1D) -> tuple[Float1D, Float1D]:
    """Return by how much each date differs from the usual float64[D], and each weekday float64[7].

    seen, usual : float64[D], what a date has and what it would have if all were alike; noise : float64[D],
    the variance of what is seen. A date is worth its weekday, the level of the weeks around it, and what is
    believed of its own.
    """
    own = np.ones(len(seen))
    dates = smoothed(np.ones(len(seen)), SMOOTH_DAYS) * np.minimum(SMOOTH_DAYS, len(seen))
    for _ in range(PASSES):  # the second time a holiday does not speak for its weekday and its weeks
        found, doubt = usual * own, noise * own
        whole = sums_by(weekday, found, 7) + 0.5
        weekly = steadied((sums_by(weekday, seen, 7) + 0.5) / whole, sums_by(weekday, doubt, 7) / whole**2)
        around = np.maximum(smoothed(found * weekly[weekday], SMOOTH_DAYS), 1e-9)
        unsure = smoothed(doubt * weekly[weekday], SMOOTH_DAYS) / dates / around**2
        level = np.maximum(steadied(smoothed(seen, SMOOTH_DAYS) / around, unsure), 1e-3)
        common = weekly[weekday] * level
        own = believed(seen, usual * common, noise * common)
    # Dates are drawn to what is common: each weekday keeps what it has in all.
    found = np.maximum(common * own, 1e-6)
    whole = sums_by(weekday, usual * found, 7) + 0.5
    kept = steadied((sums_by(weekday, seen, 7) + 0.5) / whole, sums_by(weekday, noise * found, 7) / whole**2)
    return found * np.maximum(kept, 1e-6)[weekday], np.maximum(weekly, 1e-6)


def steadied(values: Float1D, noise: Float1D) -> Float1D:
    """Return values drawn towards their mean by as much of their variance as is noise."""
    mean, spread = float(values.mean()), float(values.var())
    kept = max(1.0 - float(noise.mean()) / spread, 0.0) if spread > 0.0 else 0.0
    return mean + kept * (values - mean)


def believed(seen: Float1D, expected: Float1D, noise: Float1D) -> Float1D:
    """Return the factor of each date that its figure and those of all dates speak for: float64[D].

    Roots of figures make the noise even (Anscombe 1948). What dates differ by is normal with one of two
    widths, that of most dates or a wide one, learned together with the share of each: an ordinary date is
    drawn to the usual, a holiday is believed (the two-groups model of Efron 2008).
    """
    root = np.sqrt(expected + 0.375)
    moved = 2.0 * (np.sqrt(np.maximum(seen, 0.0) + 0.375) / root - 1.0)
    unsure = np.maximum(noise, 1e-9) / np.maximum(expected + 0.375, 1e-9) ** 2
    told = expected > 0
    if not told.any():
        return np.ones(len(seen))
    rare, widths = RARE, np.array([max(float(np.median(np.abs(moved[told]))), LEAST_SPREAD) ** 2, WIDE**2])
    for _ in range(ROUNDS):
        odd, kept = _two_groups(moved, unsure, rare, widths)
        weight = np.stack([1.0 - odd, odd])[:, told]
        pull = kept[:, told]
        second = (pull * moved[told]) ** 2 + pull * unsure[told]
        # The wide group keeps its width as if two more dates had it, the narrow one is as it is.
        prior = np.array([1e-9, 2.0])
        widths = ((weight * second).sum(axis=1) + prior * WIDE**2) / (weight.sum(axis=1) + prior)
        widths = np.maximum(widths, [LEAST_SPREAD**2, (2.0 * LEAST_SPREAD) ** 2])
        widths[1] = max(widths[1], 4.0 * widths[0])
        rare = (weight[1].sum() + 1.0) / (told.sum() + 1.0 / RARE)
    odd, kept = _two_groups(moved, unsure, rare, widths)
    best = ((1.0 - odd) * kept[0] + odd * kept[1]) * moved
    return np.where(told, np.maximum(1.0 + best / 2.0, 0.02) ** 2, 1.0)


def _two_groups(moved: Float1D, unsure: Float1D, rare: float, widths: Float1D) -> tuple[Float1D, Array]:
    """Return the chance of the wide group float64[D], and how far each group believes a date [2, D]."""
    whole = widths[:, None] + unsure
    fit = np.exp(-0.5 * moved**2 / whole) / np.sqrt(whole)
    odd = rare * fit[1] / np.maximum(rare * fit[1] + (1.0 - rare) * fit[0], 1e-300)
    return odd, widths[:, None] / whole


def smoothed(values: Float1D, width: int) -> Float1D:
    """Return the means of values in a window of ``width`` days around each."""
    total = np.concatenate([[0.0], np.cumsum(values)])
    at = np.arange(len(values))
    low, high = np.maximum(at - width // 2, 0), np.minimum(at + width // 2 + 1, len(values))
    return np.asarray((total[high] - total[low]) / (high - low))


def going_on(values: Float1D, weekly: Float1D, days: int, weekday: Int1D) -> Float1D:
    """Return values of so many dates; beyond the learned ones the year comes again, or the mean.

    values : float64[D], positive; weekly : float64[7], what of them is the weekday's; weekday : int64[days].
    """
    if days > len(values):
        far = np.arange(len(values), days)
        smooth = values / weekly[weekday[: len(values)]]
        level = smooth[far % 365] if len(values) >= 365 else np.full(len(far), smooth.mean())
        values = np.concatenate([values, level * weekly[weekday[far]]])
    return values[:days]
