"""How each column goes with the label, real against synthetic: shuffled, leaked and turned labels show."""

from __future__ import annotations

import numpy as np

from finsim.evaluation.metric import DETECTOR, Evidence, Metric, Score
from finsim.evaluation.tables.column_pairs import ColumnPair
from finsim.evaluation.tables.table_case import TableCase
from finsim.evaluation.utility.label_rows import is_positive, known, label_refusal
from finsim.notation import Array, Bool1D, Float1D, Float2D, Int1D

BINS = 20
LEVELS = 30
LEAST = 10


def measure(case: TableCase) -> list[Score]:
    """Return the distance of the profiles of each column; nothing where no label is given."""
    if case.roles.label is None:
        return []
    pair = case.column(case.roles.label)
    why = label_refusal(case, pair)
    if pair is None or why:
        return [METRIC.missing("columns and label", why)]
    sides = [(pair.real, case.entity_real, "real"), (pair.own, case.entity_own, "own")]
    if pair.spare is not None:
        sides.append((pair.spare, case.entity_spare, "spare"))
    labels = [np.where(known(pair, values), is_positive(pair, values)[0], -1) for values, _, _ in sides]
    for name, one in zip(("real", "synthetic", "held-out"), labels, strict=False):
        if min((one == 1).sum(), (one == 0).sum()) < LEAST:
            words = f"fewer than {LEAST} {name} rows with the label or without it"
            return [METRIC.missing("columns and label", words)]
    groups = [entity for _, entity, _ in sides]
    weights = _Weights(case, [len(one) for one in labels], groups)
    told = is_positive(pair, pair.real)[1]
    columns = [one for one in case.columns if one.name not in (case.roles.label, case.roles.time)]
    return [_score(column, labels, weights, told) for column in columns]


class _Weights:
    """Draws of entities of each side (rows where no entity has two), the same for all columns."""

    def __init__(self, case: TableCase, sizes: list[int], groups: list[Int1D | None]) -> None:
        self.draws = case.settings.bootstrap
        self.groups = [None if one is None or one.max(initial=0) + 1 == len(one) else one for one in groups]
        self.sizes = sizes
        self.streams = case.streams

    def drawn(self, side: int, cell: Int1D, cells: int, role: str, size: int) -> Float2D:
        """Return sums over cells of resamples of a side with as many rows as side ``size``: [B, K]."""
        rng = self.streams.at("utility", "association", role)
        group = self.groups[side]
        kept = cell >= 0
        if group is None:
            counts = np.bincount(cell[kept], minlength=cells)
            rows = round(self.sizes[size] * float(kept.mean()))
            return rng.multinomial(rows, counts / counts.sum(), self.draws).astype(np.float64)
        count = int(group.max(initial=0)) + 1
        entities = max(1, round(count * self.sizes[size] / self.sizes[side]))
        flat = np.bincount(group[kept] * cells + cell[kept], minlength=count * cells).reshape(count, cells)
        chosen = rng.multinomial(entities, np.full(count, 1.0 / count), self.draws)
        return np.asarray(chosen.astype(np.float64) @ flat.astype(np.float64))


