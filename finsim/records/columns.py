"""One stored column in one line: type, meaning, unit, zone, role, and when it is null.

The facts are metadata of the Arrow field, so they are in every Parquet file; docs/reference/tables.md is made
from them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

import numpy as np
import pyarrow as pa

from finsim.notation import Array

TEXT = pa.dictionary(pa.int32(), pa.string())
INSTANT = pa.timestamp("ns", tz="UTC")
STORED_INSTANT = pa.timestamp("us", tz="UTC")
"""Instants as files hold them: Spark refuses nanoseconds. The worlds' instants are whole microseconds."""
DAY = pa.timestamp("us")
"""A calendar day, at midnight and without a zone: pandas makes Python objects of ``date32``."""

UNIT, DECIMALS = b"unit", b"decimals"
"""Facts of a field: what its numbers count (``day``: a calendar day), decimals of money in floats."""

WORDS = b"words"
"""Fact of a text field: the words that its column may hold, as JSON, in the order of their codes."""

FEATURE, LABEL, KEY, INTERNAL = "feature", "label", "key", "internal"
ROLES: Mapping[str, str] = MappingProxyType(
    {
        FEATURE: "known when the row is made: may be given to a model",
        LABEL: "the answer, or what gives it away: for training targets and scoring alone",
        KEY: "tells rows apart or joins tables; no information in its value",
        INTERNAL: "how finsim made the row, for lineage",
    }
)

CENTS = "currency minor units"
MONTHLY_CENTS = "currency minor units a month"
PER_YEAR = "decimal per year"
DECIMAL = "decimal"


def column(
    name: str,
    kind: pa.DataType,
    description: str,
    unit: str = "",
    *,
    role: str = FEATURE,
    null: str = "",
    words: Sequence[str] = (),
) -> pa.Field:
    """Return the field of a stored column; ``null`` says when a value is missing, "" that it never is.

    ``words`` are those that a text column may hold: their codes are the same in every file.
    """
    zone = ""
    if pa.types.is_timestamp(kind):
        unit = "day" if kind.tz is None else f"{kind.unit} since 1970"
        zone = kind.tz or "none: a calendar day"
    facts = {"description": description, "unit": unit, "zone": zone, "role": role, "null": null}
    facts |= {WORDS.decode(): json.dumps(list(words))} if words else {}
    return pa.field(name, kind, bool(null), {name: text for name, text in facts.items() if text})


def words_of(field: pa.Field) -> tuple[str, ...]:
    """Return the words that a field says its column may hold, none where they are not fixed."""
    return tuple(json.loads((field.metadata or {}).get(WORDS, b"[]")))


def never_null(field: pa.Field) -> pa.Field:
    """Return the field of a column that lacks no value in its file, though others of its name may."""
    facts = {name: text for name, text in (field.metadata or {}).items() if name != b"null"}
    return pa.field(field.name, field.type, nullable=False, metadata=facts)


def facts_of(field: pa.Field) -> dict[str, str]:
    """Return the facts that a field carries: description, unit, zone, role and null, each "" if not said."""
    told = {name.decode(): text.decode() for name, text in (field.metadata or {}).items()}
    return {name: told.get(name, "") for name in ("description", "unit", "zone", "role", "null")}


def with_roles(schema: pa.Schema, *roles: str) -> list[str]:
    """Return the names of the columns of a schema that have one of these roles."""
    return [field.name for field in schema if facts_of(field)["role"] in roles]


def stored(fields: Iterable[pa.Field], metadata: Mapping[bytes, bytes] | None = None) -> pa.Schema:
    """Return the schema of a file: instants in microseconds, everything else as it is."""
    return pa.schema([_stored(field) for field in fields], metadata)


def _stored(field: pa.Field) -> pa.Field:
    if field.type != INSTANT:
        return field
    told = facts_of(field)
    return column(
        field.name, STORED_INSTANT, told["description"], role=told["role"] or FEATURE, null=told["null"]
    )


def coded(codes: Array, words: Sequence[str]) -> pa.DictionaryArray:
    """Return text from codes, the positions of words; codes below 0 are null."""
    whole = np.asarray(codes)
    known = pa.array(np.maximum(whole, 0).astype(np.int32), mask=whole < 0)
    return pa.DictionaryArray.from_arrays(known, pa.array(words, pa.string()))
