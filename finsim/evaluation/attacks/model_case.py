"""``ModelCase``: what the attacks on a model folder get to see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from finsim.evaluation.settings import Settings
from finsim.notation import Array, Float1D, Float2D
from finsim.randomness import Streams


@dataclass(frozen=True)
class ModelCase:
    """The numbers in a model's files, the steps it learned from and later ones that it never saw.

    ``train`` float64[T, C] and ``spare`` float64[H, C] in the unit that the generator learned; ``losses`` its
    own loss of each of these steps (NaN where none), or None for a ``generator`` without one.
    """

    generator: str
    arrays: Mapping[str, Array]
    train: Float2D
    spare: Float2D
    losses: tuple[Float1D, Float1D] | None
    streams: Streams
    settings: Settings
