"""``EchoLaw``: how often rows are answered, how much later, with how much of the sum and with what words."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from finsim.generators.events.habits.cells.later_times import times_after, waits
from finsim.generators.events.habits.echoes.answer_words import matching
from finsim.generators.events.habits.echoes.answering_rows import NANOS_PER_DAY, sides_of
from finsim.kernels.events.row_draws import draw_rows
from finsim.notation import Array, Float1D, Float2D, Int1D
from finsim.records.event_log import EventRoles
from finsim.records.mixed_table import MISSING_TIME, NUMBER, TIME, WORD, MixedColumn, MixedTable

AS_BEFORE = -2
"""Stands for the cell of the answered row."""
AT_ITS_HOUR = -1
"""In place of a wait: at an hour of its own on the day of the answered row, on the next if that is past."""
DRAWS = 2
MOST_OWN = 8
"""Numbers that answers have of their own at most (assumption)."""
SIDE = -1
"""In place of a column: rows are told apart by their side alone."""


@dataclass(frozen=True)
class EchoLaw:
    """Answers that rows of a kind get; a bank of B learned answers is drawn from as a whole.

    ``turned``: they are rows of the partner, to whom this entity is the partner. ``column``: the place among
    the columns whose words tell kinds, ``SIDE`` for none; ``rate`` float64[K] by kind (word and side). lag
    int64[B] nanoseconds or ``AT_ITS_HOUR``, ``second`` int64[B] of the day, ``same_clock`` bool[B]: at the
    same time of day; ``share`` float64[B] of the sum, with the sign that it has to that of the answered row;
    ``kind`` int64[B] of the answered row; ``cells`` int32[B, C] of the columns of words, ``AS_BEFORE`` for
    the same word. ``order`` int64[B] by kind, ``starts`` int64[K + 1]; ``told`` int32[B, C + 1] words and
    weekday of the answered row where they tell the answer, ``ANY`` elsewhere. ``less``, ``step`` float64[B]:
    the share is less a fee, and at whole steps where these are not 0. ``numbers`` float64[B, N] of
    ``number_columns``, ``as_number`` bool[B, N] for the number of the answered row.
    """

    turned: bool
    column: int
    rate: Float1D
    lag: Int1D
    second: Int1D
    same_clock: Array
    share: Float1D
    kind: Int1D
    cells: Array
    order: Int1D
    starts: Int1D
    told: Array
    less: Float1D
    step: Float1D
    numbers: Float2D
    as_number: Array


class Shares(NamedTuple):
    """How sums of B answers follow from those answered: as in ``EchoLaw``, and ``law`` which of few rules."""

    share: Float1D
    less: Float1D
    step: Float1D
    law: Int1D

    @classmethod
    def of(cls, share: Float1D) -> Shares:
        """Return plain shares."""
        nought = np.zeros(len(share))
        return cls(share, nought, nought, nought.astype(np.int64))


def kinds_of(table: MixedTable, roles: EventRoles, column: int, sides: int) -> Int1D:
    """Return the kind int64[n] of each row: a word and one of ``sides`` sides."""
    side = np.minimum(sides_of(table, roles), sides - 1)
    if column == SIDE:
        return side
    word = table[list(table.columns)[column]].values.astype(np.int64) + 1
    return np.asarray(word * sides + side)


def word_columns(table: MixedTable, roles: EventRoles) -> list[str]:
    """Return the columns of words but the partner, in order."""
    return [name for name, one in table.columns.items() if one.kind == WORD and name != roles.partner]


def number_columns(table: MixedTable, roles: EventRoles) -> list[str]:
    """Return the columns of numbers but the amount, in order."""
    return [name for name, one in table.columns.items() if one.kind == NUMBER and name != roles.amount]


def answered_numbers(
    table: MixedTable, roles: EventRoles, one: Int1D, two: Int1D, ordinary: Int1D
) -> tuple[Float2D, Array]:
    """Return ``numbers`` and ``as_number`` of answers ``two`` of rows ``one``, int64[B] each.

    An answer has a number of its own where few differ from the answered row, all of them met in ``ordinary``
    rows too (own): a fee is that of one side. Any other is that of the answered row.
    """
    names = number_columns(table, roles)
    found, same = np.zeros((len(one), len(names))), np.ones((len(one), len(names)), np.bool_)
    for k, name in enumerate(names):
        values = table[name].values
        before, after = values[one], values[two]
        differs = ~((before == after) | (np.isnan(before) & np.isnan(after)))
        own = np.unique(after[differs])
        if 0 < len(own) <= MOST_OWN and np.isin(own, values[ordinary]).all():
            found[:, k], same[:, k] = np.where(differs, after, 0.0), ~differs
    return found, same


def words_of(table: MixedTable, roles: EventRoles, rows: Int1D) -> Array:
    """Return the words of ``rows`` int32[n, C + 1] in the columns of ``word_columns``, and their weekday."""
    day = (table[roles.time].values[rows] // NANOS_PER_DAY + 3) % 7
    cells = [table[name].values[rows] for name in word_columns(table, roles)]
    return np.stack([*cells, day], axis=1).astype(np.int32)


@dataclass(frozen=True)
class Block:
    """Sampled rows of entities ``number`` int64[S]: ``starts`` int64[S + 1], ``turned`` bool[n].

    ``end`` of the period; partners below ``entities`` are entities.
    """

    table: MixedTable
    starts: Int1D
    turned: Array
    number: Int1D
    end: int
    entities: int


def with_answers(block: Block, roles: EventRoles, laws: list[EchoLaw], words: list[int], sides: int) -> Block:
    """Return the block with the answers of its rows to each law, in order of time.

    ``words``: a word of random streams for each law. Answers behind the end are left out; those of one law
    are not answered by the others.
    """
    entity = np.repeat(np.arange(len(block.number)), np.diff(block.starts))
    tables, owners, flags = [block.table], [entity], [block.turned]
    for law, word in zip(laws, words, strict=True):
        draws = np.empty((block.table.rows, DRAWS))
        draw_rows(np.uint64(word), block.number, block.starts, draws)
        rows, bank = _chosen(block, roles, law, sides, draws)
        answers = _answers(block.table.take(rows), roles, law, bank)
        inside = answers[roles.time].values < block.end
        tables.append(answers.take(inside))
        owners.append(entity[rows[inside]])
        flags.append(block.turned[rows[inside]] ^ law.turned)
    return merged_rows(block, roles, tables, owners, flags)


def merged_rows(
    block: Block, roles: EventRoles, tables: list[MixedTable], owners: list[Int1D], flags: list[Array],
    before: bool = False,
) -> Block:  # fmt: skip
    """Return the block with more rows, by time; ``tables``, ``owners`` and ``flags`` begin with its own.

    At equal times those of the block come first, last if ``before``.
    """
    owner = np.concatenate(owners)
    if len(owner) == block.table.rows:
        return block
    columns = {
        name: one.with_values(np.concatenate([part[name].values for part in tables]))
        for name, one in block.table.columns.items()
    }
    keys = [columns[roles.time].values, owner]
    if before:
        keys.insert(0, np.arange(len(owner)) < block.table.rows)
    order = np.lexsort(tuple(keys))
    table = MixedTable(columns, len(order)).take(order)
    starts = np.searchsorted(owner[order], np.arange(len(block.starts))).astype(np.int64)
    return replace(block, table=table, starts=starts, turned=np.concatenate(flags)[order])


def _chosen(block: Block, roles: EventRoles, law: EchoLaw, sides: int, draws: Float2D) -> tuple[Int1D, Int1D]:
    """Return the rows that are answered, and the learned answer that each has."""
    kind = np.minimum(kinds_of(block.table, roles, law.column, sides), len(law.rate) - 1)
    chance = law.rate[kind]
    if law.turned:
        partner = block.table[str(roles.partner)].values
        chance = np.where((partner >= 0) & (partner < block.entities), chance, 0.0)
    rows = np.flatnonzero(draws[:, 0] < chance)
    own = kind[rows]
    begin, wide = law.starts[own], np.diff(law.starts)[own]
    begin, wide = np.where(wide > 0, begin, 0), np.where(wide > 0, wide, len(law.order))
    bank = law.order[begin + (draws[rows, 1] * wide).astype(np.int64)]
    order, begin, wide = matching(law.told, law.order, words_of(block.table, roles, rows))
    alike = order[np.minimum(begin + (draws[rows, 1] * wide).astype(np.int64), len(order) - 1)]
    return rows, np.where(wide > 0, alike, bank)


def _answers(rows: MixedTable, roles: EventRoles, law: EchoLaw, bank: Int1D) -> MixedTable:
    """Return the answers of rows: one learned answer each, with the row's own parties and sum."""
    time = rows[roles.time].values
    at_its_hour = law.lag[bank] == AT_ITS_HOUR
    lag = np.where(at_its_hour, 0, law.lag[bank])
    days = lag // NANOS_PER_DAY
    # A learned wait of less than a day is kept as it is; a longer one ends at a learned time of day.
    learned = time - time % NANOS_PER_DAY + days * NANOS_PER_DAY + law.second[bank]
    later = np.where((days == 0) | law.same_clock[bank] | (learned <= time), time + lag, learned)
    later = np.where(at_its_hour, learned + NANOS_PER_DAY * (learned <= time), later)
    columns: dict[str, MixedColumn] = {}
    words = word_columns(rows, roles)
    for name, one in rows.columns.items():
        if name == roles.time:
            columns[name] = one.with_values(later)
        elif name == roles.amount:
            columns[name] = one.with_values(
                parts_of_sums(one, (law.share[bank], law.less[bank], law.step[bank]))
            )
        elif one.kind == TIME:
            wait = np.where(one.missing(), MISSING_TIME, waits(one, time))
            columns[name] = one.with_values(times_after(later, wait, one.step))
        elif name in words:
            cells = law.cells[bank, words.index(name)]
            columns[name] = one.with_values(np.where(cells == AS_BEFORE, one.values, cells))
        elif one.kind == NUMBER and law.numbers.shape[1]:
            k = number_columns(rows, roles).index(name)
            own = law.numbers[bank, k]
            columns[name] = one.with_values(np.where(law.as_number[bank, k], one.values, own))
        else:
            columns[name] = one
    return MixedTable(columns, rows.rows)


def parts_of_sums(amount: MixedColumn, shares: tuple[Float1D, Float1D, Float1D]) -> Float1D:
    """Return the shares of amounts less fees, parts of them on the grid of the column or on their steps."""
    share, less, step = shares
    part = amount.values * share
    part = part - np.sign(part) * np.minimum(less, np.abs(part))
    grid = np.where(step > 0, step, amount.step)
    as_is = (np.abs(share) == 1.0) & (less == 0.0) & (step == 0.0)
    if not (grid > 0).any():
        return np.asarray(part)
    safe = np.where(grid > 0, grid, 1.0)
    cells = np.sign(part) * np.floor(np.abs(part) / safe + 0.5 + 1e-7)
    cells = np.where(step > 0, cells, np.round(part / safe))
    lost = (cells == 0) & (step == 0)
    cells = np.where(lost, np.sign(amount.values * share), cells) * safe
    least = np.sign(amount.values * share) * amount.step
    cells = np.where((cells == 0) & (step > 0), least, cells)
    return np.asarray(np.where(as_is | (grid <= 0), part, np.round(cells, 9)))
