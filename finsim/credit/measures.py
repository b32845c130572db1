"""Figures of the credit world by the names that scenario files and reports use."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from finsim.credit.conditional import (
    collateral_lgd,
    default_point,
    loss_shift,
    per_period,
    sensitivity,
    systematic_lgd,
)
from finsim.credit.factors import quarter_moves, quarter_z
from finsim.credit.panel_sums import PanelSums
from finsim.credit.recovery import follows_frye_jacobs
from finsim.credit.reference_parameters import CLASSES
from finsim.credit.text_codes import coded
from finsim.errors import RecordError
from finsim.extras import Later
from finsim.notation import Float1D, Float2D
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
    portfolio as well: ``measure_book`` of its panel.
    """
    if portfolio is None:
        return _nine_quarters(drivers)
    panel = PanelSums(portfolio.loans)
    panel.watch(portfolio.months)
    return measure_book(drivers, portfolio.loans, panel, portfolio.losses)


def measure_book(drivers: Drivers, loans: pa.Table, panel: PanelSums, losses: Float1D) -> dict[str, float]:
    """Return the measures of one scenario and of a book under it, name -> value (shares, not percent).

    As ``measure`` of the drivers, and ``credit.default_rate`` and ``credit.loss_rate`` (share of loans that
    default, and of the opening balance that is lost, over the panel), ``credit.default_rate.<sector>``,
    ``credit.dispersion`` and ``credit.dispersion.<sector>`` (``dispersion``), ``credit.expected_loss`` (mean
    of the loss draws over the balance).
    """
    found = _nine_quarters(drivers) | _of_panel(loans, panel)
    balance = float(pc.sum(loans["balance"]).as_py())
    if len(losses):
        found["credit.expected_loss"] = float(losses.mean()) / balance if balance else float("nan")
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


def _of_panel(book: pa.Table, panel: PanelSums) -> dict[str, float]:
    codes, sectors = coded(book, "sector")
    counts = panel.counts()
    defaults = counts.defaults.sum(axis=0)
    held = np.bincount(codes, minlength=len(sectors))
    opening = float(pc.sum(book["balance"]).as_py())
    found = {
        "credit.default_rate": float(defaults.sum()) / book.num_rows,
        "credit.loss_rate": float(panel.loss) / opening if opening else float("nan"),
        "credit.dispersion": counts.dispersion(),
    }
    for column, name in enumerate(sectors):
        found[f"credit.default_rate.{name}"] = float(defaults[column]) / float(held[column])
        found[f"credit.dispersion.{name}"] = counts.dispersion(column)
    return found
