"""Supervisory tables as published become scenario files, and their numbers come out of the drivers."""

# ruff: noqa: E501 (lines of YAML files stay whole)

import csv
import gzip
from datetime import date
from pathlib import Path

import pytest

import finsim
from finsim import documents
from finsim.errors import FinsimError, ScenarioError
from finsim.records.calendar import Clock
from finsim.scenarios import check_expectations, drivers, load, measure
from finsim.scenarios.published.published_table import homes, read_published
from finsim.scenarios.published.scenario_text import scenario_text
from finsim.scenarios.variables import VARIABLES

FED = documents.shipped("data") / "dfast_2025.csv.gz"
SMALL = """Scenario Name,Date,Unemployment rate,gdp_growth,10-year Treasury yield,BBB corporate yield,Euro area inflation
Actual,2030,5.0,1.25,3.0,4.5,2.2
Adverse 1,2031,7.5,-2.375,4,7.125,1.5
Adverse 1,2032,9,-1,3.5,6,
Adverse 2,2031,6,0,3,5,2
Adverse 2,2032,6,0,3,5,2
"""


def read(folder: Path, text: str, name: str | None = None):
    path = folder / "table.csv"
    path.write_text(text, encoding="utf-8")
    return read_published(path, name)


@pytest.mark.parametrize("name", [None, "Baseline"])
def test_every_printed_number_of_the_federal_reserve_comes_out_again(tmp_path, name):
    made = finsim.new("scenario", table=FED, name=name, output=tmp_path / "mine.yaml")
    scenario = load(str(made.path))
    found = drivers(scenario, Clock(date(2024, 12, 31), 1260, 90, 60))
    with gzip.open(FED, "rt", encoding="utf-8", newline="") as stream:
        every = list(csv.DictReader(stream))
    rows = [row for row in every if (name or "Severely") in row["Scenario Name"]]
    assert len(rows) == 13
    for variable, item in VARIABLES.items():
        if not item.columns:
            continue
        printed = [float(row[item.columns[0]]) for row in rows]
        if len(item.columns) > 1:
            printed = [one - float(row[item.columns[1]]) for one, row in zip(printed, rows, strict=True)]
        start = found.jump_off[variable]
        moves = found.macro_steps[variable]
        levels = start + moves if found.macro_units[variable] == "pp" else start * (1.0 + moves / 100.0)
        assert levels == pytest.approx(printed, abs=1e-7), variable
    index = [float(row["Dow Jones Total Stock Market Index (Level)"]) for row in rows]
    if name is None:  # the baseline leaves the index where it is, and what does not move is left out
        assert 58399.3 * (1.0 + found.equity_steps) == pytest.approx(index, abs=1e-4)
    assert len(made.text.split("other:")[1].split("expect:")[0].splitlines()) == 1 + 14
    if name is None:
        measured = measure(found)
        assert measured["macro.unemployment.peak"] == 10.0
        assert measured["driver.equity.trough"] == pytest.approx(-0.5, abs=1e-6)
        assert min(found.macro_steps["house_prices"]) == pytest.approx(-33.4, abs=0.05)
        assert [o.met for o in check_expectations(scenario, measured, found.clock)] == [True, True]


def test_years_own_names_and_differences(tmp_path):
    table = read(tmp_path, SMALL, "adverse 1")
    assert (table.step, table.as_of, table.scenario) == ("year", date(2030, 12, 31), "Adverse 1")
    assert homes(list(table.paths)) == {
        "unemployment": ("Unemployment rate",), "gdp_growth": ("gdp_growth",),
        "treasury_10y": ("10-year Treasury yield",),
        "bbb_spread": ("BBB corporate yield", "10-year Treasury yield"),
    }  # fmt: skip
    path = tmp_path / "x.yaml"
    path.write_text(scenario_text(table, "x"))
    found = drivers(load(str(path)), Clock(date(2030, 12, 31), 60, 30, 24))
    assert found.macro_steps["bbb_spread"].tolist() == [1.625, 1.0]
    assert found.macro_steps["gdp_growth"].tolist() == [-3.625, -2.25]
    assert found.macro["unemployment"].reshape(2, 12).mean(axis=1) == pytest.approx([2.5, 4.0])


