"""The trained network as plain arrays: rows are drawn and judged with numpy alone.

Symbols: D columns, V tokens of all columns, W width, B rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np

from finsim.errors import FitError
from finsim.notation import Array, Float1D, Float2D, Int1D, Int2D

UNSEEN = -1e4
SMALLEST = 1e-5


@dataclass(frozen=True)
class TokenModel:
    """The law of one column given any others, as float32 arrays.

    ``counts`` [D] tokens of each column; ``order`` [D] the order in which columns are drawn; ``start`` [W]
    and ``inward`` [V, W] add up to the hidden row of the known cells; ``blocks`` pairs of residual layers
    ([W, W], [W], [W, W], [W]); ``outward`` [V, W] and ``bias`` [V] give the log chances of tokens.
    """

    counts: Int1D
    order: Int1D
    start: Float1D
    inward: Float2D
    blocks: tuple[tuple[Float2D, Float1D, Float2D, Float1D], ...]
    outward: Float2D
    bias: Float1D

    def draw(self, known: Mapping[int, int], rows: int, rng: np.random.Generator) -> Array:
        """Return tokens int32[rows, D]; ``known`` columns have one token each in every row."""
        tokens = np.zeros((rows, len(self.counts)), np.int32)
        hidden = np.repeat(self.start[None], rows, axis=0)
        first = self._firsts()
        for column, token in known.items():
            tokens[:, column] = token
            hidden += self.inward[first[column] + token]
        for column in (int(one) for one in self.order if int(one) not in known):
            chances = np.exp(self._log_chances(hidden, column))
            steps = np.cumsum(chances, axis=1)
            wanted = rng.random(rows, dtype=np.float32) * steps[:, -1]
            found = np.minimum((steps <= wanted[:, None]).sum(axis=1), self.counts[column] - 1)
            tokens[:, column] = found
            hidden += self.inward[first[column] + found]
        return tokens

    def log_chances(self, tokens: Int2D) -> Float1D:
        """Return the log probability of rows of tokens int[N, D], drawn in the order of the model."""
        return np.asarray(self.log_chance_of(tokens, [int(one) for one in self.order]))

    def log_chance_of(self, tokens: Int2D, columns: list[int], given: tuple[int, ...] = ()) -> Float1D:
        """Return the log probability of the ``columns`` one after the other, behind ``given`` ones."""
        first, total = self._firsts(), np.zeros(len(tokens))
        hidden = np.repeat(self.start[None], len(tokens), axis=0)
        for column in given:
            hidden += self.inward[first[column] + tokens[:, column]]
        for column in columns:
            logs = self._log_chances(hidden, column)
            total += logs[np.arange(len(tokens)), tokens[:, column]]
            hidden += self.inward[first[column] + tokens[:, column]]
        return total

    def _log_chances(self, hidden: Float2D, column: int) -> Float2D:
        """Return the log probabilities of the tokens of one column, float32[B, count]."""
        x = hidden
        for rise, above, fall, below in self.blocks:
            x = x + np.maximum(_normed(x) @ rise + above, 0.0) @ fall + below
        first = self._firsts()[column]
        part = slice(first, first + self.counts[column])
        logits = _normed(x) @ self.outward[part].T + self.bias[part]
        logits -= logits.max(axis=1, keepdims=True)
        logits -= np.log(np.exp(logits).sum(axis=1, keepdims=True))
        return np.asarray(logits)

    def _firsts(self) -> Int1D:
        return np.cumsum(self.counts) - self.counts

    def state(self) -> dict[str, Array]:
        """Return all arrays by name."""
        found: dict[str, Array] = {
            "counts": self.counts, "order": self.order, "start": self.start, "inward": self.inward,
            "outward": self.outward, "bias": self.bias,
        }  # fmt: skip
        for index, block in enumerate(self.blocks):
            found |= {f"block.{index}.{part}": array for part, array in enumerate(block)}
        return found

    @classmethod
    def from_state(cls, arrays: Mapping[str, Array]) -> Self:
        """Return the model that ``state`` wrote; raises FitError when its arrays do not fit together."""
        blocks: list[tuple[Float2D, Float1D, Float2D, Float1D]] = []
        while f"block.{len(blocks)}.0" in arrays:
            rise, above, fall, below = (arrays[f"block.{len(blocks)}.{part}"] for part in range(4))
            blocks.append((rise, above, fall, below))
        counts, order, start, inward = (arrays[name] for name in ("counts", "order", "start", "inward"))
        model = cls(counts, order, start, inward, tuple(blocks), arrays["outward"], arrays["bias"])
        size, width = int(model.counts.sum()), len(model.start)
        if model.inward.shape != (size, width) or model.outward.shape != (size, width):
            raise FitError("the weights and the tokens do not agree", place="tabular")
        return model


def _normed(x: Float2D) -> Float2D:
    """Return rows of mean square 1 (Zhang & Sennrich 2019, without weights)."""
    scale = 1.0 / np.sqrt(np.einsum("ij,ij->i", x, x) / x.shape[1] + np.float32(SMALLEST))
    return np.asarray(x * scale[:, None].astype(np.float32))
