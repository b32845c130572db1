"""What is fitted after training: the pool, the memory of volatility, the final law, where paths begin."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch

from finsim.generators.daily.day_encoding import Course, DayEncoding, Memory
from finsim.generators.daily.day_network import DayNetwork, carried
from finsim.generators.daily.final_law import FinalLaw
from finsim.generators.daily.persistence_tuning import tuned
from finsim.generators.encoding.marginal_correction import Correction
from finsim.generators.generator import Sequences
from finsim.generators.training.device import normal, torch_stream
from finsim.notation import Array, Bool2D, Float2D
from finsim.randomness import Streams

_BATCH = 4096
# Stretches of steps behind another burn-in: what is seen there makes the final law.
_STRETCHES, _STRETCH, _BURN_IN = 4, 400, 1000
_SERIES = 24
# Days of a stretch of tension and of unity that say enough of it.
_FEW = 20
# A component counts for at most 5 deviations in a covariance, see ``recoloured``.
_BOUND, _BELIEF = 5.0, 10.0


@dataclass(frozen=True)
class Settled:
    """The encoding as it walks, the pool of innovations float64[P, C], the final law and the beginnings."""

    encoding: DayEncoding
    pool: Float2D
    law: FinalLaw
    starts: Memory


def drawn_days(
    network: DayNetwork, encoding: DayEncoding, told: Float2D, count: int, solver_steps: int, streams: Streams
) -> Float2D:
    """Return components float64[count, K] of days that the network makes, as many for each stretch.

    Each day is made under tension and unity ``told`` float64[n, 2] of a training day of its stretches; where
    there are few such days, under those of two.
    """
    device, found = next(network.parameters()).device, []
    tense, united = encoding.cells(told)
    parts = [(b, g) for b in range(len(encoding.edges) + 1) for g in range(len(encoding.unities) + 1)]
    with torch.inference_mode():
        for index, (b, g) in enumerate(parts):
            both = np.flatnonzero((tense == b) & (united == g))
            own = (both, both) if len(both) >= _FEW else (_rows(tense == b), _rows(united == g))
            for start in range(0, count // len(parts), _BATCH):
                draw = torch_stream(streams.word("days", index, start))
                size = min(_BATCH, count // len(parts) - start)
                noise = normal((size, network.shape.components), draw, device)
                place = torch.rand((size,), generator=draw).numpy()
                rows = [told[days[(place * len(days)).astype(np.int64)], k] for k, days in enumerate(own)]
                known = torch.from_numpy(np.stack(rows, axis=1).astype(np.float32)).to(device)
                found.append(carried(network, noise, known, solver_steps).cpu().numpy())
    return np.concatenate(found).astype(np.float64)


def settle(
    encoding: DayEncoding,
    course: Course,
    data: Sequences,
    kept: Bool2D,
    days: Float2D,
    tail_reach: float,
    paths: int,
    streams: Streams,
) -> Settled:
    """Return what paths are made of, from made ``days`` float64[P, K] and the training ``data``.

    The days get the marginal laws of the innovations of training; the state is tuned on the paths they
    make; then the long run of every channel gets the law of the steps ``kept``, a part of the observed
    ones. New paths begin where these paths were, so the first year follows the same law as the tenth.
    ``paths`` are walked, and fewer of more than ``_SERIES`` series.
    """
    components = encoding.components(course)[kept]
    days = recoloured(days, components, encoding, encoding.told(course)[kept])
    days = days * (components.std(axis=0) / np.maximum(days.std(axis=0), 1e-9))
    wanted = encoding.innovations(course)[kept]
    encoding = replace(encoding, touch=Correction.fit(encoding.scaling.inverse(days), wanted))
    pool = np.ascontiguousarray(encoding.made(days))
    paths = max(min(paths, 4), paths * _SERIES // max(encoding.state.layout.series, _SERIES))
    encoding, memory = tuned(encoding, data.values, data.observed(), pool, paths, streams.at("memory"))
    made, starts = _long_run(encoding, pool, memory, streams.at("long run"))
    return Settled(encoding, pool, FinalLaw.fit(made, data.values[kept], tail_reach), starts)


def _rows(chosen: Array) -> Array:
    """Return where ``chosen`` bool[n] is true; all where it nowhere is, as with ties."""
    return np.flatnonzero(chosen) if chosen.any() else np.arange(len(chosen))


def recoloured(days: Float2D, components: Float2D, encoding: DayEncoding, told: Float2D) -> Float2D:
    """Return made days float64[P, K], each stretch with the covariance of the real days of its stretch.

    components : float64[n, K], real days, and what is ``told`` float64[n, 2] of them. Real days count as much
    as made ones where there are ``_BELIEF`` times as many as there are components. All days together get the
    covariance of all real ones first: of many series a network learns little of it.
    """
    tense, united = encoding.cells(told)
    groups, size = len(encoding.unities) + 1, encoding.choices(days)
    bounded = np.clip(components, -_BOUND, _BOUND)
    own, share = np.cov(np.clip(days, -_BOUND, _BOUND).T), len(bounded) / (len(bounded) + days.shape[1])
    centre = days.mean(axis=0)
    days = centre + (days - centre) @ _turn(own, share * np.cov(bounded.T) + (1.0 - share) * own).T
    found = days.copy()
    for b in range(len(encoding.edges) + 1):
        for g in range(groups):
            rows = slice((b * groups + g) * size, (b * groups + g + 1) * size)
            own = np.clip(days[rows], -_BOUND, _BOUND)
            made, wanted = np.cov(own.T), np.cov(own.T)
            for near in (tense == b, (tense == b) & (united == g)):
                if near.sum() > 1:
                    wanted = _nearer(wanted, np.cov(bounded[near].T), int(near.sum()))
            middle = days[rows].mean(axis=0)
            found[rows] = middle + (days[rows] - middle) @ _turn(made, wanted).T
    return found


def _nearer(made: Float2D, real: Float2D, count: int) -> Float2D:
    """Return a covariance between that of made days and that of ``count`` real ones, float64[K, K] both.

    Directions in which they differ by more than chance does are believed one by one: of a hundred series that
    is what all have in common, which few days show well. The edge of chance is that of Marchenko & Pastur
    1967; the rest as in ``recoloured``.
    """
    made, real = np.atleast_2d(made), np.atleast_2d(real)
    size = len(made)
    gaps, directions = np.linalg.eigh(real - made)
    edge = 2.0 * np.sqrt(size / count) * np.trace(made) / size
    believed = 1.0 - (edge / np.maximum(np.abs(gaps), edge)) ** 2
    weights = np.maximum(believed, count / (count + _BELIEF * size))
    values, vectors = np.linalg.eigh(made + (directions * (gaps * weights)) @ directions.T)
    return np.asarray((vectors * np.maximum(values, 1e-3 * np.trace(made) / size)) @ vectors.T)


def _turn(made: Float2D, wanted: Float2D) -> Float2D:
    """Return float64[K, K] that gives rows of one covariance the other."""
    roots = []
    for one in (wanted, made):
        one = np.atleast_2d(one)
        roots.append(np.linalg.cholesky(one + 1e-9 * np.trace(one) / len(one) * np.eye(len(one))))
    return np.asarray(roots[0] @ np.linalg.inv(roots[1]))


def _long_run(
    encoding: DayEncoding, pool: Float2D, memory: Memory, draw: np.random.Generator
) -> tuple[Array, Memory]:
    """Return values that paths make once they have forgotten their beginning, and memories on the way."""
    paths = np.arange(len(memory.levels))
    encoding.walk(pool, draw.integers(encoding.choices(pool), size=(len(paths), _BURN_IN)), memory)
    made, met = [], []
    for _ in range(_STRETCHES):
        made.append(
            encoding.walk(pool, draw.integers(encoding.choices(pool), size=(len(paths), _STRETCH)), memory)
        )
        met.append(memory.take(paths))
    joined = {name: np.concatenate([one.arrays()[name] for one in met]) for name in memory.arrays()}
    return np.concatenate(made), Memory(**joined)
