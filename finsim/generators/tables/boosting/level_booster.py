"""Log odds of a class as a sum of small trees over levels; how many is told by rows that were left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np

from finsim.errors import FitError
from finsim.kernels.boosted_trees import BLOCK, grow_tree, tree_sums
from finsim.notation import Array, Bool1D, Float1D, Float2D

PATIENCE = 15
_BYTE = 255
DEEPEST = 5  # `tree_sums` counts leaves in bytes, and asks all nodes of a depth


@dataclass(frozen=True)
class Boosting:
    """How trees are boosted: depth, step of each, most of them, ridge and least rows of a leaf, folds.

    ``folds`` : parts that are left out in turn to tell how many trees help.
    """

    depth: int = 4
    rate: float = 0.1
    most: int = 150
    ridge: float = 5.0
    least: float = 5.0
    folds: int = 4

    def __post_init__(self) -> None:
        """Raise FitError for trees deeper than the kernels answer."""
        if not 1 <= self.depth <= DEEPEST:
            raise FitError(
                f"trees of depth {self.depth}", place="boosting: depth", expected=f"1 to {DEEPEST}",
                remedy="choose a depth in that range",
            )  # fmt: skip


@dataclass(frozen=True)
class LevelOdds:
    """Log odds of rows of levels: ``offset`` plus the sum of trees (see ``finsim.kernels.boosted_trees``).

    column, bound : int32[T, 2^D - 1]; value : float64[T, 2^D]. Source: gradient boosting (Friedman 2001).
    """

    offset: float
    column: Array
    bound: Array
    value: Float2D

    def of(self, levels: Array) -> Float1D:
        """Return the log odds of rows of levels int32[N, C], float64[N]."""
        found = np.full(len(levels), self.offset)
        if len(self.column):
            if int(self.column.max()) >= levels.shape[1]:
                raise FitError(
                    "a tree asks for a column that the rows do not have", place="the trees of a model",
                    expected=f"columns below {levels.shape[1]}", remedy="fit the model again",
                )  # fmt: skip
            _add(compacted(levels), (self.column, self.bound, self.value), found)
        return found

    def state(self, prefix: str) -> dict[str, Array]:
        """Return the arrays under names that begin with ``prefix``."""
        return {f"{prefix}.offset": np.array([self.offset]), f"{prefix}.column": self.column,
                f"{prefix}.bound": self.bound, f"{prefix}.value": self.value}  # fmt: skip

    @classmethod
    def from_state(cls, prefix: str, arrays: Mapping[str, Array]) -> Self:
        """Return the odds that ``state`` wrote."""
        column, bound, value = (arrays[f"{prefix}.{name}"] for name in ("column", "bound", "value"))
        inner = column.shape[1] if column.ndim == 2 else 0
        whole = bound.shape == column.shape and value.shape == (len(column), inner + 1)
        if not whole or inner + 1 not in {2**depth for depth in range(1, DEEPEST + 1)} or (column < 0).any():
            raise FitError(
                "the trees of a saved model do not fit together", place=prefix,
                expected=f"trees of depth 1 to {DEEPEST}", remedy="fit the model again",
            )  # fmt: skip
        return cls(float(arrays[f"{prefix}.offset"][0]), column, bound, value)


def compacted(levels: Array) -> Array:
    """Return rows of levels [N, C] column by column, as bytes where they are such: trees read them so."""
    if levels.dtype != np.uint8 and levels.max(initial=0) <= _BYTE:
        return levels.astype(np.uint8, order="F")
    return np.asfortranarray(levels)


def _add(levels: Array, trees: tuple[Array, Array, Float2D], sums: Float1D) -> None:
    """Add the trees' values of compacted rows to ``sums``."""
    column, bound, value = trees
    most = np.clip(bound, 0, _BYTE).astype(np.uint8) if levels.dtype == np.uint8 else bound
    tree_sums(levels, column, most, value, np.zeros((levels.shape[1], BLOCK), levels.dtype), sums)


