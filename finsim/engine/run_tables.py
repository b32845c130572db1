"""``RunTables``: the tables of a run under one scenario, by name, read when they are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from finsim.errors import StudyError, did_you_mean
from finsim.records.display.card import Card
from finsim.records.display.fact_words import counted
from finsim.records.display.shown_record import ShownRecord
from finsim.records.frames.money_units import NO_MONEY, Money
from finsim.records.portfolio import LOAN_MONEY, LOSS_MONEY, MONTH_MONEY, PROVISION_MONEY, RECOVERY_MONEY
from finsim.records.run_layout import place_of
from finsim.records.storage import read_table
from finsim.records.table import Table
from finsim.records.transactions import ACCOUNT_MONEY, PATTERN_MONEY, ROW_MONEY

_MONEY = {
    "transactions": ROW_MONEY,
    "accounts": Money(ACCOUNT_MONEY),
    "patterns": Money(PATTERN_MONEY),
    "loans": LOAN_MONEY,
    "months": Money(MONTH_MONEY),
    "provisions": Money(PROVISION_MONEY),
    "recoveries": Money(RECOVERY_MONEY),
    "losses": Money(LOSS_MONEY),
}
_CURRENCY_OF = {
    "accounts": "transactions",
    "patterns": "transactions",
    "months": "loans",
    "provisions": "loans",
    "recoveries": "loans",
    "losses": "loans",
}
"""Tables without a currency, and the table that holds it."""


class RunTables(ShownRecord, Mapping[str, Table]):
    """Name -> ``Table`` of one scenario; nothing is read before a table is asked for.

    Raises StudyError for a name that the run does not have.
    """

    def __init__(self, run: Path, outputs: Sequence[Mapping[str, Any]], scenario: str) -> None:
        self._run, self._scenario = run, scenario
        placed = ((place_of(item["path"]), item) for item in outputs)
        self._items = {name: item for (name, label), item in placed if name and label == scenario}

    def __getitem__(self, name: str) -> Table:
        """Read a table; raises StudyError for an unknown name."""
        if name not in self._items:
            remedy = did_you_mean(str(name), list(self._items))
            raise StudyError(f"no table {name!r} for {self._scenario!r}", place=str(self._run), remedy=remedy)
        return Table(name, read_table(self._file(name)), self._money(name))

    def get(self, name: str, default: Any = None) -> Any:
        """Read a table, or return ``default`` for an unknown name."""
        return self[name] if name in self._items else default

    def __contains__(self, name: object) -> bool:
        """Return whether the run has a table of that name."""
        return name in self._items

    def __iter__(self) -> Iterator[str]:
        """Yield the names."""
        return iter(self._items)

    def __len__(self) -> int:
        """Return the number of tables."""
        return len(self._items)

    def rows(self) -> dict[str, int]:
        """Return name -> number of rows, without reading a table."""
        return {name: int(item["rows"]) for name, item in self._items.items()}

    def _file(self, name: str) -> Path:
        return self._run / str(self._items[name]["path"])

    def _money(self, name: str) -> Money:
        found, holder = _MONEY.get(name, NO_MONEY), _CURRENCY_OF.get(name, "")
        if holder not in self._items:
            return found
        currencies = _MONEY[holder].currencies(read_table(self._file(holder), [_MONEY[holder].column]))
        return Money(found.columns, currency=", ".join(currencies))

    def card(self) -> Card:
        """Return the scenario and the rows of each table."""
        facts = tuple((name, counted(rows, "row")) for name, rows in self.rows().items())
        return Card(f"Tables of {self._run.name} under {self._scenario}", facts)
