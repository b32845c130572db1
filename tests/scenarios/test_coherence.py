"""Contradiction told from severity, on the case's published numbers and on files of our own."""

import numpy as np
import pytest

from finsim.scenarios import coherence, load, names, overlaid, scaled
from finsim.scenarios.plausible.bundled_history import by_quarter
from finsim.scenarios.plausible.coherence import given, mahalanobis, mean_growth, yearly
from finsim.scenarios.plausible.remarks import remarks_on
from finsim.scenarios.timeline import Offset

HEAD = "horizon: {length: 8, step: quarter}\nsource: [{what: all, ref: ours}]\nmacro:\n"


def moved(name, unit, way, last):
    path = [round(last * (i + 1) / 4, 3) for i in range(4)] + [last] * 4
    return f"  {name}: {{unit: {unit}, as: {way}, path: {path}}}\n"


def test_the_history_expects_what_the_case_says():
    expected, deviation = given("house_prices", "unemployment", 6.0)
    assert (expected, deviation) == pytest.approx((-5.62, 5.96), abs=0.005)
    three = ("unemployment", "bbb_spread", "house_prices")
    table = np.array([[6.0, -0.5, 100 * np.log(1.4)], [6.0, 4.0, 100 * np.log(0.67)]])
    np.testing.assert_allclose(mahalanobis(table, three), [7.722431, 7.443394], atol=1e-6)


PAIRS = [
    (("unemployment", "pp", "delta", 6), ("house_prices", "pct", "cum_return", 40), True),
    (("unemployment", "pp", "delta", 6), ("house_prices", "pct", "cum_return", -33), False),
    (("unemployment", "pp", "delta", -3), ("house_prices", "pct", "cum_return", -45), True),
    (("unemployment", "pp", "delta", 6), ("gdp_growth", "pp", "delta", 5), True),
    (("unemployment", "pp", "delta", 6), ("gdp_growth", "pp", "delta", -6), False),
    (("bbb_spread", "pp", "delta", 4), ("house_prices", "pct", "cum_return", 35), True),
    (("bbb_spread", "pp", "delta", 4), ("house_prices", "pct", "cum_return", -5), False),
    (("unemployment", "pp", "delta", 1), ("house_prices", "pct", "cum_return", 4), False),
]


@pytest.mark.parametrize(("one", "two", "contradicts"), PAIRS)
def test_a_pair_that_disagrees_is_named(write, one, two, contradicts):
    scenario = load(write("x", HEAD + moved(*one) + moved(*two)))
    found = coherence(scenario).disagreements
    assert bool(found) is contradicts
    if contradicts:
        assert {found[0].variable, found[0].other} == {one[0], two[0]}
        remark = next(text for text in scenario.warnings if "contradict" in text)
        assert one[0] in remark
        assert two[0] in remark
        assert "x.yaml:" in remark


# Files that leave the economy alone for the most part, and what they reach at least; all others pass 5.
MILD = {
    "bond-rout-1994": 3.0, "china-2015": 1.0, "deposit-run": 0.3, "dotcom-2000": 4.0, "euro-crisis-2011": 3.0,
    "flash-crash-2010": 1.0, "ltcm-1998": 1.0, "recession-1990": 2.5, "regional-banks-2023": 2.5,
    "tariff-shock": 2.0,
}  # fmt: skip


@pytest.mark.parametrize("name", names())
def test_shipped_files_are_severe_and_coherent(name):
    scenario = load(name)
    assert coherence(scenario).disagreements == ()
    if scenario.macro:
        assert coherence(scenario).distance > MILD.get(name, 5.0)
        assert coherence(scaled(scenario, 0.3)).distance < coherence(scenario).distance


def test_the_composition_is_judged_and_not_its_files():
    recession, boom = load("dfast-severely-adverse-2026"), load("rates-shock-2022")
    turned = scaled(boom, 5.0)
    mixed = overlaid(recession, turned, only=["macro.house_prices"], combine="last")
    assert {d.variable for d in coherence(mixed).disagreements} | {
        d.other for d in coherence(mixed).disagreements
    } >= {"house_prices", "unemployment"}


def test_remarks_are_on_the_resolved_scenario(write):
    gfc = load("gfc-2008")
    assert not remarks_on(gfc)
    twice = overlaid(gfc, load("covid-2020"), Offset(30))
    assert any("unemployment" in text and "standard deviations" in text for text in remarks_on(twice))
    steep = load(write("x", "horizon: {length: 1, step: year}\ncalibration: {jump_off: {unemployment: 4.5}}\n"
                       "macro: {unemployment: {unit: pp, as: delta, path: [40]}}\n"))  # fmt: skip
    assert not any("reaches" in text for text in remarks_on(steep))
    told = remarks_on(scaled(steep, 3.0))
    assert any(text.startswith("x: unemployment reaches 4.5 to 124.5 percent") for text in told), told


def test_moves_by_quarter_are_those_of_the_file():
    moves = by_quarter(load("dfast-severely-adverse-2025")).moves
    assert moves["unemployment"][:5] == pytest.approx([0, 1.5, 2.7, 4.0, 5.1])
    assert np.expm1(moves["equity"][:5]) == pytest.approx([0, -0.409, -0.473, -0.491, -0.5])
    assert 100 * np.expm1(moves["house_prices"][1]) == pytest.approx(-14.6)
    year = yearly(by_quarter(load("dfast-severely-adverse-2025")))
    assert year["unemployment"][0] == pytest.approx(5.1)
    assert year["gdp_growth"][0] == pytest.approx((-8.9 - 6.7 - 8 - 5.9) / 4 - mean_growth("gdp_growth"))
