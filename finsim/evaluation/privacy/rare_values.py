"""Rare values: values that stand once in the real data and stand in the synthetic data again."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from finsim.evaluation.attacks.intervals import Risk, Side, design_effect, excess_chance, excess_risk
from finsim.evaluation.attacks.real_parts import comparable, half_of_real
from finsim.evaluation.attacks.row_keys import cell_codes, times_in
from finsim.evaluation.metric import FAIL, NO_POWER, PASS, SHARE, WARN, Metric, Score, above
from finsim.evaluation.tables.column_pairs import ColumnPair
from finsim.evaluation.tables.enough import too_little
from finsim.evaluation.tables.reused_keys import ReusedKeys, by_counting
from finsim.evaluation.tables.table_case import TableCase
from finsim.extras import Later
from finsim.notation import Array, Bool1D, Int1D

stats = Later("scipy.stats", "evaluate")

LEVEL = 0.001
"""Chance of a null table, over all its columns of words, to have words reused beyond it; assumption."""
LEAST = 30
"""Values that stand once, below which nothing is judged."""


@dataclass(frozen=True)
class Reuse:
    """(reused, values) of training and control values that stand once; synthetic cells with one, of all.

    ``sides`` says of each such value whether it is reused, and whose it is: its entity.
    """

    train: tuple[int, int]
    control: tuple[int, int]
    cells: int
    of: int
    sides: tuple[Side, ...] = ()

    def plus(self, other: Reuse) -> Reuse:
        """Return both counts together."""
        train = self.train[0] + other.train[0], self.train[1] + other.train[1]
        control = self.control[0] + other.control[0], self.control[1] + other.control[1]
        sides = _joined(self.sides, other.sides)
        return Reuse(train, control, self.cells + other.cells, self.of + other.of, sides)

    @property
    def spread(self) -> float:
        """The design effect: one person's values are reused together."""
        return design_effect(self.sides)


def _joined(left: tuple[Side, ...], right: tuple[Side, ...]) -> tuple[Side, ...]:
    """Return two lists of sides as one, each side's values together."""
    if not left or not right:
        return left or right
    return tuple(
        (
            np.concatenate([one[0], other[0]]),
            None if one[1] is None or other[1] is None else np.concatenate([one[1], other[1]]),
        )
        for one, other in zip(left, right, strict=True)
    )


def measure(case: TableCase) -> list[Score]:
    """Return a score of all columns together, and one of each column or key that fails alone.

    The chance of a column or key that is looked at alone is multiplied by their number (Bonferroni).
    """
    case = comparable(case)
    keys = [one for one in case.keys if one.real >= LEAST]
    reason = too_little(len(case.columns), {"real": case.rows_real, "synthetic": case.rows_own}, LEAST)
    if reason:
        kept = [_key_score(one, len(keys)) for one in keys]
        return [METRIC.missing("all columns", reason), *(score for score in kept if score.verdict == FAIL)]
    first = half_of_real(case, 1) if case.rows_spare == 0 else None
    found = {column.name: reuse(case, column, first) for column in case.columns}
    total = Reuse((0, 0), (0, 0), 0, 0)
    for one in found.values():
        total = total.plus(one)
    asked = {name: one for name, one in found.items() if min(one.train[1], one.control[1]) >= LEAST}
    looks = len(asked) + len(keys)
    alone = {name: _score(name, one, looks) for name, one in asked.items()}
    words = [one for one in case.columns if one.is_category and one.name in alone]
    for column in words:
        if alone[column.name].verdict != FAIL:
            one = _beside_counting(column, found[column.name])
            times = 1 if first is None else 2  # without a hold-out both halves are counted
            if _chance(one, times) <= LEVEL / len(words):
                alone[column.name] = _words(column.name, one, len(words) * _chance(one, times))
    kept = [_key_score(one, looks) for one in keys]
    failed = [score for score in (*alone.values(), *kept) if score.verdict == FAIL]
    return [_score("all columns", total), *failed]


