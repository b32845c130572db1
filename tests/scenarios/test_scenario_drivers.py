"""A scenario on a clock: steps, interpolation, pulses, waves, the edges of the horizon."""

# ruff: noqa: E501 (lines of YAML files stay whole)

import math
from datetime import date

import numpy as np
import pytest

from finsim.errors import ScenarioError
from finsim.records.calendar import Clock, step_ends
from finsim.scenarios import drivers, load

BODY = "horizon: {length: 4, step: quarter}\n"


def compiled(write, clock, body, severity=1.0):
    return drivers(load(write("x", BODY + body)), clock, severity)


COURSES = [
    ("bbb_spread: {unit: pp, as: delta", [1, 2, 3, 4, 5, 6, 6, 6, 6, 5, 4, 3]),  # a point in time
    ("gdp_growth: {unit: pp, as: delta", [3, 3, 3, 6, 6, 6, 6, 6, 6, 3, 3, 3]),  # a flow
    ("unemployment: {unit: pp, as: delta", [2, 3, 4, 6, 6, 6, 6, 6, 6, 3, 3, 3]),  # an average
]


@pytest.mark.parametrize(("head", "year"), COURSES)
def test_a_path_keeps_what_its_numbers_are_and_holds_after(write, clock, head, year):
    found = compiled(write, clock, f"macro:\n  {head}, path: [3, 6, 6, 3]}}\n")
    name = head.partition(":")[0]
    np.testing.assert_allclose(found.macro[name], year + [3] * 36, atol=1e-12)
    assert found.macro_steps[name].tolist() == [3, 6, 6, 3]
    assert found.step_dates == ("2026-03-31", "2026-06-30", "2026-09-30", "2026-12-31")
    assert found.macro_units == {name: "pp"}
    assert found.macro_averages == (("unemployment",) if name == "unemployment" else ())


def test_levels_and_multiples_become_moves(write, clock):
    body = """calibration: {jump_off: {inflation: 2.0, oil_price: 80.0, vix: 20.0}}
macro:
  inflation: {unit: pct_annualised, as: level, path: [4, 1, 2, 2]}
  oil_price: {unit: index, as: level, path: [40, 80, 160, 80]}
  usd_index: {unit: ratio, as: mult, path: [1.1, 1.0, 0.9, 1.0]}
market:
  vol: {as: level, unit: vix, path: [40, 20, 10, 20]}
"""
    found = compiled(write, clock, body)
    assert found.macro_steps["inflation"].tolist() == [2, -1, 0, 0]
    assert found.macro_steps["oil_price"].tolist() == [-50, 0, 100, 0]
    np.testing.assert_allclose(found.macro_steps["usd_index"], [10, 0, -10, 0], atol=1e-9)
    assert found.jump_off == {"inflation": 2.0, "oil_price": 80.0, "vix": 20.0}
    assert found.market["vol_mult"].max() == 2.0
    half = compiled(write, clock, body, 0.5)
    assert half.market["vol_mult"].max() == pytest.approx(math.sqrt(2.0))
    assert half.macro_steps["oil_price"][0] == pytest.approx(100 * (math.sqrt(0.5) - 1))


def test_a_floor_holds_at_every_severity(write, clock):
    body = """calibration: {jump_off: {treasury_3m: 2.0}}
macro:
  treasury_3m: {unit: pp, as: delta, floor_level: 0.1, path: [-1, -3, -3, -1]}
"""
    assert compiled(write, clock, body).macro_steps["treasury_3m"].tolist() == [-1, -1.9, -1.9, -1]
    assert compiled(write, clock, body, 0.5).macro_steps["treasury_3m"].tolist() == [-0.5, -1.5, -1.5, -0.5]
    assert compiled(write, clock, body, 3.0).macro_steps["treasury_3m"].tolist() == [-1.9] * 4
    assert compiled(write, clock, body, 0.0).macro_steps == {}
    write("lower", BODY + body.replace("0.1", "0.5"))
    both = compiled(write, clock, "overlay: [{ref: lower}]\n" + body)
    assert both.macro_steps["treasury_3m"].tolist() == [-1.5] * 4  # the higher of the two floors
    above = compiled(write, clock, body.replace("0.1", "2.5"))
    assert above.macro_steps == {}  # a floor above the jump-off moves nothing up


def test_series_hold_within_a_step_and_are_neutral_outside(write, clock):
    found = compiled(write, clock, "market:\n  vol: {as: mult, path: [2, 3, 4, 5]}\n").market["vol_mult"]
    ends = step_ends(clock.start, "quarter", 4)
    for session, day in enumerate(clock.session_dates()):
        step = int(np.searchsorted(ends, day))
        wanted = 1.0 if session == 0 or step == 4 else [2.0, 3.0, 4.0, 5.0][step]
        assert found[session] == wanted, day


