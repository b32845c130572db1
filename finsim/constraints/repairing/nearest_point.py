"""Nearest point of a polyhedron, for many rows at once.

Minimise ``sum w |dx|`` over ``a dx <= slack``. The least sum of absolute moves changes few columns, and
its solutions are corners, so prices stay on values that the rules themselves name. Of several equally
near points the one is taken whose first columns move least. Method: own. Only half-spaces that are
broken enter at first, then those that the answer breaks (a relaxation whose answer is feasible is the
answer); rows of one such pattern are solved together: chains in closed form, small patterns by trying the
corners, others by HiGHS.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from itertools import combinations, product
from typing import Any

import numpy as np

from finsim.constraints.repairing.ordered_chains import ascending, chain_of
from finsim.extras import Later
from finsim.notation import Array, Bool1D, Float1D, Float2D, Float3D, Int1D

optimize = Later("scipy.optimize", "repair")

MOST_CORNERS = 1_500
_MOST_FRACTIONAL = 8
_CLOSE = 1e-12  # own: a corner is computed to a few units in the last place
_ROUNDING = 16 * float(np.finfo(np.float64).eps)
_LP_CLOSE = 1e-9


def nearest(a: Float3D, slack: Float2D, weights: Float1D, whole: Bool1D) -> tuple[Float2D, Bool1D]:
    """Return the least move of each row and whether there is one.

    ``a`` [k, m, n], ``slack`` [k, m] (infinite: no demand), ``weights`` [n] > 0, ``whole`` [n] columns
    that move by whole numbers only. Moves are [k, n]; 0 where there is none.
    """
    slack = _whole_slack(a, slack, whole)
    moves, solved = _real(a, slack, weights)
    fraction = solved & (np.abs(moves - np.rint(moves)) > _LP_CLOSE * (1 + np.abs(moves)))[:, whole].any(
        axis=1
    )
    tidy = solved & ~fraction
    moves[np.ix_(tidy, whole)] = np.rint(moves[np.ix_(tidy, whole)])
    if fraction.any():
        rows = np.flatnonzero(fraction)
        moves[rows], solved[rows] = _rounded(a[rows], slack[rows], weights, whole, moves[rows])
    moves[~solved] = 0.0
    return moves, solved


def _whole_slack(a: Float3D, slack: Float2D, whole: Bool1D) -> Float2D:
    """Tighten half-spaces of whole columns and whole factors to the next whole number."""
    fits = ((a == 0) | (whole & (a == np.rint(a)))).all(axis=2)
    return np.where(fits & np.isfinite(slack), np.floor(slack), slack)


def _broken(a: Float3D, slack: Float2D, moves: Float2D) -> Bool1D:
    """Return [k, m]: which half-spaces a move leaves broken."""
    reach = np.einsum("kmn,kn->km", a, moves)
    size = np.where(np.isfinite(slack), np.abs(slack), 0.0) + np.einsum(
        "kmn,kn->km", np.abs(a), np.abs(moves)
    )
    room = _CLOSE * size + _ROUNDING * size.max(axis=1, keepdims=True, initial=0.0)
    broken: Bool1D = reach > slack + room
    return broken


def _real(a: Float3D, slack: Float2D, weights: Float1D) -> tuple[Float2D, Bool1D]:
    moves, solved = np.zeros((len(a), a.shape[2])), np.ones(len(a), dtype=bool)
    pattern = slack < 0
    waiting = np.flatnonzero(pattern.any(axis=1))
    while len(waiting):
        kinds, kind_of = np.unique(pattern[waiting], axis=0, return_inverse=True)
        for kind, demands in enumerate(kinds):
            rows = waiting[kind_of.reshape(-1) == kind]
            for part, columns in _components(a[np.ix_(rows, np.flatnonzero(demands))], demands):
                found, fine = _corner(
                    a[np.ix_(rows, part, columns)], slack[np.ix_(rows, part)], weights[columns]
                )
                moves[np.ix_(rows, columns)] = found
                solved[rows] &= fine
        more = _broken(a[waiting], slack[waiting], moves[waiting]) & ~pattern[waiting]
        pattern[waiting] |= more
        waiting = waiting[more.any(axis=1) & solved[waiting]]
    return moves, solved


def _components(a: Float3D, demands: Bool1D) -> Iterator[tuple[Int1D, Int1D]]:
    """Yield half-spaces and columns that hang together."""
    linked = (a != 0).any(axis=0)
    left = set(range(len(linked)))
    names = np.flatnonzero(demands)
    while left:
        part = {left.pop()}
        columns = linked[sorted(part)].any(axis=0)
        while True:
            grown = {one for one in left if (linked[one] & columns).any()}
            if not grown:
                break
            part |= grown
            left -= grown
            columns = linked[sorted(part)].any(axis=0)
        yield names[sorted(part)], np.flatnonzero(columns)


def _corner(a: Float3D, slack: Float2D, weights: Float1D) -> tuple[Float2D, Bool1D]:
    """Return the best corner of each row; all half-spaces are demanded of all rows."""
    p, q = a.shape[1:]
    path = chain_of(a) if p > 1 else None
    if path is not None:
        return ascending(a, slack, weights, path), np.ones(len(a), dtype=bool)
    if math.comb(p + q, q) > MOST_CORNERS:
        return _programmed(a, slack, weights, np.zeros(q, dtype=bool))
    best, cost = np.zeros((len(a), q)), np.full(len(a), np.inf)
    for size in range(1, min(p, q) + 1):
        for tight in combinations(range(p), size):
            for free in combinations(range(q), size):
                corner, fine = _solved(a[:, tight][:, :, free], slack[:, tight])
                trial = np.zeros_like(best)
                trial[:, free] = corner
                fine &= ~_broken(a, slack, trial).any(axis=1)
                far = np.abs(trial) @ weights
                better = fine & _before(far, trial, cost, best)
                best[better], cost[better] = trial[better], far[better]
    return best, np.isfinite(cost)


def _solved(a: Float3D, b: Float2D) -> tuple[Float2D, Bool1D]:
    """Return the solutions of square systems, and where there is one."""
    scale = np.prod(np.linalg.norm(a, axis=2), axis=1)
    fine = np.abs(np.linalg.det(a)) > _CLOSE * scale
    safe = np.where(fine[:, None, None], a, np.eye(a.shape[1]))
    corner: Array = np.linalg.solve(safe, b[:, :, None])[:, :, 0]
    return corner, np.asarray(fine & (scale > 0))


def _before(far: Float1D, trial: Float2D, cost: Float1D, best: Float2D) -> Bool1D:
    """Return where a trial is nearer, or as near and moves the first columns less."""
    close = _LP_CLOSE * np.where(np.isfinite(cost), cost, 1.0)
    better = far < cost - close
    tied = ~better & (far <= cost + close)
    for column in range(trial.shape[1]):
        mine, other = np.abs(trial[:, column]), np.abs(best[:, column])
        better |= tied & (mine < other - close)
        tied &= np.abs(mine - other) <= close
    return better


def _rounded(
    a: Float3D, slack: Float2D, weights: Float1D, whole: Bool1D, moves: Float2D
) -> tuple[Float2D, Bool1D]:
    """Return whole moves: the best rounding of the real ones where it is surely the best, else a search."""
    least = np.abs(moves) @ weights
    best, cost = moves.copy(), np.full(len(a), np.inf)
    low = np.where(whole, np.floor(moves + _LP_CLOSE * (1 + np.abs(moves))), moves)
    columns = np.flatnonzero(((moves - low > _LP_CLOSE * (1 + np.abs(moves))) & whole).any(axis=0))
    if len(columns) <= _MOST_FRACTIONAL:
        for up in product((0.0, 1.0), repeat=len(columns)):
            trial = low.copy()
            trial[:, columns] += up
            far = np.abs(trial) @ weights
            better = ~_broken(a, slack, trial).any(axis=1) & _before(far, trial, cost, best)
            best[better], cost[better] = trial[better], far[better]
    step = _step(weights) if whole.all() else 0.0
    unsure = ~(cost - least < step * (1 - _LP_CLOSE))
    solved = ~unsure
    if unsure.any():
        best[unsure], solved[unsure] = _programmed(a[unsure], slack[unsure], weights, whole)
    return best, solved


def _step(weights: Float1D) -> float:
    """Return the least difference between the costs of two whole moves."""
    parts = [Fraction(str(weight)) for weight in weights.tolist()]
    bottom = math.lcm(*(part.denominator for part in parts))
    return math.gcd(*(int(part * bottom) for part in parts)) / bottom


def _programmed(a: Float3D, slack: Float2D, weights: Float1D, whole: Bool1D) -> tuple[Float2D, Bool1D]:
    """Solve row by row with HiGHS; the sum of moves first, then each column's in turn."""
    moves, solved = np.zeros((len(a), a.shape[2])), np.zeros(len(a), dtype=bool)
    for row in range(len(a)):
        there = np.isfinite(slack[row])
        found = _program(a[row, there], slack[row, there], weights, whole)
        if found is not None:
            moves[row], solved[row] = found, True
    return moves, solved


