"""Rows of mixed columns as vectors in which near rows are near: ranks with a log tail, one-hot categories."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from finsim.evaluation.tables.column_pairs import ColumnPair
from finsim.notation import Array, Float1D
from finsim.randomness import Streams

MISMATCH = 0.5
"""Distance of two rows that differ in one category; two random numbers are 0.41 apart (ranks)."""
TAIL_WEIGHT = 0.1
ONE_HOT = 16
CODED = 12
HUGE = 1e150
"""Numbers beyond are as far as this: their squares would overflow."""
PER_KNOT = 16
"""Real values between two places where ranks are exact; between them a rank is linear in the value.

Ranks exact at every value would keep real values a whole rank apart, and synthetic ones would come nearer.
"""


@dataclass(frozen=True)
class EncodedRows:
    """float32[n, D] vectors of the real, the synthetic and the hold-out rows (or None)."""

    real: Array
    own: Array
    spare: Array | None


def encoded_rows(columns: Sequence[ColumnPair], streams: Streams) -> EncodedRows:
    """Encode the columns of all sides on one scale.

    A number is its rank among all real values (training and hold-out alike, exact at every sixteenth) plus
    a tenth of its asinh in interquartile ranges, so that extremes do not saturate; a category is one-hot,
    above 16 levels a fixed random direction; missing is a level of its own.
    """
    sides: tuple[list[Array], list[Array], list[Array]] = ([], [], [])
    for column in columns:
        given = (column.real, column.own, column.spare)
        parts = _levels(column, given, streams) if column.is_category else _numbers(given)
        for listed, part in zip(sides, parts, strict=True):
            if part is not None:
                listed.append(part)
    made = [np.concatenate(listed, axis=1, dtype=np.float32) if listed else None for listed in sides]
    if made[0] is None or made[1] is None:
        none = [np.zeros((0, 0), np.float32)] * 2
        return EncodedRows(none[0], none[1], None)
    return EncodedRows(made[0], made[1], made[2])


def _numbers(given: tuple[Array | None, ...]) -> list[Array | None]:
    known = np.concatenate(
        [np.asarray(side, np.float64) for side in (given[0], given[2]) if side is not None]
    )
    holes = any(np.isnan(side).any() for side in given if side is not None)
    present = np.sort(np.clip(known[np.isfinite(known)], -HUGE, HUGE))
    if not len(present):
        present = np.zeros(1)
    values, counts = np.unique(present, return_counts=True)
    below = np.cumsum(counts)
    middle = (below - 0.5 * counts) / len(present)
    kept = np.diff(below // PER_KNOT, prepend=-1) > 0
    kept[-1] = True
    values, middle = values[kept], middle[kept]
    low, center, high = np.quantile(present, [0.25, 0.5, 0.75])
    scale = (high - low) or float(present.std()) or 1.0
    found: list[Array | None] = []
    for side in given:
        if side is None:
            found.append(None)
            continue
        clipped = np.clip(np.nan_to_num(side, nan=center, posinf=HUGE, neginf=-HUGE), -HUGE, HUGE)
        far = np.clip((clipped - center) / scale, -1e12, 1e12)
        place = np.interp(clipped, values, middle) + TAIL_WEIGHT * np.arcsinh(far)
        missing = np.isnan(side)
        place[missing] = 0.5
        parts = [place] + ([MISMATCH * missing] if holes else [])
        found.append(np.stack(parts, axis=1).astype(np.float32))
    return found


def _levels(column: ColumnPair, given: tuple[Array | None, ...], streams: Streams) -> list[Array | None]:
    count = len(column.levels) + 1
    if count <= ONE_HOT:
        codes = np.eye(count, dtype=np.float32)
    else:
        codes = streams.at("row encoding", column.name).standard_normal((count, CODED)).astype(np.float32)
        codes /= np.sqrt((codes**2).sum(axis=1, keepdims=True))
    codes *= np.float32(MISMATCH / np.sqrt(2.0))
    return [None if side is None else codes[side] for side in given]


def rounded(values: Float1D, digits: int = 12) -> Float1D:
    """Return numbers at 12 significant digits: the same value written by two programs is one value."""
    size = np.abs(values)
    usable = np.isfinite(values) & (size > 0)
    safe = np.where(usable, size, 1.0)
    with np.errstate(over="ignore", invalid="ignore"):
        power = 10.0 ** (digits - 1 - np.floor(np.log10(safe)))
        short = np.round(values * power) / power
    return np.asarray(np.where(usable & np.isfinite(short), short, values) + 0.0)
