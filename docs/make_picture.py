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
from finsim.report.colours import SERIES, placeholder
from finsim.report.credit_figures import draw_heat, moved
from finsim.report.figure import drawing
from finsim.report.market_data import fan, read_market, stride_of, years_of
from finsim.report.market_figures import Band, anchors_of, draw_fan
from finsim.report.payment_data import choose_scheme, read_payments
from finsim.report.run_folder import RunFolder, open_folder
from finsim.report.scheme_figures import draw_graph, flows_of, kinds_of, layout, roles_of
from finsim.report.wording import spoken
from finsim.report.world_sections import read_books

WIDTH, HEIGHT, DPI = 12.0, 6.0, 100
ASSET = 0


def paths(run: RunFolder, axes: Any) -> str:
    """Draw the fan of one asset, base against the deepest stress; return the heading."""
    market = read_market(run)
    if market is None:
        raise SystemExit("this run has no market tables")
    label, stressed = next(iter(market.stressed.items()))
    stride = stride_of(market.base)
    bands = [
        Band(name, colour, fan(found, ASSET, stride))
        for name, colour, found in ((run.base, "base", market.base), (label, "stress", stressed))
    ]
    asset = market.assets[ASSET]
    draw_fan(axes, bands, years_of(market.base.dates[::stride]), anchors_of(run, label, asset))
    for band, share in zip(bands, (0.93, 0.05), strict=True):
        axes.text(
            0.97, share, band.label, transform=axes.transAxes, ha="right", color=placeholder(band.colour)
        )
    return f"Markets: {asset}, {market.paths} paths"


def scheme(run: RunFolder, axes: Any) -> str:
    """Draw the accounts and flows of one injected scheme; return the heading."""
    payments = read_payments(run, run.base, full=True)
    found = (
        None if payments is None else choose_scheme(payments, run.table("transactions", run.base, "patterns"))
    )
    if found is None:
        raise SystemExit("this run has no illicit scheme")
    frame = found.rows.to_pandas()
    accounts = run.table("transactions", run.base, "accounts", ["account_id", "kind"])
    wanted = set(frame["from_account"]) | set(frame["to_account"])
    graph = account_graph(found.rows)
    phases = list(dict.fromkeys(frame["phase"].astype(str)))
    colours = {phase: SERIES[k % len(SERIES)] for k, phase in enumerate(phases)}
    draw_graph(
        axes, layout(graph, roles_of(frame, kinds_of(accounts, wanted))), flows_of(graph), colours, 7.5
    )
    for k, phase in enumerate(phases):
        axes.text(
            k / len(phases), -0.07, spoken(phase), transform=axes.transAxes, color=placeholder(colours[phase])
        )
    return f"Money: one {spoken(str(found.pattern['narrative']))}"


def defaults(run: RunFolder, upper: Any, lower: Any) -> str:
    """Draw defaults by month and sector, base above the worst stress; return the heading."""
    books = moved(read_books(run), run.base)
    worst = max(books, key=lambda label: books[label].rate)
    top = max(int(books[label].defaults.max()) for label in (run.base, worst))
    for axes, label, colour in ((upper, run.base, "base"), (lower, worst, "stress")):
        draw_heat(axes, books[label], top)
        axes.set_title(label, loc="left", fontsize=9, color=placeholder(colour))
        axes.tick_params(labelsize=8)
    return "Loans: defaults by month and sector"


def draw(folder: Path) -> Path:
    """Draw the picture of a run; return its path."""
    run = open_folder(folder, None)
    with drawing():
        figure = Figure(figsize=(WIDTH, HEIGHT), facecolor="white")
        FigureCanvasAgg(figure)
        left, middle = figure.add_axes((0.04, 0.1, 0.27, 0.74)), figure.add_axes((0.335, 0.12, 0.31, 0.72))
        upper, lower = figure.add_axes((0.755, 0.51, 0.235, 0.33)), figure.add_axes((0.755, 0.1, 0.235, 0.33))
        headings = [paths(run, left), scheme(run, middle), defaults(run, upper, lower)]
        for x, heading in zip((0.015, 0.345, 0.685), headings, strict=True):
            figure.text(x, 0.93, heading, fontsize=12.5, fontweight="bold")
        target = Path(__file__).with_name("picture.png")
        figure.savefig(target, dpi=DPI, metadata={"Software": None}, pil_kwargs={"optimize": True})
    return target


if __name__ == "__main__":
    print(draw(Path(sys.argv[1])))
