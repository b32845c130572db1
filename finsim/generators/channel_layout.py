"""What the channels of sequences are: several series (assets) with the same roles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from finsim.errors import FitError
from finsim.kernels.markets.volatility_walk import GAP, LOWER, MOVE, OTHER, UPPER
from finsim.notation import Float2D, Int1D

ROLES = {"move": MOVE, "gap": GAP, "upper": UPPER, "lower": LOWER, "other": OTHER}
"""Role -> its number in kernels: a signed move; a move before it; roots of the shadows of a bar; the rest."""


@dataclass(frozen=True)
class Layout:
    """The channels are ``series`` times ``roles``, series by series.

    shadows : float64[series, 2], scales of the shadows: a root x > 0 is a shadow of scale * x^3.
    """

    series: int
    roles: tuple[str, ...]
    shadows: Float2D

    def __post_init__(self) -> None:
        """Raise FitError for roles and scales that no bar can have."""
        wrong = set(self.roles) - set(ROLES)
        is_sized = self.shadows.shape == (self.series, 2) and bool(
            (np.isfinite(self.shadows) & (self.shadows > 0)).all()
        )
        if wrong or self.roles.count("move") != 1 or not is_sized:
            raise FitError(
                f"{self.series} series of {', '.join(self.roles)}, scales {self.shadows.tolist()}",
                place="sequences: layout",
                expected=f"one move and any of {', '.join(ROLES)}, and two scales above zero a series",
            )

    @classmethod
    def plain(cls, channels: int) -> Layout:
        """Return the layout of channels that are moves, each a series of its own."""
        return cls(channels, ("move",), np.ones((channels, 2)))

    @property
    def channels(self) -> int:
        """Return the number of channels."""
        return self.series * len(self.roles)

    def numbers(self) -> Int1D:
        """Return the roles as kernels want them, int64[F]."""
        return np.array([ROLES[role] for role in self.roles], dtype=np.int64)

    def where(self, *roles: str) -> Int1D:
        """Return the channels of some roles, in order."""
        wanted = [role in roles for role in self.roles]
        return np.flatnonzero(np.tile(wanted, self.series))

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {"series": self.series, "roles": list(self.roles), "shadows": self.shadows.tolist()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Layout:
        """Restore a layout from ``to_dict``."""
        return cls(int(data["series"]), tuple(data["roles"]), np.array(data["shadows"], dtype=np.float64))
