"""Which columns of a table of payments play which part, and what kind of ledger it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from finsim.errors import DataError, Problem
from finsim.evaluation.reading.declared import Declared
from finsim.notation import Float1D
from finsim.records.columns import LABEL, with_roles
from finsim.records.transactions import TRANSACTION_SCHEMA
from finsim.tables import Field, TableSource
from finsim.tables.proposing.roles import roles
from finsim.tables.proposing.statements.side_headers import SIDE_ROLES, side_of
from finsim.tables.statements.two_sides import TwoSides, refuse_no_sides, side_headers, two_sides

CARDS, ACCOUNTS, SINGLE = "card to merchant", "account to account", "single-sided"
LABELS = tuple(
    name
    for name in with_roles(TRANSACTION_SCHEMA, LABEL)
    if name not in ("purpose", "order_id", "taint", "known_on", "known_by") and not name.startswith("_fs_")
)
"""The label columns that are added, as in finsim's own transactions; taint needs balances of all accounts,
and what banks come to know is of a world that is simulated whole."""
_MONEY, _KEYS, _TIMES = ("money", "float", "int", "ratio"), ("id", "cat", "int"), ("ts", "date")
_TYPES: Mapping[str, tuple[str, ...]] = {
    "date": _TIMES, "amount": _MONEY, "debit": _MONEY, "credit": _MONEY,
    "from_account": _KEYS, "to_account": _KEYS, "merchant": _KEYS,
    "id": _KEYS, "direction": _KEYS, "category": _KEYS, "balance": _MONEY,
    "currency": ("id", "cat"), "fraud": ("bool", "int", "cat"),
}  # fmt: skip
_NEEDED = ("date", "amount", "from_account")


@dataclass(frozen=True)
class Part:
    """One column that plays a part: its header, its place among the headers, how it is read."""

    header: str
    at: int
    field: Field


@dataclass(frozen=True)
class LedgerColumns:
    """The parts that a table has, by role of ``tables.proposing.roles``, and the kind of ledger.

    Roles: date, amount, from_account (the entity), to_account, merchant, id, direction, category, balance,
    currency, fraud. Where the amount has two columns, ``sides`` (by header), that of what goes out is the
    amount, the other the credit.
    """

    parts: Mapping[str, Part]
    layout: str
    sides: TwoSides | None = None

    @property
    def is_daily(self) -> bool:
        """Whether the time column holds days."""
        return self.parts["date"].field.type == "date"

    def text(self) -> str:
        """Return the reading in one line."""
        told = ", ".join(f"{role} {part.header}" for role, part in self.parts.items())
        return f"read as: {self.layout} payments; {told}"

    def read_by(self) -> str:
        """Return as what the table is read, and by which column, within a sentence."""
        if self.layout == SINGLE:
            return "read as single-sided payments since no column is to_account or merchant"
        role = "to_account" if self.layout == ACCOUNTS else "merchant"
        return f"read as {self.layout} payments since {self.parts[role].header!r} is the {role}"

    def unless(self) -> str:
        """Return what else can be done of a refusal where a column decides what the table is read as."""
        if self.layout != CARDS:
            return ""
        return f"; if {self.parts['merchant'].header!r} is no merchant, write `role: none` for it in a schema"


def label_names(headers: Sequence[str]) -> dict[str, str]:
    """Return the name of each label column: its own, or one with ``finsim_`` before where a header has it.

    Example:
        >>> label_names(["amount", "narrative"])["narrative"], label_names(["amount"])["phase"]
        ('finsim_narrative', 'phase')

    """
    found = {}
    for label in LABELS:
        name = label
        while name in headers:
            name = f"finsim_{name}"
        found[label] = name
    return found


def ledger_columns(source: TableSource, declared: Declared) -> LedgerColumns:
    """Return the parts of the columns: declared roles, else what headers mean.

    Raises DataError, with every problem, for a part that is needed and lacking, one that two columns claim,
    a type that cannot play it, and a table that has all label columns already.
    """
    problems = [
        Problem(
            source.place, f"its columns {', '.join(LABELS)} are labels of an earlier run", "no labels",
            "drop them before new ones are added",
        )
    ] if set(LABELS) <= set(source.headers) else []  # fmt: skip
    found: dict[str, Part] = {}
    by_role = _by_role(source, declared.fields, problems)
    sides = None if problems else _sides(source, declared.fields, by_role)
    for role, name in ((role, by_role[role]) for role in _TYPES if role in by_role):
        header = source.bound[name]
        field = replace(declared.fields[name], null=True)
        if field.type not in _TYPES[role]:
            wanted = f"{' or '.join(_TYPES[role])}, since it is the {role}"
            problems.append(Problem(f"{source.place}: column {header!r}", f"read as {field.type}", wanted,
                                    "declare its type in a schema"))  # fmt: skip
        found[role] = Part(header, source.headers.index(header), field)
    problems += [
        Problem(source.place, f"no column is the {role} of the payments", "",
                f"say which it is in a schema: `role: {role}`")
        for role in _NEEDED if role not in found
    ]  # fmt: skip
    if problems:
        raise DataError.of(problems)
    layout = ACCOUNTS if "to_account" in found else CARDS if "merchant" in found else SINGLE
    if sides is not None:
        sides = replace(sides, out=found["amount"].header, into=found["credit"].header)
    return LedgerColumns(found, layout, sides)


def _sides(source: TableSource, fields: Mapping[str, Field], by_role: dict[str, str]) -> TwoSides | None:
    """Return the two columns of the amount by declared name, None where it has one; these are put by role.

    Raises DataError for declared sides that are none.
    """
    words = {name: word for name, word in side_headers(fields).items() if name in source.bound}
    said = {role: by_role.pop(role) for role in SIDE_ROLES if role in by_role}
    amount = by_role.get("amount")
    if amount is not None and not side_of(words[amount]):
        return None
    able = [name for name, word in words.items() if side_of(word) and fields[name].type in _MONEY]
    sides = None
    if {side_of(words[name]) for name in able} == {-1, 1}:
        table = source.table(able)
        sides = two_sides({name: (words[name], _plain(table[name])) for name in able})
    if sides is None:
        if said:
            refuse_no_sides(fields, source.place)
        return None
    if amount in (None, sides.out, sides.into):
        by_role |= {"amount": sides.out, "credit": sides.into}
        return sides
    return None


def _plain(cells: pa.ChunkedArray) -> Float1D:
    """Return numbers float64[n], NaN where there is none."""
    plain = pc.fill_null(pc.cast(cells, pa.float64(), safe=False), np.nan)
    return np.asarray(plain.to_numpy(), dtype=np.float64)


def _by_role(source: TableSource, fields: Mapping[str, Field], problems: list[Problem]) -> dict[str, str]:
    """Return role -> declared name of the bound columns."""
    bound = {name: field for name, field in fields.items() if name in source.bound}
    found: dict[str, str] = {}
    for name, field in bound.items():
        if field.role in found:
            both = f"the columns {found[field.role]!r} and {name!r} both have the role {field.role}"
            problems.append(Problem(source.place, both, "one column", "remove one of the roles"))
        elif field.role in _TYPES:
            found[field.role] = name
    by_header = {source.bound[name]: name for name, field in bound.items() if not field.role}
    types = {header: bound[name].type for header, name in by_header.items()}
    for header, role in roles(list(by_header), "payments", types).items():
        if role in _TYPES and role not in found and _can_play(bound[by_header[header]], role):
            found[role] = by_header[header]
    return {role: found[role] for role in _TYPES if role in found}


def _can_play(field: Field, role: str) -> bool:
    """Whether a guessed column has a type that fits; needed parts are told, others left alone."""
    return role in _NEEDED or field.type in _TYPES[role]
