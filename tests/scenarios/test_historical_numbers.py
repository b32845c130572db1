"""The historical files against the series they cite: bundled tables, and prices where they are at hand."""

from __future__ import annotations

import gzip
from typing import Any

import numpy as np
import pandas as pd
import pytest

from finsim import documents
from finsim.scenarios import load
from finsim.scenarios.variables import VARIABLES

# File -> the quarter it moves from, in the history of the Federal Reserve.
BACK = {
    "disinflation-1981": "1981 Q2",
    "recession-1990": "1990 Q2",
    "bond-rout-1994": "1993 Q4",
    "dotcom-2000": "2000 Q1",
    "gfc-2008": "2007 Q3",
    "euro-crisis-2011": "2011 Q2",
    "china-2015": "2015 Q2",
    "covid-2020": "2019 Q4",
    "rates-shock-2022": "2021 Q4",
    "regional-banks-2023": "2022 Q4",
    "dfast-severely-adverse-2025": "2024 Q4",
}
# File -> the session that its moves of the S&P 500 are counted from.
CLOSES = {
    "oil-crisis-1973": "1973-09-28",
    "disinflation-1981": "1981-06-30",
    "black-monday-1987": "1987-08-25",
    "recession-1990": "1990-06-29",
    "bond-rout-1994": "1993-12-31",
    "ltcm-1998": "1998-07-17",
    "dotcom-2000": "2000-03-31",
    "gfc-2008": "2007-09-28",
    "flash-crash-2010": "2010-04-23",
    "euro-crisis-2011": "2011-06-30",
    "china-2015": "2015-06-30",
    "volatility-shock-2018": "2018-01-26",
}
# File -> the first day of its first quarter, and the years that its volatility is measured against.
QUIET = {
    "oil-crisis-1973": ("1973-10-01", "1950", "1972-12-31"),
    "disinflation-1981": ("1981-07-01", "1950", "1980-12-31"),
    "recession-1990": ("1990-07-01", "1950", "1989-12-31"),
    "bond-rout-1994": ("1994-01-01", "1950", "1989-12-31"),
    "dotcom-2000": ("2000-04-01", "1950", "1999-12-31"),
    "gfc-2008": ("2007-10-01", "1990", "2006-12-31"),
    "euro-crisis-2011": ("2011-07-01", "1990", "2006-12-31"),
    "china-2015": ("2015-07-01", "1990", "2006-12-31"),
}
# Files whose volatility is one pulse: the years it is measured against, the sessions it was fitted on.
PULSES = {
    "ltcm-1998": ("1950", "1997-12-31", 115),
    "flash-crash-2010": ("1990", "2006-12-31", 125),
    "volatility-shock-2018": ("1990", "2017-12-31", 125),
}
HALF = 0.0501  # half of the last digit of a file


def history(part: str = "Actual") -> pd.DataFrame:
    with gzip.open(documents.shipped("data") / "dfast_2025.csv.gz") as stream:
        table = pd.read_csv(stream)
    return table[table["Scenario Name"] == part].set_index("Date")


def moves_of(variable: str, rows: pd.DataFrame) -> pd.Series:
    columns = VARIABLES[variable].columns
    levels = rows[columns[0]] - (rows[columns[1]] if len(columns) > 1 else 0.0)
    return (
        levels / levels.iloc[0] * 100.0 - 100.0
        if VARIABLES[variable].kind == "cum_return"
        else levels - levels.iloc[0]
    )


def curve(name: str, variable: str) -> Any:
    return load(name).macro[variable].curves[0]


@pytest.fixture(scope="module")
def closes(shared) -> pd.Series:
    table = pd.read_csv(shared / "market_daily" / "sp500_ohlcv_1950_2018.csv.gz", index_col="Date")
    return table["Close"]


