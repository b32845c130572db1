"""Which rows of a ledger belong to standing series: one payee, about one sum, once a period.

Groups of an entity, a payee and its words are tried as a whole first, then those of one sum. A group is a
series when its days lie near one due day a period. By chance some do: so each kind of group (its words) must
have far more of them than chance gives, or the single one must be sure beside all that were tried.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.generators.events.habits.ledger import DAY
from finsim.generators.events.habits.standing.periods import (
    LEAST,
    LENGTHS,
    MOST_SHIFT,
    PHASES,
    index_of,
    nearest,
    window_chance,
)
from finsim.notation import Array, Bool1D, Float1D, Int1D, Int2D
from finsim.records.event_log import EventLog
from finsim.records.mixed_table import WORD

NEAR_SUM = 0.25
"""Logarithm that a sum may be from the middle of its series (assumption)."""
FULL = 0.75
"""Share of the periods between first and last that have a payment, at least (assumption)."""
BY_CHANCE, SURE = 0.1, 0.01
"""Expected series of chance beside those found, at most, for a kind; false discoveries among single ones
(assumptions)."""
FEWEST = 5
"""Series of a kind, at least (assumption)."""
ALWAYS, MOST_WORDS = 0.97, 64
"""Share of groups in which a word is one and the same, from which on it is of the kind; words of a column that
are no names (assumptions)."""
KEPT = 0.8
"""Share of the rows of a kind's words in series from which on shorter groups of them are series (assumption)."""
CHUNK = 20_000


@dataclass(frozen=True)
class Series:
    """Standing series: entity, period, phase, target int64[N], and words int64[N, C] of the kind columns.

    ``of_row`` int64[n] is the series of each row of the ledger, -1 for rows of ordinary life; targets are rows
    of ``target_cells`` int64[T, I], cells of the ``names`` columns, -1 where they lack. ``kind_columns`` C names.
    """

    entity: Int1D
    period: Int1D
    phase: Int1D
    target: Int1D
    words: Int2D
    of_row: Int1D
    target_cells: Int2D
    names: tuple[str, ...]
    kind_columns: tuple[str, ...]


@dataclass(frozen=True)
class _Rows:
    entity: Int1D
    day: Int1D
    amount: Float1D
    target: Int1D
    words: Int2D
    fixed: Int1D


def find_series(log: EventLog) -> Series:
    """Return the standing series of a log; none where it has no amounts."""
    names, word_names = _column_names(log)
    target_cells, target = _unique_rows(log, names)
    words = _cells(log, word_names)
    size = log.part("amount")
    amount = np.full(log.events.rows, np.nan) if size is None else size
    day = log.times // DAY
    roles = log.roles.named()
    fixed = [word_names.index(roles[one]) for one in ("category", "direction", "currency")
             if roles.get(one) in word_names]  # fmt: skip
    part = _codes(*(words[:, k] for k in fixed)) if fixed else np.zeros(len(day), np.int64)
    rows = _Rows(log.entity(), day, amount, target, words, part)
    whole = _codes(rows.entity, target, part)
    usable = np.isfinite(amount) & (amount != 0)
    first = _candidates(rows, np.where(usable, whole, -1))
    passed = _regular(rows, first)
    taken = np.zeros(len(day), dtype=np.bool_)
    taken[first.row[passed.ok[first.of]]] = True
    sums = np.unique(amount, return_inverse=True)[1].astype(np.int64)
    second = _candidates(rows, np.where(usable & ~taken, _codes(whole, sums), -1))
    both = first.kept(passed.ok).with_other(second)
    missed = first.kept(~passed.ok)
    columns = _kind_columns(log, rows, both.with_other(missed), word_names)
    chosen = words[:, columns]
    found = _regular(rows, both)
    tried = both.with_other(missed)
    kinds = _codes(*chosen[tried.row[tried.starts[:-1]]].T) if columns else np.zeros(tried.count, np.int64)
    accepted = _gate(rows.day, both, found, tried, kinds)
    return _with_short(
        rows, whole, both, found, accepted, chosen, usable,
        (target_cells, names, tuple(word_names[k] for k in columns)),
    )  # fmt: skip


@dataclass(frozen=True)
class _Groups:
    """Groups of rows: row int64[m] in order of group and time, of int64[m], starts int64[G + 1]."""

    row: Int1D
    of: Int1D
    starts: Int1D

    @property
    def count(self) -> int:
        return len(self.starts) - 1

    def sizes(self) -> Int1D:
        return np.diff(self.starts)

    def kept(self, chosen: Bool1D) -> _Groups:
        row, sizes = self.row[chosen[self.of]], self.sizes()[chosen]
        return _of_sizes(row, sizes)

    def with_other(self, other: _Groups) -> _Groups:
        return _of_sizes(np.concatenate([self.row, other.row]), np.append(self.sizes(), other.sizes()))


def _of_sizes(row: Int1D, sizes: Int1D) -> _Groups:
    starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    return _Groups(row, np.repeat(np.arange(len(sizes)), sizes), starts)


