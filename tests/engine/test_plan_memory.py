"""What the peak of memory follows: the largest task alone, by shard, slice, months and learned rows."""

from __future__ import annotations

from dataclasses import replace

import pytest

from finsim.engine.planning import cost_prediction
from finsim.engine.planning.cost_constants import BATCH_ROWS, MEGABYTES
from finsim.engine.planning.loan_cost_sample import LoanWork
from finsim.engine.planning.peak_memory import assets_of, peak_memory
from finsim.engine.planning.work_sizes import Learned, WorkSizes
from finsim.engine.study.market_part import GeneratorChoice
from finsim.engine.study.study_file import load_study
from finsim.engine.study.study_resolution import Plan, resolve

TAPE = Learned(10_000, 20, has_outcome=True)


@pytest.fixture(scope="module")
def tiny() -> Plan:
    return resolve(load_study("tiny"))


def only(plan: Plan, *worlds: str, **keys: object) -> Plan:
    """Return a plan with some worlds, and keys of the first of them changed."""
    study = plan.study.only(*worlds)
    part = getattr(study, worlds[0]).model_copy(update=keys)
    return replace(plan, study=study.model_copy(update={worlds[0]: part}))


def judged(plan: Plan, refits: int = 0) -> Plan:
    part = plan.study.evaluation.model_copy(update={"enabled": True, "judge_refits": refits})
    return replace(plan, study=plan.study.model_copy(update={"evaluation": part}))


def sizes(plan: Plan, **rows: int) -> WorkSizes:
    counts = {"bars": 8_064, "transactions": 20_000, "loans": 600, "months": 6_000} | rows
    table = {name: dict.fromkeys(plan.scenarios, count) for name, count in counts.items()}
    work = dict.fromkeys(plan.scenarios, LoanWork(10.0, 30, 0.02, 0.01))
    return WorkSizes(table, None, (), work, TAPE)


def megabytes(plan: Plan, workers: int = 1, history: int = 3_000, **rows: int) -> float:
    return peak_memory(plan, sizes(plan, **rows), history, workers) / 1e6


def test_the_largest_task_counts_and_not_the_sum(tiny: Plan) -> None:
    worlds = ("market", "transactions", "credit")
    alone = [megabytes(only(tiny, world)) for world in worlds]
    assert megabytes(tiny) == pytest.approx(max(alone))
    assert min(alone) > MEGABYTES["process"]
    assert megabytes(tiny, workers=3) == pytest.approx(3 * megabytes(tiny) + MEGABYTES["worker"])


def test_payments_hold_a_slice_and_no_more_than_a_batch(tiny: Plan) -> None:
    plan = only(tiny, "transactions", slice_days=3)
    per_row = MEGABYTES["row of a slice"] * 3 / 30
    assert megabytes(plan, transactions=900_000) - megabytes(plan, transactions=800_000) == pytest.approx(
        max(per_row, MEGABYTES["transaction row"]) * 100_000
    )
    whole = only(tiny, "transactions", slice_days=30)
    held = MEGABYTES["process"] + MEGABYTES["transactions"] + MEGABYTES["row of a slice"] * BATCH_ROWS
    assert megabytes(whole, transactions=400_000) == pytest.approx(held)
    assert megabytes(judged(whole), transactions=5_000_000) > megabytes(whole, transactions=5_000_000)


def test_loans_hold_their_months_and_cells(tiny: Plan) -> None:
    plan = only(tiny, "credit")
    more = megabytes(plan, months=3_000_000) - megabytes(plan, months=1_000_000)
    assert more == pytest.approx(MEGABYTES["month"] * 2_000_000)
    assert megabytes(plan, loans=100_000) - megabytes(plan, loans=0) == pytest.approx(
        MEGABYTES["loan cell"] * 100_000 * TAPE.columns
    )


def test_a_trained_body_holds_the_rows_of_every_asset(tiny: Plan) -> None:
    plan = only(tiny, "market", generator=GeneratorChoice(name="daily_flow"))
    part = plan.study.market
    assert part is not None
    twelve = part.paths * part.sessions * 12
    assert assets_of(plan, twelve) == 12
    assert assets_of(only(tiny, "credit"), 0) == 0
    grown = megabytes(plan, history=6_000, bars=twelve) - megabytes(plan, history=3_000, bars=twelve)
    assert grown == pytest.approx(MEGABYTES["daily_flow row"] * 12 * 3_000 * 0.8)
    assert megabytes(plan) > megabytes(only(tiny, "market")) + MEGABYTES["torch"] - 1
    kept = only(tiny, "market", generator=GeneratorChoice(name="daily_flow"), holdout=0.5)
    assert megabytes(kept, bars=twelve) < megabytes(plan, bars=twelve)


def test_judging_prices_and_its_judges_add(tiny: Plan) -> None:
    plan = only(tiny, "market", shard_paths=2)
    assert megabytes(plan) < megabytes(judged(plan)) < megabytes(judged(plan, refits=1)) - 100
    larger = only(tiny, "market", shard_paths=8)
    assert megabytes(larger, bars=800_000) - megabytes(plan, bars=800_000) == pytest.approx(
        MEGABYTES["bar"] * 600_000
    )


def test_months_cost_time(tiny: Plan) -> None:
    work = cost_prediction.units(tiny, sizes(tiny, months=7_000), 3_000, 1)["credit"]
    assert work["month"] == 7_000 * len(tiny.scenarios)
