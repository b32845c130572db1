"""Task of the credit world: synthesize the book, simulate the panel, draw losses."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from threadpoolctl import threadpool_limits

from finsim.credit.book import Book, fit_book, loans
from finsim.credit.expected.provisions import provision_schema
from finsim.credit.kept import kept_loans
from finsim.credit.losses import losses
from finsim.credit.measures import measure_book
from finsim.credit.months.recoveries import recoveries, recovery_schema
from finsim.credit.panel import panel, panel_schema
from finsim.credit.panel_sums import PanelSums
from finsim.credit.risk import expected_shortfall, value_at_risk
from finsim.credit.settings import Settings
from finsim.credit.tail.bad_years import shifted_draws, weighted_losses
from finsim.credit.tail.weighted_risk import tail_figures
from finsim.engine.answers.scenario_figures import credit_figures
from finsim.engine.finished_tasks import Done, output
from finsim.engine.learned.loan_law import learn_loans
from finsim.engine.stages.customers_with_loans import CustomerLoans, are_customers, courses_file
from finsim.engine.stages.loan_allowance import Provisions, own_allowance, sums, weighted_allowance
from finsim.engine.stages.rule_breaches import Ledger
from finsim.engine.study.credit_part import CreditPart
from finsim.engine.study.loan_tape import describe_tape, loan_count, tape_of
from finsim.engine.study.study_resolution import Plan, credit_settings
from finsim.engine.tasks import Task
from finsim.notation import Float1D
from finsim.randomness import Streams
from finsim.records.drivers import Drivers
from finsim.records.portfolio import LOSS_SCHEMA, loan_schema
from finsim.records.run_layout import table_file
from finsim.records.storage import canonical_json, write_table

LEVELS = (0.95, 0.99, 0.999)
TABLES = ("loans", "months", "provisions", "recoveries")
STATED = ("rate", "pd", "lgd")
"""What a tape may state of its loans and no repair changes; breaches are counted."""

_AFTER_THE_FIT = ("loans", "months", "draws", "rules")
"""Keys of the study's part that only say what becomes of a fitted book."""


def _part(plan: Plan) -> CreditPart:
    assert plan.study.credit is not None
    return plan.study.credit


def applications(plan: Plan) -> pd.DataFrame:
    """Return the real applications of the study."""
    return tape_of(_part(plan)).frame


@dataclass(frozen=True)
class _Source:
    """Where a book comes from: what it depends on makes the key, the plan itself does not."""

    key: str
    plan: Plan = field(compare=False, hash=False)


def prepared(plan: Plan) -> Book | pa.Table:
    """Return the fitted book of a study, or the very loans of its tape where they are kept.

    Raises DataError for a tape that cannot be read, FitError for one that cannot be learned from.
    """
    return _prepared(_Source(_key(plan), plan))


def _key(plan: Plan) -> str:
    """Return what the fit of a study's book depends on: studies that differ elsewhere share it."""
    part = _part(plan)
    told = {name: one for name, one in part.model_dump(mode="json").items() if name not in _AFTER_THE_FIT}
    files = {name: plan.inputs[name] for name in (part.data, f"schema:{part.schema_}") if name in plan.inputs}
    return canonical_json(
        {"seed": plan.study.seed, "start": str(plan.study.start), "credit": told, "files": files}
    )


@lru_cache(maxsize=4)
def _prepared(source: _Source) -> Book | pa.Table:
    plan = source.plan
    settings, started = credit_settings(plan), time.process_time()
    # One thread, as in a task: sums of more would have another order and other last bits.
    with threadpool_limits(limits=1):
        if _part(plan).keep:
            real = tape_of(_part(plan))
            return kept_loans(real.frame, settings, plan.streams.under("credit"), real.unscored)
        choice, streams = _part(plan).learner(), plan.streams.under("credit", "fit")
        learn = partial(learn_loans, choice=choice, streams=streams)
        book = fit_book(applications(plan), settings, learn)
    _UNPAID[source.key] = time.process_time() - started
    return book


_UNPAID: dict[str, float] = {}
"""CPU seconds of fits that no task of this process has counted: a trial before the run learns the book."""


def first_loans(plan: Plan, count: int) -> pa.Table:
    """Return at most ``count`` loans of the first shard of a study."""
    part, made = _part(plan), prepared(plan)
    some = min(count, part.shard_loans, loan_count(part))
    return loans(made, some, plan.streams.under("credit")) if isinstance(made, Book) else made.slice(0, some)


def _shards(plan: Plan) -> Iterator[pa.Table]:
    """Yield the loans of the study shard by shard."""
    part, made = _part(plan), prepared(plan)
    size, count = part.shard_loans, loan_count(part)
    for first in range(0, count, size):
        some = min(size, count - first)
        if isinstance(made, Book):
            yield loans(made, some, plan.streams.under("credit"), first=first)
        else:
            yield made.slice(first, some)


