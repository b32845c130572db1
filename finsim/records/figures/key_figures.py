"""The key figures of a scenario: what a run, a stress and a comparison answer with, in one list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from finsim.errors import RecordError, did_you_mean

MONEY, SHARE, COUNT, SESSIONS, DATE = "money", "share", "count", "sessions", "date"
"""Units: minor units of the figure's currency; a decimal; a whole number; sessions; an ISO date."""


@dataclass(frozen=True)
class KeyFigure:
    """One line of the list: its name, its label, its unit, the world that it is of and what it means."""

    key: str
    label: str
    unit: str
    world: str
    meaning: str


KEY_FIGURES = tuple(
    KeyFigure(*line)
    for line in (
        ("credit.balance", "balance", MONEY, "credit", "sum of the opening balances"),
        (
            "credit.expected_loss",
            "expected loss, 1 year",
            MONEY,
            "credit",
            "mean of the loss draws of one year",
        ),
        ("credit.var_99", "VaR 99 %, 1 year", MONEY, "credit", "99 % quantile of the loss draws"),
        ("credit.es_99", "ES 99 %, 1 year", MONEY, "credit", "mean of the worst hundredth of the loss draws"),
        (
            "credit.ecl_12m",
            "12-month ECL",
            MONEY,
            "credit",
            "expected credit loss of the next 12 months at the jump-off day, discounted (IFRS 9)",
        ),
        (
            "credit.ecl_lifetime",
            "lifetime ECL",
            MONEY,
            "credit",
            "expected credit loss over the rest of each loan's life at the jump-off day, discounted (IFRS 9)",
        ),
        (
            "credit.allowance",
            "ECL allowance",
            MONEY,
            "credit",
            "12-month ECL of the loans in stage 1 and lifetime ECL of those in stage 2, at the jump-off day",
        ),
        (
            "credit.defaults_12m",
            "defaults in 12 months",
            SHARE,
            "credit",
            "share of loans, by number, that default in the first 12 months of the one simulated panel",
        ),
        (
            "credit.defaults_36m",
            "defaults in 36 months",
            SHARE,
            "credit",
            "share of loans, by number, that default in the first 36 months of the one simulated panel",
        ),
        (
            "market.drawdown",
            "index drawdown",
            SHARE,
            "market",
            "largest fall of the equally weighted index from a peak within 36 months, median over paths",
        ),
        (
            "market.worst_drawdown",
            "worst drawdown",
            SHARE,
            "market",
            "largest fall of the index from a peak within 36 months, of the worst path",
        ),
        (
            "market.trough",
            "day of the trough",
            DATE,
            "market",
            "session of the index's trough, median over paths",
        ),
        (
            "market.dispersion",
            "dispersion of assets",
            SHARE,
            "market",
            "s.d. over assets of the simple return from session 0 to the trough, median over paths",
        ),
        ("payments.rows", "payment rows", COUNT, "transactions", "rows, declined ones counted"),
        ("payments.declined", "declined rows", COUNT, "transactions", "rows that moved no money"),
        ("payments.illicit", "illicit rows", COUNT, "transactions", "rows of fraud or laundering"),
        ("payments.schemes", "schemes", COUNT, "transactions", "illicit schemes, decoys not counted"),
    )
)
_BY_KEY = {line.key: line for line in KEY_FIGURES}


@dataclass(frozen=True)
class Figure:
    """One key figure of one scenario.

    ``value`` is in the unit of its line (money in minor units, dates as ISO text), None when it was not
    computed, and ``why`` then says so; ``low`` and ``high`` bound its 95 % interval where there is one.
    """

    value: float | str | None
    low: float | None = None
    high: float | None = None
    currency: str = ""
    why: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the figure as plain data, without what is empty."""
        return {name: value for name, value in asdict(self).items() if value not in (None, "")} or {"why": ""}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Figure:
        """Return the figure that ``to_dict`` wrote."""
        return cls(
            data.get("value"),
            data.get("low"),
            data.get("high"),
            data.get("currency", ""),
            data.get("why", ""),
        )


def key_figure(key: str) -> KeyFigure:
    """Return the line of the list called ``key``; raises RecordError with a suggestion when unknown."""
    if key not in _BY_KEY:
        raise RecordError(f"no key figure is called {key!r}", remedy=did_you_mean(key, list(_BY_KEY)))
    return _BY_KEY[key]
