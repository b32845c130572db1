"""Figures that compare synthetic paths with real history: memory, tails, dependence."""

from __future__ import annotations

from typing import Any

import numpy as np

from finsim.notation import Float1D, Float2D
from finsim.randomness import Streams
from finsim.report.colors import diverging, drawn, ink_on
from finsim.report.figures.market_data import (
    Market,
    Tail,
    autocorrelation,
    block_resamples,
    feature_columns,
    rank_correlation,
    still,
    tail_of,
)
from finsim.report.number_text import number, tick
from finsim.report.page_elements import Figure, Key, Panel
from finsim.report.svg_figure import Frame, cells, panel, plain_log_axis

LAGS, RESAMPLES, BLOCK = 60, 200, 252
BAND = (0.05, 0.5, 0.95)
SHOWN_ENTRY = 0.1  # smaller entries of a matrix are left to the colour


def _real_returns(market: Market, asset: str) -> Float1D | None:
    """Return the real returns of an asset: by name, else by position when the counts agree."""
    real = market.real
    if real is None:
        return None
    if asset in real.assets:
        at = real.assets.index(asset)
    elif len(real.assets) == len(market.base.assets):
        at = market.base.assets.index(asset)
    else:
        return None
    values: Float1D = real.returns()[0, :, at]
    return values


def _notes(market: Market) -> list[str]:
    absent = [market.real_absent] if market.real is None else []
    stuck = [asset for asset in market.assets if still(market, asset)]
    return [*absent, *([f"Never moving, hence left out: {', '.join(stuck)}."] if stuck else [])]


def _moving(market: Market) -> list[tuple[int, str]]:
    """Return index and name of the shown assets that move at all."""
    return [(a, asset) for a, asset in enumerate(market.assets) if not still(market, asset)]


