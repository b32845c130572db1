"""Two models of the label, learned from real and from synthetic rows, tried on held-out people by group."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.evaluation.attacks.row_keys import banded
from finsim.evaluation.learner import fitted_scores
from finsim.evaluation.tables.column_pairs import ColumnPair
from finsim.evaluation.tables.table_case import TableCase
from finsim.notation import Array, Bool1D, Float1D, Float2D, Int1D

ROWS, ITERATIONS = 10_000, 60
BANDS = 4
POSITIVES = 30


@dataclass(frozen=True)
class Predictions:
    """Of the held-out rows: predicted chance by the real and the synthetic model, alerts of both, truth."""

    chance: tuple[Float1D, Float1D]
    chosen: tuple[Bool1D, Bool1D]
    truth: Bool1D


def positives(label: ColumnPair) -> tuple[Bool1D, Bool1D, Bool1D] | None:
    """Return which rows of the three sides hold the rarer of two values, or None for other labels."""
    assert label.spare is not None
    present = label.real[label.real >= 0] if label.is_category else label.real[np.isfinite(label.real)]
    values, counts = np.unique(present, return_counts=True)
    if len(values) != 2:
        return None
    rare = values[int(counts[1] <= counts[0])]
    return label.real == rare, label.own == rare, label.spare == rare


def predictions(case: TableCase, label: ColumnPair) -> Predictions | str:
    """Fit both models and predict the hold-out, or say why that is impossible.

    Each model alerts as many held-out rows as its own training rows have positives.
    """
    found = positives(label)
    if found is None:
        return "the label has not two values"
    real, own, truth = found
    if min(int(side.sum()) for side in found) < POSITIVES or not (~own).any():
        return f"fewer than {POSITIVES} positive rows on a side"
    features = [column for column in case.columns if column.name != label.name]
    tables = [_matrix(features, side) for side in ("real", "own", "spare")]
    chances, alerts = [], []
    for role, rows, target in (("real", tables[0], real), ("own", tables[1], own)):
        rng = case.streams.at("fairness", role)
        some = np.arange(len(rows)) if len(rows) <= ROWS else rng.choice(len(rows), ROWS, replace=False)
        seed = case.streams.word("fairness", "trees")
        chance = fitted_scores(rows[some], target[some], tables[2], seed, ITERATIONS)
        chances.append(chance)
        alerts.append(np.asarray(chance >= np.quantile(chance, 1.0 - target.mean())))
    return Predictions((chances[0], chances[1]), (alerts[0], alerts[1]), truth)


def _matrix(columns: list[ColumnPair], side: str) -> Float2D:
    values: list[Array] = []
    for column in columns:
        part = np.asarray(getattr(column, side), dtype=np.float64)
        values.append(np.where(part < 0, np.nan, part) if column.is_category else part)
    return np.stack(values, axis=1)


def groups_of(column: ColumnPair) -> tuple[Int1D, dict[int, str]]:
    """Return the group of each held-out row and the names: levels, or quarters of a number."""
    codes = banded(column, BANDS)[2]
    assert codes is not None
    names = {int(code): str(code + 1) for code in np.unique(codes)}
    if column.is_category:
        names = {code: column.levels[code] if code >= 0 else "missing" for code in names}
    else:
        names = {code: f"quarter {name}" if code >= 0 else "missing" for code, name in names.items()}
    return codes, names
