"""The scenario file, as typed models: names and types only; meaning is checked in ``scenario_check.py``.

Every key may be left out where a parent can supply it. Shorthands (a list or a number for a curve)
are expanded before the models see them, see ``merge.py``.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from finsim.document_numbers import Length, Meaning, Number, Share, Whole

VERSION = "scenario/1"


class Part(BaseModel):
    """A block of the file; unknown keys are refused, text is no number."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Sourced(Part):
    """A block whose numbers have a source or are marked as an assumption."""

    source: str | None = None
    assumption: str | None = None


class HorizonPart(Part):
    """Length in steps, and the step."""

    length: Length | None = None
    step: str | None = None


class KnotPart(Part):
    """A value at a time; one of the five times is given."""

    minute: Number | None = None
    day: Number | None = None
    week: Number | None = None
    month: Number | None = None
    quarter: Number | None = None
    value: Number


class CurvePart(Sourced):
    """A curve: a path of one value a step, or knots, or a pulse, or one value for the whole horizon."""

    as_: str | None = Field(None, alias="as")
    unit: str | None = None
    path: list[Number] | None = None
    knots: list[KnotPart] | None = None
    constant: Number | None = None
    peak: Number | None = None
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


class MacroCurve(Sourced):
    """The course of one macro variable."""

    as_: str | None = Field(None, alias="as")
    unit: str | None = None
    path: list[Number] | None = None
    knots: list[KnotPart] | None = None
    floor_level: Number | None = None


class MacroPart(Sourced):
    """One curve for each macro variable of ``variables.py``."""

    unemployment: MacroCurve | None = None
    gdp_growth: MacroCurve | None = None
    disposable_income_growth: MacroCurve | None = None
    inflation: MacroCurve | None = None
    treasury_3m: MacroCurve | None = None
    treasury_5y: MacroCurve | None = None
    treasury_10y: MacroCurve | None = None
    mortgage_rate: MacroCurve | None = None
    prime_rate: MacroCurve | None = None
    bbb_spread: MacroCurve | None = None
    house_prices: MacroCurve | None = None
    cre_prices: MacroCurve | None = None
    oil_price: MacroCurve | None = None
    usd_index: MacroCurve | None = None


class EquityCurve(Sourced):
    """The course of the equity driver; ``trough`` is one more knot."""

    as_: str | None = Field(None, alias="as")
    unit: str | None = None
    path: list[Number] | None = None
    knots: list[KnotPart] | None = None
    trough: KnotPart | None = None
    bridge: str | None = None


class CorrelationPart(Part):
    """Correlation stress as a blend towards perfect correlation."""

    blend_to_one: CurvePart | None = None


class MarketPart(Sourced):
    """Market shocks."""

    equity: EquityCurve | None = None
    vol: CurvePart | None = None
    correlation: CorrelationPart | None = None
    jumps: list[KnotPart] | None = None


class LiquidityPart(Sourced):
    """Spreads and depth, as multipliers."""

    spread_mult: CurvePart | None = None
    depth_mult: CurvePart | None = None


class LgdPart(Part):
    """The loss-given-default model and the price index behind the collateral of a class."""

    model: str | None = None
    collateral: dict[str, str] | None = None


class ForbearancePart(Part):
    """The share of borrowers who may pause, and for how many quarters."""

    share: Share
    quarters: Length


class CreditPart(Sourced):
    """The link from macro moves to credit."""

    link: str | None = None
    betas: dict[str, dict[str, Number]] | None = None
    lgd: LgdPart | None = None
    prepayment_mult: Number | None = None
    forbearance: ForbearancePart | None = None


class BehaviourPart(Sourced):
    """What customers do differently, as multipliers."""

    spend_mult: dict[str, CurvePart] | None = None
    channel_shift: dict[str, CurvePart] | None = None
    late_payment_mult: CurvePart | None = None
    cash_withdrawal_mult: CurvePart | None = None


class WavePart(Part):
    """A wave of attacks of one typology."""

    typology: str
    start_week: Number
    ramp_weeks: Number
    plateau_weeks: Number
    decay_half_life_weeks: Number
    intensity_mult: Number


class ExcitationPart(Part):
    """Self-excitation of attacks (Hawkes)."""

    branching_ratio: Share
    half_life_hours: Number


class MulesPart(Part):
    """Mule recruitment."""

    recruit_mult: Number | None = None
    hops: list[Whole] | None = None
    dwell_hours: list[Number] | None = None


class IllicitPart(Sourced):
    """Intensities and waves by typology."""

    intensity_mult: dict[str, CurvePart] | None = None
    waves: list[WavePart] | None = None


class FraudPart(IllicitPart):
    """Fraud."""

    self_excitation: ExcitationPart | None = None
    mules: MulesPart | None = None


class ExpectPart(Part):
    """A claim about a measured number."""

    metric: str
    between: list[Number] | None = None
    at_least: Number | None = None
    at_most: Number | None = None
    equals: Number | None = None
    tol: Number | None = None


class OverlayPart(Part):
    """Another scenario laid over this one."""

    ref: str
    start: Annotated[str, Meaning("a shift, a number and d, w, m, q or y", "13w")] = "0d"
    severity: Number = 1.0
    only: list[str] | None = None
    combine: str | None = None


class SourcePart(Part):
    """Where a block comes from."""

    what: str
    ref: str


class ProbabilityPart(Part):
    """The author's weight."""

    weight: Share
    basis: str


class CalibrationPart(Part):
    """The jump-off."""

    as_of: str | None = None
    jump_off: dict[str, Number] | None = None
    fit_window: str | None = None
    generator: str | None = None


class ScenarioFile(Part):
    """A whole scenario file."""

    finsim: str
    id: str
    title: str
    kind: str
    narrative: str | None = None
    extends: str | None = None
    overlay: list[OverlayPart] | None = None
    horizon: HorizonPart | None = None
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
    expect: list[ExpectPart] | None = None
