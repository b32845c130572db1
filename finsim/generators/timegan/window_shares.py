"""Windows of values as shares in [0, 1] that TimeGAN learns, and back: the published scale, and our own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from finsim.extras import Later
from finsim.generators.encoding.differentiable_marginals import marginal_values
from finsim.generators.encoding.gaussian_marginals import Marginals
from finsim.generators.encoding.marginal_correction import Correction
from finsim.generators.encoding.scaling import Range, Scaling
from finsim.generators.timegan.level_scale import LevelScale
from finsim.notation import Array, Bool1D, Float2D, Float3D

special = Later("scipy.special", "markets")

_REACH, _FARTHEST = 20.0, 4.0
# Beyond it a share is as good as 0 or 1.
_LEAST = 1e-6
# A component whose steps are smaller than half of its deviation is a level: its changes are learned.
_SLOW = 0.5


class Shares(Protocol):
    """Windows of values float64[B, T, C] <-> shares [B, T, K]; in between, components [..., K] of a step."""

    @property
    def channels(self) -> int:
        """Return C."""
        ...

    @property
    def components(self) -> int:
        """Return K."""
        ...

    def forward(self, windows: Float3D) -> Float3D:
        """Return the shares float64[B, T, K] of windows of values."""
        ...

    def opened(self, shares: Array) -> Array:
        """Return the components float64[..., T, K] of made shares: windows of them can be joined."""
        ...

    def known(self, history: Float2D) -> Float2D:
        """Return the components float64[H, K] of past values [H, C]."""
        ...

    def inverse(self, components: Array) -> Array:
        """Return the values float64[..., C] of components."""
        ...

    def lifted(self, shares: Tensor) -> Tensor:
        """Return the values float64[B, T, C] of made shares in torch, differentiable, without corrections."""
        ...

    def arrays(self) -> dict[str, Array]:
        """Return the fitted arrays by name."""
        ...


@dataclass(frozen=True)
class RangeShares:
    """The scale of the official code: shares of the range, channel by channel; components are shares."""

    bounds: Range

    @property
    def channels(self) -> int:
        """Return C."""
        return len(self.bounds.low)

    components = channels

    def forward(self, windows: Float3D) -> Float3D:
        """Return shares of the range."""
        return np.asarray(self.bounds.forward(windows))

    def opened(self, shares: Array) -> Array:
        """Return the shares."""
        return shares

    def known(self, history: Float2D) -> Float2D:
        """Return shares of the range."""
        return np.asarray(self.bounds.forward(history))

    def inverse(self, components: Array) -> Array:
        """Return values."""
        return self.bounds.inverse(components)

    def lifted(self, shares: Tensor) -> Tensor:
        """Return values."""
        low, width = (
            torch.from_numpy(part).to(shares.device) for part in (self.bounds.low, self.bounds.width)
        )
        return low + width * shares.double()

    def arrays(self) -> dict[str, Array]:
        """Return low and width."""
        return {"low": self.bounds.low, "width": self.bounds.width}


@dataclass(frozen=True)
class ScoreShares:
    """Shares of the law, not of the range: values -> normal scores -> components -> their own law.

    marginals : of the channels; None learns the rotated channels as they are, as windows of levels want.
    scaling, turn (float64[K, K]) : to components uncorrelated in themselves and in their changes, the slowest
    first: a price level is then free of what changes daily (Wiskott & Sejnowski 2002).
    slow : bool[K], components that are levels: a window has their first value and then their changes.
    level : what the size of its steps depends on. first, later : laws of the first step and of the others.
    touch : corrections of made shares to these laws, fitted after training.
    Source: own composition; see ``Marginals``, ``Scaling`` and ``Correction``.
    """

    marginals: Marginals | None
    scaling: Scaling
    turn: Float2D
    slow: Bool1D
    level: LevelScale
    first: Marginals
    later: Marginals
    touch: tuple[Correction, Correction] | None = None

    @classmethod
    def fit(cls, windows: Float3D, with_marginals: bool, draw: np.random.Generator) -> ScoreShares:
        """Fit on windows float64[W, T, C]; ``draw`` spreads atoms over their range."""
        marginals = Marginals.fit(windows, _REACH) if with_marginals else None
        scores = windows if marginals is None else marginals.normal(windows, draw)
        scaling = Scaling.fit(scores)
        components = scaling.forward(scores)
        changes = np.diff(components, axis=1).reshape(-1, scaling.components)
        turn = np.linalg.eigh(changes.T @ changes / len(changes))[1]
        turn = turn * np.sign(turn[np.abs(turn).argmax(axis=0), np.arange(len(turn))])
        components = components @ turn
        slow = np.diff(components, axis=1).std(axis=(0, 1)) < _SLOW
        split = _split(components, slow)
        level = LevelScale.fit(split, slow)
        split = level.standard(split, slow)
        laws = (Marginals.fit(split[:, 0], _REACH), Marginals.fit(split[:, 1:], _REACH))
        return cls(marginals, scaling, turn, slow, level, *laws)

    @property
    def channels(self) -> int:
        """Return C."""
        return len(self.scaling.centre)

    @property
    def components(self) -> int:
        """Return K."""
        return self.scaling.components

    def forward(self, windows: Float3D) -> Float3D:
        """Return shares of the laws: close to even numbers."""
        split = self.level.standard(_split(self.known(windows), self.slow), self.slow)
        scores = np.concatenate([self.first.normal(split[:, :1]), self.later.normal(split[:, 1:])], axis=1)
        return np.asarray(special.ndtr(np.clip(scores, -_FARTHEST, _FARTHEST)))

    def opened(self, shares: Array) -> Array:
        """Return components of whole windows of shares."""
        scores = special.ndtri(np.clip(shares, _LEAST, 1.0 - _LEAST))
        parts = [scores[..., :1, :], scores[..., 1:, :]]
        if self.touch is not None:
            parts = [one.apply(part) for one, part in zip(self.touch, parts, strict=True)]
        split = np.concatenate([self.first.values(parts[0]), self.later.values(parts[1])], axis=-2)
        split = self.level.restored(split, self.slow)
        return np.where(self.slow, np.cumsum(split, axis=-2), split)

    def known(self, history: Array) -> Array:
        """Return components of values [..., C]."""
        scores = history if self.marginals is None else self.marginals.normal(history)
        return np.asarray(self.scaling.forward(scores) @ self.turn)

    def inverse(self, components: Array) -> Array:
        """Return values."""
        scores = self.scaling.inverse(components @ self.turn.T)
        return scores if self.marginals is None else self.marginals.values(scores)

    def lifted(self, shares: Tensor) -> Tensor:
        """Return values in torch."""
        scores = torch.special.ndtri(shares.double().clamp(_LEAST, 1.0 - _LEAST))
        split = torch.cat([_lawful(self.first, scores[:, :1]), _lawful(self.later, scores[:, 1:])], dim=1)
        slow = torch.from_numpy(self.slow).to(shares.device)
        split = self.level.lifted(split, slow)
        components = torch.where(slow, split.cumsum(dim=1), split)
        turn = self.turn.T @ (self.scaling.rotation * self.scaling.size).T
        turned, spread, centre = (
            torch.from_numpy(np.ascontiguousarray(one)).to(shares.device)
            for one in (turn, self.scaling.spread, self.scaling.centre)
        )
        values = centre + spread * (components @ turned)
        return values if self.marginals is None else _lawful(self.marginals, values)

    def touched(self, made: Array) -> ScoreShares:
        """Return the scale that brings shares like the ``made`` [W, T, K] to the laws of the data."""
        scores = special.ndtri(np.clip(made, _LEAST, 1.0 - _LEAST))
        return replace(self, touch=(Correction.fit(scores[:, :1], None), Correction.fit(scores[:, 1:], None)))

    def arrays(self) -> dict[str, Array]:
        """Return the fitted arrays by name."""
        parts: dict[str, Any] = {
            "scaling": self.scaling,
            "level": self.level,
            "first": self.first,
            "later": self.later,
        }
        parts |= {} if self.marginals is None else {"marginals": self.marginals}
        parts |= {} if self.touch is None else {"touch first": self.touch[0], "touch later": self.touch[1]}
        found = {f"{part}/{name}": one for part, of in parts.items() for name, one in of.arrays().items()}
        return {**found, "turn": self.turn, "slow": self.slow.astype(np.int64)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array]) -> ScoreShares:
        """Return the scale that ``arrays`` describes."""

        def under(part: str) -> dict[str, Array]:
            return {k.removeprefix(f"{part}/"): v for k, v in arrays.items() if k.startswith(f"{part}/")}

        parts = [under(part) for part in ("touch first", "touch later")]
        touch = [Correction.from_arrays(part) for part in parts if part]
        return cls(
            Marginals.from_arrays(under("marginals")) if under("marginals") else None,
            Scaling.from_arrays(under("scaling")),
            arrays["turn"],
            arrays["slow"].astype(np.bool_),
            LevelScale.from_arrays(under("level")),
            Marginals.from_arrays(under("first")),
            Marginals.from_arrays(under("later")),
            (touch[0], touch[1]) if touch else None,
        )


def _split(components: Float3D, slow: Bool1D) -> Float3D:
    """Return windows of components [B, T, K] with the changes of slow ones behind their first step."""
    found = components.copy()
    found[:, 1:] = np.where(slow, np.diff(components, axis=1), components[:, 1:])
    return found


def _lawful(laws: Marginals, scores: Tensor) -> Tensor:
    values = [marginal_values(one, scores[..., index]) for index, one in enumerate(laws.channels)]
    return torch.stack(values, dim=-1)
