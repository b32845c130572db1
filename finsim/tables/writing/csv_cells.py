"""Values as cells of a CSV: what is read again is the value, to the last bit."""

from __future__ import annotations

import re

import pyarrow as pa
import pyarrow.compute as pc

from finsim.tables.cells.arrays_from_python import without_nan
from finsim.tables.cells.units_and_zones import minor_of
from finsim.tables.schema import Dialect, Field

_PLAIN = Dialect()
_WHOLE = r"^-?\d+$"
_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}


def has_cells(kind: pa.DataType) -> bool:
    """Whether values of a type can stand in cells: no lists, records, bytes or intervals."""
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    if pa.types.is_interval(kind):
        return False
    return bool(
        pa.types.is_primitive(kind) or pa.types.is_null(kind) or pa.types.is_decimal(kind) or _is_text(kind)
    )


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def cells_of(values: pa.Array, decimals: int | None = None, form: Dialect = _PLAIN) -> pa.Array:
    """Return values as cells of text; a null is a null, an empty text two quotes.

    Numbers are the shortest that read as the same number, a float has a point or an exponent and NaN is
    empty; days and times are ISO, times of a zone in UTC with ``Z`` and as many digits as their unit has;
    durations are ``h:mm:ss``. With ``decimals`` whole numbers are minor units of a currency. ``form`` gives
    separator, decimal sign and quote.
    """
    kind = values.type
    if pa.types.is_dictionary(kind):
        return cells_of(values.dictionary, decimals, form).take(values.indices)
    if decimals is not None and pa.types.is_integer(kind):
        return _pointed(
            minor_of(values.cast(pa.int64()), Field("money", scale=decimals)).cast(pa.string()), form
        )
    if _is_text(kind):
        return quoted(values.cast(pa.string()), form)
    if pa.types.is_null(kind):
        return pa.nulls(len(values), pa.string())
    if pa.types.is_floating(kind):
        return _pointed(_floats(values), form)
    if pa.types.is_decimal(kind):
        return _pointed(values.cast(pa.string()), form)
    if pa.types.is_timestamp(kind):
        return _times(values)
    if pa.types.is_duration(kind):
        return _durations(values)
    if pa.types.is_date64(kind):
        values = values.cast(pa.date32())
    return values.cast(pa.string())


def quoted(texts: pa.Array, form: Dialect = _PLAIN) -> pa.Array:
    """Return texts with quotes where they need them: separators, quotes, ends of lines, nothing at all."""
    mark = '"' if form.quote in ("", "none") else form.quote
    special = f"[{re.escape(mark + (form.sep or ','))}\r\n]"
    needs = pc.or_(pc.match_substring_regex(texts, special), pc.equal(texts, pa.scalar("")))
    if not pc.any(needs).as_py():
        return texts
    sign = pa.scalar(mark)
    inside = pc.replace_substring(texts, mark, mark * 2)
    return pc.if_else(needs, pc.binary_join_element_wise(sign, inside, sign, pa.scalar("")), texts)


def _pointed(texts: pa.Array, form: Dialect) -> pa.Array:
    """Return numbers with the decimal sign of a dialect."""
    if form.point == ".":
        return texts
    return quoted(pc.replace_substring(texts, ".", form.point), form)


def fixed(values: pa.Array, decimals: int) -> pa.Array:
    """Return floats as decimals of so many places; as they are where one is too large for that."""
    rounded = pc.round(without_nan(values.cast(pa.float64())), decimals)
    try:
        return rounded.cast(pa.decimal128(38, decimals))
    except pa.ArrowInvalid:
        return values


def _floats(values: pa.Array) -> pa.Array:
    wide = values if pa.types.is_float64(values.type) else values.cast(pa.float64())
    texts = without_nan(wide).cast(pa.string())
    if not pa.types.is_float64(values.type):
        texts = pc.if_else(pc.is_valid(texts), values.cast(pa.float32()).cast(pa.string()), texts)
    whole = pc.match_substring_regex(texts, _WHOLE)
    if not pc.any(whole).as_py():
        return texts
    return pc.if_else(whole, pc.binary_join_element_wise(texts, pa.scalar(".0"), pa.scalar("")), texts)


def _times(values: pa.Array) -> pa.Array:
    kind = values.type
    zone = pa.scalar("Z" if kind.tz else "")
    plain = values.cast(pa.timestamp(kind.unit, "UTC")).cast(pa.timestamp(kind.unit)) if kind.tz else values
    texts = pc.replace_substring(plain.cast(pa.string()), " ", "T", max_replacements=1)
    return pc.binary_join_element_wise(texts, zone, pa.scalar(""))


def _durations(values: pa.Array) -> pa.Array:
    second = _SECOND[values.type.unit]
    whole = values.cast(pa.int64())
    size = pc.abs_checked(whole)
    sign = pc.if_else(pc.less(whole, pa.scalar(0)), pa.scalar("-"), pa.scalar(""))
    seconds = pc.divide(size, pa.scalar(second))
    minutes = pc.divide(seconds, pa.scalar(60))
    hours = pc.divide(minutes, pa.scalar(60)).cast(pa.string())
    parts = [
        pc.binary_join_element_wise(sign, hours, pa.scalar("")),
        _two_digits(pc.subtract(minutes, pc.multiply(pc.divide(minutes, pa.scalar(60)), pa.scalar(60)))),
        _two_digits(pc.subtract(seconds, pc.multiply(minutes, pa.scalar(60)))),
    ]
    clock = pc.binary_join_element_wise(*parts, pa.scalar(":"))
    if second == 1:
        return clock
    rest = pc.subtract(size, pc.multiply(seconds, pa.scalar(second))).cast(pa.string())
    width = len(str(second)) - 1
    return pc.binary_join_element_wise(clock, pc.utf8_lpad(rest, width, "0"), pa.scalar("."))


def _two_digits(numbers: pa.Array) -> pa.Array:
    return pc.utf8_lpad(numbers.cast(pa.string()), 2, "0")