def boosted(
    levels: Array, truth: Bool1D, weight: Float1D, how: Boosting, rng: np.random.Generator
) -> tuple[LevelOdds, float]:
    """Return the log odds of ``truth`` given levels int32[N, C], and the log loss they save on rows left out.

    Each of ``how.folds`` parts is left out once; the number of trees is the one whose mean loss on them is
    least, 0 where none helps. The odds returned are learned from all rows. weight : float64[N].
    """
    fold = rng.permutation(len(truth)) % how.folds
    losses = np.zeros(how.most + 1)
    for part in range(how.folds):
        away = fold == part
        losses += _losses(levels, truth, weight, away, how)
    count = int(losses.argmin())
    saved = float((losses[0] - losses[count]) / weight.sum())
    return grown(levels, truth, weight, count, how), saved


def _losses(levels: Array, truth: Bool1D, weight: Float1D, away: Bool1D, how: Boosting) -> Float1D:
    """Return the loss on rows left out after 0, 1, ... trees, inf after they stopped to help."""
    mine, other = np.ascontiguousarray(levels[~away]), compacted(levels[away])
    found = np.full(how.most + 1, np.inf)
    offset = _offset(truth[~away], weight[~away])
    odds = np.full(len(other), offset)
    found[0] = best = _loss(odds, truth[away], weight[away])
    since = 0
    grower = _Grower(mine, truth[~away], weight[~away], offset, how)
    for index in range(how.most):
        column, bound, value = grower.tree()
        _add(other, (column[None], bound[None], value[None]), odds)
        found[index + 1] = _loss(odds, truth[away], weight[away])
        since = 0 if found[index + 1] < best else since + 1
        best = min(best, float(found[index + 1]))
        if since >= PATIENCE:
            break
    # A part that stopped counts as it stood, so that the other parts still choose.
    return np.where(np.isinf(found), found[np.isfinite(found)][-1], found)


def grown(levels: Array, truth: Bool1D, weight: Float1D, count: int, how: Boosting) -> LevelOdds:
    """Return the log odds of ``truth`` by ``count`` trees; see ``boosted``."""
    offset = _offset(truth, weight)
    grower = _Grower(np.ascontiguousarray(levels), truth, weight, offset, how)
    trees = [grower.tree() for _ in range(count)]
    inner = 2**how.depth - 1
    return LevelOdds(
        offset,
        np.array([one[0] for one in trees], np.int32).reshape(count, inner),
        np.array([one[1] for one in trees], np.int32).reshape(count, inner),
        np.array([one[2] for one in trees], np.float64).reshape(count, inner + 1),
    )


class _Grower:
    """Grows the trees of one boosting run one after the other."""

    def __init__(self, levels: Array, truth: Bool1D, weight: Float1D, offset: float, how: Boosting) -> None:
        self.levels, self.truth, self.weight, self.how = levels, truth, weight, how
        self.size = int(levels.max(initial=0)) + 2
        self.odds = np.full(len(levels), offset)
        self.node = np.zeros(len(levels), np.int64)

    def tree(self) -> tuple[Array, Array, Float1D]:
        """Return the next tree, its steps shortened by the rate."""
        inner = 2**self.how.depth - 1
        column, bound = np.zeros(inner, np.int32), np.zeros(inner, np.int32)
        value = np.zeros(inner + 1)
        chance = _chance(self.odds)
        penalty = np.array([self.how.ridge, self.how.least * 0.25, 1e-9])
        curves = self.weight * np.maximum(chance * (1.0 - chance), 1e-9)
        slopes = np.stack([self.weight * (chance - self.truth), curves], axis=1)
        grow_tree(self.levels, self.size, slopes, penalty, self.node, column, bound, value)
        value *= self.how.rate
        self.odds += value[self.node - inner]
        return column, bound, value


def _offset(truth: Bool1D, weight: Float1D) -> float:
    share = float(np.clip((weight * truth).sum() / max(weight.sum(), 1e-300), 1e-6, 1.0 - 1e-6))
    return float(np.log(share / (1.0 - share)))


def _chance(odds: Float1D) -> Float1D:
    return np.asarray(1.0 / (1.0 + np.exp(-np.minimum(np.maximum(odds, -30.0), 30.0))))


def _loss(odds: Float1D, truth: Bool1D, weight: Float1D) -> float:
    """Return the sum of the log loss in nats."""
    return float((weight * np.logaddexp(0.0, np.where(truth, -odds, odds))).sum())
