"""The `resample` repair: draw columns of broken rows again until no rule is broken, up to a limit.

A draw is tried out on a copy: the rules that compute other columns run on it, then every rule that sees
the changed columns judges it. In sequence rules the first broken row of a group comes first, because a
later row may be broken only by what came before it, and a draw that breaks another row is refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from finsim.constraints.language.row_order import Order
from finsim.constraints.packs.rule import Rule, key_names
from finsim.constraints.repairing.breach_detection import breaches, sees_everything
from finsim.constraints.repairing.hot_deck import Ask, Draw
from finsim.constraints.repairing.repair_rounds import Redrawn, Rounds
from finsim.constraints.repairing.row_seeds import row_names, row_words
from finsim.constraints.repairing.sequential_repair import Terms
from finsim.constraints.repairing.table_under_repair import Workpiece
from finsim.constraints.tables.arrow_writeback import one_array
from finsim.constraints.tables.group_layout import combined
from finsim.errors import RuleError
from finsim.notation import Array, Bool1D, Int1D

_WRITERS = ("set", "clip", "project")


class Resampling:
    """Redraws rows of one table with one draw; called by ``Rounds``."""

    def __init__(self, draw: Draw, terms: Terms, digest: str) -> None:
        self.draw, self.terms, self.digest = draw, terms, digest
        self.judging = [rule for rule in terms.rules if rule.level != "plausible"]

    def __call__(self, piece: Workpiece, rule: Rule, rows: Int1D) -> Redrawn:
        """Return new cells for the rows for which a draw would do, and the rows given up."""
        trial = _Trial(self, piece, rule, rows)
        seed = self.draw.streams.word("repair", self.digest, rule.id)
        while len(trial.pending):
            words = row_words(seed, trial.names, trial.attempts[trial.pending])
            if not trial.attempt(words):
                break
        return trial.outcome()

    def sound(self, piece: Workpiece) -> Bool1D:
        """Return which rows break no rule, excused or not."""
        sound = np.ones(piece.source.rows, dtype=bool)
        for rows in breaches(self.judging, piece, self.terms.size, None).values():
            sound[rows] = False
        return sound


@dataclass(frozen=True)
class _Reach:
    """What a redraw may change: the rules that follow it, those that judge it, and the rows they need.

    ``groups`` are the columns of the groups that must be looked at whole, None for the whole table, ()
    when a row stands alone.
    """

    writers: tuple[Rule, ...]
    judges: tuple[Rule, ...]
    order: Order | None
    whole_table: bool


def _reach(rule: Rule, rules: Sequence[Rule], judging: Sequence[Rule]) -> _Reach:
    assert rule.repair is not None
    columns = set(rule.repair.columns)
    writers: list[Rule] = []
    while True:
        more = [one for one in rules if one not in writers and _writes(one) and one.columns & columns]
        if not more:
            break
        writers += more
        columns |= {column for one in more if one.repair for column in one.repair.columns}
    judges = [one for one in judging if one is rule or one.columns & columns]
    judges += [rule] if rule not in judges else []
    seeing = [*writers, *judges]
    orders = [one.order for one in (rule, *seeing) if one.order is not None]
    groups = {order.group for order in orders}
    whole = any(sees_everything(one) for one in seeing) or len(groups) > 1 or () in groups
    ranked = [one for one in rules if one in writers]
    return _Reach(tuple(ranked), tuple(judges), orders[0] if orders else None, whole)


def _writes(rule: Rule) -> bool:
    return rule.repair is not None and rule.repair.do in _WRITERS


class _Trial:
    """The rows under redraw with the rows of their groups, in a copy that only keeps what is accepted."""

    def __init__(self, job: Resampling, piece: Workpiece, rule: Rule, rows: Int1D) -> None:
        assert rule.repair is not None
        self.job, self.piece, self.rule = job, piece, rule
        self.columns = rule.repair.columns
        self.reach = _reach(rule, job.terms.rules, job.judging)
        self.group = self._groups()
        self.context = self._context(rows)
        self.base = piece.part(self.context)
        count = len(self.context)
        self.attempts = np.zeros(count, dtype=np.int64)
        self.changed = np.zeros(count, dtype=bool)
        self.draws = 0
        self._sound: Bool1D | None = None
        spec = piece.session.rules.tables[piece.name]
        self._all_names = row_names(
            self.base.source, key_names(spec), np.arange(count), piece.origins(self.context)
        )
        self.was = self._judged(self.base)
        self.barred = self.was[rule.id] & ~np.isin(self.context, rows)
        self.pending = self._first()

    @property
    def names(self) -> Array:
        """The names of the pending rows."""
        return self._all_names[self.pending]

    def _groups(self) -> Int1D:
        """Return the group of every row of the table; each row its own where no rule looks further."""
        source, order = self.piece.source, self.reach.order
        if order is None or self.reach.whole_table:
            return np.arange(source.rows)
        return combined([source.block(name, slice(None)) for name in order.group], source.rows)

    def _context(self, rows: Int1D) -> Int1D:
        if self.reach.whole_table:
            return np.arange(self.piece.source.rows)
        return np.flatnonzero(np.isin(self.group, np.unique(self.group[rows])))

    def _judged(self, piece: Workpiece) -> dict[str, Bool1D]:
        """Return for each judging rule which rows break it."""
        broken = breaches(self.reach.judges, piece, self.job.terms.size, self.job.terms.excused)
        flags = {name: np.zeros(piece.source.rows, dtype=bool) for name in broken}
        for name, rows in broken.items():
            flags[name][rows] = True
        return flags

    def _first(self) -> Int1D:
        """Return the first row of each group that is still broken and may be drawn again."""
        assert self.rule.repair is not None
        wanted = self.was[self.rule.id] & ~self.barred & (self.attempts < self.rule.repair.most)
        if self.reach.order is None or self.reach.whole_table:
            return np.flatnonzero(wanted)
        placed = self.base.arrangement(self.reach.order)
        order = np.arange(len(wanted)) if placed.permutation is None else placed.permutation
        rows = order[wanted[order]]
        _, first = np.unique(self.group[self.context[rows]], return_index=True)
        return np.sort(rows[first])

    def attempt(self, words: Array) -> bool:
        """Draw the pending rows once; False when there is nothing to draw from."""
        rows, source = self.pending, self.piece.source
        headers = {source.headers[name]: name for name in self.columns}
        ask = Ask(
            self.piece.table, self.context[rows], tuple(headers), words, self._likeness(), self._soundness
        )
        cells = self.job.draw(ask)
        if not cells:
            return False
        trial = self.base.part(None)
        for header, name in headers.items():
            trial.exchange(name, rows, self._checked(header, cells, len(rows)))
        Rounds(trial, self.reach.writers, self.job.terms).settle()
        self.attempts[rows] += 1
        self.draws += len(rows)
        self._accept(rows, trial)
        self.pending = self._first()
        return True

    def _accept(self, rows: Int1D, trial: Workpiece) -> None:
        now = self._judged(trial)
        bad = np.zeros(len(self.context), dtype=bool)
        harm = np.zeros(len(self.context), dtype=bool)
        for name, broken in now.items():
            bad |= broken
            harm |= broken & ~self.was[name]
        group = self.group[self.context]
        if not self.reach.whole_table:
            bad |= np.isin(group, np.unique(group[harm]))
        good = rows[~bad[rows]]
        self.changed[good] = True
        moved = np.isin(group, group[good])
        index = np.arange(len(moved)) + np.where(moved, len(moved), 0)
        both = pa.concat_tables([self.base.table, trial.table])
        self.base.session.sources = {
            **self.base.session.sources,
            self.base.name: self.base.session.source(self.base.name, both.take(pa.array(index))),
        }
        self.base = self.base.part(None)
        self.was = {name: np.where(moved, now[name], broken) for name, broken in self.was.items()}
        if self.reach.whole_table:
            self.was = self._judged(self.base)

    def outcome(self) -> Redrawn:
        """Return what was accepted and what is left broken."""
        done = np.flatnonzero(self.changed & ~self.was[self.rule.id])
        table, headers = self.base.table, self.base.source.headers
        cells = {name: one_array(table.column(headers[name]).take(pa.array(done))) for name in self.columns}
        left = self.context[np.flatnonzero(self.was[self.rule.id] & ~self.barred)]
        return Redrawn(self.context[done], cells, self.draws, left)

    def _checked(self, header: str, cells: Mapping[str, pa.Array], count: int) -> pa.Array:
        if header not in cells or len(cells[header]) != count:
            found = f"{len(cells[header])} cells" if header in cells else "no cells"
            raise RuleError(
                f"the draw gave {found} for column {header!r}",
                place=f"rule {self.rule.id}",
                expected=f"{count} cells",
                remedy="correct the draw that was handed to repair",
            )
        return one_array(cells[header])

    def _soundness(self) -> Bool1D:
        if self._sound is None:
            self._sound = self.job.sound(self.piece)
        return self._sound

    def _likeness(self) -> tuple[str, ...]:
        """Return the columns of labels that a redraw leaves alone, those that the rule reads first."""
        source = self.piece.source
        written = {name for rule in self.reach.writers if rule.repair for name in rule.repair.columns}
        labels = [
            name
            for name in source.headers
            if source.columns[name].type.kind in ("cat", "bool") and name not in {*self.columns, *written}
        ]
        labels.sort(key=lambda name: name not in self.rule.columns)
        return tuple(source.headers[name] for name in labels)
