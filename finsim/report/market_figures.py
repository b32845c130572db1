"""Figures of the market paths by themselves: fans under base and stress, correlation over time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from finsim.notation import Float1D, Float2D
from finsim.records.paths import Paths
from finsim.report.colours import placeholder
from finsim.report.figure import Frame, panel, plain_log_axis
from finsim.report.market_data import QUANTILES, WINDOW, Market, fan, rolling_correlation, stride_of, years_of
from finsim.report.run_folder import RunFolder
from finsim.report.section import Figure, Key, Panel
from finsim.report.wording import listing, number, plural, signed_percent

Anchors = list[tuple[float, float]]


def fans(run: RunFolder, market: Market) -> Figure:
    """Return the quantile fans of every asset, base alone or base beside each stressed scenario."""
    stride = stride_of(market.base)
    years = years_of(market.base.dates[::stride])
    panels: list[Panel] = []
    data: dict[str, Any] = {
        "quantiles": list(QUANTILES),
        "dates": [str(d) for d in market.base.dates[::stride]],
    }
    for a, asset in enumerate(market.assets):
        own = fan(market.base, a, stride)
        data[asset] = {run.base: own}
        for label, paths in market.stressed.items():
            other = fan(paths, a, stride)
            data[asset][label] = other
            panels.append(
                _fan_panel((run.base, own), (label, other), years, asset, _anchors(run, label, asset))
            )
        if not market.stressed:
            panels.append(_fan_panel((run.base, own), None, years, asset, []))
    keys = [
        Key("base", "line", f"median of {run.base}"),
        Key("base", "band", "5 to 95 % and 25 to 75 % of paths"),
    ]
    if market.stressed:
        keys += [
            Key("stress", "line", "median under stress"),
            Key("stress", "band", "5 to 95 % and 25 to 75 % under stress"),
            Key("ink", "dot", "level stated by the scenario"),
        ]
    return Figure("fan", "Price paths", _fan_says(run, market), panels, data, keys, _thinned(market))


def _fan_says(run: RunFolder, market: Market) -> str:
    if not market.stressed:
        moved = "No scenario of this run moves prices, so there is one fan for each asset."
        return f"Close relative to the jump-off close, on a logarithmic axis. {moved}"
    return (
        f"Close relative to the jump-off close, on a logarithmic axis: {run.base} against "
        f"{listing(list(market.stressed))}. Where a scenario states a level, every stressed path goes through "
        "it, so the band closes there; between two stated levels the paths keep their own volatility."
    )


def _thinned(market: Market) -> list[str]:
    notes = []
    if market.paths > market.base.count:
        notes.append(f"Drawn from the first {plural(market.base.count, 'path')} of {market.paths:,}.")
    hidden = len(market.base.assets) - len(market.assets)
    if hidden:
        notes.append(
            f"{plural(hidden, 'further asset')} not drawn: {listing(list(market.base.assets[-hidden:]))}."
        )
    return notes


def _anchors(run: RunFolder, label: str, asset: str) -> Anchors:
    """Return the stated levels as (decimal year, relative close), with the asset's declared beta."""
    table = run.table("drivers", label, "sessions", ["date", "equity_move"])
    beta = float((run.study.get("market") or {}).get("betas", {}).get(asset, 1.0))
    moves = table["equity_move"].to_numpy()
    at = np.flatnonzero(~np.isnan(moves))
    when = years_of(table["date"].to_numpy().astype("datetime64[D]"))
    return [(float(when[i]), 1.0 + beta * float(moves[i])) for i in at if 1.0 + beta * moves[i] > 0]


def _fan_panel(
    base: tuple[str, Float2D],
    other: tuple[str, Float2D] | None,
    years: Float1D,
    asset: str,
    anchors: Anchors,
) -> Panel:
    def draw(axes: Any) -> None:
        for colour, band in (("base", base), ("stress", other)):
            if band is None:
                continue
            values, shade = band[1], placeholder(colour)
            axes.fill_between(years, values[0], values[4], color=shade, alpha=0.14, linewidth=0)
            axes.fill_between(years, values[1], values[3], color=shade, alpha=0.24, linewidth=0)
            axes.plot(years, values[2], color=shade)
        if anchors:
            x, y = zip(*anchors, strict=True)
            axes.plot(x, y, "o", ms=3.2, color=placeholder("ink"), zorder=5)
        axes.set_yscale("log")
        shown = [base[1]] + ([other[1]] if other else [])
        _relative_ticks(axes, [*shown, np.array([[y for _, y in anchors] or [1.0]])])
        axes.set_xlim(years[0], years[-1])
        _year_ticks(axes, years)

    end = base[1][2, -1]
    text = f"{asset}: median of {base[0]} ends at {signed_percent(end - 1)}"
    title = f"{asset}, {base[0]}"
    if other is not None:
        low = int(other[1][2].argmin())
        text += (
            f"; median of {other[0]} falls to {signed_percent(other[1][2, low] - 1)} "
            f"in {years[low]:.1f} and ends at {signed_percent(other[1][2, -1] - 1)}"
        )
        title = f"{asset}: {base[0]} and {other[0]}"
    slug = f"fan-{asset}-{other[0] if other else base[0]}".replace("@", "-").replace(" ", "-")
    return panel(slug, title, text + ".", draw)


