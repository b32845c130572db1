"""The path of the CET1 ratio under each scenario: one plot and one table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from finsim.report.colors import drawn
from finsim.report.figures.credit_data import Credit
from finsim.report.number_text import money, percent, tick
from finsim.report.page_elements import Cell, Figure, Key, Table
from finsim.report.run_folder import RunFolder
from finsim.report.svg_figure import Frame, panel

HEAD = (
    "scenario",
    "lowest CET1 ratio",
    "at",
    "CET1 ratio at the end",
    "income",
    "losses",
    "allowances",
    "RWA",
)
NOTE = (
    "The book as a bank of its own with a static balance sheet: what is repaid or lost is lent anew to loans "
    "of the same grade. Income is interest less funding and costs; sums are of the whole path, before tax "
    "and dividends. `cet1_ratio`, `cost_to_income` and `funding_rate` of the study say what the book cannot."
)
Paths = Mapping[str, Sequence[Mapping[str, Any]]]


def capital_paths(run: RunFolder, books: Mapping[str, Credit]) -> Paths:
    """Return the quarters of each scenario as the run noted them, where there are at least two."""
    noted = {label: run.facts("credit", label).get("capital", []) for label in books}
    return {label: records for label, records in noted.items() if len(records) > 1}


def capital_figure(run: RunFolder, paths: Paths) -> Figure:
    """Return the CET1 ratio at quarter ends, one line a scenario."""
    longest = max(paths.values(), key=len)
    dates = [str(one["date"])[:7] for one in longest]
    ratios = {label: [float(one["cet1_ratio"]) for one in records] for label, records in paths.items()}
    colour = {label: run.colour(label) for label in paths}

    def draw(axes: Any) -> None:
        for label, values in ratios.items():
            axes.plot(range(len(values)), values, "-o", ms=3.2, color=drawn(colour[label]))
        every = max(1, len(dates) // 6)
        axes.set_xticks(range(0, len(dates), every), dates[::every])
        axes.yaxis.set_major_formatter(lambda y, _: tick(round(y * 100, 6), " %"))

    lows = {label: min(values) for label, values in ratios.items()}
    text = "; ".join(
        f"{label}: lowest {percent(low)}, end {percent(ratios[label][-1])}" for label, low in lows.items()
    )
    says = (
        "CET1 capital over risk-weighted assets at quarter ends: capital grows by income and falls by losses "
        "and by what is set aside."
    )
    plotted = panel("capital", "", f"CET1 ratio. {text}.", draw, Frame(width=900, height=260))
    keys = [Key(colour[label], "line", label) for label in paths]
    return Figure(
        "capital", "Capital under each scenario", says, [plotted], {"paths": paths}, keys, columns=1
    )


def capital_table(paths: Paths, books: Mapping[str, Credit]) -> Table:
    """Return the lowest ratio of each scenario, and the sums of its path."""
    rows: list[list[Cell | str]] = []
    for label, records in paths.items():
        worst = min(records, key=lambda one: float(one["cet1_ratio"]))
        sums = [sum(float(one[name]) for one in records) for name in ("income", "loss", "allowance_growth")]
        last, currency = records[-1], books[label].currency
        rows.append(
            [
                label,
                percent(float(worst["cet1_ratio"])),
                str(worst["date"]),
                percent(float(last["cet1_ratio"])),
                *(money(one, currency) for one in (*sums, float(last["rwa"]))),
            ]
        )
    return Table(
        "capital",
        "Capital of a bank that holds the book",
        HEAD,
        rows,
        "lrlrrrrr",
        {"paths": paths},
        note=NOTE,
    )
