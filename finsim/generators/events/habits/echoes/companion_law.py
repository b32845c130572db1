"""``CompanionLaw``: which rows have others that come with them, how far apart, with what words and sums."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.generators.events.habits.cells.later_times import times_after, waits
from finsim.generators.events.habits.echoes.answer_words import ANY, matching
from finsim.generators.events.habits.echoes.companion_rows import OWN, SAME, SHARE
from finsim.generators.events.habits.echoes.echo_law import (
    AS_BEFORE,
    Block,
    merged_rows,
    number_columns,
    parts_of_sums,
    word_columns,
    words_of,
)
from finsim.kernels.events.row_draws import draw_rows
from finsim.notation import Array, Bool1D, Float1D, Float2D, Int1D
from finsim.records.event_log import EventRoles
from finsim.records.mixed_table import MISSING_TIME, NUMBER, TIME, MixedColumn, MixedTable

DRAWS = 2
NOBODY = -1
"""Stands for no payee."""


@dataclass(frozen=True)
class CompanionLaw:
    """Rows that come with a host row, before it if ``leads``; drawn from H learned chains of B rows.

    ``columns`` int64[P] places of columns, ``said`` float64[G, P] their words (numbers) that tell such
    rows, of which there were ``rows`` int64[G], ``met`` of them with a host; ``host_word`` float64[G, P] its
    most frequent words; ``same_sum`` and ``reach`` as found. ``told`` int64[T] places of columns that tell
    which rows are hosts, ``keys`` int32[K, T] their words, ``ANY`` for all that are not named, ``rate``
    float64[K]; ``never`` int32[V, 2] columns and words of no host. ``starts`` int64[H + 1] of chains in the
    bank, ``host`` int32[H, C + 1] words of their hosts where they tell the chain. Of each row of the bank:
    ``lag`` int64[B] ns after the host, ``how`` int64[B] and ``number`` float64[B] as ``sum_laws`` has them,
    ``cells`` int32[B, C], ``AS_BEFORE`` for the word of the host; ``numbers`` float64[B, N] of other columns
    where ``as_number`` bool[B, N] is false, else that of the host. ``pays_nobody``: they name no payee, and
    their hosts may name none.
    """

    leads: bool
    columns: Int1D
    said: Float2D
    rows: Int1D
    met: Int1D
    host_word: Float2D
    same_sum: bool
    reach: int
    told: Int1D
    keys: Array
    rate: Float1D
    never: Array
    starts: Int1D
    host: Array
    lag: Int1D
    how: Int1D
    number: Float1D
    cells: Array
    numbers: Float2D
    as_number: Array
    pays_nobody: bool = False


def with_companions(block: Block, roles: EventRoles, law: CompanionLaw, word: int, begin: int) -> Block:
    """Return the block with the rows that come with its own, in order of time; ``word`` of random streams.

    Those outside the period, from ``begin``, are left out.
    """
    draws = np.empty((block.table.rows, DRAWS))
    draw_rows(np.uint64(word), block.number, block.starts, draws)
    rows = np.flatnonzero(draws[:, 0] < host_chances(law, block.table, roles) * ~block.turned)
    chains = len(law.starts) - 1
    order, first, wide = matching(law.host, np.arange(chains), words_of(block.table, roles, rows))
    alike = order[np.minimum(first + (draws[rows, 1] * wide).astype(np.int64), chains - 1)]
    chain = np.where(wide > 0, alike, (draws[rows, 1] * chains).astype(np.int64))
    size = np.diff(law.starts)[chain]
    rows = np.repeat(rows, size)
    within = np.arange(len(rows)) - np.repeat(np.cumsum(size) - size, size)
    found = _rows(block.table.take(rows), roles, law, np.repeat(law.starts[chain], size) + within)
    time = found[roles.time].values
    inside = (time >= begin) & (time < block.end)
    entity = np.repeat(np.arange(len(block.number)), np.diff(block.starts))
    return merged_rows(
        block, roles, [block.table, found.take(inside)], [entity, entity[rows[inside]]],
        [block.turned, block.turned[rows[inside]]], before=law.leads,
    )  # fmt: skip


def host_chances(law: CompanionLaw, table: MixedTable, roles: EventRoles) -> Float1D:
    """Return the chance float64[n] that each row is a host: by its words, as many of them as were learned."""
    every = words_of(table, roles, np.arange(table.rows))
    cells = every[:, law.told]
    if roles.partner is not None and not law.pays_nobody:
        named: Bool1D = table[roles.partner].values >= 0
    else:
        named = np.ones(table.rows, np.bool_)
    depth = (law.keys != ANY).sum(axis=1)
    found, open_ = np.zeros(table.rows), named.copy()
    for known in range(len(law.told), -1, -1):
        keys = np.flatnonzero(depth == known)
        both = np.concatenate([law.keys[keys, :known], cells[:, :known]])
        code = (
            np.unique(both, axis=0, return_inverse=True)[1].reshape(-1)
            if known
            else np.zeros(len(both), np.int64)
        )
        rate = np.full(int(code.max(initial=0)) + 1, np.nan)
        rate[code[: len(keys)]] = law.rate[keys]
        mine = rate[code[len(keys) :]]
        told = open_ & ~np.isnan(mine)
        found[told] = mine[told]
        open_ &= ~told
    for column, word in law.never:
        found[every[:, column] == word] = 0.0
    return found


def _rows(hosts: MixedTable, roles: EventRoles, law: CompanionLaw, bank: Int1D) -> MixedTable:
    """Return one learned row for each host, with the host's own parties."""
    time = hosts[roles.time].values
    later = time + law.lag[bank]
    columns: dict[str, MixedColumn] = {}
    words, numbers = word_columns(hosts, roles), number_columns(hosts, roles)
    for name, one in hosts.columns.items():
        if name == roles.time:
            columns[name] = one.with_values(later)
        elif name == roles.amount:
            columns[name] = one.with_values(_sums(one, law, bank))
        elif name == roles.partner and law.pays_nobody:
            columns[name] = one.with_values(np.full_like(one.values, NOBODY))
        elif one.kind == TIME:
            wait = np.where(one.missing(), MISSING_TIME, waits(one, time))
            columns[name] = one.with_values(times_after(later, wait, one.step))
        elif name in words:
            cells = law.cells[bank, words.index(name)]
            columns[name] = one.with_values(np.where(cells == AS_BEFORE, one.values, cells))
        elif one.kind == NUMBER:
            k = numbers.index(name)
            columns[name] = one.with_values(
                np.where(law.as_number[bank, k], one.values, law.numbers[bank, k])
            )
        else:
            columns[name] = one
    return MixedTable(columns, hosts.rows)


def _sums(amount: MixedColumn, law: CompanionLaw, bank: Int1D) -> Float1D:
    """Return the sums of rows of the bank, that come with rows of some amounts."""
    how, number = law.how[bank], law.number[bank]
    nought = np.zeros(len(bank))
    shares = parts_of_sums(amount, (np.where(how == SHARE, number, 1.0), nought, nought))
    return np.select([how == SAME, how == OWN], [amount.values, number], shares)
