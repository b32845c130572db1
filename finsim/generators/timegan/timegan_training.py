"""Training recipe of TimeGAN: three phases, five optimizers, losses of the paper and its code."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, mse_loss

from finsim.generators.networks import TimeGanNetworks
from finsim.generators.timegan.window_shares import Shares
from finsim.generators.training.device import torch_stream, uniform


@dataclass(frozen=True)
class Phases:
    """Shares of the budget where supervision and joint training begin, and the constants of the losses."""

    supervision_from: float
    joint_from: float
    gamma: float
    threshold: float
    batch: int


class TimeGanRecipe:
    """Source: Yoon et al. 2019, equations 7 to 11; weights and order of updates from the official code."""

    def __init__(
        self, networks: TimeGanNetworks, windows: Tensor, phases: Phases, identity: str, scale: Shares
    ) -> None:
        """Learn from windows float32[W, T, K] in [0, 1] of a scale."""
        self.network: nn.Module = networks
        self.nets, self.windows = networks, windows
        self.phases, self.identity = phases, identity
        self.device, self.scale = windows.device, scale
        self.latest: Tensor | None = None

    def parts(self) -> Mapping[str, list[nn.Parameter]]:
        """Return the parameters of the five optimisers."""
        nets = self.nets
        coder = [*nets.embedder.parameters(), *nets.recovery.parameters()]
        maker = [*nets.generator.parameters(), *nets.supervisor.parameters()]
        maker += [weight for name, weight in nets.named_parameters() if name == "gate"]
        return {
            "autoencoder": coder,
            "supervisor": list(nets.supervisor.parameters()),
            "generator": maker,
            "embedder": coder,
            "discriminator": list(nets.discriminator.parameters()),
        }

    def losses(self, done: float, draw: torch.Generator) -> Iterator[tuple[str, Tensor]]:
        """Yield the updates of one iteration of the phase that ``done`` falls into."""
        nets, phases = self.nets, self.phases
        if done < phases.supervision_from:
            real = self._batch(draw)
            yield "autoencoder", 10.0 * root(mse_loss(nets.recovery(nets.embedder(real)), real))
        elif done < phases.joint_from:
            with torch.no_grad():
                latent = nets.embedder(self._batch(draw))
            yield "supervisor", self._supervised(latent)
        else:
            yield from self._joint(draw)

    def _joint(self, draw: torch.Generator) -> Iterator[tuple[str, Tensor]]:
        """Yield generator and embedder twice, then the discriminator unless it is already good."""
        nets, phases = self.nets, self.phases
        for _ in range(2):
            real, noise = self._batch(draw), self._noise(draw)
            yield "generator", self._generator_loss(real, noise)
            self.latest = None
            latent = nets.embedder(real)
            rebuilt = 10.0 * root(mse_loss(nets.recovery(latent), real))
            yield "embedder", rebuilt + 0.1 * self._supervised(latent)
        loss = self._discriminator_loss(draw)
        if float(loss.detach()) > phases.threshold:
            yield "discriminator", loss

    def _discriminator_loss(self, draw: torch.Generator) -> Tensor:
        """Return the loss of the discriminator on one batch of real latents and of made ones."""
        nets = self.nets
        real, noise = self._batch(draw), self._noise(draw)
        with torch.no_grad():
            latent, raw = nets.embedder(real), nets.generator(noise)
            fake = nets.latents(raw)
        return (
            against(nets.discriminator(latent), 1.0)
            + against(nets.discriminator(fake), 0.0)
            + self.phases.gamma * against(nets.discriminator(raw), 0.0)
        )

    def _generator_loss(self, real: Tensor, noise: Tensor) -> Tensor:
        """Return the adversarial, supervised and moment losses of generator and supervisor."""
        nets = self.nets
        raw = nets.generator(noise)
        fake = nets.supervisor(raw)
        with torch.no_grad():
            latent = nets.embedder(real)
        self.latest = made = nets.recovery(fake)
        spread = (_spread(made) - _spread(real)).abs().mean()
        level = (made.mean(dim=0) - real.mean(dim=0)).abs().mean()
        adversarial = against(nets.discriminator(fake), 1.0)
        adversarial = adversarial + self.phases.gamma * against(nets.discriminator(raw), 1.0)
        loss: Tensor = adversarial + 100.0 * root(self._supervised(latent)) + 100.0 * (spread + level)
        return loss

    def _supervised(self, latent: Tensor) -> Tensor:
        """Return the one-step-ahead error of the supervisor."""
        return mse_loss(self.nets.supervisor(latent)[:, :-1], latent[:, 1:])

    def held_out(self, done: float) -> float | None:
        """Return nothing: the published training ends with its budget."""
        return None

    def made(self, draw: torch.Generator | None) -> Tensor | None:
        """Return the generator's windows float64[B, T, C]; None behind the losses of the other parts."""
        return None if self.latest is None else self.scale.lifted(self.latest)

    def same_windows(self, count: int) -> Tensor:
        """Return windows [count, T, K] of the same noise every time."""
        with torch.inference_mode():
            return self.nets.windows(uniform((count, *self.windows.shape[1:]), torch_stream(0), self.device))

    def _batch(self, draw: torch.Generator) -> Tensor:
        rows = torch.randint(len(self.windows), (self.phases.batch,), generator=draw)
        return self.windows[rows.to(self.device)]

    def _noise(self, draw: torch.Generator) -> Tensor:
        return uniform((self.phases.batch, *self.windows.shape[1:]), draw, self.device)


def root(loss: Tensor) -> Tensor:
    """Return the square root, with a slope at 0."""
    return torch.sqrt(loss + 1e-12)


def _spread(windows: Tensor) -> Tensor:
    """Return the standard deviation over the batch, per step and channel."""
    return torch.sqrt(windows.var(dim=0, unbiased=False) + 1e-6)


def against(logits: Tensor, label: float) -> Tensor:
    """Return the loss of a discriminator's logits against one label."""
    return binary_cross_entropy_with_logits(logits, torch.full_like(logits, label))
