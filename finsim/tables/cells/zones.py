"""Local times and days of an IANA zone. Arrow knows no summer time after 2037; Python's zoneinfo does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from finsim.notation import Int1D
from finsim.tables.cells.arrays_from_python import as_numpy, nothing, number, numbers

_FAR = 2_114_380_800  # seconds of 2037-01-01, from which on times are placed one by one
_UNITS = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_EPOCH = datetime(1970, 1, 1)


def placed(local: pa.Array, zone: str) -> pa.Array:
    """Return local times in UTC; of an hour that comes twice the first is meant.

    Raises ArrowInvalid for an hour that is left out.
    """
    kind = pa.timestamp(local.type.unit, tz="UTC")

    def near(stamps: pa.Array) -> pa.Array:
        return pc.assume_timezone(stamps, zone, ambiguous="earliest", nonexistent="raise").cast(kind)

    return _split(local, near, lambda seconds: -_away(seconds, ZoneInfo(zone)), kind)


def instants(local: pa.Array, zone: str) -> pa.Array:
    """Return local times in UTC; of an hour that comes twice the first, of one left out the next there is."""
    kind = pa.timestamp(local.type.unit, tz="UTC")

    def near(stamps: pa.Array) -> pa.Array:
        return pc.assume_timezone(stamps, zone, ambiguous="earliest", nonexistent="latest").cast(kind)

    def shift(seconds: int) -> int:
        return -_seconds((_EPOCH + timedelta(seconds=seconds)).replace(tzinfo=ZoneInfo(zone)))

    return _split(local, near, shift, kind)


def local_times(stamps: pa.Array, zone: str) -> pa.Array:
    """Return times that carry an offset as local times of a zone."""
    unit = stamps.type.unit

    def near(some: pa.Array) -> pa.Array:
        return pc.local_timestamp(some.cast(pa.timestamp(unit, tz=zone)))

    def shift(seconds: int) -> int:
        moment = (_EPOCH + timedelta(seconds=seconds)).replace(tzinfo=UTC).astimezone(ZoneInfo(zone))
        return _seconds(moment)

    return _split(stamps, near, shift, pa.timestamp(unit))


def _away(seconds: int, zone: ZoneInfo) -> int:
    """Return how far local time is ahead of UTC, in seconds."""
    local = _EPOCH + timedelta(seconds=seconds)
    moment = local.replace(tzinfo=zone)
    if moment.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != local:
        raise pa.ArrowInvalid(f"{local} is left out in {zone}")
    return _seconds(moment)


def _seconds(moment: datetime) -> int:
    away = moment.utcoffset()
    return 0 if away is None else int(away.total_seconds())


def _split(
    stamps: pa.Array, near: Callable[[pa.Array], pa.Array], shift: Callable[[int], int], kind: pa.DataType
) -> pa.Array:
    """Return times moved by Arrow, those from 2037 on by ``shift``, which gives seconds."""
    unit = _UNITS[stamps.type.unit]
    held = stamps.cast(pa.int64())
    is_far = pc.greater_equal(held, number(_FAR * unit))
    if not pc.any(is_far).as_py():
        return near(stamps)
    found = near(pc.if_else(is_far, nothing(stamps.type), stamps))
    far = as_numpy(is_far)
    seconds, places = np.unique(as_numpy(held)[far] // unit, return_inverse=True)
    moved: Int1D = as_numpy(held).copy()
    moved[far] += np.array([shift(int(one)) for one in seconds], dtype=np.int64)[places] * unit
    late = numbers(moved, far).cast(pa.timestamp(stamps.type.unit))
    return pc.coalesce(found, late.cast(kind))
