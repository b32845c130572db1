"""`evaluate` reads each file once, and its scorecard says what was found in the real prices."""

from __future__ import annotations

import importlib
import json
from pathlib import Path

import pandas as pd
import pytest

import finsim
from finsim.cli.main import main
from finsim.errors import DataError

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


def test_what_was_found_in_synthetic_and_held_out_prices_is_said_with_their_side(
    files: tuple[Path, Path],
) -> None:
    card = finsim.evaluate(files[1], files[0], holdout=files[0], settings=QUICK, progress=False)
    said = [line for line in card.remarks if "split" in line]
    assert [line.partition(": ")[0] for line in said] == ["made", "the synthetic side", "the hold-out"]


@pytest.mark.parametrize(("header", "cell"), [("date", "2010-02-30"), ("AAA", "12O"), ("AAA", "halt")])
def test_an_odd_cell_in_prices_is_refused_at_its_row_and_not_judged_as_a_table(
    header: str, cell: str, tmp_path: Path
) -> None:
    days = pd.bdate_range("2010-01-04", periods=300).strftime("%Y-%m-%d")
    close = [f"{100.5 + (7 * k) % 13 / 10:.2f}" for k in range(300)]
    rows = pd.DataFrame({"date": days, "AAA": close, "BBB": close[::-1]})
    rows.loc[9, header] = cell
    rows.to_csv(tmp_path / "real.csv", index=False)
    with pytest.raises(DataError, match=cell) as refused:
        finsim.evaluate(tmp_path / "real.csv", tmp_path / "real.csv", settings=QUICK, progress=False)
    assert "11" in refused.value.problems[0].place  # the line of the file


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
