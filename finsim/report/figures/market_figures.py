"""Figures of the market paths: fans under base and stress, correlation over time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from finsim.notation import Float1D, Float2D
from finsim.records.paths import DIFFERENCE, Paths
from finsim.report.colors import drawn
from finsim.report.figures.market_data import (
    QUANTILES,
    WINDOW,
    Market,
    fan,
    rolling_correlation,
    stride_of,
    years_of,
)
from finsim.report.number_text import listing, number, plural, signed_percent, tick
from finsim.report.page_elements import Figure, Key, Panel
from finsim.report.run_folder import RunFolder
from finsim.report.svg_figure import Frame, panel, plain_log_axis

Anchors = list[tuple[float, float]]


@dataclass(frozen=True)
class Band:
    """Quantile curves of one scenario, [Q, S], with its name and colour; the middle row is the median."""

    label: str
    colour: str
    curves: Float2D

    @property
    def median(self) -> Float1D:
        """The median curve, float64[S]."""
        middle: Float1D = self.curves[len(self.curves) // 2]
        return middle


def fans(run: RunFolder, market: Market) -> Figure:
    """Return the quantile fans of every asset, base alone or base beside each stressed scenario."""
    stride = stride_of(market.base)
    dates = market.base.dates[::stride]
    panels: list[Panel] = []
    data: dict[str, Any] = {"quantiles": list(QUANTILES), "dates": [str(day) for day in dates]}
    for a, asset in enumerate(market.assets):
        level = a in market.base.where(DIFFERENCE)
        own = Band(run.base, run.colour(run.base), fan(market.base, a, stride))
        data[asset] = {run.base: own.curves}
        for label, paths in market.stressed.items():
            other = Band(label, run.colour(label), fan(paths, a, stride))
            data[asset][label] = other.curves
            anchors = [] if level else anchors_of(run, label, asset)
            panels.append(_fan_panel([own, other], years_of(dates), asset, anchors, level))
        if not market.stressed:
            panels.append(_fan_panel([own], years_of(dates), asset, [], level))
    keys = [
        Key(run.colour(label), "band", f"{label}: median, 25 to 75 %, 5 to 95 % of paths")
        for label in (run.base, *market.stressed)
    ]
    if market.stressed:
        keys.append(Key("ink", "dot", "level stated by the scenario"))
    return Figure("fan", "Price paths", _fan_says(run, market), panels, data, keys, _thinned(market))


def _fan_says(run: RunFolder, market: Market) -> str:
    start = "Close relative to the jump-off close, on a logarithmic axis"
    if not market.stressed:
        return f"{start}. No scenario of this run moves prices, so there is one fan for each asset."
    return (
        f"{start}: {run.base} against {listing(list(market.stressed))}. Where a scenario states a level, "
        "every stressed path goes through it, so the band closes there; between two stated levels the paths "
        "keep their own volatility."
    )


def _thinned(market: Market) -> list[str]:
    notes = []
    if market.paths > market.base.count:
        notes.append(f"Drawn from the first {plural(market.base.count, 'path')} of {market.paths:,}.")
    hidden = list(market.base.assets[len(market.assets) :])
    if hidden:
        notes.append(f"{plural(len(hidden), 'further asset')} not drawn: {listing(hidden)}.")
    return notes


def anchors_of(run: RunFolder, label: str, asset: str) -> Anchors:
    """Return the stated levels as (decimal year, relative close), with the asset's declared beta."""
    table = run.table("drivers", label, "sessions", ["date", "equity_move"])
    beta = float((run.study.get("market") or {}).get("betas", {}).get(asset, 1.0))
    moves = table["equity_move"].to_numpy()
    when = years_of(table["date"].to_numpy().astype("datetime64[D]"))
    known = np.flatnonzero(~np.isnan(moves))
    return [(float(when[i]), 1.0 + beta * float(moves[i])) for i in known if 1.0 + beta * moves[i] > 0]


def _fan_panel(
    bands: Sequence[Band], years: Float1D, asset: str, anchors: Anchors, level: bool = False
) -> Panel:
    def draw(axes: Any) -> None:
        draw_fan(axes, bands, years, anchors, level)

    title = f"{asset}: {' and '.join(band.label for band in bands)}"
    slug = f"fan-{asset}-{bands[-1].label}".replace("@", "-").replace(" ", "-")
    return panel(slug, title, _fan_words(bands, years, asset, level), draw)


def _fan_words(bands: Sequence[Band], years: Float1D, asset: str, level: bool) -> str:
    def moved(value: float) -> str:
        return f"{number(value, 3)} from the first" if level else signed_percent(value - 1)

    parts = []
    for band in bands:
        low, end = int(band.median.argmin()), float(band.median[-1])
        fall = ""
        if band is not bands[0]:
            fall = f"falls to {moved(float(band.median[low]))} in {years[low]:.1f} and "
        parts.append(f"the median of {band.label} {fall}ends at {moved(end)}")
    return f"{asset}: {'; '.join(parts)}."


def draw_fan(axes: Any, bands: Sequence[Band], years: Float1D, anchors: Anchors, level: bool = False) -> None:
    """Draw quantile bands of five curves each over decimal years, and the stated levels as dots.

    Changes of a ``level`` stand on a plain axis, prices on a logarithmic one.
    """
    for band in bands:
        shade, q = drawn(band.colour), band.curves
        axes.fill_between(years, q[0], q[4], color=shade, alpha=0.14, linewidth=0)
        axes.fill_between(years, q[1], q[3], color=shade, alpha=0.24, linewidth=0)
        axes.plot(years, q[2], color=shade)
    if anchors:
        x, y = zip(*anchors, strict=True)
        axes.plot(x, y, "o", ms=3.2, color=drawn("ink"), zorder=5)
    levels = [0.0 if level else 1.0, *(y for _, y in anchors)]
    low = min(*levels, *(float(band.curves.min()) for band in bands))
    high = max(*levels, *(float(band.curves.max()) for band in bands))
    if not level:
        axes.set_yscale("log")
        _relative_ticks(axes, low, high)
    axes.set_xlim(years[0], years[-1])
    year_ticks(axes, years)


