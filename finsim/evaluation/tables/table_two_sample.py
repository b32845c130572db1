"""Classifier two-sample test on rows: boosted trees try to tell synthetic from real, and by which columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from finsim.evaluation.learner import (
    centered_logit,
    chances,
    fitted,
    fold_of,
    leaf_rows,
    side_folds,
    weighted_auc,
)
from finsim.evaluation.metric import STRESS, WARN, Metric, Score, judge_distance
from finsim.evaluation.tables.column_cells import level_cells
from finsim.evaluation.tables.column_pairs import ColumnPair
from finsim.evaluation.tables.enough import too_little
from finsim.evaluation.tables.entity_columns import by_entity, entity_columns
from finsim.evaluation.tables.resampled_rows import thinned
from finsim.evaluation.tables.table_case import TableCase
from finsim.extras import Later
from finsim.notation import Bool1D, Float1D, Float2D, Int1D

stats = Later("scipy.stats", "evaluate")

FOLDS, ITERATIONS = 5, 40
LEAST, LEAST_ENTITIES = 100, 40
MOST_ROWS = 8_000
HALVES = 3
LEVELS = {1: 1.645, 2: 1.96}
"""Standard errors to the goal, by the number of comparisons: 5 % of a perfect twin are beyond it."""
NAMED, GIVEN_AWAY = 3, "given away by"
SPREAD = 1.25
"""Standard errors of a cross-validated AUC over those of the same scores resampled: folds share rows."""


Sides = tuple[Float2D, Float2D, Float2D | None]


@dataclass(frozen=True)
class Told:
    """What the trees achieve: AUC, its standard error by entities, and per column the AUC lost without it."""

    auc: float
    error: float
    lost: tuple[float, ...] = ()


@dataclass(frozen=True)
class Part:
    """One comparison: what the trees see, what they achieve, its floor, ceiling and limit before noise."""

    names: tuple[str, ...]
    found: Told
    floor: float
    ceiling: float
    beyond: float
    rows: int

    @property
    def excess(self) -> float:
        """Standard errors by which the AUC is beyond the limit."""
        return (self.found.auc - self.beyond) / self.found.error


def measure(case: TableCase) -> list[Score]:
    """Return one score: cross-validated AUC; floor: the hold-out, or random halves of the real side.

    Columns that are constant within an entity are judged by themselves, one row an entity; of both
    comparisons the one that is further beyond its goal is the score, that of rows where none is, with twice
    the smaller chance.
    """
    subject = "all columns"
    reason = too_little(len(case.columns), {"real": case.rows_real, "synthetic": case.rows_own}, LEAST)
    if reason:
        return [METRIC.missing(subject, reason)]
    some = thinned(case, MOST_ROWS, "two sample")
    sides = _sides(some, some.columns)
    if all(len(np.unique(column)) < 2 for column in np.concatenate(sides[:2]).T):
        return [METRIC.missing(subject, "every column has one value, the same on both sides")]
    parts = _parts(some)
    furthest = max(parts, key=lambda one: one.excess)
    level = LEVELS[len(parts)]
    part = furthest if furthest.excess > level else parts[-1]
    ceiling = max(one.ceiling for one in parts)
    found, error = part.found, part.found.error
    value = max(0.5, found.auc)
    goal = part.beyond + level * error
    low, high = max(0.5, found.auc - 1.96 * error), max(0.5, min(1.0, found.auc + 1.96 * error))
    verdict, reason = judge_distance(value, goal, ceiling)
    note = _named(part, value > part.floor + error)
    if verdict == WARN and note.startswith(GIVEN_AWAY):
        reason = f"{reason}: {note.partition(':')[0]}"
    score = METRIC.scored(
        subject, value, (low, high), part.rows, (part.floor, ceiling, goal), (verdict, reason),
        f"{note}{_beside(parts, part, entity_columns(some))}",
    )  # fmt: skip
    return [replace(score, p=min(len(parts) * float(stats.norm.sf(furthest.excess)), 1.0))]


def _parts(case: TableCase) -> list[Part]:
    """Return the comparison of rows, and that of entities by their own columns where there are some."""
    constant = entity_columns(case)
    varying = tuple(column for column in case.columns if column.name not in constant)
    own = tuple(column for column in case.columns if column.name in constant)
    who = (case.entity_real, case.entity_own, case.entity_spare)
    counts = [0 if one is None else len(np.unique(one)) for one in who[:2]]
    found = []
    if constant and min(counts) >= LEAST_ENTITIES:
        rows = _sides(case, own)
        spare = None if rows[2] is None else by_entity(rows[2], who[2])
        sides = by_entity(rows[0], who[0]), by_entity(rows[1], who[1]), spare
        names = (*_names(own), *(f"changes of {name} within an entity" for name in _names(own)))
        found.append(_part(case, names, sides, (None, None, None), "entities "))
    if varying or not found:
        seen = varying or case.columns
        found.append(_part(case, _names(seen), _sides(case, seen), who, ""))
    return found


def _part(
    case: TableCase,
    names: tuple[str, ...],
    sides: Sides,
    who: Sequence[Int1D | None],
    role: str,
) -> Part:
    real, own, spare = sides
    found = told_apart(case, (real, own), (who[0], who[1]), f"{role}value", named=True)
    has_spare = spare is not None and len(spare) >= (LEAST_ENTITIES if role else LEAST)
    if has_spare and spare is not None:
        floors = [told_apart(case, (real, spare), (who[0], who[2]), f"{role}hold-out")]
    else:
        floors = _halves(case, real, who[0], role)
    rng = case.streams.at("table", "two sample", f"{role}shuffled")
    mixed = np.stack([column[rng.permutation(len(real))] for column in real.T], axis=1)
    ceiling = max(told_apart(case, (real, mixed), (who[0], None), f"{role}ceiling").auc, 0.5)
    # Where a hold-out differs from the training rows, no twin of them can be nearer to it.
    beyond = 0.5 + METRIC.delta
    if has_spare:
        beyond += max(0.0, floors[0].auc - 0.5 - 1.645 * floors[0].error)
    floor = max(0.5, float(np.median([one.auc for one in floors])))
    return Part(names, found, floor, ceiling, beyond, min(len(real), len(own)))


def _names(columns: tuple[ColumnPair, ...]) -> tuple[str, ...]:
    return tuple(column.name for column in columns)


def _sides(case: TableCase, columns: tuple[ColumnPair, ...]) -> Sides:
    """Return the features of the real, the synthetic and the held-out side, None where it lacks a column."""
    has_spare = case.rows_spare > 0 and all(column.spare is not None for column in columns)
    spare = features(columns, "spare") if has_spare else None
    return features(columns, "real"), features(columns, "own"), spare


def _named(part: Part, is_seen: bool) -> str:
    lost = part.found.lost
    order = np.argsort([-one for one in lost])[:NAMED]
    given = [f"{part.names[k]} ({lost[k]:.3f})" for k in order if lost[k] > 0.005]
    if not given or not is_seen:
        return f"{len(part.names)} columns; ceiling: independent columns with the real margins"
    return f"{GIVEN_AWAY} {', '.join(given)}: the AUC that is lost when the column is shuffled"


def _beside(parts: list[Part], part: Part, constant: tuple[str, ...]) -> str:
    """Return in words which rows were told apart, where columns of entities were judged by themselves."""
    if not constant:
        return ""
    if len(parts) == 1 and part.names[0] not in constant:
        return (
            f"; without {', '.join(constant)}, constant within an entity: fewer than {LEAST_ENTITIES} of them"
        )
    rest = ", ".join(f"{one.found.auc:.3f} over {len(one.names)} columns" for one in parts if one is not part)
    what = (
        "entities by their own columns" if part.names[0] in constant else "rows, columns of the entity apart"
    )
    return f"; {what}" + (f"; the other comparison: AUC {rest}" if rest else "")


def features(columns: tuple[ColumnPair, ...], side: str) -> Float2D:
    """Return one side as float64[n, C]; levels stand in the order of their real frequency, rare ones last."""
    found = []
    for column in columns:
        values = getattr(column, side)
        if column.is_category:
            cells = getattr(level_cells(column), side)
            values = np.where(cells < 0, np.nan, cells.astype(np.float64))
        found.append(np.asarray(values, dtype=np.float64))
    return np.stack(found, axis=1)


def _halves(case: TableCase, real: Float2D, entity: Int1D | None, role: str) -> list[Told]:
    who = np.arange(len(real)) if entity is None else entity
    found = []
    for k in range(HALVES):
        half = fold_of(who, 2, case.streams.at("table", "two sample", f"{role}halves", k)) == 0
        if 0 < half.sum() < len(half):
            sides = (real[half], real[~half])
            found.append(told_apart(case, sides, (who[half], who[~half]), f"{role}floor {k}"))
    return found or [Told(0.5, 0.5)]


def told_apart(
    case: TableCase,
    sides: tuple[Float2D, Float2D],
    entities: tuple[Int1D | None, Int1D | None],
    role: str,
    named: bool = False,
) -> Told:
    """Return how well trees tell two sets of rows apart: out-of-fold scores, folds of whole entities."""
    rows = np.concatenate(sides)
    label = np.repeat([False, True], [len(side) for side in sides])
    groups = _groups(sides, entities)
    streams = case.streams.under("table", "two sample", role)
    fold = side_folds(label, groups, FOLDS, streams.at("folds"))
    seed = streams.word("trees")
    scores = np.zeros(len(label))
    without = np.zeros((rows.shape[1] if named else 0, len(label)))
    for k in range(FOLDS):
        held = fold == k
        if not held.any() or len(set(label[~held].tolist())) < 2:
            continue
        train, test = _with_values(rows[~held], rows[held])
        model = fitted(train, label[~held], seed + k, ITERATIONS, leaf_rows(groups[~held]))
        scores[held] = centered_logit(chances(model, test))
        if named:
            without[:, held] = _without(model, test, streams.at("permuted", k))
    auc = float(_auc(scores, label))
    error = SPREAD * _error(scores, label, groups)
    return Told(auc, error, tuple(auc - float(_auc(row, label)) for row in without))


def _with_values(train: Float2D, test: Float2D) -> tuple[Float2D, Float2D]:
    """Return rows in which a column that has no value to learn from is 0, else as they are."""
    empty = np.isnan(train).all(axis=0)
    return (np.where(empty, 0.0, train), np.where(empty, 0.0, test)) if empty.any() else (train, test)


def _groups(sides: tuple[Float2D, Float2D], entities: tuple[Int1D | None, Int1D | None]) -> Int1D:
    parts = [np.arange(len(side)) if who is None else who for side, who in zip(sides, entities, strict=True)]
    return np.concatenate([parts[0], parts[1] + int(parts[0].max()) + 1])


def _without(model: object, rows: Float2D, rng: np.random.Generator) -> Float2D:
    """Return the scores of the rows with one column shuffled, for each column: float64[C, m]."""
    found = np.empty((rows.shape[1], len(rows)))
    for k in range(rows.shape[1]):
        mixed = rows.copy()
        mixed[:, k] = mixed[rng.permutation(len(rows)), k]
        found[k] = centered_logit(chances(model, mixed))
    return found


def _auc(scores: Float1D, label: Bool1D) -> float:
    return float(weighted_auc(scores, label, np.ones((1, len(label))))[0])


def _error(scores: Float1D, label: Bool1D, groups: Int1D) -> float:
    """Return the standard error of an AUC when entities are drawn. Source: DeLong et al. 1988, by groups."""
    ordered = [np.sort(scores[~label]), np.sort(scores[label])]
    place = np.empty(len(scores))
    for one, other in ((True, 0), (False, 1)):
        mine = scores[label == one]
        low = np.searchsorted(ordered[other], mine, "left")
        high = np.searchsorted(ordered[other], mine, "right")
        place[label == one] = 0.5 * (low + high) / len(ordered[other])
    total = 0.0
    for one in (True, False):
        chosen = label == one
        parts = place[chosen] - place[chosen].mean()
        sums = np.bincount(np.unique(groups[chosen], return_inverse=True)[1], parts)
        total += float((sums**2).sum()) / chosen.sum() ** 2
    return float(np.sqrt(max(total, 1e-12)))


METRIC = Metric(
    name="table_two_sample",
    case="table",
    use=STRESS,
    unit="AUC",
    lowest=0.5,
    highest=1.0,
    best=0.5,
    delta=0.05,
    origin="assumption: five points of AUC beyond chance, or beyond what a hold-out shows",
    order_free=False,
    compute=measure,
    required=True,
    summary="Can boosted trees tell synthetic rows from real ones, and by which columns",
    order=50,
    how=(
        "AUC, across folds of whole entities, of boosted trees that try to tell a synthetic row from a real "
        "one; the note names the columns whose shuffling costs most of it. Columns that are constant within "
        "an entity are judged apart, one row an entity, since trees would learn the entities by them. The "
        "ceiling is independent columns with the real margins: where it does not lie above the goal, the "
        "score has no power."
    ),
    misses=(
        "A stronger judge may find more; copies of real rows look real to it; how columns of an entity and "
        "of its rows go together (see pairs)."
    ),
    estimator=(
        "AUC of boosted trees, 5 folds of whole entities, dealt by side; of rows, and of entities by the "
        "columns constant within them, the further beyond; standard error of DeLong by entities, x 1.25"
    ),
    references="hold-out or random halves of the real side / independent columns",
)
