"""Training recipe of the daily flow: noise, time, and the velocity to match, one day at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import torch
from torch import Tensor, nn

from finsim.generators.daily.day_decoding import DayOutput
from finsim.generators.daily.day_network import TOLD, DayNetwork, carried
from finsim.generators.training.device import normal, torch_stream
from finsim.notation import Array, Bool1D, Float2D

MONTH, APART = 21, 10
"""Days of a held-out stretch, and stretches from one to the next: regimes are in both parts."""
LARGEST = 8.0
"""assumption: components, of variance 1, are learned up to here; the marginal map has the tails."""
_JUDGED_DRAWS = 40
# Windows that a penalty sees, and solver steps to make a day of them.
_WINDOWS, _ROLLED_STEPS = 16, 2


def held_out_days(count: int) -> Bool1D:
    """Return bool[count], true for every tenth month; none when fewer than two months would be left out."""
    held: Bool1D = np.arange(count) // MONTH % APART == APART // 3
    return held if held.sum() >= 2 * MONTH else np.zeros(count, dtype=np.bool_)


class DayRecipe:
    """Rectified flow (Liu et al. 2023, eq. 1) with logit-normal times (Esser et al. 2024, section 3.1)."""

    def __init__(
        self,
        network: DayNetwork,
        components: Float2D,
        told: Float2D,
        held_out: Bool1D,
        batch: int,
        identity: str,
        output: DayOutput | None = None,
    ) -> None:
        """Learn from days float64[n, K] and what is ``told`` float64[n, 2] of each, those ``held_out`` apart.

        ``output`` decodes windows for a penalty.
        """
        bounded = _days(components, told)
        held = torch.from_numpy(held_out)
        self.network: nn.Module = network
        self.flow, self.learned, self.judged = network, bounded[~held], bounded[held]
        self.batch, self.identity, self.output = batch, identity, output
        self.device = next(network.parameters()).device

    def parts(self) -> Mapping[str, list[nn.Parameter]]:
        """Return the one optimised part."""
        return {"flow": list(self.network.parameters())}

    def losses(self, done: float, draw: torch.Generator) -> Iterator[tuple[str, Tensor]]:
        """Yield the flow-matching loss of one batch of days."""
        rows = torch.randint(len(self.learned), (self.batch,), generator=draw)
        yield "flow", self._loss(self.learned[rows].to(self.device), draw)

    def held_out(self, done: float) -> float | None:
        """Return the loss on the held-out months; the same draws every time."""
        if not len(self.judged):
            return None
        draw, days = torch_stream(0), self.judged.to(self.device)
        with torch.inference_mode():
            return float(np.mean([float(self._loss(days, draw)) for _ in range(_JUDGED_DRAWS)]))

    def made(self, draw: torch.Generator | None) -> Tensor | None:
        """Return windows float64[B, n, C] of made days, each under the state of a real window."""
        if self.output is None:
            return None
        draw = torch_stream(0) if draw is None else draw
        starts = self.output.starts[
            torch.randint(len(self.output.starts), (_WINDOWS,), generator=draw).numpy()
        ]
        told = self.output.told_of(starts)
        noise = normal((told.shape[0] * told.shape[1], self.flow.shape.components), draw, self.device)
        days = carried(self.flow, noise, told.flatten(0, 1), _ROLLED_STEPS)
        return self.output.values(days.reshape(*told.shape[:2], -1), starts)

    def _loss(self, rows: Tensor, draw: torch.Generator) -> Tensor:
        days, told = rows[:, :-TOLD], rows[:, -TOLD:]
        noise = normal(tuple(days.shape), draw, self.device)
        time = torch.sigmoid(normal((len(days),), draw, self.device))
        velocity = self.flow(torch.lerp(noise, days, time[:, None]), time, told)
        loss: Tensor = (velocity - (days - noise)).square().mean()
        return loss


def _days(components: Float2D, told: Float2D) -> Tensor:
    """Return float32[n, K + 2]: bounded components, then what is told."""
    bounded = np.clip(components, -LARGEST, LARGEST)
    return torch.from_numpy(np.concatenate([bounded, told], axis=1).astype(np.float32))


def day_losses(network: DayNetwork, components: Float2D, told: Float2D, word: int) -> Array:
    """Return the flow-matching loss float64[n] of days float64[n, K], told tension and unity float64[n, 2].

    The draws are the same for every day.
    """
    draw, device = torch_stream(word), next(network.parameters()).device
    rows = _days(components, told).to(device)
    days, known = rows[:, :-TOLD], rows[:, -TOLD:]
    total = torch.zeros(len(days))
    with torch.inference_mode():
        for _ in range(_JUDGED_DRAWS):
            noise = normal((1, days.shape[1]), draw, device).expand_as(days)
            time = torch.sigmoid(normal((1,), draw, device)).expand(len(days))
            velocity = network(torch.lerp(noise, days, time[:, None]), time, known)
            total += (velocity - (days - noise)).square().mean(dim=-1).cpu() / _JUDGED_DRAWS
    losses: Array = total.numpy().astype(np.float64)
    return losses
