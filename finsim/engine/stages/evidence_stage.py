"""Evaluation tasks: the tables of one world against real data."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from finsim.engine.finished_tasks import WORK, Done, output
from finsim.engine.study.study_resolution import Plan
from finsim.engine.task_progress import task_progress
from finsim.engine.tasks import Task
from finsim.errors import DataError, StudyError
from finsim.evaluation.case import Pieces
from finsim.evaluation.metric import Score
from finsim.evaluation.scorecard import Scorecard
from finsim.evaluation.settings import Settings
from finsim.notation import minor_units
from finsim.records.paths import Paths, from_table
from finsim.records.run_layout import table_file
from finsim.records.storage import read_table
from finsim.records.transaction_files import read_rows, row_files

BLOCK = 50
"""Paths that are read at once for the copy checks."""


def evidence_task(run: Path, plan: Plan, task: Task) -> Done:
    """Score one world and keep its scores beside the checkpoints."""
    judges: dict[str, Callable[[Path, Plan, Settings], list[Score]]] = {
        "market": _market,
        "transactions": _transactions,
        "credit": _credit,
    }
    if task.name not in judges:
        raise StudyError(f"no evidence for {task.name!r}", expected=str(sorted(judges)))
    card = Scorecard(tuple(judges[task.name](run, plan, settings(plan))))
    file = run / WORK / "scores" / f"{task.name}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    card.write(file)
    return Done(task.key, dict([output(run, file, len(card.scores))]))


def settings(plan: Plan) -> Settings:
    """Return the evaluation settings of a study."""
    part = plan.study.evaluation
    return replace(
        Settings(),
        bootstrap=part.bootstrap,
        judge_refits=part.judge_refits,
        judge_iterations=part.judge_iterations,
    )


def first_label(plan: Plan) -> str:
    """Return the scenario that is judged: the first unstressed one, else the first."""
    quiet = [name for name, drivers in plan.drivers.items() if not (drivers.market or drivers.anchors)]
    return "base" if "base" in plan.drivers else (quiet or list(plan.drivers))[0]


def _market(run: Path, plan: Plan, chosen: Settings) -> list[Score]:
    from finsim.engine.market_model.fit_and_sample import Body
    from finsim.engine.stages.market_stage import history, training_rows
    from finsim.engine.stages.share_evidence import bars_of_scenarios, model_folder
    from finsim.evaluation.paths import evaluate_paths, unscored

    assert plan.study.market is not None
    real = history(plan)
    cut = training_rows(len(real.dates) - 1, plan.study.market.holdout) + 1
    file = table_file(run, "bars", first_label(plan))
    count = plan.study.market.paths
    train, holdout = rows(real, 0, cut), rows(real, cut, len(real.dates))
    streams, progress = plan.streams.under("evidence", "market"), task_progress()
    try:
        scores = evaluate_paths(
            train,
            holdout,
            _some_paths(file, 0, min(count, chosen.max_paths)),
            streams,
            chosen,
            stored=_stored(file, count),
            progress=progress,
        )
    except DataError as error:  # paths too short to judge, or nothing that moves: the run is none the worse
        problem = error.problems[0]
        wanted = f"; expected {problem.expected}" if problem.expected else ""
        scores = unscored(f"{problem.found}{wanted}")
    stored = {label: _stored(table_file(run, "bars", label), count) for label in _further_labels(plan)}
    scores += bars_of_scenarios(train, holdout, stored, streams, chosen, progress)
    model = Body.load(run / "model")
    return scores + model_folder(model, real, cut - 1, streams.under("model"), chosen, progress)


def _further_labels(plan: Plan) -> list[str]:
    """Return the scenarios beside the one that is judged in full."""
    return [label for label in plan.drivers if label != first_label(plan)]


def _stored(file: Path, count: int) -> Pieces:
    return Pieces(count, lambda: _blocks(file, count))


def _blocks(file: Path, count: int) -> Iterator[Paths]:
    """Yield all paths of a bars file, a few at a time."""
    for first in range(0, count, BLOCK):
        yield _some_paths(file, first, min(first + BLOCK, count))


def _some_paths(file: Path, first: int, stop: int) -> Paths:
    return from_table(pq.read_table(file, filters=[("path", ">=", first), ("path", "<", stop)]))


def rows(paths: Paths, start: int, stop: int) -> Paths:
    """Return the dates from ``start`` to ``stop`` of all paths."""
    columns = {name: values[:, start:stop] for name, values in paths.columns.items()}
    return replace(paths, dates=paths.dates[start:stop], columns=columns)


def _transactions(run: Path, plan: Plan, chosen: Settings) -> list[Score]:
    from finsim.engine.stages.payment_world import is_learned
    from finsim.evaluation.transactions import evaluate_transactions

    label = first_label(plan)
    accounts, patterns = (read_table(table_file(run, name, label)) for name in ("accounts", "patterns"))
    scores = evaluate_transactions(
        read_rows(row_files(run, label)),
        accounts,
        patterns,
        plan.streams.under("evidence", "transactions"),
        chosen,
        expected=_planned(run, plan, label, patterns),
        progress=task_progress(),
    )
    if is_learned(plan):
        from finsim.engine.stages.share_payments import payments_shared

        scores += payments_shared(run, plan, label, chosen, task_progress())
    return scores


def _planned(run: Path, plan: Plan, label: str, patterns: pa.Table) -> dict[str, float] | None:
    """Return the planned number of schemes by narrative; None when a scenario changed the rates."""
    from finsim.agents.schemes.scheme_intensity import scheme_counts
    from finsim.engine.stages.payment_world import payment_world
    from finsim.engine.study.study_resolution import agent_settings

    if plan.drivers[label].intensity:
        return None
    settings = agent_settings(plan)
    counts = scheme_counts(patterns, payment_world(plan, run).population, plan.narratives, settings)
    return dict(
        zip(counts["narrative"].astype(str), counts["expected"].to_numpy(float).tolist(), strict=True)
    )


def _book_tape(plan: Plan) -> pd.DataFrame:
    """Return the applications with amounts as a book holds them."""
    from finsim.credit.book import money_of
    from finsim.engine.stages.credit_stage import applications
    from finsim.engine.study.study_resolution import credit_settings
    from finsim.evaluation.loans import CURRENCY, MONEY

    tape = applications(plan)
    assert plan.study.credit is not None
    # Kept loans stay in the currency of their tape.
    currency, scale = (None, 1.0) if plan.study.credit.keep else money_of(tape, credit_settings(plan))
    # A book holds minor units of its own currency: the tape is brought to them, not both to a share.
    money = {name: tape[name] * scale for name in MONEY if name in tape}
    stated = currency or str(tape[CURRENCY].iloc[0]) or credit_settings(plan).currency
    cents = minor_units(stated)
    money = {name: (units if scale == 1.0 else units.round()) * cents for name, units in money.items()}
    return tape.assign(**money, **({} if currency is None else {CURRENCY: currency}))


def _credit(run: Path, plan: Plan, chosen: Settings) -> list[Score]:
    from finsim.engine.stages.share_evidence import loans_of_scenarios, loans_shared
    from finsim.evaluation.credit import evaluate_credit

    assert plan.study.credit is not None
    tape = _book_tape(plan)
    loans, months, losses = (
        read_table(table_file(run, name, first_label(plan))) for name in ("loans", "months", "losses")
    )
    streams, progress = plan.streams.under("evidence", "credit"), task_progress()
    others = {label: read_table(table_file(run, "loans", label)) for label in _further_labels(plan)}
    if plan.study.credit.keep:  # The real loans themselves: no likeness to judge, but they may be shared.
        scores = loans_shared(tape, loans, streams, chosen, progress)
    else:
        drawn = losses["loss"].to_numpy()
        scores = evaluate_credit(tape, None, loans, months, drawn, streams, chosen, progress)
    return [*scores, *loans_of_scenarios(tape, loans, others, scores, streams, chosen, progress)]
