"""Figures of the transactions: amounts by phase, daily profile, illicit payments by scenario."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from finsim.notation import Float1D, minor_units
from finsim.report.colors import drawn
from finsim.report.figures.payment_data import GROUPS, Payments
from finsim.report.number_text import count, number, percent, plural, spoken
from finsim.report.page_elements import Figure, Key, Panel
from finsim.report.run_folder import RunFolder
from finsim.report.svg_figure import LINES, Frame, panel, plain_log_axis

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
_GROUP_COLOURS = {"ordinary": "real", "fraud": "stress", "laundering": "c3"}


def amounts(payments: Payments, patterns: pa.Table, currency: str) -> Figure:
    """Return the amounts of each story phase by phase, beside those of ordinary payments."""
    frame = payments.frame()
    usual = _levels(payments.ordinary)
    data: dict[str, Any] = {
        "quantiles": list(LEVELS),
        "unit": "minor units",
        "ordinary": usual,
        "stories": {},
    }
    decoys = set(patterns.filter(patterns["decoy"])["narrative"].cast(pa.string()).to_pylist())
    panels = []
    stories = {str(name): rows for name, rows in frame.groupby("narrative", observed=True)}
    for name in sorted(stories, key=lambda name: (name in decoys, name)):
        phases = _phases(stories[name])
        data["stories"][name] = {"decoy": name in decoys, "phases": phases}
        panels.append(_amount_panel(name, phases, usual, name in decoys, currency))
    says = (
        "What each story pays in each of its phases, on a logarithmic axis, posted and declined attempts "
        "alike: dot for the median, thick bar for the middle half, thin bar for 5 to 95 %. The grey row is "
        "ordinary life; a phase far from it can be found by its amount alone. Decoys are benign stories of "
        "the same shape."
    )
    keys = [
        Key("c1", "bar", "illicit story"),
        Key("c2", "bar", "decoy (benign)"),
        Key("quiet", "bar", "ordinary payments"),
    ]
    return Figure("amounts", "Amounts by phase", says, panels, data, keys)


def _levels(values: Float1D) -> list[float] | None:
    return np.quantile(values, LEVELS).tolist() if len(values) else None


def _phases(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """Return amounts, rows and declined share of each phase, in the order in which phases begin."""
    begins = rows.groupby("instance", observed=True)["ts"].transform("min")
    offset = (rows["ts"] - begins).astype("int64")
    order = offset.groupby(rows["phase"].astype(str)).median().sort_values(kind="stable").index
    found = []
    for phase in order:
        own = rows[rows["phase"].astype(str) == phase]
        declined = float((own["status"].astype(str) == "declined").mean())
        found.append(
            {
                "phase": str(phase),
                "rows": len(own),
                "declined_share": declined,
                "amount": _levels(own["amount"].to_numpy().astype(np.float64)),
            }
        )
    return found


def _amount_panel(
    name: str, phases: list[dict[str, Any]], usual: list[float] | None, decoy: bool, currency: str
) -> Panel:
    rows = [(spoken(p["phase"]), p["amount"], "c2" if decoy else "c1") for p in phases]
    if usual is not None:
        rows.append(("ordinary", usual, "quiet"))

    unit = minor_units(currency)
    least = 1 / unit

    def draw(axes: Any) -> None:
        for k, (_, levels, colour) in enumerate(rows):
            q = np.maximum(np.array(levels) / unit, least)
            axes.plot(q[[0, 4]], [k, k], color=drawn(colour), lw=1.2)
            axes.plot(q[[1, 3]], [k, k], color=drawn(colour), lw=5.0, alpha=0.55)
            axes.plot(q[2], k, "o", ms=5, color=drawn(colour), mec=drawn("page"), mew=0.8)
        axes.set_xscale("log")
        every = np.array([levels for _, levels, _ in rows]) / unit
        low, high = max(every.min() * 0.6, least), every.max() * 1.6
        ticks = [10.0**e for e in range(-3, 9) if low <= 10.0**e <= high]
        plain_log_axis(axes.xaxis, ticks, [count(t) if t >= 1 else number(t, 1) for t in ticks])
        axes.set_xlim(low, high)
        axes.set_yticks(range(len(rows)), [name for name, _, _ in rows])
        axes.set_ylim(len(rows) - 0.4, -0.6)
        axes.grid(visible=False, axis="y")
        axes.spines["left"].set_visible(False)
        axes.set_xlabel(f"amount{f', {currency}' if currency else ''}")

    parts = [
        f"{spoken(p['phase'])}: median {number(p['amount'][2] / unit, 3)}, {plural(p['rows'], 'row')}, "
        f"{percent(p['declined_share'], 2)} declined"
        for p in phases
    ]
    text = f"Amounts of {spoken(name)} by phase. {'; '.join(parts)}."
    widest = max(len(label) for label, _, _ in rows)
    frame = Frame(height=58 + 30 * len(rows), left=min(18 + int(5.8 * widest), 180))
    title = f"{spoken(name)} ({'decoy, ' if decoy else ''}{plural(sum(p['rows'] for p in phases), 'row')})"
    return panel(f"amount-{name}".replace("_", "-"), title, text, draw, frame)


def hours(payments: Payments) -> Figure:
    """Return the share of rows in each hour of the day, ordinary against fraud and laundering."""
    shares = {
        name: payments.hours[k] / payments.hours[k].sum()
        for k, name in enumerate(GROUPS)
        if payments.hours[k].sum()
    }

    def draw(axes: Any) -> None:
        clock = np.arange(25)
        for name, values in shares.items():
            shade = drawn(_GROUP_COLOURS[name])
            style = {"fraud": "--", "laundering": ":"}.get(name, "-")
            axes.step(clock, np.r_[values, values[-1]] * 100, where="post", color=shade, ls=style)
        axes.set_xlim(0, 24)
        axes.set_ylim(0, None)
        axes.set_xticks(range(0, 25, 4), [f"{h}:00" for h in range(0, 25, 4)])
        axes.yaxis.set_major_formatter("{x:g} %")
        axes.set_xlabel("hour of the day, UTC")
        axes.grid(visible=False, axis="x")

    parts = [
        f"{name} peaks at {int(v.argmax())}:00 with {percent(float(v.max()), 2)} of its rows"
        for name, v in shares.items()
    ]
    night = {name: float(values[:6].sum()) for name, values in shares.items()}
    says = (
        "The share of each group's rows by hour. A story that works while its victim sleeps, or that hides "
        "in business hours, differs here from ordinary life; between 0:00 and 6:00 fall "
        + ", ".join(f"{percent(v, 2)} of {name} rows" for name, v in night.items())
        + "."
    )
    keys = [Key(_GROUP_COLOURS[n], {"fraud": "dash", "laundering": "dots"}.get(n, "line"), n) for n in shares]
    text = f"Rows by hour of the day: {'; '.join(parts)}."
    plotted = panel("hours", "", text, draw, Frame(width=640, height=240))
    data = {"groups": {name: payments.hours[k] for k, name in enumerate(GROUPS)}}
    return Figure("hours", "The day's profile", says, [plotted], data, keys, columns=1)


def waves(run: RunFolder, by_label: Mapping[str, Payments]) -> Figure | None:
    """Return illicit rows a week where they differ from those of the base; None if none does."""
    weekly = {label: _weekly(p) for label, p in by_label.items()}
    base = run.base
    other = [label for label in weekly if label != base and not np.array_equal(weekly[label], weekly[base])]
    if not other:
        return None
    shown = [base, *other]
    colour = {label: run.colour(label) for label in shown}
    first = by_label[base].first_day

    def draw(axes: Any) -> None:
        for label in shown:
            values = weekly[label]
            weeks = np.arange(len(values) + 1)
            axes.step(weeks, np.r_[values, values[-1]], where="post", color=drawn(colour[label]),
                      ls=LINES[run.form(label)])  # fmt: skip
        axes.set_xlim(0, max(len(weekly[label]) for label in shown))
        axes.set_ylim(0, None)
        axes.locator_params(axis="x", integer=True)
        axes.set_xlabel(f"week from {first}")
        axes.grid(visible=False, axis="x")

    totals = {label: by_label[label].illicit for label in shown}
    text = (
        "Illicit rows by week. Totals: "
        + ", ".join(f"{label} {count(v)}" for label, v in totals.items())
        + "."
    )
    most = max(other, key=lambda label: totals[label])
    says = (
        f"Rows labelled fraud or laundering, by week. {most} has "
        f"{number(totals[most] / max(totals[base], 1), 3)} times the rows of {base} in all; ordinary orders "
        "are the same in every scenario whose economy does not move. The last week may be cut short by the "
        "end of the period."
    )
    keys = [
        Key(colour[label], run.form(label), f"{label}, {plural(totals[label], 'row')}") for label in shown
    ]
    plotted = panel("waves", "", text, draw, Frame(width=640, height=240))
    data = {"first_day": str(first), "weekly": weekly}
    return Figure("waves", "Illicit payments under the scenarios", says, [plotted], data, keys, columns=1)


def _weekly(payments: Payments) -> Float1D:
    illicit = payments.days[1:].sum(axis=0)
    padded = np.pad(illicit, (0, -len(illicit) % 7))
    return np.asarray(padded.reshape(-1, 7).sum(axis=1))
