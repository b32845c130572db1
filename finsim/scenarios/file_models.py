"""The scenario file, as typed models: names and types only; meaning is checked in ``scenario_check.py``.

Every key may be left out where a parent can supply it. Shorthands (a list or a number for a curve)
are expanded before the models see them, see ``merge.py``.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, create_model

from finsim.document_numbers import Length, Meaning, Number, Share, Whole
from finsim.scenarios.variables import CLAIM, EQUITY_CURVE, VARIABLES

VERSION = "scenario/1"
CurveNumber = Annotated[Number, Meaning("a number in the unit of the curve", "1.5", unit="unit of the curve")]


class Part(BaseModel):
    """A block of the file; unknown keys are refused, text is no number."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)


class Sourced(Part):
    """A block whose numbers have a source or are marked as an assumption.

    * ``source``: who published the numbers of this block, and where.
    * ``assumption``: says that the numbers are ours, and why they are as they are.
    """

    beside: ClassVar[tuple[str, ...]] = ("assumption",)
    source: Annotated[str, Meaning("who published the numbers", "name of a publication")] | None = None
    assumption: Annotated[str, Meaning("why the numbers are as they are", "our own estimate")] | None = None


class HorizonPart(Part):
    """Length in steps, and the step.

    * ``length`` and ``step``: number of steps, and the length of each.
    """

    length: Length | None = None
    step: str | None = None


class KnotPart(Part):
    """A value at a time; one of the five times is given.

    * ``minute``, ``day``, ``week``, ``month`` and ``quarter``: when, counted from the jump-off day;
      above 0. In market and liquidity blocks a day is a session.
    * ``value``: the value there, in the unit of the curve.
    """

    minute: Number | None = None
    day: Number | None = None
    week: Number | None = None
    month: Number | None = None
    quarter: Number | None = None
    value: CurveNumber
    meaning: ClassVar[Meaning] = Meaning("a mapping of a time and a value", "{quarter: 2, value: 1.5}")


class CoursePart(Sourced):
    """How a curve is written: a path of one value a step, or knots.

    * ``as``: what the numbers are: a move from the jump-off, a multiplier or a level.
    * ``unit``: unit of the numbers, which follows from `as`.
    * ``path``: one value for each step of the horizon.
    * ``knots``: values at times; may refine a path.
    """

    as_: str | None = Field(None, alias="as")
    unit: str | None = None
    path: list[CurveNumber] | None = None
    knots: list[KnotPart] | None = None


class CurvePart(CoursePart):
    """A curve: a path of one value a step, or knots, or a pulse, or one value for the whole horizon.

    * ``constant``: one value over the whole horizon; a bare number is short for it.
    * ``peak``: height of a short shock, with a time and a half-life.
    * ``at_minute``, ``at_day`` and ``at_week``: when the shock peaks, after the jump-off.
    * ``ramp_minutes``, ``ramp_days`` and ``ramp_weeks``: how long it takes to its peak; 0 when left out.
    * ``plateau_minutes``, ``plateau_days`` and ``plateau_weeks``: how long it stays there; 0 when left out.
    * ``half_life_minutes``, ``half_life_days`` and ``half_life_weeks``: half-life of its decay.
    """

    constant: CurveNumber | None = None
    peak: CurveNumber | None = None
    at_minute: Number | None = None
    at_day: Number | None = None
    at_week: Number | None = None
    ramp_minutes: Number | None = None
    ramp_days: Number | None = None
    ramp_weeks: Number | None = None
    plateau_minutes: Number | None = None
    plateau_days: Number | None = None
    plateau_weeks: Number | None = None
    half_life_minutes: Number | None = None
    half_life_days: Number | None = None
    half_life_weeks: Number | None = None
    meaning: ClassVar[Meaning] = Meaning("a number, a list of numbers or a curve", "{constant: 1.5}")


class MacroCurve(CoursePart):
    """The course of one macro variable.

    * ``floor_level``: lowest level that a severity may reach; needs the jump-off level.
    """

    floor_level: CurveNumber | None = None


# One optional curve for each macro variable of ``variables.py``.
_KEYS: dict[str, Any] = {k: (Annotated[MacroCurve, one.meaning] | None, None) for k, one in VARIABLES.items()}
_VariableKeys: Any = create_model("_VariableKeys", __base__=Sourced, **_KEYS)


class MacroPart(_VariableKeys):  # type: ignore[misc]
    """The economy: one curve for each macro variable."""


class EquityCurve(CoursePart):
    """The course of the equity driver; ``trough`` is one more knot.

    * ``trough``: the lowest point, one more knot.
    * ``bridge``: how paths run between the points.
    """

    trough: KnotPart | None = None
    bridge: str | None = None


