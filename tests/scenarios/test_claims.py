"""Claims of a file: names that some world measures, judged on what the run's clock shows."""

# ruff: noqa: E501 (lines of YAML files stay whole)

import re
from dataclasses import replace
from datetime import date

import pytest

from finsim.credit.measures import measure as measured_of_credit
from finsim.engine.answers.stress_answer import Expected, unmet_lines
from finsim.errors import ScenarioError
from finsim.records.calendar import Clock
from finsim.scenarios import check_expectations, drivers, load, measure, names
from finsim.scenarios.claims.metric_names import CLOSED, OF_BOOK, OF_EQUITY, is_measurable, nearest, pattern
from finsim.scenarios.expectations import Outcome, unmoved

LONG = Clock(date(2025, 12, 31), 1260, 200, 60)
HEAD = (
    "horizon: {length: 4, step: quarter}\nmacro:\n  unemployment: {unit: pp, as: delta, path: [1, 2, 3, 3]}\n"
)

SLIPS = [
    ("credit.mortage.loss_rate_9q", "credit.mortgage.loss_rate_9q"),
    ("equity.max_drawdwn", "equity.max_drawdown"),
    ("fraud.acount_takeover.schemes", "fraud.account_takeover.schemes"),
    ("macro.unemployment.paek", "macro.unemployment.peak"),
    ("driver.vol_mul.peak", "driver.vol_mult.peak"),
    ("aml.layring.peak_over_base", "aml.layering.peak_over_base"),
    ("behaviour.late_payments.peak", "behaviour.late_payment.peak"),
    ("behaviour.spend.travl.trough", "behaviour.spend.travel.trough"),
    ("fraud.account_takeover.scheme", "fraud.account_takeover.schemes"),
    ("credit.defaultrate", "credit.default_rate"),
]


@pytest.mark.parametrize(("slip", "meant"), SLIPS)
def test_a_slip_of_the_pen_is_a_fault_of_the_file(write, slip, meant):
    body = HEAD + "behaviour: {spend_mult: {travel: 0.5}, assumption: ours}\n"
    path = write("x", body + f"expect: [{{metric: {slip}, at_least: 0}}]\n")
    with pytest.raises(ScenarioError, match="some world measures") as caught:
        load(path)
    assert f"did you mean {meant!r}?" in caught.value.problems[0].remedy
    good = load(write("y", body + f"expect: [{{metric: {meant}, at_least: 0}}]\n"))
    assert good.expect[0].metric == meant


@pytest.mark.parametrize(
    "metric",
    [
        "fraud.my_own_story.schemes",
        "fraud.account_takeover_by_phone.schemes",
        "credit.default_rate.auto",
        "credit.dispersion.any sector",
        "behaviour.channel.card_present.peak",
    ],
)
def test_names_of_the_user_stand(write, metric):
    assert (
        load(write("x", HEAD + f"expect: [{{metric: {metric}, at_least: 0}}]\n")).expect[0].metric == metric
    )


def test_names_of_an_overlay_stand(write):
    write("wave", "horizon: {length: 9, step: week}\nfraud: {intensity_mult: {card_testin: 2}}\n")
    body = HEAD + "overlay: [{ref: wave}]\nexpect: [{metric: fraud.card_testin.schemes, at_least: 0}]\n"
    assert load(write("x", body)).expect
    with pytest.raises(ScenarioError, match="card_testing"):
        load(write("y", body.replace("overlay: [{ref: wave}]\n", "")))


def test_the_vocabulary_is_what_the_worlds_measure():
    """Every number of every shipped file is a name that stands, and every closed name is measured."""
    found = set()
    for name in names():
        what = drivers(load(name), LONG)
        found |= {*measure(what), *measured_of_credit(what)}
    assert [name for name in found if not is_measurable(name)] == []
    for world in ("credit",):
        closed = {name for name in CLOSED if name.startswith(world)} - {f"credit.{name}" for name in OF_BOOK}
        assert closed == {name for name in found if name.startswith(world)}
    assert {name for name in CLOSED if name.startswith("equity")} == {f"equity.{name}" for name in OF_EQUITY}
    assert not is_measurable("credit.auto.loss_rate_9q")
    assert nearest("equity.zzzzzzzzzz").startswith("use one of: equity.corr63_peak")
    assert all(re.match(pattern(), name) for name in found)
    assert not re.match(pattern(), "equity.max_drawdwn")


