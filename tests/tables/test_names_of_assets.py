"""Prices whose column of names has a header that no list knows: proposed, said by plan and by fit alike."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from finsim.cli.main import main
from finsim.errors import DataError
from finsim.markets.prices import read_prices
from finsim.tables import load_schema, name_columns, open_table, propose

HEADERS = ["Kuerzel", "Papier", "emittent", "銘柄", "Wertpapier-Kennung", "secid"]
NAMES = {
    "letters": ["SAP", "ALV", "BMW", "DTE"],
    "codes with zeros": ["007100", "000660", "005930", "035420"],
    "whole numbers": [14593, 10107, 84788, 11850],
    "words": ["Deutsche Bank", "Allianz SE", "Bayer", "Siemens AG"],
}


def bars(names: list[object], header: str, rng: np.random.Generator, days: int = 100) -> pd.DataFrame:
    """Return bars of some assets, the rows in any order; the last asset is listed later."""
    dates = pd.bdate_range("2021-03-01", periods=days).strftime("%Y-%m-%d")
    rows = []
    for at, name in enumerate(names):
        close = 50 * np.exp(np.cumsum(rng.normal(0, 0.02, days)))
        for day, price in list(zip(dates, close, strict=True))[20 if at == len(names) - 1 else 0 :]:
            low, high = price * 0.98, price * 1.02
            rows.append((day, name, round(price, 2), round(high, 2), round(low, 2), round(price, 2), 100))
    frame = pd.DataFrame(rows, columns=["Date", header, "Open", "High", "Low", "Close", "Volume"])
    return frame.sample(frac=1, random_state=int(rng.integers(1_000)))


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    """Run a command; return its exit code and all that it said."""
    capsys.readouterr()
    with pytest.raises(SystemExit) as stop:
        main(list(words))
    said = capsys.readouterr()
    return int(stop.value.code or 0), said.out + said.err


@pytest.mark.parametrize("closes_alone", [False, True])
@pytest.mark.parametrize("names", NAMES.values(), ids=NAMES)
@pytest.mark.parametrize("stored", [False, True])
def test_a_proposed_schema_names_the_assets(
    tmp_path: Path, names: list[object], closes_alone: bool, stored: bool
) -> None:
    for at, header in enumerate(HEADERS):
        frame = bars(names, header, np.random.default_rng(at))
        frame = frame[["Date", header, "Close"]] if closes_alone else frame
        path = tmp_path / ("p.parquet" if stored else "p.csv")
        frame.to_parquet(path, index=False) if stored else frame.to_csv(path, index=False)
        proposal = propose(path)
        by_role = {field.role: field for field in proposal.fields.values()}
        assert (by_role["ticker"].source or header) == header
        assert any("taken for the names of the assets" in doubt for doubt in proposal.doubts)
        (tmp_path / "s.yaml").write_text(proposal.to_yaml(), encoding="utf-8")
        prices = read_prices(path, schema=load_schema(tmp_path / "s.yaml"))
        assert sorted(prices.assets) == sorted(map(str, names))


def test_what_names_no_asset(tmp_path: Path) -> None:
    frame = bars(["A", "B", "C"], "name", np.random.default_rng(3))
    frame["row"] = [f"r{at}" for at in range(len(frame))]  # every row its own
    frame["exchange"] = "XETRA"  # one for all
    frame["sector"] = frame["name"].map({"A": "cars", "B": "cars", "C": "banks"})  # twice a day
    frame["note"] = frame["name"].where(frame.index % 2 == 0, "")  # not in every row
    frame.to_csv(tmp_path / "p.csv", index=False)
    source = open_table(tmp_path / "p.csv", {})
    others = ["row", "exchange", "sector", "note"]
    assert name_columns(source, "Date", others) == []
    assert name_columns(source, "Date", [*others, "name"]) == ["name"]
    frame["isin"] = frame["name"].map({"A": "DE1", "B": "DE2", "C": "DE3"})
    frame.to_csv(tmp_path / "q.csv", index=False)
    assert name_columns(open_table(tmp_path / "q.csv", {}), "Date", ["isin", "name"]) == ["isin", "name"]


def test_one_asset_needs_no_names(tmp_path: Path) -> None:
    bars(["A"], "Kuerzel", np.random.default_rng(5)).to_csv(tmp_path / "p.csv", index=False)
    assert "ticker" not in {field.role for field in propose(tmp_path / "p.csv").fields.values()}
    assert len(read_prices(tmp_path / "p.csv").assets) == 1


@pytest.mark.parametrize("closes_alone", [False, True])
@pytest.mark.parametrize("date", ["Date", "Buchungstag"])
def test_plan_says_what_fit_refuses(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
    closes_alone: bool, date: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    frame = bars(NAMES["letters"], "Papier", np.random.default_rng(7)).rename(columns={"Date": date})
    frame = frame[[date, "Papier", "Close"]] if closes_alone else frame
    frame.to_csv("my prices.csv", index=False)
    schema = propose("my prices.csv", "prices").to_yaml()
    Path("good.yaml").write_text(schema)
    if f"{date}: {{type: date}}" in schema:
        Path("good.yaml").write_text(schema.replace("{type: date}", "{type: date, role: date}"))
    text = Path("good.yaml").read_text().replace("{type: cat}", "{type: cat, role: ticker}")
    Path("good.yaml").write_text(text)
    Path("bare.yaml").write_text(text.replace(", role: ticker", ""))
    code, said = run(capsys, "plan", "my prices.csv", "--schema", "good.yaml")
    assert code == 0
    assert "refuse" not in said
    code, said = run(
        capsys, "fit", "my prices.csv", "--schema", "good.yaml", "--generator", "bootstrap", "-o", "m"
    )
    assert code == 0, said
    for words in (["plan"], ["fit", "--generator", "bootstrap", "-o", "n"]):
        code, said = run(capsys, words[0], "my prices.csv", "--schema", "bare.yaml", *words[1:])
        assert code == (0 if words[0] == "plan" else 2)
        assert ("`finsim fit` would refuse these prices" in said) == (words[0] == "plan")
        assert "'Papier' tells the rows of a date apart but has no role" in said
        assert "`Papier: {type: cat, role: ticker}`" in said
        assert "`finsim new schema 'my prices.csv' -o SCHEMA.yaml` proposes a schema" in said
        assert "delete one row" not in said
        assert not Path("n").exists()


def test_rows_that_stand_twice_are_still_named(tmp_path: Path) -> None:
    frame = bars(["A"], "Kuerzel", np.random.default_rng(9))
    pd.concat([frame, frame.iloc[:1]]).to_csv(tmp_path / "p.csv", index=False)
    with pytest.raises(DataError, match="appears twice") as told:
        read_prices(tmp_path / "p.csv")
    assert "delete one row" in told.value.problems[0].remedy


def test_plan_without_a_schema_says_that_fit_needs_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    frame = bars(["A", "B"], "Papier", np.random.default_rng(11))
    frame.to_csv("p.csv", index=False)
    frame.rename(columns={"Papier": "Ticker"}).to_csv("q.csv", index=False)
    code, said = run(capsys, "plan", "p.csv")
    assert code == 0
    assert "`finsim fit` needs it to read these prices: `finsim new schema p.csv" in said
    assert "needs it" not in run(capsys, "plan", "q.csv")[1]


@pytest.mark.parametrize(
    ("cells", "option"),
    [
        ({"decimal": ","}, "--csv decimal=,"),
        ({"thousands": "."}, "--csv decimal=,,thousands=."),
        ({"null": "-"}, "--csv null=-"),
    ],
)
def test_a_dialect_that_is_not_declared_names_the_option_and_the_proposal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
    cells: dict[str, str], option: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    frame = bars(["A"], "Ticker", np.random.default_rng(13))
    for bar in ("Open", "High", "Low", "Close"):
        frame[bar] = frame[bar].map(lambda price: f"{price * (1_000 if 'thousands' in cells else 1):,.2f}")
        if "null" not in cells:
            frame[bar] = frame[bar].str.translate(str.maketrans(",.", ".,"))
    if "null" in cells:
        frame["Volume"] = ["-", *["100"] * (len(frame) - 1)]
    frame.to_csv("p.csv", index=False, sep=";")
    code, said = run(capsys, "fit", "p.csv", "--generator", "bootstrap", "-o", "m")
    assert code == 2
    assert option in said
    assert (
        "; or `finsim new schema p.csv -o SCHEMA.yaml` proposes a schema, for `--schema SCHEMA.yaml`" in said
    )
    if "null" not in cells:
        assert run(capsys, "new", "schema", "p.csv", "-o", "SCHEMA.yaml")[0] == 0
        code, said = run(
            capsys, "fit", "p.csv", "--schema", "SCHEMA.yaml", "--generator", "bootstrap", "-o", "m"
        )
        assert code == 0, said


def test_a_frame_has_no_file_to_propose_from() -> None:
    frame = bars(["A", "B"], "Papier", np.random.default_rng(15))
    with pytest.raises(DataError) as told:
        read_prices(frame)
    assert "finsim new schema" not in str(told.value)
    assert "role: ticker" in str(told.value)


def test_a_check_names_both_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("rows.csv").write_text("id;score\na;1,5\nb;2,5\n")
    Path("rules.yaml").write_text(
        "finsim-rules: 1\npack: {id: mine, version: 1}\nread: {sep: ';'}\n"
        "columns: {id: {type: id}, score: {type: float}}\nrules: [{id: above, check: score > 0}]\n"
    )
    code, said = run(capsys, "check", "rows.csv", "--rules", "rules.yaml")
    assert code == 2
    assert said.count("`finsim new schema rows.csv -o SCHEMA.yaml` proposes a schema") == 1
    assert "--csv decimal=," in said
    assert run(capsys, "new", "schema", "rows.csv", "-o", "SCHEMA.yaml")[0] == 0
    assert run(capsys, "check", "rows.csv", "--rules", "rules.yaml", "--schema", "SCHEMA.yaml")[0] == 0
    Path("wrong.yaml").write_text("finsim: schema/1\ncolumns: {id: {type: id}, score: {type: float}}\n")
    code, said = run(capsys, "check", "rows.csv", "--rules", "rules.yaml", "--schema", "wrong.yaml")
    assert (code, "finsim new schema" in said) == (2, False)
