"""The network in torch: a recurrent unit over events, one small head for each field."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from finsim.kernels.events.event_network import DAY_HEAD, NUMBERS, Weights
from finsim.notation import Array

FIRST_SLOPES = (3.0, -6.0, 1.0, 3.0)
"""Slopes of the day head before training: with 3 on the pace the chance of a day is the pace (assumption)."""


@dataclass(frozen=True)
class NetworkShape:
    """Tokens of every field, (kind, field, outputs) of every head, the first head that sees each field."""

    fields: tuple[int, ...]
    heads: tuple[tuple[int, int, int], ...]
    seen_from: tuple[int, ...]
    context: int
    days: int
    width: int
    embedding: int


class EventNetwork(nn.Module):
    """Fields of an event in order, each told what was drawn before it, the state, goals and context.

    Heads are one hidden layer (SiLU) on the sum of linear maps of all that they see; gated recurrent unit:
    Cho et al. 2014. The day of the next event is a chance for every day since the last one (own).
    """

    def __init__(self, shape: NetworkShape) -> None:
        """Build the layers of a shape."""
        super().__init__()
        self.shape = shape
        width = [_width(size, shape.embedding) for size in shape.fields]
        self.tokens = nn.ModuleList(
            nn.Embedding(n, w) if w else nn.Identity() for n, w in zip(shape.fields, width, strict=True)
        )
        self.widths = width
        self.entry = nn.Linear(sum(width) + NUMBERS + shape.context, shape.width)
        self.unit = nn.GRU(shape.width, shape.width, batch_first=True)
        self.first, self.last = nn.ModuleList(), nn.ModuleList()
        for head, (_, _, outputs) in enumerate(shape.heads):
            seen = sum(w for w, since in zip(width, shape.seen_from, strict=True) if since <= head)
            self.first.append(nn.Linear(shape.width + seen + NUMBERS + shape.context, shape.width))
            self.last.append(nn.Linear(shape.width, outputs))
        self.busy = nn.Parameter(torch.zeros(shape.days))

    def settle(self) -> None:
        """Begin with days at the pace that the goals ask for, and none after the last day."""
        bias: Any = self.last[0].bias
        bias[-len(FIRST_SLOPES) :] = torch.tensor(FIRST_SLOPES)

    def seen(self, head: int) -> list[int]:
        """Return the fields that a head sees."""
        return [j for j, since in enumerate(self.shape.seen_from) if since <= head and self.widths[j]]

    def states(self, before: Tensor, there: Tensor, numbers: Tensor, context: Tensor, keep: Tensor) -> Tensor:
        """Return the state at every event, float[B, T, H].

        before : tokens [B, T, J] of the event before, ``there`` bool[B, T] where there is one; ``keep``
        float[B, T, H] multiplies what goes in (dropout).
        """
        parts = [
            one(before[:, :, j]) * there[:, :, None] for j, one in enumerate(self.tokens) if self.widths[j]
        ]
        whole = torch.cat([*parts, numbers, context[:, None].expand(-1, before.shape[1], -1)], dim=-1)
        found: Tensor = self.unit(self.entry(whole) * keep)[0]
        return found

    def outputs(self, head: int, state: Tensor, tokens: Tensor, numbers: Tensor, context: Tensor) -> Tensor:
        """Return the outputs of a head for events float[M, O] that have the tokens int64[M, J]."""
        seen = [self.tokens[j](tokens[:, j]) for j in self.seen(head)]
        hidden = nn.functional.silu(self.first[head](torch.cat([state, *seen, numbers, context], dim=-1)))
        found: Tensor = self.last[head](hidden)
        return found


def folded(network: EventNetwork, allowed: list[Array]) -> tuple[Weights, Array]:
    """Return the weights for the kernels, and the addition float64[days] of each day.

    allowed : for each head but the day's, bool[O] the tokens that it may draw.
    """
    with torch.no_grad():
        return _folded(network, allowed)


def _folded(network: EventNetwork, allowed: list[Array]) -> tuple[Weights, Array]:
    shape, size = network.shape, network.shape.width
    first: list[Any] = list(network.first)
    last: list[Any] = list(network.last)
    unit: Any = network.unit
    gates = unit.weight_ih_l0 @ network.entry.weight
    widths = network.widths
    tables, rows = [], [0]
    for j, size_of in enumerate(shape.fields):
        token: Any = network.tokens[j]
        table = token.weight if widths[j] else torch.zeros(size_of, 0)
        columns = []
        for head, layer in enumerate(first):
            seen = network.seen(head)
            if j in seen:
                at = size + sum(widths[k] for k in seen if k < j)
                columns.append(table @ layer.weight[:, at : at + widths[j]].T)
            else:
                columns.append(torch.zeros(size_of, size))
        at = sum(widths[:j])
        columns.append(table @ gates[:, at : at + widths[j]].T)
        tables.append(torch.cat(columns, dim=1))
        rows.append(rows[-1] + size_of)
    tail = NUMBERS + shape.context
    beside = torch.cat([*(layer.weight[:, -tail:].T for layer in first), gates[:, -tail:].T], dim=1)
    inner = unit.bias_hh_l0.clone()
    gate_bias = unit.weight_ih_l0 @ network.entry.bias + unit.bias_ih_l0
    gate_bias[: 2 * size] += inner[: 2 * size]
    bias = torch.cat([*(layer.bias for layer in first), gate_bias])
    out_bias = []
    for (kind, _, _), layer, may in zip(shape.heads, last, allowed, strict=True):
        kept = layer.bias.clone()
        if kind != DAY_HEAD:
            kept[~torch.from_numpy(may)] = -torch.inf
        out_bias.append(kept)
    sizes = [outputs for _, _, outputs in shape.heads]
    weights = Weights(
        _plain(torch.cat(tables)), np.array(rows), _plain(beside[:NUMBERS]), _plain(beside[NUMBERS:]),
        _plain(bias), _plain(unit.weight_hh_l0.T), _plain(inner[2 * size :]),
        _plain(torch.cat([layer.weight[:, :size].T for layer in first], dim=1)),
        _plain(torch.cat([layer.weight.T for layer in last], dim=1)), _plain(torch.cat(out_bias)),
        np.concatenate([[0], np.cumsum(sizes)]), np.array([kind for kind, _, _ in shape.heads]),
        np.array([place for _, place, _ in shape.heads]), np.array(shape.seen_from),
    )  # fmt: skip
    return weights, network.busy.detach().numpy().astype(np.float64)


def _plain(tensor: Tensor) -> Array:
    return np.ascontiguousarray(tensor.detach().numpy(), dtype=np.float32)


def _width(size: int, most: int) -> int:
    """Return the width of the embedding of a field of ``size`` tokens; a single token tells nothing."""
    return min(most, max(2, (size + 1) // 2)) if size > 1 else 0
