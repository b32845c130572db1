"""Networks: the flow transformer and the recurrent stacks of TimeGAN.

Symbols: B batch, L tokens, D numbers per token, W width.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import gelu, scaled_dot_product_attention, silu

Cache = list[tuple[Tensor, Tensor]]


@dataclass(frozen=True)
class FlowShape:
    """The sizes of a flow transformer; ``expansion`` is the hidden width of an MLP in widths."""

    tokens: int
    numbers: int
    width: int
    blocks: int
    heads: int
    expansion: int = 2


class Attention(nn.Module):
    """Multi-head attention (Vaswani et al. 2017) that can look back at remembered keys and values."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.inward = nn.Linear(width, 3 * width)
        self.outward = nn.Linear(width, width)

    def forward(
        self, x: Tensor, allowed: Tensor | None, before: tuple[Tensor, Tensor] | None
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Return ([B, L, W], own keys and values); ``allowed`` is bool[B, 1, L, L] (query, key)."""
        batch, length, width = x.shape
        query, key, value = (
            self.inward(x).view(batch, length, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        )
        own = (key, value)
        if before is not None:
            key, value = torch.cat([before[0], key], dim=2), torch.cat([before[1], value], dim=2)
        mixed = scaled_dot_product_attention(query, key, value, attn_mask=allowed)
        return self.outward(mixed.transpose(1, 2).reshape(batch, length, width)), own


class Block(nn.Module):
    """A transformer block whose norms are shifted, scaled and gated by the condition (adaLN-zero).

    Source: Peebles & Xie 2023, section 3.2.
    """

    def __init__(self, width: int, heads: int, expansion: int) -> None:
        super().__init__()
        self.attention = Attention(width, heads)
        self.rise = nn.Linear(width, expansion * width)
        self.fall = nn.Linear(expansion * width, width)
        self.modulation = nn.Linear(width, 6 * width)

    def settle(self) -> None:
        """Start as the identity: all gates are 0."""
        nn.init.zeros_(self.modulation.weight)

    def forward(
        self,
        x: Tensor,
        condition: Tensor,
        given: Tensor | None,
        allowed: Tensor | None,
        before: tuple[Tensor, Tensor] | None,
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Return ([B, L, W], keys and values).

        condition : [B, S, W], one set per kind of token (S = 1, or 2: new, given);
        given : bool[B, L, 1] chooses between the two sets.
        """
        sets = self.modulation(condition)
        chosen = sets if given is None else torch.where(given, sets[:, 1:], sets[:, :1])
        shift1, scale1, gate1, shift2, scale2, gate2 = chosen.chunk(6, dim=-1)
        inner, own = self.attention(_normed(x) * (1.0 + scale1) + shift1, allowed, before)
        x = x + gate1 * inner
        inner = self.fall(gelu(self.rise(_normed(x) * (1.0 + scale2) + shift2), approximate="tanh"))
        return x + gate2 * inner, own


class FlowTransformer(nn.Module):
    """The velocity field of a rectified flow over a window of tokens, some of them given clean.

    A given token is conditioned on time 1 and sees given tokens only, so its keys and values do not
    depend on the time or on the noise, and a rollout computes them once per block of steps.
    """

    def __init__(self, shape: FlowShape) -> None:
        super().__init__()
        self.shape = shape
        self.inward = nn.Linear(shape.numbers, shape.width)
        self.place = nn.Parameter(torch.empty(shape.tokens, shape.width))
        self.clock = nn.Linear(shape.width, shape.width)
        self.mixed = nn.Linear(shape.width, shape.width)
        self.stack = nn.ModuleList(
            Block(shape.width, shape.heads, shape.expansion) for _ in range(shape.blocks)
        )
        self.outward = nn.Linear(shape.width, shape.numbers)

    def settle(self) -> None:
        """Start from velocity 0."""
        nn.init.zeros_(self.outward.weight)

    def _condition(self, time: Tensor) -> Tensor:
        """Return [B, 1, W] from time [B]."""
        half = self.shape.width // 2
        frequencies = torch.exp(torch.arange(half, device=time.device) * (-math.log(1000.0) / half))
        angles = 100.0 * time[:, None] * frequencies
        mixed = self.clock(torch.cat([angles.cos(), angles.sin()], dim=-1))
        return silu(self.mixed(silu(mixed)))[:, None, :]

    def forward(self, tokens: Tensor, given: Tensor | None, time: Tensor) -> Tensor:
        """Return the velocity [B, L, D]; tokens [B, L, D], given bool[B, L] (None: nothing), time [B]."""
        if given is None:
            return self.velocity(tokens, time, [])
        ones = torch.ones_like(time)
        pair = torch.cat([self._condition(time), self._condition(ones)], dim=1)
        allowed = (~given[:, :, None] | given[:, None, :])[:, None]
        x = self.inward(tokens) + self.place[: tokens.shape[1]]
        for block in self.stack:
            x, _ = block(x, pair, given[:, :, None], allowed, None)
        return self.outward(_normed(x))  # type: ignore[no-any-return]

    def remember(self, tokens: Tensor) -> Cache:
        """Return the keys and values of given tokens [B, P, D], block by block."""
        condition = self._condition(torch.ones(len(tokens), device=tokens.device))
        x = self.inward(tokens) + self.place[: tokens.shape[1]]
        cache: Cache = []
        for block in self.stack:
            x, own = block(x, condition, None, None, None)
            cache.append(own)
        return cache

    def velocity(self, tokens: Tensor, time: Tensor, cache: Cache) -> Tensor:
        """Return the velocity of new tokens [B, n, D] behind the remembered ones; equal to ``forward``."""
        start = cache[0][0].shape[2] if cache else 0
        condition = self._condition(time)
        x = self.inward(tokens) + self.place[start : start + tokens.shape[1]]
        for index, block in enumerate(self.stack):
            x, _ = block(x, condition, None, None, cache[index] if cache else None)
        return self.outward(_normed(x))  # type: ignore[no-any-return]


def _normed(x: Tensor) -> Tensor:
    """Return layer normalisation without own weights (the condition brings them)."""
    return nn.functional.layer_norm(x, x.shape[-1:])


class Recurrent(nn.Module):
    """A stack of GRU layers and a dense layer on every step; [B, T, inputs] -> [B, T, outputs].

    ``skip`` adds a second dense layer from inputs to outputs, so that what is independent from step to step
    need not go through the recurrence.
    """

    def __init__(
        self, inputs: int, hidden: int, outputs: int, layers: int, squash: bool = True, skip: bool = False
    ) -> None:
        super().__init__()
        self.squash = squash
        self.body = nn.GRU(inputs, hidden, layers, batch_first=True)
        self.head = nn.Linear(hidden, outputs)
        self.beside = nn.Linear(inputs, outputs, bias=False) if skip else None

    def forward(self, x: Tensor) -> Tensor:
        """Return the outputs of all steps, through a sigmoid if ``squash``."""
        steps, _ = self.body(x)
        heads: Tensor = self.head(steps)
        if self.beside is not None:
            heads = heads + self.beside(x)
        return torch.sigmoid(heads) if self.squash else heads


@dataclass(frozen=True)
class TimeGanShape:
    """The sizes of the TimeGAN networks; the noise has as many channels as the data.

    direct : whether inputs go to outputs directly too, and latents are not squashed; the published networks
    are not.
    """

    channels: int
    hidden: int
    layers: int
    direct: bool = False


class TimeGanNetworks(nn.Module):
    """The five networks of TimeGAN (Yoon et al. 2019, section 4 and the official code).

    Published, a latent is what the supervisor makes of the generator's: its prediction of the next one, which
    has no noise of its own where steps are all but independent. Direct, it is the generator's latent and, as
    much as ``gate`` learns to let through, what the supervisor predicts it to be from those before.
    """

    def __init__(self, shape: TimeGanShape) -> None:
        super().__init__()
        channels, hidden, layers, direct = shape.channels, shape.hidden, shape.layers, shape.direct
        self.embedder = Recurrent(channels, hidden, hidden, layers, not direct, direct)
        self.recovery = Recurrent(hidden, hidden, channels, layers, skip=direct)
        self.generator = Recurrent(channels, hidden, hidden, layers, not direct, direct)
        self.supervisor = Recurrent(hidden, hidden, hidden, max(layers - 1, 1), not direct, direct)
        self.discriminator = Recurrent(hidden, hidden, 1, layers, squash=False)
        if direct:
            self.gate = nn.Parameter(torch.empty(hidden))

    def latents(self, raw: Tensor) -> Tensor:
        """Return the latents [B, T, H] that are judged and recovered, of the generator's ``raw`` ones."""
        told: Tensor = self.supervisor(raw)
        if "gate" not in self._parameters:
            return told
        before = torch.cat([torch.zeros_like(raw[:, :1]), told[:, :-1]], dim=1)
        return raw + self.gate * before

    def windows(self, noise: Tensor) -> Tensor:
        """Return windows in [0, 1] from uniform noise, both [B, T, C]."""
        recovered: Tensor = self.recovery(self.latents(self.generator(noise)))
        return recovered
