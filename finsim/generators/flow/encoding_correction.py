"""Correct the encoding after training by what a long rollout shows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from finsim.generators.encoding.marginal_correction import Correction
from finsim.generators.encoding.series_encoding import Encoding
from finsim.generators.encoding.volatility_persistence import tuned
from finsim.generators.flow.rollout import Grid, roll_out
from finsim.generators.networks import FlowTransformer
from finsim.notation import Bool1D, Float2D, Float3D
from finsim.randomness import Streams

# As many steps as the history has, within these bounds.
_PATHS, _FEWEST, _STEPS = 25, 200, 1000
_STRETCHES, _FORGOTTEN = 12, 6


def settle(
    network: FlowTransformer,
    encoding: Encoding,
    grid: Grid,
    scores: Float3D,
    streams: Streams,
    kept: Bool1D | None = None,
) -> tuple[Encoding, Float2D]:
    """Return the encoding with its corrections and tuned dynamics, and memories for new paths.

    Residuals of a rollout get the marginal laws of the training residuals; the dynamics are tuned on
    the innovations they make; scores are corrected to be normal in the long run. New paths start from
    memories found on the way, so the first year follows the same law as the tenth.
    scores : float64[N, T, C] of the training part. kept : bool[N, T], the steps whose laws are wanted
    (None: all, and scores are normal).
    """
    if encoding.marginals is None:
        return encoding, np.zeros((1, 0))
    averages = encoding.averages(scores)
    draws = [streams.at("path", row) for row in range(_PATHS)]
    blank = np.empty((_PATHS, 0, encoding.scaling.components))
    components = roll_out(network, grid, draws, blank, min(_STEPS, max(_FEWEST, scores.shape[1])))
    generated = encoding.scaling.inverse(components)
    residuals = encoding.residuals(scores, averages)
    wanted = residuals if kept is None else residuals[kept]
    encoding = replace(encoding, touch=Correction.fit(generated, wanted))
    flat = averages.reshape(-1, averages.shape[2])
    memories = flat[streams.at("memories").integers(0, len(flat), _PATHS)]
    if encoding.dynamics is not None:
        dynamics = tuned(encoding.dynamics, scores, encoding.innovations(components), memories)
        encoding = replace(encoding, dynamics=dynamics)
    return long_run(encoding, components, memories, None if kept is None else scores[kept])


def long_run(
    encoding: Encoding, components: Float3D, memories: Float2D, wanted: Float2D | None
) -> tuple[Encoding, Float2D]:
    """Run the dynamics on, over the same components in other orders, and keep what is found there."""
    found_scores, found_memories = [], []
    for index in range(_STRETCHES):
        # Each path takes over another's components, so no path repeats itself.
        series, memories = encoding.series(np.roll(components, index, axis=0), memories)
        if index >= _FORGOTTEN:
            found_scores.append(series)
            found_memories.append(memories)
    finish = Correction.fit(np.concatenate(found_scores), wanted)
    return replace(encoding, finish=finish), np.concatenate(found_memories)
