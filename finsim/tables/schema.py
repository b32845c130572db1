"""What a user declares of a table: columns by type, unit and role, and how its text is written."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace

from finsim.errors import StudyError, did_you_mean
from finsim.notation import minor_digits
from finsim.records.display.card import Card, Value, cut_start
from finsim.records.display.fact_words import counted
from finsim.records.display.shown_record import ShownRecord

TYPES = ("bool", "int", "float", "ratio", "money", "date", "ts", "dur", "cat", "id")
TIME_UNITS = ("s", "ms", "us", "ns")
UNITS: Mapping[str, tuple[str, ...]] = {
    "money": ("minor", "major", "stored_minor"),
    "ratio": ("decimal", "percent", "bp"),
    "float": ("decimal", "percent", "bp", "months", "years"),
    "int": ("months", "years"),
    "ts": (*TIME_UNITS, "excel_days"),
    "date": ("days", *TIME_UNITS, "excel_days"),
    "dur": TIME_UNITS,
}


@dataclass(frozen=True)
class Field:
    """One declared column.

    ``ccy`` and ``scale`` are of money (decimals of ISO 4217 where ``scale`` is None); ``unit`` is one of
    ``UNITS`` of the type (``stored_minor``: whole numbers in Arrow and Parquet are minor units, text is
    not, which is how finsim's own tables are); ``format`` holds strptime formats of date or ts cells,
    several with `` | ``; ``zone`` is the IANA zone of times without an offset. ``nulls``, ``true`` and
    ``false`` are words, ``strip`` texts that are removed before reading. ``source`` is the header where one
    is declared.
    ``as_`` says what a series is: price, difference (a level such as a yield) or return. Of an outcome
    ``bad`` are the words that mean a default and ``good`` those that mean a good loan (none: all others).
    """

    type: str
    ccy: str = ""
    scale: int | None = None
    unit: str = ""
    format: str = ""
    zone: str = ""
    null: bool = False
    nulls: tuple[str, ...] = ()
    true: tuple[str, ...] = ()
    false: tuple[str, ...] = ()
    strip: tuple[str, ...] = ()
    optional: bool = False
    default: bool | int | float | str | None = None
    alias: tuple[str, ...] = ()
    source: str = ""
    role: str = ""
    as_: str = ""
    bad: tuple[str, ...] = ()
    good: tuple[str, ...] = ()

    @property
    def decimals(self) -> int:
        """How many decimals money has."""
        return minor_digits(self.ccy) if self.scale is None else self.scale

    @property
    def formats(self) -> tuple[str, ...]:
        """The declared formats of dates or times."""
        return tuple(one for one in self.format.split(" | ") if one)


SIGNS = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|", "space": " ", "point": "."}
NO_SIGN = "none"
_WORDS = ("null", "true", "false")
_NUMBERS = ("skip_rows", "header_rows")


@dataclass(frozen=True)
class Dialect:
    """How a text table is written; empty text or () is not declared.

    ``thousands`` and ``quote`` may be ``none``, which stands above a declared sign; ``dates`` holds the
    strptime formats of dates without a format of their own; ``header_rows`` is 2 where vendors write two
    lines of headers.
    """

    sep: str = ""
    decimal: str = ""
    thousands: str = ""
    encoding: str = ""
    quote: str = ""
    dates: str = ""
    zone: str = ""
    null: tuple[str, ...] = ("",)
    true: tuple[str, ...] = ()
    false: tuple[str, ...] = ()
    skip_rows: int = 0
    header_rows: int = 1

    @classmethod
    def parse(cls, text: str, place: str = "--csv") -> Dialect:
        """Return the dialect of ``sep=;,decimal=,,null=NA|n/a``; words of a list stand between ``|``.

        Raises StudyError for an unknown key or a value that cannot be.
        """
        names = [one.name for one in fields(cls)]
        parts = re.split(rf"(?:^|,)({'|'.join(names)})=", text)
        if parts[0] or len(parts) < 3:
            key = re.split(r"[=,]", parts[0] or text)[0]
            is_pair = re.match(r"\w+=", parts[0] or text)
            found = f"unknown key {key!r}" if is_pair else f"{parts[0] or text!r} is no KEY=VALUE"
            raise StudyError(found, place=place, remedy=did_you_mean(key, names))
        written: dict[str, object] = {}
        for name, value in zip(parts[1::2], parts[2::2], strict=True):
            stray = re.match(r".+?,([a-z_]+)=", value)
            if stray:
                raise StudyError(
                    f"unknown key {stray[1]!r}", place=place, remedy=did_you_mean(stray[1], names)
                )
            written[name] = tuple(value.split("|")) if name in _WORDS else value
            if name in _NUMBERS:
                if not value.isdigit():
                    raise StudyError(f"{name}={value}", place=place, expected="a whole number")
                written[name] = int(value)
        return cls.of(written, place)

    @classmethod
    def of(cls, written: Mapping[str, object], place: str = "") -> Dialect:
        """Return the dialect of declared values. Raises StudyError when one cannot be."""
        values = dict(written)
        for name in ("sep", "decimal", "thousands"):
            if name in values:
                values[name] = SIGNS.get(str(values[name]), values[name])
        if "null" in values:
            values["null"] = tuple(dict.fromkeys(("", *values["null"])))  # type: ignore[misc]
        made = cls(**values)  # type: ignore[arg-type]
        problem = made._wrong()
        if problem:
            raise StudyError(problem, place=place, remedy="such as sep=;,decimal=,,thousands=.")
        return made

    def _wrong(self) -> str:
        """Return what cannot be, or nothing."""
        for name in ("sep", "decimal", "thousands"):
            sign = getattr(self, name)
            if name == "thousands" and sign == NO_SIGN:
                continue
            if len(sign) > 1 or sign in ('"', "\n", "\r") or (sign and sign.isalnum()):
                return f"{name} is {sign!r}, which is no single sign"
        if self.quote not in ("", "none") and len(self.quote) != 1:
            return f"quote is {self.quote!r}, which is neither a sign nor none"
        if self.decimal and self.decimal == self.thousands:
            return f"decimal and thousands are both {self.decimal!r}"
        if self.header_rows not in (1, 2):
            return f"header_rows is {self.header_rows}, and 1 and 2 can be read"
        if not _is_text_encoding(self.encoding or "utf-8"):
            return f"encoding {self.encoding!r} is unknown, or none of text files"
        if self.zone and not _is_zone(self.zone):
            return f"zone {self.zone!r} is no IANA time zone, such as Europe/Berlin"
        return ""

    def over(self, other: Dialect) -> Dialect:
        """Return this dialect with what it leaves open taken from another.

        A sign of the other that is declared here to be another one is not taken: with the decimal sign
        ``.`` no thousands stand between points.
        """
        plain = Dialect()
        declared = {
            one.name: getattr(self, one.name)
            for one in fields(self)
            if getattr(self, one.name) != getattr(plain, one.name)
        }
        taken = replace(other, **declared)
        if "thousands" not in declared and taken.decimal and taken.decimal == taken.thousands:
            taken = replace(taken, thousands="")
        return taken.settled()

    def settled(self) -> Dialect:
        """Return the dialect as readers take it: no sign for thousands where ``none`` is declared."""
        return replace(self, thousands="") if self.thousands == NO_SIGN else self

    @property
    def point(self) -> str:
        """The decimal sign."""
        return self.decimal or "."


def _is_text_encoding(name: str) -> bool:
    """Whether text files may be in an encoding: not base64, and not those of names on the Internet."""
    try:
        found = codecs.lookup(name)
        if found.name in ("idna", "punycode") or found.incrementaldecoder is None:
            return False
        return isinstance(b"a;b".decode(name, "replace"), str)
    except (LookupError, TypeError, ValueError):
        return False


def _is_zone(name: str) -> bool:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError  # takes 15 ms: only where needed

    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


@dataclass(frozen=True, repr=False)
class Schema(ShownRecord):
    r"""Columns by their declared names, the dialect, and what kind of table it is.

    Example:
        >>> import finsim, pathlib
        >>> file = pathlib.Path("s.schema.yaml")
        >>> _ = file.write_text("finsim: schema/1\ncolumns: {day: {type: date}, price: {type: float}}")
        >>> sorted(finsim.load_schema(file).fields)
        ['day', 'price']

    """

    fields: Mapping[str, Field]
    dialect: Dialect = field(default_factory=Dialect)
    kind: str = "table"
    path: str = ""

    def card(self) -> Card:
        """Return file, dialect, and each column with what is declared of it."""
        facts: tuple[tuple[str, Value], ...] = (("file", cut_start(self.path, 90)),)
        dialect = tuple(_declared(self.dialect))
        facts += (("dialect", dialect),) if dialect else ()
        columns = tuple((name, ", ".join((one.type, *_declared(one)))) for name, one in self.fields.items())
        return Card(f"Schema: {self.kind}, {counted(len(columns), 'column')}", facts + columns)


def _declared(part: Field | Dialect) -> Iterator[str]:
    """Yield ``key value`` of all that differs from the default; the type stands for itself."""
    for one in fields(part):
        value = getattr(part, one.name)
        if one.name != "type" and value != one.default:
            said = " ".join(map(str, value)) if isinstance(value, tuple) else str(value)
            yield one.name.rstrip("_") if value is True else f"{one.name.rstrip('_')} {said.strip()}"
