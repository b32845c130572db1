"""A whole portfolio in one call, from the parts that a run uses shard by shard."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from finsim import documents
from finsim.credit.applications import read_applications
from finsim.credit.book import fit_book, loans
from finsim.credit.losses import losses
from finsim.credit.panel import panel, panel_schema
from finsim.credit.settings import Settings
from finsim.randomness import Streams
from finsim.records.calendar import Clock
from finsim.records.drivers import Drivers, identity
from finsim.records.portfolio import Portfolio

_MONTHS = 36


def simulate(
    settings: Settings,
    streams: Streams,
    drivers: Drivers | None = None,
    *,
    count: int = 20_000,
    draws: int = 100_000,
    applications: str | Path | None = None,
) -> Portfolio:
    """Return ``count`` loans, their monthly panel and ``draws`` portfolio losses under ``drivers``.

    Without ``drivers`` nothing is stressed and the panel has 36 months from ``settings.as_of``. Without
    ``applications`` (a CSV path) the bundled German credit table is used. Raises DataError for a file
    that cannot be used.
    """
    source = applications or documents.shipped("data") / "german_credit.csv.gz"
    what = drivers or identity(Clock(settings.as_of, 2, 1, _MONTHS))
    book = fit_book(read_applications(source), settings)
    table = loans(book, count, streams)
    shards = range((count - 1) // settings.shard_loans + 1)
    batches = [panel(table, what, streams, settings, shard) for shard in shards]
    months = pa.Table.from_batches(batches, schema=panel_schema(table, settings))
    return Portfolio(table, months, losses(table, what, draws, streams, settings))