def _beside_counting(column: ColumnPair, found: Reuse) -> Reuse:
    """Return the reuse of words, beside what two sides that number their rows share."""
    codes, counts = np.unique(column.real[column.real >= 0], return_counts=True)
    singles = {column.levels[code] for code in codes[counts == 1]}
    made = {column.levels[code] for code in np.unique(column.own[column.own >= 0])}
    share = by_counting(singles, made) / max(len(singles), 1)
    hits, of = found.control
    return replace(found, control=(max(hits, min(int(np.ceil(share * of)), of)), of))


def _chance(found: Reuse, times: int) -> float:
    """Return the chance that as many of the hits fall on training values; each stands ``times`` over."""
    times_over = times * found.spread
    train, of_train = (round(count / times_over) for count in found.train)
    control, of_control = (round(count / times_over) for count in found.control)
    return float(stats.hypergeom.sf(train - 1, of_train + of_control, of_train, train + control))


def _words(subject: str, found: Reuse, chance: float) -> Score:
    """Return the failing score of words: a name that stands once is a person, so there is no margin."""
    reason = (
        f"{found.train[0]:,} of {found.train[1]:,} words that stand once are reused, by chance "
        f"{found.control[0]:,} of {found.control[1]:,}"
    )
    return replace(_score(subject, found), verdict=FAIL, reason=reason, goal=0.0, p=min(chance, 1.0))


def _of_key(found: ReusedKeys) -> Reuse:
    """Return the reuse of the values of an id or key, beside what two sides that count their rows share."""
    chance = min(int(np.ceil(found.chance)), found.real)
    return Reuse((found.met, found.real), (chance, found.real), found.met, found.own)


def _key_score(key: ReusedKeys, looks: int) -> Score:
    """Return the score of a key; where counting explains nothing its values are words."""
    found = _of_key(key)
    score = _score(key.name, found, looks)
    chance = _chance(found, 1)
    is_words = score.verdict != FAIL and key.chance == 0.0 and chance <= LEVEL
    return _words(key.name, found, looks * chance) if is_words else score


def reuse(case: TableCase, column: ColumnPair, first: Bool1D | None) -> Reuse:
    """Count in one column how many values that stand once are reused.

    With a hold-out (``first`` None) these are the values that stand once in training and hold-out together:
    if nothing was memorised, those of either part are as likely to be met. Without one, values that stand
    once in one half of the real rows are met by as many synthetic rows as the other half has, and by
    that other half.
    """
    real, own, spare = cell_codes(column)
    present = _present(column)
    real, own = real[present[0]], own[present[1]]
    who, who_own = _whose(case.entity_real, present[0]), _whose(case.entity_own, present[1])
    cells = int((times_in(own, real[times_in(real, real) == 1]) > 0).sum())
    if first is None:
        assert spare is not None
        assert present[2] is not None
        spare = spare[present[2]]
        both = np.concatenate([real, spare])
        parts = (real, who), (spare, _whose(case.entity_spare, present[2]))
        alone = [_some_of(part, times_in(part[0], both) == 1) for part in parts]
        return _reuse([_met(one, own) for one in alone], cells, len(own))
    total = Reuse((0, 0), (0, 0), 0, 0)
    mask = first[present[0]]
    for side in (mask, ~mask):
        known, other = real[side], real[~side]
        singles = _some_of((known, _whose(who, side)), times_in(known, known) == 1)
        rng = case.streams.at("rare values", column.name)
        drawn = _some_whole(rng, own, who_own, len(other))
        other = _some_whole(rng, other, _whose(who, ~side), len(drawn))
        total = total.plus(_reuse([_met(singles, drawn), _met(singles, other)], 0, 0))
    return replace(total, cells=cells, of=len(own))


def _whose(who: Int1D | None, kept: Bool1D) -> Int1D | None:
    return None if who is None else who[kept]


def _some_of(part: Side, kept: Bool1D) -> Side:
    return part[0][kept], _whose(part[1], kept)


def _reuse(sides: list[Side], cells: int, of: int) -> Reuse:
    train, control = ((int(hits.sum()), len(hits)) for hits, _ in sides)
    return Reuse(train, control, cells, of, tuple(sides))


