"""Figures of the credit world by the names that scenario files and reports use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from finsim.credit.conditional import (
    MONTHS_PER_YEAR,
    collateral_lgd,
    default_point,
    loss_shift,
    per_period,
    sensitivity,
    systematic_lgd,
)
from finsim.credit.factors import quarter_moves, quarter_z
from finsim.credit.recovery import follows_frye_jacobs
from finsim.credit.reference_parameters import CLASSES
from finsim.credit.text_codes import coded
from finsim.errors import RecordError
from finsim.extras import Later
from finsim.notation import Bool1D, Float1D, Float2D, Int1D, Int2D
from finsim.records.drivers import Drivers
from finsim.records.portfolio import Portfolio

special = Later("scipy.special", "credit")

QUARTERS = 9
SUPERVISED = ("cards", "mortgage", "heloc", "cre", "corporate", "consumer")


def measure(drivers: Drivers, portfolio: Portfolio | None = None) -> dict[str, float]:
    """Return the measures of one scenario, name -> value (shares, not percent).

    From the drivers alone: ``credit.<class>.loss_rate_9q`` and ``credit.<class>.z_trough`` of the reference
    book, left out when the scenario covers fewer than nine quarters, and
    ``credit.<class>.default_ratio_peak``: its highest default rate of a quarter over that at z = 0. From a
    portfolio as well:
    ``credit.default_rate`` and ``credit.loss_rate`` (share of loans that default, and of the opening
    balance that is lost, over the panel), ``credit.default_rate.<sector>``, ``credit.dispersion`` and
    ``credit.dispersion.<sector>`` (``dispersion``), ``credit.expected_loss`` (mean of the loss draws over
    the balance).
    """
    found = _nine_quarters(drivers)
    if portfolio is not None:
        found.update(_of_panel(portfolio))
        balance = float(pc.sum(portfolio.loans["balance"]).as_py())
        if len(portfolio.losses):
            found["credit.expected_loss"] = (
                float(portfolio.losses.mean()) / balance if balance else float("nan")
            )
    return found


def nine_quarter_loss_rates(drivers: Drivers, classes: Sequence[str] = SUPERVISED) -> dict[str, float]:
    """Return the loss rate over nine quarters of a reference loan of each class: class -> share.

    The macro path is the whole state: z is the scenario's alone. Quarter by quarter the annual conditional
    PD becomes a quarterly one; survivors lose PD x LGD; the rate is the sum of losses over the average
    balance (the supervisor's definition: losses over average balances of nine quarters). Balances fall by
    defaults only. Raises RecordError when the scenario covers fewer than nine quarters.
    """
    z = quarter_z(drivers, classes)[:QUARTERS]
    if len(z) < QUARTERS:
        raise RecordError(
            f"the scenario covers {len(z)} quarters",
            place=drivers.scenario,
            expected=f"at least {QUARTERS}",
            remedy="use a clock of 27 months or more",
        )
    moves = quarter_moves(drivers)
    rates: dict[str, float] = {}
    for column, name in enumerate(classes):
        item = CLASSES[name]
        pd_, lgd, rho = (np.array(value) for value in (item.pd, item.lgd, item.rho))
        point = default_point(pd_, rho) - sensitivity(rho) * z[:, column]
        base = systematic_lgd(point, loss_shift(pd_, lgd, rho))
        if not follows_frye_jacobs(drivers, [name])[0]:
            base = np.full(QUARTERS, item.lgd)
        price = drivers.credit.collateral.get(name)
        index = np.maximum(1.0 + moves[price][:QUARTERS] / 100.0, 0.0) if price else np.ones(QUARTERS)
        rates[name] = _loss_rate(point, collateral_lgd(base, index))
    return rates


def _loss_rate(point: Float1D, lgd: Float1D) -> float:
    gone = per_period(special.ndtr(point), 4)
    balance = np.concatenate([[1.0], np.cumprod(1.0 - gone)])
    lost = (balance[:-1] * gone * lgd).sum()
    return float(lost / ((balance[:-1] + balance[1:]) / 2.0).mean())


def dispersion(defaults: Int1D, at_risk: Int1D, expected: Float1D | None = None) -> float:
    """Return the variance of monthly default counts over its binomial value; 1 when independent.

    Sum of (d_t - m_t)^2 over sum of m_t (1 - m_t / n_t). m_t is ``expected`` (the sum of unconditional
    monthly PDs of the loans at risk), or without it the number at risk n_t, scaled to the total of d_t:
    so a book that grows riskier as its short loans mature does not count as clustering. NaN without any
    default. Source: Pearson's index of dispersion for binomial counts.
    """
    shape = at_risk.astype(np.float64) if expected is None else expected
    if defaults.sum() == 0:
        return float("nan")
    mean = shape * (defaults.sum() / shape.sum())
    spread = ((defaults - mean) ** 2).sum()
    expected_spread = float((mean * (1.0 - mean / np.maximum(at_risk, 1))).sum())
    return float(spread / expected_spread) if expected_spread > 0 else float("nan")


@dataclass(frozen=True)
class MonthCounts:
    """Panel counts by month and group: new defaults, loans at risk, and expected defaults; [T, G] each."""

    defaults: Int2D
    at_risk: Int2D
    expected: Float2D

    def dispersion(self, group: int | None = None) -> float:
        """Return the dispersion of one group, or of all groups together."""
        chosen = slice(None) if group is None else slice(group, group + 1)
        parts = (counts[:, chosen].sum(axis=1) for counts in (self.defaults, self.at_risk, self.expected))
        return dispersion(*parts)


def count_months(loans: pa.Table, months: pa.Table, column: str = "sector") -> MonthCounts:
    """Count a panel by month and by a text column of its loans, groups in alphabetical order.

    Expected defaults are the sum of monthly PDs at the loans' own ``pd``, through the cycle.
    """
    codes, groups = coded(loans, column)
    numbers = loans["loan_id"].to_numpy()
    order = np.argsort(numbers)
    row = order[np.searchsorted(numbers, months["loan_id"].to_numpy(), sorter=order)]
    known, place = np.unique(months["month"].to_numpy(), return_inverse=True)
    cell = place * len(groups) + codes[row]
    size = len(known) * len(groups)
    monthly = per_period(loans["pd"].to_numpy(), MONTHS_PER_YEAR)[row]
    hit = _is_default(months)
    return MonthCounts(
        np.bincount(cell[hit], minlength=size).reshape(-1, len(groups)).astype(np.int64),
        np.bincount(cell, minlength=size).reshape(-1, len(groups)).astype(np.int64),
        np.bincount(cell, weights=monthly, minlength=size).reshape(-1, len(groups)).astype(np.float64),
    )


def _is_default(months: pa.Table) -> Bool1D:
    codes, words = coded(months, "status")
    return codes == words.index("default") if "default" in words else np.zeros(len(codes), dtype=bool)


def _ratios(z: Float2D) -> dict[str, float]:
    """Return for each class its highest default rate of any quarter over that without a scenario."""
    found = {}
    for column, name in enumerate(SUPERVISED if len(z) else ()):
        pd_, rho = np.array(CLASSES[name].pd), np.array(CLASSES[name].rho)
        rates = special.ndtr(default_point(pd_, rho) - sensitivity(rho) * z[:, column])
        calm = special.ndtr(default_point(pd_, rho))
        found[f"credit.{name}.default_ratio_peak"] = float((rates / calm).max())
    return found


def _nine_quarters(drivers: Drivers) -> dict[str, float]:
    z = quarter_z(drivers, SUPERVISED)
    if len(z) < QUARTERS:
        return _ratios(z)
    rates = nine_quarter_loss_rates(drivers)
    found = _ratios(z) | {f"credit.{name}.loss_rate_9q": rate for name, rate in rates.items()}
    trough = z[:QUARTERS].min(axis=0)
    found.update({f"credit.{name}.z_trough": float(trough[k]) for k, name in enumerate(SUPERVISED)})
    return found


def _of_panel(portfolio: Portfolio) -> dict[str, float]:
    book, months = portfolio.loans, portfolio.months
    codes, sectors = coded(book, "sector")
    counts = count_months(book, months)
    defaults = counts.defaults.sum(axis=0)
    held = np.bincount(codes, minlength=len(sectors))
    opening = float(pc.sum(book["balance"]).as_py())
    found = {
        "credit.default_rate": float(defaults.sum()) / book.num_rows,
        "credit.loss_rate": float(pc.sum(months["loss"]).as_py()) / opening if opening else float("nan"),
        "credit.dispersion": counts.dispersion(),
    }
    for column, name in enumerate(sectors):
        found[f"credit.default_rate.{name}"] = float(defaults[column]) / float(held[column])
        found[f"credit.dispersion.{name}"] = counts.dispersion(column)
    return found
