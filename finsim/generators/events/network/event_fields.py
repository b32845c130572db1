"""Which tokens an event is made of: what of a log is learned as which field, and what follows from what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from finsim.generators.events.network.number_field import NumberField
from finsim.generators.events.network.partner_field import PartnerField, is_bound
from finsim.generators.events.network.word_field import WordField
from finsim.kernels.events.event_memory import FIRST_AMOUNT, FIRST_RANK
from finsim.kernels.events.event_network import (
    AMOUNT_HEAD,
    DAY_HEAD,
    DAY_SLOPES,
    FIRST_FREE,
    GAP,
    HOUR,
    HOUR_HEAD,
    IDENTITY,
    KNOWN,
    LEVEL_HEAD,
    MAIN,
    PLAIN_HEAD,
    POINTER,
    POINTER_HEAD,
)
from finsim.notation import Array, Int1D
from finsim.randomness import Streams
from finsim.records.event_log import EventLog
from finsim.records.mixed_table import NUMBER, TIME, WORD, MixedColumn

DAY = 86_400 * 10**9
MONTHS = 12
EXACT_GAPS = 31
LEVELS = 10


@dataclass(frozen=True)
class Sizes:
    """How finely a log is cut: bins, ranks, popular counterparties, words that are told apart."""

    amount_bins: int
    number_bins: int
    ranks: int
    popular: int
    words: int


@dataclass(frozen=True)
class EventFields:
    """What is learned of each column.

    ``clock`` : times have an hour. ``words``, ``numbers`` : further columns (``amount`` is the amount's
    field); ``bound`` columns follow the counterparty, with their distinct values in ``palettes``. A column of
    times other than the time itself is learned as days since the event.
    """

    days: int
    clock: bool
    ranks: int
    gap_edges: Int1D
    partner: PartnerField | None
    amount: NumberField | None
    words: Mapping[str, WordField] = field(default_factory=dict)
    numbers: Mapping[str, NumberField] = field(default_factory=dict)
    bound: tuple[str, ...] = ()
    palettes: Mapping[str, Array] = field(default_factory=dict)

    @classmethod
    def fit(cls, log: EventLog, sizes: Sizes, streams: Streams) -> EventFields:
        """Learn the fields of a log with at least one event."""
        roles, events = log.roles, log.events
        first = log.begin // DAY
        days = int(-(-log.end // DAY) - first)
        others = [name for name in events.columns if name not in (roles.time, roles.amount, roles.partner)]
        partner = None
        bound: tuple[str, ...] = ()
        palettes: dict[str, Array] = {}
        if roles.partner is not None:
            codes = events[roles.partner].values.astype(np.int64)
            places = {name: _places(events[name]) for name in others}
            found = [name for name in others if is_bound(codes, places[name][0])]
            found.sort(key=lambda name: (name != roles.category, len(places[name][1])))
            bound, palettes = tuple(found), {name: places[name][1] for name in found}
            table = (
                np.stack([places[name][0] for name in found], axis=1)
                if found
                else np.zeros((len(codes), 0), int)
            )
            partner = PartnerField.fit(codes, log.entity(), len(events[roles.partner].words), table,
                                       sizes.popular, streams.at("decks"))  # fmt: skip
        amount = None
        if roles.amount is not None:
            column = events[roles.amount]
            amount = NumberField.fit(column.values, column.step, sizes.amount_bins, FIRST_AMOUNT)
        free = [name for name in others if name not in bound]
        words = {name: WordField.fit(events[name].values, sizes.words)
                 for name in free if events[name].kind == WORD}  # fmt: skip
        numbers = {
            name: NumberField.fit(column_numbers(log, name), column_step(events[name]), sizes.number_bins)
            for name in free
            if events[name].kind != WORD
        }
        clock = bool((log.times % DAY != 0).any())
        edges = np.unique(np.geomspace(EXACT_GAPS, max(days, EXACT_GAPS + 1), 12).astype(np.int64))
        gap_edges = np.concatenate([np.arange(EXACT_GAPS), edges])
        return cls(days, clock, sizes.ranks, gap_edges, partner, amount, words, numbers, bound, palettes)

    def names(self) -> list[str]:
        """Return the free fields behind the fixed ones, in order."""
        amount = ["amount", "level"] if self.amount is not None else []
        return [
            *(f"word {name}" for name in self.words),
            *amount,
            *(f"number {name}" for name in self.numbers),
        ]

    def field_sizes(self) -> list[int]:
        """Return the number of tokens of every field."""
        identities = 1 if self.partner is None else self.partner.identities
        pointer = 1 if self.partner is None else FIRST_RANK + self.ranks + identities
        amount = 1 if self.amount is None else self.amount.size
        fixed = [
            identities,
            len(self.gap_edges),
            7,
            MONTHS,
            24 if self.clock else 1,
            pointer,
            identities,
            amount,
        ]
        free = [one.size for one in self.words.values()]
        free += [] if self.amount is None else [self.amount.size, LEVELS]
        return fixed + free + [one.size for one in self.numbers.values()]

    def heads(self) -> list[tuple[int, int, int]]:
        """Return (kind, field, number of outputs) of every head in the order in which fields are drawn."""
        sizes = self.field_sizes()
        found = [(DAY_HEAD, GAP, sizes[GAP] + 7 + DAY_SLOPES)]
        if self.clock:
            found.append((HOUR_HEAD, HOUR, sizes[HOUR]))
        if self.partner is not None:
            found.append((POINTER_HEAD, POINTER, sizes[POINTER]))
        for place, name in enumerate(self.names(), start=FIRST_FREE):
            kind = AMOUNT_HEAD if name == "amount" else LEVEL_HEAD if name == "level" else PLAIN_HEAD
            found.append((kind, place, sizes[place]))
        return found

    def seen_from(self) -> list[int]:
        """Return for each field the first head that sees it: those drawn after it."""
        heads = self.heads()
        count = len(heads)
        amount = next((k for k, (kind, _, _) in enumerate(heads) if kind == AMOUNT_HEAD), count)
        pointer = next((k for k, (kind, _, _) in enumerate(heads) if kind == POINTER_HEAD), count)
        found = [1] * len(self.field_sizes())
        found[MAIN], found[KNOWN], found[IDENTITY] = 0, amount, min(pointer + 1, count)
        for k, (kind, place, _) in enumerate(heads):
            if kind != DAY_HEAD:
                found[place] = k + 1
        return found

    def number_tokens(self, log: EventLog, name: str) -> Int1D:
        """Return the tokens of a further column of numbers or times."""
        return self.numbers[name].tokens(column_numbers(log, name))

    def state(self) -> tuple[dict[str, Array], dict[str, Any]]:
        """Return arrays by name and JSON-able facts."""
        arrays: dict[str, Array] = {"gap_edges": self.gap_edges}
        if self.partner is not None:
            arrays |= self.partner.state()
        if self.amount is not None:
            arrays |= self.amount.state("amount")
        for k, word in enumerate(self.words.values()):
            arrays |= word.state(f"word{k}")
        for k, number in enumerate(self.numbers.values()):
            arrays |= number.state(f"number{k}")
        for k, name in enumerate(self.bound):
            arrays[f"palette{k}"] = self.palettes[name]
        facts = {
            "days": self.days, "clock": self.clock, "ranks": self.ranks, "bound": list(self.bound),
            "words": list(self.words), "numbers": list(self.numbers),
            "has_partner": self.partner is not None, "has_amount": self.amount is not None,
        }  # fmt: skip
        return arrays, facts

    @classmethod
    def from_state(cls, arrays: Mapping[str, Array], facts: Mapping[str, Any]) -> EventFields:
        """Return the fields that ``state`` wrote."""
        return cls(
            int(facts["days"]), bool(facts["clock"]), int(facts["ranks"]), arrays["gap_edges"],
            PartnerField.from_state(arrays) if facts["has_partner"] else None,
            NumberField.from_state("amount", arrays) if facts["has_amount"] else None,
            {name: WordField.from_state(f"word{k}", arrays) for k, name in enumerate(facts["words"])},
            {name: NumberField.from_state(f"number{k}", arrays) for k, name in enumerate(facts["numbers"])},
            tuple(facts["bound"]),
            {name: arrays[f"palette{k}"] for k, name in enumerate(facts["bound"])},
        )  # fmt: skip


def with_identity(fields: EventFields, identity: Int1D | None) -> EventFields:
    """Return the fields for a log whose counterparties have other tokens; None: those they have."""
    if identity is None or fields.partner is None:
        return fields
    return replace(fields, partner=replace(fields.partner, identity=identity))


def _places(column: MixedColumn) -> tuple[Int1D, Array]:
    """Return the place of each cell among the distinct cells (-1 where missing), and those."""
    missing = column.missing()
    palette, inverse = np.unique(column.values[~missing], return_inverse=True)
    places = np.full(len(column), -1, dtype=np.int64)
    places[~missing] = inverse
    return places, palette


def column_step(column: MixedColumn) -> float:
    """Return the grid of a column as numbers; of times in days."""
    return column.step / DAY if column.kind == TIME else column.step


def column_numbers(log: EventLog, name: str) -> Array:
    """Return a column as numbers; times as days since the event."""
    column = log.events[name]
    if column.kind == NUMBER:
        return column.values
    found = (column.values - log.times) / DAY
    found[column.missing()] = np.nan
    return found
