"""A scenario on a clock: ``Drivers``, the arrays that the worlds read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date, timedelta

import numpy as np

from finsim.errors import ScenarioError
from finsim.notation import Float1D
from finsim.records.calendar import Clock
from finsim.records.drivers import Anchor, CreditLink, Drivers
from finsim.scenarios import series_values as evaluate
from finsim.scenarios.additive_scale import NEUTRAL
from finsim.scenarios.canonical_form import digest
from finsim.scenarios.flat_scenario import Credit, FlatScenario, Fraud, Series
from finsim.scenarios.severity_and_overlays import scaled
from finsim.scenarios.timeline import Axis, start_date, steps
from finsim.scenarios.values.meeting import every_curve
from finsim.scenarios.variables import VARIABLES

Values = Callable[[Series, Axis], Float1D]


def drivers(scenario: FlatScenario, clock: Clock, severity: float = 1.0) -> Drivers:
    """Return a scenario as arrays on a clock.

    Series that move nothing are left out, so severity 0 (like ``base``) has no macro, market,
    behaviour or intensity at all and no anchors. Beyond the horizon macro levels hold, multipliers
    return to 1 and blends to 0. Raises ScenarioError for a negative severity and for a scenario
    written in minutes, which a clock of days cannot carry.
    """
    turned = scaled(scenario, severity)
    try:
        own = steps(clock.start, scenario.horizon.step, scenario.horizon.length)
    except ScenarioError as error:
        raise ScenarioError.of(replace(p, place=scenario.id) for p in error.problems) from None
    reach = _reach(turned, clock)
    months, sessions, days = (Axis(clock, unit, reach) for unit in ("month", "session", "day"))
    ends, at_steps = months.points, months.at(own)
    macro = {name: _course(turned, name, months, ends, ends - 1.0) for name in sorted(turned.macro)}
    macro = {name: values for name, values in macro.items() if np.any(values)}
    before = np.r_[0.0, at_steps[:-1]]
    macro_steps = {name: _course(turned, name, months, at_steps, before) for name in turned.macro}
    macro_steps = {name: values for name, values in macro_steps.items() if np.any(values)}
    anchors, equity_steps = _equity(turned, sessions, sessions.at(own))
    still = not macro_steps and not anchors and not equity_steps.size
    jump_off = scenario.calibration.jump_off
    known = {name: jump_off[name] for name in sorted(jump_off) if name in macro_steps}
    market = _market(turned, sessions)
    if "vix" in jump_off and "vol_mult" in market:
        known["vix"] = jump_off["vix"]
    return Drivers(
        scenario=scenario.id,
        title=scenario.title,
        severity=turned.severity,
        digest=digest(turned),
        clock=clock,
        step=scenario.horizon.step,
        step_dates=() if still else tuple(str(day) for day in own),
        macro={name: macro.get(name, np.zeros(clock.months)) for name in macro_steps},
        macro_steps=macro_steps,
        macro_averages=tuple(name for name in macro_steps if VARIABLES[name].timing == "average"),
        macro_units={name: turned.macro[name].unit for name in macro_steps},
        jump_off=known,
        anchors=anchors,
        equity_steps=equity_steps,
        market=market,
        credit=_link(turned.credit, bool(macro_steps)),
        behaviour=_moving(turned.behaviour, days, evaluate.fading),
        intensity=_intensity(turned, days),
        mules=_mules(turned.fraud),
    )


def _course(scenario: FlatScenario, name: str, axis: Axis, ends: Float1D, starts: Float1D) -> Float1D:
    return evaluate.macro(scenario.macro[name], axis, VARIABLES[name].timing, ends, starts)


def whole_clock(scenario: FlatScenario, clock: Clock) -> Clock:
    """Return a clock of the same start and market that holds the whole composition, and no less."""
    days = (_reach(scenario, clock) - clock.start).days
    per_year = max(clock.market.steps_a_year, 1.0)
    return replace(
        clock,
        sessions=max(clock.sessions, int(days * per_year / 365.0) + 40),
        days=max(clock.days, days),
        months=max(clock.months, days // 28 + 2),
    )


def _reach(scenario: FlatScenario, clock: Clock) -> date:
    """Return a date after every step end and knot of the scenario."""
    last = clock.start
    for series in _every_series(scenario):
        for curve in every_curve(series):
            start = start_date(clock, curve.start)
            end = steps(start, curve.step, curve.length)[-1].astype(object)
            spans = {"day": 2, "week": 7, "month": 31, "quarter": 92}
            knots = [start + timedelta(days=int(k.at + 1) * spans.get(k.unit, 1)) for k in curve.knots]
            last = max(last, end, *knots)
    own = steps(clock.start, scenario.horizon.step, scenario.horizon.length)[-1].astype(object)
    found: date = max(last, own) + timedelta(days=10)
    return found


def _every_series(scenario: FlatScenario) -> Iterable[Series]:
    for block in (scenario.macro, scenario.market, scenario.liquidity, scenario.behaviour, scenario.aml):
        yield from block.values()
    yield from scenario.fraud.intensity.values()


def _moving(block: Mapping[str, Series], axis: Axis, values: Values) -> dict[str, Float1D]:
    """Evaluate the series of a block and keep those that move something on this clock."""
    found = {name: values(block[name], axis) for name in sorted(block)}
    return {name: x for name, x in found.items() if np.any(x != NEUTRAL[block[name].kind])}


def _equity(scenario: FlatScenario, axis: Axis, own: Float1D) -> tuple[tuple[Anchor, ...], Float1D]:
    series = scenario.market.get("equity")
    if series is None or not evaluate.moves(series):
        return (), np.zeros(0)
    at, percent = evaluate.nodes(series, axis)
    inside = [(int(s), float(v) / 100.0) for s, v in zip(at, percent, strict=True) if 0 < s < axis.size]
    anchors = tuple(Anchor(session, move) for session, move in inside)
    written = any(curve.path for curve in every_curve(series))
    return anchors, evaluate.between_nodes(series, axis, own) / 100.0 if written else np.zeros(0)


def _market(scenario: FlatScenario, axis: Axis) -> dict[str, Float1D]:
    block = {name: series for name, series in scenario.market.items() if name not in ("equity", "jump")}
    found = _moving({**block, **scenario.liquidity}, axis, evaluate.held)
    jump = scenario.market.get("jump")
    if jump is not None:
        returns = np.log1p(evaluate.jumps(jump, axis) / 100.0)
        if np.any(returns):
            found["jump"] = returns
    return found


def _intensity(scenario: FlatScenario, axis: Axis) -> dict[str, Float1D]:
    fraud = {f"fraud:{name}": series for name, series in scenario.fraud.intensity.items()}
    aml = {f"aml:{name}": series for name, series in scenario.aml.items()}
    return _moving({**fraud, **aml}, axis, evaluate.held)


def _mules(fraud: Fraud) -> dict[str, float]:
    found: dict[str, float] = {}
    if fraud.mules:
        mules = fraud.mules
        found["recruit_mult"] = mules.recruit_mult
        if mules.hops:
            found["hops_low"], found["hops_high"] = float(mules.hops[0]), float(mules.hops[1])
        if mules.dwell_hours:
            found["dwell_low"], found["dwell_high"] = mules.dwell_hours
    if fraud.branching_ratio > 0.0:
        found["branching_ratio"] = fraud.branching_ratio
        found["excitation_half_life_hours"] = fraud.excitation_half_life_hours
    return found


def _link(credit: Credit, moving: bool) -> CreditLink:
    """Return the credit link; without a macro move its coefficients are dropped, for they move nothing."""
    return CreditLink(
        betas={name: dict(row) for name, row in credit.betas.items()} if moving else {},
        lgd_model=credit.lgd_model if moving else CreditLink().lgd_model,
        collateral=dict(credit.collateral) if moving else {},
        prepayment_mult=credit.prepayment_mult,
        forbearance_share=credit.forbearance_share,
        forbearance_months=credit.forbearance_months if credit.forbearance_share > 0.0 else 0,
    )