def _grouped(key: Int1D) -> _Groups:
    """Return the groups of equal keys from 0 on; rows keep their order, which is that of time."""
    order = np.argsort(key, kind="stable")
    order = order[np.searchsorted(key[order], 0) :]
    sizes = np.unique(key[order], return_counts=True)[1]
    return _of_sizes(order, sizes)


def _candidates(rows: _Rows, key: Int1D) -> _Groups:
    """Return the groups of about one sum, with enough payments for some series."""
    groups = _grouped(key)
    groups = groups.kept(groups.sizes() >= min(LEAST))
    if not groups.count:
        return groups
    size = np.log(np.abs(rows.amount[groups.row]))
    low = np.minimum.reduceat(size, groups.starts[:-1])
    high = np.maximum.reduceat(size, groups.starts[:-1])
    sign = np.sign(rows.amount[groups.row])
    same = np.minimum.reduceat(sign, groups.starts[:-1]) == np.maximum.reduceat(sign, groups.starts[:-1])
    return groups.kept((high - low <= 2 * NEAR_SUM) & same)


@dataclass(frozen=True)
class _Found:
    """Of each group: whether it is regular, its period, phase int64[G] and largest shift int64[G]."""

    ok: Bool1D
    period: Int1D
    phase: Int1D
    shift: Int1D


def _regular(rows: _Rows, groups: _Groups, least: int = 0) -> _Found:
    """Return which groups are regular: near one due day, one payment a period, few periods without one."""
    count = groups.count
    ok, period = np.zeros(count, np.bool_), np.zeros(count, np.int64)
    phase, shift = np.zeros(count, np.int64), np.zeros(count, np.int64)
    day, sizes = rows.day[groups.row], groups.sizes()
    gap = np.diff(day, prepend=0)
    begins = np.zeros(len(day), np.bool_)
    begins[groups.starts[:-1]] = True
    for kind, length in enumerate(LENGTHS):
        slack = 2 * MOST_SHIFT[kind] + 2 if length > 20 else 2 * MOST_SHIFT[kind]
        times = np.maximum(np.round(gap / length), 1)
        bad = ~begins & (np.abs(gap - times * length) > slack)
        fits = ~ok & (np.bincount(groups.of, bad, count) == 0) & (sizes >= (least or LEAST[kind]))
        some = np.flatnonzero(fits)
        if not len(some):
            continue
        part = groups.kept(fits)
        at = _best_phase(kind, rows.day[part.row], part)
        index, away = nearest(kind, at[part.of], rows.day[part.row])
        most = np.maximum.reduceat(np.abs(away), part.starts[:-1])
        first, last = index[part.starts[:-1]], index[part.starts[1:] - 1]
        again = (np.diff(index, prepend=index[0] - 1) <= 0) & (np.diff(part.of, prepend=-1) == 0)
        good = (most <= MOST_SHIFT[kind]) & (np.bincount(part.of, again, part.count) == 0)
        good &= part.sizes() >= FULL * (last - first + 1)
        chosen = some[good]
        ok[chosen], period[chosen] = True, kind
        phase[chosen], shift[chosen] = at[good], most[good]
    return _Found(ok, period, phase, shift)


def _best_phase(kind: int, day: Int1D, groups: _Groups) -> Int1D:
    """Return the phase int64[G] whose due days are nearest to the days of each group."""
    phases = np.arange(PHASES[kind])
    cost = np.zeros((groups.count, len(phases)))
    for start in range(0, len(day), CHUNK):
        part = slice(start, start + CHUNK)
        away = np.abs(nearest(kind, phases[None, :], day[part][:, None])[1])
        np.add.at(cost, groups.of[part], np.minimum(away, 15))
    return np.argmin(cost, axis=1).astype(np.int64)


def chances(days: Int1D, period: Int1D, size: Int1D, shift: Int1D) -> Float1D:
    """Return the chance float64[G] that payments without order are as regular, at most.

    The first one opens a window of days, the others fall into that of other periods. shift : its half width.
    """
    found = np.ones(len(size))
    for kind in np.unique(period):
        window = window_chance(int(kind), days)
        whole = float(np.ptp(index_of(int(kind), days)) + 1)
        which = np.flatnonzero(period == kind)
        for k in which:
            step = np.arange(1, size[k])
            found[k] = window[shift[k]] ** (size[k] - 1) * np.prod(np.maximum(1.0 - step / whole, 0.0))
    return np.minimum(found, 1.0)


def _gate(day: Int1D, groups: _Groups, found: _Found, tried: _Groups, kinds: Int1D) -> Bool1D:
    """Return bool[G], the regular groups that chance does not explain; ``kinds`` int64 of all tried groups.

    Groups are the first of those tried. Source of the single ones: Benjamini and Hochberg 1995.
    """
    accepted = np.zeros(groups.count, np.bool_)
    kind, sizes = kinds[: groups.count], tried.sizes()
    own = len(LENGTHS) * chances(day, found.period, groups.sizes(), found.shift)
    for one in np.unique(kind[found.ok]):
        for period in np.unique(found.period[found.ok & (kind == one)]):
            here = np.flatnonzero(found.ok & (kind == one) & (found.period == period))
            of_kind = np.flatnonzero((kinds == one) & (sizes >= LEAST[period]))
            size, many = np.unique(sizes[of_kind], return_counts=True)
            wide = np.full(len(size), MOST_SHIFT[period])
            expected = float((many * chances(day, np.full(len(size), period), size, wide)).sum())
            if expected > BY_CHANCE * len(here):
                ordered = here[np.argsort(own[here], kind="stable")]
                level = SURE * np.arange(1, len(ordered) + 1) / max(len(of_kind), 1)
                below = np.flatnonzero(own[ordered] <= level)
                here = ordered[: below[-1] + 1] if len(below) else here[:0]
            if len(here) >= FEWEST:
                accepted[here] = True
    return accepted


