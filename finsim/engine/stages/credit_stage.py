"""Task of the credit world: synthesize the book, simulate the panel, draw losses."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from finsim.credit.applications import read_applications
from finsim.credit.book import Book, fit_book, loans
from finsim.credit.losses import losses
from finsim.credit.measures import measure
from finsim.credit.panel import panel
from finsim.credit.risk import expected_shortfall, value_at_risk
from finsim.engine.stages.rule_breaches import Ledger
from finsim.engine.study.named_inputs import data_file
from finsim.engine.study.study_file import CreditPart
from finsim.engine.study.study_resolution import Plan, credit_settings
from finsim.engine.task_records import Done, output
from finsim.engine.tasks import Task
from finsim.records.portfolio import LOSS_SCHEMA, Portfolio
from finsim.records.storage import write_table

LEVELS = (0.95, 0.99, 0.999)


def _part(plan: Plan) -> CreditPart:
    assert plan.study.credit is not None
    return plan.study.credit


def applications(plan: Plan) -> pd.DataFrame:
    """Return the real applications of the study."""
    return read_applications(data_file(_part(plan).data))


@lru_cache(maxsize=2)
def _book(file: str, plan_digest: str, settings: Any) -> Book:
    return fit_book(read_applications(data_file(file)), settings)


def credit_task(run: Path, plan: Plan, task: Task) -> Done:
    """Write one scenario's loans, months and losses."""
    part, settings = _part(plan), credit_settings(plan)
    drivers, streams = plan.drivers[task.name], plan.streams.under("credit")
    book = _book(part.data, plan.study.digest, settings)
    ledger = Ledger(plan.rules.get("credit"))
    shards = range(-(-part.loans // part.shard_loans))
    sizes = [min(part.shard_loans, part.loans - s * part.shard_loans) for s in shards]
    tapes: list[pa.Table] = []

    def lent() -> Iterator[pa.Table]:
        for shard, size in zip(shards, sizes, strict=True):
            tape = loans(book, size, streams, first=shard * part.shard_loans)
            tapes.append(ledger.passed({"loans": tape}, "loans"))
            yield tapes[-1]

    def followed() -> Iterator[pa.Table]:
        for shard, tape in zip(shards, tapes, strict=True):
            months = pa.Table.from_batches([panel(tape, drivers, streams, settings, shard)])
            yield ledger.passed({"loans": tape, "months": months}, "months")

    folder = run / "credit" / task.name
    tape = list(lent())
    rows = {"loans": write_table(folder / "loans.parquet", tape[0].schema, tape)}
    months = list(followed())
    rows["months"] = write_table(folder / "months.parquet", months[0].schema, months)
    book_tape = pa.concat_tables(tapes)
    drawn = losses(book_tape, drivers, part.draws, streams, settings)
    table = pa.table(
        {"scenario_draw": np.arange(len(drawn), dtype=np.int64), "loss": drawn}, schema=LOSS_SCHEMA
    )
    rows["losses"] = write_table(folder / "losses.parquet", LOSS_SCHEMA, [table])
    files = dict(output(run, folder / f"{name}.parquet", count) for name, count in rows.items())
    facts = {
        "rules": ledger.to_dict(),
        "measures": _finite(measure(drivers, Portfolio(book_tape, pa.concat_tables(months), drawn))),
        "risk": _risk(drawn),
        "digest": drivers.digest,
    }
    return Done(task.key, files, facts)


def _risk(drawn: np.ndarray[Any, np.dtype[np.float64]]) -> dict[str, Any]:
    """Return expected loss, VaR and ES with their intervals, in minor units."""
    facts: dict[str, Any] = {"expected_loss": float(drawn.mean())}
    for level in LEVELS:
        for name, risk in (
            ("var", value_at_risk(drawn, level)),
            ("es", expected_shortfall(drawn, level)),
        ):
            facts[f"{name}_{level:g}"] = [risk.value, risk.low, risk.high]
    return facts


def _finite(measures: Mapping[str, float]) -> dict[str, float | None]:
    """Replace what is undefined (a sector without a default) by None, which JSON can say."""
    return {name: value if math.isfinite(value) else None for name, value in measures.items()}
