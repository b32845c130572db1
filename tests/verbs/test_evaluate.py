"""`evaluate` reads each file once, and its scorecard says what was found in the real prices."""

from __future__ import annotations

import importlib
import json
from pathlib import Path

import pandas as pd
import pytest

import finsim
from finsim.cli.main import main

QUICK = finsim.EvaluationSettings(bootstrap=20, judge_refits=0)


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    days = pd.bdate_range("2010-01-04", periods=700)
    close = [100.0 + (7 * k) % 13 / 10 for k in range(700)]
    close[400:] = [value / 2 for value in close[400:]]  # a split that nobody adjusted for
    real, made = tmp_path / "real.csv", tmp_path / "made.csv"
    pd.DataFrame({"date": days, "close": close}).to_csv(real, index=False)
    pd.DataFrame({"date": days, "close": close[::-1]}).to_csv(made, index=False)
    return real, made


def test_what_was_found_in_the_real_prices_is_on_the_scorecard(files: tuple[Path, Path]) -> None:
    card = finsim.evaluate(*files, settings=QUICK, progress=False)
    assert any("split" in line for line in card.remarks)
    frame = finsim.evaluate(pd.read_csv(files[0]), files[1], settings=QUICK, progress=False)
    assert [line.partition(": ")[2] for line in frame.remarks] == [
        line.partition(": ")[2] for line in card.remarks
    ]
    assert "remarks" not in card.to_dict()


def test_a_file_is_read_once(
    files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    home = importlib.import_module("finsim.verbs.evaluate")
    read, plain = [], home.read_prices
    monkeypatch.setattr(home, "read_prices", lambda one, **how: read.append(one) or plain(one, **how))
    with pytest.raises(SystemExit):
        main(["evaluate", *map(str, files), "--json", "-q"])
    said = capsys.readouterr()
    assert [Path(one).name for one in read] == ["real.csv", "made.csv"]
    assert any("split" in line for line in json.loads(said.out)["result"]["remarks"])
    assert "note: " in said.err
