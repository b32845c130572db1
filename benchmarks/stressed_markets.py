"""Volatility and dispersion of assets under a scenario, beside base, seed by seed.

    python benchmarks/stressed_markets.py TABLE [--until 2007-10-01] [--generator bootstrap] [--paths 20]
                                          [--seeds 5] [--scenario gfc-2008] [--quarter 5]

Ratios are root mean squares over paths of the daily s.d. of a quarter of the scenario (2008Q4 is the fifth of
gfc-2008) over those of the same sessions in base: the median over assets (``single``), their equally weighted
index as held from the jump-off (``index``) and as rebalanced every day (``rebalanced``). ``dispersion``: s.d.
over assets of the return to the index's trough, median over paths, in points. ``miss``: largest distance of
the index from a level of the scenario, a share. ``long/short``: s.d. over paths of the return, to the lowest
level, of a book long the first half of the assets and short the second, in points. ``multiple``: mean over
assets of what the overlay gives them.
"""

from __future__ import annotations

import argparse
from datetime import date

import numpy as np
import pandas as pd

from finsim.engine.market_model.body import complete_prices
from finsim.engine.market_model.fit_and_sample import FIT, SAMPLE, Learner, learn
from finsim.markets.features import encode
from finsim.markets.index_bridge import asset_multiplier
from finsim.markets.measures import index_figures
from finsim.markets.shard import bars
from finsim.notation import Array
from finsim.randomness import Streams
from finsim.records.calendar import Clock
from finsim.records.drivers import identity
from finsim.records.paths import Paths
from finsim.scenarios import drivers, load

CLOCK = Clock(date(2025, 12, 31), 856, 90, 36)


def deviations(paths: Paths, low: int, high: int) -> tuple[Array, Array, Array]:
    """Return s.d. of daily log returns of sessions low+1 to high: assets, index held, index rebalanced."""
    moves, held = paths.returns()[:, low:high], np.log(paths.relative().mean(axis=2))
    return (
        moves.std(axis=1),
        np.diff(held[:, low : high + 1], axis=1).std(axis=1),
        moves.mean(axis=2).std(axis=1),
    )


def main() -> None:
    """Print a line for each seed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("table")
    parser.add_argument("--until", default="9999")
    parser.add_argument("--generator", default="bootstrap")
    parser.add_argument("--paths", type=int, default=20)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--scenario", default="gfc-2008")
    parser.add_argument("--quarter", type=int, default=5)
    given = parser.parse_args()
    table = pd.read_csv(given.table)
    prices, _ = complete_prices(table[table.iloc[:, 0].astype(str) < given.until], None)
    features, encoding = encode(prices)
    body = learn(Learner(given.generator), features, encoding, {}, Streams(7).under(*FIT))
    stressed = drivers(load(given.scenario), CLOCK)
    ends = [0, *CLOCK.sessions_at(np.array(stressed.step_dates, dtype="datetime64[D]")).tolist()]
    low, high = ends[given.quarter - 1], ends[given.quarter]
    inner = np.array(encoding.body.correlation)
    series = (stressed.market_series(name)[low + 1 : high + 1] for name in ("vol_mult", "corr_blend"))
    print(f"{len(encoding.assets)} assets, multiple {asset_multiplier(*series, inner).mean():.2f}")
    worst = min(stressed.anchors, key=lambda anchor: anchor.move).session
    half = len(encoding.assets) // 2
    for seed in range(1, given.seeds + 1):
        drawn = body.features(given.paths, CLOCK.sessions, Streams(seed).under(*SAMPLE), 0)
        calm, hard = bars(drawn, encoding, identity(CLOCK)), bars(drawn, encoding, stressed)
        sizes = [
            [np.sqrt((one**2).mean(axis=0)) for one in deviations(paths, low, high)] for paths in (hard, calm)
        ]
        single, index, daily = (then / before for then, before in zip(*sizes, strict=True))
        moved = hard.relative()
        miss = max(np.abs(moved[:, a.session].mean(axis=1) - 1.0 - a.move).max() for a in stressed.anchors)
        book = moved[:, worst, :half].mean(axis=1) - moved[:, worst, half:].mean(axis=1)
        spread = 100 * np.median(index_figures(hard)["dispersion"])
        print(
            f"seed {seed}: single {np.median(single):.2f}, index {index:.2f}, rebalanced {daily:.2f}, "
            f"dispersion {spread:.1f}, long/short {100 * book.std():.1f}, miss {miss:.0e}"
        )


if __name__ == "__main__":
    main()
