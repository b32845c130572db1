"""Supervisory files known by their headline values: what is published comes out, the rest is made as said."""

from __future__ import annotations

import gzip

import numpy as np
import pandas as pd
import pytest

from finsim import documents
from finsim.scenarios import load
from finsim.scenarios.variables import EQUITY_COLUMN, VARIABLES

# Federal Reserve, 2024: level before, extreme, and the same of the 2025 path.
HEADLINE = {
    "unemployment": (3.7, 10.0),
    "treasury_3m": (5.3, 0.1),
    "treasury_5y": (4.5, 0.3),
    "treasury_10y": (4.5, 0.8),
    "bbb_spread": (1.7, 5.8),
}
FALLS = {"house_prices": -36.0, "cre_prices": -40.0}
NAME = "dfast-severely-adverse-2024"


@pytest.fixture(scope="module")
def course() -> pd.DataFrame:
    """The 2025 path below its jump-off."""
    with gzip.open(documents.shipped("data") / "dfast_2025.csv.gz") as stream:
        table = pd.read_csv(stream)
    before = table[(table["Scenario Name"] == "Actual") & (table["Date"] == "2024 Q4")]
    return pd.concat([before, table[table["Scenario Name"] == "Supervisory Severely Adverse"]])


def levels(course: pd.DataFrame, variable: str) -> np.ndarray:
    columns = VARIABLES[variable].columns
    found = course[columns[0]].to_numpy()
    return found - course[columns[1]].to_numpy() if len(columns) > 1 else found


@pytest.mark.parametrize("variable", sorted(HEADLINE))
def test_rates_of_2024_reach_their_headline_by_the_course_of_2025(course, variable):
    start, extreme = HEADLINE[variable]
    scenario = load(NAME)
    path = np.array(scenario.macro[variable].curves[0].path)
    assert scenario.calibration.jump_off[variable] == start
    assert start + path[np.abs(path).argmax()] == pytest.approx(extreme, abs=1e-9)
    moves = levels(course, variable)[1:] - levels(course, variable)[0]
    scaled = moves * (extreme - start) / moves[np.abs(moves).argmax()]
    np.testing.assert_allclose(path, scaled, atol=0.0501)


def test_prices_of_2024_reach_their_headline_in_logarithms(course):
    scenario = load(NAME)
    series = {
        name: (scenario.macro[name].curves[0].path, levels(course, name), low) for name, low in FALLS.items()
    }
    series["equity"] = (scenario.market["equity"].curves[0].path, course[EQUITY_COLUMN].to_numpy(), -55.4)
    for name, (path, index, low) in series.items():
        moves = np.log(index[1:] / index[0])
        scaled = 100.0 * np.expm1(moves * np.log1p(low / 100.0) / moves.min())
        assert min(path) == low
        np.testing.assert_allclose(path, scaled, atol=0.0501, err_msg=name)


def test_growth_mortgages_and_volatility_of_2024(course):
    scenario = load(NAME)
    start = scenario.calibration.jump_off
    growth = np.array(scenario.macro["gdp_growth"].curves[0].path) + start["gdp_growth"]
    index = np.cumprod((1.0 + growth / 100.0) ** 0.25)
    assert 100.0 * (index.min() - 1.0) == pytest.approx(-8.5, abs=0.05)
    before = levels(course, "gdp_growth")[1:]
    np.testing.assert_allclose(growth[before > 0.0], before[before > 0.0], atol=1e-9)
    ratio = np.log1p(growth[before < 0.0] / 100.0) / np.log1p(before[before < 0.0] / 100.0)
    assert ratio == pytest.approx(1.094, abs=0.03)
    ten = np.array(scenario.macro["treasury_10y"].curves[0].path) + start["treasury_10y"]
    mortgage = np.array(scenario.macro["mortgage_rate"].curves[0].path) + start["mortgage_rate"]
    gap = levels(course, "mortgage_rate")[1:] - levels(course, "treasury_10y")[1:]
    np.testing.assert_allclose(mortgage - ten, gap, atol=0.0501)
    for name in ("inflation", "disposable_income_growth"):
        path = np.array(scenario.macro[name].curves[0].path) + start[name]
        np.testing.assert_allclose(path, levels(course, name)[1:], atol=1e-9)
    vix = np.array(scenario.market["vol_mult"].curves[0].path) * start["vix"]
    known = course["Market Volatility Index (Level)"].to_numpy()
    np.testing.assert_allclose(vix, 22.0 + (known[1:] - known[0]) * 48.0 / (65.0 - known[0]), atol=0.0501)
    assert vix.max() == pytest.approx(70.0)


def test_europe_and_britain_lose_what_was_published():
    union, kingdom = load("eba-adverse-2025"), load("boe-2025")
    lost = {}
    for scenario in (union, kingdom):
        start = scenario.calibration.jump_off["gdp_growth"]
        growth = np.array(scenario.macro["gdp_growth"].curves[0].path) + start
        lost[scenario.id] = 100.0 * (np.cumprod(1.0 + growth / 100.0).min() - 1.0)
        inflation = (
            np.array(scenario.macro["inflation"].curves[0].path) + scenario.calibration.jump_off["inflation"]
        )
        assert inflation.max() == pytest.approx({"eba-adverse-2025": 5.0, "boe-2025": 10.0}[scenario.id])
    # -2.3 and -4.2 compound to -6.40; the authority rounds to -6.3.
    assert lost["eba-adverse-2025"] == pytest.approx(-6.3, abs=0.11)
    assert lost["boe-2025"] == pytest.approx(-5.0, abs=0.05)
    assert union.macro["unemployment"].curves[0].path[-1] == 6.1
    jobs = (
        np.array(kingdom.macro["unemployment"].curves[0].path) + kingdom.calibration.jump_off["unemployment"]
    )
    assert (jobs.argmax(), jobs.max()) == (2, pytest.approx(8.5))
    assert min(kingdom.macro["house_prices"].curves[0].path) == -28.0


def test_the_tariff_is_arithmetic():
    """A tenth of consumption times a tariff of 15 percent, passed on within five quarters."""
    inflation = np.array(load("tariff-shock").macro["inflation"].curves[0].path)
    assert inflation.sum() / 4.0 == pytest.approx(0.10 * 15.0)
    assert np.count_nonzero(inflation) == 5
