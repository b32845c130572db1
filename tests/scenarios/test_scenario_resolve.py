"""Parents, overlays, expectations, remarks."""

# ruff: noqa: E501 (lines of YAML files stay whole)

from pathlib import Path

import pytest
import yaml

from finsim.records.drivers import Drivers
from finsim.scenarios import check_expectations, drivers, load, measure
from finsim.scenarios.canonical_form import digest
from finsim.scenarios.flat_scenario import Offset
from finsim.scenarios.merge import merged

PARENT = """horizon: {length: 2, step: quarter}
severity: 0.5
probability: {weight: 0.5, basis: judgement}
source: [{what: macro, ref: parent}]
macro:
  unemployment: {unit: pp, as: delta, path: [2, 4]}
  house_prices: {unit: pct, as: cum_return, path: [-5, -10]}
behaviour:
  spend_mult: {travel: 0.5, groceries: 1.1}
expect: [{metric: macro.unemployment.peak, equals: 2, tol: 0.1}]
"""


def test_a_child_is_merged_over_its_parent(write):
    write("parent", PARENT)
    child = load(write("child", """extends: parent
severity: 1.0
source: [{what: behaviour, ref: child}]
macro:
  house_prices: {unit: pct, as: cum_return, path: [-1, -2]}
behaviour:
  spend_mult: {travel: 0.9}
"""))  # fmt: skip
    assert child.macro["unemployment"].curves[0].path == (2.0, 4.0)
    assert child.macro["house_prices"].curves[0].path == (-1.0, -2.0)
    assert child.behaviour["spend:travel"].curves[0].constant == 0.9
    assert child.behaviour["spend:groceries"].curves[0].constant == 1.1
    assert [s.ref for s in child.source] == ["child", "parent"]
    assert (child.expect, child.probability.weight) == ((), None)
    inherited = load(write("mild", "extends: parent\n"))
    assert inherited.macro["unemployment"].curves[0].path == (1.0, 2.0)


def test_a_curve_replaces_a_curve_as_a_whole(write):
    write("parent", PARENT + "liquidity:\n  spread_mult: [2, 3]\n")
    child = load(
        write(
            "child", "extends: parent\nliquidity:\n  spread_mult: {peak: 5, at_day: 3, half_life_days: 2}\n"
        )
    )
    curve = child.liquidity["spread_mult"].curves[0]
    assert curve.path == ()
    assert curve.pulse is not None


def test_merging_is_idempotent(write):
    write("parent", PARENT)
    path = write("child", "extends: parent\n")
    joined, problems = merged(Path(path))
    assert problems == []
    scenario = load(path)
    flat = {key: value for key, value in joined.data.items() if key != "extends"}
    assert load(write("child", yaml.safe_dump(flat), head="")) == scenario


def test_the_severity_of_a_file_turns_its_overlays_too(write, clock):
    write("wave", "horizon: {length: 2, step: quarter}\naml:\n  intensity_mult: {layering: 4}\n")
    scenario = load(write("x", PARENT + "overlay: [{ref: wave, start: 1m, severity: 2}]\n"))
    curve = scenario.aml["layering"].curves[0]
    assert curve.constant == pytest.approx(4.0)  # (4 ** 2) ** 0.5
    assert curve.start == Offset(months=1)
    assert scenario.severity == 1.0
    assert len(scenario.expect) == 1
    days = drivers(scenario, clock).intensity["aml:layering"]
    assert (days[:31] == 1.0).all()
    assert days[31] == pytest.approx(4.0)


def test_only_keeps_what_it_names(write):
    write("other", PARENT.replace("severity: 0.5\n", ""))
    body = "horizon: {length: 2, step: quarter}\noverlay: [{ref: other, only: [macro.unemployment, behaviour]}]\n"
    scenario = load(write("x", body))
    assert sorted(scenario.macro) == ["unemployment"]
    assert sorted(scenario.behaviour) == ["spend:groceries", "spend:travel"]


def test_the_digest_knows_content_and_not_order(write, clock):
    write("a", "horizon: {length: 1, step: year}\naml:\n  intensity_mult: {layering: 2}\n")
    write("b", "horizon: {length: 1, step: year}\naml:\n  intensity_mult: {layering: 3, structuring: 2}\n")
    body = "horizon: {length: 1, step: year}\n"
    one = load(write("x", body + "overlay: [{ref: a}, {ref: b}]\n"))
    two = load(write("x", "overlay: [{ref: b}, {ref: a}]\n" + body))
    assert digest(one) == digest(two)
    three = load(write("x", body + "overlay: [{ref: b}, {ref: a, severity: 0.9}]\n"))
    assert len({digest(one), digest(three), drivers(one, clock, 0.5).digest}) == 3
    assert drivers(one, clock).digest == digest(one)
    assert len(digest(one)) == 64


