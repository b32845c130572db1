"""Amounts as people write them: leading digits, round amounts, the most common ones, signs."""

from __future__ import annotations

import numpy as np

from finsim.evaluation.events.entity_resamples import (
    compared,
    entity_weights,
    hits,
    rates_gap,
    shares_gap,
    tallied,
)
from finsim.evaluation.events.event_case import EventCase, EventSide
from finsim.evaluation.events.useless_twins import rounded_amounts, smooth_amounts
from finsim.evaluation.metric import DETECTOR, Metric, Score
from finsim.notation import Bool1D, Float1D, Float2D, Int1D

ROUND = (1.0, 5.0, 10.0, 100.0, 1_000.0)
COMMON = 50
BENFORD = np.log10(1.0 + 1.0 / np.arange(1, 10))


def measure(case: EventCase) -> list[Score]:
    """Return distances of first digits, shares of round amounts, common amounts, and signs."""
    missing = "there is no column of amounts on both sides"
    why = case.why or ("" if case.columns.amount else missing)
    for side, words in zip(case.sides[:2], ("real", "synthetic"), strict=False):  # none without entities
        if not why and not np.isfinite(_amounts(side)).any():
            why = f"column {case.columns.amount} holds no number on the {words} side"
    if why:
        return [METRIC.missing("amounts", why)]
    weights, useless = entity_weights(case), [smooth_amounts(case), rounded_amounts(case)]
    real, told = case.sides[0], case.columns.told
    common = _common(_amounts(real))

    def common_ones(side: EventSide) -> Float2D:
        found = np.searchsorted(common, _amounts(side))
        place = np.minimum(found, len(common) - 1)
        cell = np.where(common[place] == _amounts(side), place, len(common))
        cell = np.where(np.isfinite(_amounts(side)), cell, -1)
        return tallied(side.sequences.entity(), cell, side.sequences.count, len(common) + 1)

    law = f"{told}; from Benford's law: real {_off(real):.3f}, synthetic {_off(case.sides[1]):.3f}"
    return [
        compared(METRIC, case, weights, "first digit", _digits, shares_gap, useless, law),
        compared(
            METRIC, case, weights, "round amounts", _round, rates_gap, useless, f"multiples of {_listed()}"
        ),
        compared(
            METRIC, case, weights, "common amounts", common_ones, shares_gap, useless, _most(common, real)
        ),
        compared(METRIC, case, weights, "signs", _signs, shares_gap, [_flipped(real)], "below, at, above 0"),
    ]


def first_digit(values: Float1D) -> Int1D:
    """Return the first significant digit 1 to 9 of each value, 0 for zero and missing ones."""
    size = np.abs(np.where(np.isfinite(values), values, 0.0))
    known = size > 0
    power = np.floor(np.log10(np.where(known, size, 1.0)) + 1e-12)
    digit = np.floor(np.where(known, size, 1.0) / 10.0**power * (1.0 + 1e-12)).astype(np.int64)
    return np.where(known, np.clip(digit, 1, 9), 0)


def _amounts(side: EventSide) -> Float1D:
    return side.amount if side.amount is not None else np.full(len(side.sequences.days), np.nan)


def _digits(side: EventSide) -> Float2D:
    return tallied(side.sequences.entity(), first_digit(_amounts(side)) - 1, side.sequences.count, 9)


def _off(side: EventSide) -> float:
    """Return the mean absolute deviation of the shares of first digits from Benford's law."""
    shares = _digits(side).sum(axis=0)
    return float(np.abs(shares / max(shares.sum(), 1.0) - BENFORD).mean())


def _listed() -> str:
    return ", ".join(f"{unit:g}" for unit in ROUND)


def multiple(values: Float1D, unit: float) -> Bool1D:
    """Return whether each value is a multiple of ``unit`` other than 0."""
    parts = np.where(np.isfinite(values), values, 0.5 * unit) / unit
    return np.asarray((np.abs(parts - np.round(parts)) < 1e-6) & (np.round(parts) != 0))


def _round(side: EventSide) -> Float2D:
    values = _amounts(side)
    return hits(side, np.isfinite(values), *(multiple(values, unit) for unit in ROUND))


def _common(values: Float1D) -> Float1D:
    known, counts = np.unique(values[np.isfinite(values)], return_counts=True)
    return np.sort(known[np.argsort(-counts, kind="stable")[:COMMON]])


def _most(common: Float1D, real: EventSide) -> str:
    values = _amounts(real)
    share = float(np.isin(values, common).sum() / max(np.isfinite(values).sum(), 1))
    return f"the {len(common)} most common real amounts are {share:.1%} of the real rows"


def _signs(side: EventSide) -> Float2D:
    values = _amounts(side)
    cell = np.where(np.isfinite(values), np.sign(np.where(np.isfinite(values), values, 0.0)) + 1, -1)
    return tallied(side.sequences.entity(), cell.astype(np.int64), side.sequences.count, 3)


def _flipped(side: EventSide) -> EventSide:
    """Return the side with every sign turned."""
    return EventSide(side.sequences, -_amounts(side), side.partner, side.owner, side.channel)


METRIC = Metric(
    name="amounts",
    case="events",
    use=DETECTOR,
    unit="probability",
    lowest=0.0,
    highest=1.0,
    best=0.0,
    delta=0.05,
    origin="assumption: five points of probability beyond resampled real entities",
    order_free=True,
    compute=measure,
    summary="Leading digits, round, common and negative amounts",
    order=50,
    how=(
        "Total variation of first digits (the note has both distances from Benford's law), of the fifty most "
        "common real amounts and of signs; largest difference of the shares of multiples of "
        "1, 5, 10, 100 and 1,000."
    ),
    misses="The distribution of the amounts themselves: that is a margin of the rows.",
    estimator="total variation; difference of shares; whole entities resampled",
    references=(
        "resampled real entities, or the hold-out / log-normal amounts, amounts of one digit, turned signs"
    ),
)