def test_anchors_stand_on_the_last_session_of_each_step_and_on_knots(write, clock):
    body = "market:\n  equity: {unit: pct, as: cum_return, path: [-10, -30, -20, 5], knots: [{day: 7, value: 2}], trough: {day: 100, value: -40}}\n"
    found = compiled(write, clock, body)
    dates = clock.session_dates()
    moves = {str(dates[a.session]): a.move for a in found.anchors}
    assert moves == pytest.approx({
        "2026-01-12": 0.02, "2026-03-31": -0.1, str(dates[100]): -0.4, "2026-06-30": -0.3, "2026-09-30": -0.2,
        "2026-12-31": 0.05,
    })  # fmt: skip
    sessions = [a.session for a in found.anchors]
    assert sessions == sorted(set(sessions))
    np.testing.assert_allclose(found.equity_steps, [-0.1, -0.3, -0.2, 0.05])


def test_anchors_beyond_the_last_session_are_dropped(write):
    short = Clock(date(2025, 12, 31), 100, 30, 3)
    body = "market:\n  equity: {unit: pct, as: cum_return, path: [-10, -30, -20, 5], trough: {day: 100, value: -40}}\n"
    found = compiled(write, short, body)
    assert [(a.session, a.move) for a in found.anchors] == [(61, -0.1)]
    assert len(found.equity_steps) == 4


def test_a_knot_wins_over_a_step_end_on_its_session(write, clock):
    body = "market:\n  equity: {unit: pct, as: cum_return, path: [-10, -30, -20, 5], trough: {day: 61, value: -12}}\n"
    found = compiled(write, clock, body)
    assert [a.move for a in found.anchors if a.session == 61] == [-0.12]
    assert len(found.anchors) == 4


def test_overlaid_levels_meet_on_the_union_of_their_times(write, clock):
    write("other", BODY + "market:\n  equity: {unit: pct, as: cum_return, knots: [{day: 50, value: -50}]}\n")
    body = "overlay: [{ref: other}]\nmarket:\n  equity: {unit: pct, as: cum_return, knots: [{day: 100, value: -19}]}\n"
    found = compiled(write, clock, body)
    wanted = {50: 0.9 * 0.5 - 1, 100: 0.81 * 0.5 - 1}  # the first one is halfway down in the logarithm
    assert {a.session: a.move for a in found.anchors} == pytest.approx(wanted)


def test_a_jump_is_a_log_return_on_one_session(write, clock):
    found = compiled(write, clock, "market:\n  jumps: [{day: 13, value: -20.5}, {day: 14, value: 5.3}]\n")
    wanted = np.zeros(clock.sessions)
    wanted[13], wanted[14] = math.log(0.795), math.log(1.053)
    np.testing.assert_allclose(found.market["jump"], wanted)
    half = compiled(write, clock, "market:\n  jumps: [{day: 13, value: -20.5}]\n", 0.5)
    assert half.market["jump"][13] == pytest.approx(0.5 * math.log(0.795))


def naive_pulse(t, at, ramp, plateau, half_life):
    if t < at - ramp:
        return 0.0
    if t < at:
        return (t - (at - ramp)) / ramp
    return 1.0 if t <= at + plateau else 0.5 ** ((t - at - plateau) / half_life)


def test_a_pulse_on_sessions(write, clock):
    body = "liquidity:\n  depth_mult: {peak: 0.1, at_day: 37, ramp_days: 10, half_life_days: 5}\n"
    found = compiled(write, clock, body).market["depth_mult"]
    inside = clock.session_dates() <= np.datetime64("2026-12-31")
    shape = [naive_pulse(t, 37, 10, 0, 5) if inside[t] else 0.0 for t in range(clock.sessions)]
    np.testing.assert_allclose(found, 0.1 ** np.array(shape), rtol=1e-9)
    assert found[37] == 0.1


@pytest.mark.parametrize("severity", [1.0, 0.5, 2.0])
def test_waves_multiply_on_days(write, severity):
    clock = Clock(date(2025, 12, 31), 20, 400, 12)
    body = """fraud:
  intensity_mult: {card_testing: 2.0}
  waves:
    - {typology: card_testing, start_week: 4, ramp_weeks: 2, plateau_weeks: 3, decay_half_life_weeks: 1, intensity_mult: 6}
    - {typology: card_testing, start_week: 10, ramp_weeks: 0, plateau_weeks: 1, decay_half_life_weeks: 2, intensity_mult: 3}
"""
    found = compiled(write, clock, body, severity).intensity["fraud:card_testing"]
    for day in range(400):
        first = naive_pulse(day, 42, 14, 21, 7)
        second = naive_pulse(day, 70, 0, 7, 14) if day >= 70 else 0.0
        wanted = (2.0 * 6.0**first * 3.0**second) ** severity if day < 365 else 1.0
        assert found[day] == pytest.approx(wanted, rel=1e-9), day


