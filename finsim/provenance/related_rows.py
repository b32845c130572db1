"""Related rows of a row: the scheme around a payment, the months of a loan, the unstressed bar."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from finsim.notation import Int1D
from finsim.provenance.parquet_rows import count_rows, rows_at, rows_where, rows_where_any
from finsim.provenance.trace_story import Related

NEAR = 4
BASE = "base"
_ENDS = ("from_account", "to_account")


def relatives(run: Path, table: str, row: int, values: Mapping[str, Any]) -> tuple[Related, ...]:
    """Return the rows that belong to one row of a table, as far as its kind of table knows any."""
    folder, _, name = table.rpartition("/")
    world = table.partition("/")[0]
    find = _FINDERS.get(f"{world}/{name}")
    found = find(run, folder, row, values) if find else []
    return tuple(item for item in found if item.rows)


def _related(run: Path, title: str, table: str, rows: Int1D | list[int]) -> Related:
    file = run / f"{table}.parquet"
    return Related(title, table, rows_at(file, rows) if file.is_file() else [])


def _where(run: Path, table: str, **wanted: Any) -> Int1D:
    file = run / f"{table}.parquet"
    return rows_where(file, wanted) if file.is_file() else np.zeros(0, dtype=np.int64)


def _around(rows: Int1D, row: int) -> Int1D:
    """Return ``row`` with the NEAR members of ``rows`` before and after it."""
    at = int(np.searchsorted(rows, row))
    return rows[max(0, at - NEAR) : at + NEAR + 1]


def _payment(run: Path, folder: str, row: int, values: Mapping[str, Any]) -> list[Related]:
    table, accounts = f"{folder}/transactions", f"{folder}/accounts"
    file = run / f"{table}.parquet"
    found = [
        _related(run, "payer and payee", accounts, _accounts(run, accounts, [values[end] for end in _ENDS]))
    ]
    if values["instance"] is not None and values["instance"] >= 0:
        found += _scheme(run, folder, values["instance"])
    owner = _insider([values[end] for end in _ENDS], found[0])
    near = _around(rows_where_any(file, dict.fromkeys(_ENDS, owner)), row)
    found.append(_related(run, f"around it on account {owner}", table, near))
    return found


def _accounts(run: Path, table: str, numbers: list[int]) -> Int1D:
    return np.concatenate([_where(run, table, account_id=number) for number in numbers])


def _insider(ends: list[int], listed: Related) -> int:
    """Return the payer, or the payee where the payer is an external account."""
    external = {item["account_id"] for item in listed.rows if item["kind"] == "external"}
    return next((number for number in ends if number not in external), ends[0])


def _scheme(run: Path, folder: str, instance: int) -> list[Related]:
    patterns, table = f"{folder}/patterns", f"{folder}/transactions"
    return [
        _related(run, "the scheme", patterns, _where(run, patterns, instance=instance)),
        _related(run, "the scheme's payments in order", table, _where(run, table, instance=instance)),
    ]


def _pattern(run: Path, folder: str, row: int, values: Mapping[str, Any]) -> list[Related]:
    return _scheme(run, folder, values["instance"])[1:]


def _account(run: Path, folder: str, row: int, values: Mapping[str, Any]) -> list[Related]:
    table = f"{folder}/transactions"
    file = run / f"{table}.parquet"
    if not file.is_file():
        return []
    own = rows_where_any(file, dict.fromkeys(_ENDS, values["account_id"]))
    return [
        _related(run, f"its first payments, of {len(own):,}", table, own[: 2 * NEAR]),
        _related(run, f"its last payments, of {len(own):,}", table, own[2 * NEAR :][-NEAR:]),
    ]


def _bar(run: Path, folder: str, row: int, values: Mapping[str, Any]) -> list[Related]:
    table, twin = f"{folder}/bars", f"market/{BASE}/bars"
    same = _where(run, table, path=values["path"], asset=values["asset"])
    found = [_related(run, "around it on this path", table, _around(same, row))]
    base = run / f"{twin}.parquet"
    if twin != table and base.is_file() and row < count_rows(base):
        key = ("path", "date", "asset")
        rows = [item for item in rows_at(base, [row]) if all(item[name] == values[name] for name in key)]
        found.append(Related("the same bar without stress", twin, rows))
    return found


def _loan(run: Path, folder: str, row: int, values: Mapping[str, Any]) -> list[Related]:
    months = f"{folder}/months"
    return [_related(run, "its months", months, _where(run, months, loan_id=values["loan_id"]))]


def _month(run: Path, folder: str, row: int, values: Mapping[str, Any]) -> list[Related]:
    loans = f"{folder}/loans"
    own = _related(run, "the loan", loans, _where(run, loans, loan_id=values["loan_id"]))
    return [own, *_loan(run, folder, row, values)]


_FINDERS: Mapping[str, Callable[[Path, str, int, Mapping[str, Any]], list[Related]]] = {
    "transactions/transactions": _payment,
    "transactions/patterns": _pattern,
    "transactions/accounts": _account,
    "market/bars": _bar,
    "credit/loans": _loan,
    "credit/months": _month,
}
