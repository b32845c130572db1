"""Words that one entity alone has: they are replaced before anything is learned, so none can come out.

A counterparty of one entity gets a new name of the same form, and the columns that it tells are those of
another such counterparty. A rare word of another column becomes a word that several entities have, in rows
alike; in a column where most words are rare (names, references) they get new names.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from finsim.generators.events.habits.cells.contexts import information, levels, pooled_words
from finsim.generators.events.habits.cells.usual_cells import usual_codes
from finsim.notation import Array, Int1D
from finsim.randomness import Streams
from finsim.records.event_log import NAME_ONLY, EventLog
from finsim.records.mixed_table import NUMBER, WORD, MixedColumn, MixedTable
from finsim.tables.new_ids.id_form import IdForm
from finsim.tables.new_ids.names_alike import names_alike

LEAST_ENTITIES = 2
"""Entities that must have a word before it may come out."""
OFTEN_RARE = 0.25
"""Share of cells with private words from which on a column holds names, not levels (assumption)."""
TOLD = 0.95
"""Share of the rows of a counterparty with its usual cell from which on it tells a column (assumption)."""
BEYOND = 0.8
"""Part of the way from the share of the commonest cell to 1 that it must tell beyond it (assumption)."""
CODES = ("direction", "currency")
LEVELS = ("category", "channel")
MADE_ANEW = ""
"""Stands for an account outside the log that gets its name when it is known how many entities there are."""


def words_digest(log: EventLog) -> str:
    """Return the sha256 of the columns of the events with their kinds and words, hexadecimal."""
    digest = hashlib.sha256()
    for name, one in log.events.columns.items():
        digest.update(f"{name}\0{one.kind}\0{chr(0).join(one.words)}\0".encode())
    return digest.hexdigest()


def outer_form(log: EventLog) -> dict[str, Any]:
    """Return the ``IdForm`` of the entities of a log and of the accounts outside it, plain JSON."""
    words = log.events[log.roles.partner].words if log.roles.partner and log.partner_is_entity else ()
    words = tuple(word for word in words if not word.startswith(NAME_ONLY))
    return IdForm.of((*words[: log.count], *words)).to_dict()


def without_private(log: EventLog, streams: Streams) -> EventLog:
    """Return the log without words that one entity alone has; see the head of the module."""
    entity, partner = log.entity(), log.roles.partner
    kept = {log.roles.named()[part] for part in CODES if part in log.roles.named()}
    levels_only = {log.roles.named()[part] for part in LEVELS if part in log.roles.named()}
    free = [name for name, one in log.events.columns.items()
            if one.kind == WORD and one.words and name != partner and name not in kept]  # fmt: skip
    events = log.events
    for name in free:
        owners = _owners(events[name], entity, log.count)
        found = _common(
            events, name, owners, name in levels_only, [*free, *kept], streams.under("words", name)
        )
        events = events.with_columns({name: found})
    if partner is not None and events[partner].words:
        events = _with_common_numbers(events, log, free, streams)
        owners = _owners(events[partner], entity, log.count)
        is_private = owners < LEAST_ENTITIES
        events = _dealt(events, log, is_private, streams.under("told"))
        events = events.with_columns({partner: _renamed_partner(events[partner], log, is_private, streams)})
    people = log.entities
    for name, one in people.columns.items():
        if one.kind == WORD and one.words and log.count > 1:
            owners = _owners(one, np.arange(log.count), log.count)
            names = [other for other, column in people.columns.items() if column.kind == WORD]
            found = _common(people, name, owners, False, names, streams.under("attributes", name))
            people = people.with_columns({name: found})
    ordered = MixedTable({name: events[name] for name in log.events.columns}, events.rows)
    return replace(log, events=ordered, entities=people)


def _with_common_numbers(events: MixedTable, log: EventLog, names: list[str], streams: Streams) -> MixedTable:
    """Return the events in which numbers that counterparties tell (codes, places) are of several entities."""
    payee = events[str(log.roles.partner)].values.astype(np.int64)
    for name, one in events.columns.items():
        if one.kind != NUMBER or name == log.roles.amount or not _is_told(one, payee):
            continue
        coded = _as_words(one)
        owners = _owners(coded, log.entity(), log.count)
        rare = (coded.values >= 0) & (owners < LEAST_ENTITIES)[np.maximum(coded.values, 0)]
        common = np.flatnonzero((coded.values >= 0) & ~rare)
        if rare.any() and len(common):
            table = events.with_columns({name: coded})
            rng = streams.at("numbers", name)
            cells = _replaced(table, name, rare, common, names, rng)
            first = np.zeros(len(coded.words), np.int64)
            first[coded.values] = np.arange(len(cells))
            kept = one.values.copy()
            kept[rare] = one.values[first[cells[rare]]]
            events = events.with_columns({name: one.with_values(kept)})
    return events


def _as_words(column: MixedColumn) -> MixedColumn:
    """Return the numbers of a column as words, which are not written out."""
    values, codes = np.unique(column.values, return_inverse=True)
    codes = np.where(np.isnan(column.values), -1, codes)
    return MixedColumn(WORD, codes.astype(np.int32), ("",) * len(values))


def _owners(column: MixedColumn, entity: Int1D, count: int) -> Int1D:
    """Return int64[W], how many entities have each word."""
    there = column.values >= 0
    pairs = np.unique(column.values[there].astype(np.int64) * count + entity[there])
    return np.bincount(pairs // count, minlength=len(column.words))


def _common(
    table: MixedTable, name: str, owners: Int1D, is_level: bool, names: list[str], streams: Streams
) -> MixedColumn:
    """Return a column whose private words are replaced by those of rows alike, or have new names."""
    column = table[name]
    is_private = owners < LEAST_ENTITIES
    there = column.values >= 0
    rare = there & is_private[np.maximum(column.values, 0)]
    # What nearly every row has anew is free text, whatever part the column plays.
    met = np.bincount(column.values[there], minlength=len(column.words))
    is_level = is_level and (met == 1).sum() <= OFTEN_RARE * there.sum()
    if is_private.all() and is_level:
        return column
    rng = streams.at("draws")
    common = np.flatnonzero(there & ~rare)
    is_name = rare.sum() > OFTEN_RARE * there.sum()
    if rare.any() and len(common) and (is_level or not is_name):
        column = column.with_values(_replaced(table, name, rare, common, names, rng))
    elif is_level:
        return column
    return replace(column, words=_renamed(column.words, np.flatnonzero(is_private), rng))


def _renamed(words: tuple[str, ...], places: Int1D, rng: np.random.Generator) -> tuple[str, ...]:
    found = list(words)
    for place, word in zip(places, new_names(words, places, rng), strict=True):
        found[place] = word
    return tuple(found)


def new_names(words: Sequence[str], places: Int1D, rng: np.random.Generator) -> list[str]:
    """Return a new name for each of the words at ``places``: accounts like accounts, shops like shops."""
    is_name = np.array([word.startswith(NAME_ONLY) for word in words], dtype=np.bool_)
    found = [""] * len(places)
    for sort, mark in ((False, ""), (True, NAME_ONLY)):
        of_sort = np.flatnonzero(is_name == sort)
        mine = np.flatnonzero(is_name[places] == sort)
        if not len(mine) and sort:
            continue
        known = [words[k][len(mark) :] for k in of_sort.tolist()]
        made = names_alike(known, np.searchsorted(of_sort, places[mine]).tolist(), rng)
        for at, word in zip(mine.tolist(), made, strict=True):
            found[at] = mark + word
    return found


def _replaced(
    table: MixedTable, name: str, rare: Array, common: Int1D, names: list[str], rng: np.random.Generator
) -> Array:
    """Return the cells of a column, each rare word as that of a common row with the same other word."""
    cells = table[name].values.copy()
    words, first, inverse = np.unique(cells[rare], return_index=True, return_inverse=True)
    row = np.flatnonzero(rare)[first]
    beside = best_beside(table, name, names)
    drawn = common[(rng.random(len(words)) * len(common)).astype(np.int64)]
    if beside is not None:
        code = levels(table[beside])
        order = common[np.argsort(code[common], kind="stable")]
        low = np.searchsorted(code[order], code[row], side="left")
        wide = np.searchsorted(code[order], code[row], side="right") - low
        at = low + (rng.random(len(words)) * wide).astype(np.int64)
        drawn = np.where(wide > 0, order[np.minimum(at, len(order) - 1)], drawn)
    cells[rare] = table[name].values[drawn][inverse]
    return np.asarray(cells)


def best_beside(table: MixedTable, name: str, names: list[str]) -> str | None:
    """Return the other column of words that tells most of a column, None where none tells anything."""
    own = pooled_words(table[name])[levels(table[name])]
    worth = {
        other: information(own, pooled_words(table[other])[levels(table[other])])
        for other in names
        if other != name
    }
    best = max(worth, key=lambda one: worth[one], default=None)
    return best if best is not None and worth[best] > 2e-3 else None


def _dealt(events: MixedTable, log: EventLog, is_private: Array, streams: Streams) -> MixedTable:
    """Return the events in which private counterparties tell what others of them told.

    Column by column, among counterparties with the same word in the column that tells most of it, and of
    entities with the same usual word: no tuple is handed on whole, and homes stay. Category, direction and
    currency stay, on which amounts rest.
    """
    by_part = log.roles.named()
    partner = str(log.roles.partner)
    code = events[partner].values.astype(np.int64)
    rows = np.flatnonzero((code >= 0) & is_private[np.maximum(code, 0)])
    payees, first, inverse = np.unique(code[rows], return_index=True, return_inverse=True)
    if len(payees) < 2 or log.partner_is_entity:
        return events
    done = [name for part, name in by_part.items() if part in ("category", *CODES)]
    table = MixedTable({name: events[name] for name in done if events[name].kind == WORD}, events.rows)
    whole = table
    told = {
        name: one if one.kind == WORD else _as_words(one)
        for name, one in events.columns.items()
        if name not in by_part.values() and one.kind in (WORD, NUMBER) and _is_told(one, code)
    }
    owner = log.entity()
    for name in sorted(told, key=lambda one: (len(np.unique(told[one].values)), one)):
        seen = whole.with_columns({name: told[name]})
        beside = best_beside(seen, name, list(table.columns))
        none = np.zeros(len(payees), np.int64)
        now, before = (levels(one[beside])[rows[first]] if beside else none for one in (table, whole))
        usual = usual_codes(levels(told[name]), owner, log.count)[owner[rows[first]]]
        draws = streams.at("draws", name).random(len(payees))
        giver = _givers(now, before, usual, draws)
        cells, codes = events[name].values.copy(), told[name].values.copy()
        cells[rows] = cells[rows[first]][giver][inverse]
        codes[rows] = codes[rows[first]][giver][inverse]
        events = events.with_columns({name: events[name].with_values(cells)})
        table = table.with_columns({name: told[name].with_values(codes)})
        whole = seen
    return events


def _givers(now: Int1D, before: Int1D, usual: Int1D, draws: Array) -> Int1D:
    """Return the giver int64[n] of each counterparty: one whose word beside was what the taker's is now.

    ``now`` holds the words of ``before`` in another order; neighbors have the same ``usual`` word.
    """
    takers, givers = np.lexsort((draws, usual, now)), np.lexsort((draws, usual, before))
    ordered = now[takers]
    low = np.searchsorted(ordered, ordered, side="left")
    wide = np.searchsorted(ordered, ordered, side="right") - low
    found = np.empty(len(now), np.int64)
    found[takers] = givers[low + (np.arange(len(now)) - low + 1) % wide]
    return found


def _is_told(column: MixedColumn, payee: Int1D) -> bool:
    """Tell whether counterparties of several rows have nearly always the same cell."""
    codes = np.unique(column.values, return_inverse=True)[1].astype(np.int64)
    size = int(codes.max(initial=0)) + 1
    there = payee >= 0
    key, counts = np.unique(payee[there] * size + codes[there], return_counts=True)
    owner = key // size
    rows = np.bincount(owner, counts)
    most = np.zeros(len(rows))
    np.maximum.at(most, owner, counts)
    many = rows > 1
    if not many.any():
        return False
    agree, alone = most[many].sum() / rows[many].sum(), np.bincount(codes).max() / len(codes)
    return bool(agree >= TOLD and agree >= alone + BEYOND * (1.0 - alone))


def _renamed_partner(column: MixedColumn, log: EventLog, is_private: Array, streams: Streams) -> MixedColumn:
    if not log.partner_is_entity:
        places = np.flatnonzero(is_private)
        return replace(column, words=_renamed(column.words, places, streams.at("names")))
    anew = np.flatnonzero(is_private & (np.arange(len(column.words)) >= log.count))
    is_name = np.array([column.words[k].startswith(NAME_ONLY) for k in anew], dtype=np.bool_)
    words = list(_renamed(column.words, anew[is_name], streams.at("names")))
    for k in anew[~is_name]:
        words[k] = MADE_ANEW
    return replace(column, words=tuple(words))
