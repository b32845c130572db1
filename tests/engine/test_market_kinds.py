"""Every kind of price file that the guide names runs to the end, with its page and the rules of its kind."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from price_files import KINDS, study

from finsim.cli.main import main

pytestmark = pytest.mark.sweep

PACKS = {
    "quotes": "quote-bars",
    "yields": "levels",
    "returns": "return-series",
    "mixed": "ohlcv + levels + return-series",
}


def ran(folder: Path, kind: str, capsys: pytest.CaptureFixture[str], **changes: object) -> tuple[Path, str]:
    """Run a tiny study of a kind through the command line; return its folder and what it said."""
    with pytest.raises(SystemExit) as stop:
        main(["run", str(study(folder, kind, **changes)), "-o", str(folder / "run")])
    said = capsys.readouterr()
    assert stop.value.code == 0, said.err
    assert "Warning" not in said.err
    return folder / "run", said.err


def bars_of(run: Path) -> pd.DataFrame:
    frame: pd.DataFrame = pq.read_table(run / "bars" / "scenario=base" / "bars.parquet").to_pandas()
    return frame


@pytest.mark.usefixtures("whole_page")
@pytest.mark.parametrize("kind", KINDS)
def test_a_run_on_each_kind_ends_well(tmp_path: Path, kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    run, _ = ran(tmp_path, kind, capsys)
    page = (run / "report.html").read_text(encoding="utf-8")
    assert "could not be drawn" not in page
    assert 'id="fan"' in page
    manifest = json.loads((run / "manifest.json").read_text(encoding="utf-8"))
    assert "report.html" in {item["path"] for item in manifest["files"]}
    rules = manifest["rules"]["market/base"]
    assert rules["pack"] == PACKS.get(kind, "ohlcv")
    assert sum(rule["rows"] for rule in rules["rules"].values()) > 0
    invariants = [rule for rule in rules["rules"].values() if rule["level"] == "invariant"]
    assert sum(rule["after"] for rule in invariants) == 0


def test_dates_go_on_as_in_the_history(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Months stay months, a market open on Sundays stays open, minutes follow each other."""
    steps = {}
    for kind in ("months", "every_day", "minutes", "quotes", "panel_2"):
        folder = tmp_path / kind
        folder.mkdir()
        dates = pd.to_datetime(bars_of(ran(folder, kind, capsys)[0])["date"].drop_duplicates())
        steps[kind] = dates.iloc[:80]
    assert steps["months"].dt.is_month_end.all()
    assert set(steps["every_day"].dt.day_of_week) == set(range(7))
    assert (steps["minutes"].diff().dropna() == pd.Timedelta(1, "min")).all()
    assert str(steps["minutes"].dtype) == "datetime64[us, UTC]"
    assert set(steps["quotes"].dt.day_of_week) == {0, 1, 2, 3, 4, 6}
    assert steps["panel_2"].dt.day_of_week.max() == 4


