"""What a cell of a text table means, in plain Python: csv, decimal, datetime and zoneinfo."""

import csv
import io
import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from finsim.tables import Dialect, Field

NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\Z")
ISO = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d)(?::(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)?(Z|[+-]\d\d(?::?\d\d)?)?)?\Z"
)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SPACES = {" ": " \u00a0\u202f\u2007\u2009", "'": "'\u2019"}
PLACES = {"percent": 2, "bp": 4, "decimal": 0, "": 0}
NANOS = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}


class Refused(Exception):
    """The cell is not of the declared type."""


def records(data: bytes, encoding: str, sep: str, quote: str = '"') -> list[list[str]]:
    text = data.decode(encoding).removeprefix("\ufeff")
    return [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=sep, quotechar=quote) if row]


def meaning(text: str, field: Field, dialect: Dialect) -> object:
    """Return the value of a cell: int, float, Decimal, bool, str or None; days and nanoseconds as int."""
    empty = ("", *dialect.null, *field.nulls)
    if field.type in ("cat", "id"):
        if text in dialect.null or text == "":
            return None
        for sign in field.strip:
            text = text.replace(sign, "")
        return None if text in empty and text else text
    if text in dialect.null:
        return None
    text = text.strip()
    for sign in field.strip:
        text = text.replace(sign, "").strip()
    if text in empty:
        return None
    reader = {"bool": truth, "date": moment, "ts": moment}.get(field.type, number)
    return reader(text, field, dialect)


def truth(text: str, field: Field, dialect: Dialect) -> bool:
    if text in (field.true or dialect.true or ("true", "True", "TRUE", "1")):
        return True
    if text in (field.false or dialect.false or ("false", "False", "FALSE", "0")):
        return False
    raise Refused


def number(text: str, field: Field, dialect: Dialect) -> object:
    share = field.type == "ratio" and text.endswith("%")
    text = text[:-1].rstrip() if share else text
    if field.type == "money":
        text = without_ledger_sign(text)
    text = ungrouped(text, dialect)
    if field.type in ("float", "ratio"):
        return floating(text, field, share)
    if not NUMBER.match(text):
        raise Refused
    return exact(Decimal(text), field)


def ungrouped(text: str, dialect: Dialect) -> str:
    """A number without thousands signs, with a point. Raises Refused where the signs stand elsewhere."""
    point = dialect.decimal or "."
    if dialect.thousands:
        signs = SPACES.get(dialect.thousands, dialect.thousands)
        whole, dot, part = text.partition(point)
        sign, digits = (whole[0], whole[1:]) if whole[:1] in ("-", "+") else ("", whole)
        groups = re.split(f"[{re.escape(signs)}]", digits)
        if any(one in part for one in signs):
            raise Refused
        if len(groups) > 1:
            sizes = [len(group) for group in groups]
            western = 1 <= sizes[0] <= 3 and set(sizes[1:]) == {3}
            indian = signs == "," and 1 <= sizes[0] <= 2 and sizes[-1] == 3 and set(sizes[1:-1]) == {2}
            if not western and not indian:
                raise Refused
            if not all(group.isdigit() for group in groups) or (dot and part and not part.isdigit()):
                raise Refused
        text = sign + "".join(groups) + dot + part
    if point != ".":
        if "." in text:
            raise Refused
        text = text.replace(point, ".")
    return text


def without_ledger_sign(text: str) -> str:
    """5.00- and (5.00) are -5.00; with another sign inside they are nothing."""
    inner = text[1:-1] if text[:1] == "(" and text[-1:] == ")" else text[:-1] if text[-1:] == "-" else ""
    inner = inner.strip()
    if inner and inner[0] in "0123456789.," and not set(inner) & set("()+-"):
        return f"-{inner}"
    return text


def floating(text: str, field: Field, share: bool) -> float | None:
    if not NUMBER.match(text) and text.lower().lstrip("+-") not in ("nan", "inf", "infinity"):
        raise Refused
    value = float(text)
    if value != value:
        return None
    places = 2 if share else PLACES.get(field.unit, 0)
    if places and text.strip("+-.0123456789") == "":
        return float(f"{text}e-{places}")  # 12.57 percent is the number 0.1257, not 12.57 / 100 rounded twice
    return value / 10.0**places


