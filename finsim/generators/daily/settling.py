"""What is fitted after training: the pool, the memory of volatility, the final law, where paths begin."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch

from finsim.generators.daily.coupling import coupled
from finsim.generators.daily.day_encoding import Course, DayEncoding, Memory
from finsim.generators.daily.day_network import DayNetwork, carried
from finsim.generators.daily.error_correction import ErrorCorrection
from finsim.generators.daily.final_law import FinalLaw
from finsim.generators.daily.level_tuning import levels_at_home
from finsim.generators.daily.persistence_tuning import tuned
from finsim.generators.daily.recolouring import recoloured
from finsim.generators.encoding.marginal_correction import Correction
from finsim.generators.generator import Sequences
from finsim.generators.training.device import normal, torch_stream
from finsim.notation import Array, Bool2D, Float2D
from finsim.randomness import Streams

_BATCH = 4096
# Stretches of steps behind another burn-in: what is seen there makes the final law.
_STRETCHES, _STRETCH, _BURN_IN = 4, 400, 1000
_SERIES = 24
_ROUNDS = 2
# Days of a stretch of tension and of unity that say enough of it.
_FEW = 20


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
    days = Correction.fit(days, components).apply(days)
    wanted = encoding.innovations(course)[kept]
    encoding = replace(encoding, touch=Correction.fit(encoding.scaling.inverse(days), wanted))
    pool = np.ascontiguousarray(encoding.made(days))
    paths = max(min(paths, 4), paths * _SERIES // max(encoding.state.layout.series, _SERIES))
    encoding, memory = tuned(encoding, data.values, data.observed(), pool, paths, streams.at("memory"))
    pool = coupled(encoding, data.values, data.observed(), pool, memory, streams.at("coupling"))
    encoding = levels_at_home(encoding, data.values, data.observed(), pool, memory, streams.at("levels"))
    made, starts = _long_run(encoding, pool, memory, streams.at("long run"))
    law = FinalLaw.fit(made, data.values[kept], tail_reach)
    encoding = replace(encoding, home=_at_home(encoding, pool, starts, law, streams.at("home")))
    if len(course.after.distance) == 1:
        # Paths go on from the end of the one history, wherever levels that come back were there.
        starts = replace(starts, distance=np.repeat(course.after.distance, len(starts.distance), axis=0))
    return Settled(encoding, pool, law, starts)


def _rows(chosen: Array) -> Array:
    """Return where ``chosen`` bool[n] is true; all where it nowhere is, as with ties."""
    return np.flatnonzero(chosen) if chosen.any() else np.arange(len(chosen))


def _long_run(
    encoding: DayEncoding, pool: Float2D, memory: Memory, draw: np.random.Generator
) -> tuple[Array, Memory]:
    """Return values that paths make once they have forgotten their beginning, and memories on the way."""
    paths = np.arange(len(memory.levels))
    made, met = [], []
    for steps in (_BURN_IN, *[_STRETCH] * _STRETCHES):
        chosen = draw.integers(encoding.choices(pool), size=(len(paths), steps))
        eras = encoding.eras.course([draw] * len(paths), steps, memory.place)
        made.append(encoding.walk(pool, chosen, eras, memory))
        met.append(memory.take(paths))
    joined = {name: np.concatenate([one.arrays()[name] for one in met[1:]]) for name in memory.arrays()}
    return np.concatenate(made[1:]), Memory(**joined)


def _at_home(
    encoding: DayEncoding, pool: Float2D, starts: Memory, law: FinalLaw, draw: np.random.Generator
) -> ErrorCorrection:
    """Return the correction under which the mean of levels that come back is that of the data.

    Where moves are larger when they are up, as those of an index of fear, levels settle above it else.
    """
    home = encoding.home
    if not home.pull.any():
        return home
    for _ in range(_ROUNDS):
        memory = starts.take(np.arange(len(starts.place) // _STRETCHES))
        places = np.zeros(len(home.offset))
        for stretch in range(_STRETCHES):
            chosen = draw.integers(encoding.choices(pool), size=(len(memory.place), _STRETCH))
            eras = encoding.eras.course([draw] * len(chosen), _STRETCH, memory.place)
            replace(encoding, home=home).walk(pool, chosen, eras, memory, law)
            places += memory.distance[..., 0].mean(axis=0) * (stretch > 0) / (_STRETCHES - 1)
        home = home.moved(places)
    return home
