"""Default links of commercial property: published supervisory loss rates, and charge-offs of real loans.

    python benchmarks/default_links.py [sba_california_loans.csv.gz]

First the nine-quarter loss rates of the shipped links beside those published for 2024, 2025 and 2026. Then
mixes of unemployment, BBB spread and property prices, each of one scale that meets 8.8 in 2026 (parts are
those at the extremes of the 2026 path). With the table of small-business loans: probit of the quarterly
charge-off, 2002 to 2012, on age bands and the mix, log-likelihood with moves 0 and 4 quarters earlier
(nothing of 2024 to 2026 is in it).
"""

from __future__ import annotations

import gzip
import sys
from dataclasses import replace
from datetime import date

import pandas as pd
import statsmodels.api as sm
from scipy.optimize import brentq

from finsim import documents
from finsim.credit.measures import nine_quarter_loss_rates
from finsim.records.calendar import Clock
from finsim.records.drivers import Drivers
from finsim.scenarios import drivers, load

CLOCK = Clock(date(2025, 12, 31), 2, 1, 39)
PUBLISHED = {
    2024: {"cards": 17.6, "mortgage": 2.3, "heloc": 4.1, "cre": 8.8, "corporate": 8.0, "consumer": 7.2},
    2025: {"cards": 16.9, "mortgage": 1.9, "heloc": 3.4, "cre": 7.2, "corporate": 8.4, "consumer": 5.3},
    2026: {"cards": 17.1, "mortgage": 1.5, "heloc": 3.2, "cre": 8.8, "corporate": 9.0, "consumer": 7.3},
}
EXTREMES = {"unemployment": -5.5, "bbb_spread": -4.7, "cre_prices": 38.8}
MIXES = {
    "former link": (0.0, 0.302, 0.698),
    "jobs": (1.0, 0.0, 0.0),
    "spread": (0.0, 1.0, 0.0),
    "price": (0.0, 0.0, 1.0),
    "jobs, price (shipped)": (0.5, 0.0, 0.5),
    "a quarter, a quarter, half": (0.25, 0.25, 0.5),
    "thirds": (1 / 3, 1 / 3, 1 / 3),
    "as corporate": (0.4, 0.6, 0.0),
}


def betas(parts: tuple[float, float, float], scale: float) -> dict[str, float]:
    """Return the link of a mix: z per point or percent."""
    pairs = zip(EXTREMES.items(), parts, strict=True)
    return {name: scale * part / extreme for (name, extreme), part in pairs}


def loss(moved: Drivers, link: dict[str, float]) -> float:
    """Return the nine-quarter loss rate of commercial property under a link, in percent."""
    credit = replace(moved.credit, betas={**moved.credit.betas, "cre": link})
    return 100.0 * nine_quarter_loss_rates(replace(moved, credit=credit), ["cre"])["cre"]


def charge_offs(path: str) -> pd.DataFrame:
    """Return one row a loan and quarter at risk: ``quarter``, ``age`` in quarters, ``hit``."""
    table = pd.read_csv(path)
    start = pd.to_datetime(table["DisbursementDate"])
    off = pd.to_datetime(table["ChgOffDate"])
    bad = (table["Default"] == 1) & off.notna()
    last = off.where(bad, start + pd.to_timedelta(table["daysterm"], unit="D"))
    first, end = (part.dt.to_period("Q").astype("int64") for part in (start, last))
    rows = [
        (t, t - a, hit and t == b)
        for a, b, hit in zip(first, end, bad, strict=True)
        for t in range(a + 1, b + 1)
    ]
    found = pd.DataFrame(rows, columns=["ordinal", "age", "hit"])
    found["quarter"] = pd.PeriodIndex.from_ordinals(found["ordinal"], freq="Q")
    return found[(found["quarter"] >= "2002Q1") & (found["quarter"] <= "2012Q4")]


def history() -> pd.DataFrame:
    """Return moves from 2007Q3 by quarter, of the bundled history."""
    with gzip.open(documents.shipped("data") / "dfast_2025.csv.gz") as stream:
        table = pd.read_csv(stream)
    table = table[table["Scenario Name"] == "Actual"]
    table.index = pd.PeriodIndex(table["Date"].str.replace(" ", ""), freq="Q")
    levels = pd.DataFrame(
        {
            "unemployment": table["Unemployment rate"],
            "bbb_spread": table["BBB corporate yield"] - table["10-year Treasury yield"],
            "cre_prices": table["Commercial Real Estate Price Index (Level)"],
        }
    )
    before = levels.loc["2007Q3"]
    return (levels - before).assign(cre_prices=100.0 * (levels["cre_prices"] / before["cre_prices"] - 1.0))


def likelihood(rows: pd.DataFrame, z: pd.Series | None) -> float:
    """Return the log-likelihood of charge-offs given age bands and, where given, z of the quarter."""
    design = pd.get_dummies(pd.cut(rows["age"], [0, 4, 8, 12, 16, 20, 24, 32, 400])).astype(float)
    design.columns = [str(name) for name in design.columns]
    if z is not None:
        design["z"] = z.reindex(rows["quarter"]).to_numpy()
    family = sm.families.Binomial(sm.families.links.Probit())
    return float(sm.GLM(rows["hit"].astype(float), design, family=family).fit().llf)


def main() -> None:
    """Print both tables."""
    moved = {year: drivers(load(f"dfast-severely-adverse-{year}"), CLOCK) for year in PUBLISHED}
    for year, one in moved.items():
        found = nine_quarter_loss_rates(one)
        told = [f"{name} {100 * found[name]:.1f} ({rate})" for name, rate in PUBLISHED[year].items()]
        print(f"{year}, model (published): " + ", ".join(told))
    rows, past = (charge_offs(sys.argv[1]), history()) if len(sys.argv) > 1 else (None, None)
    if rows is not None:
        count, none = int(rows["hit"].sum()), likelihood(rows, None)
        print(f"{count} charge-offs, {len(rows)} loan quarters, no driver {none:.0f}")
    for name, parts in MIXES.items():
        scale = brentq(lambda size, parts=parts: loss(moved[2026], betas(parts, size)) - 8.8, 0.1, 9.0)
        link = betas(parts, scale)
        line = f"{name}: 2024 {loss(moved[2024], link):.1f}, 2025 {loss(moved[2025], link):.1f}"
        if rows is not None:
            z = sum(beta * past[variable] for variable, beta in link.items())
            line += ", log-likelihood " + ", ".join(f"{likelihood(rows, z.shift(lag)):.0f}" for lag in (0, 4))
        print(line)


if __name__ == "__main__":
    main()