def _score(column: ColumnPair, labels: list[Array], weights: _Weights, told: str) -> Score:
    values = [column.real, column.own] + ([] if column.spare is None else [column.spare])
    cells = _cells(column, values)
    width = 1 + max(int(one.max(initial=0)) for one in cells)
    joint = [
        np.where(label < 0, -1, cell + width * (label == 1))
        for cell, label in zip(cells, labels, strict=False)
    ]
    sums = [np.bincount(one[one >= 0], minlength=2 * width).astype(np.float64)[None] for one in joint]

    def gap(left: Float2D, right: Float2D) -> Float1D:
        return _apart(profile(left), profile(right), column.is_category)

    value = float(gap(sums[1], sums[0])[0])
    floors = gap(
        weights.drawn(0, joint[0], 2 * width, "twin", 1), weights.drawn(0, joint[0], 2 * width, "real", 0)
    )
    draws = gap(
        weights.drawn(1, joint[1], 2 * width, "own", 1), weights.drawn(0, joint[0], 2 * width, "real", 0)
    )
    spare = None
    if len(sums) > 2:
        spare = float(gap(sums[2], sums[0])[0])
        floors = floors + max(spare - float(np.median(floors)), 0.0)
    real = profile(sums[0])
    parts = [0.5 * np.abs(profile(one)).sum() for one in sums[:2]]
    note = f"{told}: association real {parts[0]:.3f}, synthetic {parts[1]:.3f} (1: the column is the label)"
    ceiling = max(float(_apart(np.zeros_like(real), real, column.is_category)[0]), 1.0 - parts[0])
    kept = np.isfinite(floors) & np.isfinite(draws)
    if not kept.any():
        return METRIC.missing(column.name, "too few rows with the label")
    evidence = Evidence(value, draws[kept], floors[kept], spare)
    return METRIC.compared(column.name, evidence, ceiling=ceiling, n=len(column.own), note=note)


def profile(sums: Float2D) -> Float2D:
    """Return P(cell | label) - P(cell | no label) of sums [b, 2 K] (without the label first): [b, K]."""
    half = sums.shape[1] // 2
    with np.errstate(divide="ignore", invalid="ignore"):
        without = sums[:, :half] / sums[:, :half].sum(axis=1, keepdims=True)
        with_it = sums[:, half:] / sums[:, half:].sum(axis=1, keepdims=True)
    return np.asarray(with_it - without)


def _apart(left: Float2D, right: Float2D, category: bool) -> Float1D:
    """Return half the sum of |p - q| for categories, sup of the running sums for ordered cells."""
    if category:
        return np.asarray(0.5 * np.abs(left - right).sum(axis=1))
    return np.asarray(np.abs(np.cumsum(left - right, axis=1)).max(axis=1))


def _cells(column: ColumnPair, values: list[Array]) -> list[Int1D]:
    """Return the cell of each value: quantiles of both sides, the commonest levels, one for missing."""
    if column.is_category:
        counts = np.bincount(
            np.concatenate([one[one >= 0] for one in values[:2]]), minlength=len(column.levels)
        )
        rank = np.full(max(len(column.levels), 1), LEVELS + 1)
        common = np.argsort(-counts, kind="stable")[:LEVELS]
        rank[common] = np.arange(1, len(common) + 1)
        return [np.where(one < 0, 0, rank[np.maximum(one, 0)]).astype(np.int64) for one in values]
    finite = [one[np.isfinite(one)] for one in values[:2]]
    marks = [np.quantile(one, np.linspace(0, 1, BINS), method="inverted_cdf") for one in finite if len(one)]
    edges = np.unique(np.concatenate(marks)) if marks else np.zeros(1)
    return [
        np.where(np.isnan(one), 0, 1 + 2 * np.searchsorted(edges, one, "left") + _at(edges, one)).astype(
            np.int64
        )
        for one in values
    ]


def _at(edges: Float1D, values: Float1D) -> Bool1D:
    return np.asarray(edges[np.minimum(np.searchsorted(edges, values, "left"), len(edges) - 1)] == values)


METRIC = Metric(
    name="label_association",
    case="table",
    use=DETECTOR,
    unit="probability",
    lowest=0.0,
    highest=2.0,
    best=0.0,
    delta=0.05,
    origin="assumption: five points of probability beyond resampled real rows",
    order_free=True,
    compute=measure,
    summary="How each column goes with the label",
    order=820,
    how=(
        "How much more often each value is met among rows with the label than among others, on both sides; "
        "the score is the distance of these two profiles, whatever the share of the label. The note has the "
        "strength on each side: 1 is a column that gives the label away, 0 one that says nothing of it."
    ),
    misses="What only several columns together tell of the label; see label_utility.",
    estimator="total variation or KS of P(cell | label) - P(cell | no label); whole entities resampled",
    references="resampled real rows, or the hold-out / a label that is shuffled, or equal to the column",
)