@pytest.mark.parametrize("name", sorted(BACK))
def test_files_are_the_bundled_federal_reserve_tables(name):
    scenario, table = load(name), history()
    if name == "dfast-severely-adverse-2025":
        table = pd.concat([table, history("Supervisory Severely Adverse")])
    first = table.index.get_loc(BACK[name])
    rows = table.iloc[first : first + scenario.horizon.length + 1]
    compared = 0
    for variable, series in scenario.macro.items():
        # What protects and burdens borrowers, and oil, have no column; the BBB yield begins in 1988.
        if not VARIABLES[variable].columns or (name, variable) == ("disinflation-1981", "bbb_spread"):
            continue
        moves = moves_of(variable, rows)
        np.testing.assert_allclose(series.curves[0].path, moves.iloc[1:], atol=HALF, err_msg=variable)
        if variable in scenario.calibration.jump_off:
            columns = VARIABLES[variable].columns
            start = rows[columns[0]].iloc[0] - (rows[columns[1]].iloc[0] if len(columns) > 1 else 0.0)
            assert scenario.calibration.jump_off[variable] == pytest.approx(start, abs=1e-9)
        compared += 1
    assert compared >= 9
    index = rows["Dow Jones Total Stock Market Index (Level)"]
    if name != "disinflation-1981":  # the index begins in 1987; quarter ends of the S&P 500 stand there
        equity = scenario.market["equity"].curves[0].path
        np.testing.assert_allclose(equity, (index / index.iloc[0] * 100.0 - 100.0).iloc[1:], atol=HALF)


def test_the_oil_crisis_is_the_bundled_macro_table():
    table = pd.read_csv(documents.shipped("data") / "us_macrodata_quarterly_1959_2009.csv")
    for real in ("realgdp", "realdpi"):
        table[real] = 100.0 * ((table[real] / table[real].shift(1)) ** 4 - 1.0)
    first = table.index[(table["year"] == 1973) & (table["quarter"] == 3)][0]
    rows = table.iloc[first : first + 8]
    columns = {
        "unemployment": "unemp", "gdp_growth": "realgdp", "disposable_income_growth": "realdpi",
        "inflation": "infl", "treasury_3m": "tbilrate",
    }  # fmt: skip
    start = load("oil-crisis-1973").calibration.jump_off
    assert sorted(start) == sorted(columns)
    for variable, column in columns.items():
        levels = rows[column].to_numpy()
        assert start[variable] == pytest.approx(levels[0], abs=HALF)
        # A path written as a level is a move from the jump-off as printed.
        moved = np.array(curve("oil-crisis-1973", variable).path) + start[variable]
        if column in ("unemp", "tbilrate"):
            moved += levels[0] - start[variable]
        np.testing.assert_allclose(moved, levels[1:], atol=HALF, err_msg=variable)


@pytest.mark.parametrize(
    ("name", "quarter", "variables"),
    [
        ("ltcm-1998", "1998 Q2", ("treasury_3m", "treasury_10y", "bbb_spread")),
        ("flash-crash-2010", "2010 Q1", ("treasury_10y",)),
    ],
)
def test_rates_of_files_in_days_stand_at_quarter_ends(name, quarter, variables):
    table, scenario = history(), load(name)
    first = table.index.get_loc(quarter)
    assert set(scenario.macro) == set(variables)
    for variable in variables:
        moves = moves_of(variable, table.iloc[first : first + 3])
        knots = curve(name, variable).knots
        np.testing.assert_allclose([k.value for k in knots], moves.iloc[1:], atol=HALF, err_msg=variable)
        for knot, end in zip(
            knots, ("06-30", "09-30") if name.startswith("flash") else ("09-30", "12-31"), strict=True
        ):
            passed = pd.Timestamp(f"{CLOSES[name][:4]}-{end}") - pd.Timestamp(CLOSES[name])
            assert knot.at == passed.days


