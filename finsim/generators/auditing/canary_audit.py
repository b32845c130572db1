"""A private training audited from inside: canaries planted by coin, then guessed from what is released."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import torch
from torch import Tensor, nn

from finsim.errors import PrivacyBudgetError
from finsim.generators.auditing.audit_bound import epsilon_lower_bound
from finsim.generators.generator import Budget
from finsim.generators.privacy.entity_gradients import clipped_sum
from finsim.generators.privacy.ledger import Ledger
from finsim.generators.privacy.private_steps import EntityRecipe, Mechanism
from finsim.generators.training.training_interface import Recipe, Schedule
from finsim.generators.training.training_loop import train
from finsim.notation import Bool1D, Float1D, Int1D
from finsim.randomness import Streams

ALPHA = 0.05


@dataclass(frozen=True)
class Audit:
    """What one audited training showed.

    lower : epsilon that its guesses refute at confidence 95 %; claimed : what the accountant says.
    """

    canaries: int
    guesses: int
    correct: int
    delta: float
    lower: float
    claimed: float

    @property
    def holds(self) -> bool:
        """Whether the guesses leave the claim standing."""
        return self.lower <= self.claimed


class PrivateRecipe(Recipe, EntityRecipe, Protocol):
    """A recipe with gradients per entity."""


class Planted:
    """A recipe with canaries beside its entities: each an entity whose gradient is one coordinate alone.

    The strongest canary there is (Steinke et al. 2023, section 6: Dirac canaries): ten times the clip on a
    coordinate of its own, in every part and step, so that the released sums show it best, and a clip that
    does not work shows too.
    """

    def __init__(self, recipe: PrivateRecipe, included: Bool1D, clip: float) -> None:
        """Plant the ``included`` of the canaries."""
        self.recipe, self.clip = recipe, clip
        self.network: nn.Module = recipe.network
        self.identity = f"{recipe.identity} canaries {included.tobytes().hex()}"
        self.canaries = np.flatnonzero(included)
        self.known = torch.zeros(0)
        self.entities = recipe.entities + len(self.canaries)

    def parts(self) -> Mapping[str, list[nn.Parameter]]:
        """Return the parts of the recipe."""
        return self.recipe.parts()

    def private_parts(self, done: float) -> Sequence[str]:
        """Return the updates of a step of the recipe."""
        return self.recipe.private_parts(done)

    def gradients(self, part: str, entities: Int1D, draws: Sequence[np.random.Generator]) -> Iterator[Tensor]:
        """Yield the gradients of the recipe's entities, then of the canaries."""
        real = entities < self.recipe.entities
        kept = [draw for draw, own in zip(draws, real, strict=True) if own]
        known = list(self.recipe.gradients(part, entities[real], kept))
        chosen = self.canaries[entities[~real] - self.recipe.entities]
        size = sum(weight.numel() for weight in self.recipe.parts()[part])
        # An auditor knows all but the coins; that others were drawn says nothing of the canaries.
        self.known = clipped_sum(known, self.clip, size)
        planted = torch.zeros(len(chosen), size)
        planted[torch.arange(len(chosen)), torch.from_numpy(chosen)] = 10.0 * self.clip
        yield from (*known, planted)

    def losses(self, done: float, draw: torch.Generator) -> Iterator[tuple[str, Tensor]]:
        """Return none: every update is private."""
        return iter(())

    def held_out(self, done: float) -> float | None:
        """Return None: nothing is held out."""
        return None

    def made(self, draw: torch.Generator | None) -> Tensor | None:
        """Return None: there is no penalty."""
        return None


def audited(
    recipe: PrivateRecipe,
    schedule: Schedule,
    steps: int,
    mechanism: Mechanism,
    streams: Streams,
    delta: float,
    canaries: int = 1000,
    guesses: int | None = None,
) -> Audit:
    """Train with canaries, each in with probability 1/2, and guess which were: one run, one bound.

    guesses : how many are made, chosen before the run: the surest by the likelihood ratio of the sums
    (None: all). What is claimed is what the ledger counted in this training; the bound has confidence
    95 %. Raises PrivacyBudgetError when a part has fewer numbers than there are canaries.
    """
    smallest = min(sum(weight.numel() for weight in part) for part in recipe.parts().values())
    if smallest < canaries:
        raise PrivacyBudgetError(
            f"{canaries:,} canaries in a network part of {smallest:,} numbers",
            place="audit",
            expected="a coordinate for each canary",
            remedy="plant fewer, or take a wider network",
        )
    included = streams.at("audit", "coins").random(canaries) < 0.5
    planted = Planted(recipe, included, mechanism.clip)
    scores, updates = np.zeros(canaries), 0

    def watch(part: str, entities: Int1D, total: Tensor) -> None:
        nonlocal updates
        updates += 1
        scores[:] += (total - planted.known).numpy()[:canaries]

    report = train(
        planted,
        schedule,
        Budget(steps),
        streams,
        lambda done, text: None,
        private=replace(mechanism, watch=watch),
    )
    made = canaries if guesses is None else guesses
    clip, rate = mechanism.clip, mechanism.rate
    drawn, spread = clip * rate * updates, clip * np.sqrt(rate * (1.0 - rate) * updates)
    # Half of the canaries are in: a fault that lets more through shows in the mean.
    more = max(1.0, 2.0 * float(scores.mean()) / drawn)
    correct = _correct(_log_ratio(scores, more * drawn, more * spread), included, made)
    claimed = Ledger.of_report(report).epsilon(delta)
    return Audit(
        canaries, made, correct, delta, epsilon_lower_bound(correct, made, delta, ALPHA, canaries), claimed
    )


def _log_ratio(scores: Float1D, mean: float, spread: float) -> Float1D:
    """Return log density in over log density out: N(mean, noise^2 + spread^2) against N(0, noise^2).

    The noise is taken from the scores below 0, which those of canaries that are out have half of.
    """
    below = scores[scores < 0.0]
    noise = max(float(np.sqrt(np.square(below).mean())) if len(below) else 0.0, 1e-3 * mean)
    wide = np.hypot(noise, spread)
    ratio: Float1D = 0.5 * ((scores / noise) ** 2 - ((scores - mean) / wide) ** 2) - np.log(wide / noise)
    return ratio


def _correct(ratios: Float1D, included: Bool1D, guesses: int) -> int:
    """Return the right guesses: in where the ratio is above 0, out where it is below; the surest are made."""
    surest = np.argsort(-np.abs(ratios))[:guesses]
    return int(((ratios > 0.0) == included)[surest].sum())
