"""Repair in rounds: every rule in turn, again on the stored values, until none is broken."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from finsim.constraints.evaluating.evaluator_interface import Block
from finsim.constraints.evaluating.interpreter import Interpreter
from finsim.constraints.packs.rule import Rule
from finsim.constraints.repairing.breach_detection import Watch, blocks_of, group_places, needs_order
from finsim.constraints.repairing.project_repair import Projection
from finsim.constraints.repairing.repair_report import Account
from finsim.constraints.repairing.repaired_values import (
    Mended,
    Overlay,
    at_places,
    joined,
    looks_back_at_itself,
)
from finsim.constraints.repairing.running_balance import recomputed, running_identity
from finsim.constraints.repairing.sequential_repair import Terms, one_by_one
from finsim.constraints.repairing.table_under_repair import Workpiece, is_number, numbers
from finsim.constraints.tables.arrow_writeback import one_array
from finsim.constraints.tables.group_layout import arrange, combined
from finsim.constraints.tables.nullable_vectors import solid, spread
from finsim.notation import Bool1D, Int1D

MAX_ROUNDS = 4


@dataclass(frozen=True)
class Redrawn:
    """The outcome of redrawing: rows with new cells by column, how many draws it took, rows given up."""

    rows: Int1D
    cells: Mapping[str, pa.Array]
    draws: int
    given_up: Int1D


Redraw = Callable[[Workpiece, Rule, Int1D], Redrawn]


class Rounds:
    """The repairs of some rules on one table. ``redraw`` None gives up rows that would be resampled."""

    def __init__(
        self, piece: Workpiece, acting: Sequence[Rule], terms: Terms, redraw: Redraw | None = None
    ) -> None:
        self.piece, self.terms, self.redraw = piece, terms, redraw
        self.acting = [rule for rule in acting if rule.repair is not None and rule.repair.do != "flag"]
        self.accounts = {rule.id: Account(rule.id, _do(rule)) for rule in acting}
        self.watch = Watch(piece, acting, terms.size, terms.excused)
        self.given_up: dict[str, Int1D] = {}
        self.frozen: Int1D = np.zeros(0, dtype=np.int64)  # rows as given that nothing may change any more
        self.count = 0
        self.last: list[str] = []
        self.struggling: dict[str, Int1D] = {}  # rule -> rows as given that it had to mend in the last round

    def settle(self) -> dict[str, Int1D]:
        """Run rounds until one finds nothing to do; return the rules and rows that four did not mend."""
        broken: dict[str, Int1D] = {}
        opened: dict[str, Int1D] = {}
        for self.count in range(MAX_ROUNDS + 1):
            self.last, broken = list(broken), {}
            before, opened = opened, {}
            for rule in self.acting:
                rows = self.open(rule)
                if len(rows):
                    broken[rule.id], opened[rule.id] = rows, self.piece.origins(rows)
                    if self.count < MAX_ROUNDS:
                        self._act(rule, rows)
            if not broken:
                break
        none = np.zeros(0, dtype=np.int64)
        self.struggling = {
            name: np.union1d(before.get(name, none), opened.get(name, none)) for name in {**before, **opened}
        }
        return broken

    def all_open(self) -> dict[str, Int1D]:
        """Return the rules that are broken, with their rows, and note that these struggle; mend nothing."""
        broken = {rule.id: rows for rule in self.acting if len(rows := self.open(rule))}
        self.struggling = {name: self.piece.origins(rows) for name, rows in broken.items()}
        return broken

    def open(self, rule: Rule) -> Int1D:
        """Return the rows that break a rule and are not given up."""
        rows = self.watch.rows(rule)
        left = self.given_up.get(rule.id, self.frozen[:0])
        left = left if _do(rule) == "drop" else np.union1d(left, self.frozen)
        return rows[~np.isin(self.piece.origins(rows), left)] if len(left) else rows

    def give_up(self, rule: Rule, rows: Int1D) -> None:
        """Leave some rows of the table as they are under a rule."""
        before = self.given_up.get(rule.id, np.zeros(0, dtype=np.int64))
        self.given_up[rule.id] = np.union1d(before, self.piece.origins(rows))

    def freeze(self, rows: Int1D, given: pa.Table) -> None:
        """Put some rows of the table back as they were ``given``, and leave them so."""
        piece, source = self.piece, self.piece.source
        origins = piece.origins(rows)
        self.frozen = np.union1d(self.frozen, origins)
        columns = dict.fromkeys(name for rule in self.acting if rule.repair for name in rule.repair.columns)
        for name in columns:
            piece.exchange(name, rows, one_array(given.column(source.headers[name]).take(pa.array(origins))))
        for rule in self.acting:
            self.watch.changed(list(columns), rows, rule)

    def drop(self, rule: Rule, rows: Int1D) -> None:
        """Remove some rows of the table on account of a rule."""
        self._drop(rule, rows)

    def frozen_rows(self) -> Bool1D:
        """Return which rows of the table nothing may change any more."""
        return np.isin(self.piece.origins(np.arange(self.piece.source.rows)), self.frozen)

    def _act(self, rule: Rule, rows: Int1D) -> None:
        do = _do(rule)
        if do == "sort":
            self._sort(rule, rows)
        elif do == "drop":
            self._drop(rule, self._dropped(rule, rows))
        elif do == "resample":
            self._resample(rule, rows)
        else:
            self._write(rule, self._mended(rule, rows))

    def _mended(self, rule: Rule, rows: Int1D) -> Mended:
        piece, terms = self.piece, self.terms
        projection = Projection(rule, terms.rules, piece) if _do(rule) == "project" else None
        if looks_back_at_itself(rule):
            barred = self.frozen_rows() if len(self.frozen) else None
            parts = running_identity(rule) if rule.level == "invariant" and barred is None else None
            quick = recomputed(rule, parts, piece, rows) if parts is not None else None
            return quick or one_by_one(rule, piece, rows, terms, projection, barred)
        run = Interpreter(piece.world([rule, *(projection.companions if projection is not None else [])]))
        if projection is not None:
            overlay = Overlay(piece.source, projection.columns)
            run.begin(Block(piece.source, rows, len(rows)))
            moved = projection.moved(run, np.arange(len(rows)), overlay)
            overlay.restore()
            return moved
        order = rule.order if needs_order(rule) else None
        wanted = np.zeros(piece.source.rows, dtype=bool)
        wanted[rows] = True
        places = rows if order is None else group_places(piece, order, rows)
        parts_of = [
            at_places(rule, run, seen, np.flatnonzero(wanted[seen]))
            for seen in blocks_of(piece, order, places, run, terms.size)
        ]
        return joined(parts_of)

    def _write(self, rule: Rule, found: Mended) -> None:
        """Write the new values that differ from the old."""
        piece, source = self.piece, self.piece.source
        for column, values in found.values.items():
            rows, new = found.rows[found.valid], values[found.valid]
            old = source.block(column, rows)
            same = solid(old.valid, len(rows)) & (spread(old.values, len(rows)) == new)
            rows, new = rows[~same], new[~same]
            if len(rows):
                before = numbers(source, column, rows)
                piece.put(column, rows, new)
                self._note(rule, column, rows, before)
        self.watch.changed(list(found.values), found.rows, rule)

    def _note(self, rule: Rule, column: str, rows: Int1D, before: np.ndarray) -> None:
        source, account = self.piece.source, self.accounts[rule.id]
        account.touch(self.piece.origins(rows))
        deviation = self.piece.deviation(column) if is_number(source, column) else None
        account.cells(column, self.piece.origins(rows), before, numbers(source, column, rows), deviation)

    def _resample(self, rule: Rule, rows: Int1D) -> None:
        assert rule.repair is not None
        account, piece = self.accounts[rule.id], self.piece
        none = Redrawn(rows[:0], {}, 0, rows)
        drawn = none if self.redraw is None else self.redraw(piece, rule, rows)
        account.draws, account.kept = account.draws + drawn.draws, account.kept + len(drawn.rows)
        for column, cells in drawn.cells.items():
            before = numbers(piece.source, column, drawn.rows)
            piece.exchange(column, drawn.rows, cells)
            self._note(rule, column, drawn.rows, before)
        self.watch.changed(rule.repair.columns, drawn.rows, rule)
        account.given_up += len(drawn.given_up)
        if not len(drawn.given_up):
            return
        if rule.repair.otherwise == "drop":
            self._drop(rule, drawn.given_up)
        else:
            self.give_up(rule, drawn.given_up)

    def _dropped(self, rule: Rule, rows: Int1D) -> Int1D:
        repair, source = rule.repair, self.piece.source
        assert repair is not None
        if repair.group is not None:
            key = combined([source.block(name, slice(None)) for name in repair.group], source.rows)
            return np.flatnonzero(np.isin(key, np.unique(key[rows])))
        if not looks_back_at_itself(rule):
            return rows
        return one_by_one(rule, self.piece, rows, self.terms).rows

    def _drop(self, rule: Rule, rows: Int1D) -> None:
        source, account = self.piece.source, self.accounts[rule.id]
        account.touch(self.piece.origins(rows))
        for column in sorted(rule.columns & set(source.headers)):
            if is_number(source, column):
                account.removed(column, numbers(source, column, rows), numbers(source, column, slice(None)))
        stays = np.ones(source.rows, dtype=bool)
        stays[rows] = False
        self._keep(np.flatnonzero(stays))

    def _sort(self, rule: Rule, rows: Int1D) -> None:
        order = _sorted(self.piece, rule, rows)
        self.accounts[rule.id].touch(self.piece.origins(np.flatnonzero(order != np.arange(len(order)))))
        self._keep(order)

    def _keep(self, rows: Int1D) -> None:
        count = self.piece.source.rows
        self.piece.keep(rows)
        self.watch.moved(rows, count)


def _do(rule: Rule) -> str:
    return rule.repair.do if rule.repair is not None else ""


def _sorted(piece: Workpiece, rule: Rule, broken: Int1D) -> Int1D:
    """Return the rows with those of each offending group sorted by the `by` columns, stably.

    The rows of a group share out the places that the group had; other groups stay as they are.
    """
    assert rule.order is not None
    source = piece.source
    group = [source.block(name, slice(None)) for name in rule.order.group]
    by = [source.block(name, slice(None)) for name in rule.order.by]
    stands, wanted = piece.arrangement(rule.order), arrange(group, by, source.rows)
    every = np.arange(source.rows)
    places = every if stands.permutation is None else stands.permutation
    rows = every if wanted.permutation is None else wanted.permutation
    slot_of = np.empty(source.rows, dtype=np.int64)
    slot_of[places] = stands.slots
    bad = np.isin(stands.slots, np.unique(slot_of[broken]))
    order = every.copy()
    order[places[bad]] = rows[bad]
    return order