WRONG = [
    ("which one", SMALL, None, "2 scenarios | 'Adverse 1'"),
    ("no such scenario", SMALL, "Advers 3", "no scenario is called 'Advers 3' | did you mean"),
    ("no history", SMALL.replace("Actual", "Adverse 3"), "Adverse 1", "no row of the history"),
    ("history elsewhere", SMALL.replace("Actual,2030", "Actual,2028"), "Adverse 1", "no row of the history"),
    ("a gap", SMALL.replace("Adverse 1,2032", "Adverse 1,2033"), "Adverse 1", "table.csv:4: '2033'"),
    ("no number", SMALL.replace("-2.375", "n/a"), "Adverse 1", "table.csv:3: gdp_growth: 'n/a'"),
    ("no finite number", SMALL.replace("-2.375", "inf"), "Adverse 1", "finite"),
    ("no date", SMALL.replace("Adverse 1,2031", "Adverse 1,spring"), "Adverse 1", "'spring'"),
    ("no date column", SMALL.replace(",Date,", ",When,"), "Adverse 1", "no column is called 'date'"),
    ("mixed steps", SMALL.replace("Adverse 1,2032", "Adverse 1,2031 Q2"), "Adverse 1", "quarters and years"),
    ("torn row", SMALL.replace("7.5,-2.375,", "7.5,"), "Adverse 1", "6 cells | 7"),
    ("nothing in it", "a,b\n", "Adverse 1", "1 rows"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "name", "words"), [w[1:] for w in WRONG], ids=[w[0] for w in WRONG])
def test_a_table_that_does_not_say_enough_is_refused(tmp_path, text, name, words):
    with pytest.raises(ScenarioError) as caught:
        read(tmp_path, text, name)
    assert caught.value.exit_code == 2
    assert all(word in str(caught.value) for word in words.split(" | ")), str(caught.value)


def test_nothing_is_written_where_the_command_is_wrong(tmp_path):
    path = tmp_path / "mine.yaml"
    for arguments in (
        {"table": FED},
        {"table": FED, "output": tmp_path / "No Good.yaml"},
        {"table": tmp_path / "none.csv", "output": path},
        {"name": "x", "output": path},
        {"table": FED, "name": "mild", "output": path},
    ):
        with pytest.raises(FinsimError):
            finsim.new("scenario", **arguments)
        assert list(tmp_path.glob("*.yaml")) == []
    assert finsim.new("scenario", table=FED, output=path).path == path
    with pytest.raises(FinsimError, match="exists"):
        finsim.new("scenario", table=FED, output=path)


def test_equity_as_a_level_is_the_same_as_a_return(write, clock):
    body = "horizon: {length: 2, step: quarter}\ncalibration: {jump_off: {equity: 200}}\nmarket: {equity: "
    one = load(
        write("a", body + "{unit: index, as: level, path: [100, 150], trough: {day: 20, value: 80}}}\n")
    )
    two = load(
        write("b", body + "{unit: pct, as: cum_return, path: [-50, -25], trough: {day: 20, value: -60}}}\n")
    )
    assert drivers(one, clock).anchors == drivers(two, clock).anchors
    for wrong in ("{unit: index, as: level, path: [0, 1]}", "{unit: pct, as: level, path: [3, 1]}"):
        with pytest.raises(ScenarioError):
            load(write("c", body + wrong + "}\n"))
    with pytest.raises(ScenarioError, match="without the level it starts from"):
        load(write("d", body.replace("equity: 200", "vix: 20") + "{unit: index, as: level, path: [3, 1]}}\n"))
    with pytest.raises(ScenarioError, match=r"other\.x: has 1 values"):
        load(write("e", body + "{unit: index, as: level, path: [3, 1]}}\nother: {x: [1]}\n"))
