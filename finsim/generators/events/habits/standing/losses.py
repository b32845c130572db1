"""How well the law of standing payments knows those of held-out entities, in nats, each given those before.

Which rows are of a series is told with hindsight: how many series of a kind an entity has is paid for.
"""

from __future__ import annotations

import numpy as np

from finsim.generators.events.habits.ledger import DAY, Ledger
from finsim.generators.events.habits.standing.cells import Pool
from finsim.generators.events.habits.standing.law import KNOTS, SAME, StandingLaw
from finsim.generators.events.habits.standing.laws import Laws
from finsim.generators.events.habits.standing.month_ends import counted
from finsim.generators.events.habits.standing.periods import LENGTHS, MONTH, MONTH_END, SHIFTS, nearest
from finsim.generators.events.habits.standing.series import find_series, with_told_words
from finsim.generators.events.habits.standing.series_table import Series
from finsim.notation import Array, Float1D, Float2D, Int1D
from finsim.records.event_log import EventLog
from finsim.records.mixed_table import WORD

LEAST = 1e-9
HALF_PERCENT = 0.005
MONTHS = (MONTH, MONTH_END)
UNSEEN = 0.01
"""Chance of an hour or a shift that the law does not know (assumption)."""


def known_series(laws: Laws, columns: tuple[str, ...], log: EventLog) -> tuple[Series, Int1D, Array]:
    """Return the series of a log, the learned kind int64[N] of each (-1: none), and bool[n] their rows."""
    law, changing, found = laws.law, laws.changing, find_series(with_told_words(log))
    kind = np.full(len(found.entity), -1)
    if found.kind_columns == columns:
        for k in range(law.kinds):
            same = (found.words == law.words[k]).all(axis=1)
            if law.period[k] in MONTHS:
                # From which end months are counted is the law's.
                other = MONTHS[1 - MONTHS.index(int(law.period[k]))]
                turned = same & (found.period == other) & (not _has(law, law.words[k], other))
                found = counted(log.times // DAY, found, turned, int(law.period[k]))
            same &= found.period == law.period[k]
            twin = (law.period == law.period[k]) & (law.words == law.words[k]).all(axis=1)
            both = twin[changing.varies > 0].any() and twin[changing.varies == 0].any()
            same &= (found.varies == changing.varies[k]) | (not both)
            kind[same] = k
    rows = np.zeros(len(found.of_row), np.bool_)
    for of in (found.of_row, found.odd) if len(kind) else ():
        rows |= (of >= 0) & (kind[np.maximum(of, 0)] >= 0)
    return found, kind, rows


def _has(law: StandingLaw, words: Array, period: int) -> bool:
    return bool(((law.period == period) & (law.words == words).all(axis=1)).any())


def standing_losses(
    laws: Laws, pools: dict[str, Pool], log: EventLog, told: tuple[Series, Int1D, Array]
) -> Float1D:
    """Return the nats of the standing payments of each entity float64[E]."""
    law, changing, (found, kind, is_row) = laws.law, laws.changing, told
    ledger, size = Ledger.read(log), log.count
    counts = np.zeros((size, law.kinds), np.int64)
    np.add.at(counts, (found.entity[kind >= 0], kind[kind >= 0]), 1)
    total = _count_losses(law, counts)
    total = total + _odd_losses(laws, ledger, told)
    rows = np.flatnonzero(is_row & (found.of_row >= 0))
    rows = rows[np.argsort(found.of_row[rows], kind="stable")]
    if not len(rows):
        return total
    series = found.of_row[rows]
    of_kind = kind[series]
    first = np.append(True, series[1:] != series[:-1])
    shift = np.zeros(len(rows), np.int64)
    day = log.times[rows] // (86_400 * 10**9)
    for one in np.unique(found.period[series]):
        which = found.period[series] == one
        shift[which] = nearest(int(one), found.phase[series[which]], day[which])[1]
    share = np.diff(law.shifts, axis=2, prepend=0.0)[of_kind, (day - shift + 3) % 7, _cell(shift)]
    nats = -np.log((1.0 - UNSEEN) * share + UNSEEN / SHIFTS) - np.log(1.0 - law.skips[of_kind] + LEAST)
    nats -= np.log(_hour_chances(law, of_kind, ledger.second[rows]))
    sums = _sum_chances(law, of_kind, ledger.amount[rows], first)
    vary = (changing.varies[of_kind] > 0) & ~first
    wide = [changing.spread[law.offer_kind == k, 0].mean() for k in range(law.kinds)]
    sums = np.where(vary, _near_level(np.exp(wide)[of_kind], ledger.amount[rows], series), sums)
    nats -= np.log(np.maximum(sums, LEAST))
    phases = np.diff(law.phases, axis=1, prepend=0.0)
    of_phase = phases[of_kind, found.phase[series]]
    nats[first] -= np.log((1.0 - UNSEEN) * of_phase + UNSEEN / 31.0)[first]
    nats[first] -= np.log(_offer_chances(law, found, kind)[series])[first]
    for name, pool in pools.items():
        if log.events[name].kind == WORD:
            cells = log.events[name].values[rows]
            same = np.array([(pool.cells[k] == cell).mean() for k, cell in zip(of_kind, cells, strict=True)])
            lost = pool.missing[of_kind]
            share = np.where(cells < 0, lost, (1.0 - lost) * same)
            nats -= np.log((1.0 - UNSEEN) * share + UNSEEN / (len(log.events[name].words) + 1.0))
    return total + np.bincount(ledger.entity[rows], nats, size)


def hole_losses(laws: Laws, lost: Array, log: EventLog, told: tuple[Series, Int1D, Array]) -> Float1D:
    """Return the nats of the words that lack, of each entity float64[E]; lost bool[n, C] of all rows."""
    law, (found, kind, is_row) = laws.law, told
    if laws.holes.is_none:
        return np.zeros(log.count)
    rows = np.flatnonzero(is_row & (found.of_row >= 0))
    payees = _kind_of_payees(law)
    share = np.zeros(len(rows))
    for k in np.unique(kind[found.of_row[rows]]):
        of_kind = kind[found.of_row[rows]] == k
        for payee in np.flatnonzero(payees == k):
            owners = np.full(int(of_kind.sum()), payee)
            share[of_kind] += laws.holes.chances(lost[rows[of_kind]], owners) / (payees == k).sum()
    unseen = UNSEEN / 2.0 ** lost.shape[1]
    return np.asarray(np.bincount(log.entity()[rows], -np.log((1.0 - UNSEEN) * share + unseen), log.count))


def _odd_losses(laws: Laws, ledger: Ledger, told: tuple[Series, Int1D, Array]) -> Float1D:
    """Return the nats of payments off their days, of each entity float64[E]: any day, any sum of the kind."""
    found, kind, is_row = told
    rows = np.flatnonzero(is_row & (found.odd >= 0))
    of_kind = kind[found.odd[rows]]
    rate = (laws.odd.moved + laws.odd.beside).mean(axis=1)[of_kind]
    sums = _sum_chances(laws.law, of_kind, ledger.amount[rows], np.ones(len(rows), np.bool_))
    nats = np.log(np.array(LENGTHS)[laws.law.period[of_kind]]) - np.log(rate + UNSEEN)
    nats -= np.log(np.maximum(sums, LEAST)) + np.log(_hour_chances(laws.law, of_kind, ledger.second[rows]))
    return np.asarray(np.bincount(ledger.entity[rows], nats, ledger.count))


def _cell(shift: Int1D) -> Int1D:
    return np.clip(shift, -(SHIFTS // 2), SHIFTS // 2) + SHIFTS // 2


def _count_losses(law: StandingLaw, counts: Array) -> Float1D:
    """Return -log of the chance of the number of series of each kind float64[E], in doubling bins."""
    learned = np.zeros((len(law.order), law.kinds), np.int64)
    np.add.at(learned, (law.entity, law.kind), 1)
    total = np.zeros(len(counts))
    for k in range(law.kinds):
        bins = [
            np.floor(np.log2(np.maximum(one[:, k], 0.5))).astype(np.int64) + 1 for one in (learned, counts)
        ]
        share = np.bincount(bins[0], minlength=int(max(one.max(initial=0) for one in bins)) + 2) + 0.5
        total -= np.log(share / share.sum())[bins[1]] - np.maximum(bins[1] - 1, 0) * np.log(2.0)
    return np.asarray(total)


def _hour_chances(law: StandingLaw, kind: Int1D, second: Float1D) -> Float1D:
    grid, found = np.linspace(0.0, 1.0, KNOTS), np.empty(len(kind))
    hour = np.floor(second / 3_600.0)
    for k in np.unique(kind):
        rows = kind == k
        knots = law.seconds[k] + 1e-6 * np.arange(KNOTS)
        high, low = (np.interp(3_600.0 * (hour[rows] + step), knots, grid) for step in (1.0, 0.0))
        found[rows] = (1.0 - UNSEEN) * np.where(np.ptp(law.seconds[k]) > 0, high - low, 1.0) + UNSEEN / 24.0
    return found


def _sum_chances(law: StandingLaw, kind: Int1D, amount: Float1D, first: Array) -> Float1D:
    """Return the chance of each sum within half a percent: the one before, or of the law of own sums."""
    fresh = np.empty(len(kind))
    near = HALF_PERCENT * np.abs(amount)
    for k in np.unique(kind):
        rows, margin = kind == k, law.sums[k]
        none = np.zeros(int(rows.sum()))
        high, low = (
            margin.uniform(amount[rows] + near[rows], none + 1.0),
            margin.uniform(amount[rows] - near[rows], none),
        )
        prices = law.atom_sum
        owner = (
            np.repeat(_kind_of_payees(law), np.diff(law.atom_starts))
            if len(prices)
            else np.zeros(0, np.int64)
        )
        known = np.isin(amount[rows], prices[owner == k])
        fresh[rows] = np.maximum(high - low, known / max(int((owner == k).sum()), 1))
    moved = (law.moves[:, 0] * law.moves[:, 1])[kind]
    again = ~first & (np.abs(amount - np.roll(amount, 1)) <= SAME * np.abs(amount))
    return np.where(first, fresh, np.where(again, 1.0 - moved, np.maximum(moved, UNSEEN) * fresh))


def _kind_of_payees(law: StandingLaw) -> Int1D:
    """Return the kind int64[G] of each group of offers at one payee."""
    return np.asarray(law.offer_kind[np.unique(law.offer_payee, return_index=True)[1]])


def _near_level(spread: Float1D, amount: Float1D, series: Int1D) -> Float1D:
    """Return the chance of each sum within half a percent, given those of its series before it."""
    size = np.log(np.maximum(np.abs(amount), LEAST))
    starts = np.searchsorted(series, series)
    before = np.concatenate([[0.0], np.cumsum(size)])
    count = np.maximum(np.arange(len(size)) - starts, 1)
    wide = spread * np.sqrt(1.0 + 1.0 / count)
    away = (size - (before[:-1] - before[starts]) / count) / wide
    near = 2.0 * HALF_PERCENT * np.exp(-0.5 * away**2) / wide / np.sqrt(2.0 * np.pi)
    return np.asarray((1.0 - UNSEEN) * near + UNSEEN * HALF_PERCENT)


def _offer_chances(law: StandingLaw, found: Series, kind: Int1D) -> Float1D:
    """Return the share of the learned series of a kind that are at the payee of each series float64[N]."""
    cells: Float2D = np.zeros(len(kind))
    many = np.bincount(law.offer, minlength=len(law.offer_kind))
    known = {
        (int(k), *map(int, one)): n for k, one, n in zip(law.offer_kind, law.offer_cells, many, strict=True)
    }
    whole = np.bincount(law.kind, minlength=law.kinds)
    payees = np.bincount(law.offer_kind, minlength=law.kinds)
    for n in np.flatnonzero(kind >= 0):
        k = int(kind[n])
        met = known.get((k, *map(int, found.target_cells[found.target[n]])), 0)
        cells[n] = (met + 0.5) / (whole[k] + 0.5 * (payees[k] + 1))
    return np.maximum(cells, LEAST)
