"""TimeGAN: adversarial learning in a latent space with a supervised next-step loss."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import ClassVar, Self

import numpy as np
import torch

from finsim.errors import FitError, Problem
from finsim.generators.encoding.scaling import Range
from finsim.generators.generator import Budget, FitReport, Progress, Sequences, State, check_request
from finsim.generators.networks import TimeGanNetworks, TimeGanShape
from finsim.generators.privacy.budget_plan import Plan
from finsim.generators.privacy.entity_units import Privacy, steps_of
from finsim.generators.privacy.ledger import Ledger
from finsim.generators.privacy.statement import statement
from finsim.generators.settings_parsing import read_settings, write_settings
from finsim.generators.timegan.private_timegan import (
    COUNTED,
    RELEASES,
    PrivateTimeGanRecipe,
    entity_windows,
    private_bounds,
    updates_of,
)
from finsim.generators.timegan.timegan_training import Phases, TimeGanRecipe
from finsim.generators.timegan.window_stitching import stitch
from finsim.generators.training.device import pick_device
from finsim.generators.training.network_weights import begun, restored, stored
from finsim.generators.training.rule_penalty import Penalty, check_weight
from finsim.generators.training.sampling_batches import in_batches
from finsim.generators.training.training_interface import Schedule
from finsim.generators.training.training_loop import train
from finsim.generators.training.training_windows import FEWEST, cut, places, split
from finsim.notation import Array, Float2D, Float3D
from finsim.randomness import Streams


class TimeGan:
    """Embedder, recovery, generator, supervisor and discriminator, trained in three phases.

    It makes windows of a fixed length. ``sample(steps)`` up to that length is the model of the paper.
    Beyond it, windows are strung together by choosing, among several independent ones, the window
    whose first steps are nearest to the last steps made: every step has the right law and seams are
    smooth, but nothing is remembered for longer than a window, and series with a trend make no sense.
    For long paths use ``flow``.
    Source: Yoon, Jarrett & van der Schaar 2019 and its official code; differences: GRU with the reset
    gate after the matrix product (torch), gradient clipping, averaged weights, early stop, seeds, and
    the original units restored.
    """

    name: ClassVar[str] = "timegan"

    @dataclass(frozen=True)
    class Settings:
        """Defaults as in the official code, but for steps, held_out and clip.

        window : steps, or the length of shorter sequences. hidden, layers : of each network.
        embedding, supervision : shares of the budget for the first two phases; the rest is joint.
        gamma, threshold : weight of the raw generator's loss, discriminator loss below which it rests.
        overlap, candidates : of the stringing together. steps : the budget when none is given.
        rule_weight : of the penalty for breaking rules, when there are rules to train with.
        epsilon, delta, unit, entity_clip : differential privacy (docs/reference/differential-privacy.md);
        batch is then the expected number of entities, and nothing is held out.
        """

        window: int = 24
        hidden: int = 24
        layers: int = 3
        embedding: float = 0.3333
        supervision: float = 0.3333
        gamma: float = 1.0
        threshold: float = 0.15
        overlap: int = 4
        candidates: int = 8
        steps: int = 3000
        batch: int = 128
        learning_rate: float = 1e-3
        clip: float = 1.0
        ema: float = 0.99
        check_every: int = 100
        held_out: float = 0.1
        patience: int = 0
        device: str = "cpu"
        rule_weight: float = 0.0
        epsilon: float | None = None
        delta: float = 1e-5
        unit: str = "sequence"
        entity_clip: float = 1.0

    def __init__(self, settings: Settings, window: int, bounds: Range, networks: TimeGanNetworks) -> None:
        """Hold the fitted parts."""
        self.settings, self.window, self.bounds, self.networks = settings, window, bounds, networks
        self.report = FitReport()

    @classmethod
    def refuse(cls, data: Sequences, settings: Settings) -> None:
        """Raise FitError for settings, a device or a history that no training can begin with."""
        _check(settings)
        pick_device(settings.device)
        privacy = Privacy.of(settings)
        data = data if privacy is None else privacy.entities(data)
        window = min(settings.window, data.values.shape[1])
        learned, _ = split(data, settings.held_out if privacy is None else 0.0, window)
        places(learned, window, fewest=FEWEST)

    @classmethod
    def fit(
        cls,
        data: Sequences,
        settings: Settings,
        streams: Streams,
        budget: Budget,
        progress: Progress,
        checkpoint: Path | None = None,
        penalty: Penalty | None = None,
    ) -> Self:
        """Learn from sequences; see the contract. ``checkpoint``: a folder to save to and resume from.

        ``penalty`` judges the windows of the joint phase, ``rule_weight`` says how much.
        """
        cls.refuse(data, settings)
        check_weight(settings.rule_weight, penalty)
        privacy = Privacy.of(settings)
        if privacy is not None:
            return cls._fit_privately(data, settings, privacy, streams, budget, progress, checkpoint)
        device = pick_device(settings.device)
        window = min(settings.window, data.values.shape[1])
        learned, judged = split(data, settings.held_out, window)
        windows = cut(learned, window, fewest=FEWEST)
        bounds = Range.fit(windows)
        shape = TimeGanShape(windows.shape[2], settings.hidden, settings.layers)
        networks = begun(lambda: TimeGanNetworks(shape), streams, device)
        recipe = TimeGanRecipe(
            networks,
            torch.from_numpy(bounds.forward(windows).astype(np.float32)).to(device),
            None if judged is None else _judged(judged, window, bounds).to(device),
            _phases(settings),
            _identity(data, settings),
            bounds,
        )
        limit = budget.or_steps(settings.steps)
        report = train(recipe, _schedule(settings), limit, streams, progress, checkpoint, penalty)
        model = cls(settings, window, bounds, networks)
        model.report = report
        return model

    @classmethod
    def _fit_privately(
        cls,
        data: Sequences,
        settings: Settings,
        privacy: Privacy,
        streams: Streams,
        budget: Budget,
        progress: Progress,
        checkpoint: Path | None,
    ) -> Self:
        """Learn with differential privacy: see ``private_timegan``."""
        started = time.process_time()
        device, entities = pick_device(settings.device), privacy.entities(data)
        count, channels = len(entities.values), entities.values.shape[2]
        window = min(settings.window, entities.values.shape[1])
        windows, owners = entity_windows(entities, window, FEWEST)
        shape = TimeGanShape(channels, settings.hidden, settings.layers)
        networks = begun(lambda: TimeGanNetworks(shape), streams, device)
        limit, phases = budget.or_steps(settings.steps), _phases(settings)
        updates = updates_of(phases, steps_of(limit))
        plan = Plan.of(privacy, count, settings.batch, updates, RELEASES)
        bounds = private_bounds(entities, plan.sigma, streams.under("preparation"))
        recipe = PrivateTimeGanRecipe(
            networks, windows, owners, phases, _identity(data, settings), bounds, count
        )
        report = train(
            recipe, _schedule(settings), limit, streams, progress, checkpoint, private=plan.mechanism
        )
        claim = statement(plan, Ledger.of_report(report), COUNTED, streams.seed)
        model = cls(settings, window, bounds, networks)
        model.report = replace(report, cpu_seconds=time.process_time() - started, privacy=claim)
        return model

    def sample(
        self, count: int, steps: int, streams: Streams, first: int = 0, history: Float2D | None = None
    ) -> Float3D:
        """Return float64[count, steps, C]; see the contract and the class.

        A history is continued by choosing the first window as every later one: by its last steps.
        """
        check_request(count, steps, len(self.bounds.low), history)
        past = None if history is None else self.bounds.forward(history)
        shape = (count, steps, len(self.bounds.low))
        make = partial(self._batch, steps=steps, past=past)
        return in_batches(shape, first, streams, make, self.bounds.inverse)

    def _batch(self, draws: list[np.random.Generator], steps: int, past: Float2D | None) -> Float3D:
        """Return scaled paths float64[BATCH, steps, C]."""
        if past is None and steps <= self.window:
            return self._windows(draws, 1)[:, 0, :steps]
        before = None if past is None else np.repeat(past[None], len(draws), axis=0)
        overlap = min(self.settings.overlap, self.window - 1)
        return stitch(lambda: self._windows(draws, self.settings.candidates), steps, before, overlap)

    def _windows(self, draws: list[np.random.Generator], number: int) -> Array:
        """Return scaled windows float64[B, number, window, C]."""
        shape = (number, self.window, len(self.bounds.low))
        noise = np.stack([draw.random(shape, dtype=np.float32) for draw in draws])
        device = next(self.networks.parameters()).device
        with torch.inference_mode():
            made = self.networks.windows(torch.from_numpy(noise).flatten(0, 1).to(device))
        return made.cpu().numpy().astype(np.float64).reshape(len(draws), *shape)

    def state(self) -> State:
        """Return weights (float32), bounds, window and settings."""
        arrays = stored(self.networks)
        arrays |= {"low": self.bounds.low, "width": self.bounds.width}
        return State(arrays, {"settings": write_settings(self.settings), "window": self.window})

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Restore on the CPU, or on CUDA when the settings say so and there is one."""
        settings = read_settings(cls, state.facts["settings"])
        bounds = Range(state.arrays["low"], state.arrays["width"])
        shape = TimeGanShape(len(bounds.low), settings.hidden, settings.layers)
        networks = restored(lambda: TimeGanNetworks(shape), state.arrays, settings.device)
        return cls(settings, int(state.facts["window"]), bounds, networks)


