"""The macro variables that a scenario may move, their units, and the open vocabularies it may name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from finsim.document_numbers import Meaning
from finsim.scenarios.additive_scale import Kind
from finsim.scenarios.values.step_means import Timing

RATE: Mapping[str, str] = {"delta": "pp", "level": "pct"}
GROWTH: Mapping[str, str] = {"delta": "pp", "level": "pct_annualised"}
DEVIATIONS: Mapping[str, str] = {"delta": "sd"}
PRICE: Mapping[str, str] = {"cum_return": "pct", "mult": "ratio", "level": "index"}
EQUITY_CURVE = Meaning("a curve", "{as: cum_return, unit: pct, trough: {day: 20, value: -30}}")
CLAIM = Meaning("a claim", "{metric: macro.unemployment.peak, at_least: 1}")


@dataclass(frozen=True)
class Variable:
    """One macro variable: the unit that each way of writing it demands, and its Federal Reserve column.

    ``columns`` names columns of the bundled history (a second one is subtracted); empty if none. ``timing``
    says what a number of a path is: the value at the end of its step, its mean over the step, or a flow.
    """

    units: Mapping[str, str]
    columns: tuple[str, ...] = ()
    timing: Timing = "point"

    @property
    def kind(self) -> Kind:
        """``cum_return`` for prices, ``delta`` for rates and growth rates."""
        return "cum_return" if self.units is PRICE else "delta"

    @property
    def meaning(self) -> Meaning:
        """What a course of this variable looks like in a file."""
        way, unit = next(iter(self.units.items()))
        return Meaning("a curve", f"{{as: {way}, unit: {unit}, knots: [{{quarter: 2, value: 1.5}}]}}")

    def written_kind(self, way: str | None) -> Kind:
        """Return the kind of the numbers of a file, written in one way (``as:``)."""
        if self.units is not PRICE:
            return "delta"
        return "cum_return" if way == "cum_return" else "mult"


VARIABLES: Mapping[str, Variable] = {
    "unemployment": Variable(RATE, ("Unemployment rate",), "average"),
    "gdp_growth": Variable(GROWTH, ("Real GDP growth",), "flow"),
    "disposable_income_growth": Variable(GROWTH, ("Real disposable income growth",), "flow"),
    "inflation": Variable(GROWTH, ("CPI inflation rate",), "flow"),
    "treasury_3m": Variable(RATE, ("3-month Treasury rate",)),
    "treasury_5y": Variable(RATE, ("5-year Treasury yield",)),
    "treasury_10y": Variable(RATE, ("10-year Treasury yield",)),
    "mortgage_rate": Variable(RATE, ("Mortgage rate",)),
    "prime_rate": Variable(RATE, ("Prime rate",)),
    "bbb_spread": Variable(RATE, ("BBB corporate yield", "10-year Treasury yield")),
    "house_prices": Variable(PRICE, ("House Price Index (Level)",)),
    "cre_prices": Variable(PRICE, ("Commercial Real Estate Price Index (Level)",)),
    "oil_price": Variable(PRICE),
    "usd_index": Variable(PRICE),
    # What protects and what burdens borrowers; no published series of their own.
    "income_support": Variable(RATE, (), "average"),
    "payment_shock": Variable(RATE, (), "average"),
    # The systematic factor z of every loan class itself, in standard deviations; low in recessions.
    "credit_factor": Variable(DEVIATIONS, (), "average"),
}

VOL: Mapping[str, str] = {"mult": "ratio", "level": "vix"}
EQUITY: Mapping[str, str] = {"cum_return": "pct", "level": "index"}
# Curves that have no `as:` and no unit, by place (`*` is any name); a list or a number stands for one.
CURVES: Mapping[tuple[str, ...], Kind] = {
    ("market", "correlation", "blend_to_one"): "blend",
    ("liquidity", "spread_mult"): "mult",
    ("liquidity", "depth_mult"): "mult",
    ("behaviour", "spend_mult", "*"): "mult",
    ("behaviour", "channel_shift", "*"): "mult",
    ("behaviour", "late_payment_mult"): "mult",
    ("behaviour", "cash_withdrawal_mult"): "mult",
    ("fraud", "intensity_mult", "*"): "mult",
    ("aml", "intensity_mult", "*"): "mult",
}

EQUITY_COLUMN = "Dow Jones Total Stock Market Index (Level)"
HISTORY_FILE = "dfast_2025.csv.gz"

# Names of the shipped narratives, used for suggestions alone: a narrative may bring names of its own.
TYPOLOGIES = (
    "card_testing", "card_not_present", "account_takeover", "authorised_push_payment", "purchase_scam",
    "investment_scam", "impersonation_scam", "romance_scam", "invoice_scam",
)  # fmt: skip
LAUNDERING = ("structuring", "layering", "cash_deposit")
DAYS_PER_STEP: Mapping[str, float] = {
    "year": 366.0, "quarter": 92.0, "month": 31.0, "week": 7.0, "day": 1.0, "minute": 1.0 / 390.0,
}  # fmt: skip
MAX_DAYS = 36_525.0

CREDIT_CLASSES = ("cards", "mortgage", "heloc", "cre", "corporate", "consumer", "auto")
