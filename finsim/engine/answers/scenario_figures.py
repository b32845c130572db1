"""The key figures of one scenario, taken by the task that makes its tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from finsim.notation import Dates1D, Float1D, Int1D
from finsim.records.figures.key_figures import KEY_FIGURES, Figure

HORIZONS = (12, 36)
ALLOWANCE = ("ecl_12m", "ecl_lifetime", "allowance")


def credit_figures(loans: pa.Table, ages: Int1D, risk: Mapping[str, Any], followed: int) -> dict[str, Figure]:
    """Return balance, losses and defaults of a book that was followed for ``followed`` months.

    ``ages`` int64[D] : for every default, how many months after the first of the panel it happened.
    ``risk`` holds ``expected_loss`` and ``var_0.99`` and ``es_0.99`` with their intervals, and the sums of
    ``ALLOWANCE``, in minor units.
    """
    currencies = pc.unique(loans["currency"].cast(pa.string())).to_pylist()
    currency = currencies[0] if len(currencies) == 1 else ""
    mixed = "" if currency else f"the book is in {len(currencies)} currencies"

    def money(value: float, low: float | None = None, high: float | None = None) -> Figure:
        return Figure(None, why=mixed) if mixed else Figure(value, low, high, currency)

    found = {
        "credit.balance": money(int(pc.sum(loans["balance"]).as_py() or 0)),
        "credit.expected_loss": money(risk["expected_loss"]),
        "credit.var_99": money(*risk["var_0.99"]),
        "credit.es_99": money(*risk["es_0.99"]),
    }
    found |= {f"credit.{name}": money(risk[name]) for name in ALLOWANCE if name in risk}
    for horizon in HORIZONS:
        found[f"credit.defaults_{horizon}m"] = (
            Figure(float((ages < horizon).sum()) / loans.num_rows)
            if followed >= horizon
            else Figure(None, why=f"the panel has {followed} months")
        )
    return found


def market_figures(measured: Mapping[str, Float1D], dates: Dates1D) -> dict[str, Figure]:
    """Return the figures of the index from those of every path (``markets.measures.index_figures``).

    ``dates`` are the sessions of the paths. Empty ``measured`` means that no asset is a price.
    """
    if "drawdown" not in measured:
        why = "every series is a level: there is no index"
        return {line.key: Figure(None, why=why) for line in KEY_FIGURES if line.world == "market"}
    depth = measured["drawdown"]
    trough = int(np.median(measured["trough"]))
    found = {
        "market.drawdown": Figure(float(np.median(depth))),
        "market.worst_drawdown": Figure(float(depth.max())),
        "market.trough": Figure(str(dates[trough].astype("datetime64[D]"))),
        "market.dispersion": Figure(None, why="there is one asset"),
    }
    if "dispersion" in measured:
        found["market.dispersion"] = Figure(float(np.median(measured["dispersion"])))
    return found


def payment_figures(counts: Mapping[str, int], patterns: pa.Table) -> dict[str, Figure]:
    """Return rows, declined and illicit rows from ``counts``, and the illicit schemes of ``patterns``."""
    schemes = pc.sum(pc.invert(patterns["decoy"])).as_py() or 0
    counted = {f"payments.{name}": Figure(int(counts[name])) for name in ("rows", "declined", "illicit")}
    return {**counted, "payments.schemes": Figure(int(schemes))}


def all_figures(found: Mapping[str, Mapping[str, Any]], worlds: Mapping[str, bool]) -> dict[str, Any]:
    """Return every key figure as plain data; what a study has no part for says why it is missing."""
    complete: dict[str, Any] = {}
    for line in KEY_FIGURES:
        missing = "this study has no such part" if not worlds[line.world] else "not noted by the run"
        complete[line.key] = found.get(line.key, Figure(None, why=missing).to_dict())
    return complete