def _check(settings: TimeGan.Settings) -> None:
    problems = [
        Problem(f"settings.{name}", f"found {value}", f"at least {least}")
        for name, value, least in (
            ("window", settings.window, 2),
            ("hidden", settings.hidden, 1),
            ("layers", settings.layers, 1),
            ("overlap", settings.overlap, 1),
            ("candidates", settings.candidates, 1),
            ("batch", settings.batch, 1),
            ("check_every", settings.check_every, 1),
        )
        if value < least
    ]
    if not 0.0 <= settings.embedding + settings.supervision < 1.0:
        problems.append(Problem("settings.embedding", "the first two phases leave nothing", "a sum below 1"))
    if problems:
        raise FitError.of(problems)


def _phases(settings: TimeGan.Settings) -> Phases:
    return Phases(
        settings.embedding,
        settings.embedding + settings.supervision,
        settings.gamma,
        settings.threshold,
        settings.batch,
    )


def _schedule(settings: TimeGan.Settings) -> Schedule:
    return Schedule(
        learning_rate=settings.learning_rate,
        warm_up=1,
        final_rate=1.0,
        clip=settings.clip,
        ema=settings.ema,
        check_every=settings.check_every,
        patience=settings.patience,
        rule_weight=settings.rule_weight,
    )


def _judged(data: Sequences, window: int, bounds: Range) -> torch.Tensor:
    return torch.from_numpy(bounds.forward(cut(data, window)).astype(np.float32))


def _identity(data: Sequences, settings: TimeGan.Settings) -> str:
    return f"timegan {data.digest()} {settings}"