def test_quotes_keep_their_own_spread(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The ask is above the bid on every row; level, memory and answer to moves are those of the history."""
    run, _ = ran(tmp_path, "quotes", capsys, paths=8, sessions=400)
    made = bars_of(run)
    assert (made["ask"] > made["bid"]).all()
    assert made["close"].between(made["bid"], made["ask"]).all()
    real = KINDS["quotes"]()
    wanted = _spread(real["BidClose"], real["AskClose"])
    paths = [one for _, one in made.groupby("path")]
    found = [_spread(one["bid"], one["ask"]) for one in paths]
    assert np.mean([one.median() for one in found]) == pytest.approx(wanted.median(), rel=0.15)
    assert np.mean([one.autocorr(1) for one in found]) > 0.6 * wanted.autocorr(1)
    moved = [one["close"].pipe(np.log).diff().abs().ewm(span=20).mean() for one in paths]
    linked = [move.corr(one) for move, one in zip(moved, found, strict=True)]
    assert np.mean(linked) > 0.3


def _spread(bid: pd.Series, ask: pd.Series) -> pd.Series:
    return np.log(np.log(ask / bid))


def test_levels_and_returns_come_out_as_they_went_in(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run, _ = ran(tmp_path, "mixed", capsys, sessions=200)
    made = bars_of(run).pivot(index=["path", "date"], columns="asset", values="close")
    real = KINDS["mixed"]()
    assert (made["A000"] > 0).all()
    for moves, wanted in (
        (made["Y10"].groupby("path").diff(), real["Y10"].diff()),
        (made["FUND"], real["FUND"]),
        (made["A000"].groupby("path").pct_change(), real["A000"].pct_change()),
    ):
        assert moves.std() == pytest.approx(wanted.std(), rel=0.35)
        assert abs(moves.mean()) < 4 * wanted.std() / len(moves) ** 0.5 + abs(wanted.mean()) * 3


@pytest.mark.usefixtures("whole_page")
def test_what_was_found_in_the_data_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run, said = ran(tmp_path, "listed_later", capsys)
    assert "note: Not all assets have bars on all 600 dates: A002" in said
    assert "no past is invented" in (run / "report.html").read_text(encoding="utf-8")


def test_stress_moves_prices_and_leaves_yields_to_their_beta(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An anchored fall holds for prices; a yield follows it only with a beta, in its own unit."""
    path = study(tmp_path, "mixed", sessions=300, betas="{A000: 1.0, FUND: 1.0, Y10: 2.0}")
    path.write_text(path.read_text().replace("scenarios: [base]", "scenarios: [base, gfc-2008]"))
    with pytest.raises(SystemExit) as stop:
        main(["run", str(path), "-o", str(tmp_path / "run")])
    assert stop.value.code == 0, capsys.readouterr().err
    stressed = pq.read_table(tmp_path / "run" / "bars" / "scenario=gfc-2008" / "bars.parquet").to_pandas()
    moves = pq.read_table(
        tmp_path / "run/driver_sessions/scenario=gfc-2008/driver_sessions.parquet"
    ).to_pandas()
    made = stressed.pivot(index="date", columns=["path", "asset"], values="close")
    at = np.flatnonzero(moves["equity_move"].notna())[0]
    move = moves["equity_move"].iloc[at]
    for path_number in range(4):
        own = made[path_number]
        assert own["A000"].iloc[at] / own["A000"].iloc[0] - 1 == pytest.approx(move, abs=1e-9)
        assert own["Y10"].iloc[at] - own["Y10"].iloc[0] == pytest.approx(2.0 * move, abs=1e-9)
        assert np.log1p(own["FUND"].iloc[1 : at + 1]).sum() == pytest.approx(np.log1p(move), abs=1e-9)


@pytest.mark.parametrize("kind", ["panel_2", "quotes", "yields", "all_constant", "one_close"])
def test_evidence_is_given_on_each_kind(
    tmp_path: Path, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = study(tmp_path, kind, paths=8, sessions=120)
    small = "evaluation: {bootstrap: 50, judge_refits: 0, judge_iterations: 10}"
    path.write_text(path.read_text().replace("evaluation: {enabled: false}", small))
    with pytest.raises(SystemExit) as stop:
        main(["run", str(path), "-o", str(tmp_path / "run")])
    said = capsys.readouterr()
    scores = json.loads((tmp_path / "run" / "scorecard.json").read_text())["scores"]
    assert len(scores) > 10
    fails = any(score["verdict"] == "fail" for score in scores)  # eight paths may well fail: exit code 1
    assert stop.value.code == int(fails), said.err
    if kind == "all_constant":
        assert {score["verdict"] for score in scores if score["use"] == "backtest"} == {"not computed"}


@pytest.mark.usefixtures("whole_page")
def test_a_page_that_fails_costs_no_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The manifest is there before the page; ``finsim report`` writes it later, and all hashes agree."""
    from finsim.report import page

    def broken(*_: object) -> str:
        raise ZeroDivisionError("a template that fails")

    path = study(tmp_path, "panel_2")
    whole = page.render
    monkeypatch.setattr(page, "render", broken)
    with pytest.raises(SystemExit) as stop:
        main(["run", str(path), "-o", str(tmp_path / "run")])
    monkeypatch.setattr(page, "render", whole)
    assert stop.value.code == 3
    assert (tmp_path / "run" / "manifest.json").is_file()
    assert not (tmp_path / "run" / "report.html").exists()
    for verb in ("report", "verify"):
        with pytest.raises(SystemExit) as stop:
            main([verb, str(tmp_path / "run")])
        assert stop.value.code == 0, capsys.readouterr()
    assert (tmp_path / "run" / "report.html").is_file()


def test_the_schema_belongs_to_the_study(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is named in the manifest, and a run does not go on with another one."""
    run, _ = ran(tmp_path, "yields", capsys)
    manifest = json.loads((run / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["study"]["resolved"]["market"]["schema"].endswith("yields.yaml")
    assert {item["role"] for item in manifest["inputs"]} == {"prices", "schema of prices"}
    (run / "manifest.json").unlink()
    schema = tmp_path / "yields.yaml"
    schema.write_text(schema.read_text().replace("as: difference", "as: difference, alias: [X]"))
    with pytest.raises(SystemExit) as stop:
        main(["run", "--resume", str(run)])
    assert stop.value.code == 2
    assert "yields.yaml" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize(
    "kind",
    [
        "panel_2",
        "panel_12",
        pytest.param("panel_100", marks=pytest.mark.slow),
        "quotes",
        "minutes",
        "yields",
        "mixed",
    ],
)
@pytest.mark.usefixtures("whole_page")
def test_the_flow_learns_each_kind(tmp_path: Path, kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A whole run with the default generator, stressed and judged."""
    path = study(tmp_path, kind, generator="{name: flow, steps: 60}", paths=8, sessions=150)
    text = path.read_text().replace("scenarios: [base]", "scenarios: [base, gfc-2008]")
    small = "evaluation: {bootstrap: 50, judge_refits: 0, judge_iterations: 10}"
    path.write_text(text.replace("evaluation: {enabled: false}", small))
    with pytest.raises(SystemExit) as stop:
        main(["run", str(path), "-o", str(tmp_path / "run")])
    assert stop.value.code == 0, capsys.readouterr().err
    assert "could not be drawn" not in (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
