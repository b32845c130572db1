"""Columns of the real data that tell the label by themselves: a default date that only defaults have."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from finsim.evaluation.learner import weighted_auc
from finsim.notation import Bool1D, Float1D, Float2D, Int1D

AWAY = 0.99
"""AUC of one column that gives the label away (assumption): it is known with the label, not before."""
CELLS = 100
PRIOR = 1.0


def given_away(features: Float2D, label: Bool1D, group: Int1D, names: Sequence[str]) -> dict[str, float]:
    """Return the columns whose own AUC for the label is at least ``AWAY``, with it, the highest first.

    The share of the label in each cell of a column (its values, or 100 quantiles; no value is a cell) is
    learned on half of the groups and judged on the other, both ways; of numbers also their order, either way.
    """
    codes = np.unique(group, return_inverse=True)[1]
    half = codes % 2 == 0
    areas = {name: _area(column, label, half) for name, column in zip(names, features.T, strict=True)}
    return {name: areas[name] for name in sorted(areas, key=lambda one: -areas[one]) if areas[name] >= AWAY}


def _area(column: Float1D, label: Bool1D, half: Bool1D) -> float:
    filled = np.where(np.isfinite(column), column, -np.inf)
    order = float(weighted_auc(filled, label, np.ones((1, len(label))))[0])
    cells = _cells(column)
    found = []
    for learn in (half, ~half):
        if 0 < label[~learn].sum() < (~learn).sum():
            total, hits = (np.bincount(cells[rows], minlength=CELLS + 1) for rows in (learn, learn & label))
            rate = (hits + PRIOR * label.mean()) / (total + PRIOR)
            one = np.ones((1, int((~learn).sum())))
            found.append(float(weighted_auc(rate[cells[~learn]], label[~learn], one)[0]))
    return max(float(np.mean(found)) if found else 0.5, order, 1.0 - order)


def _cells(column: Float1D) -> Int1D:
    """Return a cell from 0 (no value) to ``CELLS`` for each row."""
    known = np.isfinite(column)
    levels = np.unique(column[known])
    if len(levels) > CELLS:
        levels = np.unique(np.quantile(column[known], np.arange(CELLS) / CELLS))
    return np.where(known, np.searchsorted(levels, np.where(known, column, 0.0), side="right"), 0)
