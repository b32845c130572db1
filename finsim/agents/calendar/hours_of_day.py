"""Time of day of each activity, shifted by a person's own rhythm."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from finsim.notation import NANOS_PER_DAY, SECONDS_PER_DAY, Array, Float1D, Int1D, Nanos1D

_BINS = 96
_MILLISECOND = 1_000_000
# assumption: mixtures (hour, width in hours, weight) of a working day, local time.
_DAY: dict[str, tuple[tuple[float, float, float], ...]] = {
    "groceries": ((11.0, 2.0, 0.33), (17.8, 1.8, 0.55), (21.0, 1.3, 0.12)),
    "restaurants": ((8.0, 1.0, 0.15), (12.6, 0.9, 0.37), (19.3, 1.7, 0.41), (23.5, 1.3, 0.07)),
    "fuel": ((7.5, 1.3, 0.33), (12.5, 2.8, 0.22), (17.3, 1.8, 0.38), (22.5, 2.5, 0.07)),
    "transport": ((7.9, 0.9, 0.42), (17.6, 1.3, 0.38), (13.0, 3.0, 0.13), (23.5, 1.8, 0.07)),
    "retail": ((13.0, 2.5, 0.5), (17.5, 1.8, 0.5)),
    "online": ((9.5, 1.8, 0.12), (12.8, 2.2, 0.22), (20.4, 2.2, 0.58), (0.6, 1.6, 0.08)),
    "travel": ((11.0, 3.0, 0.38), (20.0, 2.4, 0.54), (1.0, 2.0, 0.08)),
    "entertainment": ((15.0, 3.0, 0.22), (20.0, 2.2, 0.66), (0.2, 1.4, 0.12)),
    "health": ((10.5, 2.0, 0.58), (15.5, 2.0, 0.42)),
    "digital": ((13.0, 3.0, 0.24), (20.4, 2.4, 0.62), (0.8, 1.8, 0.14)),
    "transfer": ((9.5, 1.8, 0.14), (12.8, 2.4, 0.26), (19.0, 2.5, 0.51), (0.2, 1.9, 0.09)),
    "cash": ((11.5, 2.5, 0.38), (17.0, 2.2, 0.44), (22.8, 1.8, 0.18)),
    "office": ((10.2, 1.5, 0.52), (14.6, 1.7, 0.48)),
    "batch": ((4.2, 1.3, 0.26), (7.0, 1.2, 0.44), (9.8, 1.5, 0.30)),
}
# assumption: on rest days the morning peaks move later.
_REST_SHIFT = {
    "groceries": 0.8,
    "restaurants": 0.6,
    "transport": 2.0,
    "fuel": 1.5,
    "cash": 0.8,
    "transfer": 0.7,
}
PROFILES = tuple(_DAY)
PROFILE = {name: code for code, name in enumerate(PROFILES)}


@lru_cache(maxsize=1)
def _tables() -> Float1D:
    """Return the running shares of every (profile, rest day) row, row r shifted by r: [2 profiles x bins]."""
    centre = (np.arange(_BINS) + 0.5) * 24 / _BINS
    rows = []
    for name in PROFILES:
        for rest in (False, True):
            density = np.full(_BINS, 0.0008)
            for hour, width, weight in _DAY[name]:
                late = _REST_SHIFT.get(name, 0.0) if rest and hour < 14 else 0.0
                gap = (centre - hour - late + 12) % 24 - 12
                density += weight * np.exp(-0.5 * (gap / width) ** 2) / width
            rows.append(np.cumsum(density / density.sum()))
    table = np.array(rows)
    shifted: Float1D = (table + np.arange(len(rows), dtype=np.float64)[:, None]).ravel()
    return shifted


def sample_millis(profile: Array | int, rest: Array, u: Float1D) -> Int1D:
    """Return milliseconds of the day per entry, by profile code and rest-day flag: int64 of u's shape."""
    row = np.asarray(profile, dtype=np.int64) * 2 + rest
    where = row + u
    table = _tables()
    position = np.minimum(np.searchsorted(table, where, side="right"), (row + 1) * _BINS - 1)
    below = np.where(position % _BINS == 0, row, table[position - 1])
    inside = np.clip((where - below) / np.maximum(table[position] - below, 1e-12), 0.0, 1.0 - 1e-9)
    bin_ms = SECONDS_PER_DAY * 1_000 // _BINS
    return ((position % _BINS) * bin_ms + (inside * bin_ms).astype(np.int64)).astype(np.int64)


def one_milli(profile: int, rest: bool, u: float) -> int:
    """Return what ``sample_millis`` returns for one entry, without the cost of arrays."""
    row = profile * 2 + int(rest)
    table = _tables()[row * _BINS : (row + 1) * _BINS]
    position = min(int(table.searchsorted(row + u, side="right")), _BINS - 1)
    below = float(table[position - 1]) if position else float(row)
    inside = (row + u - below) / max(float(table[position]) - below, 1e-12)
    bin_ms = SECONDS_PER_DAY * 1_000 // _BINS
    return position * bin_ms + int(min(max(inside, 0.0), 1.0 - 1e-9) * bin_ms)


def hour_shares(profile: int) -> Float1D:
    """Return the share of each hour in an activity's working day: float64[24], before anybody's shift."""
    row = _tables()[profile * 2 * _BINS : (profile * 2 + 1) * _BINS] - profile * 2
    ends = row.reshape(24, _BINS // 24)[:, -1]
    shares: Float1D = np.diff(ends, prepend=0.0)
    return shares


def instants(start_ns: int, day: Int1D, millis: Int1D, shift: Array | int = 0) -> Nanos1D:
    """Return instants in ns of day indices and milliseconds of the day.

    ``shift`` seconds move the time within its own day (it wraps at midnight, so days keep their weight).
    """
    late = (millis + np.asarray(shift, dtype=np.int64) * 1_000) % (SECONDS_PER_DAY * 1_000)
    return start_ns + day * NANOS_PER_DAY + late * _MILLISECOND
