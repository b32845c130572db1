"""One logical shard of market paths: sampled features and drivers in, stressed bars out."""

from __future__ import annotations

from collections.abc import Mapping

from finsim.markets.features import Encoding, decode
from finsim.markets.stress import stress
from finsim.notation import Float3D
from finsim.records.drivers import Drivers
from finsim.records.paths import Paths


def bars(
    features: Float3D,
    encoding: Encoding,
    drivers: Drivers,
    betas: Mapping[str, float] | None = None,
    first_path: int = 0,
) -> Paths:
    """Return the bars of paths first_path.. under the drivers, from features float64[N, T, C].

    A pure function of its arguments, path by path, so shards may run anywhere and in any order.
    Raises what ``stress`` and ``decode`` raise.
    """
    stressed = stress(features, encoding, drivers, betas)
    return decode(stressed, encoding, drivers.clock.session_dates(), first_path)
