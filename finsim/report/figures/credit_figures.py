"""Figures of the loan book: when and where loans default, and how much a portfolio may lose."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from finsim.notation import Float1D
from finsim.report.colors import drawn, sequential
from finsim.report.figures.credit_data import Credit
from finsim.report.number_text import (
    DASH,
    count,
    level,
    listing,
    money,
    number,
    percent,
    plural,
    spoken,
    tick,
)
from finsim.report.page_elements import Cell, Figure, Key, Panel, Table
from finsim.report.run_folder import RunFolder
from finsim.report.svg_figure import Frame, cells, panel

BINS, MOST = 80, 4
Risks = Mapping[str, Mapping[str, Any]]


def moved(books: Mapping[str, Credit], base: str) -> dict[str, Credit]:
    """Return the base and every book whose defaults or losses differ from it."""
    own = books[base]
    others = {label: book for label, book in books.items() if label != base and not _same(own, book)}
    return {base: own, **others}


def _same(one: Credit, other: Credit) -> bool:
    return np.array_equal(one.defaults, other.defaults) and np.array_equal(one.losses, other.losses)


def clustering(run: RunFolder, books: Mapping[str, Credit]) -> Figure:
    """Return new defaults by month and sector, one heat map a scenario, on one scale."""
    shown = dict(list(books.items())[:MOST])
    top = max(int(book.defaults.max()) for book in shown.values()) or 1
    data = {
        label: {
            "sectors": book.sectors,
            "months": [str(month) for month in book.months],
            "defaults": book.defaults,
            "loans": book.loans,
        }
        for label, book in shown.items()
    }
    panels = [_heat_panel(label, book, top) for label, book in shown.items()]
    rates = ", ".join(f"{label} {percent(book.rate, 3)}" for label, book in books.items())
    length = plural(len(books[run.base].months), "month")
    says = (
        "New defaults in each month and sector; the last row adds the sectors up. Share of loans that "
        f"default over the {length}: {rates}."
    )
    if len(books) > 1:
        worst = max(books, key=lambda label: books[label].rate)
        says += (
            " Defaults that share a cause come together: stress shows as neighbouring dark months in all "
            f"sectors at once, not as evenly more defaults; see {worst}."
        )
    edges = [k * (top + 1) / 9 for k in (0, 4, 8)]
    keys = [
        Key(f"h{k}", "box", f"from {count(np.ceil(edge))}") for k, edge in zip((0, 4, 8), edges, strict=True)
    ]
    still = [label for label in run.labels if label not in books and run.has("credit", "months", label)]
    notes = [f"Defaults are the same as under {run.base}, so not drawn: {listing(still)}."] if still else []
    return Figure("clustering", "Defaults by month and sector", says, panels, data, keys, notes)


def _heat_panel(label: str, book: Credit, top: int) -> Panel:
    totals = book.defaults.sum(axis=0)
    sectors, months = book.defaults.shape
    every = 3 if months > 14 else 1

    def draw(axes: Any) -> None:
        draw_heat(axes, book, top)
        for k in range(0, months, every):
            axes.text(k + 0.46, sectors + 0.6, count(totals[k]), ha="center", va="center", fontsize=8.2)
        rows = [*(np.arange(sectors) + 0.46), sectors + 0.6]
        axes.set_yticks(rows, [*map(spoken, book.sectors), "all sectors"])
        axes.tick_params(axis="y", pad=8)
        axes.set_ylim(sectors + 1.05, 0)

    peak = int(totals.argmax())
    by_sector = ", ".join(
        f"{spoken(name)} {count(row.sum())}" for name, row in zip(book.sectors, book.defaults, strict=True)
    )
    text = (
        f"{label}: {plural(int(totals.sum()), 'default')}, most in {str(book.months[peak])[:7]} with "
        f"{count(totals[peak])}; {by_sector}."
    )
    widest = max(len("all sectors"), *(len(name) for name in book.sectors))
    frame = Frame(height=56 + 24 * (sectors + 1), left=20 + int(5.8 * widest), right=6, bottom=26, top=4)
    slug = f"defaults-{label}".replace("@", "-")
    return panel(slug, f"{label}: {plural(int(totals.sum()), 'default')}", text, draw, frame)


def draw_heat(axes: Any, book: Credit, top: int) -> None:
    """Draw the cells of a heat map, one a sector and month, on a scale from 0 to ``top``."""
    sectors, months = book.defaults.shape
    cells(axes, [[sequential(value / (top + 1)) for value in row] for row in book.defaults.tolist()])
    ticks = range(0, months, 12 if months > 24 else 6)
    axes.set_xticks([k + 0.46 for k in ticks], [str(book.months[k])[:7] for k in ticks])
    axes.set_yticks(np.arange(sectors) + 0.46, [spoken(name) for name in book.sectors])


def risks_of(run: RunFolder, books: Mapping[str, Credit]) -> dict[str, Mapping[str, Any]]:
    """Return expected loss, VaR and ES of each scenario as the run noted them (minor units)."""
    return {label: run.facts("credit", label).get("risk", {}) for label in books}


def loss_figure(run: RunFolder, books: Mapping[str, Credit]) -> Figure:
    """Return the loss distributions of base and stress, with VaR and ES and their intervals below."""
    risks = risks_of(run, books)
    share = {label: book.losses / book.balance for label, book in books.items()}
    edges = np.linspace(0.0, _top(share, risks, books), BINS + 1)
    heights = {label: np.histogram(values, edges)[0] / len(values) for label, values in share.items()}
    colour = {label: run.colour(label) for label in books}

    def draw(axes: Any) -> None:
        _distributions(axes, edges, heights, colour)
        tallest = max(float(h.max()) for h in heights.values())
        step = tallest * 0.075
        for k, (label, book) in enumerate(books.items()):
            _markers(axes, risks[label], book.balance, -step * (k + 1), colour[label])
        axes.set_ylim(-step * (len(books) + 0.7), tallest * 1.08)
        ticks = [t for t in axes.get_yticks() if 0 <= t <= tallest * 1.08]
        axes.set_yticks(ticks, [tick(t * 100, " %") for t in ticks])

    levels = levels_of(risks)
    draws = plural(len(books[run.base].losses), "draw")
    says = (
        f"{draws} of the loss of the whole book under each scenario; the height is the share of draws in a "
        "bin."
    )
    if levels:
        says += (
            " Below the axis is one row a scenario: a bar for the expected loss, circles for value at risk "
            f"and diamonds for expected shortfall at {listing([level(float(v)) for v in levels])}, each with "
            "its 95 % interval."
        )
    keys = [Key(colour[label], "line", label) for label in books]
    if levels:
        keys += [Key("ink", "ring", "value at risk"), Key("ink", "diamond", "expected shortfall")]
    text = "; ".join(_risk_words(label, risks[label], book.balance) for label, book in books.items())
    plotted = panel("losses", "", f"Portfolio loss. {text}.", draw, Frame(width=900, height=320))
    data = {
        "edges": edges,
        "share_of_draws": heights,
        "balance": {name: book.balance for name, book in books.items()},
        "risk": risks,
    }
    return Figure("losses", "Distribution of portfolio losses", says, [plotted], data, keys, columns=1)


def _top(share: Mapping[str, Float1D], risks: Risks, books: Mapping[str, Credit]) -> float:
    """Return the right end of the axis: beyond 99.95 % of the draws and beyond every interval."""
    ends = [float(np.quantile(values, 0.9995)) for values in share.values()]
    for label, risk in risks.items():
        ends += [float(v[2]) / books[label].balance for v in risk.values() if isinstance(v, list)]
    return max(max(ends), 1e-9) * 1.04


def _distributions(
    axes: Any, edges: Float1D, heights: Mapping[str, Float1D], colour: Mapping[str, str]
) -> None:
    for label, h in heights.items():
        shade = drawn(colour[label])
        axes.fill_between(edges, np.r_[h, h[-1]], step="post", color=shade, alpha=0.12, linewidth=0)
        axes.step(edges, np.r_[h, h[-1]], where="post", color=shade, lw=1.6)
    axes.axhline(0.0, color=drawn("line"), lw=1.0)
    axes.set_xlim(0.0, edges[-1])
    axes.xaxis.set_major_formatter(lambda x, _: tick(round(x * 100, 6), " %"))
    axes.set_xlabel("loss over one year, share of the book")
    axes.grid(visible=False, axis="x")


def levels_of(risks: Risks) -> list[str]:
    """Return the confidence levels for which a VaR was noted, lowest first."""
    names = {name.removeprefix("var_") for risk in risks.values() for name in risk if name.startswith("var_")}
    return sorted(names, key=float)


def _markers(axes: Any, risk: Mapping[str, Any], balance: float, y: float, colour: str) -> None:
    shade = drawn(colour)
    if "expected_loss" in risk:
        axes.plot(risk["expected_loss"] / balance, y, "|", ms=10, mew=2.4, color=shade)
    for name in levels_of({"": risk}):
        for kind, form in (("var", "o"), ("es", "D")):
            found = risk.get(f"{kind}_{name}")
            if found is None:
                continue
            value, low, high = (float(v) / balance for v in found)
            axes.plot([low, high], [y, y], color=shade, lw=2.6, alpha=0.5)
            axes.plot(value, y, form, ms=5.4, mfc=drawn("page"), mec=shade, mew=1.4)


def _risk_words(label: str, risk: Mapping[str, Any], balance: float) -> str:
    parts = []
    if "expected_loss" in risk:
        parts.append(f"expected loss {percent(risk['expected_loss'] / balance)}")
    parts += [
        f"VaR {level(float(name))} {percent(risk[f'var_{name}'][0] / balance)}"
        for name in levels_of({label: risk})
    ]
    return f"{label}: {', '.join(parts) or 'no risk figures noted'}"


def loss_table(run: RunFolder, books: Mapping[str, Credit]) -> Table | None:
    """Return expected loss, VaR and ES of every scenario; None if none was noted."""
    risks = risks_of(run, books)
    levels = levels_of(risks)
    if not levels:
        return None
    rows: list[list[Cell | str]] = [
        [
            "expected loss",
            *(_amount(risks[label].get("expected_loss"), book) for label, book in books.items()),
        ]
    ]
    for name in levels:
        for kind, word in (("var", "VaR"), ("es", "ES")):
            cells = [_estimate(risks[label].get(f"{kind}_{name}"), book) for label, book in books.items()]
            rows.append([f"{word} {level(float(name))}", *cells])
    caption = "Loss of the whole book over one year: share of the book, amount, 95 % interval of the share"
    head, aligned = ("measure", *books), "l" + "r" * len(books)
    return Table("risk", caption, head, rows, aligned, risks, note=_sampling(run))


def _sampling(run: RunFolder) -> str:
    """Say where VaR and ES were read, where that was not from the plain draws."""
    tail = run.facts("credit", run.base).get("tail", {})
    more = int(tail.get("in_bad_years", 0))
    return (
        f"VaR and ES: the {count(tail['draws'])} draws and {count(more)} more in bad years, each with its "
        "weight (importance sampling)."
        if more
        else ""
    )


def _amount(value: float | None, book: Credit) -> Cell:
    if value is None:
        return Cell(DASH)
    return Cell(percent(value / book.balance), detail=money(value, book.currency))


def _estimate(found: list[float] | None, book: Credit) -> Cell:
    if found is None:
        return Cell(DASH)
    value, low, high = found
    span = f"[{number(low / book.balance * 100)}, {number(high / book.balance * 100)}]"
    return Cell(f"{percent(value / book.balance)} {span}", detail=money(value, book.currency))
