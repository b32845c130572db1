"""Runs without a world, a scenario, scores or the real data: the page says so and why."""

from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from page_reader import read_page
from report_run import Wanted, build, manifest_of

from finsim.records.run_layout import table_file
from finsim.records.transaction_files import read_rows, row_files, write_rows
from finsim.report.page import write_report

pytestmark = pytest.mark.sweep

SECTION_OF = {"market": "markets", "transactions": "transactions", "credit": "credit"}


def market_only(data: str) -> Wanted:
    return Wanted(worlds=("market",), labels=("base",), data=data)


@pytest.mark.parametrize("world", SECTION_OF)
def test_one_world_alone(tmp_path: Path, world: str) -> None:
    page = read_page(write_report(build(tmp_path / "run", Wanted(worlds=(world,)))))
    for other, section in SECTION_OF.items():
        absent = page.twin["sections"][section].get("absent")
        if other == world:
            assert absent is None
        else:
            assert absent == [f"This study has no {other} part, so there is nothing to show here."]
            assert absent[0] in page.text


def test_one_scenario_alone(tmp_path: Path) -> None:
    page = read_page(
        write_report(build(tmp_path / "run", Wanted(worlds=("market", "credit"), labels=("base",))))
    )
    figures = [e.attributes["id"] for e in page.all("figure")]
    assert "fan" in figures
    assert "losses" in figures
    assert "waves" not in figures
    assert "drivers" not in figures
    assert "No scenario of this run states an expectation about itself." in page.text


def test_a_stressed_scenario_alone_is_its_own_base(tmp_path: Path) -> None:
    page = read_page(write_report(build(tmp_path / "run", Wanted(worlds=("market",), labels=("crash",)))))
    assert page.twin["judged_scenario"] == "crash"
    assert "crash" in page.twin["sections"]["markets"]["fan"]["AAPL"]


def test_evaluation_switched_off(tmp_path: Path) -> None:
    page = read_page(write_report(build(tmp_path / "run", Wanted(worlds=("credit",), scored=False))))
    why = "The study switches evaluation off (evaluation: enabled: false), so nothing was scored."
    assert page.twin["sections"]["scorecard"] == {"absent": [why], "scores": []}
    cards = page.with_class("card")
    assert len(cards) == 4
    assert all("not computed" in card.text and why in card.text for card in cards)


def test_no_scorecard_file(tmp_path: Path) -> None:
    folder = build(tmp_path / "run", Wanted(worlds=("credit",), labels=("base",)))
    (folder / "scorecard.json").unlink()
    assert "holds no scores" in read_page(write_report(folder)).text


def test_real_data_gone(tmp_path: Path) -> None:
    page = read_page(write_report(build(tmp_path / "run", market_only("/nowhere/prices.csv"))))
    why = "No real prices are drawn: the input file prices.csv is not there."
    assert page.text.count(why) == 3
    memory = page.twin["sections"]["markets"]["memory"]
    assert memory["AAPL r"]["real"] is None
    assert "real" not in page.twin["sections"]["markets"]["dependence"]


def test_real_data_broken(tmp_path: Path) -> None:
    file = tmp_path / "broken.csv"
    file.write_text("date,close\n2020-01-01,minus one\n")
    page = read_page(write_report(build(tmp_path / "run", market_only(str(file)))))
    assert "broken.csv could not be read" in page.text


def test_a_table_that_is_gone(tmp_path: Path) -> None:
    folder = build(tmp_path / "run", Wanted(worlds=("market",)))
    table_file(folder, "bars", "base").unlink()
    page = read_page(write_report(folder))
    assert page.twin["sections"]["markets"]["absent"] == [
        "bars/scenario=base/bars.parquet is not in the run folder, so there is nothing to show here."
    ]


def test_no_illicit_rows(tmp_path: Path) -> None:
    folder = build(tmp_path / "run", Wanted(worlds=("transactions",), labels=("base",)))
    rows = read_rows(row_files(folder, "base"))
    write_rows(row_files(folder, "base"), [rows.filter(pc.less(rows["instance"], 0))])
    patterns = pq.read_table(table_file(folder, "patterns", "base"))
    pq.write_table(patterns.slice(0, 0), table_file(folder, "patterns", "base"))
    page = read_page(write_report(folder))
    assert "no illicit scheme" in page.text
    assert page.twin["sections"]["numbers"]["illicit"] == 0


def test_no_rules_no_models_no_costs(tmp_path: Path) -> None:
    folder = build(tmp_path / "run", Wanted(worlds=("credit",)))
    manifest = manifest_of(folder)
    manifest |= {"rules": {}, "cost": {}, "outputs": [], "environment": {}, "statement": {}}
    text = read_page(write_report(folder, manifest)).text
    for sentence in (
        "so nothing was checked.",
        "No model was fitted for this run.",
        "This run read no data file.",
        "The manifest notes no CPU time.",
        "The manifest lists no table.",
    ):
        assert sentence in text
