"""The declared type of a column that is stored with a type of its own."""

from __future__ import annotations

from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from finsim.tables.cells.refusals import TIMES_HELD, is_beyond_times
from finsim.tables.cells.stored import is_readable, is_text
from finsim.tables.currencies import CURRENCIES
from finsim.tables.proposing.forms import Numbers
from finsim.tables.proposing.text_columns import SHARE_ROLES, Guess, guess_text
from finsim.tables.schema import UNITS, Field

_PLAIN = Numbers(".", "")


def guess_stored(
    header: str, column: pa.ChunkedArray, role: str, ccy: str, money: tuple[str, str] = ("", "")
) -> Guess | None:
    """Guess the type of one stored column; None for lists, records, bytes and times of day.

    ``money`` are the currency and the unit that the column tells of itself, which need no guess.
    """
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    if not is_readable(kind):
        return None
    base = Field("cat", null=column.null_count > 0, role=role)
    if pa.types.is_null(kind) or is_text(kind):
        return guess_text(header, texts_of(column), _PLAIN, role, ccy)
    if pa.types.is_boolean(kind):
        return Guess(replace(base, type="bool"))
    if pa.types.is_date(kind):
        return Guess(replace(base, type="date"))
    if pa.types.is_timestamp(kind):
        days = pc.equal(column, pc.floor_temporal(column, unit="day"))
        is_day = role in ("date", "opened") and pc.all(days).as_py() is True
        return Guess(replace(base, type="date" if is_day else "ts"))
    if pa.types.is_duration(kind):
        return Guess(replace(base, type="dur"))
    if money[0] in CURRENCIES and (pa.types.is_integer(kind) or pa.types.is_floating(kind)):
        unit = money[1] if money[1] in UNITS["money"] else ""
        return Guess(replace(base, type="money", ccy=money[0], unit=unit))
    if pa.types.is_decimal(kind) and not _is_whole(kind) and role not in SHARE_ROLES:
        ccy = money[0] if money[0] in CURRENCIES else ccy
        doubts = () if ccy else (f"`{header}`: declare its currency, ccy: EUR",)
        return Guess(
            replace(base, type="money", ccy=ccy, scale=None if kind.scale == 2 else kind.scale), doubts
        )
    found = guess_text(header, texts_of(column), _PLAIN, role, ccy)
    is_date = found.field.type == "date" and bool(found.field.format)  # 20240131, and 0 where there is none
    field = replace(found.field, nulls=found.field.nulls if is_date else (), null=base.null)
    field = replace(field, null=field.null or bool(field.nulls))
    if field.type == "money" and _is_whole(kind):
        said = f"`{header}`: whole numbers: unit: major (as read here), or minor (cents)?"
        return Guess(replace(field, unit="major"), (*found.doubts, said))
    if field.type == "cat":
        field = replace(field, type="int" if _is_whole(kind) else "float")
    return Guess(field, found.doubts, found.low)


def _is_whole(kind: pa.DataType) -> bool:
    """Tell whether a type holds whole numbers: integers, and decimals without a scale, as of warehouses."""
    return bool(pa.types.is_integer(kind) or (pa.types.is_decimal(kind) and kind.scale <= 0))


def loosened(header: str, guess: Guess, kind: pa.DataType, cell: str) -> Guess:
    """Return the guess of a column that holds a cell its type does not read, made wider.

    Stored numbers are floats, an identifier of whole numbers text; times of years that no type holds stay
    times; all else is text.
    """
    plain = kind.value_type if pa.types.is_dictionary(kind) else kind
    if pa.types.is_temporal(plain) or (guess.field.type == "ts" and is_beyond_times(cell)):
        years = f"times of the years {TIMES_HELD} can be read"
        said = f"`{header}` holds {cell}: {years}; correct or empty such cells"
        return guess if said in guess.doubts else guess.said(said)
    is_number = pa.types.is_floating(plain) or pa.types.is_decimal(plain)
    if (is_number and not _is_whole(plain)) or (_is_whole(plain) and guess.field.type != "id"):
        wider, called = "float", "a float"
    else:
        wider, called = "cat", "text"
    column = replace(
        guess.field, type=wider, unit="", format="", ccy="", scale=None, nulls=(), true=(), false=(), strip=()
    )
    said = f"`{header}` holds cells such as {cell!r}, so it is read as {called}, not as {guess.field.type}"
    return Guess(column, (said,))


def texts_of(column: pa.ChunkedArray) -> list[str]:
    """Return stored cells as text; gaps, values that are not finite and what no type reads are empty."""
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    if not is_readable(kind):
        return [""] * len(column)
    plain = column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column
    if pa.types.is_floating(plain.type):
        plain = pc.if_else(pc.is_finite(plain), plain, pa.scalar(None, plain.type))
    return [cell or "" for cell in plain.cast(pa.string()).to_pylist()]
