"""``Drivers``: what a scenario says, as arrays on the shared clock; the only thing worlds know of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from finsim.notation import Float1D
from finsim.records.calendar import Clock, Step
from finsim.records.display.card import Card
from finsim.records.display.shown_record import ShownRecord


@dataclass(frozen=True)
class Anchor:
    """A level that every stressed path must reach: at the close of ``session``, ``move`` from jump-off.

    ``session`` counts from 0 (the jump-off bar); ``move`` is a simple return (-0.578 is -57.8 %).
    """

    session: int
    move: float


@dataclass(frozen=True)
class CreditLink:
    """How macro moves become the systematic factor z of each loan class, and what happens to LGD.

    ``betas[class][variable]`` multiplies the macro move (in the units of ``Drivers.macro``);
    ``collateral[class]`` names the price index that moves the LGD of that class.
    """

    betas: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    lgd_model: str = "frye_jacobs"
    collateral: Mapping[str, str] = field(default_factory=dict)
    prepayment_mult: float = 1.0
    forbearance_share: float = 0.0
    forbearance_months: int = 0


@dataclass(frozen=True, repr=False)
class Drivers(ShownRecord):
    """One resolved scenario on one clock: calendar x factors, shocks and intensities.

    * ``macro[var]``: float64[months], change from jump-off (pp, or percent cumulative for prices) at month
      ends, for ``macro_averages`` and growth rates over the month; ``macro_units[var]`` says which;
      ``jump_off[var]`` is the level before, where known.
    * ``step_dates`` / ``macro_steps[var]``: the same at (over) the scenario's own steps, as written.
    * ``anchors``: levels of the equity driver at step ends and troughs. Empty means no level is imposed.
    * ``market[name]``: float64[sessions] with ``vol_mult``, ``corr_blend`` (0 keeps, 1 is perfect
      correlation), ``spread_mult``, ``depth_mult``; ``jump`` is a log return added on that session.
    * ``behaviour[name]``: float64[days] multipliers such as ``spend:travel``, ``channel:card_present``,
      ``late_payment``, ``cash_withdrawal``.
    * ``intensity[name]``: float64[days] multipliers such as ``fraud:card_testing``, ``aml:layering``.
    * ``mules``: ``recruit_mult``, ``hops_low``, ``hops_high``, ``dwell_low``, ``dwell_high`` (hours).
    A missing name means the identity (1 for multipliers, 0 for the rest).

    Example:
        >>> import finsim
        >>> from datetime import date
        >>> from finsim.records.calendar import Clock
        >>> from finsim.records.drivers import identity
        >>> isinstance(identity(Clock(date(2025, 12, 31), 252, 30, 12)), finsim.Drivers)
        True

    """

    scenario: str
    title: str
    severity: float
    digest: str
    clock: Clock
    step: Step
    step_dates: tuple[str, ...] = ()
    macro: Mapping[str, Float1D] = field(default_factory=dict)
    macro_steps: Mapping[str, Float1D] = field(default_factory=dict)
    macro_units: Mapping[str, str] = field(default_factory=dict)
    macro_averages: tuple[str, ...] = ()
    jump_off: Mapping[str, float] = field(default_factory=dict)
    anchors: tuple[Anchor, ...] = ()
    equity_steps: Float1D = field(default_factory=lambda: np.zeros(0))
    market: Mapping[str, Float1D] = field(default_factory=dict)
    credit: CreditLink = field(default_factory=CreditLink)
    behaviour: Mapping[str, Float1D] = field(default_factory=dict)
    intensity: Mapping[str, Float1D] = field(default_factory=dict)
    mules: Mapping[str, float] = field(default_factory=dict)

    def card(self) -> Card:
        """Return scenario, severity, clock and which series it moves."""
        clock = self.clock
        span = f"from {clock.start}: {clock.sessions} sessions, {clock.days} days, {clock.months} months"
        lowest = min((anchor.move for anchor in self.anchors), default=None)
        return Card(
            f"Drivers: {self.scenario} at severity {self.severity:g}",
            (
                ("title", self.title),
                ("clock", span),
                ("macro", tuple(self.macro)),
                ("market", tuple(self.market)),
                ("lowest anchor of the index", "" if lowest is None else f"{lowest:+.1%}"),
                ("behaviour", tuple(self.behaviour)),
                ("intensity", tuple(self.intensity)),
            ),
        )

    def market_series(self, name: str) -> Float1D:
        """Return a per-session series, or its identity: float64[sessions]."""
        neutral = 1.0 if name.endswith("_mult") else 0.0
        return self.market.get(name, np.full(self.clock.sessions, neutral))

    def behaviour_series(self, name: str) -> Float1D:
        """Return a per-day multiplier, or ones: float64[days]."""
        return self.behaviour.get(name, np.ones(self.clock.days))

    def intensity_series(self, name: str) -> Float1D:
        """Return a per-day intensity multiplier, or ones: float64[days]."""
        return self.intensity.get(name, np.ones(self.clock.days))

    def macro_series(self, name: str) -> Float1D:
        """Return a per-month macro move, or zeros: float64[months]."""
        return self.macro.get(name, np.zeros(self.clock.months))


def identity(clock: Clock) -> Drivers:
    """Return the drivers of no stress at all."""
    return Drivers("base", "No stress (identity)", 1.0, "", clock, "quarter")
