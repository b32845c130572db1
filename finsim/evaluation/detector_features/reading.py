"""A table of payments -> arrays in time order. Only the columns listed here are read: no label is one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from finsim.errors import DataError, Problem
from finsim.notation import Array, Bool1D, Int1D, Nanos1D
from finsim.records.transactions import NO_MERCHANT, Transactions
from finsim.tables import Dialect, Field, Schema, TableSource, load_schema, open_table

SchemaSource = Schema | str | Path | None
_MONEY = Field("money", ccy="XXX", unit="stored_minor")
_WORD, _KEY = Field("cat", null=True, optional=True), Field("id", null=True, optional=True)
FIELDS: Mapping[str, Field] = {
    "tx_id": Field("id", null=True, optional=True, role="id"),
    "ts": Field("ts", null=True, role="date"),
    "from_account": Field("id", null=True, role="from_account"),
    "to_account": Field("id", null=True, role="to_account"),
    "amount": replace(_MONEY, null=True, role="amount"),
    "status": _WORD,
    "channel": replace(_WORD, role="channel"),
    "category": _WORD,
    "merchant_id": replace(_KEY, role="merchant"),
    "from_bank": _KEY,
    "to_bank": _KEY,
    "from_balance_after": replace(_MONEY, null=True, optional=True, role="balance"),
    "to_balance_after": replace(_MONEY, null=True, optional=True),
}
ACCOUNT_FIELDS: Mapping[str, Field] = {
    "account_id": Field("id"),
    "kind": _WORD,
    "opened": Field("date", null=True, optional=True),
    "overdraft_limit": replace(_MONEY, null=True, optional=True),
}
_TYPES = {
    "ts": ("ts", "date"), "amount": ("money",),
    "from_balance_after": ("money",), "to_balance_after": ("money",),
}  # fmt: skip
_NAMES = ("id", "cat", "int")
_NEEDED = tuple(name for name, field in FIELDS.items() if not field.optional)
_MOST = 2.0**62


@dataclass(frozen=True)
class PaymentRows:
    """Payments in time order (ties by whole-number ``tx_id``, else as they come): arrays of shape [n].

    ``order`` int64[n] is the input row of each; ``index`` belongs to the input order. ``time`` nanoseconds
    UTC; ``payer`` and ``payee`` are codes 0..accounts-1; ``amount`` minor units; ``others`` are the further
    columns in time order; ``facts`` the columns of the account table by account code.
    """

    index: pd.Index
    order: Int1D
    time: Nanos1D
    payer: Int1D
    payee: Int1D
    amount: Int1D
    posted: Bool1D
    others: pa.Table
    accounts: int
    facts: pa.Table

    @property
    def is_one_way(self) -> bool:
        """Whether no account both pays and is paid, as in a table of cards at merchants."""
        pays, paid = (np.bincount(side, minlength=self.accounts) > 0 for side in (self.payer, self.payee))
        return not bool((pays & paid).any())

    def has(self, needs: tuple[str, ...]) -> bool:
        """Whether the input has some columns; ``accounts.kind`` is one of the account table."""
        known = {*self.others.column_names, *(f"accounts.{name}" for name in self.facts.column_names)}
        return known.issuperset(needs)


def read_payments(
    transactions: Any, accounts: Any, schema: SchemaSource, csv: str | None = None
) -> PaymentRows:
    """Read the columns of ``FIELDS``. Raises DataError, with every problem found, for what cannot be used."""
    if isinstance(transactions, Transactions):
        accounts = transactions.accounts if accounts is None else accounts
        transactions = transactions.rows
    fields, dialect = _declared(schema)
    if csv is not None:
        dialect = Dialect.parse(csv).over(dialect)
    source = open_table(transactions, fields, dialect, place="" if _is_path(transactions) else "transactions")
    _refuse_lacking(source, schema is not None)
    table = source.table(minor=True)
    _refuse_empty(table, source)
    if "to_account" not in table.column_names:
        table = table.append_column("to_account", _shop_accounts(table["merchant_id"]))
    amount = _whole(table["amount"])
    if float(np.abs(amount.astype(np.float64)).sum()) > _MOST:
        raise DataError("the amounts add up to more than 64 bits hold", place=source.place)
    clock, (payer, payee, names) = _nanos(table["ts"]), _account_codes(table)
    index, ties = _index(table, source.place)
    order = np.arange(len(clock))
    if not np.all((np.diff(clock) > 0) | ((np.diff(clock) == 0) & (np.diff(ties) > 0))):
        order = np.lexsort((ties, clock))
    others = _named(table.drop_columns(["ts", "from_account", "to_account", "amount"]))
    if not np.array_equal(order, np.arange(len(order))):
        others = others.take(pa.array(order))
    return PaymentRows(
        index, order, clock[order], payer[order], payee[order], amount[order],
        _posted(others, len(order)), others,
        len(names), _facts(accounts, names),
    )  # fmt: skip


def _named(others: pa.Table) -> pa.Table:
    """Return a table without the columns that hold nothing in any row, such as merchants of no payment."""
    empty = [
        name for name in others.column_names if others.num_rows and others[name].null_count == len(others)
    ]
    if "merchant_id" in others.column_names and others.num_rows and "merchant_id" not in empty:
        shops = pc.fill_null(pc.not_equal(_texts(others["merchant_id"]), str(NO_MERCHANT)), False)
        empty += [] if pc.any(shops).as_py() else ["merchant_id"]
    return others.drop_columns(empty)


def _refuse_lacking(source: TableSource, is_declared: bool) -> None:
    """Raise DataError that names every column which has to be there and is not."""
    lacking = source.lacking()
    if not is_declared:
        lacking = [
            Problem(
                source.place,
                f"no column {name!r} among {', '.join(source.headers[:12])}",
                "",
                f"rename one, or say which it is in a schema: schema= with `role: {FIELDS[name].role}`",
            )
            for name in _NEEDED
            if name not in source.bound and not (name == "to_account" and "merchant_id" in source.bound)
        ]
    if lacking:
        raise DataError.of(lacking)


def _refuse_empty(table: pa.Table, source: TableSource) -> None:
    """Raise DataError that names the first empty cell of each column that has to be full."""
    problems = []
    side = () if "to_account" in table.column_names else ("merchant_id",)
    for name in ("tx_id", *_NEEDED, *side):
        if name in table.column_names and table[name].null_count:
            rows = np.flatnonzero(table[name].is_null().to_numpy())
            more = f" (and {len(rows) - 1:,} more)" if len(rows) > 1 else ""
            place, header = f"{source.place}, row {rows[0]}", source.bound.get(name, name)
            found = f"column {header!r} is empty{more}"
            problems.append(Problem(place, found, f"{name} in every row", "fill or drop these rows"))
    if problems:
        raise DataError.of(problems)


def _is_path(data: Any) -> bool:
    return isinstance(data, str | Path)


def _declared(given: SchemaSource) -> tuple[dict[str, Field], Dialect]:
    """Return the fields to read under a schema: by role, else by name."""
    schema = load_schema(given) if isinstance(given, str | Path) else given
    if schema is None:  # merchants may stand for who is paid: ``_refuse_lacking`` looks
        return {**FIELDS, "to_account": replace(FIELDS["to_account"], optional=True)}, Dialect()
    place, problems, found = schema.path or "schema", [], {}
    for name, own in FIELDS.items():
        said = [key for key, one in schema.fields.items() if own.role and one.role == own.role]
        said = said or [key for key, one in schema.fields.items() if key == name and not one.role]
        if len(said) > 1:
            problems.append(
                Problem(place, f"the columns {said[0]!r} and {said[1]!r} both have the role {own.role}")
            )
        elif said:
            field, types = schema.fields[said[0]], _TYPES.get(name, _NAMES)
            if field.type not in types:
                wanted = f"{' or '.join(types)}, since it is {name}"
                problems.append(Problem(place, f"the column {said[0]!r} is declared {field.type}", wanted))
            found[name] = replace(
                field, null=True, source=field.source or said[0], alias=(*field.alias, said[0])
            )
        elif not own.optional and not (name == "to_account" and _has_shops(schema)):
            remedy = f"give one of the columns `role: {own.role}`"
            remedy += " or `role: merchant`" if name == "to_account" else ""
            problems.append(Problem(place, f"no column is {name}", "", remedy))
    if problems:
        raise DataError.of(problems)
    return found, schema.dialect


def _has_shops(schema: Schema) -> bool:
    """Whether a schema says who is paid by merchants alone, as that of a table of cards does."""
    return any(one.role == "merchant" or (name == "merchant_id" and not one.role)
               for name, one in schema.fields.items())  # fmt: skip


def _shop_accounts(shops: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return merchants as accounts that are paid; no card has such a name."""
    return pc.binary_join_element_wise("merchant ", _texts(shops), "")


