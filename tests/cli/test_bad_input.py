"""Bad input: exit code 2, the place, the remedy, no traceback, and nothing half-written."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from finsim import documents
from finsim.cli.main import main

STUDY = """\
finsim: study/1
id: broken
market: {data: prices.csv, generator: {name: bootstrap}, paths: 4, sessions: 60}
scenarios: [base]
evaluation: {enabled: false}
"""

SCENARIO = """\
finsim: scenario/1
id: mine
title: Mine
kind: hypothetical
extends: base
horizon: {length: 4, step: quarter}
macro:
  unemployment: {unit: pp, as: delta, path: [1.0, 2.0, 2.0, 1.0]}
"""

PACK = """\
finsim-rules: 1
pack: {id: mine, version: "1", owner: me}
table: bars
columns:
  close: {type: float}
rules:
  - {id: positive, level: invariant, check: "close > 0", why: prices are positive, cite: own}
"""


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A folder with a working study, scenario, rule pack and price file."""
    text = gzip.decompress((documents.shipped("data") / "wiki_aapl_ibm_2000_2013.csv.gz").read_bytes())
    lines = text.decode().splitlines()
    ibm = [line for line in lines if line.startswith("IBM")][:300]
    (tmp_path / "prices.csv").write_text("\n".join([lines[0], *ibm]) + "\n")
    (tmp_path / "study.yaml").write_text(STUDY)
    (tmp_path / "mine.yaml").write_text(SCENARIO)
    (tmp_path / "pack.yaml").write_text(PACK)
    return tmp_path


def edited(folder: Path, name: str, old: str, new: str) -> None:
    text = (folder / name).read_text()
    assert old in text
    (folder / name).write_text(text.replace(old, new, 1))


def unknown_key(folder: Path) -> tuple[list[str], str, str]:
    edited(folder, "study.yaml", "scenarios:", "scenarois:")
    return ["run", str(folder / "study.yaml")], "study.yaml:4:1", "did you mean 'scenarios'?"


def wrong_unit(folder: Path) -> tuple[list[str], str, str]:
    edited(folder, "mine.yaml", "unit: pp", "unit: pct")
    edited(folder, "study.yaml", "[base]", f"[{folder / 'mine.yaml'}]")
    return ["run", str(folder / "study.yaml")], "mine.yaml:8", "pp"


def wrong_length(folder: Path) -> tuple[list[str], str, str]:
    edited(folder, "mine.yaml", "[1.0, 2.0, 2.0, 1.0]", "[1.0, 2.0, 2.0]")
    edited(folder, "study.yaml", "[base]", f"[{folder / 'mine.yaml'}]")
    return ["run", str(folder / "study.yaml")], "mine.yaml:8", "3 values"


def unknown_narrative(folder: Path) -> tuple[list[str], str, str]:
    with (folder / "study.yaml").open("a") as file:
        file.write("transactions: {accounts: 500, days: 10, narratives: [account_takover]}\n")
    return ["run", str(folder / "study.yaml")], "account_takover", "did you mean 'account_takeover'?"


def unknown_column(folder: Path) -> tuple[list[str], str, str]:
    edited(folder, "pack.yaml", "close > 0", "clsoe > 0")
    edited(folder, "study.yaml", "sessions: 60}", f"sessions: 60, rules: {folder / 'pack.yaml'}}}")
    return ["run", str(folder / "study.yaml")], "pack.yaml:7", "did you mean 'close'?"


def negative_price(folder: Path) -> tuple[list[str], str, str]:
    row = (folder / "prices.csv").read_text().splitlines()[10]
    cells = row.split(",")
    cells[5] = "-" + cells[5]
    edited(folder, "prices.csv", row, ",".join(cells))
    return ["run", str(folder / "study.yaml")], "prices.csv:11", "Close"


def text_in_number(folder: Path) -> tuple[list[str], str, str]:
    row = (folder / "prices.csv").read_text().splitlines()[20]
    cells = row.split(",")
    cells[3] = "n/a?"
    edited(folder, "prices.csv", row, ",".join(cells))
    return ["run", str(folder / "study.yaml")], "prices.csv, row 19 (line 21)", "High"


def empty_file(folder: Path) -> tuple[list[str], str, str]:
    (folder / "prices.csv").write_text("")
    return ["run", str(folder / "study.yaml")], "prices.csv", "empty"


CASES = [
    unknown_key,
    wrong_unit,
    wrong_length,
    unknown_narrative,
    unknown_column,
    negative_price,
    text_in_number,
    empty_file,
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_bad_input_is_refused(
    case: Callable[[Path], tuple[list[str], str, str]], here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments, place, words = case(here)
    out = here / "out"
    with pytest.raises(SystemExit) as stopped:
        main([*arguments, "-o", str(out)])
    message = capsys.readouterr().err
    assert stopped.value.code == 2, message
    assert place in message
    assert words in message
    assert "remedy:" in message
    assert "Traceback" not in message
    assert not out.exists()


def test_the_unbroken_study_runs(here: Path) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["run", str(here / "study.yaml"), "-o", str(here / "out")])
    assert stopped.value.code == 0
    assert (here / "out" / "manifest.json").is_file()


@pytest.mark.parametrize(
    "arguments",
    [["run", "--sede", "7"], ["rnu"], ["trace", "x"], ["stress", "quickstart", "--severity", "9"]],
)
def test_wrong_usage_exits_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    assert "fault" not in capsys.readouterr().err


CLASH = """\
finsim-rules: 1
pack: {id: clash, version: "1"}
table: loans
columns:
  age: {type: int}
  loan: {type: int}
  term: {type: int}
rules:
  - {id: minor_loan, check: age < 18 => loan <= 2000}
  - {id: term, check: term > 0}
  - {id: smallest, check: loan >= 5000}
  - {id: young, check: age <= 16}
"""


def test_rules_that_contradict_one_another_refuse_to_start(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(here)
    (here / "clash.yaml").write_text(CLASH)
    (here / "loans.csv").write_text("age,loan,term\n15,1000,12\n30,9000,12\n")
    with pytest.raises(SystemExit, match="2"):
        main(["check", "loans.csv", "--rules", "clash.yaml"])
    told = capsys.readouterr().err
    assert "no row can satisfy these 3 rules together" in told
    assert all(name in told for name in ("minor_loan", "smallest", "young", "clash.yaml:9:"))
    assert "term > 0" not in told
    edited(here, "study.yaml", "sessions: 60}", "sessions: 60, rules: clash.yaml}")
    with pytest.raises(SystemExit, match="2"):
        main(["run", "study.yaml", "-o", "out"])
    assert "no row can satisfy these 3 rules together" in capsys.readouterr().err
    assert not (here / "out").exists()
