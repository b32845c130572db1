"""Relations of two columns that hold in every real row: does the synthetic side keep them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from finsim.evaluation.attacks.intervals import clopper_pearson, design_effect, excess_chance
from finsim.evaluation.metric import STRESS, Metric, Score, judge_distance
from finsim.evaluation.real_data.computed_rules import computed_rules
from finsim.evaluation.real_data.linked_rules import linked_rules
from finsim.evaluation.tables.column_pairs import DATE, NUMBER, ColumnPair
from finsim.evaluation.tables.enough import too_little
from finsim.evaluation.tables.table_case import TableCase
from finsim.notation import Array, Bool1D
from finsim.tables.links.link import MOST_FREE

LEAST = 50
"""Real rows that a relation must have been seen in."""
SAMPLE, MOST = 2_000, 60
"""Rows on which relations are looked for first, and columns of a kind that are looked at."""
BROKEN_BY_CHANCE = 0.05
"""Share of rows in which columns in random order break a relation that says something; assumption."""
PER_LEVEL = 5
"""Rows a level, so that it is no name that determines everything."""

Sides = tuple[Array, Array, Array | None]
Check = Callable[[Array, Array], tuple[Bool1D, Bool1D]]
"""Two columns of one side -> (rows where both have a say, rows of those that break the relation)."""


@dataclass(frozen=True)
class Rule:
    """A relation of two columns in words, their values on each side, and the check of a side.

    ``exceptions``: share of real rows that may break it.
    """

    told: str
    left: Sides
    right: Sides
    broken: Check
    exceptions: float = 0.0

    def count(self, side: int) -> tuple[Bool1D, Bool1D]:
        """Return (asked, broken) bool[n] of the real, the synthetic or the held-out side."""
        left, right = self.left[side], self.right[side]
        if left is None or right is None:
            return np.zeros(0, dtype=bool), np.zeros(0, dtype=bool)
        return self.broken(left, right)


def measure(case: TableCase) -> list[Score]:
    """Return one score: the largest share of synthetic rows that break a relation of all real rows.

    Relations are looked for: a number or day never above another (in days, where one of two dates has no
    hours), a level that determines another column's,
    two columns that are empty together, a number that in nearly all rows of some words is another one, that
    times one of few factors or a rate of the month, or 0; a number that arithmetic, another one for each
    word, or a period of a date tells. One counts that columns in random order break.
    """
    subject = "all relations"
    if why := too_little(len(case.columns), {"real": case.rows_real, "synthetic": case.rows_own}, LEAST):
        return [METRIC.missing(subject, why)]
    rules = [rule for rule in _candidates(case) if _holds(case, rule)]
    if not rules:
        return [METRIC.missing(subject, "no two columns have a relation that holds in every real row")]
    judged = [(rule, *_broken(case, rule, len(rules))) for rule in rules]
    worst, share, chance = min(judged, key=lambda one: (one[2], -one[1]))
    asked, broken = worst.count(1)
    control = [worst.count(side) for side in (0, 2)]
    held, known = (sum(int(one[k].sum()) for one in control) for k in (1, 0))
    hits, rows = int(broken.sum()), int(asked.sum())
    goal = clopper_pearson(held, known, 1.0 - 0.1 / len(rules))[1] + METRIC.delta
    ceiling = _shuffled(case, worst)
    nearly = "nearly " if any(sum(int(one.sum()) for one in rule.count(0)[1:]) for rule in rules) else ""
    note = f"{len(rules)} relations hold in {nearly}every real row; {worst.told}: "
    note += f"{hits:,} of {rows:,} break it"
    note += f", {held:,} of {known:,} real ones with the hold-out" if case.rows_spare else ""
    interval = clopper_pearson(hits, rows) if rows else (0.0, 1.0)
    judged_as = judge_distance(share, goal, ceiling)
    score = METRIC.scored(subject, share, interval, rows, (0.0, ceiling, goal), judged_as, note)
    return [replace(score, p=chance)]


def _broken(case: TableCase, rule: Rule, rules: int) -> tuple[float, float]:
    """Return the share of synthetic rows that break a rule, and its chance times the number of rules."""
    asked, broken = rule.count(1)
    rows, hits = int(asked.sum()), int(broken.sum())
    if rows == 0:
        return 0.0, 1.0
    who = case.entity_own
    spread = design_effect([(broken[asked], None if who is None else who[asked])])
    control = [rule.count(side) for side in (0, 2)]
    held, known = (sum(int(one[k].sum()) for one in control) for k in (1, 0))
    chance = excess_chance((hits, rows), (held, known), METRIC.delta, spread=spread)
    return hits / rows, min(rules * chance, 1.0)


def _holds(case: TableCase, rule: Rule) -> bool:
    asked, broken = rule.count(0)
    held = broken.sum() <= rule.exceptions * asked.sum()
    return bool(asked.sum() >= LEAST and held and _shuffled(case, rule) >= BROKEN_BY_CHANCE)


def _shuffled(case: TableCase, rule: Rule) -> float:
    """Return the share of rows that break a rule once one of its columns is in random order."""
    real = rule.left[0]
    order = case.streams.at("column rules", "shuffled").permutation(len(real))
    asked, broken = rule.broken(real[order], rule.right[0])
    return float(broken.sum() / max(int(asked.sum()), 1))


def _candidates(case: TableCase) -> Iterator[Rule]:
    """Yield the relations that hold on a sample of the real rows."""
    rng = case.streams.at("column rules", "sample")
    rows = rng.permutation(case.rows_real)[:SAMPLE]
    for kind in (NUMBER, DATE):
        some = [one for one in case.columns if one.kind == kind][:MOST]
        for left in some:
            for right in some:
                if left is right:
                    continue
                low, high = _of(left), _of(right)
                if kind == DATE and _is_dated(left) != _is_dated(right):
                    low, high = _days(left), _days(right)
                if not _above(low[0][rows], high[0][rows])[1].any():
                    yield Rule(f"{left.name} at most {right.name}", low, high, _above)
    words = [one for one in case.columns if one.is_category][:MOST]
    for left in words:
        if len(np.unique(left.real[left.real >= 0])) * PER_LEVEL > case.rows_real:
            continue
        for right in words:
            known = determined(left.real, right.real)
            if left is not right and known is not None:
                told = f"{left.name} determines {right.name}"
                yield Rule(told, _of(left), _of(right), _other_than(known))
    for told, low, high, check in linked_rules(case):
        yield Rule(told, low, high, check, exceptions=MOST_FREE)
    for told, low, high, rule in computed_rules(case):
        yield Rule(told, low, high, rule, exceptions=MOST_FREE)
    holes = [one for one in case.columns if one.missing(one.real).any()][:MOST]
    for k, left in enumerate(holes):
        for right in holes[k + 1 :]:
            sides = [_empty(one) for one in (left, right)]
            yield Rule(f"{left.name} and {right.name} are empty together", sides[0], sides[1], _apart)


def _of(column: ColumnPair) -> Sides:
    return column.real, column.own, column.spare


def _is_dated(column: ColumnPair) -> bool:
    """Tell whether all real cells of dates are whole days."""
    there = column.real[np.isfinite(column.real)]
    return bool((there == np.floor(there)).all())


def _days(column: ColumnPair) -> Sides:
    """Return dates cut to days: what is booked on the day of its payment is not booked before its hour."""
    spare = None if column.spare is None else np.floor(column.spare)
    return np.floor(column.real), np.floor(column.own), spare


def _empty(column: ColumnPair) -> Sides:
    spare = None if column.spare is None else column.missing(column.spare)
    return column.missing(column.real), column.missing(column.own), spare


def _above(left: Array, right: Array) -> tuple[Bool1D, Bool1D]:
    asked = np.isfinite(left) & np.isfinite(right)
    return asked, asked & (left > right)


def _apart(left: Array, right: Array) -> tuple[Bool1D, Bool1D]:
    return np.ones(len(left), dtype=bool), np.asarray(left != right)


def determined(left: Array, right: Array) -> Array | None:
    """Return the right code of each left code (-1 unseen), or None where one left code has two."""
    present = (left >= 0) & (right >= 0)
    left, right = left[present], right[present]
    if not len(left):
        return None
    known = np.full(int(left.max()) + 1, -1, dtype=np.int64)
    known[left] = right
    return known if (known[left] == right).all() else None


def _other_than(known: Array) -> Check:
    def broken(left: Array, right: Array) -> tuple[Bool1D, Bool1D]:
        place = np.clip(left, 0, len(known) - 1)
        wanted = np.where((left >= 0) & (left < len(known)), known[place], -1)
        asked = np.asarray((wanted >= 0) & (right >= 0))
        return asked, asked & (wanted != right)

    return broken


METRIC = Metric(
    name="column_rules",
    case="table",
    use=STRESS,
    unit="share of rows",
    lowest=0.0,
    highest=1.0,
    best=0.0,
    delta=0.01,
    origin="assumption: one row in a hundred beyond what unseen real rows break",
    order_free=False,
    compute=measure,
    summary="Relations of columns that every real row keeps",
    order=35,
    how=(
        "Relations of two columns that hold in every real row (one never above another, one that determines "
        "another, both empty together), and numbers that in nearly all rows of some words are another one, "
        "that times one of few factors or a rate of the month, or constant; numbers that follow "
        "from others by a product, ratio or level payment in rows of each word, or from a month or year: "
        "the share of synthetic rows that break the worst of them."
    ),
    misses="Formulas of four and more numbers, other relations with exceptions: write them as rules.",
    estimator=(
        "worst share of rows that break a relation of all real rows (order, determination, empty together, "
        "numbers linked within words, arithmetic within words, numbers of a period), "
        "p of the excess over real and held-out rows, times the number of relations, over the design effect "
        "of entities"
    ),
    references="0 / one column in random order",
)