def exact(value: Decimal, field: Field) -> int | Decimal:
    digits = field.decimals if field.type == "money" and field.unit != "minor" else 0
    if abs(value.adjusted()) > 37 or value != value.quantize(Decimal(1).scaleb(-digits)):
        raise Refused
    if not -(2**63) <= value.scaleb(digits) < 2**63:
        raise Refused
    if field.type == "money":
        return value.scaleb(-field.decimals) if field.unit == "minor" else value
    months = int(value) * (12 if field.unit == "years" else 1)
    return months if -(2**63) <= months < 2**63 else refuse()


def numbered(text: str, field: Field, dialect: Dialect, zone: ZoneInfo) -> int:
    """A number of a unit: whole, or of seconds, milli- and microseconds with decimals to the nanosecond."""
    if NUMBER.match(text):
        value = Decimal(text)
        if abs(value.adjusted()) < 30 and value == value.to_integral_value():
            return stamp(exact(value, Field("int")), field, zone)
    text = ungrouped(text, dialect)
    if not NUMBER.match(text):
        raise Refused
    if field.unit not in NANOS:
        return stamp(exact(Decimal(text), Field("int")), field, zone)
    nanos = Decimal(text) * NANOS[field.unit]
    return stamp(exact(nanos, Field("int")), Field(field.type, unit="ns", zone=field.zone), zone)


def moment(text: str, field: Field, dialect: Dialect) -> int:
    zone = ZoneInfo(field.zone or dialect.zone or "UTC")
    forms = field.format or ("" if field.unit else dialect.dates)
    if field.unit:
        return numbered(text, field, dialect, zone)
    if forms:
        found, nanos = formatted(text, forms.split(" | ")), 0
    else:
        found, nanos = iso(text)
    if field.type == "date" and found.tzinfo is None:
        return (found.date() - date(1970, 1, 1)).days
    if found.tzinfo is None:
        placed = found.replace(tzinfo=zone, fold=0)
        if placed.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != found:
            raise Refused  # the hour that summer time leaves out
        found = placed
    if field.type == "date":
        return (found.astimezone(zone).date() - date(1970, 1, 1)).days
    return bounded(((found - EPOCH) // timedelta(microseconds=1)) * 1000 + nanos)


FIRST_DAY, LAST_DAY = ((day - date(1970, 1, 1)).days for day in (date.min, date.max))


def refuse() -> int:
    raise Refused


def bounded(nanos: int) -> int:
    if not -(2**63) < nanos < 2**63:
        raise Refused
    return nanos


def stamp(count: int | Decimal, field: Field, zone: ZoneInfo) -> int:
    if field.unit == "days":
        return int(count) if FIRST_DAY <= int(count) <= LAST_DAY else refuse()
    nanos = bounded(int(count) * NANOS[field.unit])
    if field.type == "ts":
        return nanos
    when = EPOCH + timedelta(microseconds=nanos // 1000)
    return (when.astimezone(zone).date() - date(1970, 1, 1)).days


def formatted(text: str, forms: list[str]) -> datetime:
    for form in forms:
        if "%Y%m%d" in form and not re.match(r"\d{8}", text):
            continue  # strptime takes 2025033 for the third of March
        try:
            return datetime.strptime(text, form)
        except ValueError:
            continue
    raise Refused


def iso(text: str) -> tuple[datetime, int]:
    parts = ISO.match(text)
    if parts is None:
        raise Refused
    year, month, day, hour, minute, second, fraction, offset = parts.groups()
    nanos = int((fraction or "0").ljust(9, "0"))
    try:
        found = datetime(int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0))
    except ValueError:
        raise Refused from None
    found += timedelta(microseconds=nanos // 1000)
    if offset is None:
        return found, nanos % 1000
    if offset == "Z":
        return found.replace(tzinfo=UTC), nanos % 1000
    digits = offset[1:].replace(":", "").ljust(4, "0")
    if int(digits[:2]) > 23 or int(digits[2:]) > 59:
        raise Refused
    away = timedelta(hours=int(digits[:2]), minutes=int(digits[2:])) * (-1 if offset[0] == "-" else 1)
    return (found - away).replace(tzinfo=UTC), nanos % 1000
