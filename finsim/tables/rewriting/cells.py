"""Typed values as cells of a text column: written in its style so that reading gives the value again."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from finsim.tables.cells.unit_times import EXCEL, EXCEL_EPOCH, NANO_PLACES
from finsim.tables.cells.units_and_zones import SHARE_PLACES
from finsim.tables.cells.written import FALSE, TRUE, from_text
from finsim.tables.rewriting.style import Number, Style, number_of, stamp_parts
from finsim.tables.schema import Dialect, Field
from finsim.tables.writing.span_texts import clock_text

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def texts(
    values: pa.Array, old: Sequence[str], column: Field, dialect: Dialect, style: Style
) -> list[str | None]:
    """Return each value as the text of a cell, without quotes; None where no text gives the value again.

    ``values`` have the type that reading gives; ``old`` are the texts that stand there now.
    """
    plain = _plain(values)
    offers = [_offers(value, was, column, dialect, style) for value, was in zip(plain, old, strict=True)]
    found: list[str | None] = [None] * len(offers)
    open_cells = list(range(len(offers)))
    while open_cells:
        tried = [(i, text) for i in open_cells if (text := next(offers[i], None)) is not None]
        rows, cells = [i for i, _ in tried], [text for _, text in tried]
        right = set(_reads(values, rows, cells, column, dialect))
        for i, text in tried:
            if i in right:
                found[i] = text
        open_cells = [i for i in rows if i not in right]
    return found


def _plain(values: pa.Array) -> list[Any]:
    """Return values as Python objects; times and durations as whole nanoseconds."""
    if pa.types.is_timestamp(values.type) or pa.types.is_duration(values.type):
        return values.cast(pa.int64()).to_pylist()  # type: ignore[no-any-return]
    return values.to_pylist()  # type: ignore[no-any-return]


def _reads(values: pa.Array, rows: list[int], cells: list[str], column: Field, dialect: Dialect) -> list[int]:
    """Return the rows whose cells read as their values."""
    if not rows:
        return []
    wanted = values.take(pa.array(rows, pa.int64()))
    empty = set(dialect.null)  # a text file has no other empty cell
    try:
        written = pa.array([None if cell in empty else cell for cell in cells], pa.string())
        got = from_text(written, column, dialect)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OverflowError):
        half = len(rows) // 2
        return [
            row
            for part in (slice(half), slice(half, None))
            if half
            for row in _reads(values, rows[part], cells[part], column, dialect)
        ]
    same = equal(wanted, got).to_pylist()
    return [row for row, right in zip(rows, same, strict=True) if right]


def equal(left: pa.Array, right: pa.Array) -> pa.Array:
    """Compare two columns of one meaning cell by cell: null equals null, and NaN is null."""
    left, right = (_undictionary(side) for side in (left, right))
    if left.type != right.type:
        right = right.cast(left.type)
    if pa.types.is_floating(left.type):
        left, right = (pc.if_else(pc.is_nan(side), None, side) for side in (left, right))
    neither = pc.and_(pc.is_null(left), pc.is_null(right))
    return pc.or_(neither, pc.fill_null(pc.equal(left, right), False))


def _undictionary(column: pa.Array) -> pa.Array:
    return column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column


def _offers(value: Any, was: str, column: Field, dialect: Dialect, style: Style) -> Iterator[str]:
    """Yield the ways to write a value, the one nearest to the column's style first."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        nulls = dict.fromkeys((*column.nulls, *dialect.null, ""))
        yield from [word for word in style.words if word in nulls]
        yield from nulls
    elif column.type in ("cat", "id"):
        yield str(value)
    elif column.type == "bool":
        yield from _words(bool(value), column, dialect, style)
    elif column.type == "date":
        yield from _days(value, column, dialect)
    elif column.type == "ts":
        yield from _times(value, was, column, dialect, style)
    else:
        yield from _numbers(value, was, column, dialect, style)


def _words(value: bool, column: Field, dialect: Dialect, style: Style) -> Iterator[str]:
    words = (column.true or dialect.true or TRUE) if value else (column.false or dialect.false or FALSE)
    yield from [word for word in style.words if word.strip() in words]
    yield from words


def _days(value: date, column: Field, dialect: Dialect) -> Iterator[str]:
    for form in _formats(column, dialect):
        yield _formatted(datetime(value.year, value.month, value.day), form)
    days = value.toordinal() - date(1970, 1, 1).toordinal()
    if column.unit in NANO_PLACES:
        yield str(days * 86_400 * 10 ** (9 - NANO_PLACES[column.unit]))
    elif column.unit:
        yield str(days + (EXCEL_EPOCH if column.unit == EXCEL else 0))
    yield value.isoformat()


def _formats(column: Field, dialect: Dialect) -> tuple[str, ...]:
    return column.formats or Field(column.type, format=dialect.dates).formats


def _formatted(moment: datetime, form: str) -> str:
    """Return a time in a format; years below 1000 have four digits on every platform."""
    return moment.strftime(form.replace("%Y", f"{moment.year:04d}").replace("%F", f"{moment.year:04d}-%m-%d"))


