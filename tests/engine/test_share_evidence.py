"""Every table that a run learned from real rows has its line in "share"; tables of no real row have none."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from finsim.engine.finished_run import Run
from finsim.engine.run import run
from finsim.engine.stages import evidence_stage
from finsim.engine.study.study_file import Study
from finsim.engine.study.study_resolution import resolve
from finsim.evaluation import METRICS
from finsim.evaluation.metric import SHARE, Score
from finsim.evaluation.verdicts import use_verdicts
from finsim.notation import minor_units
from finsim.records.run_layout import table_file

pytestmark = pytest.mark.sweep

STRESS = "dfast-severely-adverse-2026"
MARKET = {
    "data": "shipped:wiki_aapl_ibm_2000_2013.csv.gz",
    "generator": {"name": "bootstrap"},
    "paths": 6,
    "sessions": 300,
    "shard_paths": 3,
}
CREDIT = {"data": "shipped:german_credit.csv.gz", "loans": 600, "months": 6, "draws": 5000}
SMALL = {
    "finsim": "study/1",
    "id": "small",
    "seed": 7,
    "market": MARKET,
    "credit": CREDIT,
    "scenarios": ["base", STRESS],
    "evaluation": {"enabled": False, "bootstrap": 50, "judge_refits": 0},
}


def by_table(scores: list[Score]) -> dict[str, list[Score]]:
    found: dict[str, list[Score]] = {}
    for score in scores:
        if score.use == SHARE:
            found.setdefault(score.table, []).append(score)
    return found


def judged(finished: Run, study: Study) -> dict[str, list[Score]]:
    plan = resolve(study)
    chosen = evidence_stage.settings(plan)
    scores = evidence_stage.world_scores(finished.path, plan, "market", chosen)
    return by_table(scores + evidence_stage.world_scores(finished.path, plan, "credit", chosen))


@pytest.fixture(scope="module")
def small() -> Study:
    return Study.model_validate(SMALL)


@pytest.fixture(scope="module")
def made(small: Study, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return run(small, output=tmp_path_factory.mktemp("shared") / "a")


@pytest.fixture(scope="module")
def lines(made: Run, small: Study) -> Iterator[dict[str, list[Score]]]:
    return judged(made, small)  # type: ignore[return-value]


def test_every_learned_table_has_its_line(lines: dict[str, list[Score]]) -> None:
    assert list(lines) == ["bars", f"bars, {STRESS}", "model", "loans", f"loans, {STRESS}"]
    for table, case in (("bars", "paths"), ("model", "model"), ("loans", "table")):
        for name in (table, f"{table}, {STRESS}"):
            if name in lines:
                assert {score.metric for score in lines[name]} >= set(METRICS.of_use(case, SHARE))
    verdict = use_verdicts([score for scores in lines.values() for score in scores])[SHARE]
    assert [table.table for table in verdict.tables] == list(lines)
    assert verdict.verdict == "fail"


def test_a_bootstrap_copies_in_every_scenario_and_its_model_holds_the_data(
    lines: dict[str, list[Score]],
) -> None:
    stressed = {score.metric: score for score in lines[f"bars, {STRESS}"]}
    assert "the first 6 of 6 paths of this scenario" in stressed["near_copies"].note
    values, member = lines["model"]
    assert (values.metric, values.verdict, values.value) == ("model_values", "fail", 1.0)
    assert (member.metric, member.verdict) == ("model_membership", "not computed")
    assert member.reason == "bootstrap has no loss of its own that could be asked about a step"


@pytest.mark.slow
def test_a_leak_in_one_scenario_alone_is_seen(made: Run, small: Study, tmp_path: Path) -> None:
    plan = resolve(small)
    chosen = evidence_stage.settings(plan)
    file = table_file(made.path, "loans", STRESS)
    kept = file.read_bytes()
    loans = pq.read_table(file)
    tape = evidence_stage._book_tape(plan)
    try:
        names = [name for name in loans.column_names if name in tape]
        for name in names:
            real = pa.array(tape[name].to_numpy()[:50]).cast(loans.schema.field(name).type, safe=False)
            joined = pa.chunked_array([real, loans[name].combine_chunks()[50:]])
            loans = loans.set_column(loans.column_names.index(name), loans.schema.field(name), joined)
        pq.write_table(loans, file)
        found = by_table(evidence_stage.world_scores(made.path, plan, "credit", chosen))
    finally:
        file.write_bytes(kept)
    copies = {table: scores[0] for table, scores in found.items()}
    assert copies["loans"].metric == "row_copies"
    assert copies[f"loans, {STRESS}"].value >= copies["loans"].value + 45
    assert copies[f"loans, {STRESS}"].verdict == "fail"


def test_kept_loans_are_the_real_ones_and_say_so(tmp_path: Path) -> None:
    study = Study.model_validate(
        {**SMALL, "market": None, "credit": {**CREDIT, "keep": True}, "evaluation": {"bootstrap": 50}}
    )
    finished = run(study, output=tmp_path / "kept")
    lines = by_table(list(finished.scorecard.scores))
    assert list(lines) == ["loans", f"loans, {STRESS}"]
    assert lines["loans"][0].verdict == "fail"


@pytest.mark.parametrize("currency", ["EUR", "JPY", "KWD"])
def test_the_tape_is_held_beside_a_book_in_minor_units_of_its_currency(currency: str, tmp_path: Path) -> None:
    source = pd.DataFrame(
        {
            "amount": np.arange(1_000, 1_200), "term_months": 24, "rate": 0.08, "pd": 0.02, "lgd": 0.4,
            "sector": "retail", "loan_class": "consumer", "currency": currency,
        }
    )  # fmt: skip
    source.to_csv(tmp_path / "tape.csv", index=False)
    credit = {"data": str(tmp_path / "tape.csv"), "loans": 200, "months": 12, "draws": 5_000}
    plan = resolve(Study.model_validate({**SMALL, "market": None, "credit": credit}))
    found = evidence_stage._book_tape(plan)
    assert np.array_equal(found["amount"], source["amount"] * minor_units(currency))
