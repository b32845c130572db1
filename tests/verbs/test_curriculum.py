"""A curriculum makes more of what a detector misses, in a study that can be planned."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import finsim
from finsim.cli.main import main
from finsim.engine.narratives.detector_misses import LEAST, MOST, harder_study, recalls, weights_of
from finsim.errors import FinsimError


@pytest.fixture(scope="module")
def run(small_run: finsim.Run) -> finsim.Run:
    return small_run


def scored(run: finsim.Run, folder: Path, *found: str) -> Path:
    """Write scores of a detector that finds every row of some stories and nothing else."""
    rows = run.transactions.to_pandas()
    score = rows["narrative"].astype(str).isin(found) + np.arange(len(rows)) / len(rows) / 10
    path = folder / "scores.parquet"
    pd.DataFrame({"tx_id": rows["tx_id"], "score": score})[::-1].to_parquet(path)
    return path


def test_what_is_missed_is_made_more_often(run: finsim.Run, tmp_path: Path) -> None:
    scores = scored(run, tmp_path, "card_testing_escalation")
    made = finsim.curriculum(run, detector=scores, output=tmp_path / "next.yaml", budget=0.05)
    whole = made.recalls[made.recalls["phase"].eq("all")].set_index("narrative")["recall"]
    assert whole["card_testing_escalation"] == 1.0
    assert whole["app_scam_mule_chain"] < 0.2
    assert made.weights["card_testing_escalation"] == LEAST
    assert made.weights["app_scam_mule_chain"] > 1
    study = finsim.load_study(tmp_path / "next.yaml")
    counts = {one.name: one.count for one in study.transactions.narratives}
    assert counts["card_testing_escalation"] == 1  # of two, a quarter, and one at least
    assert counts["app_scam_mule_chain"] == round(2 * made.weights["app_scam_mule_chain"])
    assert counts["payroll_fan_out"] == 2
    assert study.seed == run.manifest["seeds"]["root"] + 1
    assert study.market is None
    assert finsim.plan(tmp_path / "next.yaml").to_text()


def test_a_rate_is_that_of_the_study_or_of_the_file() -> None:
    part = {"narratives": [{"name": "app_scam_mule_chain", "rate": 0.5}, "account_takeover"], "evade": 0.2}
    made = harder_study(
        finsim.study(transactions=part), {"app_scam_mule_chain": 2.0, "account_takeover": 0.5}
    )
    first, second = made["transactions"]["narratives"]
    assert first["rate"] == 1.0
    assert second["rate"] == finsim.Narrative.load("account_takeover").rate.value / 2
    assert made["transactions"]["evade"] == 0.2


def test_recalls_count_what_lies_above_the_budget() -> None:
    import pyarrow as pa

    rows = pa.table(
        {
            "is_fraud": [True, True, False, False, True, False, False, False, False, False],
            "is_laundering": [False] * 10,
            "narrative": ["a", "a", None, None, "b", None, None, None, None, "c"],
            "phase": ["x", "y", None, None, "z", None, None, None, None, "w"],
        }
    )
    score = np.array([9, 1, 8, 7, 2, 0, 0, 0, 0, 0], dtype=float)
    found = recalls(rows, score, 0.2).set_index(["narrative", "phase"])["recall"]
    assert found.to_dict() == {
        ("a", "all"): 0.5, ("a", "x"): 1.0, ("a", "y"): 0.0, ("b", "all"): 0.0, ("b", "z"): 0.0,
    }  # fmt: skip
    tied = recalls(rows, np.ones(10), 0.2).set_index(["narrative", "phase"])["recall"]
    assert set(tied) == {0.2}  # rows of one score share the budget


def test_weights_stay_between_a_quarter_and_four() -> None:
    frame = pd.DataFrame(
        {"narrative": ["a", "b", "c"], "phase": "all", "rows": [1000, 1000, 10], "recall": [0.99, 0.98, 0.0]}
    )
    found = weights_of(frame)
    assert found["c"] == MOST
    assert LEAST <= found["a"] < found["b"] < found["c"]


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda frame: frame.drop(columns="score"), "no column score"),
        (lambda frame: frame.iloc[1:], "each of the"),
        (lambda frame: pd.concat([frame, frame.iloc[:1]]), "each of the"),
        (lambda frame: frame.assign(score=np.nan), "no finite number"),
        (lambda frame: frame.assign(score="high"), "no finite number"),
    ],
)
def test_scores_that_are_not_of_the_run_are_refused(
    spoil, says: str, run: finsim.Run, tmp_path: Path
) -> None:
    path = scored(run, tmp_path, "app_scam_mule_chain")
    spoil(pd.read_parquet(path)).to_parquet(path)
    with pytest.raises(FinsimError, match=says):
        finsim.curriculum(run, detector=path, output=tmp_path / "next.yaml")
    assert not (tmp_path / "next.yaml").exists()


def test_the_command_says_what_is_missing(
    run: finsim.Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scores = scored(run, tmp_path, "app_scam_mule_chain")
    for words, code, says in (
        ([str(run.path)], 2, "--detector scores.parquet"),
        ([str(run.path), "--detector", str(scores)], 2, "-o next.yaml"),
        ([str(run.path), "--detector", str(scores), "-o", str(tmp_path / "a.yaml")], 0, "next: finsim plan"),
        ([str(run.path), "--detector", str(scores), "-o", str(tmp_path / "a.yaml")], 2, "the output exists"),
        ([str(run.path), "--detector", str(tmp_path / "none.parquet"), "-o", "b.yaml"], 2, "none.parquet"),
    ):
        with pytest.raises(SystemExit) as stopped:
            main(["curriculum", *words])
        said = capsys.readouterr()
        assert int(stopped.value.code or 0) == code, said
        assert says in said.out + said.err
