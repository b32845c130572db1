"""Figures of the loan book: when and where loans default, and how much a portfolio may lose."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from finsim.notation import Float1D
from finsim.report.colours import SERIES, ink_on, placeholder, sequential
from finsim.report.credit_data import Credit
from finsim.report.figure import Frame, panel
from finsim.report.run_folder import RunFolder
from finsim.report.section import Cell, Figure, Key, Panel, Table
from finsim.report.wording import DASH, count, money, number, percent, plural, spoken

BINS, MOST = 80, 4


def clustering(books: Mapping[str, Credit]) -> Figure:
    """Return new defaults by month and sector, one heat map a scenario, on one scale."""
    top = max(int(book.defaults.max()) for book in books.values()) or 1
    data: dict[str, Any] = {}
    panels = []
    for label, book in list(books.items())[:MOST]:
        data[label] = {
            "sectors": book.sectors,
            "months": [str(month) for month in book.months],
            "defaults": book.defaults,
            "loans": book.loans,
        }
        panels.append(_heat_panel(label, book, top))
    rates = ", ".join(f"{label} {percent(book.rate, 3)}" for label, book in books.items())
    worst = max(books, key=lambda label: books[label].rate)
    says = (
        f"New defaults in each month and sector; the last row adds the sectors up. Share of loans that default over the "
        f"{plural(len(next(iter(books.values())).months), 'month')}: {rates}. Stress should show as neighbouring dark "
        f"months in all sectors at once, not as evenly more defaults: see {worst}."
    )
    edges = [k * top / 9 for k in (0, 4, 8)]
    keys = [Key(f"h{k}", "box", f"from {number(edge, 2)}") for k, edge in zip((0, 4, 8), edges, strict=True)]
    notes = ["Scenarios that do not move the economy have the same defaults as the base and are left out."]
    return Figure("clustering", "Defaults by month and sector", says, panels, data, keys, notes, columns=2)


def _heat_panel(label: str, book: Credit, top: int) -> Panel:
    totals = book.defaults.sum(axis=0)
    sectors, months = book.defaults.shape

    def draw(axes: Any) -> None:
        draw_heat(axes, book, top)
        for k, total in enumerate(totals):
            if months <= 40 and k % 3 == 0:
                axes.text(k + 0.46, sectors + 0.66, count(total), ha="center", va="center", fontsize=8.0)
        axes.set_yticks([*(np.arange(sectors) + 0.46), sectors + 0.66], [*map(spoken, book.sectors), "all"])
        axes.set_ylim(sectors + 1.1, 0)

    peak = int(totals.argmax())
    text = (
        f"{label}: {count(book.defaults.sum())} defaults; most in one month are {count(totals[peak])} in "
        f"{str(book.months[peak])[:7]}; " + ", ".join(
            f"{spoken(name)} {count(row.sum())}" for name, row in zip(book.sectors, book.defaults, strict=True))
    )  # fmt: skip
    widest = max(len(name) for name in book.sectors)
    frame = Frame(height=60 + 24 * (sectors + 1), left=20 + int(5.6 * widest), right=6, bottom=30, top=6)
    slug = f"defaults-{label}".replace("@", "-")
    return panel(slug, f"{label}: {plural(int(book.defaults.sum()), 'default')}", text + ".", draw, frame)


def draw_heat(axes: Any, book: Credit, top: int) -> None:
    """Draw the cells of a heat map, one a sector and month, on a scale from 0 to ``top``."""
    from matplotlib.patches import Rectangle

    sectors, months = book.defaults.shape
    for i in range(sectors):
        for j in range(months):
            step = sequential(book.defaults[i, j] / (top + 1))
            axes.add_patch(Rectangle((j, i), 0.92, 0.9, facecolor=placeholder(step), linewidth=0))
    ticks = [k for k in range(months) if k % 6 == 0]
    axes.set_xticks([k + 0.46 for k in ticks], [str(book.months[k])[:7] for k in ticks])
    axes.set_yticks(np.arange(sectors) + 0.46, [spoken(name) for name in book.sectors])
    axes.set_xlim(0, months)
    axes.set_ylim(sectors, 0)
    axes.tick_params(length=0)
    axes.grid(visible=False)
    for spine in axes.spines.values():
        spine.set_visible(False)


def loss_figure(run: RunFolder, books: Mapping[str, Credit]) -> Figure:
    """Return the loss distributions of base and stress, with VaR and ES and their intervals below."""
    shown = list(books)[: len(SERIES)]
    share = {label: books[label].losses / books[label].balance for label in shown}
    risks = {label: run.facts("credit", label).get("risk", {}) for label in shown}
    top = max(float(np.quantile(values, 0.9995)) for values in share.values())
    top = max([top, *(_high(risks[label]) / books[label].balance for label in shown)]) * 1.04
    edges = np.linspace(0.0, top, BINS + 1)
    heights = {label: np.histogram(values, edges)[0] / len(values) for label, values in share.items()}
    colour = {label: "base" if label == run.base else SERIES[1 + k] for k, label in enumerate(shown)}
    levels = _levels(risks)

    def draw(axes: Any) -> None:
        tallest = max(float(h.max()) for h in heights.values()) * 100
        for label in shown:
            h = heights[label] * 100
            shade = placeholder(colour[label])
            axes.fill_between(edges, np.r_[h, h[-1]], step="post", color=shade, alpha=0.12, linewidth=0)
            axes.step(edges, np.r_[h, h[-1]], where="post", color=shade, lw=1.6)
        step = tallest * 0.075
        for k, label in enumerate(shown):
            _markers(axes, risks[label], books[label].balance, -step * (k + 1), colour[label], levels)
        axes.axhline(0.0, color=placeholder("line"), lw=1.0)
        axes.set_xlim(0.0, top)
        axes.set_ylim(-step * (len(shown) + 0.7), tallest * 1.08)
        ticks = [t for t in axes.get_yticks() if 0 <= t <= tallest * 1.08]
        axes.set_yticks(ticks, [f"{t:g} %" for t in ticks])
        axes.xaxis.set_major_formatter(lambda x, _: f"{x * 100:g} %")
        axes.set_xlabel("loss over one year, share of the book")
        axes.grid(visible=False, axis="x")

    text = "; ".join(_risk_words(label, risks[label], books[label].balance) for label in shown)
    says = (
        f"{plural(len(next(iter(books.values())).losses), 'draw')} of the loss of the whole book under each scenario; "
        "the height is the share of draws in a bin. Below the axis, one row a scenario: bar for expected loss, circles "
        "for value at risk and diamonds for expected shortfall at "
        f"{_level_words(levels)}, each with its 95 % interval."
    )
    keys = [Key(colour[label], "line", label) for label in shown]
    keys += [Key("ink", "ring", "value at risk"), Key("ink", "diamond", "expected shortfall")]
    drawn = panel("losses", "Portfolio loss", text + ".", draw, Frame(width=900, height=330, left=56))
    data = {
        "edges": edges,
        "share_of_draws": heights,
        "balance": {n: books[n].balance for n in shown},
        "risk": risks,
    }
    return Figure("losses", "Distribution of portfolio losses", says, [drawn], data, keys, columns=1)


def _levels(risks: Mapping[str, Mapping[str, Any]]) -> list[str]:
    names = {name.removeprefix("var_") for risk in risks.values() for name in risk if name.startswith("var_")}
    return sorted(names, key=float)


def _level_words(levels: list[str]) -> str:
    return ", ".join(percent(float(level), 3) for level in levels) or DASH


def _high(risk: Mapping[str, Any]) -> float:
    return max((float(v[2]) for v in risk.values() if isinstance(v, list) and v[2] is not None), default=0.0)


def _markers(
    axes: Any, risk: Mapping[str, Any], balance: float, y: float, colour: str, levels: list[str]
) -> None:
    shade = placeholder(colour)
    if "expected_loss" in risk:
        axes.plot(risk["expected_loss"] / balance, y, "|", ms=10, mew=2.4, color=shade)
    for level in levels:
        for name, form in (("var", "o"), ("es", "D")):
            found = risk.get(f"{name}_{level}")
            if found is None:
                continue
            value, low, high = (float(v) / balance for v in found)
            axes.plot([low, high], [y, y], color=shade, lw=2.6, alpha=0.5)
            axes.plot(value, y, form, ms=5.4, mfc=placeholder("page"), mec=shade, mew=1.4)


def _risk_words(label: str, risk: Mapping[str, Any], balance: float) -> str:
    parts = (
        [f"expected loss {percent(risk['expected_loss'] / balance, 3)}"] if "expected_loss" in risk else []
    )
    parts += [
        f"VaR {percent(float(level), 3)} {percent(risk[f'var_{level}'][0] / balance, 3)}"
        for level in _levels({label: risk})
    ]
    return f"{label}: " + ", ".join(parts)


def loss_table(run: RunFolder, books: Mapping[str, Credit]) -> Table | None:
    """Return expected loss, value at risk and expected shortfall of every scenario; None if not noted."""
    risks = {label: run.facts("credit", label).get("risk", {}) for label in books}
    levels = _levels(risks)
    if not levels:
        return None
    head = ["scenario", "expected loss"]
    head += [f"{name} {percent(float(level), 3)}" for level in levels for name in ("VaR", "ES")]
    rows: list[list[Cell | str]] = []
    for label, book in books.items():
        risk = risks[label]
        cells: list[Cell | str] = [label, _amount(risk.get("expected_loss"), book)]
        for level in levels:
            for name in ("var", "es"):
                cells.append(_estimate(risk.get(f"{name}_{level}"), book))
        rows.append(cells)
    return Table(
        "risk",
        "Loss of the whole book over one year: amount, share of the book, and 95 % interval",
        head,
        rows,
        "l" + "r" * (len(head) - 1),
        risks,
    )


def _amount(value: float | None, book: Credit) -> str:
    return DASH if value is None else f"{money(value, book.currency)} ({percent(value / book.balance, 3)})"


def _estimate(found: list[float] | None, book: Credit) -> str:
    if found is None:
        return DASH
    value, low, high = found
    return f"{_amount(value, book)} [{percent(low / book.balance, 3)}, {percent(high / book.balance, 3)}]"


def moved(books: Mapping[str, Credit], base: str) -> dict[str, Credit]:
    """Return the base and every book whose defaults or losses differ from it."""
    own = books[base]
    kept = {base: own}
    for label, book in books.items():
        if label != base and not _same(own, book):
            kept[label] = book
    return kept


def _same(one: Credit, other: Credit) -> bool:
    return np.array_equal(one.defaults, other.defaults) and np.array_equal(one.losses, other.losses)


def default_correlation(book: Credit) -> Float1D:
    """Return the pairwise correlations of the sectors' monthly default counts: float64[pairs]."""
    counts = book.defaults[book.defaults.sum(axis=1) > 0]
    if len(counts) < 2:
        return np.zeros(0)
    matrix = np.corrcoef(counts)
    return np.asarray(matrix[np.triu_indices(len(matrix), 1)])