def test_expectations(write, clock):
    body = PARENT.replace("expect: [{metric: macro.unemployment.peak, equals: 2, tol: 0.1}]\n", """expect:
  - {metric: macro.unemployment.peak, equals: 2, tol: 0.1}
  - {metric: macro.unemployment.peak, at_most: 1.9}
  - {metric: equity.max_drawdown, at_least: 0.3}
  - {metric: macro.house_prices.trough, between: [-6, -5]}
""")  # fmt: skip
    scenario = load(write("x", body))
    found = check_expectations(scenario, measure(drivers(scenario, clock)))
    assert [o.met for o in found] == [True, False, None, True]
    assert found[2].reason == "not measured"
    assert found[2].found is None
    assert found[1].to_dict()["expected"] == "at most 1.9"
    assert str(found[1]).startswith("NOT MET: macro.unemployment.peak = 2")
    nan = check_expectations(scenario, {"macro.unemployment.peak": float("nan")})
    assert nan[0].met is None


def test_measures_are_levels_where_the_jump_off_is_known(clock):
    found = measure(drivers(load("dfast-severely-adverse-2026"), clock))
    assert found["macro.unemployment.peak"] == 10.0
    assert found["macro.unemployment.trough"] == 4.5
    assert found["macro.house_prices.trough"] == pytest.approx(323.4 * 0.703)
    assert found["driver.equity.trough"] == pytest.approx(-0.578)
    assert found["driver.equity.end"] == pytest.approx(-0.182)
    assert found["behaviour.spend.travel.trough"] == 0.55
    assert found["fraud.branching_ratio"] == 0.0
    calm = measure(drivers(load("base"), clock))
    assert calm == {"driver.equity.trough": 0.0, "driver.equity.end": 0.0, "fraud.branching_ratio": 0.0}
    assert isinstance(drivers(load("base"), clock), Drivers)


REMARKS = [
    ("fractions", "macro:\n  house_prices: {unit: pct, as: cum_return, path: [-0.1, -0.3]}\n", "are these fractions"),
    ("fractions of pp", "macro:\n  unemployment: {unit: pp, as: delta, path: [0.01, 0.03]}\n", "are these fractions"),
    ("extreme", "macro:\n  unemployment: {unit: pp, as: delta, path: [2, 20]}\n", "standard deviations"),
    ("extreme price", "macro:\n  house_prices: {unit: pct, as: cum_return, path: [-60, -5]}\n", "-60 pct in 1"),
    ("contradiction", "macro:\n  bbb_spread: {unit: pp, as: delta, path: [3.2, 3]}\nmarket:\n  equity: {unit: pct, as: cum_return, path: [2, 5]}\n", "equity never falls"),
    ("calm crash", "market:\n  equity: {unit: pct, as: cum_return, path: [-30, -25]}\n  vol: {as: mult, path: [0.9, 0.8]}\n", "volatility drops"),
    ("negative unemployment", "calibration: {jump_off: {unemployment: 4}}\nmacro:\n  unemployment: {unit: pp, as: delta, path: [-5, 1]}\n", "unemployment reaches -1"),
    ("typology", "fraud:\n  intensity_mult: {card_testng: 3}\n", "did you mean 'card_testing'"),
    ("no source", "aml:\n  intensity_mult: {layering: 3}\n", "neither `source:` nor `assumption:`"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "words"), [r[1:] for r in REMARKS], ids=[r[0] for r in REMARKS])
def test_remarks_do_not_stop_the_work(write, body, words):
    scenario = load(write("x", "horizon: {length: 2, step: quarter}\n" + body))
    assert any(words in remark for remark in scenario.warnings), scenario.warnings
    assert all("x.yaml:" in remark for remark in scenario.warnings)


def test_a_plain_file_has_no_remarks(write):
    body = """horizon: {length: 2, step: quarter}
source: [{what: all, ref: "own table"}]
macro:
  unemployment: {unit: pp, as: delta, path: [1, 2]}
market:
  equity: {unit: pct, as: cum_return, path: [-10, -20]}
"""
    assert load(write("x", body)).warnings == ()