class CorrelationPart(Part):
    """Correlation stress as a blend towards perfect correlation.

    * ``blend_to_one``: 0 keeps the correlations, values near 1 are nearly one market; below 1.
    """

    blend_to_one: CurvePart | None = None


class MarketPart(Sourced):
    """Market shocks.

    * ``equity`` and ``vol``: the market index, and volatility as a multiplier or as a level of the VIX.
    * ``correlation``: correlation stress.
    * ``jumps``: moves within one session, in percent.
    """

    equity: Annotated[EquityCurve, EQUITY_CURVE] | None = None
    vol: Annotated[CurvePart, Meaning("a curve", "{as: mult, constant: 1.5}")] | None = None
    correlation: CorrelationPart | None = None
    jumps: list[Annotated[KnotPart, Meaning("a day and percent", "{day: 3, value: -5}")]] | None = None


class LiquidityPart(Sourced):
    """Spreads and depth, as multipliers.

    * ``spread_mult`` and ``depth_mult``: bid-ask spreads, and depth of the book; 1 changes nothing.
    """

    spread_mult: CurvePart | None = None
    depth_mult: CurvePart | None = None


class LgdPart(Part):
    """The loss-given-default model and the price index behind the collateral of a class.

    * ``model``: frye_jacobs (losses given default rise with defaults) or constant.
    * ``collateral``: price index of the collateral, by loan class.
    """

    model: Annotated[str, Meaning("frye_jacobs or constant", "frye_jacobs")] | None = None
    collateral: dict[str, str] | None = None


class ForbearancePart(Part):
    """The share of borrowers who may pause, and for how many quarters.

    * ``share`` and ``quarters``: share of borrowers, below 1, and for how many quarters.
    """

    share: Share
    quarters: Length


class CreditPart(Sourced):
    """The link from macro moves to credit.

    * ``link``: macro_probit: z is the sum of beta times move.
    * ``betas``: z per percentage point or percent of a variable, by loan class.
    * ``lgd``: loss given default.
    * ``prepayment_mult``: early repayments; 1 changes nothing.
    * ``forbearance``: payment holidays.
    """

    link: Annotated[str, Meaning("macro_probit", "macro_probit")] | None = None
    betas: dict[str, dict[str, Number]] | None = None
    lgd: LgdPart | None = None
    prepayment_mult: Number | None = None
    forbearance: ForbearancePart | None = None


class BehaviourPart(Sourced):
    """What customers do differently, as multipliers.

    * ``spend_mult``: spending by category of merchants; 1 changes nothing.
    * ``channel_shift``: use of a payment channel; 1 changes nothing.
    * ``late_payment_mult`` and ``cash_withdrawal_mult``: late payments, cash; 1 changes nothing.
    """

    spend_mult: dict[str, CurvePart] | None = None
    channel_shift: dict[str, CurvePart] | None = None
    late_payment_mult: CurvePart | None = None
    cash_withdrawal_mult: CurvePart | None = None


class WavePart(Part):
    """A wave of attacks of one typology.

    * ``typology``: name that narratives give under typology.
    * ``start_week``: when it begins, weeks after the jump-off.
    * ``ramp_weeks`` and ``plateau_weeks``: weeks until it is at its height, and weeks there.
    * ``decay_half_life_weeks``: half-life of its decay in weeks.
    * ``intensity_mult``: height, a multiplier above 0.
    """

    typology: Annotated[str, Meaning("a typology of narratives", "card_testing")]
    start_week: Number
    ramp_weeks: Number
    plateau_weeks: Number
    decay_half_life_weeks: Number
    intensity_mult: Number


class ExcitationPart(Part):
    """Self-excitation of attacks (Hawkes).

    * ``branching_ratio``: share of attacks that follow from an earlier one, below 1; their number stays.
    * ``half_life_hours``: half-life of the excitation in hours.
    """

    branching_ratio: Share
    half_life_hours: Number


class MulesPart(Part):
    """Mule recruitment.

    * ``recruit_mult``: recruitment; 1 changes nothing.
    * ``hops``: length of chains [low, high].
    * ``dwell_hours``: how long money rests [low, high], hours.
    """

    recruit_mult: Number | None = None
    hops: list[Whole] | None = None
    dwell_hours: list[Number] | None = None


class IllicitPart(Sourced):
    """Intensities and waves by typology.

    * ``intensity_mult`` and ``waves``: how often schemes of a typology start; 1 changes nothing.
    """

    intensity_mult: dict[str, CurvePart] | None = None
    waves: list[WavePart] | None = None


