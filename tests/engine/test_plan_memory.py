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


def test_payments_hold_a_batch_and_their_accounts_and_no_further_row(tiny: Plan) -> None:
    plan = only(tiny, "transactions")
    held = MEGABYTES["process"] + MEGABYTES["transactions"]
    assert megabytes(plan, transactions=90_000) == pytest.approx(held + MEGABYTES["row of a batch"] * 90_000)
    full = held + MEGABYTES["row of a batch"] * BATCH_ROWS
    assert megabytes(plan, transactions=400_000) == pytest.approx(full)
    assert megabytes(plan, transactions=100_000_000) == pytest.approx(full)
    more = megabytes(plan, accounts=90_000, transactions=400_000)
    assert more == pytest.approx(full + MEGABYTES["account"] * 90_000)
    rows = megabytes(judged(plan), transactions=6_000_000) - megabytes(judged(plan), transactions=5_000_000)
    assert rows == pytest.approx(MEGABYTES["judged row"] * 1_000_000)


def test_learned_payments_hold_the_rows_of_a_scenario(tiny: Plan) -> None:
    plan = only(tiny, "transactions")
    learned = [
        peak_memory(plan, replace(sizes(plan, transactions=count), ledger=TAPE), 0, 1) / 1e6
        for count in (5_000_000, 6_000_000)
    ]
    assert learned[1] - learned[0] == pytest.approx(MEGABYTES["learned row"] * 1_000_000)


def test_loans_hold_their_months_and_cells(tiny: Plan) -> None:
    plan = only(tiny, "credit", shard_loans=150)
    more = megabytes(plan, months=3_000_000) - megabytes(plan, months=1_000_000)
    assert more == pytest.approx(MEGABYTES["month"] * 2_000_000 * 150 / 600)  # those of one shard
    whole = only(tiny, "credit", shard_loans=5_000)
    more = megabytes(whole, months=3_000_000) - megabytes(whole, months=1_000_000)
    assert more == pytest.approx(MEGABYTES["month"] * 2_000_000)
    cells = megabytes(plan, loans=100_000, months=0) - megabytes(plan, loans=0, months=0)
    assert cells == pytest.approx(MEGABYTES["loan cell"] * 100_000 * TAPE.columns)


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