@pytest.mark.parametrize("name", sorted(CLOSES))
def test_knots_and_troughs_are_those_of_the_sp500(closes, name):
    first = closes.index.get_loc(CLOSES[name])
    equity = load(name).market["equity"].curves[0]
    assert equity.knots
    for knot in equity.knots:
        move = 100.0 * (closes.iloc[first + int(knot.at)] / closes.iloc[first] - 1.0)
        assert knot.value == pytest.approx(move, abs=HALF)
    if name in ("oil-crisis-1973", "disinflation-1981"):
        ends = closes.groupby(pd.PeriodIndex(closes.index, freq="Q")).last()
        start = pd.Period(CLOSES[name], freq="Q")
        moves = 100.0 * (ends.loc[start + 1 :].iloc[: len(equity.path)] / closes.iloc[first] - 1.0)
        np.testing.assert_allclose(equity.path, moves, atol=HALF)


def test_the_pandemic_trough_is_that_of_the_market(shared):
    bars = pd.read_parquet(shared / "market_daily" / "us_etf_stock_ohlcv_1998_2020.parquet")
    spy = bars[bars["Ticker"] == "SPY"].sort_values("Date")
    close, days = spy["RawClose"].to_numpy(), spy["Date"].astype(str).tolist()
    first = days.index("2019-12-31")
    knots = load("covid-2020").market["equity"].curves[0].knots
    moves = [100.0 * (close[first + int(k.at)] / close[first] - 1.0) for k in knots]
    assert [k.value for k in knots] == pytest.approx(moves, abs=HALF)
    drawdown = (1.0 + knots[1].value / 100.0) / (1.0 + knots[0].value / 100.0) - 1.0
    assert drawdown == pytest.approx(-0.34, abs=0.01)
    assert knots[1].at - knots[0].at == 23


def test_knots_of_the_regional_banks_are_those_of_the_us_market(shared):
    table = pd.read_csv(shared / "market_daily" / "fama_french5_daily.csv.gz", index_col="Date")
    market = (1.0 + (table["Mkt-RF"] + table["RF"]) / 100.0).cumprod()
    first = market.index.get_loc("2022-12-30")
    for knot in load("regional-banks-2023").market["equity"].curves[0].knots:
        move = 100.0 * (market.iloc[first + int(knot.at)] / market.iloc[first] - 1.0)
        assert knot.value == pytest.approx(move, abs=HALF)
    daily = np.log1p((table["Mkt-RF"] + table["RF"]) / 100.0)
    quiet = np.sqrt((daily.loc["1990":"2019-12-31"] ** 2).mean())
    year = daily.loc["2023":"2023-12-31"]
    ratio = np.sqrt((year**2).groupby(pd.PeriodIndex(year.index, freq="Q")).mean()) / quiet
    np.testing.assert_allclose(
        load("regional-banks-2023").market["vol_mult"].curves[0].path, ratio, atol=0.006
    )


@pytest.mark.parametrize("name", sorted(QUIET))
def test_volatility_is_the_root_mean_square_of_the_quarter(closes, name):
    start, low, high = QUIET[name]
    daily = np.log(closes).diff().dropna()
    quiet = np.sqrt((daily.loc[low:high] ** 2).mean())
    path = load(name).market["vol_mult"].curves[0].path
    quarters = (daily.loc[start:] ** 2).groupby(pd.PeriodIndex(daily.loc[start:].index, freq="Q")).mean()
    np.testing.assert_allclose(path, np.sqrt(quarters.iloc[: len(path)]) / quiet, atol=0.006)


