"""How each column goes with the label, real against synthetic: shuffled, leaked and turned labels show."""

from __future__ import annotations

import numpy as np

from finsim.evaluation.metric import DETECTOR, Evidence, Metric, Score
from finsim.evaluation.tables.column_pairs import ColumnPair
from finsim.evaluation.tables.table_case import TableCase
from finsim.evaluation.utility.label_rows import is_positive, judged_classes, known, label_refusal
from finsim.notation import Array, Bool1D, Float1D, Float2D, Int1D

BINS = 20
LEVELS = 30
LEAST = 10
SIDES = ("real", "synthetic", "held-out")


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
    classes = judged_classes(pair)
    labels = [_numbered(pair, values, classes) for values, _, _ in sides]
    judged = [place for place in range(len(classes)) if all(_are_enough(one, place) for one in labels)]
    if not judged:
        few = [name for name, one in zip(SIDES, labels, strict=False) if not _has_any(one, len(classes))]
        words = f"fewer than {LEAST} {few[0] if few else 'common'} rows with the label or without it"
        return [METRIC.missing("columns and label", words)]
    groups = [entity for _, entity, _ in sides]
    weights = _Weights(case, [len(one) for one in labels], groups)
    told = [is_positive(pair, pair.real, classes[place])[1] for place in judged]
    columns = [one for one in case.columns if one.name not in (case.roles.label, case.roles.time)]
    return [_score(column, labels, weights, dict(zip(judged, told, strict=True))) for column in columns]


def _numbered(pair: ColumnPair, values: Array, classes: list[float]) -> Int1D:
    """Return the number of each row's class, that of no class for others, and -1 for a missing label."""
    found = np.full(len(values), len(classes))
    for place, one in enumerate(classes):
        found[values == one] = place
    return np.where(known(pair, values), found, -1)


def _are_enough(labels: Int1D, place: int) -> bool:
    """Tell whether a side has rows of a class and rows of others."""
    return min(int((labels == place).sum()), int(((labels >= 0) & (labels != place)).sum())) >= LEAST


def _has_any(labels: Int1D, classes: int) -> bool:
    return any(_are_enough(labels, place) for place in range(classes))


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


def _score(column: ColumnPair, labels: list[Int1D], weights: _Weights, judged: dict[int, str]) -> Score:
    values = [column.real, column.own] + ([] if column.spare is None else [column.spare])
    cells = _cells(column, values)
    if len({*np.unique(cells[0]), *np.unique(cells[1])}) == 1:
        return METRIC.missing(column.name, "one value on both sides, or none: it tells nothing of the label")
    width = 1 + max(int(one.max(initial=0)) for one in cells)
    parts = 1 + max(int(one.max(initial=0)) for one in labels)
    joint = [
        np.where(label < 0, -1, cell + width * label) for cell, label in zip(cells, labels, strict=False)
    ]
    size = parts * width
    sums = [np.bincount(one[one >= 0], minlength=size).astype(np.float64)[None] for one in joint]

    def gaps(left: Float2D, right: Float2D) -> Float2D:
        shapes = [(profile(left, width, one), profile(right, width, one)) for one in judged]
        return np.stack([_apart(*both, column.is_category) for both in shapes])

    def gap(left: Float2D, right: Float2D) -> Float1D:
        return np.asarray(gaps(left, right).max(axis=0))

    worst = list(judged)[int(np.nan_to_num(gaps(sums[1], sums[0])[:, 0]).argmax())]
    value = float(gap(sums[1], sums[0])[0])
    floors = gap(weights.drawn(0, joint[0], size, "twin", 1), weights.drawn(0, joint[0], size, "real", 0))
    draws = gap(weights.drawn(1, joint[1], size, "own", 1), weights.drawn(0, joint[0], size, "real", 0))
    spare = None
    if len(sums) > 2:
        spare = float(gap(sums[2], sums[0])[0])
        floors = floors + max(spare - float(np.median(floors)), 0.0)
    real = profile(sums[0], width, worst)
    strength = [0.5 * np.abs(profile(one, width, worst)).sum() for one in sums[:2]]
    told = judged[worst] + (f", the worst of {len(judged)} classes" if len(judged) > 1 else "")
    shown = f"association real {strength[0]:.3f}, synthetic {strength[1]:.3f}"
    note = f"{told}: {shown} (1: the column is the label)"
    ceiling = max(float(_apart(np.zeros_like(real), real, column.is_category)[0]), 1.0 - strength[0])
    kept = np.isfinite(floors) & np.isfinite(draws)
    if not kept.any():
        return METRIC.missing(column.name, "too few rows with the label")
    evidence = Evidence(value, draws[kept], floors[kept], spare)
    return METRIC.compared(column.name, evidence, ceiling=ceiling, n=len(column.own), note=note)


def profile(sums: Float2D, width: int, place: int) -> Float2D:
    """Return P(cell | class) - P(cell | no such class) of sums [b, classes x width]: [b, width]."""
    by_class = sums.reshape(len(sums), -1, width)
    with_it = by_class[:, place]
    without = by_class.sum(axis=1) - with_it
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = [one / one.sum(axis=1, keepdims=True) for one in (with_it, without)]
    return np.asarray(shares[0] - shares[1])


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
    estimator=(
        "total variation or KS of P(cell | label) - P(cell | no label), of more than two classes the largest "
        "over each against the rest; whole entities resampled"
    ),
    references="resampled real rows, or the hold-out / a label that is shuffled, or equal to the column",
)