def passed_book(plan: Plan, ledger: Ledger | None = None) -> list[pa.Table]:
    """Return the loans of a study by shard, as its rules leave them; ``ledger`` counts the breaches."""
    # Kept loans are judged and counted, and stay as they are.
    rules, repairs = ledger or _ledger(plan), not _part(plan).keep
    return [rules.passed({"loans": some}, "loans", repairs=repairs) for some in _shards(plan)]


def _ledger(plan: Plan) -> Ledger:
    stated = [name for name in STATED if name in applications(plan)]
    return Ledger(plan.rules.get("credit"), stated=stated)


def credit_task(run: Path, plan: Plan, task: Task) -> Done:
    """Write one scenario's loans, months and losses; the first one counts a fit before the run."""
    key = _key(plan)
    learned_before = _UNPAID.pop(key, 0.0)
    part, settings = _part(plan), credit_settings(plan)
    drivers, streams = plan.drivers[task.name], plan.streams.under("credit")
    ledger = _ledger(plan)
    tape = passed_book(plan, ledger)
    book_tape = pa.concat_tables(tape)

    followed, aside = PanelSums(book_tape), Provisions(plan, task.name)
    back: list[pa.Table] = []
    customers = CustomerLoans(plan, book_tape, drivers) if are_customers(plan) else None

    def months() -> Iterator[pa.Table]:
        for shard, some in enumerate(tape):
            made = pa.Table.from_batches([panel(some, drivers, streams, settings, shard)])
            passed = ledger.passed({"loans": some, "months": made}, "months")
            followed.watch(passed)
            aside.watch(some, passed)
            back.append(recoveries(some, passed, drivers, streams, settings, shard))
            if customers is not None:
                customers.watch(made)
            yield passed

    file = {name: table_file(run, name, task.name) for name in (*TABLES, "losses")}
    whole = [name for name in book_tape.column_names if not book_tape[name].null_count]
    told = tape if customers is None else customers.named(tape)
    rows = {"loans": write_table(file["loans"], loan_schema(told[0].schema, whole), told)}
    rows["months"] = write_table(file["months"], panel_schema(book_tape, settings), months())
    rows["provisions"] = write_table(file["provisions"], provision_schema(book_tape), aside.parts)
    rows["recoveries"] = write_table(file["recoveries"], recovery_schema(book_tape), back)
    drawn = losses(book_tape, drivers, part.draws, streams, settings)
    table = pa.table(
        {"scenario_draw": np.arange(len(drawn), dtype=np.int64), "loss": drawn}, schema=LOSS_SCHEMA
    )
    rows["losses"] = write_table(file["losses"], LOSS_SCHEMA, [table])
    if customers is not None:
        file["courses"] = courses_file(run, task.name)
        rows["courses"] = customers.write(file["courses"])
    files = dict(output(run, file[name], count) for name, count in rows.items())
    risk = _risk(book_tape, drivers, drawn, streams, settings)
    stages = own_allowance(book_tape, plan, task.name)
    figures = credit_figures(book_tape, followed.ages_at_default(), {**risk, **sums(stages)}, part.months)
    facts: dict[str, Any] = {
        "rules": ledger.to_dict(),
        "measures": _finite(measure_book(drivers, book_tape, followed, drawn)),
        "risk": risk,
        "tail": _tail(len(drawn), settings),
        "figures": {key: figure.to_dict() for key, figure in figures.items()},
        "digest": drivers.digest,
        "tape": describe_tape(part)[0],
        "stages": stages,
        "provisions": aside.by_date(),
        "capital": aside.capital(),
    }
    if task.name == next(iter(plan.drivers)):
        facts["weighted"] = weighted_allowance(book_tape, plan)
    _UNPAID.pop(key, None)  # a fit within the task is in its own seconds
    return Done(task.key, files, facts, learned_before)


def _risk(
    book: pa.Table, drivers: Drivers, drawn: Float1D, streams: Streams, settings: Settings
) -> dict[str, Any]:
    """Return expected loss, VaR and ES with their intervals, in minor units."""
    facts: dict[str, Any] = {"expected_loss": float(drawn.mean())}
    if settings.tail_sampling == "importance":
        more = shifted_draws(len(drawn))
        weighted = weighted_losses(book, drivers, drawn, more, streams, settings)
        both = {level: tail_figures(weighted, level) for level in LEVELS}
    else:
        both = {level: (value_at_risk(drawn, level), expected_shortfall(drawn, level)) for level in LEVELS}
    for level, figures in both.items():
        for name, risk in zip(("var", "es"), figures, strict=True):
            facts[f"{name}_{level:g}"] = [risk.value, risk.low, risk.high]
    return facts


def _tail(draws: int, settings: Settings) -> dict[str, Any]:
    """Return where VaR and ES are read."""
    more = shifted_draws(draws) if settings.tail_sampling == "importance" else 0
    return {"sampling": settings.tail_sampling, "draws": draws, "in_bad_years": more}


def _finite(measures: Mapping[str, float]) -> dict[str, float | None]:
    """Replace what is undefined (a sector without a default) by None, which JSON can say."""
    return {name: value if math.isfinite(value) else None for name, value in measures.items()}
