"""The nearest points at which a loss reaches a limit, in standard normal coordinates (FORM)."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from finsim.errors import ScenarioError
from finsim.extras import Later
from finsim.notation import Float1D, Float2D

optimize = Later("scipy.optimize", "credit")

Loss = Callable[[Float2D], Float1D]
"""A loss in standard normal coordinates: float64 [n, drivers] -> [n]."""
FARTHEST = 10.0
_ANGLE = math.cos(math.radians(30.0))
_STEP = 1e-5


@dataclass(frozen=True)
class DesignPoint:
    """A point of the border of a breach: ``u`` [drivers] in standard normal coordinates."""

    u: Float1D

    @property
    def distance(self) -> float:
        """Its distance from no move at all, in standard deviations."""
        return float(np.sqrt(self.u @ self.u))

    @property
    def probability(self) -> float:
        """Return Phi(-distance), the probability of the half-space behind the point (first order)."""
        return normal_tail(self.distance)


def normal_tail(x: float) -> float:
    """Return 1 - Phi(x)."""
    return 0.5 * math.erfc(x / math.sqrt(2.0))


def design_points(loss: Loss, drivers: int, limit: float, count: int = 1) -> tuple[DesignPoint, ...]:
    """Return at most ``count`` points with ``loss >= limit``, the nearest first.

    The first is the nearest of all (found from the axes and the diagonals as starts); each further one is the
    nearest that stands at least 30 degrees from those before, so it is another story and not a neighbour.
    Fewer come back where no other direction reaches the limit within ten standard deviations. Raises
    ScenarioError where none does, or where the limit is broken with no move at all.
    Source: Hasofer and Lind 1974; Der Kiureghian and Dakessian 1998 for further points.
    """
    calm = float(loss(np.zeros((1, drivers)))[0])
    if calm >= limit:
        raise ScenarioError(
            f"{calm:.4g} without any move",
            expected=f"less than the limit {limit:.4g}",
            remedy="raise the limit",
        )
    found: list[DesignPoint] = []
    while len(found) < count:
        best = _nearest(loss, drivers, limit, [point.u / point.distance for point in found])
        if best is None:
            break
        found.append(DesignPoint(best))
    if not found:
        raise ScenarioError(
            f"the limit {limit:.4g} is not reached within {FARTHEST:g} standard deviations",
            expected=f"at most {_highest(loss, drivers):.4g}",
            remedy="lower the limit",
        )
    return tuple(sorted(found, key=lambda point: point.distance))


def _nearest(loss: Loss, drivers: int, limit: float, taken: list[Float1D]) -> Float1D | None:
    """Return the nearest border point that keeps its angle to the directions already taken."""
    best: Float1D | None = None
    for start in _starts(loss, drivers, taken):
        first = _on_border(loss, start, limit)
        for guess in () if first is None else (_walked(loss, first, limit, taken), first):
            point = None if not np.isfinite(guess).all() else _on_border(loss, guess, limit)
            if point is None or not _is_apart(point, taken):
                continue
            if best is None or point @ point < best @ best:
                best = point
    return best


def _walked(loss: Loss, start: Float1D, limit: float, taken: list[Float1D]) -> Float1D:
    scale = max(abs(limit), 1e-12)

    def room(u: Float1D) -> float:
        return float(loss(u[None, :])[0]) / scale - limit / scale

    def slope(u: Float1D) -> Float1D:
        steps = np.vstack([np.eye(len(u)), -np.eye(len(u))]) * _STEP
        values = loss(u + steps) / scale
        found: Float1D = (values[: len(u)] - values[len(u) :]) / (2.0 * _STEP)
        return found

    limits: list[dict[str, Any]] = [{"type": "ineq", "fun": room, "jac": slope}]
    limits += [
        {"type": "ineq", "fun": lambda u, d=other: _ANGLE * math.sqrt(u @ u + 1e-12) - float(u @ d)}
        for other in taken
    ]
    done = optimize.minimize(
        lambda u: u @ u, start, jac=lambda u: 2.0 * u, constraints=limits, method="SLSQP",
        options={"ftol": 1e-13, "maxiter": 300},
    )  # fmt: skip
    return np.asarray(done.x, dtype=np.float64)


def _on_border(loss: Loss, u: Float1D, limit: float) -> Float1D | None:
    """Return where the ray through ``u`` first reaches the limit; None where it does not."""
    size = float(np.sqrt(u @ u))
    if size < 1e-9:
        return None
    ray = u / size
    lengths = np.linspace(0.0, FARTHEST, 101)
    beyond = loss(lengths[:, None] * ray) >= limit
    if not beyond.any():
        return None
    high = int(beyond.argmax())
    low, top = lengths[high - 1], lengths[high]
    for _ in range(50):
        middle = 0.5 * (low + top)
        low, top = (low, middle) if loss((middle * ray)[None, :])[0] >= limit else (middle, top)
    found: Float1D = top * ray
    return found


def _starts(loss: Loss, drivers: int, taken: list[Float1D]) -> Iterator[Float1D]:
    """Yield unit directions: the steepest, the axes, the diagonals uphill, and just apart from the taken."""
    axes = np.eye(drivers)
    slope = loss(_STEP * axes) - loss(-_STEP * axes)
    size = float(np.sqrt(slope @ slope))
    listed = [slope / size] if size > 0.0 else []
    listed += [sign * axis for axis in axes for sign in (1.0, -1.0)]
    uphill = np.where(slope < 0.0, -1.0, 1.0)[:, None] * axes
    listed += [(one + two) / math.sqrt(2.0) for one, two in itertools.combinations(uphill, 2)]
    for other in taken:  # and just outside the cone around each point before
        aside = axes - np.outer(axes @ other, other)
        aside = aside[np.sqrt((aside**2).sum(axis=1)) > 1e-6]
        aside = aside / np.sqrt((aside**2).sum(axis=1))[:, None]
        listed += [
            _ANGLE * other + sign * math.sin(math.acos(_ANGLE)) * one for one in aside for sign in (1, -1)
        ]
    for start in listed:
        if _is_apart(start, taken):
            yield start


def _is_apart(u: Float1D, taken: list[Float1D]) -> bool:
    size = float(np.sqrt(u @ u))
    return all(float(u @ other) <= (_ANGLE + 1e-6) * size for other in taken)


def _highest(loss: Loss, drivers: int) -> float:
    rays = np.vstack(list(_starts(loss, drivers, [])))
    return float(loss(FARTHEST * rays).max())
