"""Evaluation tasks: the tables of one world against real data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from finsim.engine.carried_evidence import carried
from finsim.engine.finished_tasks import Done, output
from finsim.engine.stages.evidence_pieces import (
    BOOK,
    first_label,
    likeness_groups,
    pieces,
    put_together,
    read_scores,
    write_scores,
)
from finsim.engine.study.study_resolution import Plan
from finsim.engine.task_progress import task_progress
from finsim.engine.tasks import Task
from finsim.errors import DataError, StudyError
from finsim.evaluation.case import Pieces
from finsim.evaluation.metric import SHARE, Score, on_table
from finsim.evaluation.settings import Settings
from finsim.notation import minor_units
from finsim.records.paths import Paths, from_table
from finsim.records.run_layout import table_file
from finsim.records.storage import read_table
from finsim.records.transaction_files import read_rows, row_files

__all__ = ["BLOCK", "evidence_task", "first_label", "piece_scores", "rows", "settings", "world_scores"]

STILL = "it never moves"
"""What ``evaluate_paths`` says of assets that it leaves out."""
BLOCK = 50
"""Paths that are read at once for the copy checks."""


def evidence_task(run: Path, plan: Plan, task: Task) -> Done:
    """Compute one piece of the evidence and keep its scores beside the checkpoints."""
    scores = piece_scores(run, plan, task.name, settings(plan))
    file = write_scores(run, task.name, scores)
    return Done(task.key, dict([output(run, file, len(scores))]))


def piece_scores(run: Path, plan: Plan, name: str, chosen: Settings) -> list[Score]:
    """Return the scores of one piece as they are before all of a use are judged together."""
    world, _, part = name.partition("/")
    kind, _, which = part.partition("/")
    if world == "market" and kind == "bars":
        return list(_scenario_bars(run, plan, which, chosen))
    if world == "market" and part == "model":
        return _model(run, plan, chosen)
    kind, _, which = part.partition("-")
    if world == "market" and kind == "likeness":
        return _likeness(run, plan, int(which), chosen)
    if world == "credit" and part in ("book", "scenarios"):
        return _book(run, plan, chosen) if part == "book" else _scenario_loans(run, plan, chosen)
    if world == "transactions" and part == "world":
        return _transactions(run, plan, chosen)
    if world == "transactions" and kind in ("copies", "unseen", "told_apart"):
        from finsim.engine.stages.share_payments import payments_piece

        return payments_piece(run, plan, name, chosen, task_progress())
    raise StudyError(f"no evidence for {name!r}", expected=str([one.name for one in pieces(plan)]))


def world_scores(run: Path, plan: Plan, world: str, chosen: Settings) -> list[Score]:
    """Return all scores of one world of a finished run, piece after piece, and keep none."""
    names = [one.name for one in pieces(plan) if one.name.startswith(f"{world}/")]
    for name in names:
        write_scores(run, name, piece_scores(run, plan, name, chosen))
    return list(put_together(run, names))


def settings(plan: Plan) -> Settings:
    """Return the evaluation settings of a study."""
    part = plan.study.evaluation
    return replace(
        Settings(),
        bootstrap=part.bootstrap,
        judge_refits=part.judge_refits,
        judge_iterations=part.judge_iterations,
    )


def _likeness(run: Path, plan: Plan, number: int, chosen: Settings) -> list[Score]:
    """Return the scores of one group of metrics on the bars that are judged in full."""
    from finsim.evaluation.paths import evaluate_paths, unscored

    assert plan.study.market is not None
    train, holdout, _, _ = _history(plan)
    names = likeness_groups(plan)[number - 1]
    file, count = table_file(run, "bars", first_label(plan)), plan.study.market.paths
    try:
        scores = evaluate_paths(
            train,
            holdout,
            _some_paths(file, 0, min(count, chosen.max_paths)),
            plan.streams.under("evidence", "market"),
            chosen,
            names,
            stored=_stored(file, count),
            progress=task_progress(),
        )
    except DataError as error:  # paths too short to judge, or nothing that moves: the run is none the worse
        problem = error.problems[0]
        wanted = f"; expected {problem.expected}" if problem.expected else ""
        return unscored(f"{problem.found}{wanted}", names)
    # Assets that never move are named once, beside the first metric of all.
    return [score for score in scores if number == 1 or score.reason != STILL]


def _history(plan: Plan) -> tuple[Paths, Paths, Paths, int]:
    """Return the part of the history that was learned, the hold-out, all of it, and where it was cut."""
    from finsim.engine.stages.market_stage import history, training_rows

    assert plan.study.market is not None
    real = history(plan)
    cut = training_rows(len(real.dates) - 1, plan.study.market.holdout) + 1
    return rows(real, 0, cut), rows(real, cut, len(real.dates)), real, cut


def _scenario_bars(run: Path, plan: Plan, label: str, chosen: Settings) -> Iterator[Score]:
    from finsim.engine.stages.share_evidence import bars_of_scenarios

    assert plan.study.market is not None
    before = carried(run)
    if before is not None and before.has_same(table_file(run, "bars", label), "bars"):
        return _the_same(before.of_table("bars"), "bars", label)
    train, holdout, _, _ = _history(plan)
    stored = {label: _stored(table_file(run, "bars", label), plan.study.market.paths)}
    streams = plan.streams.under("evidence", "market")
    return bars_of_scenarios(train, holdout, stored, streams, chosen, task_progress())


def _the_same(scores: Iterable[Score], table: str, label: str) -> Iterator[Score]:
    """Yield the scores of "share" of a table once more for a scenario that has its very bytes."""
    shared = [score for score in scores if score.use == SHARE]
    found = [replace(score, note=f"{score.note}; the same {table}".lstrip("; ")) for score in shared]
    return iter(on_table(found, f"{table}, {label}"))


def _model(run: Path, plan: Plan, chosen: Settings) -> list[Score]:
    from finsim.engine.market_model.fit_and_sample import Body
    from finsim.engine.stages.share_evidence import model_folder

    _, _, real, cut = _history(plan)
    streams = plan.streams.under("evidence", "market").under("model")
    return model_folder(Body.load(run / "model"), real, cut - 1, streams, chosen, task_progress())


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
    return from_table(pq.read_table(file.absolute(), filters=[("path", ">=", first), ("path", "<", stop)]))


def rows(paths: Paths, start: int, stop: int) -> Paths:
    """Return the dates from ``start`` to ``stop`` of all paths."""
    columns = {name: values[:, start:stop] for name, values in paths.columns.items()}
    return replace(paths, dates=paths.dates[start:stop], columns=columns)


def _transactions(run: Path, plan: Plan, chosen: Settings) -> list[Score]:
    from finsim.evaluation.transactions import evaluate_transactions

    label = first_label(plan)
    accounts, patterns = (read_table(table_file(run, name, label)) for name in ("accounts", "patterns"))
    return evaluate_transactions(
        read_rows(row_files(run, label)),
        accounts,
        patterns,
        plan.streams.under("evidence", "transactions"),
        chosen,
        expected=_planned(run, plan, label, patterns),
        progress=task_progress(),
    )


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


def _book(run: Path, plan: Plan, chosen: Settings) -> list[Score]:
    """Return the scores of the loan book that is judged in full."""
    from finsim.engine.stages.share_evidence import loans_shared
    from finsim.evaluation.credit import evaluate_credit

    assert plan.study.credit is not None
    tape = _book_tape(plan)
    loans, months, losses = (
        read_table(table_file(run, name, first_label(plan))) for name in ("loans", "months", "losses")
    )
    streams, progress = plan.streams.under("evidence", "credit"), task_progress()
    if plan.study.credit.keep:  # The real loans themselves: no likeness to judge, but they may be shared.
        return loans_shared(tape, loans, streams, chosen, progress)
    drawn = losses["loss"].to_numpy()
    return evaluate_credit(tape, None, loans, months, drawn, streams, chosen, progress)


def _scenario_loans(run: Path, plan: Plan, chosen: Settings) -> list[Score]:
    """Return the scores of "share" on the loans of every further scenario."""
    from finsim.engine.stages.share_evidence import loans_of_scenarios, loans_shared

    streams, progress = plan.streams.under("evidence", "credit"), task_progress()
    before = carried(run)
    if before is None:
        first = read_table(table_file(run, "loans", first_label(plan)))
        others = {label: read_table(table_file(run, "loans", label)) for label in _further_labels(plan)}
        judged = read_scores(run, BOOK)
        return list(loans_of_scenarios(_book_tape(plan), first, others, judged, streams, chosen, progress))
    found: list[Score] = []
    for label in plan.drivers:
        file = table_file(run, "loans", label)
        if before.has_same(file, "loans"):
            found += _the_same(before.of_table("loans"), "loans", label)
        else:
            own = loans_shared(_book_tape(plan), read_table(file), streams.under(label), chosen, progress)
            found += on_table(own, f"loans, {label}")
    return found
