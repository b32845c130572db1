"""Which rows of a ledger belong to standing series: one payee, about one sum, once a period.

Groups of an entity, a payee and its words are tried as a whole first, then those of one sum. A group is a
series when its days lie near one due day a period. By chance some do: so each kind of group (its words) must
have far more of them than chance gives, or the single one must be sure beside all that were tried.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.generators.events.habits.ledger import DAY
from finsim.generators.events.habits.standing.changing_series import find_changing, varying
from finsim.generators.events.habits.standing.holes.filled_words import filled
from finsim.generators.events.habits.standing.month_ends import with_month_ends
from finsim.generators.events.habits.standing.odd_law import odd_rows
from finsim.generators.events.habits.standing.odd_rows import (
    Mostly,
    expected_mostly,
    is_extra,
    mostly_regular,
    ways,
)
from finsim.generators.events.habits.standing.payees.payees import Pauses, payee_of_targets
from finsim.generators.events.habits.standing.periods import LEAST, MOST_SHIFT, TRIED
from finsim.generators.events.habits.standing.regularity import (
    Groups,
    Regular,
    best_phase,
    chances,
    grouped,
    regular,
)
from finsim.generators.events.habits.standing.series_table import Series
from finsim.notation import Array, Bool1D, Float1D, Int1D, Int2D
from finsim.records.event_log import EventLog
from finsim.records.mixed_table import WORD

PARTS = ("category", "channel", "direction", "currency")
NEAR_SUM = 0.25
"""Logarithm that a sum may be from the middle of its series (assumption)."""
BY_CHANCE, SURE = 0.1, 0.01
"""Expected series of chance beside those found, at most, for a kind; false discoveries among single ones
(assumptions)."""
FEWEST = 5
"""Series of a kind, at least (assumption)."""
ALWAYS, MOST_WORDS = 0.97, 64
"""Share of groups in which a word is one and the same, from which on it is of the kind; words of a column
that are no names (assumptions)."""
LOOSE = (3,) * len(LEAST)
"""One in so many rows of a group may be odd where its words nearly always are of series (assumption)."""
OF_ENTITY = 0.8
"""Share of the other rows of their entities with the word of series, from which on it is none of the kind
(assumption)."""
KEPT = 0.8
"""Share of the rows of a kind's words in series from which on shorter groups of them are series too
(assumption)."""


@dataclass(frozen=True)
class _Rows:
    entity: Int1D
    day: Int1D
    amount: Float1D
    target: Int1D
    words: Int2D
    fixed: Int1D
    pauses: Pauses


def with_told_words(log: EventLog) -> EventLog:
    """Return the log with random empty cells of its columns of names and kinds filled."""
    return filled(log, *_column_names(log))


def find_series(log: EventLog) -> Series:
    """Return the standing series of a log whose words do not lack at random; none where it has no amounts."""
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
    usable = np.isfinite(amount) & (amount != 0)
    payee = _codes(payees_of(log, names, target_cells)[target], part)
    pauses = Pauses.of(payee, log.entity(), day, usable)
    rows = _Rows(log.entity(), day, amount, target, words, part, pauses)
    pair = _codes(rows.entity, target, part)
    whole = np.where(usable, _codes(pair, (amount > 0).astype(np.int64)), -1)
    whole_groups = grouped(whole)
    whole_groups = whole_groups.kept(whole_groups.sizes() >= min(LEAST))
    of_days = regular(day, whole_groups, pauses=pauses)
    near = _about_one_sum(rows, whole_groups)
    first, passed = whole_groups.kept(near), of_days.kept(near)
    strict = first.kept(passed.ok)
    mostly = [_mostly(rows, np.where(_is_in(strict, len(day)), -1, whole))]
    taken = _is_in(strict, len(day)) | _is_in(_followed(mostly[0]).groups, len(day))
    sums = np.unique(amount, return_inverse=True)[1].astype(np.int64)
    one_sum = np.where(usable & ~taken, _codes(whole, sums), -1)
    both = strict.with_other(_candidates(rows, one_sum))
    found = regular(rows.day, both, pauses=pauses)
    mostly.append(_mostly(rows, np.where(_is_in(both.kept(found.ok), len(day)), -1, one_sum)))
    missed = first.kept(~passed.ok)
    odd = [_followed(one) for one in mostly]
    seen = both.with_other(odd[0].groups).with_other(odd[1].groups).with_other(missed)
    columns = _kind_columns(log, rows, seen.with_other(whole_groups.kept(of_days.ok & ~near)), word_names)
    chosen = words[:, columns]
    kind = _codes(*chosen.T) if columns else np.zeros(len(day), np.int64)
    accepted = _gate(rows.day, both, found, both.with_other(missed), kind)
    groups, found, accepted = _with_mostly(rows.day, (both, found, accepted), mostly, kind)
    both_sorts = _with_changing(rows, (groups.kept(accepted), found.kept(accepted)), whole, kind)
    whole_series = _with_short(
        rows, (pair, whole), both_sorts, chosen, (target_cells, names, tuple(word_names[k] for k in columns))
    )
    return with_month_ends(rows.day, whole_series)


def _is_in(groups: Groups, rows: int) -> Bool1D:
    found = np.zeros(rows, np.bool_)
    found[groups.row] = True
    return found


def _mostly(rows: _Rows, key: Int1D) -> Mostly:
    size = np.log(np.where(key >= 0, np.abs(rows.amount), 1.0))
    return mostly_regular(rows.day, size, NEAR_SUM, grouped(key), pauses=rows.pauses)


def _followed(one: Mostly) -> Mostly:
    """Return only the groups that follow a period."""
    ok = one.found.ok
    return Mostly(one.groups.kept(ok), one.found.kept(ok), one.sizes[ok])


def _candidates(rows: _Rows, key: Int1D) -> Groups:
    """Return the groups of about one sum, with enough payments for some series."""
    groups = grouped(key)
    groups = groups.kept(groups.sizes() >= min(LEAST))
    return groups.kept(_about_one_sum(rows, groups))


def _about_one_sum(rows: _Rows, groups: Groups) -> Bool1D:
    """Return bool[G], groups whose sums have one sign and lie near each other."""
    if not groups.count:
        return np.zeros(0, np.bool_)
    size = np.log(np.abs(rows.amount[groups.row]))
    low = np.minimum.reduceat(size, groups.starts[:-1])
    high = np.maximum.reduceat(size, groups.starts[:-1])
    sign = np.sign(rows.amount[groups.row])
    same = np.minimum.reduceat(sign, groups.starts[:-1]) == np.maximum.reduceat(sign, groups.starts[:-1])
    return np.asarray((high - low <= 2 * NEAR_SUM) & same)


def _gate(day: Int1D, groups: Groups, found: Regular, tried: Groups, kind_of: Int1D) -> Bool1D:
    """Return bool[G], the regular groups that chance does not explain; ``kind_of`` int64 of all rows.

    Groups are the first of those tried. Source of the single ones: Benjamini and Hochberg 1995.
    """
    kinds, sizes = kind_of[tried.row[tried.starts[:-1]]], tried.sizes()
    own = TRIED * chances(day, found.period, groups.sizes(), found.shift)
    accepted = np.zeros(groups.count, np.bool_)
    for one, period, here in _parts(found, kinds[: groups.count]):
        of_kind = (kinds == one) & (sizes >= LEAST[period])
        size, many = np.unique(sizes[of_kind], return_counts=True)
        wide = np.full(len(size), MOST_SHIFT[period])
        expected = float((many * chances(day, np.full(len(size), period), size, wide)).sum())
        here = _unexplained(here, own, expected, int(of_kind.sum()))
        if len(here) >= FEWEST:
            accepted[here] = True
    return accepted


def _parts(found: Regular, kind: Int1D) -> list[tuple[int, int, Int1D]]:
    """Return each kind and period that some groups follow, and which groups."""
    return [
        (int(one), int(period), np.flatnonzero(found.ok & (kind == one) & (found.period == period)))
        for one in np.unique(kind[found.ok])
        for period in np.unique(found.period[found.ok & (kind == one)])
    ]


def _unexplained(here: Int1D, own: Float1D, expected: float, tried: int) -> Int1D:
    """Return all groups where few are expected by chance, else those that are sure beside all tried."""
    if expected <= BY_CHANCE * len(here):
        return here
    ordered = here[np.argsort(own[here], kind="stable")]
    below = np.flatnonzero(own[ordered] <= SURE * np.arange(1, len(ordered) + 1) / max(tried, 1))
    return ordered[: below[-1] + 1] if len(below) else here[:0]


def _with_mostly(
    day: Int1D, strict: tuple[Groups, Regular, Bool1D], mostly: list[Mostly], kind_of: Int1D
) -> tuple[Groups, Regular, Bool1D]:
    """Return groups, what they follow and which are accepted, with those that have odd rows behind them.

    Which rows are odd is a choice that chance has too: each way to leave some out counts.
    """
    groups, found, accepted = strict
    odd = mostly[0].groups.with_other(mostly[1].groups)
    of = mostly[0].found.with_other(mostly[1].found)
    sizes = np.concatenate([one.sizes for one in mostly])
    kind = kind_of[odd.row[odd.starts[:-1]]]
    own = TRIED * chances(day, of.period, odd.sizes(), of.shift) * ways(sizes, sizes - odd.sizes())
    known = kind_of[groups.row[groups.starts[:-1]]]
    also = np.zeros(odd.count, np.bool_)
    for one, period, here in _parts(of, kind):
        of_kind = (kind == one) & (sizes >= LEAST[period])
        expected = expected_mostly(day, period, sizes[of_kind])
        here = _unexplained(here, own, expected, int(of_kind.sum()))
        beside = accepted & (known == one) & (found.period[: groups.count] == period)
        if len(here) + int(beside.sum()) >= FEWEST:
            also[here] = True
    return groups.with_other(odd), found.with_other(of), np.append(accepted, also)


def _with_changing(
    rows: _Rows, series: tuple[Groups, Regular], whole: Int1D, kind_of: Int1D
) -> tuple[Groups, Regular]:
    """Return the series, and those whose sums vary; of a varying one no sum is too far from the others."""
    groups, found = series
    head = groups.row[groups.starts[:-1]]
    vary = varying(rows.amount, groups, kind_of[head]) > 0 if groups.count else np.zeros(0, np.bool_)
    fixed, free = groups.kept(~vary), groups.kept(vary)
    taken = _is_in(fixed, len(rows.day))
    key = np.where(taken, -1, whole)
    more = find_changing(rows.day, rows.entity, key, taken, kind_of, FEWEST, rows.pauses)
    again = np.isin(whole[free.row[free.starts[:-1]]], whole[more[0].row])
    left = free.kept(~again), found.kept(vary).kept(~again)
    return (
        fixed.with_other(left[0]).with_other(more[0]),
        found.kept(~vary).with_other(left[1]).with_other(more[1]),
    )


def _with_short(
    rows: _Rows, keys: tuple[Int1D, Int1D], accepted: tuple[Groups, Regular], words: Int2D,
    names: tuple[Int2D, tuple[str, ...], tuple[str, ...]],
) -> Series:  # fmt: skip
    """Return the accepted series, and groups too short to tell whose words nearly always are of series.

    keys : the pair of each row, and its group, -1 where it can be of none.
    """
    series, found = accepted
    period, phase = found.period, found.phase
    kind = _codes(*words.T) if words.shape[1] else np.zeros(len(rows.day), np.int64)
    taken = _is_in(series, len(rows.day))
    size = int(kind.max(initial=0)) + 1
    share = np.bincount(kind, taken, size) / np.maximum(np.bincount(kind, minlength=size), 1)
    of_words = grouped(np.where(~taken & (share[kind] >= KEPT), keys[1], -1))
    usual = np.zeros(size, np.int64)
    usual[kind[series.row[series.starts[:-1]]]] = period
    loose = mostly_regular(rows.day, np.zeros(len(rows.day)), np.inf, of_words, LOOSE, rows.pauses)
    head = loose.groups.row[loose.groups.starts[:-1]]
    as_usual = loose.found.ok & (loose.found.period == usual[kind[head]])
    as_usual &= ~np.isin(keys[1][head], keys[1][series.row])
    series = series.with_other(loose.groups.kept(as_usual))
    period = np.append(period, loose.found.period[as_usual])
    phase = np.append(phase, loose.found.phase[as_usual])
    left = of_words.kept(of_words.sizes() < np.array(LEAST)[usual[kind[of_words.row[of_words.starts[:-1]]]]])
    of_kind = usual[kind[left.row[left.starts[:-1]]]] if left.count else np.zeros(0, np.int64)
    once = is_extra(rows.day, rows.entity, keys[0], left, of_kind, (series, period))
    left, of_kind = left.kept(~once), of_kind[~once]
    some = regular(rows.day, left, 1, rows.pauses)
    # One payment alone has no period: it is that of its words.
    alone = left.sizes() == 1
    some = Regular(some.ok & (alone | (some.period == of_kind)), of_kind, some.phase, some.shift)
    for one in np.unique(of_kind[alone]):
        part = left.kept(alone & (of_kind == one))
        some.phase[alone & (of_kind == one)] = best_phase(int(one), rows.day[part.row], part)
    short = left.kept(some.ok)
    whole_series = series.with_other(short)
    of_row = np.full(len(rows.day), -1)
    of_row[whole_series.row] = whole_series.of
    first = whole_series.row[whole_series.starts[:-1]]
    periods = np.append(period, some.period[some.ok])
    by_kind = _codes(kind[first], periods) if len(first) else np.zeros(0, np.int64)
    return Series(
        rows.entity[first], periods, np.append(phase, some.phase[some.ok]), rows.target[first], words[first],
        of_row, *names, varying(rows.amount, whole_series, by_kind), odd_rows(keys[1], of_row, periods),
    )  # fmt: skip


def _column_names(log: EventLog) -> tuple[tuple[str, ...], list[str]]:
    """Return the columns that name payees, and the other columns of words that may tell a kind."""
    roles, rows = log.roles.named(), log.events.rows
    parts = {roles[one] for one in PARTS if one in roles}
    names, words = [], []
    for name, one in log.events.columns.items():
        if one.kind != WORD:
            continue
        if name == log.roles.partner or (name not in parts and MOST_WORDS < len(one.words) <= rows / 4):
            names.append(name)
        elif name in parts or len(one.words) <= MOST_WORDS:
            words.append(name)
    return tuple(names), words


def payees_of(log: EventLog, names: tuple[str, ...], target_cells: Int2D) -> Int1D:
    """Return the payee int64[T] of targets int64[T, I], cells of the ``names`` columns."""
    keeps = np.array([name == log.roles.partner for name in names], np.bool_)
    return payee_of_targets(target_cells, _cells(log, names), log.entity(), keeps)


def _kind_columns(log: EventLog, rows: _Rows, groups: Groups, names: list[str]) -> list[int]:
    """Return the columns whose words are one and the same within nearly all groups."""
    if not groups.count:
        return list(range(len(names)))
    found, roles = [], log.roles.named()
    parts = {roles[one] for one in PARTS if one in roles}
    for k, name in enumerate(names):
        cell = rows.words[groups.row, k]
        same = np.minimum.reduceat(cell, groups.starts[:-1]) == np.maximum.reduceat(cell, groups.starts[:-1])
        if same.mean() >= ALWAYS and (name in parts or not _is_of_entity(rows, groups, k)):
            found.append(k)
    return found


def _is_of_entity(rows: _Rows, groups: Groups, column: int) -> bool:
    """Tell whether the words of groups are mostly those of the other rows of their entities too."""
    first = groups.row[groups.starts[:-1]]
    who, place = np.unique(rows.entity[first], return_inverse=True)
    inside = np.flatnonzero(np.isin(rows.entity, who))
    word = rows.words[:, column] + 1
    size = int(word.max(initial=0)) + 1
    key = np.searchsorted(who, rows.entity[inside]) * size + word[inside]
    counts = np.bincount(key, minlength=len(who) * size).reshape(-1, size)
    other = counts.sum(axis=1)[place] - groups.sizes()
    alike = counts[place, word[first]] - groups.sizes()
    some = other > 0
    return bool(some.any() and (alike[some] / other[some]).mean() >= OF_ENTITY)


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