class FraudPart(IllicitPart):
    """Fraud.

    * ``self_excitation``: attacks that follow from attacks.
    * ``mules``: recruitment of mules.
    """

    self_excitation: ExcitationPart | None = None
    mules: MulesPart | None = None


class ExpectPart(Part):
    """A claim about a measured number.

    * ``metric``: what is measured, such as macro.unemployment.peak; listed in docs/reference/scenarios.md.
    * ``between``: [low, high].
    * ``at_least`` and ``at_most``: lower or upper bound.
    * ``equals``: the value, within tol.
    * ``tol``: tolerance of equals; 0 when left out.
    """

    metric: Annotated[str, Meaning("a measured number", "macro.unemployment.peak")]
    between: list[Number] | None = None
    at_least: Number | None = None
    at_most: Number | None = None
    equals: Number | None = None
    tol: Number | None = None


class OverlayPart(Part):
    """Another scenario laid over this one.

    * ``ref``: scenario by name or path.
    * ``start``: when it begins after the jump-off: a number and d, w, m, q or y, such as 13w.
    * ``severity``: how hard it hits; 0 is nothing, 1 as written.
    * ``only``: parts that are taken, such as macro.inflation or market.
    * ``combine``: add (when left out), max, min or last: how two moves of one variable meet.
    """

    ref: Annotated[str, Meaning("a scenario by name or path", "gfc-2008")]
    start: Annotated[str, Meaning("a shift, a number and d, w, m, q or y", "13w")] = "0d"
    severity: Number = 1.0
    only: list[str] | None = None
    combine: str | None = None


class SourcePart(Part):
    """Where a block comes from.

    * ``what`` and ``ref``: the block, such as macro or behaviour.late_payment_mult; who published it, where.
    """

    what: Annotated[str, Meaning("a block of this file", "macro")]
    ref: Annotated[str, Meaning("who published it, and where", "name of a publication")]


class ProbabilityPart(Part):
    """The author's weight.

    * ``weight`` and ``basis``: probability from 0 to 1, and where it comes from.
    """

    weight: Share
    basis: Annotated[str, Meaning("where the weight comes from", "judgement")]


class CalibrationPart(Part):
    """The jump-off.

    * ``as_of``: day of the jump-off levels.
    * ``jump_off``: levels that the moves start from: rates in percent, prices as index, vix.
    * ``fit_window`` and ``generator``: period that numbers were fitted on, and what made them.
    """

    as_of: Annotated[str, Meaning("a day as year-month-day", "2025-12-31")] | None = None
    jump_off: dict[str, Number] | None = None
    fit_window: str | None = None
    generator: str | None = None


class ScenarioFile(Part):
    """A whole scenario file.

    * ``finsim``: the format of this file, scenario/1.
    * ``id``: name of the scenario, the same as that of the file.
    * ``title``: one line for people.
    * ``kind``: what kind of scenario it is.
    * ``narrative``: what happens, in a few sentences.
    * ``extends``: one parent by name or path; its keys are taken where this file has none.
    * ``overlay``: other scenarios laid over this one.
    * ``horizon``: how long the file speaks.
    * ``severity``: turns the whole file, overlays included; 1 as written.
    * ``probability``: the author's weight; never inferred.
    * ``calibration``: the state of the world that the file moves away from.
    * ``source``: where each block comes from.
    * ``macro``: the economy.
    * ``market``: market shocks.
    * ``liquidity``: spreads and depth.
    * ``credit``: the link from the economy to credit.
    * ``behaviour``: what customers do differently.
    * ``fraud``: fraud by typology.
    * ``aml``: money laundering by typology.
    * ``other``: published paths that no world reads, kept as they are: a name and one value for each step.
    * ``expect``: what the file claims of itself, at severity 1.
    """

    finsim: str
    id: str
    title: str
    kind: str
    narrative: str | None = None
    extends: str | None = None
    overlay: list[OverlayPart] | None = None
    horizon: Annotated[HorizonPart, Meaning("a length and a step", "{length: 8, step: year}")] | None = None
    severity: Number | None = None
    probability: ProbabilityPart | None = None
    calibration: CalibrationPart | None = None
    source: list[SourcePart] | None = None
    macro: MacroPart | None = None
    market: MarketPart | None = None
    liquidity: LiquidityPart | None = None
    credit: CreditPart | None = None
    behaviour: BehaviourPart | None = None
    fraud: FraudPart | None = None
    aml: IllicitPart | None = None
    other: dict[str, list[CurveNumber]] | None = None
    expect: list[Annotated[ExpectPart, CLAIM]] | None = None
