"""Two or three Arrow tables -> paired columns on one scale, and a reason for each column left out."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from finsim.errors import did_you_mean
from finsim.notation import Array
from finsim.records.columns import INTERNAL, KEY, LABEL, with_roles

NUMBER, CATEGORY, DATE = "number", "category", "date"
UNFIT = b"unfit"
"""Metadata of a synthetic column that cannot be read as the real one, or of a real one that no type reads."""
_KEPT_OUT = "a key or internal: its values mean nothing"
_EXTRA = "the real side has no such column"
_DAY_US = 86_400_000_000
_PLURAL = {NUMBER: "numbers", CATEGORY: "text", DATE: "dates"}


@dataclass(frozen=True)
class Roles:
    """Which columns play a part: entity ``id``, ``time``, ``label``, ``secrets`` and ``groups`` of people.

    ``amount``, ``counterparty`` and ``channel`` are of events, as a schema declares them; ``is_shop`` where
    it says that the counterparty is a merchant, which is never an entity itself. ``sides`` are the columns of
    debits and of credits, where it says which. ``bad`` are the words of the label that mean a default, where
    they are known; ``unsaid`` where the label is an outcome of several words of which none is known to.
    """

    id: str | None = None
    time: str | None = None
    label: str | None = None
    secrets: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    amount: str | None = None
    counterparty: str | None = None
    channel: str | None = None
    is_shop: bool = False
    sides: tuple[str, str] | None = None
    bad: tuple[str, ...] = ()
    unsaid: bool = False


@dataclass(frozen=True)
class ColumnPair:
    """One column of both sides, typed as declared.

    Numbers and dates (days since 1970, fractions for instants) are float64 with NaN where missing or not
    finite (``infinite`` counts the latter: real, synthetic); categories int32 codes into ``levels`` with -1
    where missing. ``spare`` is the hold-out; ``bad`` are the values of a label that mean a default.
    """

    name: str
    kind: str
    real: Array
    own: Array
    spare: Array | None
    levels: tuple[str, ...] = ()
    infinite: tuple[int, int] = (0, 0)
    bad: tuple[float, ...] = ()

    @property
    def is_category(self) -> bool:
        """Whether the values are codes of levels."""
        return self.kind == CATEGORY

    def missing(self, side: Array) -> Array:
        """Return bool[n]: which cells of one of the sides have no value."""
        return side < 0 if self.is_category else np.isnan(side)


@dataclass(frozen=True)
class LeftOut:
    """A column that is not compared, and why; ``meant`` where that is as it should be (a key).

    ``further`` columns are on the synthetic side alone, or of a kind that cannot be compared. What is copied
    in ``unseen`` columns shows nowhere. ``extra`` are on the synthetic side alone and no stored answers.
    """

    name: str
    reason: str
    meant: bool = False
    further: bool = False
    unseen: bool = False
    extra: bool = False


def paired_columns(
    real: pa.Table, own: pa.Table, spare: pa.Table | None, skipped: Sequence[str] = ()
) -> tuple[tuple[ColumnPair, ...], tuple[LeftOut, ...]]:
    """Return the columns that both sides have, and those left out with the reason.

    Types are those of the real side: a synthetic column that does not fit is left out, by name. ``skipped``
    and what a field of the real side calls a key or internal (``finsim.records.columns``) are left out on
    purpose.
    """
    keys = {*skipped, *with_roles(real.schema, KEY, INTERNAL)}
    found: list[ColumnPair] = []
    left = [LeftOut(name, _KEPT_OUT, meant=True) for name in real.column_names if name in keys]
    for name in real.column_names:
        if name in keys:
            continue
        odd = (real.schema.field(name).metadata or {}).get(UNFIT)
        if odd is not None:
            left.append(LeftOut(name, odd.decode(), further=True, unseen=name in own.column_names))
            continue
        if name not in own.column_names:
            left.append(LeftOut(name, _absent(name, own, real)))
            continue
        unfit = (own.schema.field(name).metadata or {}).get(UNFIT)
        pair = (
            _paired(name, real[name], own[name], _spare(name, spare))
            if unfit is None
            else LeftOut(name, unfit.decode(), unseen=True)
        )
        if isinstance(pair, ColumnPair):
            found.append(pair)
        else:
            left.append(pair)
    hidden = {*real.column_names, *skipped, *with_roles(own.schema, KEY, INTERNAL)}
    answers = with_roles(own.schema, LABEL)
    for name in own.column_names:
        if name not in hidden:
            extra = name not in answers
            left.append(LeftOut(name, _EXTRA, further=True, unseen=extra, extra=extra))
    return tuple(found), tuple(left)


def _absent(name: str, own: pa.Table, real: pa.Table) -> str:
    others = [other for other in own.column_names if other not in real.column_names]
    near = did_you_mean(name, others)
    hint = f" ({near.rstrip('?')})" if near.startswith("did you mean") else ""
    return f"the synthetic side has no column {name!r}{hint}"


def _spare(name: str, spare: pa.Table | None) -> pa.ChunkedArray | None:
    return spare[name] if spare is not None and name in spare.column_names else None


def _paired(
    name: str, real: pa.ChunkedArray, own: pa.ChunkedArray, spare: pa.ChunkedArray | None
) -> ColumnPair | LeftOut:
    kind = kind_of(real.type)
    other = kind_of(own.type)
    if pa.types.is_null(own.type):
        own, other = pa.chunked_array([pa.nulls(len(own), real.type)]), kind
    if other != kind:
        told = f"{_PLURAL[other]} on the synthetic side where the real side has {_PLURAL[kind]}"
        return LeftOut(name, told, unseen=True)
    if spare is not None and kind_of(spare.type) != kind:
        told = f"{_PLURAL[kind_of(spare.type)]} in the hold-out, {_PLURAL[kind]} else"
        return LeftOut(name, told, unseen=True)
    if kind != CATEGORY:
        sides = [numbers(real), numbers(own)]
        last = None if spare is None else _finite(numbers(spare))
        infinite = (int(np.isinf(sides[0]).sum()), int(np.isinf(sides[1]).sum()))
        return ColumnPair(name, kind, _finite(sides[0]), _finite(sides[1]), last, (), infinite)
    texts = [_texts(side) for side in ([real, own] if spare is None else [real, own, spare])]
    levels = sorted({str(one) for side in texts for one in pc.unique(side).drop_null().to_pylist()})
    known = pa.array(levels, pa.string())
    codes = [np.asarray(pc.fill_null(pc.index_in(side, known), -1), dtype=np.int32) for side in texts]
    return ColumnPair(name, kind, codes[0], codes[1], codes[2] if spare is not None else None, tuple(levels))


def with_default(pair: ColumnPair, words: Sequence[str]) -> ColumnPair:
    """Return the column of a label with the values of the words that mean a default: codes, or numbers.

    Where no real row has one of them, or all have, the column is returned as it is.
    """
    if pair.is_category:
        meant = {_bare(word) for word in words}
        found = tuple(float(code) for code, level in enumerate(pair.levels) if _bare(level) in meant)
    else:
        found = tuple(number for word in words if (number := _as_number(word)) is not None)
    there = np.isin(pair.real[~pair.missing(pair.real)], found)
    return replace(pair, bad=found) if there.any() and not there.all() else pair


def _bare(word: str) -> str:
    return unicodedata.normalize("NFKC", word).strip().casefold()


def _as_number(word: str) -> float | None:
    try:
        return float(word)
    except ValueError:
        return None


def kind_of(kind: pa.DataType) -> str:
    """Return whether values of an Arrow type are compared as numbers, dates or categories."""
    if pa.types.is_temporal(kind) and not pa.types.is_time(kind) and not pa.types.is_duration(kind):
        return DATE
    is_number = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    return NUMBER if is_number or pa.types.is_duration(kind) or pa.types.is_time(kind) else CATEGORY


def distinct(values: pa.ChunkedArray) -> int:
    """Return how many different values a column has: ``count_distinct`` has no kernel for dictionaries."""
    return len(pc.unique(values.drop_null()))


def _texts(values: pa.ChunkedArray) -> pa.Array:
    plain = values.combine_chunks()
    plain = plain.dictionary_decode() if pa.types.is_dictionary(plain.type) else plain
    return pc.cast(plain, pa.string())


def _finite(values: Array) -> Array:
    return np.where(np.isinf(values), np.nan, values)


def numbers(values: pa.ChunkedArray) -> Array:
    """Return float64[n]: dates in days since 1970, durations in their unit; NaN where missing."""
    if kind_of(values.type) == DATE:
        whole = pc.cast(pc.cast(values, pa.timestamp("us"), safe=False), pa.int64())
        days = np.asarray(pc.cast(whole, pa.float64(), safe=False).to_numpy(zero_copy_only=False))
        return np.asarray(days / _DAY_US, dtype=np.float64)
    if pa.types.is_duration(values.type) or pa.types.is_time(values.type):
        values = pc.cast(values, pa.int32() if values.type.bit_width == 32 else pa.int64())
    plain = pc.cast(values, pa.float64(), safe=False)
    return np.asarray(plain.to_numpy(zero_copy_only=False), dtype=np.float64)
