"""The peak of resident memory of a run: the libraries, and what its largest task holds."""

from __future__ import annotations

from collections.abc import Iterator

from finsim.engine.planning.cost_constants import BATCH_ROWS, MEGABYTES
from finsim.engine.planning.work_sizes import WorkSizes
from finsim.engine.study.study_resolution import Plan

TRAINED = ("tabular",)
"""Generators of tables that are trained in steps."""
LEARNERS = ("daily_flow", "flow", "rcgan", "timegan", "timevae")
"""Generators that are trained, with torch; the others only store what they resample."""


def peak_memory(plan: Plan, sizes: WorkSizes, history_rows: int, workers: int) -> int:
    """Return the peak in bytes: of the one process, or the sum of ``workers`` and the one that leads them.

    Tasks follow one another, so that the largest one counts; libraries that are loaded once stay.
    """
    study = plan.study
    has_judges = study.evaluation.enabled and study.evaluation.judge_refits > 0
    has_torch = study.market is not None and (has_judges or study.market.generator.name in LEARNERS)
    always = MEGABYTES["process"] + has_torch * MEGABYTES["torch"]
    tasks = (*_market(plan, sizes, history_rows), *_payments(plan, sizes), *_loans(plan, sizes))
    found = always + max(tasks, default=0.0)
    if workers > 1:
        found = workers * found + MEGABYTES["worker"]
    return round(found * 1e6)


def assets_of(plan: Plan, bars: int) -> int:
    """Return the assets of a study's market from the bars of a scenario; 0 without one."""
    part = plan.study.market
    return 0 if part is None else max(1, bars // (part.paths * part.sessions))


def _market(plan: Plan, sizes: WorkSizes, history_rows: int) -> Iterator[float]:
    part, judged = plan.study.market, plan.study.evaluation
    if part is None:
        return
    bars = sizes.largest("bars")
    base, name = MEGABYTES["market"], part.generator.name
    shard = bars * min(1.0, part.shard_paths / part.paths)
    yield base + MEGABYTES["bar"] * shard
    if name in LEARNERS:
        learned = assets_of(plan, bars) * history_rows * (1 - part.holdout)
        yield base + MEGABYTES[name] + MEGABYTES.get(f"{name} row", 0.0) * learned
    if judged.enabled:
        judges = (judged.judge_refits > 0) * MEGABYTES["judges"]
        yield base + MEGABYTES["market judged"] + judges + MEGABYTES["bar"] * bars


def _payments(plan: Plan, sizes: WorkSizes) -> Iterator[float]:
    part, is_judged = plan.study.transactions, plan.study.evaluation.enabled
    if part is None:
        return
    rows = sizes.largest("transactions")
    is_learned = sizes.ledger is not None
    base = MEGABYTES["learned" if is_learned else "transactions"]
    base += (is_learned and is_judged) * MEGABYTES["learned judged"]
    accounts = MEGABYTES["account"] * sizes.largest("accounts")
    yield base + accounts + MEGABYTES["row of a batch"] * min(rows, BATCH_ROWS)
    yield base + (is_learned * MEGABYTES["learned row"] + is_judged * MEGABYTES["judged row"]) * rows


def _loans(plan: Plan, sizes: WorkSizes) -> Iterator[float]:
    part, is_judged = plan.study.credit, plan.study.evaluation.enabled
    if part is None or sizes.tape is None:
        return
    loans, is_learned = sizes.largest("loans"), not part.keep
    base = (is_learned and part.learner().name in TRAINED) * MEGABYTES["tabular"]
    base += MEGABYTES["loans"]
    base += MEGABYTES["loan cell"] * loans * sizes.tape.columns + MEGABYTES["tape cell"] * sizes.tape.cells
    shard = min(1.0, part.shard_loans / max(loans, 1))
    yield base + MEGABYTES["month"] * sizes.largest("months") * shard
    if is_judged and is_learned:
        yield base + MEGABYTES["loans judged"] + MEGABYTES["judged month"] * sizes.largest("months")
