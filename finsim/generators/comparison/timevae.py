"""TimeVAE: a variational autoencoder over windows, with a law of what the decoder does not know."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Self

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import relu

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
from finsim.generators.settings_parsing import read_settings, write_settings
from finsim.generators.training.device import normal, pick_device, torch_stream
from finsim.generators.training.network_weights import restored, stored, under
from finsim.notation import Array, Float2D, Float3D
from finsim.randomness import Streams

_LEAST, _MOST = -3.0, 2.0
# The divergence counts in full from this share of training on, else no code is used (Bowman et al. 2016).
_WARM = 0.4


@dataclass(frozen=True)
class VaeShape:
    """Steps and components of a window, numbers of its code, channels of the first convolution."""

    steps: int
    components: int
    code: int
    width: int


class VaeNetworks(nn.Module):
    """Convolutions inward to a code, dense layers and convolutions outward to a mean and a log deviation."""

    def __init__(self, shape: VaeShape) -> None:
        super().__init__()
        self.shape, width = shape, shape.width
        self.short = -(-shape.steps // 4)
        self.first = nn.Conv1d(shape.components, width, 3, stride=2, padding=1)
        self.second = nn.Conv1d(width, 2 * width, 3, stride=2, padding=1)
        self.inward = nn.Linear(2 * width * self.short, 2 * shape.code)
        self.outward = nn.Linear(shape.code, 2 * width * self.short)
        self.third = nn.ConvTranspose1d(2 * width, width, 4, stride=2, padding=1)
        self.fourth = nn.ConvTranspose1d(width, width, 4, stride=2, padding=1)
        self.head = nn.Conv1d(width, 2 * shape.components, 3, padding=1)

    def encoded(self, windows: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean and log deviation [B, code] of the codes of windows [B, T, K]."""
        found = relu(self.second(relu(self.first(windows.transpose(1, 2)))))
        middle, spread = self.inward(found.flatten(1)).chunk(2, dim=-1)
        return middle, spread.clamp(-6.0, 2.0)

    def decoded(self, codes: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean and log deviation [B, T, K] of the windows of codes [B, code]."""
        found = relu(self.outward(codes)).reshape(len(codes), -1, self.short)
        found = relu(self.fourth(relu(self.third(found))))
        middle, spread = self.head(found)[:, :, : self.shape.steps].transpose(1, 2).chunk(2, dim=-1)
        return middle, spread.clamp(_LEAST, _MOST)


class VaeRecipe:
    """Source: Kingma & Welling 2014, equation 10, with a Gaussian likelihood of learned deviations."""

    def __init__(self, networks: VaeNetworks, windows: Windows, batch: int, identity: str) -> None:
        self.network: nn.Module = networks
        self.nets, self.windows, self.batch, self.identity = networks, windows, batch, identity
        self.device = next(networks.parameters()).device

    def parts(self) -> Mapping[str, list[nn.Parameter]]:
        """Return the one optimised part."""
        return {"vae": list(self.network.parameters())}

    def losses(self, done: float, draw: torch.Generator) -> Iterator[tuple[str, Tensor]]:
        """Yield the negative evidence lower bound of one batch, per step and component."""
        rows = torch.randint(len(self.windows.learned), (self.batch,), generator=draw)
        real = self.windows.learned[rows].to(self.device)
        middle, spread = self.nets.encoded(real)
        codes = middle + spread.exp() * normal(tuple(middle.shape), draw, self.device)
        mean, deviation = self.nets.decoded(codes)
        fit = 0.5 * ((real - mean) * torch.exp(-deviation)).square() + deviation
        divergence = 0.5 * (middle.square() + (2.0 * spread).exp() - 1.0) - spread
        weight = min(1.0, done / _WARM)
        yield "vae", fit.mean() + weight * divergence.sum(dim=-1).mean() / real[0].numel()

    def held_out(self, done: float) -> float | None:
        """Return the energy distance of made windows to held-out ones; the same draws every time."""
        real = self.windows.evenly()
        return None if real is None else energy_distance(real.to(self.device), self.same_windows(JUDGED))

    def same_windows(self, count: int) -> Tensor:
        """Return windows [count, T, K] of the same draws every time."""
        draw = torch_stream(0)
        with torch.inference_mode():
            codes = normal((count, self.nets.shape.code), draw, self.device)
            mean, deviation = self.nets.decoded(codes)
            return mean + deviation.exp() * normal(tuple(mean.shape), draw, self.device)

    def made(self, draw: torch.Generator | None) -> Tensor | None:
        """Return nothing: it is not trained with rules."""
        return None


class TimeVae:
    """A code per window; the decoder gives each step a mean and a deviation, from which steps are drawn.

    For comparison. Windows are independent and longer paths are strung together, so nothing is remembered
    beyond a window. Source: Desai et al. 2021 (base model: convolutional encoder and decoder); differences:
    the likelihood has learned deviations, where the published code leaves them at 1 and takes the mean, so
    that its windows are smooth; channels as normal scores of uncorrelated components; averaged weights.
    """

    name: ClassVar[str] = "timevae"

    @dataclass(frozen=True)
    class Settings(WindowTraining):
        """code : numbers that stand for a window; width : channels of the first convolution; and the rest."""

        code: int = 8
        width: int = 32

    def __init__(self, settings: Settings, networks: VaeNetworks, encoding: WindowEncoding) -> None:
        """Hold the fitted parts."""
        self.settings, self.networks, self.encoding = settings, networks, encoding
        self.report = FitReport()

    @classmethod
    def refuse(cls, data: Sequences, settings: Settings) -> None:
        """Raise FitError for sizes, a device or a history that no training can begin with."""
        pick_device(settings.device)
        refuse(data, settings, {"code": settings.code, "width": settings.width})

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

        def build(steps: int, components: int) -> VaeNetworks:
            return VaeNetworks(VaeShape(steps, components, settings.code, settings.width))

        kind = WindowKind(cls.name, build, VaeRecipe, 0.0)
        windows, networks, report = fit_windows(data, settings, kind, streams, budget, progress, checkpoint)
        model = cls(settings, networks, windows.encoding)
        model.report = report
        return model

    def sample(
        self, count: int, steps: int, streams: Streams, first: int = 0, history: Float2D | None = None
    ) -> Float3D:
        """Return float64[count, steps, C]; see the contract and the class."""
        shape = (count, steps, len(self.encoding.scaling.centre))
        return window_paths(shape, first, streams, self._windows, self.settings, self.encoding, history)

    def _windows(self, draws: list[np.random.Generator], number: int) -> Array:
        shape, device = self.networks.shape, next(self.networks.parameters()).device
        sizes = (number, shape.code + shape.steps * shape.components)
        noise = np.stack([draw.standard_normal(sizes, dtype=np.float32) for draw in draws])
        drawn = torch.from_numpy(noise).flatten(0, 1).to(device)
        with torch.inference_mode():
            mean, deviation = self.networks.decoded(drawn[:, : shape.code])
            made = mean + deviation.exp() * drawn[:, shape.code :].reshape(mean.shape)
        return made.cpu().numpy().astype(np.float64).reshape(len(draws), number, *made.shape[1:])

    def state(self) -> State:
        """Return weights (float32), encoding, window and settings."""
        arrays = stored(self.networks) | {f"encoding/{k}": one for k, one in self.encoding.arrays().items()}
        facts = {"settings": write_settings(self.settings), "window": self.networks.shape.steps}
        return State(arrays, facts)

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Restore on the CPU, or on CUDA when the settings say so and there is one."""
        settings = read_settings(cls, state.facts["settings"])
        encoding = WindowEncoding.from_arrays(under(state.arrays, "encoding/"))
        steps, components = int(state.facts["window"]), encoding.scaling.components
        shape = VaeShape(steps, components, settings.code, settings.width)
        return cls(settings, restored(lambda: VaeNetworks(shape), state.arrays, settings.device), encoding)
