"""``RepairReport``: what a repair changed, rule by rule, and the distance from the original data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from finsim.notation import Array, Int1D
from finsim.records.display.card import Card, Value
from finsim.records.display.fact_words import counted
from finsim.records.shown_rows import ShownTable

MANY = 0.05


@dataclass(frozen=True)
class RuleRepair:
    """What one rule's repair did.

    ``touched`` rows were changed, removed or flagged. ``move`` is the mean absolute move of changed cells
    in standard deviations of their columns as given (None when nothing numeric moved). ``shift`` is, for
    each column, the largest gap between its distributions before and after (two-sample Kolmogorov-Smirnov
    distance; for labels the total variation). ``acceptance`` is the share of redraws that were kept, and
    ``given_up`` the rows that it could not mend.
    """

    id: str
    do: str
    touched: int = 0
    move: float | None = None
    shift: Mapping[str, float] = field(default_factory=dict)
    acceptance: float | None = None
    given_up: int = 0
    warning: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return plain data."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__} | {"shift": dict(self.shift)}

    def to_text(self) -> str:
        """Return one line."""
        facts = [f"{self.do}, {self.touched:,} rows"]
        facts += [f"mean move {self.move:.3g} s.d."] if self.move is not None else []
        facts += [f"{self.acceptance:.0%} of redraws kept"] if self.acceptance is not None else []
        facts += [f"{self.given_up:,} rows given up"] if self.given_up else []
        facts += [f"shift {name} {amount:.2g}" for name, amount in self.shift.items() if amount >= 0.005]
        return f"{self.id}: {', '.join(facts)}" + (f"  ({self.warning})" if self.warning else "")


@dataclass(frozen=True)
class GivenUp:
    """Rows that no repair could mend, for one reason.

    ``rules`` are at odds in the first of them: none can be left out. ``outcome`` is ``flag`` (they stay as
    they were given) or ``drop``; ``count`` rows, the first of them (numbered as given) in ``rows``.
    """

    rules: tuple[str, ...]
    outcome: str
    count: int
    rows: tuple[int, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return plain data."""
        return {**vars(self), "rules": list(self.rules), "rows": list(self.rows)}

    @property
    def done(self) -> str:
        """What became of the rows."""
        return "dropped" if self.outcome == "drop" else "flagged"

    @property
    def why(self) -> str:
        """Why they were given up."""
        named = ", ".join(self.rules)
        return f"at odds: {named}" if len(self.rules) > 1 else f"its repair does not satisfy {named}"

    def to_text(self) -> str:
        """Return one line."""
        rows = ", ".join(map(str, self.rows)) + (", .." if self.count > len(self.rows) else "")
        done = "dropped" if self.outcome == "drop" else "left as given and flagged"
        return f"given up: {self.count:,} rows {done} (row {rows}); {self.why} in row {self.rows[0]}"


_COLUMNS = pa.schema(
    [
        ("id", pa.string()),
        ("do", pa.string()),
        ("touched", pa.int64()),
        ("given_up", pa.int64()),
        ("move", pa.float64()),
        ("acceptance", pa.float64()),
        ("warning", pa.string()),
    ]
)


@dataclass(frozen=True, repr=False)
class RepairReport(ShownTable):
    """What a repair did, rule by rule. ``left`` are rules still broken that have no repair.

    As a table it has one row a rule that repairs. ``given_up`` are rows that stayed broken after all rounds.
    """

    pack: str
    rows_before: int
    rows_after: int
    rounds: int
    rules: tuple[RuleRepair, ...]
    left: Mapping[str, int]
    given_up: tuple[GivenUp, ...] = ()

    def _table(self) -> pa.Table:
        rows = [{name: getattr(rule, name) for name in _COLUMNS.names} for rule in self.rules]
        return pa.Table.from_pylist(rows, _COLUMNS)

    def card(self) -> Card:
        """Return rows in and out, the repairs that did something, and what stayed broken."""
        touched = [rule for rule in self.rules if rule.touched]
        done = tuple(f"{rule.id} {rule.do} {counted(rule.touched, 'row')}" for rule in touched)
        facts: list[tuple[str, Value]] = [
            ("rows", f"{self.rows_before:,} in, {self.rows_after:,} out"),
            ("rounds", f"{self.rounds}"),
            ("repairs", done or "nothing to repair"),
            ("given up", counted(self.lost, "row") if self.lost else ""),
            ("still broken", tuple(f"{name} ({counted(rows, 'row')})" for name, rows in self.left.items())),
            ("warnings", tuple(self.warnings())),
        ]
        return Card(f"RepairReport: pack {self.pack}", tuple(facts), "to_text() lists every repair")

    @property
    def lost(self) -> int:
        """How many rows were given up: dropped or left broken, by rounds or by redraws."""
        redrawn = sum(rule.given_up for rule in self.rules if rule.do == "resample")
        return redrawn + sum(one.count for one in self.given_up)

    def touched(self) -> dict[str, int]:
        """Return rule id -> rows changed, removed or flagged."""
        return {rule.id: rule.touched for rule in self.rules}

    def warnings(self) -> list[str]:
        """Return what a user should know before trusting the result."""
        return [f"{rule.id}: {rule.warning}" for rule in self.rules if rule.warning]

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {
            "pack": self.pack,
            "rows_before": self.rows_before,
            "rows_after": self.rows_after,
            "rounds": self.rounds,
            "rules": [rule.to_dict() for rule in self.rules],
            "left": dict(self.left),
            "given_up": [one.to_dict() for one in self.given_up],
        }

    def to_text(self) -> str:
        """Return the report for a terminal."""
        lines = [f"repaired with pack {self.pack}: {self.rows_before:,} rows in, {self.rows_after:,} out"]
        lines += [f"  {rule.to_text()}" for rule in self.rules if rule.touched or rule.given_up]
        if len(lines) == 1:
            lines.append("  nothing to repair")
        lines += [f"  {one.to_text()}" for one in self.given_up]
        lines += [
            f"  {name}: {count:,} rows break it and it has no repair" for name, count in self.left.items()
        ]
        return "\n".join(lines)