def memory(market: Market, streams: Streams) -> Figure | str:
    """Return the autocorrelation of returns and of their sizes, synthetic band against real band.

    A sentence instead when no asset moves.
    """
    panels: list[Panel] = []
    data: dict[str, Any] = {"synthetic_quantiles": list(BAND)}
    moves = market.base.returns()
    lags = min(LAGS, moves.shape[1] // 5)
    if lags < 2:
        bars = moves.shape[1] + 1
        return f"Paths of {bars} bars are too short for the memory of returns, so none is drawn."
    for a, asset in _moving(market):
        real = _real_returns(market, asset)
        for name, change in (("r", np.asarray), ("|r|", np.abs)):
            own = np.quantile(autocorrelation(change(moves[:, :, a]), lags), BAND, axis=0)
            line = band = None
            if real is not None and len(real) > 5 * lags:
                line = autocorrelation(change(real)[None], lags)[0]
                band = _real_band(change(real), line, streams.under(asset))
            data[f"{asset} {name}"] = {"synthetic": own, "real": line, "real_band": band}
            panels.append(_memory_panel(asset, name, own, line, band))
    if not panels:
        return "No asset of this run moves, so no memory of returns is drawn."
    says = (
        "Returns should have almost no linear memory, while the size of returns, |r|, is remembered for "
        "weeks: calm days follow calm days. The synthetic band should cover the real line, start where it "
        "starts and decay as slowly."
    )
    keys = [Key("base", "band", "synthetic paths: median, 5 to 95 %")]
    if market.real is not None:
        words = f"5 to 95 % of {RESAMPLES} resamples of the real history in blocks of {BLOCK} days"
        keys += [Key("real", "line", "real history"), Key("real", "band", words)]
    return Figure("memory", "Memory of returns", says, panels, data, keys, _notes(market))


def _real_band(values: Float1D, line: Float1D, streams: Streams) -> Float2D:
    """Return the real autocorrelations with their sampling spread: [2, K].

    Blocks break the memory at their joints, so the resamples' median lies too low; only their spread
    around it is used.
    """
    plotted = block_resamples(values, RESAMPLES, BLOCK, streams.at("memory"))
    found = autocorrelation(plotted, len(line))
    return np.asarray(line + np.quantile(found, (0.05, 0.95), axis=0) - np.median(found, axis=0))


def _memory_panel(asset: str, name: str, own: Float2D, line: Float1D | None, band: Float2D | None) -> Panel:
    lags = np.arange(1, own.shape[1] + 1)

    def draw(axes: Any) -> None:
        axes.axhline(0.0, color=drawn("line"), lw=1.0)
        if band is not None:
            axes.fill_between(lags, band[0], band[1], color=drawn("real"), alpha=0.13, linewidth=0)
        axes.fill_between(lags, own[0], own[2], color=drawn("base"), alpha=0.22, linewidth=0)
        axes.plot(lags, own[1], color=drawn("base"))
        if line is not None:
            axes.plot(lags, line, color=drawn("real"), lw=1.1)
        curves = [own, *([line] if line is not None else []), *([band] if band is not None else [])]
        low, high = (float(f([f(c) for c in curves])) for f in (np.min, np.max))
        axes.set_ylim(min(-0.1, low - 0.02), max(0.15, high + 0.03))
        axes.set_xlim(1, lags[-1])
        axes.set_xlabel("lag, sessions")
        axes.grid(visible=False, axis="x")

    near = min(20, len(lags))
    text = (
        f"Autocorrelation of {name} of {asset}: the mean over lags 1 to {near} is "
        f"{number(own[1, :near].mean(), 2)} synthetic"
    )
    if line is not None:
        text += f" and {number(float(line[:near].mean()), 2)} real"
    slug = f"acf-{'r' if name == 'r' else 'size'}-{asset}".replace(" ", "-")
    return panel(slug, f"{asset}: autocorrelation of {name}", text + ".", draw, Frame(height=224))


def tails(market: Market) -> Figure | str:
    """Return the share of days beyond each loss and gain, real against synthetic, on two log axes.

    A sentence instead when no asset has a tail on the side shown.
    """
    panels: list[Panel] = []
    data: dict[str, Any] = {"synthetic_quantiles": list(BAND)}
    moves = market.base.returns()
    for a, asset in _moving(market):
        real = _real_returns(market, asset)
        for side, sign in (("losses", -1.0), ("gains", 1.0)):
            own = tail_of(sign * moves[:, :, a], BAND)
            other = None if real is None else tail_of(sign * real[None], (0.5,))
            if not own.shares.size or (other is not None and not other.shares.size):
                continue
            data[f"{asset} {side}"] = {
                "synthetic": {"shares": own.shares, "levels": own.levels},
                "real": None if other is None else {"shares": other.shares, "levels": other.levels[0]},
            }
            panels.append(_tail_panel(asset, side, own, other))
    if not panels:
        return "No asset of this run moves, so no tails of returns are drawn."
    says = (
        "The share of days (downwards) on which the move was larger than a given size (to the right), both "
        "axes logarithmic. A power-law tail is a straight line; a tail that is too thin bends down early "
        "and leaves the real dots on its right."
    )
    keys = [Key("base", "band", "synthetic paths: median, 5 to 95 % of paths")]
    if market.real is not None:
        keys.append(Key("real", "dot", "real days"))
    return Figure("tails", "Tails of returns", says, panels, data, keys, _notes(market))


def _tail_panel(asset: str, side: str, own: Tail, real: Tail | None) -> Panel:
    def draw(axes: Any) -> None:
        shade = drawn("base")
        axes.fill_betweenx(own.shares, own.levels[0], own.levels[2], color=shade, alpha=0.22, linewidth=0)
        axes.plot(own.levels[1], own.shares, color=shade)
        if real is not None:
            axes.plot(real.levels[0], real.shares, "o", ms=2.5, color=drawn("real"))
        axes.set_xscale("log")
        axes.set_yscale("log")
        shown = [own.levels, *([real.levels] if real is not None else [])]
        low, high = min(float(v.min()) for v in shown), max(float(v.max()) for v in shown)
        low, high = max(low, high / 200) * 0.85, high * 1.15
        sizes = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0)
        ticks = [t for t in sizes if low <= t <= high]
        plain_log_axis(axes.xaxis, ticks, [tick(t * 100, " %") for t in ticks])
        axes.set_xlim(low, high)
        floor = min(float(tail.shares.min()) for tail in (own, *([real] if real is not None else [])))
        marks = [m for m in (0.3, 0.1, 0.03, 0.01, 0.003, 0.001, 3e-4, 1e-4) if m >= floor * 0.8]
        plain_log_axis(axes.yaxis, marks, [tick(m * 100, " %") for m in marks])
        axes.set_ylim(floor * 0.8, 0.5)
        axes.set_xlabel(f"size of the {'loss' if side == 'losses' else 'gain'} (log)")

    text = f"{asset} {side}: one day in a hundred is beyond {number(own.beyond(0.01) * 100, 3)} % synthetic"
    if real is not None:
        text += f" and {number(real.beyond(0.01) * 100, 3)} % real"
    slug = f"tail-{side}-{asset}".replace(" ", "-")
    return panel(slug, f"{asset}: {side}", text + ".", draw, Frame(height=252))


