"""The fields of an event under differential privacy, and the log as they see it.

What is told without noise: names, kinds, grids and roles of columns, the period, whether times have an hour.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from finsim.generators.events.network.event_fields import (
    DAY,
    EXACT_GAPS,
    EventFields,
    Sizes,
    column_numbers,
    column_step,
    with_identity,
)
from finsim.generators.events.network.number_field import INNER, SIZES, NumberField
from finsim.generators.events.network.private_counterparties import (
    PARTNER_RELEASES,
    PrivateCounterparties,
    as_pairs,
)
from finsim.generators.events.network.word_field import WordField
from finsim.generators.margins.grains import COARSE
from finsim.generators.privacy.noised_counts import Owners, noised_counts
from finsim.generators.privacy.private_numbers import NUMBER_RELEASES, PARTS, Grid, NumberLaw, merged
from finsim.generators.privacy.private_words import WordLaw
from finsim.kernels.events.event_memory import FIRST_AMOUNT
from finsim.notation import Array, Float1D, Int1D
from finsim.randomness import Streams
from finsim.records.event_log import EventLog
from finsim.records.mixed_table import WORD, MixedColumn

WORD_RELEASES = 2
FULL_QUANTILE = 0.7
"""assumption: an entity with more events than 70 % of the others weighs no more than these."""


@dataclass(frozen=True)
class PrivateFields:
    """Fields, the law of each column, and the log to learn from: its words are those that come out.

    words : of the columns that come out, by name. owners : whose each event is, and how much they count.
    counts : edges and mass of the law of the number of events of an entity. identity : the token of each pair
    of entity and counterparty, which are the counterparties of ``log``.
    """

    fields: EventFields
    log: EventLog
    owners: Owners
    counts: tuple[Float1D, Float1D]
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    word_laws: Mapping[str, WordLaw] = field(default_factory=dict)
    number_laws: Mapping[str, NumberLaw] = field(default_factory=dict)
    identity: Int1D | None = None

    def reading(self) -> EventFields:
        """Return the fields as they read ``log``."""
        return with_identity(self.fields, self.identity)


def field_releases(log: EventLog) -> tuple[int, int]:
    """Return how many noised counts the fields of a log take, and how many of them name words or values."""
    roles = log.roles
    plain = [one for name, one in log.events.columns.items() if name not in (roles.time, roles.partner)]
    words = sum(one.kind == WORD for one in plain)
    partner = roles.partner is not None
    count = 1 + WORD_RELEASES * words + NUMBER_RELEASES * (len(plain) - words) + PARTNER_RELEASES * partner
    return count, len(plain) + partner


def private_fields(
    log: EventLog, sizes: Sizes, noise: tuple[float, float], streams: Streams
) -> PrivateFields:
    """Learn the fields of a log in ``field_releases`` noised counts; noise as in ``NumberLaw``."""
    roles, events = log.roles, log.events
    owners, counts = weighted(log, noise[0], streams.at("counts"))
    columns, words, numbers = dict(events.columns), {}, {}
    for place, (name, column) in enumerate(events.columns.items()):
        if name in (roles.time, roles.partner):
            continue
        under = streams.under("columns", place)
        if column.kind == WORD:
            words[name] = WordLaw.fit(column.values, owners, noise, under)
            columns[name] = _recoded(column, words[name])
        else:
            values = column_numbers(log, name)
            numbers[name] = NumberLaw.fit(values, column_step(column), owners, noise, under)
    told = {name: columns[name].words for name in words}
    partner = None
    if roles.partner is not None:
        others = {name: (law, columns[name].values) for name, law in words.items()}
        limits = (sizes.popular, max(1, int(_quantile(counts, FULL_QUANTILE))))
        partner = PrivateCounterparties.fit(
            events[roles.partner], others, owners, limits, noise, streams.under("partner")
        )
        columns[roles.partner] = as_pairs(events[roles.partner], partner.pairs)
        told[roles.partner] = partner.words
    bound = (partner.bound,) if partner is not None and partner.bound else ()
    fields = _fields(log, sizes, (words, numbers), partner, bound)
    told_log = replace(log, events=events.with_columns(columns))
    identity = None if partner is None else partner.identity
    return PrivateFields(fields, told_log, owners, counts, told, words, numbers, identity)


def weighted(
    log: EventLog, sigma: float, draw: np.random.Generator
) -> tuple[Owners, tuple[Float1D, Float1D]]:
    """Return whose each event is, and the law of their number, by which entities weigh: one release."""
    size = log.lengths().astype(np.float64)
    grid = Grid.of(1.0, is_days=False)
    everybody = Owners.themselves(log.count)
    counts = noised_counts(everybody, grid.places(size), len(grid.group), sigma, draw)
    edges, mass = merged(counts, sigma, grid)
    law = (np.maximum(edges, 1.0), mass / mass.sum())
    full = max(_quantile(law, FULL_QUANTILE), 1.0)
    middle = 0.5 * (law[0][:-1] + law[0][1:])
    total = log.count * float((law[1] * np.minimum(middle / full, 1.0)).sum())
    return Owners(log.entity(), np.minimum(size / full, 1.0), total), law


def _quantile(law: tuple[Float1D, Float1D], share: float) -> float:
    return float(np.interp(share, np.append(0.0, np.cumsum(law[1])), law[0]))


def _recoded(column: MixedColumn, law: WordLaw) -> MixedColumn:
    words = law.words(column.words)
    return MixedColumn(WORD, law.places(column.values, len(column.words)), words, column.step)


def _fields(
    log: EventLog,
    sizes: Sizes,
    laws: tuple[Mapping[str, WordLaw], Mapping[str, NumberLaw]],
    partner: PrivateCounterparties | None,
    bound: tuple[str, ...],
) -> EventFields:
    """Return the fields of laws; reads of the log its period, its roles and whether times have an hour."""
    words, numbers = laws
    days = int(-(-log.end // DAY) - log.begin // DAY)
    edges = np.unique(np.geomspace(EXACT_GAPS, max(days, EXACT_GAPS + 1), 12).astype(np.int64))
    amount = numbers.get(log.roles.amount or "")
    kept = {name: WordField(_all(law), np.zeros(0, np.int64), np.zeros(0))
            for name, law in words.items() if name not in bound}  # fmt: skip
    others = {name: number_field(law, sizes.number_bins)
              for name, law in numbers.items() if name != log.roles.amount}  # fmt: skip
    return EventFields(
        days, bool((log.times % DAY != 0).any()), sizes.ranks,
        np.concatenate([np.arange(EXACT_GAPS), edges]),
        None if partner is None else partner.field,
        None if amount is None else number_field(amount, sizes.amount_bins, FIRST_AMOUNT),
        kept, others, bound, {name: _all(words[name]) for name in bound},
    )  # fmt: skip


def _all(law: WordLaw) -> Int1D:
    """Return all words of a law as places."""
    return np.arange(law.count, dtype=np.int64)


def number_field(law: NumberLaw, bins: int, first: int = 1) -> NumberField:
    """Return a law as the field of a column: bins of equal mass, but never finer than the law itself."""
    levels = _levels(law)
    if not len(law.mass):
        return NumberField(law.step, first, law.atoms, np.zeros((0, INNER + 1)), np.zeros(0), levels[:0])
    count = int(min(bins, max(4, 2 * len(law.mass))))
    edges = np.unique(law.quantiles(np.linspace(0.0, 1.0, count + 1)))
    edges = np.repeat(edges, 2) if len(edges) == 1 else edges
    low, high = law.below(edges[:-1]), law.below(edges[1:])
    inner = law.quantiles(low[:, None] + (high - low)[:, None] * np.linspace(0.0, 1.0, INNER + 1))
    inner[:, 0], inner[:, -1] = edges[:-1], edges[1:]
    part = np.minimum((0.5 * (low + high) * PARTS).astype(np.int64), PARTS - 1)
    return NumberField(law.step, first, law.atoms, np.sort(inner, axis=1), np.zeros(0), levels[part])


def _levels(law: NumberLaw) -> Array:
    """Return the shares of roundings as a field has them, float64[PARTS, 2 + sizes], coarse ones last."""
    found = np.zeros((PARTS, 2 + len(SIZES)))
    sizes = np.array(SIZES)
    for index, size in enumerate(COARSE[::-1]):
        place = 2 + int(np.searchsorted(sizes, size, side="right")) - 1
        found[:, place] += law.levels[:, index]
    found[:, 0] += law.levels[:, -1]
    if law.step >= 1.0:
        found[:, 0] += found[:, 2]
        found[:, 2] = 0.0
    return np.asarray(found)
