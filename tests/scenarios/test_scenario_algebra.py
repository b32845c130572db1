"""The laws of severity and overlays, on random scenarios, with a naive evaluation in plain Python."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finsim.errors import ScenarioError
from finsim.scenarios import drivers, from_resolved, load, overlaid, resolved, scaled
from finsim.scenarios.additive_scale import NEUTRAL, from_chart, scale, to_chart
from finsim.scenarios.canonical_form import digest
from finsim.scenarios.flat_scenario import (
    Calibration,
    Credit,
    Curve,
    Fraud,
    Horizon,
    Knot,
    Mules,
    Offset,
    Pulse,
    Series,
)
from finsim.scenarios.scenario import Scenario

RANGES = {"delta": (-8.0, 8.0), "cum_return": (-90.0, 200.0), "mult": (0.05, 9.9), "blend": (0.0, 0.95)}
SEVERITY = st.just(0.0) | st.floats(1e-6, 3.0)
LAWS = settings(max_examples=25, deadline=None)


@st.composite
def series(draw, kind, knots=True):
    value = st.floats(*RANGES[kind])
    form = draw(st.sampled_from(["path", "knots"] if knots else ["path"]))
    start = draw(st.sampled_from([Offset(), Offset(3), Offset(0, 14)]))
    if form == "path":
        curve = Curve("quarter", 4, start, path=tuple(draw(st.lists(value, min_size=4, max_size=4))))
    else:
        times = sorted(draw(st.sets(st.integers(1, 200), min_size=1, max_size=4)))
        curve = Curve("quarter", 4, start, knots=tuple(Knot("day", float(t), draw(value)) for t in times))
    return Series(kind, "pp" if kind == "delta" else "pct", (curve,))


@st.composite
def multiplier(draw):
    peak = draw(st.floats(*RANGES["mult"]))
    if draw(st.booleans()):
        return Series("mult", "ratio", (Curve("week", 20, constant=peak),))
    times = [draw(st.floats(0.5, 8.0)) for _ in range(4)]
    return Series("mult", "ratio", (Curve("week", 20, pulse=Pulse(peak, "week", *times)),))


@st.composite
def scenarios(draw, name="one"):
    def some(strategy, keys):
        return {key: draw(strategy) for key in keys if draw(st.booleans())}

    market = some(series("cum_return"), ["equity"]) | some(series("mult", knots=False), ["vol_mult"])
    return Scenario(
        id=name,
        title=name,
        kind="hypothetical",
        horizon=Horizon(4, "quarter"),
        macro=some(series("delta"), ["unemployment", "bbb_spread"])
        | some(series("cum_return"), ["house_prices"]),
        market=market | some(series("blend", knots=False), ["corr_blend"]),
        liquidity=some(series("mult"), ["spread_mult"]),
        credit=Credit({"cards": {"unemployment": -0.5}}, prepayment_mult=draw(st.floats(0.2, 3.0))),
        behaviour=some(multiplier(), ["late_payment"]),
        fraud=Fraud(
            some(multiplier(), ["card_testing"]),
            draw(st.just(0.0) | st.floats(1e-6, 0.9)),  # one that is scaled to nought is none
            12.0,
            draw(st.sampled_from([None, Mules(2.0, (2, 5), None), Mules(3.0, (1, 3), (0.5, 9.0))])),
        ),
        aml=some(multiplier(), ["layering"]),
        calibration=Calibration("2025-12-31", {"unemployment": 4.0}),
    )


def naive(kind, x, s):
    """The severity table of the reference, line by line."""
    if kind == "delta":
        return s * x
    if kind == "cum_return":
        return 100.0 * ((1.0 + x / 100.0) ** s - 1.0)
    return x**s if kind == "mult" else 1.0 - (1.0 - x) ** s


def close(one, two, clock):
    """Compare the drivers of two scenarios field by field."""
    a, b = drivers(one, clock), drivers(two, clock)
    assert [x.session for x in a.anchors] == [x.session for x in b.anchors]
    assert [x.move for x in a.anchors] == pytest.approx([x.move for x in b.anchors], abs=1e-9)
    for name in ("macro", "macro_steps", "market", "behaviour", "intensity"):
        left, right = getattr(a, name), getattr(b, name)
        for key in {*left, *right}:
            neutral = 1.0 if key.endswith("_mult") or name in ("behaviour", "intensity") else 0.0
            empty = np.full_like(left.get(key, right.get(key)), neutral)
            np.testing.assert_allclose(left.get(key, empty), right.get(key, empty), rtol=1e-8, atol=1e-8)
    assert dict(a.mules) == pytest.approx(dict(b.mules), rel=1e-9)
    assert a.credit.prepayment_mult == pytest.approx(b.credit.prepayment_mult)


@pytest.mark.parametrize("kind", list(RANGES))
@LAWS
@given(data=st.data(), s=SEVERITY, t=SEVERITY)
def test_severity_of_one_number(kind, data, s, t):
    x = data.draw(st.floats(*RANGES[kind]))
    assert scale(kind, x, 1.0) == x
    assert scale(kind, x, 0.0) == NEUTRAL[kind]
    assert scale(kind, x, s) == pytest.approx(naive(kind, x, s), rel=1e-9, abs=1e-9)
    assert scale(kind, scale(kind, x, s), t) == pytest.approx(scale(kind, x, s * t), rel=1e-7, abs=1e-9)
    if s > 0.0:  # the sense of a move never turns
        assert (scale(kind, x, s) - NEUTRAL[kind]) * (x - NEUTRAL[kind]) >= 0.0


def test_published_severity_values():
    assert scale("cum_return", -57.8, 1.5) == pytest.approx(-72.6, abs=0.05)
    assert scale("cum_return", -57.8, 3.0) > -100.0
    assert scale("blend", 0.9, 2.0) == pytest.approx(0.99)
    assert scale("mult", 4.0, 0.5) == pytest.approx(2.0)


@pytest.mark.parametrize("kind", list(RANGES))
@LAWS
@given(data=st.data())
def test_the_chart_and_its_inverse(kind, data):
    x = np.array([data.draw(st.floats(*RANGES[kind])) for _ in range(3)])
    np.testing.assert_allclose(from_chart(kind, to_chart(kind, x)), x, rtol=1e-12, atol=1e-12)


def test_an_extreme_severity_is_refused_and_not_rounded_to_ruin():
    with pytest.raises(ScenarioError, match="smaller severity"):
        scale("cum_return", -99.9, 8.0)
    with pytest.raises(ScenarioError, match="smaller severity"):
        scale("blend", 0.999, 9.0)
    with pytest.raises(ScenarioError, match="smaller severity"):
        scale("mult", 1e6, 100.0)
    for severity in (-0.1, math.nan, math.inf):
        with pytest.raises(ScenarioError, match="severity"):
            scaled(load("gfc-2008"), severity)


@LAWS
@given(one=scenarios(), s=SEVERITY, t=SEVERITY)
def test_severity_of_a_scenario(clock, one, s, t):
    assert scaled(one, 1.0) is one
    close(scaled(scaled(one, s), t), scaled(one, s * t), clock)
    assert scaled(scaled(one, s), t).severity == pytest.approx(s * t)


@LAWS
@given(one=scenarios())
def test_severity_zero_moves_nothing_at_all(clock, one):
    found = drivers(one, clock, 0.0)
    assert found.anchors == ()
    assert found.equity_steps.size == 0
    assert not any(
        (found.macro, found.macro_steps, found.market, found.behaviour, found.intensity, found.mules)
    )
    assert found.credit == drivers(load("base"), clock).credit
    assert found.jump_off == {}


@LAWS
@given(one=scenarios("one"), two=scenarios("two"), three=scenarios("three"))
def test_overlays_commute_and_associate(clock, one, two, three):
    forward = overlaid(overlaid(one, two), three, Offset(1))
    close(forward, overlaid(overlaid(one, three, Offset(1)), two), clock)
    grouped = overlaid(one, overlaid(two, three, Offset(1)))
    close(forward, replace(grouped, calibration=one.calibration), clock)


@LAWS
@given(one=scenarios("one"), two=scenarios("two"), s=SEVERITY)
def test_severity_distributes_over_overlays(clock, one, two, s):
    close(scaled(overlaid(one, two), s), overlaid(scaled(one, s), scaled(two, s)), clock)


@LAWS
@given(one=scenarios("one"), two=scenarios("two"))
def test_an_overlay_at_severity_zero_is_the_identity(clock, one, two):
    close(overlaid(one, scaled(two, 0.0)), one, clock)


@LAWS
@given(one=scenarios())
def test_the_resolved_form_is_complete_and_stable(one):
    form = resolved(one)
    assert from_resolved(form) == one
    assert all(list(form[block]) == sorted(form[block]) for block in ("macro", "market", "credit"))
    assert resolved(from_resolved(form)) == form
    turned = replace(one, macro=dict(reversed(one.macro.items())), market=dict(reversed(one.market.items())))
    assert digest(turned) == digest(one)
    assert digest(scaled(one, 0.5)) != digest(one)


@LAWS
@given(
    one=scenarios("one"), two=scenarios("two"), three=scenarios("three"), rule=st.sampled_from(["max", "min"])
)
def test_the_laws_of_max_and_min(clock, one, two, three, rule):
    assert overlaid(one, one, combine=rule) == one
    both = overlaid(one, two, combine=rule)
    close(both, overlaid(two, one, combine=rule), clock)
    left = overlaid(both, three, combine=rule)
    close(left, overlaid(one, overlaid(two, three, combine=rule), combine=rule), clock)
    assert from_resolved(resolved(left)) == left


@LAWS
@given(one=scenarios("one"), two=scenarios("two"), s=SEVERITY, rule=st.sampled_from(["max", "min", "last"]))
def test_severity_distributes_over_every_rule(clock, one, two, s, rule):
    met = overlaid(one, two, Offset(2), combine=rule)
    close(scaled(met, s), overlaid(scaled(one, s), scaled(two, s), Offset(2), combine=rule), clock)


@LAWS
@given(one=scenarios("one"), two=scenarios("two"), three=scenarios("three"))
def test_last_associates_and_lets_the_later_one_go_on(clock, one, two, three):
    left = overlaid(overlaid(one, two, Offset(1), combine="last"), three, Offset(4), combine="last")
    later = overlaid(two, three, Offset(3), combine="last")
    right = overlaid(one, later, Offset(1), combine="last")
    close(replace(right, calibration=one.calibration), left, clock)


WAYS = {
    "delta": "{unit: pp, as: delta, path: [1, 5, 2, 0.5]}",
    "level": "{unit: pct, as: level, path: [5, 9, 6, 4.5]}",
}
HOUSES = {
    "cum_return": "{unit: pct, as: cum_return, path: [-10, -30, -20, 10]}",
    "mult": "{unit: ratio, as: mult, path: [0.9, 0.7, 0.8, 1.1]}",
    "level": "{unit: index, as: level, path: [180, 140, 160, 220]}",
}
ONE_WAY = """horizon: {{length: 4, step: quarter}}
calibration: {{jump_off: {{unemployment: 4.0, house_prices: 200.0}}}}
macro: {{unemployment: {0}, house_prices: {1}}}
"""


@pytest.mark.parametrize("rule", [None, "add", "max", "min", "last"])
def test_what_a_file_means_does_not_hang_on_its_notation(write, clock, rule):
    first = load(write("first", ONE_WAY.format(WAYS["delta"], HOUSES["cum_return"])))
    ways = [("delta", "cum_return"), ("delta", "mult"), ("level", "level")]
    found = []
    for i, (rates, houses) in enumerate(ways):
        other = load(write(f"other{i}", ONE_WAY.format(WAYS[rates], HOUSES[houses])))
        found += [drivers(overlaid(first, other, Offset(3), combine=rule), clock)]
        found += [drivers(overlaid(other, first, Offset(3), combine=rule), clock)]
    for one in found[1:]:
        for name in ("unemployment", "house_prices"):
            np.testing.assert_allclose(one.macro[name], found[0].macro[name], atol=1e-9)
    peak = {None: 7.0, "add": 7.0, "max": 5.0, "min": 2.0, "last": 6.0}[rule]
    assert found[0].macro["unemployment"].reshape(-1, 3).mean(axis=1).max() == pytest.approx(peak)


def test_how_two_paths_of_one_variable_meet(clock):
    def path(*values):
        curve = Curve("quarter", 4, path=values)
        return Scenario("x", "x", "hypothetical", Horizon(4, "quarter"),
                        macro={"unemployment": Series("delta", "pp", (curve,))})  # fmt: skip

    one, two, three = path(1.0, 5.0, 2.0, 0.0), path(3.0, 1.0, 2.0, 4.0), path(2.0, 2.0, 2.0, 2.0)

    def steps(scenario):
        return drivers(scenario, clock).macro_steps["unemployment"].tolist()

    assert steps(overlaid(one, two)) == steps(overlaid(one, two, combine="add")) == [4.0, 6.0, 4.0, 4.0]
    assert steps(overlaid(one, two, combine="max")) == [3.0, 5.0, 2.0, 4.0]
    assert steps(overlaid(one, two, combine="min")) == [1.0, 1.0, 2.0, 0.0]
    assert steps(overlaid(one, two, combine="last")) == [3.0, 1.0, 2.0, 4.0]
    # From its start on the later one goes on from the level reached there; before it says nothing.
    assert steps(overlaid(one, two, Offset(6), combine="last")) == [1.0, 5.0, 8.0, 6.0]
    assert steps(overlaid(one, two, Offset(6), combine="min")) == [1.0, 5.0, 2.0, 0.0]
    assert steps(overlaid(overlaid(one, two, combine="max"), three)) == [5.0, 7.0, 4.0, 6.0]
    assert steps(scaled(overlaid(one, two, combine="max"), 0.5)) == [1.5, 2.5, 1.0, 2.0]


def test_a_crisis_over_itself_with_max_is_the_crisis():
    for name in ("gfc-2008", "covid-2020", "fraud-wave-mule-surge"):
        assert overlaid(load(name), load(name), combine="max") == load(name)


def test_two_credit_links_must_agree():
    one = load("dfast-severely-adverse-2026")
    other = replace(one, credit=replace(one.credit, betas={"cards": {"unemployment": -0.1}}))
    with pytest.raises(ScenarioError, match=r"credit\.betas\.cards: unemployment is -0\.4605"):
        overlaid(one, other, combine="max")
    last = overlaid(one, other, combine="last")
    assert last.credit.betas["cards"] == {**one.credit.betas["cards"], "unemployment": -0.1}
    assert last.credit.betas["cre"] == one.credit.betas["cre"]


def test_the_resolved_form_of_another_version_is_refused():
    form = resolved(load("base"))
    with pytest.raises(ScenarioError, match="version"):
        from_resolved({**form, "finsim": "scenario/0"})
    with pytest.raises(ScenarioError, match="not a resolved scenario"):
        from_resolved({"finsim": "scenario/1", "id": "x"})
