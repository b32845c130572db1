"""What the data of a study hold: assets, first and last date, rows, currency, and the gap to its start."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import numpy as np

from finsim.credit.book import money_of
from finsim.engine.stages.payment_world import ledger_of_plan
from finsim.engine.study.loan_tape import tape_of
from finsim.engine.study.market_history import read_history
from finsim.engine.study.study_resolution import Plan, credit_settings

_MOST_ASSETS = 8


@dataclass(frozen=True)
class DataFacts:
    """What one file of a study holds; ``gap_days`` from its last date to the study's start (None: no dates).

    ``currency`` is that of the amounts of a run, '' for prices, which keep the one of their file.
    """

    world: str
    file: str
    rows: int
    assets: tuple[str, ...] = ()
    first: str = ""
    last: str = ""
    gap_days: int | None = None
    currency: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {**asdict(self), "assets": list(self.assets)}

    def line(self) -> str:
        """Return the facts as one line."""
        if self.world == "transactions":
            span = f"{self.first} to {self.last}"
            return f"payments {self.rows:,}: {self.file} ({span}, amounts in {self.currency})"
        if self.world != "market":
            return f"loans {self.rows:,}: {self.file} (amounts in {self.currency})"
        more = len(self.assets) - _MOST_ASSETS
        shown = ", ".join(self.assets[:_MOST_ASSETS]) + (f" and {more} more" if more > 0 else "")
        return f"assets {len(self.assets)}: {shown} ({self.first} to {self.last}, {self.rows:,} rows)"

    def gap(self, start: date) -> str:
        """Return the distance from the last date to the jump-off day in words; '' where it is a week."""
        days = self.gap_days
        if days is None or abs(days) <= 7:
            return ""
        size = f"{abs(days):,} days" + (f" ({abs(days) / 365.25:.1f} years)" if abs(days) > 365 else "")
        side = "before" if days > 0 else "after"
        return f"gap        the prices end {size} {side} the jump-off day {start}; paths begin at that day"


def data_facts(plan: Plan) -> Iterator[DataFacts]:
    """Yield the facts of the prices and of the loans of a study, where it has them."""
    study = plan.study
    if study.market:
        prices = read_history(study.market)
        dates = (prices.whole or prices).dates
        first, last = (np.datetime64(day, "D").astype(object) for day in (dates[0], dates[-1]))
        gap = (study.start - last).days
        shown = (str(first), str(last))
        yield DataFacts("market", study.market.data, len(dates), tuple(prices.assets), *shown, gap)
    if study.transactions and study.transactions.data:
        ledger = ledger_of_plan(plan)
        first, last = (str(np.datetime64(at, "ns"))[:10] for at in (ledger.log.begin, ledger.log.end - 1))
        rows, currency = ledger.log.events.rows, ledger.currency
        yield DataFacts(
            "transactions", study.transactions.data, rows, first=first, last=last, currency=currency
        )
    if study.credit:
        frame = tape_of(study.credit).frame
        currency, _ = money_of(frame, credit_settings(plan))
        yield DataFacts("credit", study.credit.data, len(frame), currency=currency)
