"""Related rows of a row: the scheme around a payment, the months of a loan, the unstressed bar."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from finsim.notation import Int1D
from finsim.provenance.parquet_rows import count_rows, rows_at, rows_where, rows_where_any
from finsim.provenance.trace_story import Related
from finsim.records.run_layout import table_file

NEAR, NOTHING = 4, -1
BASE = "base"
_ENDS = ("from_account", "to_account")


_Table = tuple[str, str]
"""A table of a run: its name and its scenario."""


def relatives(run: Path, table: _Table, row: int, values: Mapping[str, Any]) -> tuple[Related, ...]:
    """Return the rows that belong to one row of a table, as far as its kind of table knows any."""
    name, scenario = table
    find = _FINDERS.get(name)
    found = find(run, scenario, row, values) if find else []
    return tuple(item for item in found if item.rows)


def _related(run: Path, title: str, table: _Table, rows: Int1D | list[int]) -> Related:
    file = table_file(run, *table)
    return Related(title, "/".join(table), rows_at(file, rows) if file.is_file() else [])


def _where(run: Path, table: _Table, **wanted: Any) -> Int1D:
    file = table_file(run, *table)
    return rows_where(file, wanted) if file.is_file() else np.zeros(0, dtype=np.int64)


def _around(rows: Int1D, row: int) -> Int1D:
    """Return ``row`` with the NEAR members of ``rows`` before and after it."""
    at = int(np.searchsorted(rows, row))
    return rows[max(0, at - NEAR) : at + NEAR + 1]


def _payment(run: Path, scenario: str, row: int, values: Mapping[str, Any]) -> list[Related]:
    ends = [values[end] for end in _ENDS]
    found = [_related(run, "payer and payee", ("accounts", scenario), _accounts(run, scenario, ends))]
    answered = values.get("original_id", NOTHING)
    if answered != NOTHING:
        original = _where(run, ("transactions", scenario), tx_id=answered)
        found.append(_payments(run, "the payment that it answers", scenario, original))
    if values["instance"] is not None and values["instance"] >= 0:
        found += _scheme(run, scenario, values["instance"])
    owner = _insider(ends, found[0])
    near = _around(
        rows_where_any(table_file(run, "transactions", scenario), dict.fromkeys(_ENDS, owner)), row
    )
    found.append(_payments(run, f"around it on account {owner}", scenario, near))
    return found


def _payments(run: Path, title: str, scenario: str, rows: Int1D) -> Related:
    """Return payments with their labels, which lie apart."""
    features, labels = (_related(run, title, (name, scenario), rows) for name in ("transactions", "labels"))
    joined = [{**row, **told} for row, told in zip(features.rows, labels.rows, strict=True)]
    return Related(title, features.table, joined)


def _accounts(run: Path, scenario: str, numbers: list[int]) -> Int1D:
    return np.concatenate([_where(run, ("accounts", scenario), account_id=number) for number in numbers])


def _insider(ends: list[int], listed: Related) -> int:
    """Return the payer, or the payee where the payer is an external account."""
    external = {item["account_id"] for item in listed.rows if item["kind"] == "external"}
    return next((number for number in ends if number not in external), ends[0])


def _scheme(run: Path, scenario: str, instance: int) -> list[Related]:
    patterns = ("patterns", scenario)
    own = _where(run, ("labels", scenario), instance=instance)
    return [
        _related(run, "the scheme", patterns, _where(run, patterns, instance=instance)),
        _payments(run, "the scheme's payments in order", scenario, own),
    ]


def _pattern(run: Path, scenario: str, row: int, values: Mapping[str, Any]) -> list[Related]:
    return _scheme(run, scenario, values["instance"])[1:]


def _account(run: Path, scenario: str, row: int, values: Mapping[str, Any]) -> list[Related]:
    file = table_file(run, "transactions", scenario)
    if not file.is_file():
        return []
    own = rows_where_any(file, dict.fromkeys(_ENDS, values["account_id"]))
    return [
        _payments(run, f"its first payments, of {len(own):,}", scenario, own[: 2 * NEAR]),
        _payments(run, f"its last payments, of {len(own):,}", scenario, own[2 * NEAR :][-NEAR:]),
    ]


def _customer(run: Path, scenario: str, row: int, values: Mapping[str, Any]) -> list[Related]:
    accounts = ("accounts", scenario)
    own = _where(run, accounts, customer_id=values["customer_id"])
    return [_related(run, "the accounts", accounts, own)]


def _owned(run: Path, scenario: str, row: int, values: Mapping[str, Any]) -> list[Related]:
    customers = ("customers", scenario)
    own = _where(run, customers, customer_id=values["customer_id"])
    return [_related(run, "the customer", customers, own), *_customer(run, scenario, row, values)]


def _merchant(run: Path, scenario: str, row: int, values: Mapping[str, Any]) -> list[Related]:
    accounts = ("accounts", scenario)
    paid = _related(run, "the account", accounts, _where(run, accounts, account_id=values["account_id"]))
    sold = _where(run, ("transactions", scenario), merchant_id=values["merchant_id"])
    return [paid, _payments(run, f"its first sales, of {len(sold):,}", scenario, sold[: 2 * NEAR])]


def _device(run: Path, scenario: str, row: int, values: Mapping[str, Any]) -> list[Related]:
    own = {"device_id": values["device_id"]}
    logins, paid = ("logins", scenario), _where(run, ("transactions", scenario), **own)
    return [
        _related(run, "its first logins and changes", logins, _where(run, logins, **own)[: 2 * NEAR]),
        _payments(run, f"its first payments, of {len(paid):,}", scenario, paid[: 2 * NEAR]),
    ]


def _card(run: Path, scenario: str, row: int, values: Mapping[str, Any]) -> list[Related]:
    paid = _where(run, ("transactions", scenario), card_id=values["card_id"])
    account = _where(run, ("accounts", scenario), account_id=values["account_id"])
    return [
        _related(run, "the account", ("accounts", scenario), account),
        _payments(run, f"its first payments, of {len(paid):,}", scenario, paid[: 2 * NEAR]),
        _payments(run, f"its last payments, of {len(paid):,}", scenario, paid[2 * NEAR :][-NEAR:]),
    ]


def _seen(run: Path, scenario: str, row: int, values: Mapping[str, Any]) -> list[Related]:
    payment = _where(run, ("transactions", scenario), tx_id=values["tx_id"])
    account = _where(run, ("accounts", scenario), account_id=values["account_id"])
    return [
        _payments(run, "the payment", scenario, payment),
        _related(run, "the account", ("accounts", scenario), account),
    ]


def _bar(run: Path, scenario: str, row: int, values: Mapping[str, Any]) -> list[Related]:
    table, twin = ("bars", scenario), ("bars", BASE)
    same = _where(run, table, path=values["path"], asset=values["asset"])
    found = [_related(run, "around it on this path", table, _around(same, row))]
    base = table_file(run, *twin)
    if twin != table and base.is_file() and row < count_rows(base):
        key = ("path", "date", "asset")
        rows = [item for item in rows_at(base, [row]) if all(item[name] == values[name] for name in key)]
        found.append(Related("the same bar without stress", "/".join(twin), rows))
    return found


def _loan(run: Path, scenario: str, row: int, values: Mapping[str, Any]) -> list[Related]:
    months = ("months", scenario)
    return [_related(run, "its months", months, _where(run, months, loan_id=values["loan_id"]))]


def _month(run: Path, scenario: str, row: int, values: Mapping[str, Any]) -> list[Related]:
    loans = ("loans", scenario)
    own = _related(run, "the loan", loans, _where(run, loans, loan_id=values["loan_id"]))
    return [own, *_loan(run, scenario, row, values)]


_FINDERS: Mapping[str, Callable[[Path, str, int, Mapping[str, Any]], list[Related]]] = {
    "transactions": _payment,
    "patterns": _pattern,
    "accounts": _account,
    "customers": _customer,
    "addresses": _owned,
    "credit_lines": _owned,
    "merchants": _merchant,
    "cards": _card,
    "devices": _device,
    "logins": _device,
    "alerts": _seen,
    "reports": _seen,
    "account_labels": _account,
    "bars": _bar,
    "loans": _loan,
    "months": _month,
    "provisions": _month,
    "recoveries": _month,
}
