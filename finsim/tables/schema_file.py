"""A schema file as written (``finsim: schema/1``) -> ``Schema``; a rule pack's columns share most keys."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import BaseModel, BeforeValidator, ConfigDict, model_validator
from pydantic import Field as Key

from finsim.call_errors import public
from finsim.document_numbers import Meaning, Misfit, Whole, YesNo
from finsim.documents import Document, in_file_order, read, validate
from finsim.editor_schemas import JsonSchema, also, file_schema, given, reads, together, when
from finsim.errors import DataError, Problem, StudyError, did_you_mean
from finsim.tables.cells.time_formats import wrong_format
from finsim.tables.currencies import OptionalCurrency
from finsim.tables.proposing.roles import role_meant
from finsim.tables.role_words import NO_ROLE, ROLES
from finsim.tables.schema import NO_SIGN, SIGNS, UNITS, Dialect, Field, Schema

Scalar = bool | int | float | str
Kind = Literal["prices", "payments", "loans", "table"]


def _word(value: object) -> object:
    """Return a word that YAML read as a number or a truth as text."""
    if isinstance(value, Mapping | list | tuple):
        raise Misfit("a list or a mapping for a word", "one word, or a list of words", "write [word, word]")
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else str(value)


_WORD: JsonSchema = {"type": ["string", "number", "boolean", "null"]}
_SIGN = '^({}|[^A-Za-z0-9"\\n\\r]?)$'.format("|".join(re.escape(name) for name in SIGNS))
_GROUPING = _SIGN.replace("^(", f"^({NO_SIGN}|")


@reads({"anyOf": [_WORD, {"type": "array", "items": _WORD}]})
def _words(value: object) -> object:
    return [_word(one) for one in value] if isinstance(value, list | tuple) else [_word(value)]


Words = Annotated[list[str], BeforeValidator(_words)]


@reads({"type": "string"})
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
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=False, defer_build=True)


Type = Literal["bool", "int", "float", "ratio", "money", "date", "ts", "dur", "cat", "id"]
_TIMES = ("date", "ts")
_WORDED = ("cat", "int")  # types whose cells may be the words of an outcome


def _only_for(types: Sequence[str], keys: JsonSchema) -> JsonSchema:
    """Return the condition that columns of all other types have no more than ``keys``."""
    return when("type", [one for one in get_args(Type) if one not in types], {"properties": keys})


# What of ``_fits`` below a JSON Schema can say.
_FITS: list[JsonSchema] = [
    *(
        when("type", [name], {"properties": {"unit": {"enum": ["", *units]}}})
        for name, units in UNITS.items()
    ),
    _only_for(tuple(UNITS), {"unit": {"const": ""}}),
    _only_for(_TIMES, {"format": {"const": ""}, "zone": {"const": ""}}),
    _only_for(("bool",), {name: {"type": "array", "maxItems": 0} for name in ("true", "false")}),
    {"anyOf": [{"not": given("format", filled=True)}, {"not": given("unit", filled=True)}]},
    together("true", "false"),
]


class ColumnKeys(_Strict):
    """The keys of one declared column that schema files, rule packs and studies share.

    * ``type``: what a cell is: bool int float ratio money date ts (a time) dur (a duration) cat (a label) id.
    * ``from``: header in the file, where it is not the name of the column.
    * ``ccy``: currency of money, three letters of ISO 4217; XXX is any.
    * ``scale``: decimals of money, where they are not those of ISO 4217.
    * ``unit``: of money minor, major or stored_minor; of float and ratio decimal, percent or bp; of int and
      float months or years; of ts, dur and date s, ms, us or ns since 1970; of date also days; of ts and
      date excel_days, the day numbers of a sheet (1900 system).
    * ``format``: strptime format of date and ts cells, such as %d.%m.%Y; several with `` | `` between them.
    * ``zone``: IANA time zone of times without an offset, such as Europe/Berlin.
    * ``null``: true: cells may be empty; a list: these words also mean empty.
    * ``true`` and ``false``: words of a bool column; both or none.
    * ``strip``: texts that are removed before a cell is read, such as "$" or " months".
    * ``optional``: the column may be absent.
    * ``default``: value of every row when the column is absent.
    * ``alias``: other headers of the column.
    """

    model_config = ConfigDict(json_schema_extra=also({"allOf": _FITS}))

    type: Type
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
        if self.format and self.type not in _TIMES:
            raise Misfit(f"format of a {self.type} column", "a date or ts column", "remove `format:`")
        if self.format and (wrong := wrong_format(self.format)):
            raise Misfit(f"format {self.format!r}: {wrong}", "codes of strptime", "write %d.%m.%Y")
        if self.format and self.unit:
            raise Misfit("unit and format", "one of the two", "remove one")
        if self.zone and self.type not in _TIMES:
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


def _bare(word: str) -> str:
    return word.strip().casefold()


@reads({"enum": ["", NO_ROLE, *ROLES["table"]]})
def _role(value: object) -> object:
    if value in ("", NO_ROLE) or value in ROLES["table"]:
        return value
    written = value if isinstance(value, str) else str(value)
    meant = role_meant(written)
    remedy = f"did you mean {meant!r}?" if meant else did_you_mean(written, ROLES["table"])
    remedy = "use one of these" if remedy.startswith("use one of") else remedy
    listed = "; ".join(f"of {kind}: {', '.join(own)}" for kind, own in ROLES.items() if kind != "table")
    raise Misfit(f"{written!r} is no role", f"a role ({listed}), or {NO_ROLE}", remedy)


Role = Annotated[str, BeforeValidator(_role), Meaning("a role", "amount")]


class SchemaColumnKeys(ColumnKeys):
    """The keys of one column of a schema file: what the column is to finsim besides how it is read.

    * ``role``: what the column is to finsim, such as date, close, amount, balance, rate, outcome: one of the
      roles of the file's ``kind``, which docs/reference/schemas.md lists; none for a column that has none
      whatever its header says.
    * ``as``: of prices alone: price, difference (a level such as a yield) or return; price when left out.
    * ``is``: of an outcome, the words that mean a default.
    * ``good``: of an outcome with ``is``, the words that mean a good loan; all others when left out.
    """

    role: Role = ""
    as_: Literal["", "price", "difference", "return"] = Key("", alias="as")
    is_: Words = Key([], alias="is")
    good: Words = []

    @model_validator(mode="after")
    def _says_outcome(self) -> SchemaColumnKeys:
        told = [key for key, words in (("is", self.is_), ("good", self.good)) if words]
        if told and (self.role != "outcome" or self.type not in _WORDED):
            found = f"`{told[0]}` of a {self.type} column" + (
                f" of the role {self.role}" if self.role else ""
            )
            raise Misfit(found, f"an outcome ({', '.join(_WORDED)})", "write `role: outcome`, or remove it")
        if self.good and not self.is_:
            raise Misfit("`good` without `is`", "the words that mean a default too", "write `is: [WORD]`")
        both = sorted({_bare(word) for word in self.is_} & {_bare(word) for word in self.good})
        if both:
            raise Misfit(f"{both[0]!r} in `is` and in `good`", "each word in one of them", "remove one")
        return self

    def field(self) -> Field:
        """Return the column that the keys declare."""
        return replace(
            super().field(), role=self.role, as_=self.as_, bad=tuple(self.is_), good=tuple(self.good)
        )


Sign = Annotated[str, Key(json_schema_extra=also({"pattern": _SIGN}))]


class ReadKeys(_Strict):
    """How a text table is written; keys that are left out are not declared.

    * ``sep``: separator, one sign or its name (tab, comma, semicolon, pipe, space); found when left out.
    * ``decimal``: decimal sign of numbers; a point when left out, never guessed.
    * ``thousands``: sign between groups of three digits, or none; none when left out.
    * ``encoding``: encoding of the text, any that Python knows; UTF-8 when left out.
    * ``quote``: quoting sign, or none; the double quote when left out.
    * ``dates``: strptime format of dates without a format of their own; ISO when left out.
    * ``zone``: IANA zone of times without an offset; UTC when left out.
    * ``null``: words that mean empty, besides the empty cell.
    * ``true`` and ``false``: words of truths; true, True, TRUE, 1 and their opposites when left out.
    * ``skip_rows``: lines above the header; 0 when left out.
    * ``header_rows``: 2 where a vendor writes two lines of headers; 1 when left out.
    """

    meaning: ClassVar[Meaning] = Meaning("a mapping", '{sep: ";", decimal: ","}')

    sep: Sign | None = None
    decimal: Sign | None = None
    thousands: Annotated[str, Key(json_schema_extra=also({"pattern": _GROUPING}))] | None = None
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


def _roles_of(kind: str) -> JsonSchema:
    """Return the condition that the columns of a kind of table have none but its roles."""
    column = {"properties": {"role": {"enum": ["", NO_ROLE, *ROLES[kind]]}}}
    return when("kind", [kind], {"properties": {"columns": {"additionalProperties": column}}})


class SchemaKeys(_Strict):
    """What the columns of a table are and how its text is written; `finsim new schema DATA` proposes one.

    * ``finsim``: the format of this file, schema/1.
    * ``kind``: what the table holds: prices, payments, loans, or any table.
    * ``read``: how the text is written: separator, decimal sign, encoding, words of empty cells.
    * ``columns``: the columns by the names that finsim shall use.
    """

    model_config = ConfigDict(
        json_schema_extra=also({"allOf": [_roles_of(kind) for kind in ROLES if kind != "table"]})
    )

    finsim: Literal["schema/1"]
    kind: Kind = "table"
    read: ReadKeys = Key(default_factory=ReadKeys)
    columns: dict[str, SchemaColumnKeys] = Key(min_length=1)


def table_schema_file_schema() -> JsonSchema:
    """Return the JSON Schema of schema files, for editors."""
    return file_schema(SchemaKeys, "finsim schema file: the columns of a table")


@public
def load_schema(path: str | Path) -> Schema:
    r"""Read a schema file.

    Args:
        path: of the file.

    Returns:
        The Schema, for the ``schema`` of every verb.

    Raises:
        DataError: with every problem at its line and column.

    Example:
        >>> import finsim, pathlib
        >>> file = pathlib.Path("prices.schema.yaml")
        >>> _ = file.write_text("finsim: schema/1\ncolumns: {day: {type: date}}")
        >>> list(finsim.load_schema(file).fields)
        ['day']

    """
    known: object = path
    if not isinstance(known, str | Path):
        raise DataError(
            f"{type(known).__name__} {known!r:.60}",
            place="load_schema: path",
            expected="the path of a schema file",
            remedy="write 'prices.schema.yaml'",
        )
    return schema_of(read(path, DataError))


def schema_of(document: Document) -> Schema:
    """Return the schema of a parsed file. Raises DataError with every problem at its line and column."""
    found = [*_roles_of_other_kinds(document), *_series_of_other_kinds(document)]
    try:
        written = validate(document, SchemaKeys, DataError)
    except DataError as bad:
        raise DataError.of(in_file_order([*bad.problems, *found])) from None
    if found:
        raise DataError.of(found)
    fields = {name: keys.field() for name, keys in written.columns.items()}
    return Schema(fields, written.read.dialect(), written.kind, document.path)


def _series_of_other_kinds(document: Document) -> Iterator[Problem]:
    """Yield a problem for each column that says which series of prices it is and cannot be one."""
    data = document.data if isinstance(document.data, Mapping) else {}
    kind, columns = data.get("kind", "table"), data.get("columns")
    for name, keys in columns.items() if isinstance(columns, Mapping) else ():
        said = keys.get("as") if isinstance(keys, Mapping) else None
        if said not in ("price", "difference", "return"):
            continue
        place = document.place(("columns", name, "as"))
        if kind in ("payments", "loans"):
            yield Problem(place, f"`as: {said}` in kind: {kind}", "`as` of columns of prices alone",
                          "remove it, or write `kind: prices`")  # fmt: skip
        elif str(keys.get("type")) in set(get_args(Type)) - {"float", "int", "ratio", "money"}:
            yield Problem(
                place, f"`as: {said}` of a {keys['type']} column", "`as` of numbers alone", "remove it"
            )


def _roles_of_other_kinds(document: Document) -> Iterator[Problem]:
    """Yield a problem for roles that the declared kind of table does not have, and another has."""
    data = document.data if isinstance(document.data, Mapping) else {}
    kind, columns = data.get("kind", "table"), data.get("columns")
    if not isinstance(kind, str) or kind not in ROLES or not isinstance(columns, Mapping):
        return
    given = {name: keys.get("role") for name, keys in columns.items() if isinstance(keys, Mapping)}
    known = {name: role for name, role in given.items() if isinstance(role, str) and role in ROLES["table"]}
    odd = {name: role for name, role in known.items() if role not in ROLES[kind]}
    if not odd:
        return
    first = next(iter(odd))
    told = ", ".join(f"{role!r} (columns.{name})" for name, role in odd.items())
    other = next(one for one in ROLES if {*known.values()} <= {*ROLES[one]})  # a table has them all
    them = "it" if len(odd) == 1 else "them all"
    yield Problem(
        document.place(("kind",) if len(odd) > 1 else ("columns", first, "role")),
        f"kind: {kind!r} has no role {told}",
        f"roles of {kind}: {', '.join(ROLES[kind])}",
        f"write `kind: {other}`, which has {them}, or correct the role{'s' * (len(odd) > 1)}",
    )