class Account:
    """The account of one rule's repair while it goes on."""

    def __init__(self, rule_id: str, do: str) -> None:
        self.id, self.do = rule_id, do
        self.draws = self.kept = self.given_up = 0
        self._rows: list[Int1D] = []
        self._cells: dict[str, list[_Cells]] = {}
        self._removed: dict[str, float] = {}

    def touch(self, origins: Int1D) -> None:
        """Note rows, by the numbers they had at the start."""
        self._rows.append(origins)

    def cells(self, column: str, origins: Int1D, old: Array, new: Array, deviation: float | None) -> None:
        """Note changed cells of a column; ``deviation`` is None for labels, whose codes are given."""
        self._cells.setdefault(column, []).append(_Cells(origins, old, new, deviation))

    def removed(self, column: str, gone: Array, every: Array) -> None:
        """Note numbers that left a column with their rows."""
        self._removed[column] = self._removed.get(column, 0.0) + shift_of_removal(gone, every)

    def closed(self, rows: int, put_back: Int1D) -> RuleRepair:
        """Return the account for a table of so many rows, of which some were put back as they were."""
        every = np.unique(np.concatenate(self._rows)) if self._rows else np.zeros(0, dtype=np.int64)
        touched = len(every) if self.do in ("drop", "flag") else int(np.sum(~np.isin(every, put_back)))
        shift, moves = {}, [np.zeros(0)]
        for column, given in self._cells.items():
            net = _net(given).without(put_back)
            shift[column] = shift_of_change(net.old, net.new, rows, net.deviation is None)
            moves.append(net.moves())
        acceptance = self.kept / self.draws if self.draws else None
        warning = ""
        if touched > MANY * rows and self.do != "flag":
            warning = f"{touched / max(rows, 1):.0%} of rows touched: train with the rule"
        far = np.concatenate(moves)
        move = float(far.sum()) / len(far) if len(far) else None
        found = {**shift, **self._removed}
        return RuleRepair(self.id, self.do, touched, move, found, acceptance, self.given_up, warning)


@dataclass(frozen=True)
class _Cells:
    """Cells of a column that a repair changed, with the rows as given; ``deviation`` None: labels."""

    origins: Int1D
    old: Array
    new: Array
    deviation: float | None

    def without(self, rows: Int1D) -> _Cells:
        """Return the cells of other rows."""
        if not len(rows):
            return self
        stays = ~np.isin(self.origins, rows)
        return _Cells(self.origins[stays], self.old[stays], self.new[stays], self.deviation)

    def moves(self) -> Array:
        """Return how far numbers moved, in standard deviations of their column; nothing for labels."""
        if not self.deviation:
            return np.zeros(0)
        far = np.abs(self.new - self.old)
        moved: Array = far[np.isfinite(far) & (far > 0)] / self.deviation
        return moved


def _net(rounds: Sequence[_Cells]) -> _Cells:
    """Return each cell once: as it was before the first round that changed it, and after the last."""
    origins = np.concatenate([one.origins for one in rounds])
    rows, first = np.unique(origins, return_index=True)
    last = len(origins) - 1 - np.unique(origins[::-1], return_index=True)[1]
    old, new = (np.concatenate([getattr(one, name) for one in rounds]) for name in ("old", "new"))
    return _Cells(rows, old[first], new[last], rounds[0].deviation)


def shift_of_change(old: Array, new: Array, rows: int, labels: bool = False) -> float:
    """Return the two-sample KS distance of a column of ``rows`` cells, some of which changed.

    Unchanged cells cancel, so old and new values of the changed ones suffice. For ``labels`` it is the
    total variation. Nulls (NaN) count for nothing.
    """
    old, new = old[~np.isnan(old)], new[~np.isnan(new)]
    if not rows or not len(old) + len(new):
        return 0.0
    values, place = np.unique(np.concatenate((old, new)), return_inverse=True)
    sign = np.concatenate((-np.ones(len(old)), np.ones(len(new))))
    net = np.bincount(place.reshape(-1), weights=sign, minlength=len(values))
    gap = np.abs(net).sum() / 2 if labels else np.abs(np.cumsum(net)).max()
    return float(gap / rows)


def shift_of_removal(gone: Array, every: Array) -> float:
    """Return the KS distance between a column and what is left of it without the cells ``gone``.

    With k of n cells gone, the distance is k / (n - k) times that between the gone and all.
    """
    gone, n = np.sort(gone[~np.isnan(gone)]), int(np.count_nonzero(~np.isnan(every)))
    k = len(gone)
    if k == 0 or n == 0:
        return 0.0
    if k == n:
        return 1.0
    points = np.unique(gone)
    below = np.searchsorted(points, every[~np.isnan(every)], side="left")
    at = np.isin(every[~np.isnan(every)], points)
    strictly = np.cumsum(np.bincount(below[~at], minlength=len(points) + 1))[: len(points)]
    exactly = np.cumsum(np.bincount(below[at], minlength=len(points)))[: len(points)]
    all_upto, all_under = strictly + exactly, strictly + np.concatenate(([0], exactly[:-1]))
    gone_upto = np.searchsorted(gone, points, side="right")
    gone_under = np.searchsorted(gone, points, side="left")
    gaps = np.concatenate((gone_upto / k - all_upto / n, gone_under / k - all_under / n))
    return float(np.abs(gaps).max() * k / (n - k))
