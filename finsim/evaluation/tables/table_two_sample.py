"""Classifier two-sample test on rows: boosted trees try to tell synthetic from real, and by which columns."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from finsim.evaluation.learner import chances, fitted, fold_of, weighted_auc
from finsim.evaluation.metric import STRESS, WARN, Metric, Score, judge_distance
from finsim.evaluation.tables.column_cells import level_cells
from finsim.evaluation.tables.column_pairs import ColumnPair
from finsim.evaluation.tables.enough import too_little
from finsim.evaluation.tables.resampled_rows import thinned
from finsim.evaluation.tables.table_case import TableCase
from finsim.extras import Later
from finsim.notation import Bool1D, Float1D, Float2D, Int1D

stats = Later("scipy.stats", "evaluate")

FOLDS, ITERATIONS = 5, 40
LEAST = 100
MOST_ROWS = 8_000
HALVES = 3
NAMED, GIVEN_AWAY = 3, "given away by"
SPREAD = 1.25
"""Standard errors of a cross-validated AUC over those of the same scores resampled: folds share rows."""


@dataclass(frozen=True)
class Told:
    """What the trees achieve: AUC, its standard error by entities, and per column the AUC lost without it."""

    auc: float
    error: float
    lost: tuple[float, ...] = ()


def measure(case: TableCase) -> list[Score]:
    """Return one score: cross-validated AUC; floor: the hold-out, or random halves of the real side."""
    subject = "all columns"
    reason = too_little(len(case.columns), {"real": case.rows_real, "synthetic": case.rows_own}, LEAST)
    if reason:
        return [METRIC.missing(subject, reason)]
    some = thinned(case, MOST_ROWS, "two sample")
    real, own = (features(some.columns, side) for side in ("real", "own"))
    if all(len(np.unique(column)) < 2 for column in np.concatenate([real, own]).T):
        return [METRIC.missing(subject, "every column has one value, the same on both sides")]
    found = told_apart(some, (real, own), (some.entity_real, some.entity_own), "value", named=True)
    floors = _floors(some, real)
    rng = some.streams.at("table", "two sample", "shuffled")
    mixed = np.stack([column[rng.permutation(len(real))] for column in real.T], axis=1)
    useless = told_apart(some, (real, mixed), (some.entity_real, None), "ceiling").auc
    constant = max(useless, 0.5)
    floor = max(0.5, float(np.median([one.auc for one in floors])))
    # Where a hold-out differs from the training rows, no twin of them can be nearer to it.
    beyond = 0.5 + METRIC.delta
    if some.rows_spare >= LEAST:
        beyond += max(0.0, floors[0].auc - 0.5 - 1.645 * floors[0].error)
    error = found.error
    value = max(0.5, found.auc)
    goal = beyond + 1.645 * error
    low, high = max(0.5, found.auc - 1.96 * error), max(0.5, min(1.0, found.auc + 1.96 * error))
    verdict, reason = judge_distance(value, goal, constant if constant > goal else None)
    note = _named(some.columns, found, value > floor + error)
    if verdict == WARN and note.startswith(GIVEN_AWAY):
        reason = f"{reason}: {note.partition(':')[0]}"
    score = METRIC.scored(
        subject, value, (low, high), min(some.rows_real, some.rows_own), (floor, constant, goal),
        (verdict, reason), note,
    )  # fmt: skip
    return [replace(score, p=float(stats.norm.sf((found.auc - beyond) / error)))]


def _named(columns: tuple[ColumnPair, ...], found: Told, is_seen: bool) -> str:
    order = np.argsort([-lost for lost in found.lost])[:NAMED]
    given = [f"{columns[k].name} ({found.lost[k]:.3f})" for k in order if found.lost[k] > 0.005]
    if not given or not is_seen:
        return f"{len(columns)} columns; ceiling: independent columns with the real margins"
    return f"{GIVEN_AWAY} {', '.join(given)}: the AUC that is lost when the column is shuffled"


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


def _floors(case: TableCase, real: Float2D) -> list[Told]:
    if case.rows_spare >= LEAST and all(column.spare is not None for column in case.columns):
        spare = features(case.columns, "spare")
        return [told_apart(case, (real, spare), (case.entity_real, case.entity_spare), "hold-out")]
    who = np.arange(len(real)) if case.entity_real is None else case.entity_real
    found = []
    for k in range(HALVES):
        half = fold_of(who, 2, case.streams.at("table", "two sample", "halves", k)) == 0
        if 0 < half.sum() < len(half):
            sides = (real[half], real[~half])
            found.append(told_apart(case, sides, (who[half], who[~half]), f"floor {k}"))
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
    fold = fold_of(groups, FOLDS, streams.at("folds"))
    seed = streams.word("trees")
    scores = np.zeros(len(label))
    without = np.zeros((rows.shape[1] if named else 0, len(label)))
    for k in range(FOLDS):
        held = fold == k
        if not held.any() or len(set(label[~held].tolist())) < 2:
            continue
        train, test = _with_values(rows[~held], rows[held])
        model = fitted(train, label[~held], seed + k, ITERATIONS)
        scores[held] = _logit(chances(model, test))
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


def _logit(chance: Float1D) -> Float1D:
    """Return scores whose folds are comparable: the log odds less their median."""
    odds = np.log(chance) - np.log1p(-chance)
    return np.asarray(odds - np.median(odds))


def _without(model: object, rows: Float2D, rng: np.random.Generator) -> Float2D:
    """Return the scores of the rows with one column shuffled, for each column: float64[C, m]."""
    found = np.empty((rows.shape[1], len(rows)))
    for k in range(rows.shape[1]):
        mixed = rows.copy()
        mixed[:, k] = mixed[rng.permutation(len(rows)), k]
        found[k] = _logit(chances(model, mixed))
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
        "one; the note names the columns whose shuffling costs most of it. The ceiling is independent "
        "columns with the real margins."
    ),
    misses="A stronger judge may find more; copies of real rows look real to it.",
    estimator="AUC of boosted trees, 5 folds of whole entities; standard error of DeLong by entities, x 1.25",
    references="hold-out or random halves of the real side / independent columns",
)