def _times(nanos: int, was: str, column: Field, dialect: Dialect, style: Style) -> Iterator[str]:
    if column.unit in NANO_PLACES:
        yield f"{Decimal(nanos).scaleb(-NANO_PLACES[column.unit]).normalize():f}".replace(".", dialect.point)
    seconds, rest = divmod(nanos, 10**9)
    moment = _EPOCH + timedelta(seconds=seconds)
    zone = column.zone or dialect.zone
    local = moment.astimezone(ZoneInfo(zone)) if zone else moment
    if column.unit == EXCEL:
        yield _sheet_number(local, rest).replace(".", dialect.point)
    for form in _formats(column, dialect):
        if not rest or "%f" in form:
            yield _formatted((moment if "%z" in form else local) + timedelta(microseconds=rest // 1000), form)
    parts = stamp_parts(was) or stamp_parts(style.stamp)
    mark = (parts["zone"] or "") if parts else "Z"
    gap = (parts["gap"] or " ") if parts else "T"
    digits = max(len(parts["digits"] or "") if parts else 0, len(f"{rest:09d}".rstrip("0")))
    fraction = f".{rest:09d}"[: digits + 1] if digits else ""
    if parts and not parts["gap"]:
        yield f"{local:%Y-%m-%d}"
    if not mark:
        if parts and parts["gap"] and not parts["seconds"] and not fraction:
            yield f"{local:%Y-%m-%d}{gap}{local:%H:%M}"
        yield f"{local:%Y-%m-%d}{gap}{local:%H:%M:%S}{fraction}"
    elif mark != "Z":
        there = moment.astimezone(datetime.fromisoformat(f"2000-01-01T00:00{mark}").tzinfo)
        yield f"{there:%Y-%m-%d}{gap}{there:%H:%M:%S}{fraction}{mark}"
    yield f"{moment:%Y-%m-%d}{gap}{moment:%H:%M:%S}{fraction}Z"


def _sheet_number(local: datetime, rest: int) -> str:
    """Return a local time as the day number of a sheet; ``rest`` are nanoseconds below its second."""
    days = local.date().toordinal() - _EPOCH.toordinal() + EXCEL_EPOCH
    clock = (local.hour * 60 + local.minute) * 60 + local.second
    share = (Decimal(clock) + Decimal(rest).scaleb(-9)) / 86_400
    return f"{days + round(share, 12).normalize():f}"


def _numbers(value: Any, was: str, column: Field, dialect: Dialect, style: Style) -> Iterator[str]:
    """Yield the forms of a number: with the signs around it and the decimals of the column, then bare."""
    point, parts = dialect.point, number_of(was, dialect) or style.number
    is_far = isinstance(value, float) and value != 0 and not 1e-15 < abs(value) < 1e21
    if is_far and (math.isinf(value) or column.unit not in SHARE_PLACES):
        yield repr(value).replace(".", point)
        return
    if column.type == "dur" and (not column.unit or ":" in was):
        yield clock_text(value)
    for shift in _shifts(value, column, parts):
        exact = _decimal(value).scaleb(shift)
        if column.unit == "years":
            exact /= 12
        for grouped in (parts.grouped, False):
            yield _around(_digits(exact, style.decimals, column, grouped, dialect), parts, was)
        yield _digits(exact, style.decimals, column, False, dialect)
        if column.unit == "years" and isinstance(value, float):
            scaled = float(exact)
            for near in (scaled, math.nextafter(scaled, math.inf), math.nextafter(scaled, -math.inf)):
                yield _around(repr(near).replace(".", point), parts, "")


def _shifts(value: Any, column: Field, parts: Number) -> list[int]:
    """Return the powers of ten between a value and its cell that may apply, the likeliest first."""
    if column.type in ("ratio", "float"):
        declared = SHARE_PLACES.get(column.unit, 0)
        return [2, declared] if "%" in parts.trail + parts.lead and declared != 2 else [declared]
    if column.type == "money" and column.unit == "minor":
        return [_scale(value)]
    if column.type == "dur":
        return [-NANO_PLACES.get(column.unit, 0)]
    return [0]


def _decimal(value: Any) -> Decimal:
    return Decimal(repr(value)) if isinstance(value, float) else Decimal(value)


def _scale(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return -exponent if isinstance(exponent, int) and exponent < 0 else 0


def _digits(value: Decimal, usual: int | None, column: Field, grouped: bool, dialect: Dialect) -> str:
    """Return a number in digits: with the usual decimals of its column where they hold all of it."""
    full = _scale(value) if column.type == "money" else 0
    least = full if usual is None else usual
    needed = _scale(value.normalize())
    decimals = least if needed <= least else max(needed, full)
    text = f"{value:.{decimals}f}"
    whole, _, part = text.partition(".")
    if grouped:
        sign, whole = ("-", whole[1:]) if whole.startswith("-") else ("", whole)
        whole = sign + f"{int(whole):,}".replace(",", dialect.thousands)
    return whole + (dialect.point) + part if part else whole


def _around(digits: str, parts: Number, was: str) -> str:
    """Return a number with what stands around it; a cell that is padded with blanks keeps its width."""
    if was and parts.lead and not parts.lead.strip() and not parts.trail.strip():
        return f"{digits}{parts.trail}".rjust(len(was))
    if (parts.lead + parts.trail).strip() in ("()", "-") and parts.trail.strip():  # as ledgers write a minus
        return f"{parts.lead}{digits[1:]}{parts.trail}" if digits.startswith("-") else digits
    return f"{parts.lead}{digits}{parts.trail}"
