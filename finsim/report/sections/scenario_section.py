"""Scenarios: what they say about the drivers, and whether the worlds followed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from finsim.notation import Dates1D, Float1D
from finsim.report.border import drawn_or_said
from finsim.report.colors import drawn
from finsim.report.figures.market_data import years_of
from finsim.report.number_text import DASH, MINUS, number, percent, plural, spoken, tick
from finsim.report.page_elements import Cell, Figure, Key, Panel, Section, Table
from finsim.report.run_folder import RunFolder
from finsim.report.svg_figure import LINES, Frame, drawing, panel

MOST_PANELS = 12
_FIRST = ("equity_move", "jump", "vol_mult", "corr_blend")
_TITLES = {
    "equity_move": ("equity, move from jump-off", 100.0, " %"),
    "vol_mult": ("volatility, multiple", 1.0, "×"),
    "corr_blend": ("correlation, blend towards 1", 1.0, ""),
    "spread_mult": ("bid-ask spread, multiple", 1.0, "×"),
    "depth_mult": ("depth of the order book, multiple", 1.0, "×"),
    "jump": ("equity jump, log return", 1.0, ""),
}
_MACRO = (
    "unemployment", "gdp_growth", "house_prices", "bbb_spread", "cre_prices", "treasury_10y", "treasury_3m",
    "mortgage_rate", "inflation", "vix",
)  # fmt: skip


@dataclass(frozen=True)
class Curve:
    """One driver under one scenario: dates and values."""

    dates: Dates1D
    values: Float1D


def scenario_section(run: RunFolder) -> Section:
    """Return the scenarios with their driver paths and the outcomes of their expectations."""
    title = "Scenarios"
    if not run.labels:
        return Section("scenarios", title, absent=["The manifest names no scenario."])
    blocks: list[object] = [_list(run)]
    blocks += [table] if (table := _feedback(run)) else []
    figure = drawn_or_said("The drivers", lambda: driver_figure(run))
    if figure is not None:
        blocks.append(figure)
    elif run.stressed:
        blocks.append("No scenario of this run moves a driver, so no path is drawn.")
    blocks.append(expectations(run) or "No scenario of this run states an expectation about itself.")
    lead = (
        "A scenario is a stated story, not a forecast. All worlds of one scenario read the same drivers on "
        "the same calendar, so that a market fall, a wave of defaults and a wave of fraud belong to one "
        "world."
    )
    return Section("scenarios", title, lead, blocks)


def _list(run: RunFolder) -> Table:
    rows: list[list[Cell | str]] = []
    data: dict[str, Any] = {}
    for label in run.labels:
        item = run.manifest.get("scenarios", {}).get(label, {})
        weight = (item.get("probability") or {}).get("weight")
        chance = percent(weight, 3) if isinstance(weight, int | float) and label != run.base else ""
        severity = number(float(item.get("severity", 1.0)), 2)
        rows.append(
            [Cell(label, code=True), run.title_of(label), str(item.get("kind", "")), severity, chance]
        )
        data[label] = {name: item.get(name) for name in ("title", "kind", "severity", "narrative", "sha256")}
    return Table(
        "scenario-list",
        "Scenarios of this run; severity 1 is the file as written, weight the yearly probability its "
        "author gives it",
        ("scenario", "title", "kind", "severity", "weight"),
        rows,
        "lllrr",
        data,
    )


def _feedback(run: RunFolder) -> Table | None:
    """Return what each scenario set off, where the study has feedback; None where nothing acts back."""
    noted = {label: run.manifest.get("scenarios", {}).get(label, {}).get("feedback") for label in run.labels}
    data = {label: one for label, one in noted.items() if one}
    if not data:
        return None
    rows: list[list[Cell | str]] = [
        [
            Cell(label, code=True),
            number(one["gain"], 2),
            percent(max(one["shortfall"], key=abs) / 100.0, 2),
            "; ".join(f"{spoken(name)} {number(move, 2)}" for name, move in one["added"].items()),
        ]
        for label, one in data.items()
    ]
    return Table(
        "feedback",
        "What spending and lending set off, added to the macro path; a loop with a gain below 1 dies out; "
        "moves are points, prices percent",
        ("scenario", "loop gain", "largest shortfall of demand, of GDP", "largest moves added"),
        rows,
        "lrrl",
        data,
    )


def driver_figure(run: RunFolder) -> Figure | None:
    """Return small panels, one for each driver that a scenario moves; None if none is moved."""
    found = drivers(run)
    moved = {name: curves for name, curves in found.items() if _is_moved(name, curves)}
    if not moved:
        return None
    shown = sorted(moved, key=_rank)[:MOST_PANELS]
    stressed = [label for label in run.labels if any(label in moved[name] for name in shown)]
    units = _units(run)
    with drawing():
        panels = [_driver_panel(run, name, moved[name], units.get(name, "")) for name in shown]
    hidden = [spoken(name) for name in sorted(moved, key=_rank)[MOST_PANELS:]]
    notes = ["Also moved, not drawn: " + ", ".join(hidden) + "."] if hidden else []
    keys = [Key(run.colour(label), run.form(label), label) for label in stressed]
    says = (
        "What each scenario says, on the shared clock: levels of equity at the scenario's steps (dots) with "
        "straight lines between them, multiples of volatility, moves of the economy, and multiples of the "
        "rates at which stories of fraud and laundering begin. A scenario that leaves a driver alone is not "
        "drawn in its panel."
    )
    data = {
        name: {
            label: {"dates": [str(d) for d in c.dates], "values": c.values}
            for label, c in moved[name].items()
        }
        for name in shown
    }
    return Figure("drivers", "Driver paths", says, panels, data, keys, notes, columns=3)


def drivers(run: RunFolder) -> dict[str, dict[str, Curve]]:
    """Return driver name -> scenario -> curve, from the driver tables; sessions are thinned to about 250."""
    found: dict[str, dict[str, Curve]] = {}
    for label in run.labels:
        for table_name in ("sessions", "months", "days"):
            if not run.has("drivers", table_name, label):
                continue
            table = run.table("drivers", label, table_name)
            dates = table["date"].to_numpy().astype("datetime64[D]")
            for name in table.column_names:
                if name == "date":
                    continue
                curve = _curve(name, dates, table[name].to_numpy().astype(np.float64))
                if not np.all(curve.values == _neutral(name)):
                    found.setdefault(name, {})[label] = curve
    return found


def _curve(name: str, dates: Dates1D, values: Float1D) -> Curve:
    """Return what is drawn of a driver: known values until it has been back to neutral for a while."""
    keep = ~np.isnan(values)
    if name == "equity_move":  # stated levels only; they start at zero on the jump-off day
        keep[0], values = True, np.r_[0.0, values[1:]]
    dates, values = dates[keep], values[keep]
    moved = np.flatnonzero(values != _neutral(name))
    end = min(len(values), int(moved[-1] * 1.05) + 3) if len(moved) else len(values)
    stride = max(1, -(-end // 250))
    kept = np.arange(0, end, stride)
    if name == "jump":  # lasts one session: thinning must not lose it
        around = (moved[:, None] + np.array([-1, 0, 1])).ravel()
        kept = np.union1d(kept, around[(around >= 0) & (around < end)])
    return Curve(dates[kept], values[kept])


def _neutral(name: str) -> float:
    return (
        1.0 if name.endswith("_mult") or ":" in name or name in ("late_payment", "cash_withdrawal") else 0.0
    )


def _is_moved(name: str, curves: Mapping[str, Curve]) -> bool:
    return any(len(curve.values) > 1 for curve in curves.values())


def _rank(name: str) -> tuple[int, int, str]:
    if name in _FIRST:
        return (0, _FIRST.index(name), name)
    if name in _MACRO[:4]:
        return (1, _MACRO.index(name), name)
    if name.startswith("fraud:"):
        return (2, 0, name)
    if name.startswith("aml:"):
        return (3, 0, name)
    return (4, _MACRO.index(name) if name in _MACRO else 99, name)


def _units(run: RunFolder) -> dict[str, str]:
    found: dict[str, str] = {}
    for item in run.manifest.get("scenarios", {}).values():
        for name, series in (item.get("macro") or {}).items():
            kind = str(series.get("kind", "")) if isinstance(series, Mapping) else ""
            found[name] = " %" if kind == "cum_return" else " pp" if kind == "delta" else ""
    return found


def _driver_panel(run: RunFolder, name: str, curves: Mapping[str, Curve], unit: str) -> Panel:
    title, factor, sign = _title(name, unit)

    def draw(axes: Any) -> None:
        axes.axhline(_neutral(name) * factor, color=drawn("line"), lw=1.0)
        for label, curve in curves.items():
            axes.plot(
                years_of(curve.dates),
                curve.values * factor,
                color=drawn(run.colour(label)),
                ls=LINES[run.form(label)],
                marker="o" if name == "equity_move" else None,
                ms=2.6,
                lw=1.5,
            )
        axes.locator_params(axis="y", nbins=5)
        axes.yaxis.set_major_formatter(lambda v, _: tick(round(v, 9), sign))
        _time_ticks(axes)
        axes.grid(visible=False, axis="x")

    parts = []
    for label, curve in curves.items():
        far = int(np.abs(curve.values - _neutral(name)).argmax())
        parts.append(
            f"{label} is furthest at {number(curve.values[far] * factor)}{sign} on {curve.dates[far]}"
        )
    slug = "driver-" + name.replace(":", "-").replace("_", "-")
    frame = Frame(width=320, height=180, left=54, bottom=28)
    return panel(slug, title, f"{title}: {'; '.join(parts)}.", draw, frame)


def _title(name: str, unit: str) -> tuple[str, float, str]:
    """Return the heading of a driver, the factor from its values to what is shown, and the unit's sign."""
    if name in _TITLES:
        return _TITLES[name]
    block, _, word = name.rpartition(":")
    kind = {"fraud": "rate", "aml": "rate", "": "move"}.get(block, block)
    return f"{spoken(word)}: {kind}", 1.0, "×" if _neutral(name) == 1.0 else unit


