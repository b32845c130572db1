"""Lead a path to given end points: what is left is spread over its steps as its variance is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.engine.market_model.given.conditions import EndPoint
from finsim.engine.market_model.given.path_facts import SPAN, PathFacts, moves_of
from finsim.errors import Problem
from finsim.markets.encoding import Encoding
from finsim.notation import Array, Float1D, Float2D, Float3D

_BEYOND = 1.0
"""assumption: an end point is out of reach from one deviation beyond the farthest tried path on."""


@dataclass(frozen=True)
class Bridge:
    """Moves of given assets to the end, and how those of all assets go with them.

    assets : int64[G]; wanted, mean : float64[G]; answer : float64[A, G], by how much every asset moves for a
    unit of each given one, 1 for itself; root : float64[G, G], which turns a distance into deviations.
    Source: the conditional mean of a normal law; a Brownian bridge in the time of its own variance.
    """

    assets: Array
    wanted: Float1D
    mean: Float1D
    answer: Float2D
    root: Float2D

    @classmethod
    def fit(cls, ends: tuple[EndPoint, ...], tried: PathFacts) -> Bridge:
        """Return the bridge to end points, from the moves of tried paths."""
        assets = np.array([one.asset for one in ends], dtype=np.int64)
        moves = tried.moves - tried.moves.mean(axis=0)
        joint = moves.T @ moves / len(moves)
        # A tenth of a thousandth of the variance keeps assets that move as one apart.
        own = joint[np.ix_(assets, assets)]
        own = own + np.diag(1e-4 * np.diag(own) + 1e-18)
        answer = np.linalg.solve(own, joint[assets]).T
        answer[assets] = np.eye(len(assets))
        wanted = np.array([one.move for one in ends])
        root = np.linalg.inv(np.linalg.cholesky(own))
        return cls(assets, wanted, tried.moves[:, assets].mean(axis=0), answer, root)

    def distances(self, facts: PathFacts) -> Float1D:
        """Return how far paths end from the end points, float64[n], in deviations."""
        left = (self.wanted - facts.moves[:, self.assets]) @ self.root.T
        found: Float1D = np.sqrt((left**2).sum(axis=1))
        return found

    def unmet(self, ends: tuple[EndPoint, ...], tried: PathFacts) -> list[Problem]:
        """Return a problem when the end points lie far beyond where any tried path ended."""
        around = (tried.moves[:, self.assets] - self.mean) @ self.root.T
        away = float(np.linalg.norm(self.root @ (self.wanted - self.mean)))
        if away <= float(np.sqrt((around**2).sum(axis=1)).max()) + _BEYOND:
            return []
        low, high = tried.moves[:, self.assets].min(axis=0), tried.moves[:, self.assets].max(axis=0)
        return [
            Problem(
                f"sample: given {one.written.partition('=')[0]}",
                f"{one.written} is a move of {one.move:+.3g} (log, or a difference of levels)",
                f"moves that paths of this length make, {low[at]:+.3g} to {high[at]:+.3g}"
                + (", with the other end points" if len(ends) > 1 else ""),
                "give a nearer end point, or more --steps",
            )
            for at, one in enumerate(ends)
        ]

    def led(self, features: Float3D, encoding: Encoding) -> Float3D:
        """Return features float64[n, T, C] whose given assets end where they should, to rounding."""
        found = np.array(features, copy=True)
        moves = moves_of(found, encoding)
        left = self.wanted - moves.sum(axis=1)[:, self.assets]
        moves += clocks(moves)[:, :, :] * (left @ self.answer.T)[:, None, :]
        return found


def clocks(moves: Float3D) -> Float3D:
    """Return the share float64[n, T, A] of each step in the variance of its path, smoothed over 22 steps."""
    steps = moves.shape[1]
    centred = (moves - moves.mean(axis=1, keepdims=True)) ** 2
    half = SPAN // 2
    total = np.cumsum(np.pad(centred, ((0, 0), (1, 0), (0, 0))), axis=1)
    low, high = np.maximum(np.arange(steps) - half, 0), np.minimum(np.arange(steps) + half + 1, steps)
    smooth = (total[:, high] - total[:, low]) / (high - low)[:, None]
    # A tenth is spread evenly, so that a path at rest can be led too.
    smooth += 0.1 * centred.mean(axis=1, keepdims=True) + 1e-30
    shares: Float3D = smooth / smooth.sum(axis=1, keepdims=True)
    return shares
