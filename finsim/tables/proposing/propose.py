"""A look at a table: its dialect, the type and role of each column, and doubts in words."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from finsim.errors import DataError, did_you_mean
from finsim.tables.cells.told_money import told
from finsim.tables.proposing import roles
from finsim.tables.proposing.asset_names import name_columns
from finsim.tables.proposing.confirm import Confirmed, confirmed, without_settled_orders
from finsim.tables.proposing.forms import Numbers, moment, numbers
from finsim.tables.proposing.ledger_roles import ledger_roles, repeats, without_payer
from finsim.tables.proposing.loan_roles import complete_loans, without_other_classes
from finsim.tables.proposing.lone_roles import lone_roles
from finsim.tables.proposing.look import is_text_file, look
from finsim.tables.proposing.row_numbers import numbered
from finsim.tables.proposing.schema_text import dialect_lines, names_of, schema_text
from finsim.tables.proposing.series_kinds import series_kinds
from finsim.tables.proposing.statements.side_headers import SIDE_ROLES
from finsim.tables.proposing.statements.statement_roles import sided_headers, told_sides
from finsim.tables.proposing.stored_columns import guess_stored, texts_of
from finsim.tables.proposing.tapes.shared_places import with_places
from finsim.tables.proposing.text_columns import NO_CURRENCY, Guess, currency_of, guess_text
from finsim.tables.schema import Dialect, Field, Schema
from finsim.tables.sources.opening import open_table
from finsim.tables.sources.source import TableSource
from finsim.tables.told_by_cells import told_types

_SAMPLE, _TURNS = 5000, 4
_INDEX = re.compile(r"__index_level_\d+__")
"""What pandas calls an index without a name where it writes one: places of rows, which say nothing."""
_NAMES = {"cat": "cat", "id": "id", "int": "id"}
"""Types of columns that may name assets, and what such a column then is."""

_TOLD = {
    "difference": "stays near where it was: taken for a level such as a yield, whose changes are learned",
    "return": "hardly remembers the value before: taken for returns, which are learned as they are",
}


@dataclass(frozen=True)
class Proposal:
    """What a table seems to be. ``fields`` by declared name; ``said`` are the doubts about each column.

    ``rows`` were read in full: each of their cells has the proposed type.
    """

    name: str
    kind: str
    dialect: Dialect
    fields: Mapping[str, Field]
    said: Mapping[str, tuple[str, ...]]
    about: tuple[str, ...]
    rows: int
    whole: bool

    @property
    def doubts(self) -> tuple[str, ...]:
        """All doubts: of the file, then column by column."""
        return (*self.about, *(doubt for said in self.said.values() for doubt in said))

    def schema(self) -> Schema:
        """Return the proposal as a schema."""
        return Schema(fields=self.fields, dialect=self.dialect, kind=self.kind, path="")

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        columns = {
            name: {"type": field.type, "role": field.role, "from": field.source or name}
            for name, field in self.fields.items()
        }
        return {"kind": self.kind, "rows": self.rows, "columns": columns, "doubts": list(self.doubts)}

    def to_yaml(self) -> str:
        """Return the schema file, with the doubts as comments above what they are about."""
        seen = f"all {self.rows:,} rows" if self.whole else f"the first {self.rows:,} rows"
        head = (
            f"Proposed by `finsim new schema` from {self.name}: {seen} were read.",
            "A declared type decides what a cell means. Correct what is wrong, then look:",
            f"finsim plan {self.name} --schema THIS_FILE",
        )
        columns = {
            name: (field, field.source or name, self.said[name]) for name, field in self.fields.items()
        }
        return schema_text(head, self.kind, dialect_lines(self.dialect, self.about), columns)


def propose(data: object, kind: str = "", dialect: Dialect | None = None) -> Proposal:
    """Propose dialect, types and roles from the cells of a table: a path, or any table that can be read.

    ``kind`` is prices, payments, loans or table (found from the headers when left out); what ``dialect``
    declares is not looked for. Every proposal reads the rows that were seen without a refused cell.
    Raises DataError for an unknown kind and for a file that is no table.
    """
    if kind and kind not in roles.KINDS:
        raise DataError(
            f"no kind of table is called {kind!r}",
            place="--kind",
            remedy=did_you_mean(kind, list(roles.KINDS)),
        )
    declared = dialect or Dialect()
    if isinstance(data, str | Path) and is_text_file(Path(data)):
        return _of_text(Path(data), kind, declared)
    return _of_stored(open_table(data, {}, declared), kind)


def _of_text(path: Path, kind: str, declared: Dialect) -> Proposal:
    """Propose from a text table: again with the refused cells as evidence, until none is left."""
    seen = look(path, declared)
    outer = Dialect(
        sep=seen.sep,
        quote="" if seen.quote == '"' else seen.quote,
        encoding="" if seen.encoding == "utf-8" else seen.encoding,
        skip_rows=seen.skip_rows,
        header_rows=seen.header_rows,
    )
    outer = declared.over(outer)
    source = open_table(path, {}, outer)
    samples = [seen.cells(at) for at in range(len(source.headers))]
    for turn in range(_TURNS):
        signs = numbers(samples, source.headers, seen.sep)
        used = declared.over(replace(outer, decimal=signs.decimal, thousands=signs.thousands))
        signs = replace(signs, decimal=used.point, thousands=used.thousands)
        found, roles_found = _guessed(source.headers, samples, kind, signs)
        checked = confirmed(source, found, used, loosen=turn == _TURNS - 1)
        more = [each.refused for each in checked.columns]
        if not any(more):
            break
        samples = [[*sample, *cells] for sample, cells in zip(samples, more, strict=True)]
    checked = without_settled_orders(source, checked, used)
    guesses = [each.guess for each in checked.columns]
    about = (*seen.doubts, *signs.doubts)
    shown = replace(used, decimal="" if used.point == "." else used.decimal)
    return _proposal(source, guesses, (kind or roles_found, shown), about, checked)


def _guessed(
    headers: Sequence[str], samples: Sequence[Sequence[str]], kind: str, signs: Numbers
) -> tuple[list[Guess | None], str]:
    """Guess every column of a text table, and the kind of the table."""
    found = kind or roles.kind_of(headers)

    def guessed(named: Mapping[str, str], ccy: str) -> list[Guess | None]:
        return [
            guess_text(header, cells, signs, named.get(header, ""), ccy)
            for header, cells in zip(headers, samples, strict=True)
        ]

    return _with_roles(headers, (found, bool(kind)), lambda at: samples[at], guessed)


def _with_roles(
    headers: Sequence[str],
    kind: tuple[str, bool],
    cells: Callable[[int], Sequence[str]],
    guessed: Callable[[Mapping[str, str], str], list[Guess | None]],
) -> tuple[list[Guess | None], str]:
    """Guess all columns with the roles that headers and cells tell; ``kind``: which, and whether given."""
    guesses, found = _with_own_roles(headers, kind, cells, guessed)
    guesses = with_places(headers, told_sides(headers, guesses), cells)
    return numbered(headers, guesses, cells) if found == "payments" else guesses, found


def _with_own_roles(
    headers: Sequence[str],
    kind: tuple[str, bool],
    cells: Callable[[int], Sequence[str]],
    guessed: Callable[[Mapping[str, str], str], list[Guess | None]],
) -> tuple[list[Guess | None], str]:
    found, is_given = kind
    named, ccy = _named(headers, found, cells)
    guesses = guessed(named, ccy)
    if found == "table":
        return (_without_roles(guesses), found) if is_given else _as_ledger(headers, guesses, cells, guessed)
    more, said = lone_roles(headers, guesses, named, found, cells)
    return _said(headers, guessed({**named, **more}, ccy), said) if more else guesses, found


def _as_ledger(
    headers: Sequence[str],
    guesses: Sequence[Guess | None],
    cells: Callable[[int], Sequence[str]],
    guessed: Callable[[Mapping[str, str], str], list[Guess | None]],
) -> tuple[list[Guess | None], str]:
    """Guess a table that its headers do not tell again, with the roles of a ledger where its cells do."""
    named, said = ledger_roles(headers, guesses, cells)
    if not named:
        return _without_roles(guesses), "table"
    columns = {header: cells(headers.index(header)) for header, role in named.items() if role == "currency"}
    again = guessed(named, currency_of(columns) or NO_CURRENCY)
    return _said(headers, again, said), "payments"


def _said(headers: Sequence[str], guesses: list[Guess | None], said: Sequence[str]) -> list[Guess | None]:
    """Return the guesses with the doubts that begin with their header."""
    doubts = {header: [one for one in said if one.startswith(f"`{header}`")] for header in headers}
    return [each and each.said(*doubts[header]) for header, each in zip(headers, guesses, strict=True)]


def _named(
    headers: Sequence[str], kind: str, cells: Callable[[int], Sequence[str]]
) -> tuple[dict[str, str], str]:
    """Return header -> role, and the currency of amounts: that of the currency column, where it holds one.

    Headers of any table may name amounts, as those of payments do. Without a currency amounts of payments
    and other tables are still money, those of loan tapes numbers.
    """
    seen = {header: _form(cells(at)) for at, header in enumerate(headers) if roles.is_ambiguous(header)}
    codes = (one for one in headers if one not in seen and roles.is_code(one))
    seen |= {one: "cat" for one in codes if repeats(cells(headers.index(one)))}  # no number of a payment
    named = roles.roles(headers, kind if kind != "table" else "payments", seen)
    if kind == "loans":
        told = told_types(named, {one: cells(headers.index(one)) for one in named})
        named = roles.roles(headers, kind, {**seen, **told}) if told else named
        named = without_other_classes(named, {one: cells(headers.index(one)) for one in named})
    if kind == "table":
        named = {header: role for header, role in named.items() if role in ("amount", "balance", "currency")}
    if kind in ("payments", "table") and "amount" not in named.values():
        sides = sided_headers(headers, lambda header: cells(headers.index(header)))
        named |= dict(zip(sides or (), SIDE_ROLES, strict=False))
    columns = {header: cells(headers.index(header)) for header, role in named.items() if role == "currency"}
    known = currency_of(columns)
    return named, known or ("" if kind in ("loans", "prices") else NO_CURRENCY)


def _form(cells: Sequence[str]) -> str:
    """Return the type that the first cell of a column says at once: a date, words, or nothing."""
    first = next((cell for cell in cells if cell.strip()), "")
    if moment(first):
        return "date"
    return "" if any(sign.isdigit() for sign in first) else "cat"


def _without_roles(guesses: Sequence[Guess | None]) -> list[Guess | None]:
    return [each and replace(each, field=replace(each.field, role="")) for each in guesses]


def _of_stored(source: TableSource, kind: str) -> Proposal:
    """Propose from a table that is stored with types."""
    headers = source.headers
    found = kind or roles.kind_of(headers)
    head = pa.Table.from_batches(_some(source)) if headers else pa.table({})

    def guessed(named: Mapping[str, str], ccy: str) -> list[Guess | None]:
        return [
            None
            if _INDEX.fullmatch(header)
            else guess_stored(
                header, head.column(at), named.get(header, ""), ccy, told(head.schema.field(at))
            )
            for at, header in enumerate(headers)
        ]

    guesses, found = _with_roles(headers, (found, bool(kind)), lambda at: texts_of(head.column(at)), guessed)
    checked = confirmed(source, guesses, Dialect(), loosen=True)
    return _proposal(source, [each.guess for each in checked.columns], (found, Dialect()), (), checked)


def _some(source: TableSource) -> list[pa.RecordBatch]:
    """Return the first rows of a table."""
    found: list[pa.RecordBatch] = []
    rows = 0
    for batch in source.batches(rename=False):
        found.append(batch.slice(0, _SAMPLE - rows))
        rows += found[-1].num_rows
        if rows >= _SAMPLE:
            break
    return found


def _proposal(
    source: TableSource,
    guesses: Sequence[Guess | None],
    form: tuple[str, Dialect],
    about: Sequence[str],
    checked: Confirmed,
) -> Proposal:
    """Put a proposal together: columns that a schema can name, in the order of the file."""
    kind, dialect = form
    headers, said_of_file = source.headers, list(about)
    if kind == "table" and _is_panel(guesses):
        kind = "prices"
        lows = [each.low for at, each in enumerate(guesses) if at and each and each.low is not None]
        said_of_file.append("a date and columns of numbers: taken for prices, one column for each asset")
        if lows and min(lows) <= 0:
            said_of_file.append("some go to zero or below: rates (as: difference) or returns (as: return)?")
            guesses = _with_kinds(source, guesses, dialect)
        guesses = [
            replace(each, field=replace(each.field, role="date")) if each and at == 0 else each
            for at, each in enumerate(guesses)
        ]
    if kind == "prices":
        guesses = _with_names(source, guesses)
    names = names_of(headers)
    fields: dict[str, Field] = {}
    said: dict[str, tuple[str, ...]] = {}
    for header, guess in zip(headers, guesses, strict=True):
        if headers.count(header) > 1 or not header.strip() or guess is None:
            note = _left_out(header, headers.count(header) > 1)
            said_of_file += [note] if note not in said_of_file else []
            continue
        name = names[header]
        fields[name] = guess.field if name == header else replace(guess.field, source=header)
        said[name] = guess.doubts
    if kind == "loans":
        complete_loans(fields, said)
    if kind == "payments":
        said_of_file += without_payer(fields)
    return Proposal(
        source.place, kind, dialect, fields, said, tuple(said_of_file), checked.rows, checked.whole
    )


def _left_out(header: str, is_twice: bool) -> str:
    """Return why the proposal has no column of a header."""
    if not header.strip():
        return "a column without a header is left out"
    if is_twice:
        return f"the header {header!r} stands twice: rename one"
    if _INDEX.fullmatch(header):
        return f"`{header}` is an index without a name that pandas wrote: it is left out"
    return f"the header {header!r} has no cells that a column can declare"


def _with_names(source: TableSource, guesses: Sequence[Guess | None]) -> list[Guess | None]:
    """Return the guesses, one of them with the role of the ticker where rows of one date need names."""
    by_role = {each.field.role: at for at, each in enumerate(guesses) if each and each.field.role}
    others = [
        header
        for header, each in zip(source.headers, guesses, strict=True)
        if each and not each.field.role and each.field.type in _NAMES and source.headers.count(header) == 1
    ]
    if "ticker" in by_role or "date" not in by_role or not others:
        return list(guesses)
    found = name_columns(source, source.headers[by_role["date"]], others)
    if not found:
        return list(guesses)
    first, *more = found
    said = f"`{first}` tells the rows of one date apart: taken for the names of the assets (role: ticker)"
    said += f"; so does {', '.join(f'`{header}`' for header in more)}" if more else ""
    return [
        replace(each, field=replace(each.field, role="ticker", type=_NAMES[each.field.type])).said(said)
        if each and header == first
        else each
        for header, each in zip(source.headers, guesses, strict=True)
    ]


def _with_kinds(source: TableSource, guesses: Sequence[Guess | None], dialect: Dialect) -> list[Guess | None]:
    """Return the guesses of a panel, those at or below zero as levels or returns where their moves say so."""
    below = {
        at: each.field
        for at, each in enumerate(guesses)
        if at and each is not None and each.low is not None and each.low <= 0
    }
    kinds = series_kinds(source, below, dialect)
    return [
        replace(each, field=replace(each.field, as_=kinds[at])).said(
            f"`{source.headers[at]}` {_TOLD[kinds[at]]}"
        )
        if each is not None and at in kinds
        else each
        for at, each in enumerate(guesses)
    ]


def _is_panel(guesses: Sequence[Guess | None]) -> bool:
    """Tell whether columns are a date and numbers, as a table of closes has them."""
    first, *rest = guesses
    if first is None or first.field.type not in ("date", "ts") or not rest:
        return False
    return all(each is not None and each.field.type == "float" for each in rest)
