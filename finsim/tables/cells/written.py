"""Cells of text -> values of the declared type. A cell means the same whatever the others hold."""

from __future__ import annotations

import re
from collections.abc import Callable

import pyarrow as pa
import pyarrow.compute as pc

from finsim.tables.cells.arrays_from_python import filled, nothing, number, without_nan, word, words
from finsim.tables.cells.canonical import LABELS, TIMES, canonical
from finsim.tables.cells.refused_rows import converted
from finsim.tables.cells.time_formats import parsed_times
from finsim.tables.cells.unit_times import EXCEL, of_number, of_written
from finsim.tables.cells.units_and_zones import (
    SHARE_PLACES,
    assumed_zone,
    days_of,
    minor_of,
    scaled,
)
from finsim.tables.schema import Dialect, Field

WHOLE = pa.decimal128(37, 0)  # of 37 digits, so that it is not the type of money without decimals
TRUE, FALSE = ("true", "True", "TRUE", "1"), ("false", "False", "FALSE", "0")
_SPACES = {" ": "[ \u00a0\u2007\u2009\u202f]", "'": "['\u2019]"}  # signs that stand for one another
_ZONED = r"[T ]\d\d.*([Zz]|[+-]\d\d:?(\d\d)?)$"
LEDGER_SIGN = r"^(?:([\d.,][^()+-]*?)\s*-|\(\s*([\d.,][^()+-]*?)\s*\))$"
"""An amount with its minus behind it or in brackets; one of the two groups is the amount."""
_ISO_DAY = r"^\d{4}-\d\d-\d\d$"


def from_text(texts: pa.Array, field: Field, dialect: Dialect) -> pa.Array:
    """Return cells of text in the canonical form of their type.

    Raises pyarrow.ArrowInvalid when a cell is none of it.
    """
    texts = texts.cast(pa.string())
    if field.type in ("cat", "id"):
        return _labels(texts, field, dialect)
    texts = pc.utf8_trim_whitespace(texts)
    for sign in field.strip:
        texts = pc.utf8_trim_whitespace(pc.replace_substring(texts, sign, ""))
    texts = _emptied(texts, (*dialect.null, *field.nulls))
    if field.type == "bool":
        return _truths(texts, field, dialect)
    if field.type in ("date", "ts"):
        return _times(texts, field, dialect)
    if field.type == "dur":
        return _durations(texts, field, dialect)
    return _numbers(texts, field, dialect)


def _emptied(texts: pa.Array, empty: tuple[str, ...]) -> pa.Array:
    """Return texts with null in place of the words that mean empty."""
    found = pc.is_in(texts, words(empty))
    if not pc.any(found).as_py():
        return texts
    return pc.if_else(found, nothing(pa.string()), texts)


def _labels(texts: pa.Array, field: Field, dialect: Dialect) -> pa.Array:
    coded = pc.dictionary_encode(texts)
    said = coded.dictionary
    empty = tuple(one for one in (*dialect.null, *field.nulls) if one)  # "" is empty in text files alone
    for sign in field.strip:
        said = pc.replace_substring(said, sign, "")
    said = _emptied(said, empty)
    if said.equals(coded.dictionary):
        return coded
    return pc.dictionary_encode(said.take(coded.indices)).cast(LABELS)


def refuse_unless(good: pa.Array, texts: pa.Array) -> None:
    """Raise ArrowInvalid where a cell that is not empty is not good."""
    if pc.any(pc.invert(good)).as_py():
        raise pa.ArrowInvalid("a cell is not of the declared type")


def _truths(texts: pa.Array, field: Field, dialect: Dialect) -> pa.Array:
    true = words(field.true or dialect.true or TRUE)
    false = words(field.false or dialect.false or FALSE)
    yes = pc.is_in(texts, true)
    refuse_unless(pc.or_(pc.or_(yes, pc.is_in(texts, false)), pc.is_null(texts)), texts)
    return pc.if_else(pc.is_null(texts), nothing(pa.bool_()), yes)


def _numbers(texts: pa.Array, field: Field, dialect: Dialect) -> pa.Array:
    if field.type == "money":
        return _money(texts, field, dialect)
    texts = plain_numbers(texts, dialect)
    if field.type == "int":
        return scaled(whole_numbers(texts), field)
    return without_nan(_floats(texts, field))


