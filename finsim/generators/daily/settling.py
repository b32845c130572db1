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
from finsim.notation import Array, Bool2D, Float1D, Float2D
from finsim.randomness import Streams

_BATCH = 4096
# Stretches of steps behind another burn-in: what is seen there makes the final law.
_STRETCHES, _STRETCH, _BURN_IN = 4, 400, 1000
_SERIES = 24


@dataclass(frozen=True)
class Settled:
    """The encoding as it walks, the pool of innovations float64[P, C], the final law and the beginnings."""

    encoding: DayEncoding
    pool: Float2D
    law: FinalLaw
    starts: Memory


def drawn_days(
    network: DayNetwork, tension: Float1D, count: int, parts: int, solver_steps: int, streams: Streams
) -> Float2D:
    """Return components float64[count, K] of days that the network makes, as many for each of ``parts``.

    Each day is made under a ``tension`` float64[n] of training, drawn from the stretch it is for.
    """
    device, found = next(network.parameters()).device, []
    ordered = np.sort(tension)
    with torch.inference_mode():
        for part in range(parts):
            own = ordered[part * len(ordered) // parts : (part + 1) * len(ordered) // parts]
            for start in range(0, count // parts, _BATCH):
                draw = torch_stream(streams.word("days", part, start))
                size = min(_BATCH, count // parts - start)
                noise = normal((size, network.shape.components), draw, device)
                place = torch.randint(len(own), (size,), generator=draw).numpy()
                told = torch.from_numpy(own[place].astype(np.float32)).to(device)
                found.append(carried(network, noise, told, solver_steps).cpu().numpy())
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
    days = days * (components.std(axis=0) / np.maximum(days.std(axis=0), 1e-9))
    wanted = encoding.innovations(course)[kept]
    encoding = replace(encoding, touch=Correction.fit(encoding.scaling.inverse(days), wanted))
    pool = np.ascontiguousarray(encoding.made(days))
    paths = max(min(paths, 4), paths * _SERIES // max(encoding.state.layout.series, _SERIES))
    encoding, memory = tuned(encoding, data.values, data.observed(), pool, paths, streams.at("memory"))
    made, starts = _long_run(encoding, pool, memory, streams.at("long run"))
    return Settled(encoding, pool, FinalLaw.fit(made, data.values[kept], tail_reach), starts)


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
