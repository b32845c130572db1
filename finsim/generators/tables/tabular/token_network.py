"""The torch network over the tokens of all columns, and its plain arrays after training.

Symbols: D columns, V tokens of all columns, W width, B rows, K smooth functions of all columns.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from finsim.generators.tables.tabular.token_model import SMALLEST, TokenModel
from finsim.notation import Float1D, Float2D, Int1D


class Block(nn.Module):
    """A residual block of two dense layers behind a norm."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.rise, self.fall = nn.Linear(width, width), nn.Linear(width, width)

    def forward(self, x: Tensor, kept: Tensor | None) -> Tensor:
        """Return [B, W]; ``kept`` [B, W] are dropout factors of the inner layer."""
        inner = torch.relu(self.rise(normed(x)))
        fallen: Tensor = self.fall(inner if kept is None else inner * kept)
        return x + fallen


class TokenNetwork(nn.Module):
    """Known cells in, the log chances of the tokens of every column out.

    The vectors of the tokens of a column of numbers are a smooth part (``smooth`` float32[V, K], cosines of
    the place in the column) and a free one. ``log_shares`` [V] are the shares of the tokens in the table:
    before its first step the network knows the columns, and nothing that ties them.
    """

    def __init__(self, counts: Int1D, width: int, blocks: int, smooth: Tensor, log_shares: Tensor) -> None:
        super().__init__()
        self.counts, self.smooth, self.log_shares = [int(one) for one in counts], smooth, log_shares
        size = sum(self.counts)
        self.start = nn.Parameter(torch.empty(width))
        self.inward = nn.Parameter(torch.empty(size, width))
        self.inward_smooth = nn.Parameter(torch.empty(smooth.shape[1], width))
        self.stack = nn.ModuleList(Block(width) for _ in range(blocks))
        self.outward = nn.Parameter(torch.empty(size, width))
        self.outward_smooth = nn.Parameter(torch.empty(smooth.shape[1], width))
        self.bias = nn.Parameter(torch.empty(size))

    def settle(self) -> None:
        """Start from the shares of the tokens alone."""
        nn.init.zeros_(self.outward)
        nn.init.zeros_(self.outward_smooth)

    def inward_table(self) -> Tensor:
        """Return the vectors of known tokens [V, W]."""
        return self.inward + self.smooth @ self.inward_smooth

    def logits(self, hidden: Tensor, kept: list[Tensor] | None = None) -> Tensor:
        """Return log chances [B, V], up to a constant per column, from sums of vectors [B, W]."""
        x = hidden
        for index, block in enumerate(self.stack):
            x = block(x, None if kept is None else kept[index])
        table = self.outward + self.smooth @ self.outward_smooth
        return normed(x) @ table.T + (self.bias + self.log_shares)

    def size(self) -> Tensor:
        """Return the sum of squares of all weights but those of the shares of tokens."""
        return torch.stack([weight.square().sum() for weight in self.parameters()]).sum()

    def plain(self, order: Int1D) -> TokenModel:
        """Return the weights as arrays of numpy."""

        def array(tensor: Tensor) -> Float2D:
            return np.ascontiguousarray(tensor.detach().numpy())

        blocks = tuple(
            (array(one.rise.weight.T), array(one.rise.bias), array(one.fall.weight.T), array(one.fall.bias))
            for one in self.stack
            if isinstance(one, Block)
        )
        table = self.outward + self.smooth @ self.outward_smooth
        return TokenModel(
            np.array(self.counts, np.int64), order, array(self.start), array(self.inward_table()), blocks,
            array(table), array(self.bias + self.log_shares),
        )  # fmt: skip


def normed(x: Tensor) -> Tensor:
    """Return rows of mean square 1 (Zhang & Sennrich 2019, without weights)."""
    return x * torch.rsqrt(x.square().mean(dim=-1, keepdim=True) + SMALLEST)


def smooth_functions(counts: Int1D, places: list[Float1D], functions: int) -> Tensor:
    """Return float32[V, K]: cosines of the places in (0, 1) of the tokens of each column of numbers.

    ``places`` has one array a column, empty for words; the first token, a missing cell, has no place.
    """
    found = np.zeros((int(counts.sum()), max(1, functions * len(counts))), np.float32)
    first = np.cumsum(counts) - counts
    for column, inside in enumerate(places):
        rows = slice(first[column] + 1, first[column] + 1 + len(inside))
        waves = np.cos(np.pi * inside[:, None] * (1 + np.arange(functions)))
        found[rows, column * functions : (column + 1) * functions] = waves
    used = np.abs(found).sum(axis=0) > 0
    return torch.from_numpy(found[:, used] if used.any() else found[:, :1])
