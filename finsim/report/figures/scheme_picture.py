"""A picture of one scheme as a file: accounts and flows above, payments over time below."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from finsim.extras import Later
from finsim.notation import NANOS_PER_DAY
from finsim.records.graph import edges
from finsim.records.storage import replacing
from finsim.report.colors import SERIES, drawn
from finsim.report.figures.scheme_figures import draw_graph, flows_of, layout, roles_of
from finsim.report.number_text import spoken
from finsim.report.svg_figure import drawing

mpl_figure = Later("matplotlib.figure", "report")
backend_agg = Later("matplotlib.backends.backend_agg", "report")

WIDTH, HEIGHT, DPI = 11.0, 7.0, 100


def write_scheme_picture(rows: pa.Table, kinds: dict[int, str], title: str, path: Path) -> None:
    """Write a PNG of one scheme: ``rows`` its payments, ``kinds`` the kind of each account.

    The same rows give the same bytes on one machine. Raises StudyError without matplotlib.
    """
    frame = rows.to_pandas()
    phases = list(dict.fromkeys(frame["phase"].astype(str)))
    colours = {phase: SERIES[k % len(SERIES)] for k, phase in enumerate(phases)}
    payments = edges(rows)
    with drawing():
        figure = mpl_figure.Figure(figsize=(WIDTH, HEIGHT), facecolor="white")
        backend_agg.FigureCanvasAgg(figure)
        upper, lower = figure.add_axes((0.03, 0.38, 0.94, 0.54)), figure.add_axes((0.14, 0.09, 0.83, 0.25))
        draw_graph(upper, layout(payments, roles_of(frame, kinds)), flows_of(payments), colours)
        draw_times(lower, frame, colours)
        figure.text(0.03, 0.95, title, fontsize=12, fontweight="bold")
        with replacing(path) as temporary:
            figure.savefig(temporary, format="png", dpi=DPI, metadata={"Software": None})


def draw_times(axes: Any, frame: pd.DataFrame, colours: dict[str, str]) -> None:
    """Draw payments as dots over the days since the first, a line per phase; declined ones as crosses."""
    nanos = frame["ts"].dt.as_unit("ns").astype("int64").to_numpy()
    days = (nanos - nanos.min()) / NANOS_PER_DAY
    amount = frame["amount"].to_numpy().astype(np.float64)
    size = 12 + 130 * np.sqrt(amount / max(float(amount.max()), 1.0))
    lost = frame["status"].astype(str).eq("declined").to_numpy()
    for line, (phase, colour) in enumerate(colours.items()):
        mine = frame["phase"].astype(str).eq(phase).to_numpy()
        ours, declined = mine & ~lost, mine & lost
        axes.scatter(days[ours], np.full(ours.sum(), line), s=size[ours], color=drawn(colour), alpha=0.55)
        axes.scatter(days[declined], np.full(declined.sum(), line), s=26, color=drawn("quiet"), marker="x")
    axes.set_yticks(range(len(colours)), [spoken(phase) for phase in colours])
    axes.set_ylim(len(colours) - 0.4, -0.6)
    axes.set_xlabel(f"days after the first payment, {frame['ts'].min():%Y-%m-%d %H:%M} UTC")