def _some_whole(rng: np.random.Generator, cells: Array, who: Int1D | None, count: int) -> Array:
    """Return about ``count`` cells, those of an entity together; all where there are no more."""
    if len(cells) <= count:
        return cells
    if who is None:
        return np.asarray(rng.choice(cells, count, replace=False))
    names, codes, sizes = np.unique(who, return_inverse=True, return_counts=True)
    order = rng.permutation(len(names))
    kept = order[: int(np.abs(np.cumsum(sizes[order]) - count).argmin()) + 1]
    return cells[np.isin(codes, kept)]


def _present(column: ColumnPair) -> tuple[Bool1D, Bool1D, Bool1D | None]:
    given = (column.real, column.own, column.spare)
    found = [None if side is None else _is_value(column, side) for side in given]
    assert found[0] is not None
    assert found[1] is not None
    return found[0], found[1], found[2]


def _is_value(column: ColumnPair, side: Array) -> Bool1D:
    return np.asarray(side >= 0) if column.is_category else np.isfinite(side)


def _met(values: Side, cells: Array) -> Side:
    """Tell which values stand among the cells, and whose they are."""
    return times_in(values[0], cells) > 0, values[1]


def _score(subject: str, found: Reuse, looks: int = 1) -> Score:
    spread = found.spread
    risk: Risk = excess_risk(found.train, found.control, spread=spread)
    goal = METRIC.delta
    few = min(found.train[1], found.control[1])
    verdict, reason = PASS, ""
    if risk.low > goal:
        verdict = FAIL
        reason = f"{risk.train:.1%} of the real values that stand once are reused, chance: {risk.control:.1%}"
    elif 0 < few < LEAST or (found.train[1] and not few):
        verdict, reason = NO_POWER, f"only {few} values stand once on a side; needs {LEAST}"
    elif few and risk.value > goal:
        verdict, reason = (
            WARN,
            f"{above(risk.value, goal)}, the interval reaches below it",
        )
    elif few and risk.high > goal + METRIC.delta:
        needed = int(np.ceil(few * ((risk.high - risk.value) / METRIC.delta) ** 2))
        verdict = NO_POWER
        reason = f"a reuse of {risk.high:.2g} could have been missed; needs {needed:,} such values"
    note = (
        f"{found.train[0]:,} of {found.train[1]:,} training values that stand once are reused; control "
        f"{found.control[0]:,} of {found.control[1]:,}; {found.cells / max(found.of, 1):.1%} of the "
        f"synthetic cells hold one"
    )
    note += f"; those of one entity hang together: as {few / spread:,.0f} values" if spread > 1.0 else ""
    interval = (risk.low, risk.high) if few else (0.0, 0.0)
    size = found.train[1] or found.of
    score = METRIC.scored(subject, risk.value, interval, size, (0.0, 1.0, goal), (verdict, reason), note)
    chance = looks * excess_chance(found.train, found.control, goal, spread=spread)
    return replace(score, p=min(chance, 1.0) if few else None)


METRIC = Metric(
    name="rare_values",
    case="table",
    use=SHARE,
    unit="excess reuse",
    lowest=0.0,
    highest=1.0,
    best=0.0,
    delta=0.05,
    origin="assumption: 5 points of reuse beyond values that the generator never saw; none for words",
    order_free=False,
    compute=measure,
    summary="Values that stand once in the real data, and again in the synthetic",
    order=520,
    how=(
        "Of the values that stand once in the real data: how many more of the training values stand in the "
        "synthetic column than of values that the generator never saw. An income to the cent names "
        "a person, and so does a name: words have no margin."
    ),
    misses="Values changed a little; combinations of common values (see singling_out).",
    estimator=(
        "values (numbers at 12 digits) that stand once in training and hold-out together: (share of the "
        "training ones met - share of the held-out ones met) / (1 - the latter), Newcombe interval, "
        "over the design effect of entities; without a hold-out, halves of the real rows against as many "
        "synthetic rows; words by an exact test at .001 without a margin; p of a column alone times their "
        "number"
    ),
    references="0 / 1",
    required=True,
)
