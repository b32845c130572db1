"""``finsim inject`` from the command line: its answer, as lines and as JSON, and its exits."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from finsim.cli.main import main


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rng = np.random.default_rng(1)
    payer = rng.integers(0, 60, 1_500)
    frame = pd.DataFrame(
        {
            "date": np.sort(np.datetime64("2025-01-01") + rng.integers(0, 200, 1_500)),
            "from_account": payer,
            "to_account": (payer + 1 + rng.integers(0, 59, 1_500)) % 60,
            "amount": np.round(np.exp(rng.normal(4, 1, 1_500)), 2),
        }
    )
    path = tmp_path_factory.mktemp("ledger") / "ledger.csv"
    frame.to_csv(path, index=False)
    return path


def run(*words: object) -> int:
    with pytest.raises(SystemExit) as end:
        main([str(word) for word in words])
    return int(end.value.code or 0)


def test_the_answer_is_told_in_lines_and_in_json(
    ledger: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("inject", ledger, "--narratives", "payroll_fan_out", "--rate", "0.02", "-q")
    assert run(*words, "-o", tmp_path / "a") == 0
    said = capsys.readouterr().out
    assert "1,500 real rows of 60 entities kept" in said
    assert "payroll_fan_out" in said
    assert run(*words, "-o", tmp_path / "b", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    facts = told.get("result", told.get("data", told))
    assert facts["rows"] == 1_500
    assert facts["narratives"][0]["rows"] == facts["added"] >= 30
    assert set(facts["given_away_by"][0]) >= {"column", "column_auc", "pair", "pair_auc", "meets_goal"}
    first, second = (tmp_path / name / "transactions.parquet" for name in "ab")
    assert first.read_bytes() == second.read_bytes()


def test_what_the_ledger_does_not_know_ends_with_2(
    ledger: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("inject", ledger, "--narratives", "account_takeover,card_testing_escalation", "-q")
    assert run(*words, "-o", tmp_path / "a") == 2
    said = capsys.readouterr().err
    assert "account_takeover: role 'exit'" in said
    assert "card_testing_escalation: role 'tester'" in said
    assert run("inject", ledger, "--narratives", "payroll_fan_out") == 2
    assert "write -o injected" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
