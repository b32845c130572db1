"""Flow: a small rectified-flow transformer that continues a history and rolls out to any length."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, Self

import numpy as np

from finsim.errors import FitError, Problem
from finsim.generators.encoding.series_encoding import Encoding
from finsim.generators.flow.differentiable_decoding import FlowOutput
from finsim.generators.flow.encoding_correction import settle
from finsim.generators.flow.encoding_fit import Choices, filled, fit_encoding
from finsim.generators.flow.flow_training import FlowRecipe, WindowSource
from finsim.generators.flow.private_flow import (
    COUNTED,
    RELEASES,
    PrivateFlowRecipe,
    private_components,
    private_encoding,
    settle_privately,
)
from finsim.generators.flow.rollout import Grid, roll_out
from finsim.generators.flow.step_losses import step_losses
from finsim.generators.generator import Budget, FitReport, Progress, Sequences, State, check_request
from finsim.generators.networks import FlowShape, FlowTransformer
from finsim.generators.privacy.budget_plan import Plan
from finsim.generators.privacy.entity_units import Privacy, steps_of
from finsim.generators.privacy.ledger import Ledger
from finsim.generators.privacy.statement import statement
from finsim.generators.settings_parsing import read_settings, write_settings
from finsim.generators.training.device import one_thread, pick_device
from finsim.generators.training.network_weights import begun, restored, stored, under
from finsim.generators.training.rule_penalty import Penalty, check_weight, kept_steps
from finsim.generators.training.sampling_batches import BATCH, in_batches
from finsim.generators.training.training_interface import Schedule
from finsim.generators.training.training_loop import train
from finsim.generators.training.training_windows import FEWEST, places, split
from finsim.notation import Float1D, Float2D, Float3D
from finsim.randomness import Streams


class Flow:
    """A rectified flow over windows, conditioned on a given prefix and on a bounded slow memory.

    Sources: rectified flow, Liu et al. 2023; adaLN transformer, Peebles & Xie 2023; the marginal map,
    the slow memory and the rollout are own (docs/adr/0005-generator-models.md).
    """

    name: ClassVar[str] = "flow"

    @dataclass(frozen=True)
    class Settings:
        """Sizes in steps of the series; every default was chosen by measurement (docs/guide/generators.md).

        context, block : steps given and steps made at once in a rollout; windows are their sum, or the
        length of shorter sequences. patch : steps per token, a divisor of both. width, blocks, heads,
        expansion : the network. marginals : map each channel to a normal law and back, with
        generalised Pareto tails that reach the 1-in-(``tail_reach`` n) quantile. memory : horizons of
        the averages that drive location and scale, dropped when longer than an eighth of the sequences;
        the ridges : penalties of that regression, in observations. prefix_share : windows with a given part.
        solver_steps : Heun steps per block. steps : the budget when none is given. held_out : last
        share of the data for the early stop; patience : checks without improvement (0: never stop).
        rule_weight : of the penalty for breaking rules, when there are rules to train with.
        epsilon, delta, unit, entity_clip : differential privacy (docs/reference/differential-privacy.md);
        batch is then the expected number of entities, and nothing is held out or remembered.
        """

        context: int = 16
        block: int = 16
        patch: int = 2
        width: int = 48
        blocks: int = 3
        heads: int = 4
        expansion: int = 2
        marginals: bool = True
        tail_reach: float = 20.0
        memory: tuple[int, ...] = (1, 5, 22, 250)
        location_ridge: float = 100.0
        scale_ridge: float = 10.0
        prefix_share: float = 0.8
        solver_steps: int = 4
        steps: int = 800
        batch: int = 64
        learning_rate: float = 5e-3
        warm_up: int = 50
        clip: float = 1.0
        ema: float = 0.99
        check_every: int = 50
        held_out: float = 0.1
        patience: int = 6
        device: str = "cpu"
        rule_weight: float = 0.0
        epsilon: float | None = None
        delta: float = 1e-5
        unit: str = "sequence"
        entity_clip: float = 1.0

    def __init__(
        self, settings: Settings, grid: Grid, encoding: Encoding, network: FlowTransformer, starts: Float2D
    ) -> None:
        """Hold the fitted parts; ``starts`` float64[S, H * 2C]: slow memories a new path may begin with."""
        self.settings, self.grid, self.encoding = settings, grid, encoding
        self.network, self.starts = network, starts
        self.report = FitReport()

    @classmethod
    def refuse(cls, data: Sequences, settings: Settings) -> None:
        """Raise FitError for a device, sizes or a history that no training can begin with."""
        _refuse_sizes(settings)
        pick_device(settings.device)
        privacy = Privacy.of(settings)
        data = data if privacy is None else privacy.entities(data)
        grid = _grid(settings, data.values.shape[1])
        learned, _ = split(data, settings.held_out if privacy is None else 0.0, grid.window)
        places(learned, grid.window, fewest=FEWEST)

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

        ``penalty`` judges windows of values, ``rule_weight`` says how much; the marginal laws that are
        restored after training are then those of the steps that break no rule.
        """
        _refuse_sizes(settings)
        check_weight(settings.rule_weight, penalty)
        privacy = Privacy.of(settings)
        if privacy is not None:
            return cls._fit_privately(data, settings, privacy, streams, budget, progress, checkpoint)
        pressed = None if settings.rule_weight == 0.0 else penalty
        started = time.process_time()
        device = pick_device(settings.device)
        grid = _grid(settings, data.values.shape[1])
        learned, judged = split(data, settings.held_out, grid.window)
        encoding, scores = fit_encoding(learned, _choices(settings), streams.at("atoms"))
        averages = encoding.averages(scores)
        kept = None if pressed is None else kept_steps(learned, pressed)
        shape = _shape(settings, grid, encoding)
        network = begun(lambda: FlowTransformer(shape), streams, device)
        recipe = FlowRecipe(
            network,
            WindowSource(learned, encoding.components(scores, averages), grid, FEWEST),
            None if judged is None else _judged(judged, encoding, averages, grid),
            settings.prefix_share,
            settings.batch,
            _identity(data, settings),
            None if pressed is None else FlowOutput(encoding, averages, device),
        )
        limit = budget.or_steps(settings.steps)
        report = train(recipe, _schedule(settings), limit, streams, progress, checkpoint, pressed)
        with one_thread():
            encoding, starts = settle(network, encoding, grid, scores, streams.under("settle"), kept)
        model = cls(settings, grid, encoding, network, starts)
        model.report = replace(report, cpu_seconds=time.process_time() - started)
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
        """Learn with differential privacy: see ``private_flow``."""
        started = time.process_time()
        device, entities = pick_device(settings.device), privacy.entities(data)
        grid, count = _grid(settings, entities.values.shape[1]), len(entities.values)
        limit = budget.or_steps(settings.steps)
        plan = Plan.of(privacy, count, settings.batch, steps_of(limit), RELEASES)
        encoding = private_encoding(
            entities, settings.tail_reach, settings.memory, plan.sigma, streams.under("preparation")
        )
        components = private_components(entities, encoding, streams.at("atoms"))
        shape = _shape(settings, grid, encoding)
        network = begun(lambda: FlowTransformer(shape), streams, device)
        source = WindowSource(entities, components, grid, FEWEST)
        recipe = PrivateFlowRecipe(network, source, settings.prefix_share, _identity(data, settings), count)
        report = train(
            recipe, _schedule(settings), limit, streams, progress, checkpoint, private=plan.mechanism
        )
        with one_thread():
            encoding, starts = settle_privately(network, encoding, grid, streams.under("settle"))
        model = cls(settings, grid, encoding, network, starts)
        claim = statement(plan, Ledger.of_report(report), COUNTED, streams.seed)
        model.report = replace(report, cpu_seconds=time.process_time() - started, privacy=claim)
        return model

    def sample(
        self, count: int, steps: int, streams: Streams, first: int = 0, history: Float2D | None = None
    ) -> Float3D:
        """Return float64[count, steps, C]; see the contract.

        A history acts through its last ``context`` steps, and through its slow memory.
        """
        channels = len(self.encoding.scaling.centre)
        check_request(count, steps, channels, history)

        def make(draws: list[np.random.Generator]) -> Float3D:
            past, averages = self._past(draws, history)
            components = roll_out(self.network, self.grid, draws, past, steps)
            return self.encoding.series(components, averages)[0]

        return in_batches((count, steps, channels), first, streams, make, self.encoding.values)

    def step_losses(self, history: Float2D, first: int, stop: int, streams: Streams) -> Float1D:
        """Return the loss of the steps ``first`` to ``stop`` of a history; see ``HasLoss``."""
        scores = self.encoding.scores(history)[None]
        components = self.encoding.components(scores, self.encoding.averages(scores))[0]
        return step_losses(self.network, self.grid, components, first, stop, streams.word("losses"))

    def _past(self, draws: list[np.random.Generator], history: Float2D | None) -> tuple[Float3D, Float2D]:
        """Return recent components [BATCH, P, K] and memories: of the history, or none and drawn ones."""
        chosen = self.starts[[draw.integers(len(self.starts)) for draw in draws]]
        if history is None:
            return np.empty((BATCH, 0, self.encoding.scaling.components)), chosen
        scores = self.encoding.scores(history)[None]
        averages = self.encoding.averages(scores)
        components = self.encoding.components(scores, averages)
        recent = components[:, max(0, len(history) - self.grid.context) :]
        return np.repeat(recent, BATCH, axis=0), np.repeat(averages[:, -1], BATCH, axis=0)

    def state(self) -> State:
        """Return weights (float32), encoding, correction and settings."""
        arrays = stored(self.network)
        arrays |= {f"encoding/{name}": array for name, array in self.encoding.arrays().items()}
        arrays["starts"] = self.starts
        dynamics = self.encoding.dynamics
        horizons = [] if dynamics is None else list(dynamics.memory.horizons)
        sizes = {"patch": self.grid.patch, "context": self.grid.context, "block": self.grid.block}
        return State(arrays, {"settings": write_settings(self.settings), "grid": sizes, "horizons": horizons})

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Restore a flow on the CPU, or on CUDA when its settings say so and there is one."""
        settings = read_settings(cls, state.facts["settings"])
        sizes = state.facts["grid"]
        grid = Grid(sizes["patch"], sizes["context"], sizes["block"], settings.solver_steps)
        encoding = Encoding.from_arrays(under(state.arrays, "encoding/"), tuple(state.facts["horizons"]))
        shape = _shape(settings, grid, encoding)
        network = restored(lambda: FlowTransformer(shape), state.arrays, settings.device)
        return cls(settings, grid, encoding, network, state.arrays["starts"])


def _refuse_sizes(settings: Flow.Settings) -> None:
    """Raise FitError for every size that no network or training can have."""
    least = dict.fromkeys(
        ("width", "blocks", "heads", "expansion", "solver_steps", "batch", "check_every"), 1
    )
    problems = [
        Problem(f"settings.{name}", f"found {getattr(settings, name)}", f"at least {low}")
        for name, low in least.items()
        if getattr(settings, name) < low
    ]
    if not settings.memory or min(settings.memory) < 1:
        problems.append(Problem("settings.memory", f"found {list(settings.memory)}", "horizons of 1 or more"))
    if not problems and settings.width % settings.heads:
        found = f"{settings.heads} heads for width {settings.width}"
        problems.append(Problem("settings.heads", found, "a divisor of the width"))
    if problems:
        raise FitError.of(problems)


def _grid(settings: Flow.Settings, length: int) -> Grid:
    """Return the sizes of the rollout for sequences of ``length`` steps; raises FitError."""
    patch, block, context = settings.patch, settings.block, settings.context
    window = min(block + context, length // patch * patch)
    block = min(block, window)
    if patch < 1 or block < patch or block % patch or context % patch:
        raise FitError(
            f"patch {patch}, block {settings.block} and context {context} for sequences of {length} steps",
            place="settings",
            expected="patch divides block and context, and a block fits into the sequences",
        )
    return Grid(patch, window - block, block, settings.solver_steps)


def _schedule(settings: Flow.Settings) -> Schedule:
    return Schedule(
        settings.learning_rate,
        settings.warm_up,
        0.0,
        settings.clip,
        settings.ema,
        settings.check_every,
        settings.patience,
        settings.rule_weight,
    )


def _choices(settings: Flow.Settings) -> Choices:
    return Choices(
        settings.tail_reach if settings.marginals else None,
        tuple(settings.memory),
        (settings.location_ridge, settings.scale_ridge),
    )


def _judged(data: Sequences, encoding: Encoding, before: Float3D, grid: Grid) -> WindowSource:
    """Return the held-out windows; one history carries the memory of its training part on."""
    scores = encoding.scores(filled(data))
    averages = encoding.averages(scores, before[0, -1] if len(before) == 1 else None)
    return WindowSource(data, encoding.components(scores, averages), grid)


def _shape(settings: Flow.Settings, grid: Grid, encoding: Encoding) -> FlowShape:
    return FlowShape(
        tokens=grid.window // grid.patch,
        numbers=grid.patch * encoding.scaling.components,
        width=settings.width,
        blocks=settings.blocks,
        heads=settings.heads,
        expansion=settings.expansion,
    )


def _identity(data: Sequences, settings: Flow.Settings) -> str:
    return f"flow {data.digest()} {settings}"
