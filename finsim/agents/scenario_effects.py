"""Effects of a scenario on ordinary payments: daily multipliers with common random numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.agents.economy.household_economy import economy_key
from finsim.agents.settings import Settings
from finsim.agents.vocabulary import CATEGORIES, CHANNEL, CHANNELS, PURPOSE, PURPOSES
from finsim.errors import Problem, ScenarioError, did_you_mean
from finsim.notation import Array, Float1D, Float2D
from finsim.records.drivers import Drivers
from finsim.records.storage import canonical_json, digest_text

_SPEND = (*CATEGORIES, "transfer", "goods", "all")
_PLAIN = ("late_payment", "cash_withdrawal")


@dataclass(frozen=True)
class Behaviour:
    """Multipliers on the study's days: ``spend`` float64[purposes, D], ``channel`` float64[channels, D].

    ``late`` multiplies the chance that a bill is paid late, ``cash`` the withdrawals: float64[D].
    """

    spend: Float2D
    channel: Float2D
    late: Float1D
    cash: Float1D

    def factor(self, purpose: Array, channel: Array, day: Array) -> Float1D:
        """Return the multiplier of elective orders: float64 of the arguments' shape."""
        return self.spend[purpose, day] * self.channel[channel, day]

    def layers(self, volume: float = 1.0) -> int:
        """Return how many layers of base intensity cover the largest multiplier (1 without stress).

        ``volume`` is the largest factor that other causes put on top.
        """
        top = float(self.spend.max() * self.channel.max() * max(self.cash.max(), 1.0)) * max(volume, 1.0)
        return max(1, min(64, int(np.ceil(top - 1e-9))))


def on_days(series: Float1D, drivers: Drivers, settings: Settings) -> Float1D:
    """Return a per-day series of a scenario on the study's days; 1 outside the scenario's clock."""
    first = int((np.datetime64(settings.start) - drivers.clock.day_dates()[0]).astype(np.int64))
    day = first + np.arange(settings.days)
    known = (day >= 0) & (day < len(series))
    found: Float1D = np.where(known, series[np.clip(day, 0, len(series) - 1)], 1.0)
    return found


def behaviour(drivers: Drivers, settings: Settings) -> Behaviour:
    """Return what ``drivers`` say about ordinary life.

    Raises ScenarioError for a behaviour that the transaction world does not have.
    """
    _refuse_unknown(drivers)
    spend = np.ones((len(PURPOSES), settings.days))
    channel = np.ones((len(CHANNELS), settings.days))
    late, cash = np.ones(settings.days), np.ones(settings.days)
    for name, series in drivers.behaviour.items():
        values = on_days(series, drivers, settings)
        kind, _, item = name.partition(":")
        if name == "spend:all":
            spend[: len(CATEGORIES)] *= values
        elif kind == "spend":
            spend[PURPOSE[item]] *= values
        elif kind == "channel":
            channel[CHANNEL[item]] *= values
        elif kind == "late_payment":
            late *= values
        else:
            cash *= values
    return Behaviour(spend, channel, late, cash)


def _refuse_unknown(drivers: Drivers) -> None:
    known = [*(f"spend:{name}" for name in _SPEND), *(f"channel:{name}" for name in CHANNELS), *_PLAIN]
    wrong = [name for name in drivers.behaviour if name not in known]
    if wrong:
        raise ScenarioError.of(
            Problem(
                f"{drivers.scenario}: behaviour", f"unknown behaviour {name!r}", "", did_you_mean(name, known)
            )
            for name in wrong
        )


def order_key(drivers: Drivers) -> str:
    """Return a digest of what ``ordinary_orders`` reads of a scenario.

    Equal keys mean equal ordinary orders, so scenarios that change only fraud share them.
    """
    moved = {
        name: [round(float(value), 12) for value in series]
        for name, series in sorted(drivers.behaviour.items())
        if not np.all(series == 1.0)
    }
    around = economy_key(drivers)
    clock = str(drivers.clock.start) if moved or around else ""
    told: dict[str, object] = {"clock": clock, "behaviour": moved}
    if around:
        told["economy"] = around
    return digest_text(canonical_json(told))[:32]
