"""A schema file as written (``finsim: schema/1``) -> ``Schema``; a rule pack's columns share most keys."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import BaseModel, BeforeValidator, ConfigDict, model_validator
from pydantic import Field as Key

from finsim.document_numbers import Meaning, Misfit, Whole, YesNo
from finsim.documents import Document, read, validate
from finsim.errors import DataError, StudyError, did_you_mean
from finsim.tables.cells.time_formats import wrong_format
from finsim.tables.currencies import OptionalCurrency
from finsim.tables.schema import UNITS, Dialect, Field, Schema

Scalar = bool | int | float | str
Kind = Literal["prices", "payments", "loans", "table"]


def _word(value: object) -> object:
    """Return a word that YAML read as a number or a truth as text."""
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _words(value: object) -> object:
    return [_word(one) for one in value] if isinstance(value, list | tuple) else [_word(value)]


Words = Annotated[list[str], BeforeValidator(_words)]


def _zone(value: object) -> object:
    if not isinstance(value, str):
        raise Misfit("no time zone", ZONE.words, f"write {ZONE.example}")
    try:
        return str(ZoneInfo(value)) if value else value
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Misfit(
            f"{value!r} is no time zone", f"{ZONE.words}, such as {ZONE.example}", _near_zone(value)
        ) from None


def _near_zone(value: str) -> str:
    known = {one.rpartition("/")[2].lower(): one for one in available_timezones()}
    city = value.strip().rpartition("/")[2].replace(" ", "_").lower()
    return (
        f"did you mean {known[city]!r}?"
        if city in known
        else did_you_mean(value, sorted(available_timezones()))
    )


ZONE = Meaning("an IANA time zone", "Europe/Berlin")
Zone = Annotated[str, BeforeValidator(_zone), ZONE]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=False)


class ColumnKeys(_Strict):
    """The keys of one declared column that schema files, rule packs and studies share."""

    type: Literal["bool", "int", "float", "ratio", "money", "date", "ts", "dur", "cat", "id"]
    source: str = Key("", alias="from")
    ccy: OptionalCurrency = ""
    scale: Annotated[Whole, Key(ge=0, le=9)] | None = None
    unit: str = ""
    format: str = ""
    zone: Zone = ""
    null: bool | Words = False
    true: Words = []
    false: Words = []
    strip: Words = []
    optional: YesNo = False
    default: Scalar | None = None
    alias: Words = []

    @model_validator(mode="after")
    def _fits(self) -> ColumnKeys:
        units = UNITS.get(self.type, ())
        if self.unit and self.unit not in units:
            known = f"one of {', '.join(units)}" if units else "no unit"
            raise Misfit(
                f"unit {self.unit!r} of a {self.type} column",
                known,
                did_you_mean(self.unit, units) or "remove it",
            )
        if self.format and self.type not in ("date", "ts"):
            raise Misfit(f"format of a {self.type} column", "a date or ts column", "remove `format:`")
        if self.format and (wrong := wrong_format(self.format)):
            raise Misfit(f"format {self.format!r}: {wrong}", "codes of strptime", "write %d.%m.%Y")
        if self.format and self.unit:
            raise Misfit("unit and format", "one of the two", "remove one")
        if self.zone and self.type not in ("date", "ts"):
            raise Misfit(f"zone of a {self.type} column", "a date or ts column", "remove `zone:`")
        if (self.true or self.false) and self.type != "bool":
            raise Misfit(f"true and false of a {self.type} column", "a bool column", "remove them")
        if bool(self.true) != bool(self.false):
            raise Misfit("true or false alone", "both", "write `true: [..]` and `false: [..]`")
        return self

    def field(self) -> Field:
        """Return the column that the keys declare."""
        words = self.null if isinstance(self.null, list) else []
        return Field(
            self.type, self.ccy, self.scale, self.unit, self.format, self.zone,
            bool(self.null), tuple(words), tuple(self.true), tuple(self.false), tuple(self.strip),
            self.optional, self.default, tuple(self.alias), self.source,
        )  # fmt: skip


class SchemaColumnKeys(ColumnKeys):
    """The keys of one column of a schema file: what the column is to finsim besides how it is read."""

    role: str = ""
    as_: Literal["", "price", "difference", "return"] = Key("", alias="as")

    def field(self) -> Field:
        """Return the column that the keys declare."""
        return replace(super().field(), role=self.role, as_=self.as_)


class ReadKeys(_Strict):
    """The keys of a `read:` block; those left out are not declared."""

    sep: str | None = None
    decimal: str | None = None
    thousands: str | None = None
    encoding: str | None = None
    quote: str | None = None
    dates: str | None = None
    zone: Zone | None = None
    null: Words | None = None
    true: Words | None = None
    false: Words | None = None
    skip_rows: Annotated[Whole, Key(ge=0, le=10_000)] | None = None
    header_rows: Annotated[Whole, Key(ge=1, le=2)] | None = None

    @model_validator(mode="after")
    def _fits(self) -> ReadKeys:
        try:
            self.dialect()
        except StudyError as bad:
            problem = bad.problems[0]
            raise Misfit(problem.found, "how the text is written", problem.remedy) from None
        return self

    def dialect(self) -> Dialect:
        """Return the dialect that the keys declare. Raises StudyError when one cannot be."""
        written: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in self.model_dump(exclude_none=True).items()
        }
        return Dialect.of(written)


class SchemaKeys(_Strict):
    """A schema file."""

    finsim: Literal["schema/1"]
    kind: Kind = "table"
    read: ReadKeys = ReadKeys()
    columns: dict[str, SchemaColumnKeys] = Key(min_length=1)


def load_schema(path: str | Path) -> Schema:
    """Read a schema file. Raises DataError with every problem at its line and column."""
    return schema_of(read(path, DataError))


def schema_of(document: Document) -> Schema:
    """Return the schema of a parsed file. Raises DataError with every problem at its line and column."""
    written = validate(document, SchemaKeys, DataError)
    fields = {name: keys.field() for name, keys in written.columns.items()}
    return Schema(fields, written.read.dialect(), written.kind, document.path)
