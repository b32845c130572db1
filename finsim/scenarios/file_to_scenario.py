"""A checked file as a flat ``Scenario``: levels become moves from the jump-off, shorthands become series."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import cast

from finsim.records.calendar import Step
from finsim.scenarios.additive_scale import Kind
from finsim.scenarios.file_models import (
    BehaviourPart,
    CreditPart,
    CurvePart,
    EquityCurve,
    ExpectPart,
    FraudPart,
    HorizonPart,
    IllicitPart,
    KnotPart,
    LiquidityPart,
    MacroCurve,
    ScenarioFile,
    WavePart,
)
from finsim.scenarios.flat_scenario import (
    Calibration,
    Credit,
    Curve,
    Expectation,
    FlatScenario,
    Fraud,
    Horizon,
    Knot,
    Mules,
    Offset,
    Probability,
    Pulse,
    Series,
    Source,
)
from finsim.scenarios.variables import VARIABLES

Convert = Callable[[float], float]
_START = re.compile(r"(\d+)(d|w|m|q|y)\Z")
_BLOCKS = ("macro", "market", "liquidity", "credit", "behaviour", "fraud", "aml")


def flat(model: ScenarioFile) -> FlatScenario:
    """Return the scenario of a file that has passed ``check.problems``; overlays are not applied here."""
    written = model.horizon or HorizonPart()
    horizon = Horizon(written.length or 0, cast(Step, written.step))
    part = model.calibration
    jump_off = dict(part.jump_off or {}) if part else {}
    return FlatScenario(
        id=model.id,
        title=model.title,
        kind=model.kind,
        horizon=horizon,
        narrative=(model.narrative or "").strip(),
        macro=_macro(model, horizon, jump_off),
        market=_market(model, horizon, jump_off),
        liquidity=_liquidity(model.liquidity, horizon),
        credit=_credit(model.credit),
        behaviour=_behaviour(model.behaviour, horizon),
        fraud=_fraud(model.fraud, horizon),
        aml=_illicit(model.aml, horizon),
        expect=tuple(_claim(claim) for claim in model.expect or ()),
        source=_sources(model),
        probability=_probability(model),
        calibration=Calibration(
            (part and part.as_of) or "",
            jump_off,
            (part and part.fit_window) or "",
            (part and part.generator) or "",
        ),
    )


def offset(text: str) -> Offset:
    """Return the shift that ``13w``, ``2q`` or ``0d`` means."""
    found = _START.match(text)
    assert found
    count, unit = int(found[1]), found[2]
    months = {"m": 1, "q": 3, "y": 12}.get(unit, 0)
    return Offset(count * months, count * {"d": 1, "w": 7}.get(unit, 0))


def _some(named: Mapping[str, Series | None]) -> dict[str, Series]:
    return {name: series for name, series in named.items() if series}


def _knot(part: KnotPart, convert: Convert = float) -> Knot:
    for unit in ("minute", "day", "week", "month", "quarter"):
        at = getattr(part, unit)
        if at is not None:
            return Knot(unit, float(at), convert(part.value))
    raise AssertionError("a checked knot has a time")


def _curve(
    part: CurvePart | MacroCurve | EquityCurve,
    horizon: Horizon,
    convert: Convert = float,
) -> Curve:
    knots = [_knot(knot, convert) for knot in part.knots or ()]
    if isinstance(part, EquityCurve) and part.trough:
        knots.append(_knot(part.trough, convert))
    pulse, constant = None, None
    if isinstance(part, CurvePart):
        pulse = _pulse(part, convert)
        constant = None if part.constant is None else convert(part.constant)
    return Curve(
        horizon.step,
        horizon.length,
        path=tuple(convert(value) for value in part.path or ()),
        knots=tuple(sorted(knots)),
        pulse=pulse,
        constant=constant,
    )


def _pulse(part: CurvePart, convert: Convert) -> Pulse | None:
    if part.peak is None:
        return None
    unit = next(unit for unit in ("minute", "day", "week") if getattr(part, f"at_{unit}") is not None)
    at, ramp, plateau, half_life = (
        float(getattr(part, name) or 0.0)
        for name in (f"at_{unit}", f"ramp_{unit}s", f"plateau_{unit}s", f"half_life_{unit}s")
    )
    return Pulse(convert(part.peak), unit, at, half_life, ramp, plateau)


def _plain(part: CurvePart | None, kind: Kind, horizon: Horizon) -> Series | None:
    return Series(kind, "ratio", (_curve(part, horizon),)) if part else None


def _prefixed(prefix: str, parts: Mapping[str, CurvePart] | None, horizon: Horizon) -> dict[str, Series]:
    return {
        f"{prefix}:{name}": Series("mult", "ratio", (_curve(part, horizon),))
        for name, part in (parts or {}).items()
    }


def _behaviour(part: BehaviourPart | None, horizon: Horizon) -> dict[str, Series]:
    if part is None:
        return {}
    single = {
        "late_payment": _plain(part.late_payment_mult, "mult", horizon),
        "cash_withdrawal": _plain(part.cash_withdrawal_mult, "mult", horizon),
    }
    spend = _prefixed("spend", part.spend_mult, horizon)
    return {**spend, **_prefixed("channel", part.channel_shift, horizon), **_some(single)}


def _macro(model: ScenarioFile, horizon: Horizon, jump_off: Mapping[str, float]) -> dict[str, Series]:
    found: dict[str, Series] = {}
    for name, variable in VARIABLES.items():
        part: MacroCurve | None = getattr(model.macro, name) if model.macro else None
        if part is None:
            continue
        kind = variable.kind
        convert = _from_level(str(part.as_), kind, jump_off.get(name, 0.0))
        curve = _curve(part, horizon, convert)
        floor = None if part.floor_level is None else part.floor_level - jump_off[name]
        if floor is not None and kind == "cum_return":
            floor = 100.0 * floor / jump_off[name]
        found[name] = Series(kind, "pp" if kind == "delta" else "pct", (curve,), floor=floor)
    return found


def _from_level(written: str, kind: Kind, start: float) -> Convert:
    if written == "mult":
        return lambda value: round(100.0 * (value - 1.0), 10)
    if written != "level":
        return float
    if kind == "delta":
        return lambda value: round(value - start, 10)
    return lambda value: round(100.0 * (value / start - 1.0), 10)


def _market(model: ScenarioFile, horizon: Horizon, jump_off: Mapping[str, float]) -> dict[str, Series]:
    part = model.market
    if part is None:
        return {}
    vol = None
    if part.vol:
        start = jump_off.get("vix", 1.0)
        level = part.vol.as_ == "level"
        curve = _curve(part.vol, horizon, (lambda value: value / start) if level else float)
        vol = Series("mult", "ratio", (curve,))
    jumps = None
    if part.jumps:
        knots = tuple(sorted(_knot(knot) for knot in part.jumps))
        jumps = Series("cum_return", "pct", (Curve(horizon.step, horizon.length, knots=knots),))
    equity = None
    if part.equity:
        move = _from_level(str(part.equity.as_), "cum_return", jump_off.get("equity", 1.0))
        equity = Series("cum_return", "pct", (_curve(part.equity, horizon, move),))
    blend = part.correlation.blend_to_one if part.correlation else None
    corr = _plain(blend, "blend", horizon)
    return _some({"equity": equity, "jump": jumps, "vol_mult": vol, "corr_blend": corr})


def _liquidity(part: LiquidityPart | None, horizon: Horizon) -> dict[str, Series]:
    if part is None:
        return {}
    return _some(
        {
            "spread_mult": _plain(part.spread_mult, "mult", horizon),
            "depth_mult": _plain(part.depth_mult, "mult", horizon),
        }
    )


def _credit(part: CreditPart | None) -> Credit:
    if part is None:
        return Credit()
    lgd, pause = part.lgd, part.forbearance
    return Credit(
        betas={name: dict(row) for name, row in (part.betas or {}).items()},
        lgd_model=(lgd and lgd.model) or "frye_jacobs",
        collateral=dict((lgd and lgd.collateral) or {}),
        prepayment_mult=1.0 if part.prepayment_mult is None else part.prepayment_mult,
        forbearance_share=pause.share if pause else 0.0,
        forbearance_months=3 * pause.quarters if pause else 0,
    )


def _illicit(part: IllicitPart | None, horizon: Horizon) -> dict[str, Series]:
    curves: dict[str, list[Curve]] = {}
    for name, written in ((part and part.intensity_mult) or {}).items():
        curves.setdefault(name, []).append(_curve(written, horizon))
    for wave in (part and part.waves) or ():
        curves.setdefault(wave.typology, []).append(_wave(wave, horizon))
    return {name: Series("mult", "ratio", tuple(sorted(found, key=repr))) for name, found in curves.items()}


def _wave(wave: WavePart, horizon: Horizon) -> Curve:
    pulse = Pulse(
        wave.intensity_mult,
        "week",
        wave.start_week + wave.ramp_weeks,
        wave.decay_half_life_weeks,
        wave.ramp_weeks,
        wave.plateau_weeks,
    )
    return Curve(horizon.step, horizon.length, pulse=pulse)


def _fraud(part: FraudPart | None, horizon: Horizon) -> Fraud:
    if part is None:
        return Fraud()
    found, mules = part.self_excitation, None
    if part.mules:
        hops, dwell = part.mules.hops, part.mules.dwell_hours
        mules = Mules(
            1.0 if part.mules.recruit_mult is None else part.mules.recruit_mult,
            (hops[0], hops[1]) if hops else None,
            (float(dwell[0]), float(dwell[1])) if dwell else None,
        )
    return Fraud(
        _illicit(part, horizon),
        found.branching_ratio if found else 0.0,
        found.half_life_hours if found else 0.0,
        mules,
    )


def _probability(model: ScenarioFile) -> Probability:
    part = model.probability
    return Probability(part.weight, part.basis) if part else Probability()


def _claim(part: ExpectPart) -> Expectation:
    inf = float("inf")
    if part.between is not None:
        low, high = part.between
        return Expectation(part.metric, low, high, f"between {low:g} and {high:g}")
    if part.at_least is not None:
        return Expectation(part.metric, part.at_least, inf, f"at least {part.at_least:g}")
    if part.at_most is not None:
        return Expectation(part.metric, -inf, part.at_most, f"at most {part.at_most:g}")
    assert part.equals is not None
    tol = part.tol or 0.0
    return Expectation(part.metric, part.equals - tol, part.equals + tol, f"{part.equals:g} within {tol:g}")


def _sources(model: ScenarioFile) -> tuple[Source, ...]:
    found = [Source(line.what, line.ref) for line in model.source or ()]
    for name in _BLOCKS:
        block = getattr(model, name)
        for holder, what in ((block, name), *_inside(block, name)):
            text, guess = getattr(holder, "source", None), getattr(holder, "assumption", None)
            found += [Source(what, text)] if text else []
            found += [Source(what, guess, True)] if guess else []
    return tuple(sorted(set(found)))


def _inside(block: object, name: str) -> list[tuple[object, str]]:
    names = getattr(type(block), "model_fields", {})
    return [(getattr(block, key), f"{name}.{key}") for key in names]
