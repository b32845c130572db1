"""One resolved, flat scenario and its parts: no parents, no overlays, no levels left to convert."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from finsim.records.calendar import Step
from finsim.scenarios.additive_scale import Kind


@dataclass(frozen=True, order=True)
class Offset:
    """A shift of a curve after the jump-off day: whole calendar months first, then days."""

    months: int = 0
    days: int = 0

    def plus(self, other: Offset) -> Offset:
        """Return the sum of two shifts."""
        return Offset(self.months + other.months, self.days + other.days)


@dataclass(frozen=True, order=True)
class Knot:
    """A value at a time after the start of the curve; ``unit`` is minute, day, week, month or quarter."""

    unit: str
    at: float
    value: float


@dataclass(frozen=True, order=True)
class Pulse:
    """A short shock: ramp up to ``peak`` at ``at``, plateau, then decay by half-life.

    ``peak`` is in the unit of its series; times are in ``unit``. Ramp and decay are straight and
    exponential in the chart of the series (for multipliers: in the logarithm).
    """

    peak: float
    unit: str
    at: float
    half_life: float
    ramp: float = 0.0
    plateau: float = 0.0


@dataclass(frozen=True)
class Curve:
    """One written course of one quantity, on the time grid of the file it came from.

    Exactly one of ``path`` (one value for each of ``length`` steps, ``knots`` may refine it),
    ``knots``, ``pulse`` and ``constant`` (over the whole horizon) is used. All numbers are moves from the
    jump-off, whatever the notation of the file.
    """

    step: Step
    length: int
    start: Offset = Offset()
    path: tuple[float, ...] = ()
    knots: tuple[Knot, ...] = ()
    pulse: Pulse | None = None
    constant: float | None = None


@dataclass(frozen=True)
class Series:
    """One quantity: the sum of its curves in the chart of its kind, and of its parts where it has some.

    ``combine`` (add, max, min or last) says how the parts meet, each from ``since`` on after the jump-off;
    ``floor`` is the lowest move that the whole may reach (in the unit of the series), None if free.
    """

    kind: Kind
    unit: str
    curves: tuple[Curve, ...]
    combine: str = "add"
    floor: float | None = None
    parts: tuple[Series, ...] = ()
    since: Offset = Offset()


@dataclass(frozen=True)
class Credit:
    """The macro-to-credit link and the direct credit moves; see ``records.drivers.CreditLink``."""

    betas: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    lgd_model: str = "frye_jacobs"
    collateral: Mapping[str, str] = field(default_factory=dict)
    prepayment_mult: float = 1.0
    forbearance_share: float = 0.0
    forbearance_months: int = 0


@dataclass(frozen=True)
class Mules:
    """Recruitment of mule accounts: intensity, chain length in hops, dwell time in hours."""

    recruit_mult: float = 1.0
    hops: tuple[int, int] | None = None
    dwell_hours: tuple[float, float] | None = None


@dataclass(frozen=True)
class Fraud:
    """Fraud by typology: intensity multipliers (waves included), self-excitation, mules.

    ``branching_ratio`` is the share of attacks that follow from an earlier one; intensities are
    totals, so it changes the clustering of attacks and not their mean number.
    """

    intensity: Mapping[str, Series] = field(default_factory=dict)
    branching_ratio: float = 0.0
    excitation_half_life_hours: float = 0.0
    mules: Mules | None = None


@dataclass(frozen=True)
class Expectation:
    """One claim of a file about its own effect: ``low <= metric <= high``."""

    metric: str
    low: float
    high: float
    text: str


@dataclass(frozen=True, order=True)
class Source:
    """Where the numbers of a block come from; ``assumption`` marks numbers without a source."""

    what: str
    ref: str
    assumption: bool = False


@dataclass(frozen=True)
class Horizon:
    """How long the file speaks: ``length`` steps."""

    length: int
    step: Step


@dataclass(frozen=True)
class Calibration:
    """The state of the world that the file moves away from: date and levels (percent, index, vix)."""

    as_of: str = ""
    jump_off: Mapping[str, float] = field(default_factory=dict)
    fit_window: str = ""
    generator: str = ""


@dataclass(frozen=True)
class Probability:
    """The weight that the author gives the scenario; None is unknown and is never inferred."""

    weight: float | None = None
    basis: str = ""


@dataclass(frozen=True)
class FlatScenario:
    """One flat scenario.

    * ``macro[variable]``: moves from the jump-off (delta in pp, or cum_return in percent).
    * ``market``: ``equity`` (cum_return), ``jump`` (cum_return on one session), ``vol_mult``,
      ``corr_blend``. ``liquidity``: ``spread_mult``, ``depth_mult``.
    * ``behaviour[name]``: ``spend:<category>``, ``channel:<name>``, ``late_payment``,
      ``cash_withdrawal``. ``aml[typology]``: intensity multipliers.
    * ``severity`` is the dial that has been applied (1 is the file as written).
    * ``warnings`` are remarks of the reader about the file; they are no part of the digest.
    """

    id: str
    title: str
    kind: str
    horizon: Horizon
    severity: float = 1.0
    narrative: str = ""
    macro: Mapping[str, Series] = field(default_factory=dict)
    market: Mapping[str, Series] = field(default_factory=dict)
    liquidity: Mapping[str, Series] = field(default_factory=dict)
    credit: Credit = Credit()
    behaviour: Mapping[str, Series] = field(default_factory=dict)
    fraud: Fraud = Fraud()
    aml: Mapping[str, Series] = field(default_factory=dict)
    expect: tuple[Expectation, ...] = ()
    source: tuple[Source, ...] = ()
    probability: Probability = Probability()
    calibration: Calibration = Calibration()
    warnings: tuple[str, ...] = field(default=(), compare=False)
