"""The accounts of a world by id: bank, kind and owner of the two sides of a row."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from finsim.errors import DataError
from finsim.notation import Bool1D, Int1D
from finsim.records.storage import read_table
from finsim.records.transactions import ACCOUNT_SCHEMA

_ADDED = ("joint_customer_id", "household_id")
"""Ids that files of an older finsim do not have; -1 stands for them."""


@dataclass(frozen=True)
class AccountLookup:
    """Accounts by ``account_id``, ascending; ``table`` has the columns of ACCOUNT_SCHEMA."""

    table: pa.Table
    ids: Int1D

    def places(self, accounts: pa.ChunkedArray) -> Int1D:
        """Return the position in ``table`` of each account; raises DataError for one that it lacks."""
        wanted = np.asarray(accounts)
        found = np.minimum(np.searchsorted(self.ids, wanted), len(self.ids) - 1)
        missing = np.flatnonzero(self.ids[found] != wanted) if len(self.ids) else np.arange(len(wanted))
        if missing.size:
            raise DataError(
                f"account {wanted[missing[0]]} of the payments is not there", place="table accounts",
                expected="every account of the payments", remedy="take all tables from one run",
            )  # fmt: skip
        return found

    def are(self, accounts: pa.ChunkedArray, kind: str) -> Bool1D:
        """Return whether each of some accounts is of a kind (``merchant``, ``external``...)."""
        mine: Bool1D = np.asarray(pc.equal(self.table["kind"], kind))
        return mine[self.places(accounts)]

    def owners(self, accounts: pa.ChunkedArray) -> Int1D:
        """Return the customer of each account."""
        return np.asarray(self.table["customer_id"])[self.places(accounts)]


def as_now(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """Return a table with the columns of ``schema``: those that an older file lacks say nothing."""
    for one in schema:
        if one.name in table.column_names or not (one.nullable or one.name in _ADDED):
            continue
        size = table.num_rows
        column = pa.nulls(size, one.type) if one.nullable else pa.repeat(pa.scalar(-1, one.type), size)
        table = table.append_column(one, column)
    return table.select(schema.names)


def read_accounts(file: Path) -> AccountLookup:
    """Read the accounts of a world; raises DataError where one is listed twice."""
    table = as_now(read_table(file), ACCOUNT_SCHEMA).sort_by("account_id").combine_chunks()
    ids = np.asarray(table["account_id"])
    twice = np.flatnonzero(np.diff(ids) == 0)
    if twice.size:
        raise DataError(
            f"account {ids[twice[0]]} is listed twice", place=str(file), expected="each account once",
            remedy="take all tables from one run",
        )  # fmt: skip
    return AccountLookup(table, ids)