def _relative_ticks(axes: Any, curves: Sequence[Float2D]) -> None:
    low = min(float(np.nanmin(curve)) for curve in curves)
    high = max(float(np.nanmax(curve)) for curve in curves)
    steps = np.array([m * 10.0**e for e in range(-6, 9) for m in (1, 2, 5)])
    inside = [s for s in steps if low * 0.8 <= s <= high * 1.25]
    while len(inside) > 7:
        inside = inside[:: -(-len(inside) // 6)]
    axes.set_ylim(low * 0.9, high * 1.1)
    plain_log_axis(axes.yaxis, inside, [f"{number(s, 3)}×" for s in inside])


def _year_ticks(axes: Any, years: Float1D) -> None:
    first, last = int(np.ceil(years[0])), int(years[-1])
    every = max(1, (last - first + 5) // 6)
    ticks = list(range(first, last + 1, every))
    axes.set_xticks(ticks, [str(tick) for tick in ticks])
    axes.grid(visible=False, axis="x")


def correlation_over_time(run: RunFolder, market: Market) -> Figure | None:
    """Return the rolling correlation between assets, base against each stressed scenario; None for one asset."""
    if len(market.base.assets) < 2 or len(market.base.dates) <= WINDOW + 1:
        return None
    ends, base = rolling_correlation(market.base)
    years = years_of(market.base.dates[ends])
    data: dict[str, Any] = {"window": WINDOW, "dates": [str(d) for d in market.base.dates[ends]]}
    data[run.base] = _bands(base)
    panels = []
    for label, paths in market.stressed.items():
        other = rolling_correlation(paths)[1]
        data[label] = _bands(other)
        panels.append(_time_panel((run.base, _bands(base)), (label, _bands(other)), years))
    if not market.stressed:
        panels.append(_time_panel((run.base, _bands(base)), None, years))
    pairs = "the two assets" if len(market.base.assets) == 2 else "all pairs of assets"
    says = (
        f"Correlation of daily returns over the last {WINDOW} sessions (mean of {pairs}). Diversification fails "
        "when it is needed: a crisis should lift the whole band towards 1, and let it fall back afterwards."
    )
    if market.real is not None and market.real.count == 1 and len(market.real.assets) > 1:
        level = rolling_correlation(_shared(market))[1]
        data["real"] = {
            "median": float(np.median(level)),
            "low": float(level.min()),
            "high": float(level.max()),
        }
        says += (
            f" In the real history the same figure has the median {number(float(np.median(level)), 2)} and lies "
            f"between {number(float(level.min()), 2)} and {number(float(level.max()), 2)}."
        )
    keys = [Key("base", "band", f"{run.base}: median, 5 to 95 % of paths")]
    if market.stressed:
        keys.append(Key("stress", "band", "under stress"))
    return Figure("correlation-time", "Correlation in calm and in stress", says, panels, data, keys)


def _shared(market: Market) -> Paths:
    assert market.real is not None
    own = [k for k, name in enumerate(market.real.assets) if name in market.base.assets]
    kept = own if len(own) > 1 else list(range(len(market.real.assets)))
    names = tuple(market.real.assets[k] for k in kept)
    return Paths(names, market.real.dates, {"close": market.real.close[:, :, kept]})


def _bands(values: Float2D) -> Float2D:
    return np.quantile(values, (0.05, 0.5, 0.95), axis=0)


def _time_panel(base: tuple[str, Float2D], other: tuple[str, Float2D] | None, years: Float1D) -> Panel:
    def draw(axes: Any) -> None:
        for colour, band in (("base", base), ("stress", other)):
            if band is not None:
                low, mid, high = band[1]
                axes.fill_between(years, low, high, color=placeholder(colour), alpha=0.2, linewidth=0)
                axes.plot(years, mid, color=placeholder(colour))
        axes.set_xlim(years[0], years[-1])
        top = max(float(band[1].max()) for band in (base, other) if band is not None)
        bottom = min(float(band[1].min()) for band in (base, other) if band is not None)
        axes.set_ylim(min(bottom, 0.0) - 0.03, min(max(top + 0.08, 0.5), 1.02))
        axes.axhline(0.0, color=placeholder("line"), lw=1.0)
        _year_ticks(axes, years)

    text = f"Median correlation of {base[0]} {number(float(np.median(base[1][1])), 2)}"
    title = base[0]
    if other is not None:
        peak = int(other[1][1].argmax())
        text += f"; median of {other[0]} peaks at {number(float(other[1][1, peak]), 2)} in {years[peak]:.1f}"
        title = f"{base[0]} and {other[0]}"
    slug = f"rolling-{other[0] if other else base[0]}".replace("@", "-")
    return panel(slug, title, text + ".", draw, Frame(height=220))
