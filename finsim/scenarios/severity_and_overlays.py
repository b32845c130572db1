"""Severity and overlays: ``scaled`` multiplies, ``overlaid`` adds, both on the additive scale.

Source: own, see docs/adr/0006-scenario-algebra.md.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from finsim.errors import ScenarioError, did_you_mean
from finsim.scenarios.additive_scale import NEUTRAL, Kind, scale
from finsim.scenarios.flat_scenario import Credit, Curve, FlatScenario, Fraud, Mules, Offset, Series
from finsim.scenarios.values import meeting

V = TypeVar("V")
S = TypeVar("S", bound=FlatScenario)
NOW = Offset()
_SERIES_BLOCKS = ("macro", "market", "liquidity", "behaviour", "aml")


def scaled(scenario: S, severity: float) -> S:
    """Return the scenario at a severity: 0 moves nothing, 1 is as given, s then t is s x t.

    Values are scaled in the chart of their kind; times and durations stay. Expectations are claims
    about the file as written, so any severity but 1 drops them. Raises ScenarioError for a severity
    that is negative or not finite, or so large that a price reaches zero.
    """
    if not math.isfinite(severity) or severity < 0.0:
        raise ScenarioError(
            f"severity {severity!r}",
            place=scenario.id,
            expected="a finite number of 0 or more",
            remedy="0 is no stress, 1 is the file as written",
        )
    if severity == 1.0:
        return scenario
    dial = scenario.severity * severity
    if severity == 0.0:
        bare = Credit(scenario.credit.betas, scenario.credit.lgd_model, scenario.credit.collateral)
        return replace(
            scenario, severity=dial, macro={}, market={}, liquidity={}, credit=bare, behaviour={},
            fraud=Fraud(), aml={}, expect=(),
        )  # fmt: skip
    credit, fraud = scenario.credit, scenario.fraud
    mules = fraud.mules
    try:
        blocks = {name: _scaled_block(getattr(scenario, name), severity) for name in _SERIES_BLOCKS}
        return replace(
            scenario,
            severity=dial,
            expect=(),
            credit=replace(
                credit,
                prepayment_mult=scale("mult", credit.prepayment_mult, severity),
                forbearance_share=scale("blend", credit.forbearance_share, severity),
            ),
            fraud=replace(
                fraud,
                intensity=_scaled_block(fraud.intensity, severity),
                branching_ratio=scale("blend", fraud.branching_ratio, severity),
                mules=mules and replace(mules, recruit_mult=scale("mult", mules.recruit_mult, severity)),
            ),
            macro=blocks["macro"],
            market=blocks["market"],
            liquidity=blocks["liquidity"],
            behaviour=blocks["behaviour"],
            aml=blocks["aml"],
        )
    except ScenarioError as error:
        raise ScenarioError.of(replace(p, place=scenario.id) for p in error.problems) from None


def _scaled_block(block: Mapping[str, Series], severity: float) -> dict[str, Series]:
    return {name: _scaled_series(series, severity) for name, series in block.items()}


def _scaled_series(series: Series, severity: float) -> Series:
    return replace(
        series,
        curves=tuple(_scaled_curve(series.kind, curve, severity) for curve in series.curves),
        parts=tuple(_scaled_series(part, severity) for part in series.parts),
    )


def _scaled_curve(kind: Kind, curve: Curve, severity: float) -> Curve:
    pulse, constant = curve.pulse, curve.constant
    return replace(
        curve,
        path=tuple(scale(kind, value, severity) for value in curve.path),
        knots=tuple(replace(knot, value=scale(kind, knot.value, severity)) for knot in curve.knots),
        pulse=pulse and replace(pulse, peak=scale(kind, pulse.peak, severity)),
        constant=None if constant is None else scale(kind, constant, severity),
    )


def overlaid(
    scenario: S,
    other: FlatScenario,
    start: Offset = NOW,
    only: Sequence[str] | None = None,
    combine: str | None = None,
) -> S:
    """Return ``scenario`` with ``other`` laid over it from ``start`` after the jump-off.

    Id, horizon, jump-off, probability and expectations are those of ``scenario``. ``only`` keeps parts
    of ``other`` by dotted prefix (``macro.inflation``, ``fraud``). ``combine`` says how two moves of one
    quantity meet, however they are written: ``add`` (None is the same), ``max`` and ``min`` of the moves, or
    ``last``: from its start on ``other`` alone goes on, levels from where they stand then.
    Raises ScenarioError for a part that does not exist and for two different credit links.
    """
    place = f"{scenario.id} + {other.id}"
    rule = combine or "add"
    _known_parts(other, only, place)
    blocks = {}
    for name in _SERIES_BLOCKS:
        top = {key: s for key, s in getattr(other, name).items() if _wanted(only, name, key)}
        blocks[name] = _joined_block(getattr(scenario, name), top, start, rule)
    fraud = scenario.fraud
    top = {key: s for key, s in other.fraud.intensity.items() if _wanted(only, "fraud", key)}
    intensity = _joined_block(fraud.intensity, top, start, rule)
    fraud = replace(fraud, intensity=intensity)
    if _wanted(only, "fraud", "self_excitation"):
        ratio = _met(fraud.branching_ratio, other.fraud.branching_ratio, rule, "blend")
        half_life = max(fraud.excitation_half_life_hours, other.fraud.excitation_half_life_hours)
        fraud = replace(fraud, branching_ratio=ratio, excitation_half_life_hours=half_life)
    if _wanted(only, "fraud", "mules"):
        fraud = replace(fraud, mules=_joined_mules(fraud.mules, other.fraud.mules, rule))
    credit = scenario.credit
    if only is None or "credit" in only:
        credit = _joined_credit(credit, other.credit, rule, place)
    source = tuple(sorted({*scenario.source, *other.source}))
    return replace(
        scenario,
        macro=blocks["macro"],
        market=blocks["market"],
        liquidity=blocks["liquidity"],
        behaviour=blocks["behaviour"],
        aml=blocks["aml"],
        credit=credit,
        fraud=fraud,
        source=source,
    )


def parts(scenario: FlatScenario) -> list[str]:
    """Return the dotted names of everything that a scenario moves, sorted."""
    found = [f"{name}.{key}" for name in _SERIES_BLOCKS for key in getattr(scenario, name)]
    found += [f"fraud.{name}" for name in scenario.fraud.intensity]
    found += ["fraud.self_excitation"] if scenario.fraud.branching_ratio else []
    found += ["fraud.mules"] if scenario.fraud.mules else []
    moved = replace(scenario.credit, betas={}, lgd_model="frye_jacobs", collateral={})
    return sorted(found + (["credit"] if moved != Credit() else []))


def _wanted(only: Sequence[str] | None, block: str, key: str) -> bool:
    return only is None or block in only or f"{block}.{key}" in only


def _known_parts(other: FlatScenario, only: Sequence[str] | None, place: str) -> None:
    known = parts(other)
    known += sorted({name.partition(".")[0] for name in known} | {"credit"})
    for name in only or ():
        if name not in known:
            raise ScenarioError(
                f"only: {other.id!r} does not move {name!r}", place=place, remedy=did_you_mean(name, known)
            )


def _joined_block(
    block: Mapping[str, Series], top: Mapping[str, Series], start: Offset, rule: str
) -> dict[str, Series]:
    joined = dict(block)
    for name, series in top.items():
        moved = meeting.shifted(series, start)
        joined[name] = meeting.joined(joined[name], moved, rule) if name in joined else moved
    return joined


def _met(one: float, two: float, rule: str, kind: Kind) -> float:
    """Return two single numbers met by a rule; a neutral one says nothing."""
    if NEUTRAL[kind] in (one, two):
        return two if one == NEUTRAL[kind] else one
    if rule in ("max", "min"):
        return max(one, two) if rule == "max" else min(one, two)
    if rule == "last":
        return two
    return one * two if kind == "mult" else one + two - one * two


def _joined_mules(one: Mules | None, two: Mules | None, rule: str) -> Mules | None:
    if one is None or two is None:
        return one or two
    hops, dwell = one.hops or two.hops, one.dwell_hours or two.dwell_hours
    if one.hops and two.hops:
        hops = min(one.hops[0], two.hops[0]), max(one.hops[1], two.hops[1])
    if one.dwell_hours and two.dwell_hours:
        low, high = zip(one.dwell_hours, two.dwell_hours, strict=True)
        dwell = min(low), max(high)
    return Mules(_met(one.recruit_mult, two.recruit_mult, rule, "mult"), hops, dwell)


def _joined_credit(one: Credit, two: Credit, rule: str, place: str) -> Credit:
    last = rule == "last"
    if one.lgd_model != two.lgd_model and not last:
        raise ScenarioError(
            f"credit.lgd.model: {one.lgd_model!r} and {two.lgd_model!r}",
            place=place,
            remedy="use one model, or `combine: last`",
        )
    names = sorted({*one.betas, *two.betas})
    betas = {
        name: _union(one.betas.get(name, {}), two.betas.get(name, {}), last, f"{place}: credit.betas.{name}")
        for name in names
    }
    collateral = _union(one.collateral, two.collateral, last, f"{place}: credit.lgd.collateral")
    return Credit(
        betas,
        two.lgd_model if last else one.lgd_model,
        collateral,
        _met(one.prepayment_mult, two.prepayment_mult, rule, "mult"),
        _met(one.forbearance_share, two.forbearance_share, rule, "blend"),
        max(one.forbearance_months, two.forbearance_months),
    )


def _union(one: Mapping[str, V], two: Mapping[str, V], last: bool, place: str) -> dict[str, V]:
    for name in sorted({*one} & {*two}):
        if one[name] != two[name] and not last:
            raise ScenarioError(
                f"{name} is {one[name]} in one file and {two[name]} in the other",
                place=place,
                remedy="use one value, or `combine: last`",
            )
    return {**one, **two}
