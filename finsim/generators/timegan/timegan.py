"""TimeGAN: adversarial learning in a latent space with a supervised next-step loss."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
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
from finsim.generators.timegan.direct_recipe import DirectRecipe
from finsim.generators.timegan.private_timegan import (
    COUNTED,
    RELEASES,
    PrivateTimeGanRecipe,
    entity_windows,
    private_bounds,
    updates_of,
)
from finsim.generators.timegan.timegan_training import Phases, TimeGanRecipe
from finsim.generators.timegan.window_shares import RangeShares, ScoreShares, Shares
from finsim.generators.timegan.window_stitching import stitch
from finsim.generators.training.device import one_thread, pick_device
from finsim.generators.training.network_weights import begun, restored, stored, under
from finsim.generators.training.rule_penalty import Penalty, check_weight
from finsim.generators.training.sampling_batches import in_batches
from finsim.generators.training.training_interface import Schedule
from finsim.generators.training.training_loop import train
from finsim.generators.training.training_windows import FEWEST, cut, places, split
from finsim.generators.training.window_judge import diagnosed
from finsim.notation import Array, Float2D, Float3D
from finsim.randomness import Streams

_PUBLISHED_LAYERS = 3
# Embedding and supervision: what is easy to learn needs no third of the budget.
_PUBLISHED_SHARES, _SHARES = (0.3333, 0.3333), (0.1, 0.05)
# Windows whose laws are brought to those of the data.
_TOUCH = 2048


class TimeGan:
    """Embedder, recovery, generator, supervisor and discriminator, trained in three phases.

    It makes windows of a fixed length. ``sample(steps)`` up to that length is the model of the paper.
    Beyond it, windows are strung together by choosing, among several independent ones, the window
    whose first steps are nearest to the last steps made: every step has the right law and seams are
    smooth, but nothing is remembered for longer than a window. For long paths use ``daily_flow``.
    Source: Yoon, Jarrett & van der Schaar 2019 and its official code. Differences of every fit: GRU with
    the reset gate after the matrix product (torch), gradient clipping, seeds, and the original units
    restored. Without ``faithful`` also: the scale (``ScoreShares``), how the generator begins and what it
    answers to (``DirectRecipe``), averaged weights, and the weights of the best held-out check.
    """

    name: ClassVar[str] = "timegan"

    @dataclass(frozen=True)
    class Settings:
        """What is None is chosen by ``faithful``; the defaults were chosen by measurement.

        faithful : scale, networks, losses and order of updates of the official code, its last weights;
        also under an epsilon. window : steps, or the length of shorter sequences. hidden, layers (None: 1,
        faithful 3) : of each network. marginals : false learns the rotated channels as they are, for windows
        of levels. embedding, supervision (None: .1 and .05, faithful a third each) : shares of the budget for
        the first two phases; the rest is joint. moments : weight of their distance (not faithful).
        gamma, threshold : weight of the raw generator's loss, discriminator loss below which it rests.
        overlap, candidates : of the stringing together. steps : the budget when none is given.
        learning_rate : None is .005, faithful .001. check_every, held_out, patience : steps between checks by
        a discriminator on the last share of the data, and how many without improvement end it (0: never).
        rule_weight : of the penalty for breaking rules, when there are rules to train with.
        epsilon, delta, unit, entity_clip : differential privacy (docs/reference/differential-privacy.md);
        batch is then the expected number of entities, and nothing is held out.
        """

        faithful: bool = False
        window: int = 24
        hidden: int = 24
        layers: int | None = None
        marginals: bool = True
        embedding: float | None = None
        supervision: float | None = None
        moments: float = 20.0
        gamma: float = 1.0
        threshold: float = 0.15
        overlap: int = 4
        candidates: int = 8
        steps: int = 1500
        batch: int = 128
        learning_rate: float | None = None
        clip: float = 1.0
        ema: float = 0.99
        check_every: int = 100
        held_out: float = 0.1
        patience: int = 6
        device: str = "cpu"
        rule_weight: float = 0.0
        epsilon: float | None = None
        delta: float = 1e-5
        unit: str = "sequence"
        entity_clip: float = 1.0

        @property
        def is_published(self) -> bool:
            """Return whether the fit is the published one: private training knows no other."""
            return self.faithful or self.epsilon is not None

    def __init__(self, settings: Settings, window: int, scale: Shares, networks: TimeGanNetworks) -> None:
        """Hold the fitted parts."""
        self.settings, self.window, self.scale, self.networks = settings, window, scale, networks
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
        started, device = time.process_time(), pick_device(settings.device)
        window = min(settings.window, data.values.shape[1])
        learned, later = split(data, settings.held_out, window)
        windows = cut(learned, window, fewest=FEWEST)
        scale: Shares = (
            RangeShares(Range.fit(windows))
            if settings.faithful
            else ScoreShares.fit(windows, settings.marginals, streams.at("atoms"))
        )
        networks = begun(lambda: TimeGanNetworks(_shape(scale, settings)), streams, device)
        real = _tensor(scale.forward(windows)).to(device)
        judged = None if later is None else _tensor(scale.forward(cut(later, window))).to(device)
        phases, identity = _phases(settings), _identity(data, settings)
        recipe = (
            TimeGanRecipe(networks, real, phases, identity, scale)
            if settings.faithful
            else DirectRecipe(networks, real, judged, phases, identity, scale, settings.moments)
        )
        limit = budget.or_steps(settings.steps)
        report = train(recipe, _schedule(settings), limit, streams, progress, checkpoint, penalty)
        with one_thread():
            if isinstance(scale, ScoreShares):
                scale = scale.touched(recipe.same_windows(_TOUCH).cpu().numpy().astype(np.float64))
        unseen = real if judged is None else judged
        said = diagnosed(real, unseen, recipe.same_windows, streams.at("noise"))
        model = cls(settings, window, scale, networks)
        model.report = replace(report, cpu_seconds=time.process_time() - started, diagnosis=said)
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
        shape = TimeGanShape(channels, settings.hidden, settings.layers or _PUBLISHED_LAYERS)
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
        model = cls(settings, window, RangeShares(bounds), networks)
        model.report = replace(report, cpu_seconds=time.process_time() - started, privacy=claim)
        return model

    def sample(
        self, count: int, steps: int, streams: Streams, first: int = 0, history: Float2D | None = None
    ) -> Float3D:
        """Return float64[count, steps, C]; see the contract and the class.

        A history is continued by choosing the first window as every later one: by its last steps.
        """
        shape = (count, steps, self.scale.channels)
        check_request(*shape, history)
        past = None if history is None else self.scale.known(history)

        def make(draws: list[np.random.Generator]) -> Float3D:
            return np.asarray(self.scale.inverse(self._batch(draws, steps, past)))

        return in_batches(shape, first, streams, make, lambda values: values)

    def _batch(self, draws: list[np.random.Generator], steps: int, past: Float2D | None) -> Float3D:
        """Return components of paths float64[BATCH, steps, K]."""
        if past is None and steps <= self.window:
            return self._windows(draws, 1)[:, 0, :steps]
        before = None if past is None else np.repeat(past[None], len(draws), axis=0)
        overlap = min(self.settings.overlap, self.window - 1)
        return stitch(lambda: self._windows(draws, self.settings.candidates), steps, before, overlap)

    def _windows(self, draws: list[np.random.Generator], number: int) -> Array:
        """Return components of windows float64[B, number, window, K]."""
        shape = (number, self.window, self.scale.components)
        noise = np.stack([draw.random(shape, dtype=np.float32) for draw in draws])
        device = next(self.networks.parameters()).device
        with torch.inference_mode():
            made = self.networks.windows(torch.from_numpy(noise).flatten(0, 1).to(device))
        return self.scale.opened(made.cpu().numpy().astype(np.float64).reshape(len(draws), *shape))

    def state(self) -> State:
        """Return weights (float32), scale, window and settings."""
        arrays = stored(self.networks) | {f"scale/{name}": one for name, one in self.scale.arrays().items()}
        return State(arrays, {"settings": write_settings(self.settings), "window": self.window})

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Restore on the CPU, or on CUDA when the settings say so and there is one."""
        settings = read_settings(cls, state.facts["settings"])
        arrays = under(state.arrays, "scale/")
        scale: Shares = (
            RangeShares(Range(arrays["low"], arrays["width"]))
            if settings.is_published
            else ScoreShares.from_arrays(arrays)
        )
        shape = _shape(scale, settings)
        networks = restored(lambda: TimeGanNetworks(shape), state.arrays, settings.device)
        return cls(settings, int(state.facts["window"]), scale, networks)