def dependence(market: Market) -> Figure | str:
    """Return the rank correlations of all bar columns: real, synthetic, and their difference.

    Columns that never change have no correlation: they are left out and named.
    """
    names, own = feature_columns(market.base, market.assets)
    other = None
    if market.real is not None and set(market.assets) <= set(market.real.assets):
        other_names, values = feature_columns(market.real, market.assets)
        shared = [name for name in names if name in other_names]
        own = own[:, :, [names.index(name) for name in shared]]
        other = values[:, :, [other_names.index(name) for name in shared]]
        names = tuple(shared)
    sides = [own, *([other] if other is not None else [])]
    varied = np.array([all(np.ptp(side[:, :, k]) > 0 for side in sides) for k in range(len(names))], bool)
    left_out = [name for name, kept in zip(names, varied, strict=True) if not kept]
    names = tuple(name for name, kept in zip(names, varied, strict=True) if kept)
    if len(names) < 2:
        return "Fewer than two columns of the bars change, so no dependence is drawn."
    synthetic = rank_correlation(own[:, :, varied])
    data: dict[str, Any] = {"columns": names, "synthetic": synthetic, "left_out": left_out}
    matrices = [("Synthetic", synthetic)]
    says = (
        f"Spearman rank correlation of {market.base.calendar.adjective} columns: returns, their sizes, the "
        "bar's ranges and the change of volume. Entries below "
        f"{SHOWN_ENTRY:g} in size are left to the colour."
    )
    if other is not None:
        real = rank_correlation(other[:, :, varied])
        gap = synthetic - real
        data |= {"real": real, "difference": gap}
        matrices = [("Real", real), ("Synthetic", synthetic), ("Synthetic less real", gap)]
        upper = np.abs(gap[np.triu_indices(len(gap), 1)])
        says += (
            " The third matrix should be pale everywhere: the mean size of its entries is "
            f"{number(float(upper.mean()), 2)}, the largest {number(float(upper.max()), 2)}."
        )
    panels = [_matrix_panel(title, names, values) for title, values in matrices]
    order = "; ".join(f"{k} {name}" for k, name in enumerate(names, start=1))
    notes = [*([market.real_absent] if market.real is None else []), f"Rows and columns in order: {order}."]
    if left_out:
        notes.append(f"Never changing, hence left out: {', '.join(left_out)}.")
    words = ("\u22121", "\u22120.5", "0", "0.5", "1")
    keys = [Key(f"d{2 * k}", "box", word) for k, word in enumerate(words)]
    return Figure("dependence", "Dependence between columns", says, panels, data, keys, notes, columns=3)


def _matrix_panel(title: str, names: tuple[str, ...], values: Float2D) -> Panel:
    size = len(values)

    def draw(axes: Any) -> None:
        steps = [[diverging(value) for value in row] for row in values.tolist()]
        cells(axes, steps)
        for i, j in np.ndindex(size, size):
            if size <= 12 and i != j and abs(values[i, j]) >= SHOWN_ENTRY:
                shown = f"{values[i, j]:.2f}".replace("-", "\u2212").replace("0.", ".", 1)
                ink = drawn(ink_on(steps[i][j]))
                axes.text(j + 0.47, i + 0.5, shown, ha="center", va="center", fontsize=8.6, color=ink)
        ticks = np.arange(size) + 0.47
        axes.set_xticks(ticks, [str(k + 1) for k in range(size)])
        axes.set_yticks(ticks, [str(k + 1) for k in range(size)])
        axes.tick_params(labelsize=8.6)

    rows, columns = np.triu_indices(size, 1)
    strongest = int(np.abs(values[rows, columns]).argmax())
    i, j = int(rows[strongest]), int(columns[strongest])
    text = (
        f"{title} matrix of {size} columns; the largest entry off the diagonal is "
        f"{number(float(values[i, j]), 2)}, between {names[i]} and {names[j]}."
    )
    slug = f"matrix-{title.lower().replace(' ', '-')}"
    return panel(slug, title, text, draw, Frame(width=330, height=330, left=24, bottom=24, right=4, top=4))