def _program(a: Float2D, slack: Float1D, weights: Float1D, whole: Bool1D) -> Array | None:
    n = len(weights)
    scale = float(np.max(np.abs(slack), initial=0.0)) if not whole.any() else 1.0
    scale = scale or 1.0
    rows: list[Any] = [optimize.LinearConstraint(np.hstack((a, -a)), -np.inf, slack / scale)]
    goals = [np.concatenate((weights, weights)), *(_unit(n, column) for column in range(n - 1))]
    found = None
    for goal in goals:
        answer = optimize.milp(
            goal,
            integrality=np.tile(whole, 2).astype(int),
            bounds=optimize.Bounds(0, np.inf),
            constraints=rows,
        )
        if answer.x is None:
            return found
        found = (answer.x[:n] - answer.x[n:]) * scale
        found = np.where(whole, np.rint(found), found)
        rows.append(optimize.LinearConstraint(goal, -np.inf, float(answer.fun) * (1 + 1e-12)))
    return found if found is None or whole.any() else _sharpened(a, slack, found, scale)


def _sharpened(a: Float2D, slack: Float1D, found: Float1D, scale: float) -> Float1D:
    """Return the corner that the solver came close to."""
    moving = np.flatnonzero(np.abs(found) > 1e-7 * scale)
    tight = np.flatnonzero(np.abs(a @ found - slack) <= 1e-6 * scale)
    corner = np.zeros_like(found)
    corner[moving] = np.linalg.lstsq(a[np.ix_(tight, moving)], slack[tight], rcond=None)[0]
    return corner if not _broken(a[None], slack[None], corner[None]).any() else found


def _unit(n: int, column: int) -> Float1D:
    goal = np.zeros(2 * n)
    goal[[column, n + column]] = 1.0
    return goal
