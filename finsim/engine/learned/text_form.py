"""How the training data's text is written, so that the schema that reads them reads a new file too."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from finsim.engine.learned.currency_decimals import (
    Places,
    add_places,
    currency_header,
    rounded_by_currency,
    stored_places,
    sums_of,
    texts_by_currency,
    told_places,
)
from finsim.records.columns import DECIMALS, UNIT
from finsim.tables import Dialect, Field
from finsim.tables.cells.written import FALSE, TRUE, formats_of
from finsim.tables.endings import ENDINGS, TEXT, known_ending
from finsim.tables.rewriting.look_of_text import look_of
from finsim.tables.sources.source import TableSource
from finsim.tables.sources.text_file import TextTable
from finsim.tables.writing.span_texts import moment_texts, span_texts
from finsim.tables.writing.text_look import QUOTED, CellForm, TextLook, number_texts

_MOST_DECIMALS = 12
_ISO = {True: "%Y-%m-%d", False: "%Y-%m-%dT%H:%M:%S"}
AS_TEXT = b"finsim.text"
"""Fact of dates and times that the input, a file with types, stores as text."""


@dataclass(frozen=True)
class TextForm:
    """The dialect of a text table, and by header how cells are written.

    ``formats`` of dates and times, ``zones`` of times without an offset, ``words`` of yes and no, and
    ``decimals`` where all cells of a column of numbers have as many, ``by_currency`` the column of currencies
    and decimals of each where sums of them differ; ``look`` is that of the file. ``nulls`` are words that
    a schema calls empty.
    """

    dialect: Dialect = field(default_factory=Dialect)
    formats: Mapping[str, str] = field(default_factory=dict)
    zones: Mapping[str, str] = field(default_factory=dict)
    words: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    decimals: Mapping[str, int] = field(default_factory=dict)
    look: TextLook = field(default_factory=TextLook)
    by_currency: Mapping[str, tuple[str, Places]] = field(default_factory=dict)
    nulls: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def declared(self) -> TextForm:
        """Return the form without what cells told of it."""
        return replace(self, words={}, decimals={}, by_currency={}, nulls={}, look=self.look.declared())

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> TextForm:
        """Return the form that ``to_dict`` wrote."""
        dialect = {key: tuple(one) if isinstance(one, list) else one for key, one in data["dialect"].items()}
        words = {name: (yes, no) for name, (yes, no) in data["words"].items()}
        look = TextLook.from_dict(data["look"]) if "look" in data else TextLook()  # older models have none
        told = {
            name: (header, {word: (low, high) for word, (low, high) in places.items()})
            for name, (header, places) in data.get("by_currency", {}).items()
        }
        nulls = {name: tuple(one) for name, one in data.get("nulls", {}).items()}
        return cls(
            Dialect.of(dialect), data["formats"], data["zones"], words, data["decimals"], look, told, nulls
        )


def text_form_of(source: TableSource, fields: Mapping[str, Field]) -> TextForm:
    """Return how the columns ``fields`` of a table are written; of one that is no text as declared."""
    formats, zones = {}, {}
    for name, header in source.bound.items():
        said = formats_of(fields[name], source.dialect) if fields[name].type in ("date", "ts") else ()
        if said:
            formats[header] = said[0]
        zone = fields[name].zone or source.dialect.zone
        if zone and fields[name].type == "ts" and "%z" not in formats.get(header, ""):
            zones[header] = zone
    nulls = {
        header: empty for name, header in source.bound.items()
        if (empty := (*source.dialect.null, *fields[name].nulls))
    }  # fmt: skip
    form = TextForm(source.dialect, formats, zones, nulls=nulls)
    if not isinstance(source, TextTable):
        return replace(form, by_currency=_stored_sums(source, fields))
    look = look_of(source, {header: fields[name] for name, header in source.bound.items()})
    return replace(_with_cells(form, source, fields), look=look)


def _stored_sums(source: TableSource, fields: Mapping[str, Field]) -> dict[str, tuple[str, Places]]:
    """Return the column of currencies and decimals of each, for sums that are stored as fractions."""
    money = currency_header(fields, source.bound)
    sums = [
        name for name, header in source.bound.items()
        if money and header in sums_of(fields, source.bound) and fields[name].type in ("money", "float")
    ]  # fmt: skip
    if not sums:
        return {}
    key = next(name for name, header in source.bound.items() if header == money)
    table = source.table([*sums, key])
    found = {source.bound[name]: stored_places(table[name], table[key]) for name in sums if name != key}
    return {header: (str(money), places) for header, places in found.items() if places}


def _with_cells(form: TextForm, source: TextTable, fields: Mapping[str, Field]) -> TextForm:
    """Add words of yes and no, and decimals, as they stand in the cells."""
    kinds = {header: fields[name].type for name, header in source.bound.items()}
    wanted = {header for header, kind in kinds.items() if kind in ("bool", "float", "ratio", "money", "int")}
    places = {header: source.headers.index(header) for header in wanted}
    seen: dict[str, set[str]] = {header: set() for header in wanted if kinds[header] == "bool"}
    decimals: dict[str, set[int]] = {header: set() for header in wanted if kinds[header] != "bool"}
    money = currency_header(fields, source.bound)
    sums = sums_of(fields, source.bound) & {*decimals} if money else set()
    by_word: dict[str, dict[str, tuple[int, int]]] = {header: {} for header in sums}
    for batch in source.batches(rename=False) if wanted else ():
        for header, at in places.items():
            if header in sums:
                words_of = batch.column(source.headers.index(str(money)))
                add_places(by_word[header], words_of, _counts(batch.column(at), form.dialect))
            cells = batch.column(at).drop_null()
            if header in seen and len(seen[header]) < len((*TRUE, *FALSE)):
                seen[header] |= {str(one) for one in pc.unique(cells).to_pylist()}
            elif header in decimals:
                decimals[header] |= _decimals(cells, form.dialect)
    words = {header: _words(cells) for header, cells in seen.items()}
    told = {header: told_places(one) for header, one in by_word.items()}
    found = {header: next(iter(some)) for header, some in decimals.items() if len(some) == 1}
    return replace(
        form, words={header: pair for header, pair in words.items() if pair},
        decimals={header: count for header, count in found.items() if 0 < count <= _MOST_DECIMALS},
        by_currency={header: (str(money), places) for header, places in told.items() if places},
    )  # fmt: skip


def _words(cells: set[str]) -> tuple[str, str] | None:
    """Return the words of yes and no of a column without declared ones, of one pair: ``1`` and ``0``."""
    known = zip(TRUE, FALSE, strict=True)
    return next(((yes, no) for yes, no in known if cells - {""} and cells <= {yes, no, ""}), None)


def _decimals(cells: pa.Array, dialect: Dialect) -> set[int]:
    """Return how many decimals the numbers of some cells have; -1 for one that is written in another way."""
    return {int(one) for one in pc.unique(_counts(cells, dialect).drop_null()).to_pylist()}


def _counts(cells: pa.Array, dialect: Dialect) -> pa.Array:
    """Return the decimals of each cell int32[n], -1 for one written in another way, null for an empty one."""
    plain = cells.cast(pa.string())
    point = re.escape(dialect.point)
    texts = pc.extract_regex(plain, rf"^\s*[+-]?[0-9][^{point}eE%A-Za-z]*(?:{point}(?P<part>[0-9]+))?\s*$")
    parts = pc.struct_field(texts, "part") if len(plain) else pa.array([], pa.string())
    counts = pc.fill_null(pc.utf8_length(parts), -1)
    return pc.if_else(pc.fill_null(pc.equal(plain, ""), True), pa.scalar(None, pa.int32()), counts)


def as_declared(
    place: Path, schema: pa.Schema, batches: Iterable[pa.RecordBatch], form: TextForm
) -> tuple[pa.Schema, Iterator[pa.RecordBatch], Dialect]:
    """Return schema, rows and dialect as they go into a file: one of text is written as the data were read.

    Parquet, Arrow and DuckDB hold dates, truths and numbers; dates that the input stores as text stay text.
    """
    if ENDINGS[known_ending(place)].form != TEXT:
        stored = [one for one in schema if AS_TEXT in (one.metadata or {})]
        formats = {one.name: form.formats.get(one.name, _ISO[UNIT in one.metadata]) for one in stored}
        sums = form.by_currency
        form = TextForm(formats=formats, zones=form.zones)
        told = pa.schema([_told_field(one, form) for one in schema])
        rounded = (_in_currency(batch, sums) for batch in batches)
        return told, (_written(batch, told, form) for batch in rounded), Dialect()
    in_utc = {header for header, text in form.look.times.items() if text.endswith("Z")} - {*form.formats}
    zones = {header: zone for header, zone in form.zones.items() if header not in in_utc}
    form = replace(form, formats={**form.look.times, **form.formats}, zones=zones)
    told = pa.schema([_field(one, form) for one in schema])
    if told.equals(schema, check_metadata=True):  # decimals and quotes are facts
        return schema, iter(batches), form.dialect
    return told, (_written(batch, told, form) for batch in batches), form.dialect


def _in_currency(batch: pa.RecordBatch, sums: Mapping[str, tuple[str, Places]]) -> pa.RecordBatch:
    """Return rows whose sums have the decimals of their currencies, in files that hold numbers."""
    cells = list(batch.columns)
    for at, one in enumerate(batch.schema):
        if one.name in sums and pa.types.is_floating(one.type):
            header, places = sums[one.name]
            cells[at] = rounded_by_currency(cells[at], batch.column(header), places)
    return pa.record_batch(cells, schema=batch.schema)


def _field(one: pa.Field, form: TextForm) -> pa.Field:
    told = _told_field(one, form)
    if one.name not in form.look.quoted:
        return told
    return told.with_metadata({**(told.metadata or {}), QUOTED: b"yes"})


def _told_field(one: pa.Field, form: TextForm) -> pa.Field:
    if (one.name in form.look.numbers or one.name in form.by_currency) and _is_number(one.type):
        return pa.field(one.name, pa.string())
    if one.name in form.formats and pa.types.is_temporal(one.type):
        return pa.field(one.name, pa.string())
    if one.name in form.words and pa.types.is_boolean(one.type):
        return pa.field(one.name, pa.string())
    if one.name in form.decimals and _is_number(one.type):
        count = max(form.decimals[one.name], int((one.metadata or {}).get(DECIMALS, 0)))  # money has its own
        facts = {**(one.metadata or {}), DECIMALS: str(count).encode()}
        return pa.field(one.name, pa.float64(), metadata=facts)
    return one


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_decimal(kind))


def _written(batch: pa.RecordBatch, schema: pa.Schema, form: TextForm) -> pa.RecordBatch:
    cells = []
    for was, now, column in zip(batch.schema, schema, batch.columns, strict=True):
        if was.type == now.type:
            cells.append(column)
        elif pa.types.is_duration(was.type):
            cells.append(span_texts(column, form.formats[was.name], form.dialect.point))
        elif pa.types.is_temporal(was.type):
            cells.append(moment_texts(column, form.formats[was.name], form.zones.get(was.name, "")))
        elif pa.types.is_boolean(was.type):
            yes, no = form.words[was.name]
            cells.append(pc.if_else(column, yes, no).cast(pa.string()))
        elif pa.types.is_string(now.type) and was.name in form.by_currency:
            header, places = form.by_currency[was.name]
            look = form.look.numbers.get(was.name, CellForm())
            cells.append(texts_by_currency(column, batch.column(header), places, look, form.dialect))
        elif pa.types.is_string(now.type) and was.name in form.look.numbers:
            cells.append(number_texts(column, form.look.numbers[was.name], form.dialect))
        else:
            cells.append(column.cast(pa.float64(), safe=False))
    return pa.record_batch(cells, schema=schema)
