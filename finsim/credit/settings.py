"""Settings of the credit world; every number without a published source says `assumption:`."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date
from typing import Literal

from finsim.errors import StudyError

_SHARES = (
    "target_pd", "rate_cap", "prepayment", "months_autocorrelation", "sector_correlation", "roll_to_default",
    "loss_scatter", "quality_drift", "cet1_ratio", "cost_to_income",
)  # fmt: skip
_WORDS = {
    "seasoning": ("none", "small_business"),
    "ratings": ("none", "point_in_time", "through_the_cycle"),
    "tail_sampling": ("importance", "plain"),
}
_SIZES = ("shard_loans", "block_draws", "loss_months")


def limits(name: str) -> dict[str, float]:
    """Return the range of the numbers of a setting, in the words of JSON Schema."""
    return {"minimum": int(name in _SIZES), "exclusiveMaximum": 1 if name in _SHARES else 2**53}


@dataclass(frozen=True)
class Settings:
    """What a loan book, its panel and its loss distribution need to know.

    Raises StudyError, listing every setting that is out of range.

    * ``shard_loans``: loans per shard; part of the study, so results do not depend on workers.
    * ``as_of``: the jump-off day; loans were opened up to ``seasoning_months`` before it.
    * ``target_pd``: mean 12-month default probability through the cycle; None: the observed share.
      assumption: 2.5 % a year, unsecured instalment credit; the 30 % of the sample is by design.
    * ``currency`` and ``mark_rate``: amounts of the German sample are marks of the 1970s; they are
      multiplied by ``mark_rate``. assumption: German prices tripled since, 1 EUR = 1.95583 DEM.
    * ``young_age``, ``young_cap``: nobody under ``young_age`` borrows more (currency units).
      assumption: a lender's policy, above every such loan of the sample.
    * ``funding_rate``, ``margin``, ``rate_noise``, ``rate_cap``: the loan rate is funding + expected
      loss + margin + noise, at most the usury cap; decimals a year. assumption: all four.
    * ``income_floor``: least monthly income, currency units. assumption.
    * ``months_autocorrelation``: autocorrelation of a sector's yearly factor from one year to the next.
      Source: .35 to .5, annual default rates 1981-2025 (docs/reference/credit-model.md).
    * ``sector_correlation``: share of a sector factor's variance that all sectors have in common.
      assumption: .5.
    * ``prepayment``: share of loans repaid early in a month, before the scenario's multiplier.
      assumption: 0.8 %.
    * ``late_ratio``: months 30 days late and cured, per default, at z = 0. assumption: 3.3.
    * ``roll_to_default``: share of loans 60 days late that default in the next month, at z = 0.
      assumption: .6.
    * ``loss_scatter``: standard deviation of the realised loss given default around its mean.
      assumption: .32 (workout losses: .30 to .35).
    * ``seasoning``: how the hazard depends on the age of a loan: none, or small_business.
    * ``quality_drift``: share of a borrower's own risk that comes to show in their credit quality after the
      jump-off day, as a long-run variance. Source: .22, with a memory of .84 a year, by least squares on the
      spread of Phi^-1(PD) over rating grades 1 to 10 years after BB and B (docs/reference/credit-model.md).
    * ``stage_two_ratio``: lifetime PD over that expected at origination from which a loan is in stage 2.
      Source: 3, the threefold rise of the EBA's stress tests (IFRS 9 5.5.9 leaves it to the bank).
    * ``cet1_ratio``: CET1 capital over risk-weighted assets at the jump-off day. Source: 12.8 %, all banks of
      DFAST 2026 (Federal Reserve).
    * ``cost_to_income``: share of the interest less funding that running the bank costs. assumption: .55.
    * ``ratings``: which rating the months carry: none; point_in_time, the grade of the PD that is known of
      the next year; or through_the_cycle, that of the borrower's own part of it.
    * ``tail_sampling``: where VaR and ES are read: importance, from plain draws of the loss and a tenth as
      many in bad years, each with its weight; or plain, from the plain draws alone.
    * ``loss_months``: months over which the scenario's factor is averaged for the loss distribution.
    * ``block_draws``: draws per block; block b has its own random address.
    """

    shard_loans: int = 5_000
    as_of: date = date(2025, 12, 31)
    target_pd: float | None = 0.025
    currency: str = "EUR"
    mark_rate: float = 1.5
    young_age: int = 21
    young_cap: int = 10_000
    funding_rate: float = 0.03
    margin: float = 0.03
    rate_noise: float = 0.004
    rate_cap: float = 0.24
    income_floor: int = 600
    seasoning_months: int = 6
    months_autocorrelation: float = 0.5
    sector_correlation: float = 0.5
    prepayment: float = 0.008
    late_ratio: float = 3.3
    roll_to_default: float = 0.6
    loss_scatter: float = 0.32
    seasoning: Literal["none", "small_business"] = "none"
    quality_drift: float = 0.22
    stage_two_ratio: float = 3.0
    cet1_ratio: float = 0.128
    cost_to_income: float = 0.55
    ratings: Literal["none", "point_in_time", "through_the_cycle"] = "none"
    tail_sampling: Literal["importance", "plain"] = "importance"
    loss_months: int = 12
    block_draws: int = 10_000

    def __post_init__(self) -> None:
        """Check ranges."""
        wrong: list[str] = []
        for one in fields(self):
            value, limit = getattr(self, one.name), limits(one.name)
            if isinstance(value, int | float) and not limit["minimum"] <= value < limit["exclusiveMaximum"]:
                wrong.append(f"{one.name} = {value}")
        wrong += ["target_pd = 0"] if self.target_pd == 0 else []
        for name, words in _WORDS.items():
            wrong += [f"{name} = {getattr(self, name)}"] if getattr(self, name) not in words else []
        if wrong:
            raise StudyError(
                ", ".join(dict.fromkeys(wrong)),
                place="credit settings",
                expected="numbers of at least 0, shares in [0, 1), target_pd above 0, sizes of at least 1",
                remedy="correct these values",
            )
