"""Rule penalty for training: samples scored by a callable given from outside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from finsim.errors import FitError
from finsim.generators.generator import Sequences
from finsim.generators.training.device import one_thread
from finsim.generators.training.training_interface import Recipe
from finsim.notation import Array, Bool1D

_FEWEST_KEPT = 0.5


class Penalty(Protocol):
    """By how much each step of sequences breaks some rules."""

    def __call__(self, values: Tensor) -> Tensor:
        """Return float[B, T], 0 where every rule holds, of float64[B, T, C] in the unit of the data."""
        ...


class Pressed:
    """A recipe whose losses also count what its output breaks: loss + weight * mean amount of a step.

    ``amount`` is the mean amount behind the loss last yielded; None when that made no output.
    """

    def __init__(self, recipe: Recipe, penalty: Penalty, weight: float) -> None:
        """Wrap a recipe; parts that make no output keep their loss."""
        self.recipe, self.penalty, self.weight = recipe, penalty, weight
        self.network: nn.Module = recipe.network
        self.amount: float | None = None
        self.identity = f"{recipe.identity} rules {weight} {penalty!r}"

    def parts(self) -> Mapping[str, list[nn.Parameter]]:
        """Return the parameters of each optimiser, as the recipe."""
        return self.recipe.parts()

    def losses(self, done: float, draw: torch.Generator) -> Iterator[tuple[str, Tensor]]:
        """Yield the recipe's losses, with the penalty where an output was made."""
        for part, loss in self.recipe.losses(done, draw):
            made, self.amount = self.recipe.made(draw), None
            if made is not None:
                amount = self._mean(made)
                self.amount = float(amount.detach())
                loss = loss + self.weight * amount
            yield part, loss

    def held_out(self, done: float) -> float | None:
        """Return the recipe's held-out loss, with the penalty on what was made for it."""
        loss = self.recipe.held_out(done)
        if loss is None:
            return None
        with torch.no_grad():
            made = self.recipe.made(None)
            return loss if made is None else loss + self.weight * float(self._mean(made))

    def made(self, draw: torch.Generator | None) -> Tensor | None:
        """Return what the recipe makes."""
        return self.recipe.made(draw)

    def _mean(self, made: Tensor) -> Tensor:
        values = made.double()
        if values.requires_grad:
            values.register_hook(_finite)  # type: ignore[no-untyped-call]
        return self.penalty(values).mean()


def _finite(slope: Tensor) -> Tensor:
    """Return slopes without what overflow made of them, so that one step cannot spoil the weights."""
    return torch.nan_to_num(slope, nan=0.0, posinf=0.0, neginf=0.0)


def kept_steps(data: Sequences, penalty: Penalty) -> Bool1D:
    """Return bool[N, T], the observed steps of the data that break no rule.

    Raises FitError when rules and data disagree on more than half of them.
    """
    observed = data.observed()
    with one_thread(), torch.no_grad():
        amounts = penalty(torch.from_numpy(data.values)).numpy()
    kept: Bool1D = observed & (amounts <= 0.0)
    share = kept.sum() / observed.sum()
    if share < _FEWEST_KEPT:
        raise FitError(
            f"{1.0 - share:.0%} of the training steps break the rules to train with",
            place="rules",
            expected="rules that most of the data keep",
            remedy="correct the rules or the data, or train without them",
        )
    return kept


def check_weight(weight: float, penalty: Penalty | None) -> None:
    """Raise FitError for a weight below 0, and for one that has no rules to weigh."""
    if weight < 0.0 or (weight > 0.0 and penalty is None):
        raise FitError(
            f"rule_weight is {weight:g}" + ("" if weight < 0.0 else " and there are no rules"),
            place="settings.rule_weight",
            expected="0, or a weight above 0 and rules to train with",
        )


def tensor_arrays() -> tuple[Any, Any, Any, Any]:
    """Return torch as an array library: its namespace, numpy -> tensor, tensor -> numpy, detached tensor.

    For code that is written against any array library and may not import this one.
    """
    return torch, _lift, _host, _still


def _lift(values: Array) -> Tensor:
    return torch.as_tensor(values)


def _host(values: Tensor) -> Array:
    found: Array = values.detach().cpu().numpy()
    return found


def _still(values: Tensor) -> Tensor:
    return values.detach()
