"""``Table``: one table of a run by its name, with the manners of all records of rows."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from finsim.records.display.card import Card
from finsim.records.display.fact_words import counted
from finsim.records.frames.money_units import NO_MONEY, Money, money_fact
from finsim.records.shown_rows import RowRecord


@dataclass(frozen=True, repr=False)
class Table(RowRecord):
    """An Arrow table with a name; ``money`` says which of its columns hold minor units."""

    name: str
    arrow: pa.Table
    money: Money = NO_MONEY

    def _table(self) -> pa.Table:
        return self.arrow

    def _money(self) -> Money:
        return self.money

    @property
    def num_rows(self) -> int:
        """The number of rows."""
        return len(self)

    @property
    def schema(self) -> pa.Schema:
        """The Arrow schema, internal columns included."""
        return self.arrow.schema

    def card(self) -> Card:
        """Return rows, columns and the unit of money."""
        facts = (
            ("columns", tuple(self.column_names)),
            ("money", money_fact(self.money, self.arrow)),
        )
        return Card(f"Table {self.name}: {counted(len(self), 'row')}", facts)
