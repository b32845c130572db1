"""RCGAN: a recurrent generator against a recurrent discriminator, told how large the window's moves are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Self

import numpy as np
import torch
from torch import Tensor, nn

from finsim.generators.comparison.window_encoding import WindowEncoding, energy_distance
from finsim.generators.comparison.window_model import (
    JUDGED,
    WindowKind,
    Windows,
    WindowTraining,
    fit_windows,
    refuse,
    window_paths,
)
from finsim.generators.generator import Budget, FitReport, Progress, Sequences, State
from finsim.generators.networks import Recurrent
from finsim.generators.settings_parsing import read_settings, write_settings
from finsim.generators.timegan.timegan_training import against
from finsim.generators.training.device import normal, pick_device, torch_stream
from finsim.generators.training.network_weights import restored, stored, under
from finsim.notation import Array, Float1D, Float2D, Float3D
from finsim.randomness import Streams

_LEAST = 1e-3


@dataclass(frozen=True)
class GanShape:
    """Components of a step, numbers of noise a step, width and number of the recurrent layers."""

    components: int
    noise: int
    hidden: int
    layers: int


class GanNetworks(nn.Module):
    """A generator from noise and condition to steps, and a discriminator of every step and of the window."""

    def __init__(self, shape: GanShape) -> None:
        super().__init__()
        self.shape = shape
        inputs, outputs = shape.noise + 1, shape.components + 1
        self.generator = Recurrent(inputs, shape.hidden, shape.components, shape.layers, squash=False)
        self.discriminator = Recurrent(outputs, shape.hidden, 1, shape.layers, squash=False)

    def windows(self, noise: Tensor, condition: Tensor) -> Tensor:
        """Return windows [B, T, K] of noise [B, T, noise] under conditions [B]."""
        made: Tensor = self.generator(_told(noise, condition))
        return made

    def judged(self, windows: Tensor, condition: Tensor) -> Tensor:
        """Return the logits [B, T, 1] of windows [B, T, K] under conditions [B]."""
        logits: Tensor = self.discriminator(_told(windows, condition))
        return logits


class GanRecipe:
    """Source: Esteban, Hyland & Ratsch 2017, equations 1 to 4: a loss on every step, one update of each."""

    def __init__(self, networks: GanNetworks, windows: Windows, batch: int, identity: str) -> None:
        self.network: nn.Module = networks
        self.nets, self.windows, self.batch, self.identity = networks, windows, batch, identity
        self.device = next(networks.parameters()).device
        self.conditions = conditions_of(windows.learned)

    def parts(self) -> Mapping[str, list[nn.Parameter]]:
        """Return the parameters of the two optimisers."""
        nets = self.nets
        return {
            "discriminator": list(nets.discriminator.parameters()),
            "generator": list(nets.generator.parameters()),
        }

    def losses(self, done: float, draw: torch.Generator) -> Iterator[tuple[str, Tensor]]:
        """Yield the discriminator's update, then the generator's."""
        nets = self.nets
        real, told, noise = self._batch(draw)
        with torch.no_grad():
            made = nets.windows(noise, told)
        yield "discriminator", against(nets.judged(real, told), 1.0) + against(nets.judged(made, told), 0.0)
        _, told, noise = self._batch(draw)
        yield "generator", against(nets.judged(nets.windows(noise, told), told), 1.0)

    def held_out(self, done: float) -> float | None:
        """Return the energy distance of made windows to held-out ones; the same draws every time."""
        real = self.windows.evenly()
        return None if real is None else energy_distance(real.to(self.device), self.same_windows(JUDGED))

    def same_windows(self, count: int) -> Tensor:
        """Return windows [count, T, K] of the same draws every time."""
        draw, steps = torch_stream(0), self.windows.learned.shape[1]
        with torch.inference_mode():
            rows = torch.randint(len(self.conditions), (count,), generator=draw)
            noise = normal((count, steps, self.nets.shape.noise), draw, self.device)
            return self.nets.windows(noise, self.conditions[rows].to(self.device))

    def made(self, draw: torch.Generator | None) -> Tensor | None:
        """Return nothing: it is not trained with rules."""
        return None

    def _batch(self, draw: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
        rows = torch.randint(len(self.windows.learned), (self.batch,), generator=draw)
        real = self.windows.learned[rows].to(self.device)
        noise = normal((self.batch, real.shape[1], self.nets.shape.noise), draw, self.device)
        return real, self.conditions[rows].to(self.device), noise


class Rcgan:
    """A recurrent conditional GAN; the condition of a window is how large its moves are, as a log.

    For comparison. Conditions are drawn from those of the training windows; windows are independent and
    longer paths are strung together, so nothing is remembered beyond a window.
    Source: Esteban, Hyland & Ratsch 2017; differences: GRU in place of LSTM, channels as normal scores of
    uncorrelated components, averaged weights, and the weights of the best held-out check.
    """

    name: ClassVar[str] = "rcgan"

    @dataclass(frozen=True)
    class Settings(WindowTraining):
        """noise : numbers a step; hidden, layers : of both networks; rest as above."""

        noise: int = 8
        hidden: int = 48
        layers: int = 1

    def __init__(
        self, settings: Settings, window: int, networks: GanNetworks, encoding: WindowEncoding, told: Float1D
    ) -> None:
        """Hold the fitted parts; ``told`` float64[n] are the conditions of the training windows, sorted."""
        self.settings, self.window, self.networks, self.encoding = settings, window, networks, encoding
        self.told, self.report = told, FitReport()

    @classmethod
    def refuse(cls, data: Sequences, settings: Settings) -> None:
        """Raise FitError for sizes, a device or a history that no training can begin with."""
        pick_device(settings.device)
        sizes = {name: getattr(settings, name) for name in ("noise", "hidden", "layers")}
        refuse(data, settings, sizes)

    @classmethod
    def fit(
        cls,
        data: Sequences,
        settings: Settings,
        streams: Streams,
        budget: Budget,
        progress: Progress,
        checkpoint: Path | None = None,
    ) -> Self:
        """Learn from sequences; see the contract. ``checkpoint``: a folder to save to and resume from."""
        cls.refuse(data, settings)
        kind = WindowKind(cls.name, lambda _, parts: GanNetworks(_shape(parts, settings)), GanRecipe, 1.0)
        windows, networks, report = fit_windows(data, settings, kind, streams, budget, progress, checkpoint)
        told = np.sort(conditions_of(windows.learned).numpy().astype(np.float64))
        model = cls(settings, windows.learned.shape[1], networks, windows.encoding, told)
        model.report = report
        return model

    def sample(
        self, count: int, steps: int, streams: Streams, first: int = 0, history: Float2D | None = None
    ) -> Float3D:
        """Return float64[count, steps, C]; see the contract and the class."""
        shape = (count, steps, len(self.encoding.scaling.centre))
        return window_paths(shape, first, streams, self._windows, self.settings, self.encoding, history)

    def _windows(self, draws: list[np.random.Generator], number: int) -> Array:
        sizes = (number, self.window, self.networks.shape.noise)
        device = next(self.networks.parameters()).device
        rows = np.stack([draw.integers(len(self.told), size=number) for draw in draws])
        noise = np.stack([draw.standard_normal(sizes, dtype=np.float32) for draw in draws])
        told = torch.from_numpy(self.told[rows].astype(np.float32)).flatten().to(device)
        with torch.inference_mode():
            made = self.networks.windows(torch.from_numpy(noise).flatten(0, 1).to(device), told)
        return made.cpu().numpy().astype(np.float64).reshape(len(draws), number, *made.shape[1:])

    def state(self) -> State:
        """Return weights (float32), encoding, conditions, window and settings."""
        arrays = stored(self.networks) | {f"encoding/{k}": one for k, one in self.encoding.arrays().items()}
        facts = {"settings": write_settings(self.settings), "window": self.window}
        return State({**arrays, "told": self.told}, facts)

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Restore on the CPU, or on CUDA when the settings say so and there is one."""
        settings = read_settings(cls, state.facts["settings"])
        encoding = WindowEncoding.from_arrays(under(state.arrays, "encoding/"))
        shape = _shape(encoding.scaling.components, settings)
        networks = restored(lambda: GanNetworks(shape), state.arrays, settings.device)
        return cls(settings, int(state.facts["window"]), networks, encoding, state.arrays["told"])


def conditions_of(windows: Tensor) -> Tensor:
    """Return the log of the root mean square of windows [W, T, K]: float[W]."""
    return windows.square().mean(dim=(1, 2)).clamp_min(_LEAST**2).log() / 2.0


def _shape(components: int, settings: Rcgan.Settings) -> GanShape:
    return GanShape(components, settings.noise, settings.hidden, settings.layers)


def _told(steps: Tensor, condition: Tensor) -> Tensor:
    """Return steps [B, T, K + 1] with the condition [B] on every one."""
    return torch.cat([steps, condition[:, None, None].expand(-1, steps.shape[1], 1)], dim=-1)
