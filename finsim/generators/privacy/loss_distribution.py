"""The privacy loss distribution of composed subsampled Gaussians: the tight accountant.

Every rounding is towards more loss, so the epsilon found is never below the true one. Sources: Koskela,
Jalko & Honkela 2020 (composition by FFT), Doroshenko et al. 2022 (``connect the dots``), Zhu, Dong & Wang
2022 (theorem 10: dominating pairs compose).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from finsim.extras import Later
from finsim.generators.privacy.renyi_accounting import Events, renyi_epsilon
from finsim.notation import Array, Float1D

special = Later("scipy.special", "learn")
fft = Later("scipy.fft", "learn")

FINE, COARSE = 2**17, 2**14
"""Points of the grid: coarser is quicker and finds an epsilon up to 1 % larger, never a smaller one."""
_STEPS = (1e-6, 2e-3)
# Shares of delta that may be lost in tails; what is lost is added to delta.
_LOST = 1e-4
_TOO_FAR = 500.0
# More than the rounding of the transforms adds up to.
_ROUNDING = 1e-12
_TILTS: Float1D = np.geomspace(0.02, 2000.0, 48)


@dataclass(frozen=True)
class Losses:
    """Losses of one use on a grid: ``mass[i]`` at (first + i) * step, and ``infinite`` at infinity."""

    step: float
    first: int
    mass: Float1D
    infinite: float

    @classmethod
    def of(cls, rate: float, sigma: float, step: float, lost: float, removed: bool) -> Losses:
        """Return the losses of a subsampled Gaussian, ``removed``: of the set with an entity against without.

        Mass between two grid points goes to both ends so that its probability under both sets stays as
        it is: the trade-off curve of the result lies on or above the true one.
        """
        reach = -float(special.ndtri(lost))
        points = np.array([-sigma * reach, 1.0 + sigma * reach])
        low, high = (int(edge) for edge in np.array([-1, 1]) + _loss(points, rate, sigma) // step)
        edges = np.arange(low, high + 1) if removed else np.arange(-high, -low + 1)
        at = _point(edges * step if removed else -edges * step, rate, sigma)
        plain, moved = _between(at / sigma), _between((at - 1.0) / sigma)
        mixed = (1.0 - rate) * plain + rate * moved
        mass, other = (mixed, plain) if removed else (plain, mixed)
        below, above = _outside(at, rate, sigma, removed)
        # Shares of a bin: lower * exp(-left) + (mass - lower) * exp(-right) = other.
        scaled = other * np.exp(np.minimum(edges[1:] * step, 700.0))
        lower = np.clip((scaled - mass) / np.expm1(step), 0.0, mass)
        whole = np.zeros(len(edges))
        whole[:-1] += lower
        whole[1:] += mass - lower
        whole[0] += below
        return cls(step, int(edges[0]), whole, above)

    def bound(self, tilt: float) -> float:
        """Return log E exp(tilt * loss) over finite losses."""
        used = np.flatnonzero(self.mass)
        mass = self.mass[used[0] : used[-1] + 1]
        tilted = tilt * self.step * (self.first + np.arange(used[0], used[-1] + 1))
        top = max(float(tilted[0]), float(tilted[-1]))
        return top + float(np.log(mass @ np.exp(tilted - top)))


def loss_epsilon(events: Events, delta: float, points: int = FINE) -> float:
    """Return an epsilon at ``delta`` that all events together keep, never below the true one.

    The larger of both directions, one entity added and one removed. Infinity where none is known.
    """
    used = tuple(sorted((key, count) for key, count in events.items() if count and key[0] > 0.0))
    return _both_directions(used, delta, points)


@cache
def _both_directions(used: tuple[tuple[tuple[float, float], int], ...], delta: float, points: int) -> float:
    events = dict(used)
    if not events:
        return 0.0
    if any(sigma == 0.0 for _, sigma in events):
        return np.inf
    # The Renyi bound at a lost tail is the farthest that a sum of losses gets: it sets the scale of the grid.
    farthest = renyi_epsilon(events, _LOST * delta)
    if not np.isfinite(farthest) or farthest > _TOO_FAR:
        return np.inf
    step = float(np.clip(2.0 * farthest / points, *_STEPS))
    return max(_epsilon(events, delta, step, removed) for removed in (True, False))


def _epsilon(events: Events, delta: float, step: float, removed: bool) -> float:
    lost = _LOST * delta / sum(events.values())
    parts = [(Losses.of(rate, sigma, step, lost, removed), count) for (rate, sigma), count in events.items()]
    low, high = _window(parts, _LOST * delta)
    first, size = int(np.floor(low / step)), int(fft.next_fast_len(int((high - low) / step) + 3, real=True))
    product = np.ones(size // 2 + 1, dtype=np.complex128)
    for losses, count in parts:
        places = (losses.first + np.arange(len(losses.mass))) % size
        product *= fft.rfft(np.bincount(places, losses.mass, size)) ** count
    mass = np.roll(np.maximum(fft.irfft(product, size), 0.0), -(first % size))
    infinite = sum(count * losses.infinite for losses, count in parts) + _LOST * delta + _ROUNDING
    at = first + np.arange(size)
    mass, losses_above = mass[at > 0], at[at > 0] * step
    # delta(epsilon) = sum of mass * (1 - exp(epsilon - loss)) over losses above epsilon.
    whole = np.append(np.cumsum(mass[::-1])[::-1], 0.0)
    shrunk = np.append(np.cumsum((mass * np.exp(-losses_above))[::-1])[::-1], 0.0)
    grid = np.append(0.0, losses_above)
    deltas = infinite + whole - np.exp(grid) * shrunk
    kept = np.flatnonzero(deltas <= delta)
    return float(grid[kept[0]]) if len(kept) else np.inf


def _window(parts: list[tuple[Losses, int]], lost: float) -> tuple[float, float]:
    """Return bounds that the sum of all losses leaves with probability ``lost`` at most on each side."""
    surprise = -np.log(lost)

    def farthest(sign: float) -> float:
        """Return the least (log E exp(tilt * loss) + surprise) / tilt: each tilt gives a bound (Chernoff)."""
        found: dict[int, float] = {}

        def at(index: int) -> float:
            if index not in found:
                tilt = float(_TILTS[index])
                found[index] = (sum(n * part.bound(sign * tilt) for part, n in parts) + surprise) / tilt
            return found[index]

        low, high = 0, len(_TILTS) - 1
        while high > low:  # the bound falls and then rises with the tilt
            middle = (low + high) // 2
            low, high = (low, middle) if at(middle) <= at(middle + 1) else (middle + 1, high)
        return at(low)

    return -farthest(-1.0), farthest(1.0)


def _loss(points: Float1D, rate: float, sigma: float) -> Float1D:
    """Return log(1 - rate + rate * exp((2 x - 1) / (2 sigma^2)))."""
    rest = np.log1p(-rate) if rate < 1.0 else -np.inf
    losses: Float1D = np.logaddexp(rest, np.log(rate) + (2.0 * points - 1.0) / (2.0 * sigma**2))
    return losses


def _point(losses: Array, rate: float, sigma: float) -> Float1D:
    """Return the points where the loss is reached: the inverse of ``_loss``, -inf below its range."""
    with np.errstate(divide="ignore", invalid="ignore"):
        small = np.log1p(np.maximum(np.expm1(np.minimum(losses, 30.0)) / rate, -1.0))
        large = losses - np.log(rate) + np.log1p((rate - 1.0) * np.exp(-np.maximum(losses, 30.0)))
    points: Float1D = sigma**2 * np.where(losses < 30.0, small, large) + 0.5
    return points


def _between(at: Float1D) -> Float1D:
    """Return the standard normal mass between neighbors, exact on both sides."""
    left, right = np.minimum(at[:-1], at[1:]), np.maximum(at[:-1], at[1:])
    upper = left > 0.0
    mass: Float1D = np.where(
        upper, special.ndtr(-left) - special.ndtr(-right), special.ndtr(right) - special.ndtr(left)
    )
    return mass


def _outside(at: Float1D, rate: float, sigma: float, removed: bool) -> tuple[float, float]:
    """Return the mass with losses below the first edge and above the last."""

    def mixed(sign: float, edge: float) -> float:
        plain, moved = special.ndtr(sign * edge / sigma), special.ndtr(sign * (edge - 1.0) / sigma)
        return float((1.0 - rate) * plain + rate * moved)

    if removed:
        return mixed(1.0, at[0]), mixed(-1.0, at[-1])
    return float(special.ndtr(-at[0] / sigma)), float(special.ndtr(at[-1] / sigma))
