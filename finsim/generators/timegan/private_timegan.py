"""TimeGAN under differential privacy: bounds from noised counts, gradients of whole entities."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import mse_loss

from finsim.generators.encoding.scaling import Range
from finsim.generators.generator import Sequences
from finsim.generators.networks import TimeGanNetworks
from finsim.generators.privacy.entity_gradients import ragged_gradients
from finsim.generators.privacy.private_marginals import MARGINAL_RELEASES, private_marginals
from finsim.generators.timegan.timegan_training import Phases, TimeGanRecipe, against, root
from finsim.generators.timegan.window_shares import RangeShares
from finsim.generators.training.training_windows import places
from finsim.notation import Array, Float3D, Int1D, Int2D
from finsim.randomness import Streams

WINDOWS = 4
"""Windows of an entity in one update, drawn among its own with replacement."""
RELEASES = MARGINAL_RELEASES
COUNTED = (
    "bounds of the channels, from noised sums",
    "every update of the five networks",
    "early stop and loss curves: there are none",
)
_FARTHEST, _REACH = 3.5, 1.0


class PrivateTimeGanRecipe(TimeGanRecipe):
    """The recipe of TimeGAN with the gradient of every entity; the windows of one are clipped together.

    Two things differ, as they would compare entities with each other or answer to a private loss: the
    generator has no loss of moments over a batch, and the discriminator never rests.
    """

    def __init__(
        self,
        networks: TimeGanNetworks,
        windows: Float3D,
        owners: Int1D,
        phases: Phases,
        identity: str,
        bounds: Range,
        entities: int,
    ) -> None:
        """Learn from windows float64[W, T, C] of ``bounds``; owners int64[W], ascending: their entities."""
        shares = np.clip(bounds.forward(windows), 0.0, 1.0).astype(np.float32)
        device = next(networks.parameters()).device
        super().__init__(networks, torch.from_numpy(shares).to(device), phases, identity, RangeShares(bounds))
        self.entities = entities
        self.counts = np.bincount(owners, minlength=entities)
        self.first = np.cumsum(self.counts) - self.counts

    def private_parts(self, done: float) -> Sequence[str]:
        """Return the updates of one iteration of the phase that ``done`` falls into."""
        return _parts_at(self.phases, done)

    def gradients(self, part: str, entities: Int1D, draws: Sequence[np.random.Generator]) -> Iterator[Tensor]:
        """Yield float[1, D] of each entity that has a whole window."""
        losses = (
            self.entity_loss(part, int(entity), draw)
            for entity, draw in zip(entities, draws, strict=True)
            if self.counts[entity]
        )
        return ragged_gradients(losses, self.parts()[part])

    def entity_loss(self, part: str, entity: int, draw: np.random.Generator) -> Tensor:
        """Return the loss of a part on windows of one entity and as many windows of noise."""
        rows = self.first[entity] + draw.integers(self.counts[entity], size=WINDOWS)
        real = self.windows[torch.from_numpy(rows).to(self.device)]
        noise = torch.from_numpy(draw.random(tuple(real.shape), dtype=np.float32)).to(self.device)
        nets = self.nets
        if part in ("autoencoder", "embedder"):
            latent = nets.embedder(real)
            rebuilt: Tensor = 10.0 * root(mse_loss(nets.recovery(latent), real))
            return rebuilt if part == "autoencoder" else rebuilt + 0.1 * self._supervised(latent)
        with torch.no_grad():
            latent = nets.embedder(real)
        if part == "supervisor":
            return self._supervised(latent)
        if part == "generator":
            raw = nets.generator(noise)
            judged = against(nets.discriminator(nets.supervisor(raw)), 1.0)
            judged = judged + self.phases.gamma * against(nets.discriminator(raw), 1.0)
            return judged + 100.0 * root(self._supervised(latent))
        with torch.no_grad():
            raw = nets.generator(noise)
            fake = nets.supervisor(raw)
        loss = against(nets.discriminator(latent), 1.0) + against(nets.discriminator(fake), 0.0)
        return loss + self.phases.gamma * against(nets.discriminator(raw), 0.0)


def private_bounds(data: Sequences, sigma: float, streams: Streams) -> Range:
    """Return bounds of the channels of the entities ``data`` from ``RELEASES`` noised sums."""
    marginals = private_marginals(data, _REACH, sigma, streams)
    farthest = np.full(data.values.shape[2], _FARTHEST)
    return Range.fit(np.stack([marginals.values(-farthest), marginals.values(farthest)]))


def entity_windows(data: Sequences, length: int, fewest: int) -> tuple[Float3D, Int1D]:
    """Return the windows float64[W, length, C] of the entities, and whose they are int64[W].

    Raises FitError when there are fewer than ``fewest`` windows.
    """
    where: Int2D = places(data, length, fewest=fewest)
    columns: Array = where[:, 1][:, None] + np.arange(length)
    return np.ascontiguousarray(data.values[where[:, 0][:, None], columns]), where[:, 0].copy()


def updates_of(phases: Phases, steps: int) -> int:
    """Return how many updates a training of ``steps`` iterations makes."""
    return sum(len(_parts_at(phases, step / steps)) for step in range(steps))


def _parts_at(phases: Phases, done: float) -> tuple[str, ...]:
    if done < phases.supervision_from:
        return ("autoencoder",)
    if done < phases.joint_from:
        return ("supervisor",)
    return ("generator", "embedder", "generator", "embedder", "discriminator")
