"""The private update of the training loop: entities drawn, clipped whole, summed, noised, counted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from torch import Tensor, nn

from finsim.generators.privacy.entity_gradients import as_slopes, clipped_sum, drawn_entities, noised
from finsim.generators.privacy.ledger import Ledger
from finsim.notation import Int1D
from finsim.randomness import Streams

Watch = Callable[[str, Int1D, Tensor], None]
"""(part, entities drawn, the noised sum float64[D]) of an update, for an audit."""


@runtime_checkable
class EntityRecipe(Protocol):
    """What a generator adds to its recipe to be trained with privacy."""

    entities: int

    def private_parts(self, done: float) -> Sequence[str]:
        """Return the parts that one step updates, in order; it may depend on nothing but ``done``."""
        ...

    def gradients(self, part: str, entities: Int1D, draws: Sequence[np.random.Generator]) -> Iterable[Tensor]:
        """Yield float[e, D] gradients of the entities, in chunks; entity i draws from ``draws[i]`` alone."""
        ...


@dataclass(frozen=True)
class Mechanism:
    """How every update is made private: clip, noise multiplier, sampling rate.

    before : spent already when training begins; planned : all that may be spent, with it.
    watch : sees what an update releases (an audit); None: nobody does.
    """

    clip: float
    sigma: float
    rate: float
    before: Ledger
    planned: Ledger
    watch: Watch | None = None

    def slopes(
        self,
        recipe: EntityRecipe,
        part: str,
        weights: Sequence[nn.Parameter],
        streams: Streams,
        address: tuple[int, int],
    ) -> list[Tensor]:
        """Return the noised mean gradient of one part, in the shapes of its weights.

        The sum is divided by the expected number of entities, not by the one drawn.
        ``address`` is (step, update within it): the same draws for a run and for its continuation.
        """
        entities = drawn_entities(recipe.entities, self.rate, streams.at("entities", *address))
        draws = [streams.at("entity", *address, int(entity)) for entity in entities]
        size = sum(weight.numel() for weight in weights)
        total = clipped_sum(recipe.gradients(part, entities, draws), self.clip, size)
        total = noised(total, self.clip, self.sigma, streams.at("noise", *address))
        if self.watch is not None:
            self.watch(part, entities, total)
        return as_slopes(total / (self.rate * recipe.entities), weights)

    def __str__(self) -> str:
        """Return what makes two trainings the same."""
        return f"clip {self.clip} sigma {self.sigma} rate {self.rate} before {self.before}"