def _with_short(
    rows: _Rows, whole: Int1D, groups: _Groups, found: _Found, accepted: Bool1D, words: Int2D, usable: Bool1D,
    names: tuple[Int2D, tuple[str, ...], tuple[str, ...]],
) -> Series:  # fmt: skip
    """Return the accepted series, and groups too short to tell whose words nearly always are of series."""
    series = groups.kept(accepted)
    period, phase = found.period[accepted], found.phase[accepted]
    kind = _codes(*words.T) if words.shape[1] else np.zeros(len(rows.day), np.int64)
    taken = np.zeros(len(rows.day), np.bool_)
    taken[series.row] = True
    size = int(kind.max(initial=0)) + 1
    share = np.bincount(kind, taken, size) / np.maximum(np.bincount(kind, minlength=size), 1)
    left = _grouped(np.where(usable & ~taken & (share[kind] >= KEPT), whole, -1))
    usual = np.zeros(size, np.int64)
    usual[kind[series.row[series.starts[:-1]]]] = period
    left = left.kept(left.sizes() < np.array(LEAST)[usual[kind[left.row[left.starts[:-1]]]]])
    some = _regular(rows, left, 1)
    # One payment alone has no period: it is that of its words.
    alone = left.sizes() == 1
    of_kind = usual[kind[left.row[left.starts[:-1]]]] if left.count else np.zeros(0, np.int64)
    some = _Found(some.ok & (alone | (some.period == of_kind)), of_kind, some.phase, some.shift)
    for one in np.unique(of_kind[alone]):
        part = left.kept(alone & (of_kind == one))
        some.phase[alone & (of_kind == one)] = _best_phase(int(one), rows.day[part.row], part)
    short = left.kept(some.ok)
    whole_series = series.with_other(short)
    of_row = np.full(len(rows.day), -1)
    of_row[whole_series.row] = whole_series.of
    first = whole_series.row[whole_series.starts[:-1]]
    return Series(
        rows.entity[first], np.append(period, some.period[some.ok]), np.append(phase, some.phase[some.ok]),
        rows.target[first], words[first], of_row, *names,
    )  # fmt: skip


def _column_names(log: EventLog) -> tuple[tuple[str, ...], list[str]]:
    """Return the columns that name payees, and the other columns of words that may tell a kind."""
    roles, rows = log.roles.named(), log.events.rows
    parts = {roles[one] for one in ("category", "channel", "direction", "currency") if one in roles}
    names, words = [], []
    for name, one in log.events.columns.items():
        if one.kind != WORD:
            continue
        if name == log.roles.partner or (name not in parts and MOST_WORDS < len(one.words) <= rows / 4):
            names.append(name)
        elif name in parts or len(one.words) <= MOST_WORDS:
            words.append(name)
    return tuple(names), words


def _kind_columns(log: EventLog, rows: _Rows, groups: _Groups, names: list[str]) -> list[int]:
    """Return the columns whose words are one and the same within nearly all groups."""
    if not groups.count:
        return list(range(len(names)))
    found = []
    for k in range(len(names)):
        cell = rows.words[groups.row, k]
        same = np.minimum.reduceat(cell, groups.starts[:-1]) == np.maximum.reduceat(cell, groups.starts[:-1])
        if same.mean() >= ALWAYS:
            found.append(k)
    return found


def _cells(log: EventLog, names: list[str] | tuple[str, ...]) -> Int2D:
    found = np.empty((log.events.rows, len(names)), np.int64)
    for k, name in enumerate(names):
        found[:, k] = log.events[name].values
    return found


def _unique_rows(log: EventLog, names: tuple[str, ...]) -> tuple[Int2D, Int1D]:
    """Return the different rows of some columns, and the one of each row."""
    cells = _cells(log, names)
    if not names:
        return np.zeros((1, 0), np.int64), np.zeros(log.events.rows, np.int64)
    code = _codes(*cells.T)
    _, first, inverse = np.unique(code, return_index=True, return_inverse=True)
    return cells[first], inverse.astype(np.int64)


def _codes(*columns: Array) -> Int1D:
    """Return one number from 0 on for each row of some columns of numbers from -1 on."""
    found = np.zeros(len(columns[0]), np.int64)
    for one in columns:
        joint = found * (int(one.max(initial=0)) + 2) + one + 1
        found = np.unique(joint, return_inverse=True)[1].astype(np.int64)
    return found
