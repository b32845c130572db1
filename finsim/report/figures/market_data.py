"""Data of the market figures: quantile fans, memory, tails, correlation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.errors import FinsimError
from finsim.evaluation.columns import bar_columns
from finsim.evaluation.price_like_series import priced
from finsim.extras import Later
from finsim.markets.listing import complete
from finsim.markets.prices import as_schema, read_prices
from finsim.notation import Dates1D, Float1D, Float2D, Float3D, Int1D
from finsim.records.paths import Paths, from_table
from finsim.report.run_folder import RunFolder

stats = Later("scipy.stats", "report")

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
MOST_ASSETS, MOST_PATHS, MOST_STRESSED = 4, 200, 2
WINDOW = 63
_CLOSES = ("path", "date", "asset", "close")


@dataclass(frozen=True)
class Market:
    """Bars of the base scenario, closes of the stressed ones, and the real history if it can be read.

    At most 200 paths are used; ``thinned`` tells whether there were more. ``real_absent`` says why there
    is no real history.
    """

    base: Paths
    stressed: dict[str, Paths]
    real: Paths | None
    real_absent: str
    paths: int

    @property
    def assets(self) -> tuple[str, ...]:
        """The assets that are shown."""
        return self.base.assets[:MOST_ASSETS]


def read_market(run: RunFolder) -> Market | None:
    """Read the market tables of a run; None when it has none."""
    if not run.has("market", "bars"):
        return None
    moving = sorted(
        (label for label in run.stressed if moves_market(run, label)), key=lambda name: _depth(run, name)
    )
    shown = [label for label in run.stressed if label in moving[:MOST_STRESSED]]
    real, absent = _real(run)
    base = _bars(run, run.base, None)
    stressed = {label: _bars(run, label, _CLOSES) for label in shown}
    paths = int(run.study.get("market", {}).get("paths", base.count))
    return Market(base, stressed, real, absent, max(paths, base.count))


def moves_market(run: RunFolder, label: str) -> bool:
    """Tell whether a scenario moves prices: it states levels, volatility or correlation."""
    if not run.has("market", "bars", label) or not run.has("drivers", "sessions", label):
        return False
    table = run.table("drivers", label, "sessions")
    neutral = {"equity_move": np.nan, "vol_mult": 1.0, "corr_blend": 0.0}
    for name in set(neutral) & set(table.column_names):
        values = table[name].to_numpy()
        if not np.array_equal(values, np.full(len(values), neutral[name]), equal_nan=True):
            return True
    return False


def _depth(run: RunFolder, label: str) -> tuple[float, str]:
    moves = run.table("drivers", label, "sessions", ["equity_move"])["equity_move"].to_numpy()
    known = moves[~np.isnan(moves)]
    return (float(known.min()) if known.size else 0.0, label)


def _bars(run: RunFolder, label: str, columns: tuple[str, ...] | None) -> Paths:
    wanted = columns or ("path", "date", "asset", "open", "high", "low", "close", "volume")
    return from_table(run.table("market", label, "bars", wanted, [("path", "<", MOST_PATHS)]))


def _real(run: RunFolder) -> tuple[Paths | None, str]:
    path, absent = run.input_file("prices")
    if path is None:
        return None, f"No real prices are drawn: {absent}."
    market = run.study.get("market") or {}
    try:
        prices = read_prices(path, schema=as_schema(market.get("schema")))
        return complete(prices, prices.whole, float(market.get("holdout", 0.0))), ""
    except FinsimError as error:
        return None, f"No real prices are drawn: {path.name} could not be read ({error.problems[0].found})."


def fan(paths: Paths, asset: int, stride: int) -> Float2D:
    """Return quantiles of close / first close over paths at every ``stride``-th session: [5, S].

    Of returns the growth of 1, of levels the change from the first.
    """
    return np.quantile(paths.relative()[:, ::stride, asset], QUANTILES, axis=0)


def stride_of(paths: Paths) -> int:
    """Return the number of sessions between drawn points: at most about 260 points a line."""
    return max(1, -(-len(paths.dates) // 260))


def autocorrelation(values: Float2D, lags: int) -> Float2D:
    """Return the sample autocorrelation of each row at lags 1..K: [n, T] -> [n, K].

    Computed through the spectrum, with the mean of the row removed and divisor T. Rows that never
    change have no autocorrelation and are left out.
    """
    steps = values.shape[1]
    values = values[np.ptp(values, axis=1) > 0]
    centred = values - values.mean(axis=1, keepdims=True)
    size = 1 << int(np.ceil(np.log2(2 * steps)))
    power = np.abs(np.fft.rfft(centred, size, axis=1)) ** 2
    covariance = np.fft.irfft(power, size, axis=1)[:, : lags + 1]
    return np.asarray(covariance[:, 1:] / covariance[:, :1])


def block_resamples(values: Float1D, count: int, block: int, rng: np.random.Generator) -> Float2D:
    """Return ``count`` circular block resamples of a series: [T] -> [count, T]."""
    blocks = -(-len(values) // block)
    starts = rng.integers(0, len(values), (count, blocks, 1))
    at = (starts + np.arange(block)) % len(values)
    return np.asarray(values[at.reshape(count, -1)[:, : len(values)]])


@dataclass(frozen=True)
class Tail:
    """The upper tail of one or more series: levels float64[Q, S] exceeded on ``shares`` [S] of all days.

    Q are quantiles over the series.
    """

    shares: Float1D
    levels: Float2D

    def beyond(self, share: float) -> float:
        """Return the median level exceeded on about ``share`` of the days."""
        at = int(np.abs(np.log(self.shares / share)).argmin())
        return float(self.levels[len(self.levels) // 2, at])


def tail_of(values: Float2D, quantiles: tuple[float, ...], most: float = 0.4, points: int = 48) -> Tail:
    """Return the tail of each row of [n, T] as quantiles over rows of its largest values.

    Levels are order statistics: the k-th largest value is exceeded, or met, on k / T of the days. Only
    positive levels can stand on a logarithmic axis, so the tail ends where one is not.
    """
    steps = values.shape[1]
    ranks = np.unique(np.round(np.geomspace(1, min(max(most * steps, 2), steps), points)).astype(np.int64))
    top = -np.sort(-values, axis=1)[:, ranks - 1]
    levels = np.quantile(top, quantiles, axis=0)
    kept = (levels > 0).all(axis=0)
    return Tail(ranks[kept] / steps, levels[:, kept])


def still(market: Market, asset: str) -> bool:
    """Tell whether a shown asset never moves, on any path or in the history."""
    sides = [market.base, *([market.real] if market.real is not None else [])]
    moves = [side.returns()[..., side.assets.index(asset)] for side in sides if asset in side.assets]
    return any(np.ptp(values) == 0 for values in moves)


def feature_columns(paths: Paths, assets: tuple[str, ...]) -> tuple[tuple[str, ...], Float3D]:
    """Return names and values of the columns whose dependence is shown: float64[N, T-1, C]."""
    own = bar_columns(priced(paths, paths))
    names: list[str] = []
    values: list[Float2D] = []
    returns = own["return"]
    listed = {"return": returns, "|return|": np.abs(returns)}
    listed |= {name: own[name] for name in ("upper range", "lower range", "volume change") if name in own}
    for asset in assets:
        for name, column in listed.items():
            names.append(f"{asset} {name}")
            values.append(column[:, :, paths.assets.index(asset)])
    return tuple(names), np.stack(values, axis=2)


def rank_correlation(values: Float3D, most: int = 60_000) -> Float2D:
    """Return the Spearman correlation of pooled rows: [N, T, C] -> [C, C].

    Whole paths are taken, evenly spaced, until ``most`` rows are reached.
    """
    paths = max(1, min(len(values), most // values.shape[1]))
    chosen = np.unique(np.linspace(0, len(values) - 1, paths).astype(np.int64))
    rows = values[chosen].reshape(-1, values.shape[2])
    return np.asarray(np.corrcoef(stats.rankdata(rows, axis=0), rowvar=False))


def rolling_correlation(paths: Paths, window: int = WINDOW) -> tuple[Int1D, Float2D]:
    """Return the mean pairwise correlation of returns over trailing windows: sessions [S], values [N, S]."""
    moves = paths.returns()
    steps = moves.shape[1]
    ends = np.arange(window, steps + 1, max(1, steps // 260))
    pairs = [(a, b) for a in range(moves.shape[2]) for b in range(a)]
    total = np.zeros((len(moves), len(ends)))
    for a, b in pairs:
        x, y = moves[:, :, a], moves[:, :, b]
        sums = [_running(series)[:, ends] - _running(series)[:, ends - window]
                for series in (x, y, x * y, x * x, y * y)]  # fmt: skip
        sx, sy, sxy, sxx, syy = (item / window for item in sums)
        spread = np.sqrt(np.maximum(sxx - sx**2, 1e-18) * np.maximum(syy - sy**2, 1e-18))
        total += (sxy - sx * sy) / spread
    return ends, total / max(len(pairs), 1)


def _running(values: Float2D) -> Float2D:
    return np.pad(np.cumsum(values, axis=1), ((0, 0), (1, 0)))


def years_of(dates: Dates1D) -> Float1D:
    """Return dates as decimal years: float64 of the same shape."""
    year = dates.astype("datetime64[Y]")
    start = year.astype(dates.dtype)
    length = ((year + 1).astype(dates.dtype) - start).astype(np.float64)
    return np.asarray(1970 + year.astype(np.int64) + (dates - start).astype(np.float64) / length)


def moment(instant: np.datetime64) -> str:
    """Return a date, or a date and time of day in UTC, as a reader writes it."""
    return str(instant).replace("T", " ")[:16]
