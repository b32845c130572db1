"""What a fitted model says of itself: its data, how it was trained, and its loss curves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from finsim.generators.generator import FitReport
from finsim.generators.privacy.claim_words import claim_words
from finsim.markets.encoding import Encoding
from finsim.records.display.card import Card, Value
from finsim.records.display.fact_words import counted

_COLUMNS = pa.schema([("curve", pa.string()), ("stretch", pa.int64()), ("loss", pa.float64())])


def loss_table(report: FitReport) -> pa.Table:
    """Return the loss curves as rows of curve, stretch (from 0) and mean loss; none for a closed form."""
    rows = [
        {"curve": name, "stretch": number, "loss": loss}
        for name, curve in report.losses.items()
        for number, loss in enumerate(curve)
    ]
    return pa.Table.from_pylist(rows, _COLUMNS)


def privacy_words(report: FitReport) -> str:
    """Return the claim of a private fit in one line, "" of another."""
    return "" if report.privacy is None else claim_words(report.privacy)


def model_card(name: str, report: FitReport, encoding: Encoding, data: Mapping[str, Any]) -> Card:
    """Return generator, data, assets, training, last losses and the held-out loss as a card."""
    rows = f", {counted(int(data['rows']), 'row')}" if "rows" in data else ""
    cost = f"{counted(report.steps, 'step')} in {report.cpu_seconds:.3g} CPU s"
    trained = f"{cost}, ended by {report.stopped_by}"
    last = tuple(f"{curve} {losses[-1]:.4g}" for curve, losses in report.losses.items() if losses)
    held_out = "" if report.held_out is None else f"{report.held_out:.4g}, the lowest loss on held-out data"
    facts: tuple[tuple[str, Value], ...] = (
        ("data", f"{data.get('file', 'unknown')}{rows}, to {encoding.last_date[:10]}"),
        ("assets", encoding.assets),
        ("bars", f"{encoding.calendar.adjective}, {encoding.kind}"),
        ("training", trained if report.steps else report.stopped_by),
        ("last loss", last),
        ("held out", held_out),
        ("privacy", privacy_words(report)),
    )
    return Card(f"Fitted model: {name}", facts, "", f"{next(iter(report.losses), '')} loss")
