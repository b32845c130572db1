"""What a torch generator gives the training loop: a schedule and a recipe."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Schedule:
    """How the loop steps: Adam rate with linear warm-up and cosine decay, clipping, averaging, checks.

    warm_up : steps; final_rate : share of ``learning_rate`` left at the end (1: constant rate).
    clip : largest gradient norm; ema : decay of the weight average.
    check_every : steps between held-out checks and checkpoints; patience : checks without a better
    held-out loss before the early stop (0: never). rule_weight : of the penalty, in losses a scale.
    """

    learning_rate: float = 1e-3
    warm_up: int = 50
    final_rate: float = 0.0
    clip: float = 1.0
    ema: float = 0.999
    check_every: int = 100
    patience: int = 0
    rule_weight: float = 0.0


class Recipe(Protocol):
    """What a generator hands to the loop."""

    network: nn.Module
    identity: str

    def parts(self) -> Mapping[str, list[nn.Parameter]]:
        """Return the parameters of each optimiser by name."""
        ...

    def losses(self, done: float, draw: torch.Generator) -> Iterator[tuple[str, Tensor]]:
        """Yield (part, loss) for every update of one step; each is applied before the next is asked for.

        ``done`` is the share of the budget that is spent, ``draw`` the only source of randomness.
        """
        ...

    def held_out(self, done: float) -> float | None:
        """Return the loss of the averaged weights on the held-out part; None: do not judge now."""
        ...

    def made(self, draw: torch.Generator | None) -> Tensor | None:
        """Return a batch that the model makes, float[B, T, C] in the unit of the data, for a penalty.

        It belongs to the loss last yielded, or to the held-out one (``draw`` is None: the same every
        time); None when that loss made nothing. Asked for only when there is a penalty.
        """
        ...
