"""Training recipe of TimeGAN in our own scale: begin as noise of the right laws, and learn what ties it."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn.functional import mse_loss

from finsim.generators.networks import TimeGanNetworks
from finsim.generators.timegan.timegan_training import Phases, TimeGanRecipe, against, root
from finsim.generators.timegan.window_moments import distance, moments
from finsim.generators.timegan.window_shares import Shares
from finsim.generators.training.window_judge import JUDGED, LEARNED, auc_of_windows, evenly

# Embedder and supervisor learn on every fourth step of the joint phase, by chance.
_SELDOM = 4
# The first part of the joint phase is led by moments alone, which is quick and has no opponent.
_ALONE = 0.4


class DirectRecipe(TimeGanRecipe):
    """Five networks and three phases as published; what differs is how the generator begins and is led.

    It begins as a copy of the embedder, so that what it makes of noise is that noise: independent steps with
    the laws of the data. Besides the discriminator it answers to ``moments`` of the data; both players are
    updated in turn. Source: own; moments in place of means and deviations as in Li, Swersky & Zemel 2015.
    """

    def __init__(
        self,
        networks: TimeGanNetworks,
        windows: Tensor,
        judged: Tensor | None,
        phases: Phases,
        identity: str,
        scale: Shares,
        weight: float,
    ) -> None:
        """Learn from windows float32[W, T, K] in [0, 1], judge on held-out ones; ``weight`` of moments."""
        super().__init__(networks, windows, phases, identity, scale)
        self.judged, self.weight = judged, weight
        self.wanted = moments(windows)

    def losses(self, done: float, draw: torch.Generator) -> Iterator[tuple[str, Tensor]]:
        """Yield the updates of one iteration of the phase that ``done`` falls into."""
        if done < self.phases.joint_from:
            self.nets.generator.load_state_dict(self.nets.embedder.state_dict())
        if self.phases.joint_from <= done < self._played_from:
            yield "generator", self._led(draw, alone=True)
            return
        yield from super().losses(done, draw)

    @property
    def _played_from(self) -> float:
        """Return the share of the budget behind which there is a discriminator."""
        return self.phases.joint_from + _ALONE * (1.0 - self.phases.joint_from)

    def _joint(self, draw: torch.Generator) -> Iterator[tuple[str, Tensor]]:
        """Yield the generator, and seldom embedder, supervisor and discriminator."""
        nets, seldom = self.nets, int(torch.randint(_SELDOM, (1,), generator=draw)) == 0
        yield "generator", self._led(draw, alone=False)
        self.latest = None
        if seldom:
            latent = nets.embedder(self._batch(draw))
            yield "supervisor", self._supervised(latent.detach())
            real = self._batch(draw)
            yield "embedder", 10.0 * root(mse_loss(nets.recovery(nets.embedder(real)), real))
            loss = self._discriminator_loss(draw)
            if float(loss.detach()) > self.phases.threshold:
                yield "discriminator", loss

    def _led(self, draw: torch.Generator, alone: bool) -> Tensor:
        """Return the generator's distance from the moments of the data, and its adversarial loss."""
        nets = self.nets
        raw = nets.generator(self._noise(draw))
        latent = nets.latents(raw)
        self.latest = made = nets.recovery(latent)
        loss = self.weight * distance(moments(made), self.wanted)
        if alone:
            return loss
        loss = loss + against(nets.discriminator(latent), 1.0)
        return loss + self.phases.gamma * against(nets.discriminator(raw), 1.0)

    def held_out(self, done: float) -> float | None:
        """Return the AUC of a discriminator on held-out windows, in the joint phase; see ``window_judge``."""
        if self.judged is None or done < self.phases.joint_from:
            return None
        made = self.same_windows(LEARNED + JUDGED)
        self.latest = made[:JUDGED]
        return auc_of_windows(evenly(self.windows, LEARNED), evenly(self.judged, JUDGED), made, LEARNED)