def _time_ticks(axes: Any) -> None:
    low, high = axes.get_xlim()
    if high - low > 1.2:
        axes.locator_params(axis="x", nbins=4, integer=True)
        axes.xaxis.set_major_formatter("{x:.0f}")
        return
    months = list(range(int(np.ceil(low * 12)), int(high * 12) + 1))
    kept = months[:: max(1, len(months) // 3)]
    axes.set_xticks([m / 12 for m in kept], [f"{m // 12}-{m % 12 + 1:02d}" for m in kept])


def _found(value: float | None) -> str:
    return DASH if value is None else f"{value:.4g}".replace("-", MINUS)


def expectations(run: RunFolder) -> Table | None:
    """Return the claims of the scenario files about their own effect, met or not; None without any."""
    rows: list[list[Cell | str]] = []
    tally = {True: 0, False: 0, None: 0}
    for label in run.labels:
        for item in run.scores("expectations").get(label, ()):
            met = item.get("met")
            tally[met] += 1
            word, mark = {True: ("met", "pass"), False: ("not met", "fail"), None: ("not measured", "none")}[
                met
            ]
            rows.append([
                Cell(label, code=True), Cell(str(item["metric"]), code=True),
                str(item["expected"]).replace("-", MINUS), _found(item.get("found")), Cell(word, mark),
            ])  # fmt: skip
    if not rows:
        return None
    caption = (
        f"What each file expects of its own effect: {plural(tally[True], 'claim')} met, {tally[False]} not "
        f"met, {tally[None]} not measured in this run"
    )
    head = ("scenario", "measure", "expected", "found", "outcome")
    return Table("expectations", caption, head, rows, "lllrl", dict(run.scores("expectations")))
