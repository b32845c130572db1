"""What ``rcgan`` and ``timevae`` share: windows in, paths of any length out."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Generic, Protocol, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from finsim.errors import FitError, Problem
from finsim.generators.comparison.window_encoding import WindowEncoding
from finsim.generators.generator import Budget, FitReport, Progress, Sequences, check_request
from finsim.generators.timegan.window_stitching import stitch
from finsim.generators.training.device import pick_device
from finsim.generators.training.network_weights import begun
from finsim.generators.training.sampling_batches import in_batches
from finsim.generators.training.training_interface import Recipe, Schedule
from finsim.generators.training.training_loop import train
from finsim.generators.training.training_windows import FEWEST, cut, places, split
from finsim.generators.training.window_judge import diagnosed
from finsim.notation import Array, Float2D, Float3D
from finsim.randomness import Streams

Networks = TypeVar("Networks", bound=nn.Module)
JUDGED = 256
"""Windows that a held-out distance compares."""


@dataclass(frozen=True)
class WindowTraining:
    """How a network of windows is trained and its windows are strung together.

    window : steps, or the length of shorter sequences. steps, batch (windows), learning_rate, clip, ema :
    training. check_every, patience : held-out checks, and how many without improvement end it (0: never);
    the weights of the best check are kept. held_out : last share of the data for them, behind a gap of one
    window. overlap, candidates : a window follows the last ``overlap`` steps made, the nearest of so many.
    """

    window: int = 32
    steps: int = 1500
    batch: int = 128
    learning_rate: float = 1e-3
    clip: float = 1.0
    ema: float = 0.99
    check_every: int = 100
    patience: int = 0
    held_out: float = 0.1
    overlap: int = 2
    candidates: int = 8
    device: str = "cpu"

    def schedule(self, final_rate: float) -> Schedule:
        """Return what the training loop wants to know."""
        return Schedule(
            self.learning_rate,
            warm_up=20,
            final_rate=final_rate,
            clip=self.clip,
            ema=self.ema,
            check_every=self.check_every,
            patience=self.patience,
        )


def refuse(data: Sequences, settings: WindowTraining, sizes: dict[str, int]) -> None:
    """Raise FitError for sizes or a history that no training can begin with."""
    least = {name: (getattr(settings, name), 1) for name in ("batch", "check_every", "overlap", "candidates")}
    least |= {"window": (settings.window, 4), **{name: (value, 1) for name, value in sizes.items()}}
    problems = [
        Problem(f"settings.{name}", f"found {value}", f"at least {low}")
        for name, (value, low) in least.items()
        if value < low
    ]
    if problems:
        raise FitError.of(problems)
    window = min(settings.window, data.values.shape[1])
    places(split(data, settings.held_out, window)[0], window, fewest=FEWEST)


class WindowRecipe(Recipe, Protocol):
    """A recipe whose networks make windows of components."""

    def same_windows(self, count: int) -> Tensor:
        """Return windows [count, T, K] of the same draws every time."""
        ...


@dataclass(frozen=True)
class Windows:
    """Windows of training as components float32[W, T, K], held-out ones if any, and their encoding."""

    learned: Tensor
    judged: Tensor | None
    encoding: WindowEncoding

    @classmethod
    def of(cls, data: Sequences, settings: WindowTraining, draw: np.random.Generator) -> Windows:
        """Cut the windows of sequences and fit the encoding on the earlier ones."""
        window = min(settings.window, data.values.shape[1])
        earlier, later = split(data, settings.held_out, window)
        learned = cut(earlier, window, fewest=FEWEST)
        encoding = WindowEncoding.fit(learned, draw)
        judged = None if later is None else _float(encoding.forward(cut(later, window)))
        return cls(_float(encoding.forward(learned)), judged, encoding)

    def evenly(self) -> Tensor | None:
        """Return at most ``JUDGED`` held-out windows, evenly spaced; None when there are none."""
        if self.judged is None:
            return None
        rows = torch.linspace(0, len(self.judged) - 1, min(len(self.judged), JUDGED)).long()
        return self.judged[rows]


@dataclass(frozen=True)
class WindowKind(Generic[Networks]):
    """What is a generator's own in a fit.

    build makes networks for steps and components, recipe_of a recipe of networks, windows, batch and the text
    that a checkpoint is known by; final_rate : share of the learning rate at the end.
    """

    name: str
    build: Callable[[int, int], Networks]
    recipe_of: Callable[[Networks, Windows, int, str], WindowRecipe]
    final_rate: float


def fit_windows(
    data: Sequences,
    settings: WindowTraining,
    kind: WindowKind[Networks],
    streams: Streams,
    budget: Budget,
    progress: Progress,
    checkpoint: Path | None,
) -> tuple[Windows, Networks, FitReport]:
    """Cut the windows, train networks on them, and say what became of it."""
    started = time.process_time()
    windows = Windows.of(data, settings, streams.at("atoms"))
    _, steps, components = windows.learned.shape
    networks = begun(lambda: kind.build(steps, components), streams, pick_device(settings.device))
    recipe = kind.recipe_of(networks, windows, settings.batch, f"{kind.name} {data.digest()} {settings}")
    limit = budget.or_steps(settings.steps)
    report = train(recipe, settings.schedule(kind.final_rate), limit, streams, progress, checkpoint)
    judged = windows.learned if windows.judged is None else windows.judged
    said = diagnosed(
        torch.special.ndtr(windows.learned),
        torch.special.ndtr(judged),
        lambda count: torch.special.ndtr(recipe.same_windows(count)).cpu(),
        streams.at("noise"),
    )
    spent = time.process_time() - started
    return windows, networks, replace(report, cpu_seconds=spent, diagnosis=said)


def window_paths(
    shape: tuple[int, int, int],
    first: int,
    streams: Streams,
    make: Callable[[list[np.random.Generator], int], Array],
    settings: WindowTraining,
    encoding: WindowEncoding,
    history: Float2D | None,
) -> Float3D:
    """Return float64[count, steps, C] for ``shape``, by the contract of ``sample``.

    ``make`` returns components float64[B, n, T, K] of n windows for each of B draws. Paths longer than a
    window, and those that go on from a history, are strung together: see ``stitch``.
    """
    count, steps, channels = shape
    check_request(count, steps, channels, history)
    past = None if history is None else encoding.forward(history)

    def batch(draws: list[np.random.Generator]) -> Float3D:
        if past is None:
            whole = make(draws, 1)[:, 0]
            if whole.shape[1] >= steps:
                return np.asarray(encoding.inverse(whole[:, :steps]))
        before = None if past is None else np.repeat(past[None], len(draws), axis=0)
        joined = stitch(lambda: make(draws, settings.candidates), steps, before, settings.overlap)
        return np.asarray(encoding.inverse(joined))

    return in_batches(shape, first, streams, batch, lambda values: values)


def _float(components: Array) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(components, dtype=np.float32))
