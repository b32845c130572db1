"""How far rates of the label differ between grades, real against synthetic: flattened default rates show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from finsim.evaluation.metric import DETECTOR, Evidence, Metric, Score
from finsim.evaluation.tables.column_pairs import ColumnPair
from finsim.evaluation.tables.enough import too_little
from finsim.evaluation.tables.resampled_rows import clustering
from finsim.evaluation.tables.table_case import TableCase
from finsim.evaluation.utility.label_rows import is_positive, judged_classes, known, label_refusal
from finsim.extras import Later
from finsim.notation import Array, Float1D, Float2D, Int1D

special = Later("scipy.special", "evaluate")

PARTS, LEVELS = 10, 30
COLUMNS = 5
LEAST_ROWS = 100
"""Rows of a side from which on rates are compared, as in ``table_two_sample`` (assumption)."""
LEAST_EXPECTED = 3.0
"""A word or tenth counts where three rows with the label and three without are expected (assumption)."""
EVIDENT = 0.001
"""Columns count whose real rates differ as they would by chance in one of a thousand (assumption)."""
GIVEN_AWAY = 0.1
"""A column that leaves a tenth of the variance of the label gives it away, and is left out (assumption)."""


@dataclass(frozen=True)
class _Rates:
    """Rows and rows with the label by cell of one column, float64[G] of each side, for one class of it."""

    column: ColumnPair
    told: str
    names: tuple[str, ...]
    rows: tuple[Float1D, ...]
    hits: tuple[Float1D, ...]

    def kept(self, own: Float2D, real: Float2D, side: int = 1) -> Float1D:
        """Return which part of the differences between real log odds other rates have: 1 all, 0 none.

        Both are rates float64[B, G]. The slope of the log odds, weighted by their information, both smoothed
        by half a row of the real side.
        """
        scale = self.rows[0]
        odds = []
        for rates in (own, real):
            smooth = (scale * rates + 0.5) / (scale + 1.0)
            odds.append(np.log(smooth / (1.0 - smooth)))
        smooth = (scale * own + 0.5) / (scale + 1.0)
        weight = self.rows[side] * smooth * (1.0 - smooth)
        weight = weight / weight.sum(axis=1, keepdims=True)
        y, x = (one - (weight * one).sum(axis=1, keepdims=True) for one in odds)
        return np.asarray((weight * x * y).sum(axis=1) / (weight * x * x).sum(axis=1))

    def rates(self, side: int) -> Float2D:
        """Return the rates of a side, float64[1, G]."""
        return np.asarray((self.hits[side] / np.maximum(self.rows[side], 1.0))[None])

    @property
    def evidence(self) -> float:
        """How far the real rates differ beyond chance; 0 where that is not evident, or all is given away."""
        rows, rate = self.rows[0], self.rates(0)[0]
        share = float(self.hits[0].sum() / rows.sum())
        left = float((rows * rate * (1.0 - rate)).sum() / rows.sum())
        spread = float((rows * (rate - share) ** 2).sum()) / max(share * (1.0 - share), 1e-12)
        by_chance = float(special.chdtrc(len(rows) - 1, spread))
        evident = by_chance < EVIDENT and left > GIVEN_AWAY * share * (1.0 - share)
        return spread - (len(rows) - 1) if evident else 0.0


def measure(case: TableCase) -> list[Score]:
    """Return one score for each of the five columns that tell most of the label; nothing without a label.

    Of several words each but the commonest has five: what says which loans still run says more than a grade
    does of defaults, which are fewer.
    """
    if case.roles.label is None:
        return []
    pair = case.column(case.roles.label)
    why = label_refusal(case, pair)
    if pair is not None and not why:
        why = too_little(1, {"real": len(pair.real), "synthetic": len(pair.own)}, LEAST_ROWS)
    if pair is None or why:
        return [METRIC.missing("rates of the label", why)]
    columns = [one for one in case.columns if one.name not in (case.roles.label, case.roles.time)]
    found = [one for word in _words(pair) for one in _telling(pair, columns, word)]
    if not found:
        return [METRIC.powerless("rates of the label", "no column has real rates that differ beyond chance")]
    several = len(judged_classes(pair)) > 1
    return [_score(case, one, f" ({one.told})" if several else "") for one in found]


def _words(pair: ColumnPair) -> list[float]:
    """Return the classes of a label whose rates are compared: the rarer of two, all but the commonest."""
    judged = judged_classes(pair)
    if len(judged) < 2:
        return judged
    counts = [int((pair.real == one).sum()) for one in judged]
    return [one for at, one in enumerate(judged) if at != int(np.argmax(counts))]


def _telling(pair: ColumnPair, columns: Sequence[ColumnPair], word: float) -> list[_Rates]:
    """Return the rates of a class in the columns that tell most of it, beyond chance, five at most."""
    rates = (one for column in columns if (one := _of_class(pair, column, word)) is not None)
    return sorted((one for one in rates if one.evidence > 0), key=lambda one: -one.evidence)[:COLUMNS]


def _of_class(pair: ColumnPair, column: ColumnPair, word: float) -> _Rates | None:
    """Return the rates of a class of the label in the cells of a column with rows enough; None in one."""
    cells, names = _cells(column)
    labels = [pair.real, pair.own] + ([] if pair.spare is None else [pair.spare])
    there = [known(pair, one) & (cell >= 0) for one, cell in zip(labels, cells, strict=True)]
    rows = [np.bincount(cell[use], minlength=len(names)) for cell, use in zip(cells, there, strict=True)]
    hits = [
        np.bincount(cell[use & is_positive(pair, label, word)[0]], minlength=len(names))
        for label, cell, use in zip(labels, cells, there, strict=True)
    ]
    share = float(hits[0].sum() / max(rows[0].sum(), 1))
    enough = (rows[0] * min(share, 1.0 - share) >= LEAST_EXPECTED) & (rows[1] > 0)
    if enough.sum() < 2:
        return None
    return _Rates(
        column, is_positive(pair, pair.real, word)[1], tuple(np.array(names, dtype=object)[enough]),
        tuple(side[enough].astype(np.float64) for side in rows),
        tuple(side[enough].astype(np.float64) for side in hits),
    )  # fmt: skip


def _cells(column: ColumnPair) -> tuple[list[Int1D], list[str]]:
    """Return the cell of each value, -1 for none, and what it is: common words, tenths of real numbers."""
    sides = [column.real, column.own] + ([] if column.spare is None else [column.spare])
    if column.is_category:
        common = np.argsort(-np.bincount(column.real[column.real >= 0], minlength=1), kind="stable")[:LEVELS]
        cell = np.full(max(len(column.levels), 1), -1)
        cell[common] = 1 + np.arange(len(common))
        names = ["none", *(column.levels[one] for one in common.tolist())] if len(column.levels) else ["none"]
        return [np.where(one < 0, 0, cell[np.maximum(one, 0)]) for one in sides], names
    finite = column.real[np.isfinite(column.real)]
    if not len(finite):
        return [np.zeros(len(one), np.int64) for one in sides], ["none"]
    edges = np.unique(np.quantile(finite, np.linspace(0, 1, PARTS + 1)[1:-1], method="inverted_cdf"))
    names = ["none", *(f"to {one:g}" for one in edges), f"above {edges[-1]:g}"]
    return [np.where(np.isnan(one), 0, 1 + np.searchsorted(edges, one, "left")) for one in sides], names


def _score(case: TableCase, one: _Rates, told: str) -> Score:
    rng = case.streams.at("utility", "rates", f"{one.column.name}{told}")
    count = case.settings.bootstrap
    real, own = one.rates(0), one.rates(1)
    value = _lost(one, own, real)[0]

    def drawn(side: int, rates: Float2D, who: Int1D | None) -> Array:
        size = np.maximum(np.round(one.rows[side] / clustering(who)), 1.0).astype(np.int64)
        return np.asarray(rng.binomial(size, rates[0], (count, len(size))) / size)

    floors = _lost(one, drawn(1, real, case.entity_own), drawn(0, real, case.entity_real))
    draws = _lost(one, drawn(1, own, case.entity_own), drawn(0, real, case.entity_real))
    spare = None
    if len(one.rows) > 2 and one.rows[2].all():
        spare = float(np.abs(1.0 - one.kept(one.rates(2), real, 2))[0])
        floors = floors + max(spare - float(np.median(floors)), 0.0)
    low, high = int(real[0].argmin()), int(real[0].argmax())
    note = (
        f"{one.told}: {one.names[low]} {own[0, low]:.2%} synthetic, {real[0, low]:.2%} real; "
        f"{one.names[high]} {own[0, high]:.2%} synthetic, {real[0, high]:.2%} real; "
        f"slope of log odds {float(one.kept(own, real)[0]):.2f} (1: as real, 0: the same rate everywhere)"
    )
    evidence = Evidence(float(value), draws, floors, spare)
    return METRIC.compared(
        f"{one.column.name}{told}", evidence, ceiling=1.0, n=int(one.rows[1].sum()), note=note
    )


def _lost(one: _Rates, own: Float2D, real: Float2D) -> Float1D:
    return np.asarray(np.abs(1.0 - one.kept(own, real)))


METRIC = Metric(
    name="outcome_rates",
    case="table",
    use=DETECTOR,
    unit="part of log odds",
    lowest=0.0,
    highest=float("inf"),
    best=0.0,
    delta=0.1,
    origin="assumption: a tenth of the differences of log odds lost or added, beyond chance",
    order_free=True,
    compute=measure,
    summary="Rates of the label by the words and tenths of the columns that tell most of it",
    order=822,
    how=(
        "The rate of the label (default) by each word, and each tenth of a number, on both sides, for the "
        "five columns whose real rates differ most; of a label of several words, of each but the commonest. "
        "The score is how far the slope of the synthetic log odds "
        "on the real ones is from 1: flattened rates, as of grades of which the best default too often and "
        "the worst too seldom, have a slope below 1, exaggerated ones above. The note has both ends."
    ),
    misses="Rates that are off but neither flatter nor steeper (label_association), the level (label_rate).",
    estimator=(
        "distance of the weighted slope of log odds from 1, binomial draws of both sides (fewer by the rows "
        "of an entity); columns of which chi-square is beyond chance at .001, without those that give the "
        "label away"
    ),
    references="real rates drawn twice, or the hold-out / the same rate everywhere",
)
