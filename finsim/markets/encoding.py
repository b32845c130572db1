"""``Encoding``: what it takes to turn features of one price history into bars again; plain data for JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from finsim.errors import RecordError
from finsim.markets.body_statistics import Body
from finsim.notation import Float2D, Float3D

FIELDS_OF = {
    "close": ("return",),
    "ohlc": ("return", "gap", "upper", "lower"),
    "ohlcv": ("return", "gap", "upper", "lower", "volume"),
}


@dataclass(frozen=True)
class Encoding:
    """How features of one price history become bars again.

    * ``kind``: ``close``, ``ohlc`` (bars without volume) or ``ohlcv``; ``channels``: ``ASSET.field`` names.
    * ``first_close``, ``last_close``: per asset, the closes before the first feature row and at the end.
    * ``shadow_scale``: per asset, mean positive upper and lower shadow (log units).
    * ``volume_knots`` (history rows) and ``volume_anchors`` (per asset, median log(1 + V) around each knot):
      the slow trend, linear between knots and flat beyond them.
    * ``origin``: the history row that row 0 of decoded features follows; the last one unless ``replay``.
    """

    assets: tuple[str, ...]
    kind: str
    channels: tuple[str, ...]
    first_close: tuple[float, ...]
    last_close: tuple[float, ...]
    shadow_scale: tuple[tuple[float, float], ...]
    volume_knots: tuple[float, ...]
    volume_anchors: tuple[tuple[float, ...], ...]
    origin: int
    last_date: str
    body: Body

    @property
    def fields(self) -> tuple[str, ...]:
        """Fields of one asset, in channel order."""
        return FIELDS_OF[self.kind]

    def split(self, features: Float3D) -> Float3D:
        """Return features [N, T, C] as a view [N, T, A, fields]."""
        return features.reshape(*features.shape[:2], len(self.assets), len(self.fields))

    def volume_trend(self, steps: int) -> Float2D:
        """Return the trend of log(1 + V) for rows 0..steps-1 of decoded features: float64[steps, A]."""
        rows = self.origin + 1.0 + np.arange(steps)
        return np.stack([np.interp(rows, self.volume_knots, row) for row in self.volume_anchors], axis=1)

    def replay(self) -> Encoding:
        """Return the encoding that decodes the history's own features to the history itself."""
        return replace(self, origin=0, last_close=self.first_close)

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Encoding:
        """Restore an encoding from ``to_dict`` or its JSON; raises RecordError when keys do not fit."""
        facts = {name: _tuples(value) for name, value in data.items() if name != "body"}
        try:
            body = Body(**{name: _tuples(value) for name, value in data["body"].items()})
            return cls(body=body, **facts)
        except (TypeError, KeyError) as bad:
            raise RecordError(
                f"this is not a market encoding: {bad}",
                expected="the data of Encoding.to_dict",
                remedy="fit the model again with this version",
            ) from None


def _tuples(value: Any) -> Any:
    return tuple(_tuples(item) for item in value) if isinstance(value, list | tuple) else value
