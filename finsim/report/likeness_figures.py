"""Figures that hold synthetic paths against the real history: memory, tails, dependence."""

from __future__ import annotations

from typing import Any

import numpy as np

from finsim.notation import Float1D, Float2D
from finsim.report.colours import diverging, ink_on, placeholder
from finsim.report.figure import Frame, panel, plain_log_axis
from finsim.report.market_data import (
    Market,
    autocorrelation,
    block_resamples,
    feature_columns,
    rank_correlation,
    tail_curve,
)
from finsim.report.section import Figure, Key, Panel
from finsim.report.wording import number

LAGS, RESAMPLES, BLOCK = 60, 200, 252
BAND = (0.05, 0.5, 0.95)
_SHARES = np.geomspace(0.4, 2e-4, 48)


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
    return [market.real_absent] if market.real is None else []


def memory(market: Market) -> Figure:
    """Return the autocorrelation of returns and of their sizes, synthetic band against real band."""
    panels: list[Panel] = []
    data: dict[str, Any] = {"lags": list(range(1, LAGS + 1)), "synthetic_quantiles": list(BAND)}
    moves = market.base.returns()
    lags = min(LAGS, moves.shape[1] // 5)
    for a, asset in enumerate(market.assets):
        real = _real_returns(market, asset)
        for name, change in (("r", np.asarray), ("|r|", np.abs)):
            own = np.quantile(autocorrelation(change(moves[:, :, a]), lags), BAND, axis=0)
            line = band = None
            if real is not None and len(real) > 5 * lags:
                line = autocorrelation(change(real)[None], lags)[0]
                draws = autocorrelation(block_resamples(change(real), RESAMPLES, BLOCK), lags)
                band = np.quantile(draws, (0.05, 0.95), axis=0)
            data[f"{asset} {name}"] = {"synthetic": own, "real": line, "real_band": band}
            panels.append(_memory_panel(asset, name, own, line, band))
    says = (
        "Returns should have almost no linear memory (left), while the size of returns, |r|, is remembered for "
        "weeks (right): calm days follow calm days. The synthetic band should cover the real line, start where "
        "it starts and decay as slowly."
    )
    keys = [Key("base", "band", "synthetic paths: median, 5 to 95 %")]
    if market.real is not None:
        keys += [
            Key("real", "line", "real history"),
            Key("real", "band", f"real, 5 to 95 % of {RESAMPLES} resamples in blocks of {BLOCK} days"),
        ]
    return Figure("memory", "Memory of returns", says, panels, data, keys, _notes(market))


def _memory_panel(asset: str, name: str, own: Float2D, line: Float1D | None, band: Float2D | None) -> Panel:
    lags = np.arange(1, own.shape[1] + 1)

    def draw(axes: Any) -> None:
        axes.axhline(0.0, color=placeholder("line"), lw=1.0)
        if band is not None:
            axes.fill_between(lags, band[0], band[1], color=placeholder("real"), alpha=0.13, linewidth=0)
        axes.fill_between(lags, own[0], own[2], color=placeholder("base"), alpha=0.22, linewidth=0)
        axes.plot(lags, own[1], color=placeholder("base"))
        if line is not None:
            axes.plot(lags, line, color=placeholder("real"), lw=1.2)
        tops = [own.max(), *([line.max()] if line is not None else [])]
        axes.set_ylim(min(-0.1, float(own.min()) - 0.02), max(0.15, float(max(tops)) + 0.04))
        axes.set_xlim(1, lags[-1])
        axes.set_xlabel("lag, sessions")
        axes.grid(visible=False, axis="x")

    near = min(20, len(lags))
    text = f"Autocorrelation of {name} of {asset}: mean over lags 1 to {near} is {number(own[1, :near].mean(), 2)} synthetic"
    if line is not None:
        text += f" and {number(float(line[:near].mean()), 2)} real"
    kind = "r" if name == "r" else "size"
    return panel(f"acf-{kind}-{asset}".replace(" ", "-"), f"{asset}: autocorrelation of {name}", text + ".", draw,
                 Frame(height=230))  # fmt: skip


def tails(market: Market) -> Figure:
    """Return the share of days beyond each loss and gain on two logarithmic axes, real against synthetic."""
    panels: list[Panel] = []
    data: dict[str, Any] = {"shares": _SHARES, "synthetic_quantiles": list(BAND)}
    moves = market.base.returns()
    for a, asset in enumerate(market.assets):
        real = _real_returns(market, asset)
        for side, sign in (("losses", -1.0), ("gains", 1.0)):
            curves = tail_curve(sign * moves[:, :, a], _SHARES)
            known = np.isfinite(curves).mean(axis=0) > 0.9
            own = np.full((3, len(_SHARES)), np.nan)
            own[:, known] = np.nanquantile(curves[:, known], BAND, axis=0)
            other = None if real is None else tail_curve(sign * real[None], _SHARES)[0]
            data[f"{asset} {side}"] = {"synthetic": own, "real": other}
            panels.append(_tail_panel(asset, side, own, other))
    says = (
        "The share of days (downwards) on which the move was larger than a given size (to the right), both axes "
        "logarithmic. A power-law tail is a straight line; a tail that is too thin bends down early and leaves the "
        "real dots on its right."
    )
    keys = [Key("base", "band", "synthetic paths: median, 5 to 95 % of paths")]
    if market.real is not None:
        keys.append(Key("real", "dot", "real days"))
    return Figure("tails", "Tails of returns", says, panels, data, keys, _notes(market))


def _tail_panel(asset: str, side: str, own: Float2D, real: Float1D | None) -> Panel:
    def draw(axes: Any) -> None:
        known = np.isfinite(own[1])
        shares = _SHARES[known]
        axes.fill_betweenx(
            shares, own[0, known], own[2, known], color=placeholder("base"), alpha=0.22, linewidth=0
        )
        axes.plot(own[1, known], shares, color=placeholder("base"))
        top = [float(np.nanmax(own))]
        if real is not None:
            axes.plot(real, _SHARES, "o", ms=2.6, color=placeholder("real"))
            top.append(float(np.nanmax(real)))
        axes.set_xscale("log")
        axes.set_yscale("log")
        low, high = float(np.nanmin(own[1])) * 0.8, max(top) * 1.15
        axes.set_xlim(low, high)
        ticks = [
            t for t in (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0) if low <= t <= high
        ]
        plain_log_axis(axes.xaxis, ticks, [f"{t * 100:g} %" for t in ticks])
        axes.set_ylim(2e-4, 0.5)
        marks = (0.3, 0.1, 0.03, 0.01, 0.003, 0.001, 0.0003)
        plain_log_axis(axes.yaxis, marks, [f"{t * 100:g} %" for t in marks])
        axes.set_xlabel(f"size of the daily log {'loss' if side == 'losses' else 'gain'}")

    at = int(np.argmin(np.abs(_SHARES - 0.01)))
    text = f"{asset} {side}: one day in a hundred is beyond {number(own[1, at] * 100, 3)} % synthetic"
    if real is not None and np.isfinite(real[at]):
        text += f" and {number(float(real[at]) * 100, 3)} % real"
    return panel(
        f"tail-{side}-{asset}".replace(" ", "-"), f"{asset}: {side}", text + ".", draw, Frame(height=252)
    )


def dependence(market: Market) -> Figure:
    """Return the rank correlations of all bar columns: real, synthetic, and their difference."""
    names, own = feature_columns(market.base, market.assets)
    synthetic = rank_correlation(own)
    data: dict[str, Any] = {"columns": names, "synthetic": synthetic}
    matrices = [("Synthetic", synthetic)]
    says = "Spearman rank correlation of daily columns: returns, their sizes, the bar's ranges and the change of volume."
    if market.real is not None and set(market.assets) <= set(market.real.assets):
        other_names, values = feature_columns(market.real, market.assets)
        if other_names == names:
            real = rank_correlation(values)
            gap = synthetic - real
            data |= {"real": real, "difference": gap}
            matrices = [("Real", real), ("Synthetic", synthetic), ("Synthetic less real", gap)]
            upper = np.abs(gap[np.triu_indices(len(gap), 1)])
            says += (
                " The third matrix should be pale everywhere: its mean absolute entry is "
                f"{number(float(upper.mean()), 2)}, its largest {number(float(upper.max()), 2)}."
            )
    panels = [_matrix_panel(title, names, values) for title, values in matrices]
    notes = _notes(market) + [_order(names)]
    keys = [
        Key("d0", "box", "−1"),
        Key("d2", "box", "−0.5"),
        Key("d4", "box", "0"),
        Key("d6", "box", "0.5"),
        Key("d8", "box", "1"),
    ]
    return Figure("dependence", "Dependence between columns", says, panels, data, keys, notes, columns=3)


def _order(names: tuple[str, ...]) -> str:
    return (
        "Rows and columns in order: "
        + "; ".join(f"{k} {name}" for k, name in enumerate(names, start=1))
        + "."
    )


def _matrix_panel(title: str, names: tuple[str, ...], values: Float2D) -> Panel:
    size = len(values)

    def draw(axes: Any) -> None:
        from matplotlib.patches import Rectangle

        for i in range(size):
            for j in range(size):
                step = diverging(float(values[i, j]))
                axes.add_patch(Rectangle((j, i), 0.94, 0.94, facecolor=placeholder(step), linewidth=0))
                if size <= 12:
                    text = f"{values[i, j]:.2f}".replace("-0.", "−.").replace("0.", ".", 1)
                    shown = {"1.00": "1", "−.00": "0", ".00": "0"}.get(text, text)
                    axes.text(j + 0.47, i + 0.5, shown, ha="center", va="center", fontsize=7.2,
                              color=placeholder(ink_on(step)))  # fmt: skip
        axes.set_xlim(0, size)
        axes.set_ylim(size, 0)
        ticks = np.arange(size) + 0.47
        axes.set_xticks(ticks, [str(k + 1) for k in range(size)])
        axes.set_yticks(ticks, [str(k + 1) for k in range(size)])
        axes.tick_params(length=0, labelsize=8)
        axes.grid(visible=False)
        for spine in axes.spines.values():
            spine.set_visible(False)

    off = values[np.triu_indices(size, 1)]
    strongest = int(np.abs(off).argmax())
    i, j = (int(index[strongest]) for index in np.triu_indices(size, 1))
    text = (
        f"{title} matrix of {size} columns; the largest entry off the diagonal is {number(float(off[strongest]), 2)} "
        f"between {names[i]} and {names[j]}."
    )
    slug = f"matrix-{title.lower().replace(' ', '-')}"
    return panel(slug, title, text, draw, Frame(width=330, height=330, left=24, bottom=24, right=4, top=4))