def _floats(texts: pa.Array, field: Field) -> pa.Array:
    """Return floats in the canonical unit; NaN where a cell says so."""
    places = SHARE_PLACES.get(field.unit, 0)
    if field.type != "ratio":
        return _shares(texts, places) if places else scaled(texts.cast(pa.float64()), field)
    signed = filled(pc.ends_with(texts, "%"), False)
    if not pc.any(signed).as_py():
        return _shares(texts, places)
    shares = pc.utf8_trim_whitespace(pc.replace_substring_regex(texts, "%$", ""))
    return pc.if_else(signed, _shares(shares, SHARE_PLACES["percent"]), _shares(shares, places))


def _shares(texts: pa.Array, places: int) -> pa.Array:
    """Return numbers whose point stands so many places further left.

    The point is moved in the text: 12.57 percent is exactly 0.1257, where dividing would round twice.
    """
    if not places:
        return texts.cast(pa.float64())
    plain = filled(pc.match_substring_regex(texts, r"^[-+]?(\d+\.?\d*|\.\d+)$"), True)
    moved = pc.binary_join_element_wise(texts, f"e-{places}", "")
    if pc.all(plain).as_py():
        return moved.cast(pa.float64())
    return pc.if_else(plain, moved, _with_less_power(texts, places)).cast(pa.float64())


def _with_less_power(texts: pa.Array, places: int) -> pa.Array:
    """Return numbers written with a power of ten with a lesser one; others (inf, no number) as they are."""
    parts = pc.extract_regex(texts, r"^(?P<number>[-+]?(?:\d+\.?\d*|\.\d+))[eE]\+?(?P<power>-?\d{1,9})$")
    power = pc.subtract(pc.struct_field(parts, "power").cast(pa.int64()), number(places))
    less = pc.binary_join_element_wise(pc.struct_field(parts, "number"), power.cast(pa.string()), "e")
    return pc.coalesce(less, texts)


def plain_numbers(texts: pa.Array, dialect: Dialect) -> pa.Array:
    """Return numbers without signs for thousands and with a point, as Arrow reads them.

    Thousands stand in groups of three, with commas also of two above the last one as in India (12,34,567).
    Raises ArrowInvalid for others, and for a point where commas
    are declared.
    """
    point, sign = dialect.point, dialect.thousands
    if sign:
        class_ = _SPACES.get(sign, re.escape(sign))
        if sign == " ":  # the space before a percent sign parts no thousands
            texts = pc.replace_substring_regex(texts, rf"{class_}+%$", "%")
        groups = rf"\d{{1,3}}({class_}\d{{3}})+"
        if sign == ",":
            groups += r"|\d{1,2}(,\d\d)+,\d{3}"  # lakhs: 12,34,567
        grouped = rf"^[-+]?({groups})({re.escape(point)}\d*)?\s?%?$"
        has_sign = pc.match_substring_regex(texts, class_)
        if pc.any(has_sign).as_py():
            whole = pc.match_substring_regex(texts, grouped)
            refuse_unless(pc.or_(whole, pc.invert(has_sign)), texts)
            texts = pc.replace_substring_regex(texts, class_, "")
    if point != ".":
        refuse_unless(pc.invert(pc.match_substring(texts, ".")), texts)
        texts = pc.replace_substring(texts, point, ".")
    return texts


def whole_numbers(texts: pa.Array) -> pa.Array:
    """Return whole numbers, however written (12, 12.0); Arrow's own way would take 0x1F for 31."""
    return texts.cast(WHOLE).cast(pa.int64())


def _money(texts: pa.Array, field: Field, dialect: Dialect) -> pa.Array:
    try:
        return _amounts(texts, field, dialect)
    except pa.ArrowInvalid:
        turned = sign_first(texts)
        if turned.equals(texts):
            raise
        return _amounts(turned, field, dialect)


def sign_first(texts: pa.Array) -> pa.Array:
    """Return amounts as ledgers write them, 5.00- and (5.00), with the minus in front; others as they are."""
    return pc.replace_substring_regex(texts, LEDGER_SIGN, r"-\1\2")


def _amounts(texts: pa.Array, field: Field, dialect: Dialect) -> pa.Array:
    texts = plain_numbers(texts, dialect)
    if field.unit == "minor":
        return minor_of(whole_numbers(texts), field)
    return texts.cast(canonical(field))