def _shape(scale: Shares, settings: TimeGan.Settings) -> TimeGanShape:
    layers = settings.layers or (_PUBLISHED_LAYERS if settings.is_published else 1)
    return TimeGanShape(scale.components, settings.hidden, layers, not settings.is_published)


def _check(settings: TimeGan.Settings) -> None:
    problems = [
        Problem(f"settings.{name}", f"found {value}", f"at least {least}")
        for name, value, least in (
            ("window", settings.window, 2),
            ("hidden", settings.hidden, 1),
            ("layers", 1 if settings.layers is None else settings.layers, 1),
            ("overlap", settings.overlap, 1),
            ("candidates", settings.candidates, 1),
            ("batch", settings.batch, 1),
            ("check_every", settings.check_every, 1),
        )
        if value < least
    ]
    if not 0.0 <= sum(_shares(settings)) < 1.0:
        problems.append(Problem("settings.embedding", "the first two phases leave nothing", "a sum below 1"))
    if problems:
        raise FitError.of(problems)


def _shares(settings: TimeGan.Settings) -> tuple[float, float]:
    """Return the shares of the budget for embedding and supervision."""
    usual = _PUBLISHED_SHARES if settings.is_published else _SHARES
    chosen = (settings.embedding, settings.supervision)
    first, second = (a if b is None else b for a, b in zip(usual, chosen, strict=True))
    return first, second


def _phases(settings: TimeGan.Settings) -> Phases:
    embedding, supervision = _shares(settings)
    return Phases(embedding, embedding + supervision, settings.gamma, settings.threshold, settings.batch)


def _schedule(settings: TimeGan.Settings) -> Schedule:
    published = settings.is_published
    return Schedule(
        learning_rate=settings.learning_rate or (1e-3 if published else 5e-3),
        warm_up=1,
        final_rate=1.0 if published else 0.0,
        clip=settings.clip,
        ema=0.0 if settings.faithful else settings.ema,
        check_every=settings.check_every,
        patience=0 if published else settings.patience,
        rule_weight=settings.rule_weight,
    )


def _tensor(shares: Float3D) -> torch.Tensor:
    return torch.from_numpy(shares.astype(np.float32))


def _identity(data: Sequences, settings: TimeGan.Settings) -> str:
    return f"timegan {data.digest()} {settings}"