def _nanos(column: pa.ChunkedArray) -> Nanos1D:
    return _whole(pc.cast(column, pa.timestamp("ns", tz="UTC")))


def _whole(column: pa.ChunkedArray) -> Int1D:
    return np.asarray(pc.cast(column, pa.int64()).to_numpy(), dtype=np.int64)


def _texts(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.cast(column, pa.string())


def _account_codes(table: pa.Table) -> tuple[Int1D, Int1D, pa.Array]:
    """Return codes of payers and payees, and the name of each code; both sides share one set of names."""
    sides = [table["from_account"], table["to_account"]]
    if any(not pa.types.is_integer(side.type) for side in sides):
        sides = [_texts(side) for side in sides]
    together = pa.chunked_array([chunk for side in sides for chunk in side.chunks], type=sides[0].type)
    coded = pc.dictionary_encode(together.combine_chunks())
    if isinstance(coded, pa.ChunkedArray):
        coded = coded.combine_chunks()
    codes = np.asarray(coded.indices.to_numpy(zero_copy_only=False), dtype=np.int64)
    return codes[: table.num_rows], codes[table.num_rows :], coded.dictionary


def _index(table: pa.Table, place: str) -> tuple[pd.Index, Array]:
    """Return the labels of the rows, and what orders rows of one time."""
    rows = np.arange(table.num_rows)
    if "tx_id" not in table.column_names:
        return pd.RangeIndex(table.num_rows), rows
    column = table["tx_id"]
    whole = pa.types.is_integer(column.type)
    index = pd.Index(_whole(column) if whole else _texts(column).to_pylist(), name="tx_id")
    _refuse_twice(index, place, "tx_id")
    return index, index.to_numpy() if whole else rows


def _refuse_twice(keys: pd.Index, place: str, name: str) -> None:
    if not keys.is_unique:
        again = keys[keys.duplicated()][0]
        raise DataError(f"{name} {again} stands twice", place=place, expected=f"each {name} once")


def _posted(others: pa.Table, rows: int) -> Bool1D:
    if "status" not in others.column_names:
        return np.ones(rows, dtype=bool)
    declined = pc.fill_null(pc.equal(_texts(others["status"]), "declined"), False)
    return ~np.asarray(declined.to_numpy(), dtype=bool)


def _facts(accounts: Any, names: pa.Array) -> pa.Table:
    """Return the columns of the account table by account code, null where an account is not listed."""
    if accounts is None:
        return pa.table({})
    source = open_table(accounts, ACCOUNT_FIELDS, place="" if _is_path(accounts) else "accounts")
    table = source.table(minor=True)
    listed, wanted = table["account_id"], names
    if listed.type != wanted.type:
        listed, wanted = _texts(listed), pc.cast(wanted, pa.string())
    known = pd.Index(listed.to_pandas())
    _refuse_twice(known, source.place, "account_id")
    place = known.get_indexer(pd.Index(wanted.to_pandas()))
    return table.drop_columns(["account_id"]).take(pa.array(place, mask=place < 0))
