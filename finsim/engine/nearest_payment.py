"""The five payments of the training ledger nearest to a traced payment of a learned ledger.

What compares is what both sides know: the amount, the days since the last payment of the same account,
whether it had paid that counterparty before and, where the ledger has them, the hour.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from finsim.agents.vocabulary import EXTERNAL, KINDS
from finsim.engine.learned.event_parts import ledger_of
from finsim.engine.learned_payments.training_ledger import PaymentLedger, payment_ledger
from finsim.engine.study.transactions_part import TransactionsPart
from finsim.notation import Float1D, Float2D, Int1D
from finsim.provenance.nearest_records import gower_distance, left_out, nearest, ranked
from finsim.provenance.parquet_rows import rows_at, rows_where
from finsim.provenance.trace_story import Story
from finsim.records.run_layout import table_file

DAY, HOUR = 86_400_000_000_000, 3_600_000_000_000
MOST_BEFORE = 10_000
"""Rows of the account before the traced one that are looked at for its last payment."""


def nearest_payment(run: Path, story: Story, part: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``nearest`` and the words to it, or a note. Times of the ledger are nanoseconds UTC."""
    ledger = payment_ledger(TransactionsPart.model_validate(part))
    side = _learned_side(run, story)
    if side is None:
        return {"note": "no nearest records: neither account is one of the learned entities"}
    pays = side == "from_account"
    paid = ledger.direction.paid_out(ledger.log)
    places = np.flatnonzero(paid == pays)
    if len(places) < 2:
        return {"note": f"no nearest records: the ledger has {len(places)} payments of this direction"}
    real, daily = _real_cells(ledger, places), ledger.is_daily
    own = _own_cells(run, story, side)
    names = ("amount", "days since the last", "known counterparty", "hour")[: 3 if daily else 4]
    numeric = np.array([True, True, False, True])[: len(names)]
    columns = [
        (ranked(real[:, k], real[:, k]), ranked(real[:, k], own[k : k + 1])[0])
        if numeric[k]
        else (real[:, k], own[k])
        for k in range(len(names))
    ]
    training = np.stack([one for one, _ in columns], axis=1)
    distance = gower_distance(numeric)
    others = left_out(training, distance, lambda row: np.arange(len(training)) == row)
    found = nearest(training, np.array([one for _, one in columns]), distance, others)
    rows = ledger_of(ledger.data).rows[places]
    return {
        "nearest": [
            {"row": int(rows[row]), "distance": round(float(far), 6), "p": round(float(p), 6)}
            for row, far, p in zip(found.rows, found.distances, found.p, strict=True)
        ],
        "of": f"{'payments of' if pays else 'receipts of'} learned entities; row numbers count from 0",
        "distance": f"mean difference over {', '.join(names)}: 0 all agree, 1 none does",
        "p": f"share of {found.references:,} real ones, left out one at a time, that lie as near to others",
    }


def _learned_side(run: Path, story: Story) -> str | None:
    """Return the column of the account that is a learned entity and not an outside one, the payer first."""
    accounts = table_file(run, "accounts", story.table.partition("/")[2])
    for side in ("from_account", "to_account"):
        place = rows_where(accounts, {"account_id": story.values[side]})
        if len(place) and rows_at(accounts, place[:1])[0]["kind"] != KINDS[EXTERNAL]:
            return side
    return None


def _real_cells(ledger: PaymentLedger, places: Int1D) -> Float2D:
    """Return amount, days since the last, known counterparty and hour of payments: float64[n, 4]."""
    log = ledger.log
    times = log.events[log.roles.time].values[places]
    who = (np.searchsorted(log.starts, places, side="right") - 1).astype(np.int64)
    since = np.diff(times, prepend=times[0]) / DAY
    since[np.flatnonzero(np.diff(who, prepend=-1))] = np.nan
    partner = log.part("partner")
    known = np.zeros(len(places))
    if partner is not None:
        pairs = np.stack([who, partner[places]], axis=1)
        known = np.ones(len(places))
        known[np.unique(pairs, axis=0, return_index=True)[1]] = 0.0
    return np.stack([ledger.cents(log)[places], since, known, _hour(times)], axis=1)


def _own_cells(run: Path, story: Story, side: str) -> Float1D:
    """Return the same of the traced row: float64[4], from the rows of its account before it."""
    table, scenario = story.table.split("/", 1)
    file = table_file(run, table, scenario)
    rows = rows_where(file, {side: story.values[side]})
    before = rows_at(file, rows[rows < story.row][-MOST_BEFORE:])
    other = "to_account" if side == "from_account" else "from_account"
    time = _nanoseconds(story.values["ts"])
    since = (time - _nanoseconds(before[-1]["ts"])) / DAY if before else np.nan
    known = float(any(row[other] == story.values[other] for row in before))
    return np.array([float(story.values["amount"]), since, known, float(_hour(np.array([time]))[0])])


def _nanoseconds(value: Any) -> int:
    text = str(value).removesuffix("+00:00").replace("Z", "")
    return int(np.datetime64(text, "ns").astype(np.int64))


def _hour(times: Int1D) -> Float1D:
    return np.asarray((times % DAY) / HOUR)