def test_behaviour_is_constant_and_comes_back_over_one_step(write):
    clock = Clock(date(2025, 12, 31), 20, 500, 12)
    found = compiled(write, clock, "behaviour:\n  spend_mult: {travel: 0.25}\n  late_payment_mult: 2.0\n")
    travel = found.behaviour["spend:travel"]
    assert (travel[:365] == 0.25).all()
    back = travel[365 : 365 + 92]  # the last quarter has 92 days
    assert (np.diff(back) > 0).all()
    assert back[45] == pytest.approx(0.5, abs=1e-9)  # half of the way in the logarithm
    assert (travel[365 + 92 :] == 1.0).all()
    assert found.behaviour["late_payment"][0] == 2.0


def test_behaviour_names(write, clock):
    body = """behaviour:
  spend_mult: {groceries: 1.1}
  channel_shift: {card_present: [0.5, 0.6, 0.8, 1.0]}
  late_payment_mult: 1.5
  cash_withdrawal_mult: 0.9
aml:
  intensity_mult: {layering: 3}
"""
    found = compiled(write, clock, body)
    assert sorted(found.behaviour) == [
        "cash_withdrawal",
        "channel:card_present",
        "late_payment",
        "spend:groceries",
    ]
    assert found.behaviour["channel:card_present"][89] == 0.5
    assert found.behaviour["channel:card_present"][90] == 0.6
    assert found.intensity_series("aml:layering")[0] == 3.0


def test_what_moves_nothing_is_left_out(write, clock):
    body = """macro:
  unemployment: {unit: pp, as: delta, path: [0, 0, 0, 0]}
market:
  equity: {unit: pct, as: cum_return, path: [0, 0, 0, 0]}
  vol: {as: mult, path: [1, 1, 1, 1]}
  correlation: {blend_to_one: [0, 0, 0, 0]}
behaviour:
  spend_mult: {travel: 1.0}
"""
    found = compiled(write, clock, body)
    assert not any((found.macro, found.macro_steps, found.market, found.behaviour, found.anchors))
    assert found.step_dates == ()


def test_credit_moves(write, clock):
    body = """macro:
  unemployment: {unit: pp, as: delta, path: [1, 1, 1, 1]}
credit:
  betas: {cards: {unemployment: -0.4}}
  lgd: {model: constant, collateral: {cre: cre_prices}}
  prepayment_mult: 0.5
  forbearance: {share: 0.2, quarters: 3}
"""
    link = compiled(write, clock, body).credit
    assert link.betas == {"cards": {"unemployment": -0.4}}
    assert (link.lgd_model, link.collateral) == ("constant", {"cre": "cre_prices"})
    assert (link.prepayment_mult, link.forbearance_share, link.forbearance_months) == (0.5, 0.2, 9)
    double = compiled(write, clock, body, 2.0).credit
    assert double.betas == link.betas
    assert (double.prepayment_mult, double.forbearance_months) == (0.25, 9)
    assert double.forbearance_share == pytest.approx(0.36)


def test_mules_and_self_excitation(write, clock):
    body = "fraud:\n  self_excitation: {branching_ratio: 0.5, half_life_hours: 18}\n  mules: {recruit_mult: 4, hops: [2, 5], dwell_hours: [0.2, 24]}\n"
    found = compiled(write, clock, body, 2.0).mules
    assert found == {
        "recruit_mult": 16.0, "hops_low": 2.0, "hops_high": 5.0, "dwell_low": 0.2, "dwell_high": 24.0,
        "branching_ratio": 0.75, "excitation_half_life_hours": 18.0,
    }  # fmt: skip


def test_a_file_of_minutes_loads_but_refuses_a_clock_of_days(write, clock):
    path = write(
        "x",
        "horizon: {length: 390, step: minute}\nmarket:\n  equity: {unit: pct, as: cum_return, knots: [{minute: 315, value: -9}]}\n",
    )
    scenario = load(path)
    with pytest.raises(ScenarioError, match="written in minutes") as caught:
        drivers(scenario, clock)
    assert "step: day" in caught.value.problems[0].remedy


@pytest.mark.parametrize(
    "start", [date(2025, 12, 31), date(2024, 2, 29), date(2026, 1, 1), date(2026, 7, 15)]
)
def test_any_jump_off_day_works(start):
    clock = Clock(start, 900, 100, 40)
    for name in ("dfast-severely-adverse-2026", "gfc-2008", "compound-downturn-fraud"):
        found = drivers(load(name), clock)
        sessions = [a.session for a in found.anchors]
        assert sessions == sorted(set(sessions))
        assert sessions[0] > 0
        assert sessions[-1] < 900
        assert np.isfinite(found.macro["unemployment"]).all()
    first = found.macro["unemployment"][:3].mean()
    assert first == pytest.approx(found.macro_steps["unemployment"][0])
