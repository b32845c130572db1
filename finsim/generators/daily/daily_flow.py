"""Daily flow: a volatility state per series, a flow over one day's vector, and a recursion per path."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, Self

import numpy as np

from finsim.errors import FitError, Problem
from finsim.generators.channel_layout import Layout
from finsim.generators.daily.day_decoding import DayOutput
from finsim.generators.daily.day_encoding import DayEncoding, Memory
from finsim.generators.daily.day_network import DayNetwork, DayShape
from finsim.generators.daily.day_training import DayRecipe, day_losses, held_out_days
from finsim.generators.daily.final_law import FinalLaw
from finsim.generators.daily.history.lost_openings import with_openings_mended
from finsim.generators.daily.settling import Settled, drawn_days, settle
from finsim.generators.generator import Budget, FitReport, Progress, Sequences, State, check_request
from finsim.generators.settings_parsing import read_settings, write_settings
from finsim.generators.training.device import one_thread, pick_device
from finsim.generators.training.network_weights import begun, restored, stored, under
from finsim.generators.training.rule_penalty import Penalty, check_weight, kept_steps
from finsim.generators.training.training_interface import Schedule
from finsim.generators.training.training_loop import train
from finsim.notation import Array, Float1D, Float2D, Float3D
from finsim.randomness import Streams

_FEWEST_DAYS = 32
# Paths walked at once; and days of a window that a penalty sees.
_GROUP, _WINDOW = 64, 16


class DailyFlow:
    """Days are drawn from a flow, independent given the state of the market; the state makes them a path.

    Source: rectified flow, Liu et al. 2023; the volatility state and the final law are own
    (docs/adr/0023-daily-flow.md).
    """

    name: ClassVar[str] = "daily_flow"

    @dataclass(frozen=True)
    class Settings:
        """Every default was chosen by measurement (docs/guide/generators.md).

        width, layers : the network. steps, batch (days), learning_rate, warm_up, clip, ema : its training;
        check_every, patience : checks on every tenth month, which is held out where there are enough days,
        and how many without improvement end it (0: never). pool : days drawn from it, of which paths are
        made; solver_steps : Heun steps for one. tail_reach : tails reach the 1-in-(``tail_reach`` n) quantile
        of n days. settling : paths that tune the memory and show the long run. location_ridge,
        scale_ridge : penalties of the regressions, in observations.
        rule_weight : of the penalty for breaking rules, when there are rules to train with.
        """

        width: int = 128
        layers: int = 3
        steps: int = 1500
        batch: int = 512
        learning_rate: float = 2e-3
        warm_up: int = 20
        clip: float = 1.0
        ema: float = 0.99
        check_every: int = 100
        patience: int = 0
        pool: int = 32_768
        solver_steps: int = 4
        tail_reach: float = 20.0
        settling: int = 48
        location_ridge: float = 60.0
        scale_ridge: float = 20.0
        device: str = "cpu"
        rule_weight: float = 0.0

    def __init__(self, settings: Settings, network: DayNetwork, settled: Settled) -> None:
        """Hold the fitted parts."""
        self.settings, self.network, self.settled = settings, network, settled
        self.report = FitReport()

    @classmethod
    def refuse(cls, data: Sequences, settings: Settings) -> None:
        """Raise FitError for a device, sizes or a history that no training can begin with."""
        _refuse_sizes(settings)
        pick_device(settings.device)
        days = int(data.observed().sum())
        if days < _FEWEST_DAYS:
            raise FitError(
                f"{days} observed steps",
                place="sequences",
                expected=f"at least {_FEWEST_DAYS}",
                remedy="give a longer history",
            )

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

        ``penalty`` judges windows of values, ``rule_weight`` says how much; the laws that paths get are
        then those of the steps that break no rule.
        """
        cls.refuse(data, settings)
        check_weight(settings.rule_weight, penalty)
        started, device = time.process_time(), pick_device(settings.device)
        pressed = None if settings.rule_weight == 0.0 else penalty
        observed = data.observed()
        layout = data.layout or Layout.plain(data.values.shape[2])
        values = np.where(observed[:, :, None], data.values, 0.0)
        filled = replace(data, values=with_openings_mended(values, observed, layout))
        kept = observed if pressed is None else kept_steps(filled, pressed)
        ridges = (settings.location_ridge, settings.scale_ridge)
        encoding, course = DayEncoding.fit(filled, layout, settings.tail_reach, ridges, streams.at("atoms"))
        shape = DayShape(encoding.scaling.components, settings.width, settings.layers)
        network = begun(lambda: DayNetwork(shape), streams, device)
        output = None if pressed is None else DayOutput(encoding, course, observed, _WINDOW, device)
        days, told = encoding.components(course)[observed], encoding.told(course)[observed]
        held_out = held_out_days(len(days))
        recipe = DayRecipe(network, days, told, held_out, settings.batch, _identity(data, settings), output)
        limit = budget.or_steps(settings.steps)
        report = train(recipe, _schedule(settings), limit, streams, progress, checkpoint, pressed)
        with one_thread():
            made = drawn_days(
                network,
                encoding,
                told,
                settings.pool,
                settings.solver_steps,
                streams.under("pool"),
            )
            settled = settle(
                encoding,
                course,
                filled,
                kept,
                made,
                settings.tail_reach,
                settings.settling,
                streams.under("settle"),
            )
        model = cls(settings, network, settled)
        model.report = replace(report, cpu_seconds=time.process_time() - started)
        return model

    def sample(
        self, count: int, steps: int, streams: Streams, first: int = 0, history: Float2D | None = None
    ) -> Float3D:
        """Return float64[count, steps, C]; see the contract. A history acts through the state it ends in."""
        channels = self.settled.pool.shape[1]
        check_request(count, steps, channels, history)
        known = None if history is None else self._after(history)
        choices = self.settled.encoding.choices(self.settled.pool)
        result = np.empty((count, steps, channels))
        for start in range(0, count, _GROUP):
            stop = min(count, start + _GROUP)
            draws = [streams.at("path", first + row) for row in range(start, stop)]
            begun_at = np.array([draw.integers(len(self.settled.starts.variances)) for draw in draws])
            chosen = np.stack([draw.integers(choices, size=steps) for draw in draws])
            memory = self.settled.starts if known is None else known
            memory = memory.take(begun_at if known is None else np.zeros_like(begun_at))
            eras = self.settled.encoding.eras.course(draws, steps, memory.place)
            law = self.settled.law
            part = self.settled.encoding.walk(self.settled.pool, chosen, eras, memory, law)
            law.apply(part)
            result[start:stop] = part
        return result

    def step_losses(self, history: Float2D, first: int, stop: int, streams: Streams) -> Float1D:
        """Return the loss of the steps ``first`` to ``stop`` of a history; see ``HasLoss``."""
        encoding = self.settled.encoding
        course = encoding.course(history[None], np.ones((1, len(history)), dtype=np.bool_))
        with one_thread():
            days, told = encoding.components(course)[0], encoding.told(course)[0]
            return day_losses(self.network, days[first:stop], told[first:stop], streams.word("losses"))

    def _after(self, history: Float2D) -> Memory:
        """Return the memory of one path after a history float64[H, C]."""
        return self.settled.encoding.course(history[None], np.ones((1, len(history)), dtype=np.bool_)).after

    def state(self) -> State:
        """Return weights (float32), encoding, pool, final law, beginnings and settings."""
        parts = {
            "encoding": self.settled.encoding.arrays(),
            "law": self.settled.law.arrays(),
            "starts": self.settled.starts.arrays(),
        }
        arrays: dict[str, Array] = stored(self.network)
        arrays |= {f"{part}/{name}": array for part, found in parts.items() for name, array in found.items()}
        arrays["pool"] = self.settled.pool
        layout = self.settled.encoding.state.layout.to_dict()
        return State(arrays, {"settings": write_settings(self.settings), "layout": layout})

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Restore a model on the CPU, or on CUDA when its settings say so and there is one."""
        settings, arrays = read_settings(cls, state.facts["settings"]), state.arrays
        encoding = DayEncoding.from_arrays(
            under(arrays, "encoding/"), Layout.from_dict(state.facts["layout"])
        )
        shape = DayShape(encoding.scaling.components, settings.width, settings.layers)
        network = restored(lambda: DayNetwork(shape), arrays, settings.device)
        law, starts = FinalLaw.from_arrays(under(arrays, "law/")), Memory(**under(arrays, "starts/"))
        return cls(settings, network, Settled(encoding, arrays["pool"], law, starts))


def _refuse_sizes(settings: DailyFlow.Settings) -> None:
    """Raise FitError for every size that no network or training can have."""
    names = ("width", "layers", "batch", "check_every", "solver_steps", "pool", "settling", "tail_reach")
    problems = [
        Problem(f"settings.{name}", f"found {getattr(settings, name)}", "at least 1")
        for name in names
        if getattr(settings, name) < 1
    ]
    if problems:
        raise FitError.of(problems)


def _schedule(settings: DailyFlow.Settings) -> Schedule:
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


def _identity(data: Sequences, settings: DailyFlow.Settings) -> str:
    return f"daily_flow {data.digest()} {settings}"
