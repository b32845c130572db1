"""Attributes of entities under differential privacy: each column from noised counts, drawn on its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from finsim.generators.margins.number_margin import NumberMargin
from finsim.generators.privacy.noised_counts import Owners
from finsim.generators.privacy.private_numbers import NUMBER_RELEASES, NumberLaw
from finsim.generators.privacy.private_words import WordLaw
from finsim.notation import NANOS_PER_DAY, Array, Float1D
from finsim.randomness import Streams
from finsim.records.event_log import EventLog
from finsim.records.mixed_table import MISSING_TIME, NUMBER, TIME, WORD, MixedColumn, MixedTable


def attribute_releases(log: EventLog) -> tuple[int, int]:
    """Return how many noised counts the attributes take, and how many of them name words or values."""
    kinds = [column.kind for column in log.entities.columns.values()]
    words = kinds.count(WORD)
    return words + NUMBER_RELEASES * (len(kinds) - words), len(kinds)


@dataclass(frozen=True)
class PrivateAttributes:
    """Columns without cells, by name, and the law of each.

    shares : cumulative ones [S + 1] of missing cells and words; of numbers that of missing cells.
    margins : of numbers (times: days since 1970).
    """

    columns: Mapping[str, MixedColumn]
    shares: Mapping[str, Float1D]
    margins: Mapping[str, NumberMargin]

    @classmethod
    def fit(cls, entities: MixedTable, noise: tuple[float, float], streams: Streams) -> PrivateAttributes:
        """Learn in ``attribute_releases`` noised counts; an entity is a row."""
        owners = Owners.themselves(entities.rows)
        columns, shares, margins = {}, {}, {}
        for place, (name, column) in enumerate(entities.columns.items()):
            under = streams.under("column", place)
            none = column.take(np.zeros(0, dtype=np.int64))
            if column.kind == WORD:
                words = WordLaw.fit(column.values, owners, noise, under)
                told = words.words(column.words)
                columns[name] = MixedColumn(WORD, none.values, told, column.step)
                shares[name] = np.cumsum(words.shares[: 1 + len(told)])
                continue
            values, step = column.values, column.step
            if column.kind == TIME:
                values, step = column.values / NANOS_PER_DAY, column.step / NANOS_PER_DAY
                values[column.missing()] = np.nan
            law = NumberLaw.fit(values, step, owners, noise, under, is_days=column.kind == TIME)
            columns[name], shares[name], margins[name] = none, np.array([law.lacks]), law.margin()
        return cls(columns, shares, margins)

    def empty(self) -> MixedTable:
        """Return the attributes of no entity."""
        return MixedTable(self.columns, 0)

    def drawn(self, count: int, draw: np.random.Generator) -> MixedTable:
        """Return the attributes of ``count`` new entities."""
        found = {}
        for name, column in self.columns.items():
            places, more = draw.random(count), draw.random(count)
            if column.kind == WORD:
                at = np.searchsorted(self.shares[name], places * self.shares[name][-1], side="right")
                found[name] = column.with_values(np.minimum(at, len(column.words)) - 1)
                continue
            values: Array = self.margins[name].values(np.clip(more, 1e-9, 1.0 - 1e-9), draw.random(count))
            lacks = places < self.shares[name][0]
            if column.kind == NUMBER:
                found[name] = column.with_values(np.where(lacks, np.nan, values))
                continue
            unit = max(int(column.step), 1)
            moments = np.round(values * NANOS_PER_DAY).astype(np.int64) // unit * unit
            found[name] = column.with_values(np.where(lacks, MISSING_TIME, moments))
        return MixedTable(found, count)

    def state(self) -> dict[str, Array]:
        """Return the arrays; columns and their words are those of the log without events."""
        found: dict[str, Array] = {}
        for k, (name, share) in enumerate(self.shares.items()):
            found[f"private.{k}.shares"] = share
            if name in self.margins:
                found |= self.margins[name].state(f"private.{k}.margin")
        return found

    @classmethod
    def from_state(cls, entities: MixedTable, arrays: Mapping[str, Array]) -> PrivateAttributes:
        """Return the attributes that ``state`` wrote; ``entities`` : no entities, with the columns."""
        names = list(entities.columns)
        shares = {name: arrays[f"private.{k}.shares"] for k, name in enumerate(names)}
        margins = {
            name: NumberMargin.from_state(f"private.{k}.margin", arrays)
            for k, name in enumerate(names)
            if entities[name].kind != WORD
        }
        return cls(dict(entities.columns), shares, margins)