def _times(texts: pa.Array, field: Field, dialect: Dialect) -> pa.Array:
    formats = formats_of(field, dialect)
    if formats:
        coded = pc.dictionary_encode(texts)
        read = converted_words(coded.dictionary, lambda said: parsed_times(said, formats))
        return _placed(read.take(coded.indices), field, dialect)
    if field.unit:
        return _in_units(texts, field, dialect)
    if field.type == "date":
        only_days = filled(pc.match_substring_regex(texts, _ISO_DAY), True)
        if pc.all(only_days).as_py():
            return texts.cast(pa.date32())
        none = nothing(pa.string())
        days = pc.if_else(only_days, texts, none).cast(pa.date32())
        return pc.coalesce(days, _days(pc.if_else(only_days, none, texts), field, dialect))
    return _iso(texts, field, dialect)


def _in_units(texts: pa.Array, field: Field, dialect: Dialect) -> pa.Array:
    """Return times written as numbers of the declared unit, whole or with decimals."""
    if field.unit != EXCEL:
        try:
            return of_number(whole_numbers(texts), field, dialect)
        except pa.ArrowInvalid:  # not whole: the slower way says the same of whole numbers
            pass
    return of_written(plain_numbers(texts, dialect), field, dialect)


def formats_of(field: Field, dialect: Dialect) -> tuple[str, ...]:
    """Return the formats in which a column's dates or times are written; a unit of its own goes before."""
    return field.formats or (() if field.unit else Field(field.type, format=dialect.dates).formats)


def converted_words(said: pa.Array, convert: Callable[[pa.Array], pa.Array]) -> pa.Array:
    """Return converted words of a dictionary. Raises ArrowInvalid where one is refused."""
    found = converted(said, convert)
    if found.refused:
        raise pa.ArrowInvalid(f"{said[found.refused[0]]} is not of the declared format")
    return found.cells


def _placed(stamps: pa.Array, field: Field, dialect: Dialect) -> pa.Array:
    """Return times as days, or as times in UTC."""
    if field.type == "date":
        return days_of(stamps, field, dialect)
    return stamps.cast(TIMES) if stamps.type.tz else assumed_zone(stamps, field, dialect)


def _days(texts: pa.Array, field: Field, dialect: Dialect) -> pa.Array:
    """Return the days of ISO times; microseconds reach the year 9999."""
    texts = pc.replace_substring_regex(texts, r"(:\d\d)\.\d+", r"\1")
    exact, local = _apart(texts)
    zoned = days_of(exact.cast(pa.timestamp("us", tz="UTC")), field, dialect)
    return pc.coalesce(zoned, days_of(local.cast(pa.timestamp("us")), field, dialect))


def _iso(texts: pa.Array, field: Field, dialect: Dialect) -> pa.Array:
    """Return ISO times in UTC; those without an offset are meant in the declared zone."""
    exact, local = _apart(texts)
    placed = assumed_zone(local.cast(pa.timestamp("ns")), field, dialect)
    if exact.null_count == len(exact):
        return placed
    return pc.coalesce(exact.cast(TIMES), placed)


def _apart(texts: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Return the times that carry an offset, and those that do not; the others are empty in each."""
    zoned = filled(pc.match_substring_regex(texts, _ZONED), False)
    none = nothing(pa.string())
    return pc.if_else(zoned, texts, none), pc.if_else(zoned, none, texts)


def _durations(texts: pa.Array, field: Field, dialect: Dialect) -> pa.Array:
    clock = filled(pc.match_substring_regex(texts, r"^-?\d+:[0-5]\d:[0-5]\d(\.\d{1,9})?$"), False)
    if not pc.any(clock).as_py():
        if not field.unit and texts.null_count < len(texts):
            raise pa.ArrowInvalid("a duration without a unit")
        return _in_units(texts, field, dialect)
    none = nothing(pa.string())
    rest = _durations(pc.if_else(clock, none, texts), field, dialect)
    parts = pc.extract_regex(
        pc.if_else(clock, texts, none), r"^(?P<s>-?)(?P<h>\d+):(?P<m>[0-5]\d):(?P<x>[0-5]\d)(?P<f>\.?\d*)$"
    )
    hour, minute, second = (pc.struct_field(parts, name).cast(pa.int64()) for name in "hmx")
    fraction = pc.utf8_slice_codeunits(pc.utf8_rpad(pc.struct_field(parts, "f"), 10, "0"), 1, 10)
    seconds = pc.add(pc.multiply(pc.add(pc.multiply(hour, number(60)), minute), number(60)), second)
    nanos = pc.add(pc.multiply_checked(seconds, number(10**9)), fraction.cast(pa.int64()))
    signed = pc.if_else(pc.equal(pc.struct_field(parts, "s"), word("-")), pc.negate(nanos), nanos)
    return pc.coalesce(signed.cast(pa.duration("ns")), rest)