def _relative_ticks(axes: Any, low: float, high: float) -> None:
    inside: list[float] = []
    for digits in ((1, 2, 5), (1, 3), (1,)):
        steps = [float(f"{m}e{e}") for e in range(-9, 12) for m in digits]
        inside = [s for s in steps if low * 0.8 <= s <= high * 1.25]
        if len(inside) <= 8:
            break
    inside = inside[:: -(-len(inside) // 8)]
    axes.set_ylim(low * 0.9, high * 1.1)
    plain_log_axis(axes.yaxis, inside, [tick(s, "×") for s in inside])


def year_ticks(axes: Any, years: Float1D) -> None:
    """Put about six whole years on the x axis, or dates and times where fewer than two are seen."""
    if years[-1] - years[0] < 1.5:
        at = np.linspace(years[0], years[-1], 4)[:-1] + (years[-1] - years[0]) / 6
        axes.set_xticks(at, [_short_moment(float(year), float(years[-1] - years[0])) for year in at])
        axes.grid(visible=False, axis="x")
        return
    first, last = int(np.ceil(years[0])), int(years[-1])
    every = max(1, (last - first + 5) // 6)
    ticks = list(range(first, last + 1, every))
    axes.set_xticks(ticks, [str(year) for year in ticks])
    axes.grid(visible=False, axis="x")


def _short_moment(year: float, span: float) -> str:
    """Return the date of a decimal year, with the time of day where all of it lies within ten days."""
    start, after = (np.datetime64(str(int(year) + k), "s") for k in (0, 1))
    instant = start + ((after - start) * (year % 1.0)).astype("timedelta64[s]")
    text = str(instant)
    return text[5:16].replace("T", " ") if span < 10 / 365 else text[:10]


def correlation_over_time(run: RunFolder, market: Market) -> Figure | None:
    """Return the rolling correlation between assets, base against stress; None for one asset."""
    if len(market.base.assets) < 2 or len(market.base.dates) <= WINDOW + 1:
        return None
    ends, values = rolling_correlation(market.base)
    dates = market.base.dates[ends]
    own = Band(run.base, run.colour(run.base), _quantiles(values))
    data: dict[str, Any] = {"window": WINDOW, "dates": [str(day) for day in dates], run.base: own.curves}
    panels = []
    for label, paths in market.stressed.items():
        other = Band(label, run.colour(label), _quantiles(rolling_correlation(paths)[1]))
        data[label] = other.curves
        panels.append(_time_panel([own, other], years_of(dates)))
    if not market.stressed:
        panels.append(_time_panel([own], years_of(dates)))
    pairs = "the two assets" if len(market.base.assets) == 2 else "all pairs of assets"
    says = (
        f"Correlation of {market.base.calendar.adjective} moves over the last {WINDOW} steps (mean of "
        f"{pairs}). Diversification fails when it is needed: a crisis should lift the band towards 1 and let "
        "it fall back afterwards."
    )
    if market.real is not None and market.real.count == 1 and len(market.real.assets) > 1:
        level = rolling_correlation(_shared(market.real, market))[1]
        facts = {"median": np.median(level), "low": level.min(), "high": level.max()}
        data["real"] = {name: float(value) for name, value in facts.items()}
        middle, low, high = (number(float(value), 2) for value in facts.values())
        says += f" In the real history its median is {middle}, its range {low} to {high}."
    keys = [
        Key(run.colour(label), "band", f"{label}: median, 5 to 95 % of paths")
        for label in (run.base, *market.stressed)
    ]
    return Figure("correlation-time", "Correlation in calm and in stress", says, panels, data, keys)


def _shared(real: Paths, market: Market) -> Paths:
    own = [k for k, name in enumerate(real.assets) if name in market.base.assets]
    kept = own if len(own) > 1 else list(range(len(real.assets)))
    names = tuple(real.assets[k] for k in kept)
    kinds = tuple(real.kinds[k] for k in kept) if real.kinds else ()
    return Paths(names, real.dates, {"close": real.close[:, :, kept]}, kinds=kinds, calendar=real.calendar)


def _quantiles(values: Float2D) -> Float2D:
    return np.quantile(values, (0.05, 0.5, 0.95), axis=0)


def _time_panel(bands: Sequence[Band], years: Float1D) -> Panel:
    def draw(axes: Any) -> None:
        for band in bands:
            low, mid, high = band.curves
            axes.fill_between(years, low, high, color=drawn(band.colour), alpha=0.2, linewidth=0)
            axes.plot(years, mid, color=drawn(band.colour))
        axes.set_xlim(years[0], years[-1])
        top, bottom = (float(f([f(band.curves) for band in bands])) for f in (np.max, np.min))
        axes.set_ylim(min(bottom, 0.0) - 0.03, min(max(top + 0.08, 0.5), 1.02))
        axes.axhline(0.0, color=drawn("line"), lw=1.0)
        year_ticks(axes, years)

    text = f"The median correlation of {bands[0].label} is {number(float(np.median(bands[0].median)), 2)}"
    for band in bands[1:]:
        peak = int(band.median.argmax())
        text += f"; that of {band.label} peaks at {number(float(band.median[peak]), 2)} in {years[peak]:.1f}"
    slug = f"rolling-{bands[-1].label}".replace("@", "-")
    title = " and ".join(band.label for band in bands)
    return panel(slug, title, text + ".", draw, Frame(height=220))