@pytest.mark.parametrize("name", sorted(PULSES))
def test_a_pulse_of_volatility_is_likelier_than_its_neighbours(closes, name):
    low, high, sessions = PULSES[name]
    daily = np.log(closes).diff().dropna()
    quiet = float(np.sqrt((daily.loc[low:high] ** 2).mean()))
    first = closes.index.get_loc(CLOSES[name])
    seen = np.diff(np.log(closes.iloc[first : first + sessions + 1])) / quiet
    pulse = load(name).market["vol_mult"].curves[0].pulse
    day = np.arange(1.0, sessions + 1)

    def likelihood(peak: float, at: float, ramp: float, half_life: float) -> float:
        rise = np.clip(1.0 - (at - day) / ramp, 0.0, 1.0)
        scale = peak ** np.where(day <= at, rise, 0.5 ** ((day - at) / half_life))
        return float(-np.sum(np.log(scale) + 0.5 * (seen / scale) ** 2))

    best = likelihood(pulse.peak, pulse.at, pulse.ramp, pulse.half_life)
    assert best > likelihood(1.0, pulse.at, pulse.ramp, pulse.half_life) + 2.0
    for peak, half_life in ((0.8, 1.0), (1.2, 1.0), (1.0, 0.5), (1.0, 2.0)):
        other = likelihood(pulse.peak * peak, pulse.at, pulse.ramp, pulse.half_life * half_life)
        assert other < best


@pytest.mark.parametrize("name", sorted(set(QUIET) - {"oil-crisis-1973", "disinflation-1981"}))
def test_correlation_is_that_of_twelve_large_stocks(shared, name):
    prices = pd.read_csv(shared / "market_daily" / "us_equity12_adjclose_1990_2020.csv.gz", index_col=0)
    daily = np.log(prices).diff().dropna()

    def mean_pair(rows: pd.DataFrame) -> float:
        found = rows.corr().to_numpy()
        return float((found.sum() - len(found)) / (len(found) * (len(found) - 1)))

    quiet = mean_pair(daily.loc["1990":"2006-12-31"])
    start = QUIET[name][0]
    series = load(name).market.get("corr_blend")
    length = load(name).horizon.length
    path = series.curves[0].path if series else (0.0,) * length
    rows = daily.loc[start:]
    for value, (_, quarter) in zip(path, rows.groupby(pd.PeriodIndex(rows.index, freq="Q")), strict=False):
        blend = max(0.0, (mean_pair(quarter) - quiet) / (1.0 - quiet))
        assert value == pytest.approx(blend, abs=0.006)


def test_series_that_are_not_bundled_are_those_of_their_sources(shared):
    daily = pd.read_csv(shared / "macro" / "risk_factors_daily_1962_2020.csv.gz", index_col=0)
    monthly = pd.read_csv(shared / "macro" / "us_monthly_macro_credit.csv.gz", index_col=0)
    panel = pd.read_csv(shared / "macro" / "fred_md_2019_08.csv.gz", index_col=0)
    for table in (daily, monthly, panel):
        table.index = pd.to_datetime(table.index)
    ten = daily["DGS10"].dropna().resample("QE").mean()
    mortgage, baa = (monthly[name].resample("QE").mean() for name in ("MORTGAGE30US", "BAA"))
    posted, spot = panel["OILPRICEx"].resample("QE").last(), daily["WTI"].dropna().resample("QE").last()
    for name, variable, series, start, price in (
        ("oil-crisis-1973", "treasury_10y", ten, "1973-09", False),
        ("oil-crisis-1973", "mortgage_rate", mortgage, "1973-09", False),
        ("oil-crisis-1973", "bbb_spread", baa - ten, "1973-09", False),
        ("oil-crisis-1973", "oil_price", posted, "1973-09", True),
        ("disinflation-1981", "bbb_spread", baa - ten, "1981-06", False),
        ("recession-1990", "oil_price", spot, "1990-06", True),
        ("china-2015", "oil_price", spot, "2015-06", True),
    ):
        path = curve(name, variable).path
        rows = series.loc[start:].iloc[: len(path) + 1]
        moves = rows / rows.iloc[0] * 100.0 - 100.0 if price else rows - rows.iloc[0]
        np.testing.assert_allclose(path, moves.iloc[1:], atol=HALF, err_msg=f"{name} {variable}")
