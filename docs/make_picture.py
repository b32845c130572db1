"""Draw docs/picture.png, the picture of the README, from a finished run.

    python docs/make_picture.py runs/demo

Three drawings of the run's own report side by side: the price fan of one asset under base and stress, one
injected scheme, and defaults by month and sector under base and stress. The same run gives the same picture.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from finsim.records.graph import account_graph
from finsim.report.colors import SERIES, drawn
from finsim.report.figures.credit_figures import draw_heat, moved
from finsim.report.figures.market_data import fan, read_market, stride_of, years_of
from finsim.report.figures.market_figures import Band, anchors_of, draw_fan
from finsim.report.figures.payment_data import choose_scheme, read_payments
from finsim.report.figures.scheme_figures import draw_graph, flows_of, layout, roles_of
from finsim.report.number_text import spoken
from finsim.report.run_folder import RunFolder, open_folder
from finsim.report.sections.world_sections import read_books, scheme_count
from finsim.report.svg_figure import drawing

WIDTH, HEIGHT, DPI, YEARS = 12.0, 6.0, 100, 5.0


def paths(run: RunFolder, axes: Any) -> str:
    """Draw the fan of the last asset, base against the last stress drawn; return the heading."""
    market = read_market(run)
    if market is None or not market.stressed:
        raise SystemExit("this run has no stressed market tables")
    label, stressed = list(market.stressed.items())[-1]
    asset = market.assets[-1]
    stride = stride_of(market.base)
    years = years_of(market.base.dates[::stride])
    kept = years <= years[0] + YEARS
    bands = [
        Band(name, colour, fan(found, market.assets.index(asset), stride)[:, kept])
        for name, colour, found in ((run.base, "base", market.base), (label, "stress", stressed))
    ]
    draw_fan(axes, bands, years[kept], anchors_of(run, label, asset))
    axes.set_xlim(years[0], years[kept][-1])
    for band, share in zip(bands, (0.94, 0.03), strict=True):
        colour = drawn(band.colour)
        axes.text(0.98, share, band.label, transform=axes.transAxes, ha="right", fontsize=10.5, color=colour)
    return f"{market.paths} joint paths, {asset}"


def scheme(run: RunFolder, axes: Any) -> str:
    """Draw the accounts and flows of one injected scheme; return the heading."""
    payments = read_payments(run, run.base, full=True)
    patterns = run.table("transactions", run.base, "patterns")
    found = None if payments is None else choose_scheme(payments, patterns)
    if found is None:
        raise SystemExit("this run has no illicit scheme")
    frame = found.rows.to_pandas()
    roles = {account: role.partition(",")[0] for account, role in roles_of(frame, {}).items()}
    graph = account_graph(found.rows)
    phases = list(dict.fromkeys(frame["phase"].astype(str)))
    colours = {phase: SERIES[k % len(SERIES)] for k, phase in enumerate(phases)}
    draw_graph(axes, layout(graph, roles), flows_of(graph), colours, 9.0)
    for k, phase in enumerate(phases):
        x, y = (k % 3) / 3 + 0.02, -0.03 - 0.06 * (k // 3)
        colour = drawn(colours[phase])
        axes.text(x, y, f"\u2192 {spoken(phase)}", transform=axes.transAxes, fontsize=10.5, color=colour)
    rows = payments.rows if payments else 0
    return f"{scheme_count(run)} schemes, {rows / 1e6:.1f} m payments"


def defaults(run: RunFolder, upper: Any, lower: Any) -> str:
    """Draw defaults by month and sector, base above the worst stress; return the heading."""
    books = moved(read_books(run), run.base)
    worst = max(books, key=lambda label: books[label].rate)
    top = max(int(books[label].defaults.max()) for label in (run.base, worst))
    for axes, label, colour in ((upper, run.base, "base"), (lower, worst, "stress")):
        draw_heat(axes, books[label], top)
        axes.set_title(label, loc="left", fontsize=10.5, color=drawn(colour))
        axes.tick_params(labelsize=9)
    return "Defaults by month and sector"


def draw(folder: Path) -> Path:
    """Draw the picture of a run; return its path."""
    run = open_folder(folder, None)
    with drawing():
        figure = Figure(figsize=(WIDTH, HEIGHT), facecolor="white")
        FigureCanvasAgg(figure)
        left, middle = figure.add_axes((0.055, 0.1, 0.27, 0.76)), figure.add_axes((0.36, 0.16, 0.31, 0.7))
        upper, lower = figure.add_axes((0.77, 0.52, 0.22, 0.3)), figure.add_axes((0.77, 0.1, 0.22, 0.3))
        headings = [paths(run, left), scheme(run, middle), defaults(run, upper, lower)]
        for x, heading in zip((0.02, 0.375, 0.705), headings, strict=True):
            figure.text(x, 0.93, heading, fontsize=13, fontweight="bold")
        target = Path(__file__).with_name("picture.png")
        figure.savefig(target, dpi=DPI, metadata={"Software": None}, pil_kwargs={"optimize": True})
    return target


if __name__ == "__main__":
    print(draw(Path(sys.argv[1])))
