"""Draws that belong to keys (a scheme and an account, an order): the same in every scenario and block."""

from __future__ import annotations

import numpy as np

from finsim.agents.payment_orders import public_id
from finsim.notation import NANOS_PER_DAY, Array, Bool1D, Float1D, Float2D, Int1D, Nanos1D
from finsim.randomness import Streams

_MOST = 3_660.0


class Draws:
    """Uniform numbers and waiting times by name and keys; nothing is remembered but the words of names."""

    def __init__(self, streams: Streams) -> None:
        self._streams = streams.under("agents", "observed")
        self._words: dict[tuple[str, ...], Int1D] = {}

    def uniforms(self, names: tuple[str, ...], *keys: Int1D) -> Float2D:
        """Return numbers in [0, 1), a row for each name and a column for each row of ``keys``."""
        if names not in self._words:
            words = np.array([self._streams.word(name) for name in names], dtype=np.int64)
            self._words[names] = public_id(words)[:, None]
        mixed = self._words[names]
        for key in keys:
            mixed = public_id(mixed ^ key)
        found: Float2D = mixed / 2.0**63
        return found

    def below(self, name: str, share: float | Array, *keys: Int1D) -> Bool1D:
        """Return bool[N]: true with chance ``share``."""
        found: Bool1D = self.uniforms((name,), *keys)[0] < share
        return found

    def wait(self, name: str, days: float, spread: float, *keys: Int1D) -> Nanos1D:
        """Return lognormal times in ns: median ``days``, sd of logarithm ``spread``, at most ten years."""
        radius, angle = self.uniforms((f"{name}, radius", f"{name}, angle"), *keys)
        normal: Float1D = np.sqrt(-2.0 * np.log1p(-radius)) * np.cos(2.0 * np.pi * angle)
        told = np.minimum(days * np.exp(spread * normal), _MOST)
        found: Nanos1D = (told * NANOS_PER_DAY).astype(np.int64)
        return found
