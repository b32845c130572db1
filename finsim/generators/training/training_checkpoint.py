"""Checkpoints of a training run, in memory and on disk: complete, exact, no pickle."""

from __future__ import annotations

import copy
import json
import math
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from finsim.errors import ResumeError
from finsim.generators.privacy.ledger import Ledger
from finsim.generators.tensor_files import as_system_errors
from finsim.generators.training.device import adam
from finsim.generators.training.training_interface import Recipe, Schedule
from finsim.records.storage import digest_file, replacing, write_json

_CARD = "checkpoint.json"


class Course:
    """Everything that changes while training: weights, optimisers, averages, counters, curves."""

    def __init__(self, network: nn.Module, optimisers: dict[str, torch.optim.Adam]) -> None:
        self.network, self.optimisers = network, optimisers
        self.averaged = copy.deepcopy(network.state_dict())
        self.best: dict[str, Tensor] = {}
        self.best_loss: float | None = None
        self.checks_since_best = 0
        self.checked_at = -1
        self.step = 0
        self.cpu_seconds = 0.0
        self.curve: dict[str, list[float]] = {}
        self.stretch: dict[str, list[float]] = {}
        self.latest: dict[str, float] = {}
        self.ledger = Ledger()

    @classmethod
    def begin(cls, recipe: Recipe, schedule: Schedule) -> Course:
        """Return the state before the first step."""
        optimisers = {name: adam(weights, schedule.learning_rate) for name, weights in recipe.parts().items()}
        return cls(recipe.network, optimisers)

    def note(self, part: str, loss: float) -> None:
        """Keep a loss for the curve of its part."""
        self.stretch.setdefault(part, []).append(loss)

    def average(self, decay: float) -> None:
        """Move the averaged weights; the decay starts low so that the first steps are forgotten."""
        decay = min(decay, (1.0 + self.step) / (10.0 + self.step))
        with torch.no_grad():
            for name, weight in self.network.state_dict().items():
                self.averaged[name].lerp_(weight, 1.0 - decay)

    def check(self, recipe: Recipe, done: float) -> None:
        """Close a stretch of the curves and judge the averaged weights on the held-out part, once a step."""
        if self.checked_at == self.step:
            return
        self.checked_at = self.step
        self.latest = {part: sum(values) / len(values) for part, values in self.stretch.items()}
        self.stretch = {}
        training = copy.deepcopy(self.network.state_dict())
        self.network.load_state_dict(self.averaged)
        loss = recipe.held_out(done)
        self.network.load_state_dict(training)
        if loss is not None:
            self.latest["held_out"] = loss
        for name, value in self.latest.items():
            self.curve.setdefault(name, []).append(value)
        if loss is None:
            return
        self.checks_since_best += 1
        if self.best_loss is None or loss < self.best_loss:
            self.best_loss, self.checks_since_best = loss, 0
            self.best = copy.deepcopy(self.averaged)

    def stale(self, patience: int) -> bool:
        """Tell whether the held-out loss has not improved for ``patience`` checks."""
        return 0 < patience <= self.checks_since_best

    def settle(self) -> None:
        """Put the best held-out weights into the network, or the averaged ones if nothing was held out."""
        self.network.load_state_dict(self.best or self.averaged)

    def curves(self) -> dict[str, tuple[float, ...]]:
        """Return the loss curves by name."""
        return {name: tuple(values) for name, values in sorted(self.curve.items())}

    def summary(self) -> str:
        """Return the losses of the last stretch in one line; before its end those of the last step."""
        losses = self.latest or {part: values[-1] for part, values in self.stretch.items()}
        last = ", ".join(f"{name} {value:.4f}" for name, value in sorted(losses.items()))
        return f"step {self.step:,}" + (f": loss {last}" if last else "")


def store(course: Course, folder: Path, identity: str) -> None:
    """Write the whole state; the card is written last and names the tensors it belongs to."""
    tensors: dict[str, Tensor] = {}
    for prefix, weights in (
        ("model", course.network.state_dict()),
        ("averaged", course.averaged),
        ("best", course.best),
    ):
        tensors |= {f"{prefix}/{name}": weight for name, weight in weights.items()}
    for part, optimiser in course.optimisers.items():
        for index, slots in optimiser.state_dict()["state"].items():
            tensors |= {f"optimiser/{part}/{index}/{slot}": value for slot, value in slots.items()}
    name = f"step-{course.step:08d}.safetensors"
    with replacing(folder / name) as temporary, as_system_errors(folder / name):
        save_file({key: value.detach().cpu().contiguous() for key, value in tensors.items()}, temporary)
    card = {
        "identity": identity,
        "tensors": name,
        "sha256": digest_file(folder / name),
        "step": course.step,
        "cpu_seconds": course.cpu_seconds,
        "best_loss": course.best_loss,
        "checks_since_best": course.checks_since_best,
        "checked_at": course.checked_at,
        "curve": course.curve,
        "privacy": course.ledger.to_list(),
    }
    write_json(folder / _CARD, card)
    for old in folder.glob("step-*.safetensors"):
        if old.name != name:
            old.unlink()


def restore(course: Course, folder: Path, identity: str) -> None:
    """Continue from the checkpoint in ``folder``; do nothing when there is none.

    Raises ResumeError when it is damaged or belongs to another fit.
    """
    path = folder / _CARD
    if not path.is_file():
        return
    try:
        card = json.loads(path.read_text(encoding="utf-8"))
        if card["identity"] != identity:
            raise ResumeError(
                "the checkpoint belongs to another fit (data, settings, budget or seed differ)",
                place=str(path),
                remedy="give another folder, or delete this one",
            )
        if digest_file(folder / card["tensors"]) != card["sha256"]:
            raise ResumeError("the tensors do not match their sha256", place=str(path), remedy="delete it")
        _fill(course, card, load_file(folder / card["tensors"]))
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as bad:
        raise ResumeError(f"the checkpoint is damaged: {bad}", place=str(path), remedy="delete it") from None


def _fill(course: Course, card: dict[str, Any], tensors: dict[str, Tensor]) -> None:
    def under(prefix: str) -> dict[str, Tensor]:
        return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}

    course.network.load_state_dict(under("model/"))
    course.averaged = {
        name: under("averaged/")[name].to(weight.device) for name, weight in course.averaged.items()
    }
    course.best = {name: weight.to(course.averaged[name].device) for name, weight in under("best/").items()}
    for part, optimiser in course.optimisers.items():
        slots: dict[int, dict[str, Tensor]] = {}
        for key, value in under(f"optimiser/{part}/").items():
            index, slot = key.split("/")
            slots.setdefault(int(index), {})[slot] = value
        whole = optimiser.state_dict()
        whole["state"] = slots
        optimiser.load_state_dict(whole)
    course.step, course.cpu_seconds = int(card["step"]), float(card["cpu_seconds"])
    course.checks_since_best, course.checked_at = int(card["checks_since_best"]), int(card["checked_at"])
    course.best_loss = card["best_loss"]
    course.curve = {name: list(values) for name, values in card["curve"].items()}
    course.ledger = Ledger.from_list(card["privacy"])
    if course.best_loss is not None and not math.isfinite(course.best_loss):
        raise ValueError("the best held-out loss is not finite")
