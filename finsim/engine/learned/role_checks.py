"""Declared roles and named entities that a ledger's columns cannot play are refused before a fit."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa

from finsim.errors import DataError, Problem, StudyError
from finsim.evaluation.reading.declared import Declared
from finsim.tables.sources.source import TableSource

_NUMBERS, _WORDS, _TIMES = ("money", "float", "int", "ratio"), ("id", "cat", "int", "bool"), ("ts", "date")
_TYPES: Mapping[str, tuple[str, ...]] = {
    "date": _TIMES, "amount": _NUMBERS, "debit": _NUMBERS, "credit": _NUMBERS,
    "from_account": _WORDS, "to_account": _WORDS, "merchant": _WORDS,
    "channel": _WORDS, "currency": _WORDS, "category": _WORDS, "direction": _WORDS,
}  # fmt: skip
"""Role of a column of events -> the declared types that can play it."""
_KEYS: Mapping[str, tuple[str, ...]] = {"id": ("id", "cat", "int")}
"""The same of a table: what tells its rows apart is made anew."""


def refuse_doubtful_roles(source: TableSource, declared: Declared, is_ledger: bool) -> None:
    """Raise DataError, all at once, for a role of two columns, and one that a column's type cannot play.

    Of a table only the role of its identifier counts.
    """
    types = {**_TYPES, **_KEYS} if is_ledger else _KEYS
    found: dict[str, str] = {}
    problems = []
    for name, field in declared.fields.items():
        if name not in source.bound or field.role not in types:
            continue
        if field.role in found:
            both = f"the columns {found[field.role]!r} and {name!r} both have the role {field.role}"
            problems.append(Problem(source.place, both, "one column", "remove one of the roles"))
        found.setdefault(field.role, name)
        if field.type not in types[field.role]:
            wanted = f"{' or '.join(types[field.role])}, since it is the {field.role}"
            problems.append(Problem(f"{source.place}: column {name!r}", f"is of type {field.type}", wanted,
                                    "correct its type or its role in the schema"))  # fmt: skip
    if problems:
        raise DataError.of(problems)


def refuse_odd_entity(table: pa.Table, name: str, bound: Mapping[str, str]) -> None:
    """Raise StudyError for an entity whose cells are no words and no whole numbers."""
    kind = table.schema.field(name).type
    plain = kind.value_type if pa.types.is_dictionary(kind) else kind
    if pa.types.is_string(plain) or pa.types.is_large_string(plain) or pa.types.is_integer(plain):
        return
    raise StudyError(
        f"column {bound.get(name, name)!r} holds {plain}", place="fit: id", expected="words or whole numbers",
        remedy="name the column of the entity; or declare it in a schema: type: id",
    )  # fmt: skip