def test_a_second_crisis_is_seen_and_judged(write):
    write("first", "horizon: {length: 4, step: quarter}\ncalibration: {jump_off: {unemployment: 5}}\n"
          "macro: {unemployment: {unit: pp, as: delta, path: [1, 2, 3, 3]}}\n")  # fmt: skip
    write(
        "second",
        "horizon: {length: 2, step: quarter}\nmacro: {unemployment: {unit: pp, as: delta, path: [4, 2]}}\n",
    )
    body = "extends: first\noverlay: [{ref: second, start: 8q}]\nexpect: [{metric: macro.unemployment.peak, at_most: 9}]\n"
    scenario = load(write("x", body))
    whole = drivers(scenario, LONG)
    found = measure(whole)
    assert found["macro.unemployment.peak"] == 5.0 + whole.macro["unemployment"].max() == pytest.approx(12.0)
    assert [o.met for o in check_expectations(scenario, found, LONG)] == [False]
    # A run that ends before the second crisis does not show what the file claims.
    for months in (12, 24):
        short = replace(LONG, months=months)
        outcome = check_expectations(scenario, measure(drivers(scenario, short)), short)[0]
        assert (outcome.met, outcome.reason) == (
            None,
            f"the run ends after {months} months, the scenario goes on",
        )


def test_claims_on_the_market_need_the_sessions_of_the_scenario(write):
    body = (
        "horizon: {length: 4, step: quarter}\nmarket: {equity: {unit: pct, as: cum_return, path: [-9, -20, -50, -40]}}\n"
        "expect: [{metric: driver.equity.trough, equals: -0.5}, {metric: equity.max_drawdown, at_least: 0.1}]\n"
    )
    scenario = load(write("x", body))
    for sessions, met in ((100, [None, None]), (200, [True, None]), (300, [True, True])):
        clock = replace(LONG, sessions=sessions)
        measured = measure(drivers(scenario, clock)) | {"equity.max_drawdown": 0.5}
        assert [o.met for o in check_expectations(scenario, measured, clock)] == met


def test_the_gate_of_the_expectations():
    met, unmet, unjudged = (Outcome("a", 1.0, "at least 0", True), Outcome("b", 1.0, "at least 2", False),
                            Outcome("c", None, "at least 0", None, "not measured"))  # fmt: skip
    assert unmet_lines(Expected((met,))) == []
    assert unmet_lines(Expected((met, unmet, unjudged))) == [str(unmet), str(unjudged)]
    assert unmet_lines(Expected((met, unmet, unjudged)), allow_unjudged=True) == [str(unmet)]
    assert unmet_lines(Expected((met, unjudged)), allow_unjudged=True) == []
    assert unmet_lines(Expected((unjudged,)), allow_unjudged=True) == [str(unjudged)]
    assert unmet_lines(Expected((), "not checked"), allow_unjudged=True) == ["not checked"]


STAYS = (
    "{metric: behaviour.late_payment.peak, equals: 1}",
    "{metric: behaviour.cash_withdrawal.trough, equals: 1}",
    "{metric: driver.vol_mult.peak, equals: 1}",
    "{metric: driver.corr_blend.peak, equals: 0}",
    "{metric: driver.jump.trough, equals: 0}",
    "{metric: fraud.card_testing.peak_over_base, equals: 1}",
    "{metric: aml.layering.peak_over_base, equals: 1}",
)
MOVES = """market: {vol: {as: mult, path: [1, 2, 2, 1]}}
behaviour: {late_payment_mult: 1.4, cash_withdrawal_mult: 0.8, assumption: ours}
fraud: {intensity_mult: {card_testing: 3}}
aml: {intensity_mult: {layering: 3}}
"""


def judged(path):
    scenario, what = load(path), drivers(load(path), LONG)
    assert not {*unmoved(what)} & {*measure(what)}
    return [o.met for o in check_expectations(scenario, unmoved(what) | measure(what), LONG)]


def test_a_claim_that_something_stays_as_it_is_is_judged(write):
    claims = "expect: [" + ", ".join(STAYS) + "]\n"
    assert judged(write("x", HEAD + claims)) == [True] * 7
    assert judged(write("y", HEAD + MOVES + claims)) == [*[False] * 3, True, True, False, False]


def test_what_the_worlds_leave_alone_has_the_names_of_what_they_move():
    stays = unmoved(drivers(load("base"), LONG))
    assert [name for name in stays if not is_measurable(name)] == []
    closed = {name for name in CLOSED if name.startswith(("behaviour.", "driver."))}
    assert closed - {f"driver.equity.{end}" for end in ("trough", "end", "trough_step")} <= {*stays}
