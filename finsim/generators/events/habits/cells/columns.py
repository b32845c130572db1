"""The columns of a row beside its time, payee and amount: told by the payee, by the entity, or drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from finsim.generators.events.habits.cells.calendar_places import (
    CALENDAR,
    few_alone,
    place_of_few,
    tells_days,
    with_calendar,
)
from finsim.generators.events.habits.cells.contexts import (
    POOL,
    REST,
    best_contexts,
    levels,
    pooled_words,
    two_contexts,
    without_rest,
)
from finsim.generators.events.habits.cells.empty_cells import EmptyLaw, learn_empty
from finsim.generators.events.habits.cells.few_numbers import (
    as_words,
    few_told_by_words,
    few_values,
    telling_rests,
)
from finsim.generators.events.habits.cells.later_times import is_wait, times_after, waits
from finsim.generators.events.habits.cells.number_law import NumberLaw, learn_numbers
from finsim.generators.events.habits.cells.seen_words import Seen, learn_seen
from finsim.generators.events.habits.cells.usual_cells import share_usual, usual_cells, usual_codes
from finsim.generators.events.habits.cells.word_law import WordLaw, learn_words
from finsim.generators.events.habits.ledger import Ledger
from finsim.generators.events.stored_arrays import arrays_of, item_of
from finsim.notation import Array, Float1D, Float2D, Int1D
from finsim.randomness import Streams
from finsim.records.event_log import EventLog
from finsim.records.mixed_table import MISSING_TIME, NUMBER, TIME, WORD, MixedColumn

PAYEE, ENTITY, PAIR, DRAWN = "payee", "entity", "pair", "drawn"
DETERMINED, PAIRED = 0.995, 0.75
MOSTLY = 0.8  # assumption: a category that most rows of a payee share is the payee's
PART_APART = 0.02  # assumption: share of rows that are not as the payee's others, to ask who pays
BEYOND = 0.5  # assumption: share of the cells other than the commonest that must be told
LEAST_FILLED = 0.5  # assumption: share of cells that are filled, for a column to be told by those alone
EARLY = ("category", "channel", "direction", "currency")
DRAWS = 4
REDRAW = 2
"""Which of the draws chooses again where the first word never stands beside the words of the row."""
NANOS = 1e9


@dataclass(frozen=True)
class ColumnLaw:
    """How one column comes about: ``how``, its cells by payee or entity, or a law and its contexts.

    Numbers of few values are drawn as words, ``cells`` being the values.

    ``shown``: its cells by case, where words come out together as rows of a pair show them. ``empty``: which
    cells of a column that is told are empty all the same. ``seen``: beside which other words its words stand:
    a purchase by card is no credit whatever the account's other rows are. ``signs`` int64[W + 1, 2], of a
    column before the amount: whether rows of a word have amounts below 0, and above. ``rests`` as in
    ``telling_rests``, of numbers of few values behind the amount.
    """

    name: str
    how: str
    column: MixedColumn
    cells: Array
    law: WordLaw | NumberLaw | None
    parents: tuple[str, ...]
    pool: Array | None = None
    shown: Array | None = None
    empty: EmptyLaw | None = None
    seen: Seen | None = None
    signs: Array | None = None
    rests: Array | None = None

    @property
    def takes_draws(self) -> bool:
        """Whether rows need draws of their own for the column."""
        return self.how == DRAWN or self.empty is not None

    def arrays(self, prefix: str) -> dict[str, Array]:
        """Return the arrays of the law."""
        found: dict[str, Array] = {f"{prefix}.cells": self.cells}
        if self.pool is not None:
            found[f"{prefix}.pool"] = self.pool
        if self.shown is not None:
            found[f"{prefix}.shown"] = self.shown
        if self.empty is not None:
            found.update(arrays_of(f"{prefix}.empty", self.empty.law))
        if self.seen is not None:
            found.update(self.seen.arrays(prefix))
        if self.signs is not None:
            found[f"{prefix}.signs"] = self.signs
        if self.rests is not None:
            found[f"{prefix}.rests"] = self.rests
        return found if self.law is None else {**found, **arrays_of(f"{prefix}.law", self.law)}

    def facts(self) -> dict[str, Any]:
        """Return what is not an array."""
        return {
            "name": self.name,
            "how": self.how,
            "parents": list(self.parents),
            "law": type(self.law).__name__,
            "empty": None if self.empty is None else list(self.empty.parents),
            **({"beside": list(self.seen.beside)} if self.seen is not None else {}),
        }

    @classmethod
    def restored(
        cls, facts: Mapping[str, Any], column: MixedColumn, prefix: str, arrays: Mapping[str, Array]
    ) -> ColumnLaw:
        """Return the law that ``arrays`` and ``facts`` wrote."""
        kind = {"WordLaw": WordLaw, "NumberLaw": NumberLaw}.get(facts["law"])
        law = None if kind is None else item_of(kind, f"{prefix}.law", arrays)
        cells, pool = arrays[f"{prefix}.cells"], arrays.get(f"{prefix}.pool")
        shown = arrays.get(f"{prefix}.shown")
        of_empty = facts.get("empty")  # models of before have none
        empty = None
        if of_empty is not None:
            empty = EmptyLaw(item_of(WordLaw, f"{prefix}.empty", arrays), tuple(of_empty))
        seen = Seen.restored(facts.get("beside", ()), prefix, arrays)
        return cls(
            facts["name"], facts["how"], column, cells, law, tuple(facts["parents"]), pool, shown, empty,
            seen, arrays.get(f"{prefix}.signs"), arrays.get(f"{prefix}.rests"),
        )  # fmt: skip

    def drawn(self, rows: Rows, draws: Float2D) -> Array:
        """Return the cells of rows; draws float64[n, DRAWS]."""
        if self.shown is not None and rows.case is not None:
            return np.asarray(self.shown[rows.case])
        if self.how != DRAWN:
            group = {PAYEE: rows.payee, PAIR: rows.link, ENTITY: rows.donor}[self.how]
            told = self.column.with_values(self.cells[group])
            if self.empty is None:
                return told.values
            return self.empty.emptied(told, rows.contexts, (rows.donor, rows.first), draws)
        contexts = rows.contexts
        if self.rests is not None:
            contexts = {**contexts, REST: self.rests[contexts[REST]]}
        codes = [contexts[name] for name in self.parents if name != CALENDAR]
        if isinstance(self.law, WordLaw):
            word = self.law.words(codes, rows.donor, rows.first, draws)
            if self.seen is not None:
                word = self.seen.kept(word, contexts, draws[:, REDRAW])
            if self.column.kind == NUMBER:
                return np.append(self.cells, np.nan)[word]
            return np.where(word == len(self.column.words), -1, word).astype(np.int32)
        assert isinstance(self.law, NumberLaw)
        context = codes[0] if codes else np.zeros(len(draws), np.int64)
        if CALENDAR in self.parents:
            context = with_calendar(context, rows.time)
        cells = self.law.cells(context, rows.level, rows.first, draws)
        return cells if self.column.kind == NUMBER else _times(rows.time, cells, self.column.step)


@dataclass(frozen=True)
class Rows:
    """What is known of rows before a column is drawn.

    Payee, link and donor (learned ones), time nanoseconds, first rows of entities, a standard score of the
    entity, and the contexts so far. ``case`` of what the pair shows together, where its words do.
    """

    payee: Int1D
    link: Int1D
    donor: Int1D
    time: Int1D
    first: Array
    level: Float1D
    contexts: dict[str, Int1D]
    case: Int1D | None = None


def told_columns(
    log: EventLog, ledger: Ledger, names: list[str], link: Int1D, contexts: dict[str, Int1D]
) -> list[ColumnLaw]:
    """Return the laws of the columns that entity, payee or the pair of both tell; ``link`` int64[n] of rows.

    A category that the pair tells far better than the payee is the pair's: wages are not the word of all
    that people are paid for. Numbers of few values (a fee) are left to be drawn where words of the row tell
    what the payee or the pair does not. Those with some empty cells come last: other columns tell which are
    empty. Their words join ``contexts``.
    """
    found = []
    for name in names:
        column = log.events[name]
        if column.kind == TIME and is_wait(column, log.times):
            continue
        law = _told(name, column, ledger, MOSTLY if name == log.roles.category else DETERMINED)
        if law is None or (law.how == PAYEE and _tells_more(column, ledger.payee, link)):
            law = _paired(name, column, ledger, link) or law
        if law is not None:
            found.append(law if column.kind != WORD else replace(law, pool=pooled_words(column)))
    groups = {PAYEE: ledger.payee, PAIR: link, ENTITY: ledger.entity}
    words = [law.pool[levels(log.events[law.name])] for law in found if law.pool is not None]
    by_words = [contexts["payee group"] * POOL + one for one in words] if "payee group" in contexts else []
    found = [
        law for law in found
        if law.how == ENTITY or not few_told_by_words(log.events[law.name], ledger, groups[law.how], by_words)
    ]  # fmt: skip
    some = {law.name: ~law.column.with_values(law.cells).missing()[groups[law.how]] for law in found}
    is_holed = {law.name: bool(log.events[law.name].missing()[some[law.name]].any()) for law in found}
    done = [law for law in found if not is_holed[law.name]]
    with_words(contexts, log, done)
    for law in found:
        if is_holed[law.name]:
            missing = log.events[law.name].missing()
            empty = learn_empty(missing, some[law.name], contexts, ledger.entity, ledger.count)
            done.append(replace(law, empty=empty))
            with_words(contexts, log, done[-1:])
    return done


def _tells_more(column: MixedColumn, payee: Int1D, link: Int1D) -> bool:
    """Tell whether rows of a pair are alike where those of a payee are not, in its rows but the first."""
    codes = np.unique(column.values, return_inverse=True)[1].astype(np.int64)
    filled = np.flatnonzero(~column.missing())
    order = filled[np.argsort(link[filled], kind="stable")]
    later, before = order[1:], order[:-1]
    same = link[later] == link[before]
    later, before = later[same], before[same]
    if not len(later):
        return False
    usual = usual_codes(codes, payee, int(payee.max()) + 1)[payee]
    apart = float((codes[later] != usual[later]).mean())
    return apart > PART_APART and float((codes[later] != codes[before]).mean()) <= 0.5 * apart


def learn_columns(
    log: EventLog, ledger: Ledger, names: list[str], contexts: dict[str, Int1D], streams: Streams
) -> list[ColumnLaw]:
    """Learn the laws of columns that are drawn, in the order of ``names``.

    Their words join ``contexts`` for those that follow.
    """
    found, first = [], ledger.is_first()
    for name in names:
        column = log.events[name]
        law = _drawn(name, column, log, ledger, contexts, first, streams)
        if column.kind == WORD:
            law = replace(law, pool=pooled_words(column))
            beside = without_rest(contexts)
            law = replace(law, seen=learn_seen(levels(column), len(column.words) + 1, beside, ledger.entity))
        found.append(law)
        with_words(contexts, log, found[-1:])
    return found


def with_words(contexts: dict[str, Int1D], log: EventLog, laws: list[ColumnLaw]) -> None:
    """Add the pooled words of the columns of laws to contexts of the rows of a log."""
    for law in laws:
        if law.pool is not None:
            contexts[law.name] = law.pool[levels(log.events[law.name])]


def _told(name: str, column: MixedColumn, ledger: Ledger, of_payee: float) -> ColumnLaw | None:
    """Return the law of a column that the entity or the payee determines, None for another.

    The payee does where ``of_payee`` of its rows have its usual cell. A cell that nearly all rows have tells
    nothing of who has it: most of the others must be told too, or a rare flag would never come out. Empty
    cells count as one more word, then as none: a few of them may hide what is told.
    """
    passes = _all_then_filled(column)
    for rows in passes:
        mostly = of_payee if rows is passes[-1] else DETERMINED
        for how, group, count in (
            (ENTITY, ledger.entity, ledger.count),
            (PAYEE, ledger.payee, ledger.payees),
        ):
            if (column.kind == TIME and how == PAYEE) or (how == PAYEE and ledger.payees < 3):
                continue
            if _is_told(column, rows, group, count, mostly if how == PAYEE else DETERMINED):
                cells = usual_cells(column, rows, group, count)
                return ColumnLaw(name, how, _head(column), cells, None, ())
    return None


def _all_then_filled(column: MixedColumn) -> list[Int1D]:
    """Return all rows, and those with a cell where a part lacks one."""
    filled = np.flatnonzero(~column.missing())
    every = np.arange(len(column.values))
    return [every, filled] if LEAST_FILLED * len(every) <= len(filled) < len(every) else [every]


def _is_told(column: MixedColumn, rows: Int1D, group: Int1D, count: int, least: float) -> bool:
    """Tell whether groups determine the cells of ``rows``."""
    group = group[rows]
    repeated = np.bincount(group, minlength=count)[group] > 1
    if repeated.sum() < 0.2 * len(group):
        return False
    codes = np.unique(column.values[rows], return_inverse=True)[1].astype(np.int64)
    commonest = np.bincount(codes).max() / len(codes)
    least = max(least, commonest + BEYOND * (1.0 - commonest))
    return bool((codes == usual_codes(codes, group, count)[group])[repeated].mean() >= least)


def _paired(name: str, column: MixedColumn, ledger: Ledger, link: Int1D) -> ColumnLaw | None:
    """Return the law of a column that the pair of entity and payee mostly tells, such as the branch used.

    It must tell more than the entity alone does, and the most frequent cell. Filled cells are asked first.
    """
    if column.kind == TIME or ledger.payees < 3:
        return None
    for rows in _all_then_filled(column)[::-1]:
        codes = np.unique(column.values[rows], return_inverse=True)[1].astype(np.int64)
        agree = share_usual(codes, link[rows])
        # Rows of pairs with one row show nothing: what is told beyond the commonest cell is so in the others.
        again = codes[np.bincount(link[rows])[link[rows]] > 1]
        commonest = np.bincount(again).max() / len(again) if len(again) else 1.0
        alone = max(share_usual(codes, ledger.entity[rows]), commonest)
        if agree >= PAIRED and agree > alone and agree >= alone + 0.5 * (1.0 - alone):
            cells = usual_cells(column, rows, link, int(link.max()) + 1)
            return ColumnLaw(name, PAIR, _head(column), cells, None, ())
    return None


def switches(log: EventLog, laws: list[ColumnLaw], link: Int1D, payee: Int1D, payees: int) -> float:
    """Return the chance that a row shows the pair columns of another pair of its payee."""
    found = [0.0]
    for law in laws:
        if law.how == PAIR:
            column = log.events[law.name]
            rows = np.flatnonzero(~column.missing()) if law.empty is not None else np.arange(len(link))
            codes = np.unique(column.values[rows], return_inverse=True)[1].astype(np.int64)
            apart = 1.0 - share_usual(codes, link[rows])
            usual = 1.0 - float((codes == usual_codes(codes, payee[rows], payees)[payee[rows]]).mean())
            found.append(min(apart / max(usual, apart, 1e-9), 0.9))
    return max(found)


def _drawn(
    name: str, column: MixedColumn, log: EventLog, ledger: Ledger, contexts: dict[str, Int1D], first: Array,
    streams: Streams,
) -> ColumnLaw:  # fmt: skip
    nothing = np.zeros(0)
    with_rest, contexts = contexts, without_rest(contexts)
    if column.kind == WORD:
        words, parents = learn_words(
            levels(column), len(column.words) + 1, contexts, ledger.entity, ledger.count, first
        )
        return ColumnLaw(name, DRAWN, _head(column), nothing, words, tuple(parents))
    few = few_values(column, ledger)
    if few is not None:
        codes, size = as_words(column.values, few), len(few) + 1
        rests = telling_rests(codes, with_rest[REST]) if REST in with_rest else None
        with_rest = with_rest if rests is None else {**with_rest, REST: rests[with_rest[REST]]}
        two = two_contexts(codes, with_rest)
        words, parents = learn_words(codes, size, two, ledger.entity, ledger.count, first)
        seen = learn_seen(codes, size, with_rest, ledger.entity)
        return ColumnLaw(name, DRAWN, _head(column), few, words, tuple(parents), seen=seen, rests=rests)
    values = column.values if column.kind == NUMBER else _offsets(column, log.times)
    step = column.step if column.kind == NUMBER else max(column.step / NANOS, 1.0)
    present = ~np.isnan(values)
    ranks = np.zeros(len(values), np.int64)
    if present.any():
        edges = np.unique(np.quantile(values[present], np.linspace(0, 1, 17)[1:-1]))
        ranks = np.where(present, np.searchsorted(edges, np.where(present, values, 0.0)), len(edges) + 1)
    parents = best_contexts(ranks.astype(np.int64), contexts, 1)
    context = contexts[parents[0]] if parents else np.zeros(len(values), np.int64)
    draws = streams.at("column", name).random(len(values))
    if column.kind == TIME and tells_days(ranks, context, log.times):
        parents.append(CALENDAR)
        context = with_calendar(context, log.times)
        law = learn_numbers(values, step, few_alone(context, present), ledger.entity, first, draws)
        law = replace(law, place=place_of_few(law.place, context, present))
        return ColumnLaw(name, DRAWN, _head(column), nothing, law, tuple(parents))
    law = learn_numbers(values, step, context, ledger.entity, first, draws)
    return ColumnLaw(name, DRAWN, _head(column), nothing, law, tuple(parents))


def _head(column: MixedColumn) -> MixedColumn:
    """Return the column without cells."""
    return column.take(slice(0, 0))


def _offsets(column: MixedColumn, times: Int1D) -> Float1D:
    """Return seconds from the event to the time in the column, NaN where it lacks."""
    return np.where(column.missing(), np.nan, waits(column, times) / NANOS)


def _times(time: Int1D, seconds: Float1D, step: float) -> Int1D:
    there = ~np.isnan(seconds)
    wait = np.round(np.where(there, seconds, 0.0) * NANOS).astype(np.int64)
    return times_after(time, np.where(there, wait, MISSING_TIME), step)
