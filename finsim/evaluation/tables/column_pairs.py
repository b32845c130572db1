"""Two or three Arrow tables -> paired columns on one scale, and a reason for each column left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from finsim.notation import Array

NUMBER, CATEGORY, DATE = "number", "category", "date"
_DAY_NS = 86_400_000_000_000


@dataclass(frozen=True)
class Roles:
    """Which columns play a part: entity ``id``, ``time``, ``label``, ``secrets`` and ``groups`` of people.

    ``amount``, ``counterparty`` and ``channel`` are of events.
    """

    id: str | None = None
    time: str | None = None
    label: str | None = None
    secrets: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    amount: str | None = None
    counterparty: str | None = None
    channel: str | None = None


@dataclass(frozen=True)
class ColumnPair:
    """One column of both sides, typed as declared.

    Numbers and dates (days since 1970, fractions for instants) are float64 with NaN where missing;
    categories int32 codes into ``levels`` with -1 where missing. ``spare`` is the hold-out.
    """

    name: str
    kind: str
    real: Array
    own: Array
    spare: Array | None
    levels: tuple[str, ...] = ()

    @property
    def is_category(self) -> bool:
        """Whether the values are codes of levels."""
        return self.kind == CATEGORY


@dataclass(frozen=True)
class LeftOut:
    """A column that is not compared, and why."""

    name: str
    reason: str


def paired_columns(
    real: pa.Table, own: pa.Table, spare: pa.Table | None, skipped: Sequence[str] = ()
) -> tuple[tuple[ColumnPair, ...], tuple[LeftOut, ...]]:
    """Return the columns that both sides have, and those left out with the reason.

    Types are those of the real side: a synthetic column that does not fit is left out, by name.
    """
    found: list[ColumnPair] = []
    left: list[LeftOut] = []
    for name in real.column_names:
        if name in skipped:
            continue
        if name not in own.column_names:
            left.append(LeftOut(name, "the synthetic side has no such column"))
            continue
        pair = _paired(name, real[name], own[name], None if spare is None else spare[name])
        if isinstance(pair, ColumnPair):
            found.append(pair)
        else:
            left.append(pair)
    known = {*real.column_names, *skipped}
    left += [
        LeftOut(name, "the real side has no such column") for name in own.column_names if name not in known
    ]
    return tuple(found), tuple(left)


def _paired(
    name: str, real: pa.ChunkedArray, own: pa.ChunkedArray, spare: pa.ChunkedArray | None
) -> ColumnPair | LeftOut:
    kind = kind_of(real.type)
    if kind_of(own.type) != kind:
        return LeftOut(name, f"a {kind} on the real side, a {kind_of(own.type)} on the synthetic one")
    if kind != CATEGORY:
        last = None if spare is None else _numbers(spare)
        return ColumnPair(name, kind, _numbers(real), _numbers(own), last)
    sides = [real, own] if spare is None else [real, own, spare]
    texts = [pc.cast(side.combine_chunks(), pa.string()) for side in sides]
    levels = sorted({str(one) for side in texts for one in pc.unique(side).drop_null().to_pylist()})
    known = pa.array(levels, pa.string())
    codes = [np.asarray(pc.fill_null(pc.index_in(side, known), -1), dtype=np.int32) for side in texts]
    return ColumnPair(name, kind, codes[0], codes[1], codes[2] if spare is not None else None, tuple(levels))


def kind_of(kind: pa.DataType) -> str:
    """Return whether values of an Arrow type are compared as numbers, dates or categories."""
    if pa.types.is_temporal(kind) and not pa.types.is_time(kind) and not pa.types.is_duration(kind):
        return DATE
    is_number = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    return NUMBER if is_number else CATEGORY


def _numbers(values: pa.ChunkedArray) -> Array:
    if kind_of(values.type) == DATE:
        nanoseconds = pc.cast(pc.cast(values, pa.timestamp("ns")), pa.int64())
        whole = nanoseconds.to_numpy().astype(np.float64)
        return np.asarray(whole / _DAY_NS)
    return np.asarray(pc.cast(values, pa.float64()).to_numpy(zero_copy_only=False), dtype=np.float64)
