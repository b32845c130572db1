"""fit, sample, sample --history and evaluate on prices of every kind, through the command line."""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd
import pytest

import finsim
from finsim.cli.main import main
from finsim.errors import DataError

sys.path.append(str(Path(__file__).parents[1] / "engine"))
from price_files import KINDS, write


def said(arguments: list[str], capsys: pytest.CaptureFixture[str], code: int = 0) -> str:
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    out, err = capsys.readouterr()
    assert stop.value.code == code, err
    return out + err


@pytest.mark.parametrize(
    "kind", ["quotes", "yields", "mixed", "months", "minutes", "listed_later", "every_day"]
)
def test_the_model_goes_on_from_the_history(
    tmp_path: Path, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    data, schema = write(tmp_path, kind)
    model, option = tmp_path / "model", [] if schema is None else ["--schema", str(schema)]
    said(["fit", str(data), "--generator", "bootstrap", "-o", str(model), *option], capsys)
    both = [tmp_path / "fresh.parquet", tmp_path / "after.parquet"]
    said(["sample", str(model), "--paths", "3", "--steps", "90", "-o", str(both[0])], capsys)
    after = [
        "sample",
        str(model),
        "--paths",
        "3",
        "--steps",
        "90",
        "--history",
        str(data),
        "-o",
        str(both[1]),
    ]
    said([*after, *option], capsys)
    fresh, gone_on = (pd.read_parquet(file) for file in both)
    assert (fresh["date"] == gone_on["date"]).all()
    last = pd.to_datetime(KINDS[kind]().iloc[-1, 0])
    assert pd.to_datetime(fresh["date"].astype(str)).min().tz_localize(None) > last
    card = tmp_path / "card.json"
    found = said(["evaluate", str(data), str(both[0]), "-o", str(card), *option], capsys, code=1)
    assert "kolmogorov" in found
    assert card.is_file()


def test_a_history_of_other_steps_or_kinds_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, _ = write(tmp_path, "ohlcv")
    monthly = tmp_path / "ohlcv-monthly" / "ohlcv.csv"
    monthly.parent.mkdir()
    KINDS["months"]().to_csv(monthly, index=False)
    model = tmp_path / "model"
    said(["fit", str(data), "--generator", "bootstrap", "-o", str(model)], capsys)
    rest = ["--history", str(monthly), "-o", str(tmp_path / "x.parquet")]
    found = said(["sample", str(model), "--steps", "20", *rest], capsys, code=2)
    assert "the history has steps monthly; expected daily" in found
    assert not (tmp_path / "x.parquet").exists()


def test_what_is_found_is_told_and_kept_with_the_model(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    frame = KINDS["ohlcv"]()
    frame.loc[200:, ["Open", "High", "Low", "Close"]] /= 5
    frame.to_csv(tmp_path / "stock.csv", index=False)
    model = tmp_path / "model"
    found = said(["fit", str(tmp_path / "stock.csv"), "--generator", "bootstrap", "-o", str(model)], capsys)
    assert "note: stock: the price of 2019-10-09" in found
    assert "5-for-1 split" in (model / "model.json").read_text(encoding="utf-8")


def test_a_wrong_dialect_is_bad_input(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data, _ = write(tmp_path, "ohlcv")
    options = ["--generator", "bootstrap", "-o", str(tmp_path / "model")]
    assert "decimals" in said(["fit", str(data), "--csv", "decimals=,", *options], capsys, code=2)
    missing = ["fit", str(data), "--schema", str(tmp_path / "no.yaml"), *options]
    assert "no.yaml" in said(missing, capsys, code=2)
    assert not (tmp_path / "model").exists()


def test_days_of_a_sheet_are_refused_once_with_the_declaration_that_reads_them(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = [f"{43831 + k},{100 + k % 7}" for k in range(80)]
    Path("p.csv").write_text("date,close\n" + "\n".join(rows) + "\n")
    with pytest.raises(DataError) as caught:
        finsim.fit("p.csv", generator="bootstrap")
    (problem,) = caught.value.problems
    assert "type: date, unit: excel_days" in problem.remedy
    Path("s.yaml").write_text(
        "finsim: schema/1\nkind: prices\ncolumns:\n  date: {role: date, type: date, unit: excel_days}\n"
        "  close: {type: float, role: close}\n"
    )
    body = finsim.fit("p.csv", generator="bootstrap", schema="s.yaml")
    assert str(body.encoding.last_date)[:10] == "2020-03-20"
