"""What `run` refuses, before work or within it, `plan` refuses in the same words, at its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from finsim.engine.planning.plan_summary import describe
from finsim.engine.run import run
from finsim.engine.study.study_file import load_study, study_of
from finsim.engine.study.study_resolution import resolve
from finsim.errors import FinsimError, StudyError

PRICES = "\n".join(
    ["date,close", *(f"2020-{m:02}-{d:02},{100 + m + d / 7:.3f}" for m in (1, 2, 3) for d in range(1, 29))]
)
LOANS = "\n".join(
    [
        "loan,amount,term,pd,lgd,opened",
        *(f"L{k},{1000 + k},24,0.0{1 + k % 5},0.4,2025-0{1 + k % 6}-01" for k in range(80)),
    ]
)
OLD = LOANS.replace("L7,1007,24,0.03,0.4,2025-02-01", "L7,1007,24,0.03,0.4,2015-02-01")
FEW = "\n".join(LOANS.splitlines()[:11])
SAME = "\n".join(["loan,amount,term,bad", *(f"L{k},{1000 + k},24,0" for k in range(80))])
PACK = """\
finsim-rules: 1
pack: {id: mine, version: "1", title: Mine, owner: tests, licence: CC0-1.0}
table: TABLE
key: []
columns:
  COLUMN: {type: float}
rules:
  - {id: positive, check: COLUMN > 0, why: tests, cite: tests}
"""
NOBODY = """\
finsim: narrative/1
id: nobody
title: Nobody
story: A role that nobody can play.
family: card
typology: [nobody]
rate: {per: account_year, value: 1.0, assumption: tests}
roles:
  thief: {select: {accounts: [current], where: {age: ">= 119"}}, assumption: tests}
  other: {select: {accounts: [current]}, assumption: tests}
phases:
  - {name: take, from: thief, to: other, channel: instant, amount: {draw: 100}, assumption: tests}
labels: {fraud: [take]}
"""
KEYS = "id: loan, amount: amount, term: term, pd: pd, lgd: lgd"
BOOTSTRAP = "generator: {name: bootstrap}"
SCENARIO = "finsim: scenario/1\nid: mine\ntitle: Mine\nkind: hypothetical\nextends: base\n"
HORIZON = "horizon: {length: 4, step: quarter}\n"
DEEP = f"{SCENARIO}{HORIZON}market:\n  equity: {{unit: pct, as: cum_return, path: [-10, -30, -60, -50]}}\n"
LINKS = f"{SCENARIO}{HORIZON}credit:\n  betas: {{consumer: {{umemployment: 0.1}}}}\n"
CASES: dict[str, tuple[str, dict[str, str], str, str]] = {
    "beta of a stock that is not there": (
        f"market: {{data: p.csv, {BOOTSTRAP}, paths: 4, sessions: 70, betas: {{MSFT: 1.0}}}}",
        {"p.csv": PRICES},
        "study.yaml:3:85",
        "no asset is called 'MSFT'",
    ),
    "history too short for the flow": (
        "market:\n  data: p.csv\n  generator: {name: flow, settings: {context: 32}}\n  sessions: 70",
        {"p.csv": "\n".join(PRICES.splitlines()[:64])},
        "study.yaml:5:3",
        "windows of",
    ),
    "history too short for the TimeGAN": (
        "market:\n  data: p.csv\n  generator: {name: timegan, settings: {window: 48}}\n  sessions: 70",
        {"p.csv": "\n".join(PRICES.splitlines()[:64])},
        "study.yaml:5:3",
        "windows of",
    ),
    "settings that no training begins with": (
        "market:\n  data: p.csv\n  generator: {name: flow, settings: {patch: 7}}\n  paths: 4\n  sessions: 70",
        {"p.csv": PRICES},
        "study.yaml:5:27",
        "patch 7",
    ),
    "block below a step": (
        "market: {data: p.csv, generator: {name: bootstrap, settings: {block: 0}}, sessions: 70}",
        {"p.csv": PRICES},
        "study.yaml:3:63",
        "block is 0",
    ),
    "one row of prices": (
        f"market:\n  data: p.csv\n  {BOOTSTRAP}\n  sessions: 70",
        {"p.csv": "\n".join(PRICES.splitlines()[:2])},
        "",
        "",
    ),
    "a pack of another table for bars": (
        f"market:\n  data: p.csv\n  {BOOTSTRAP}\n  sessions: 70\n  rules: pack.yaml",
        {"p.csv": PRICES, "pack.yaml": PACK.replace("TABLE", "trades").replace("COLUMN", "price")},
        "study.yaml:7:3",
        "no table 'bars'",
    ),
    "a pack that reads a column bars do not have": (
        f"market:\n  data: p.csv\n  {BOOTSTRAP}\n  sessions: 70\n  rules: pack.yaml",
        {"p.csv": PRICES, "pack.yaml": PACK.replace("TABLE", "bars").replace("COLUMN", "vwap")},
        "study.yaml:7:3",
        "vwap",
    ),
    "a pack without the accounts of payments": (
        "transactions:\n  accounts: 300\n  days: 5\n  rules: pack.yaml",
        {"pack.yaml": PACK.replace("TABLE", "transactions").replace("COLUMN", "fee")},
        "study.yaml:6:3",
        "no table 'accounts'",
    ),
    "a pack that reads a column loans do not have": (
        f"credit:\n  data: t.csv\n  loans: 600\n  months: 6\n  columns: {{{KEYS}}}\n  rules: pack.yaml",
        {"t.csv": LOANS, "pack.yaml": PACK.replace("TABLE", "loans").replace("COLUMN", "collateral")},
        "study.yaml:8:3",
        "collateral",
    ),
    "a scenario that leaves no price": (
        f"market:\n  data: p.csv\n  sessions: 300\n  {BOOTSTRAP}\n  betas: {{p: 2.5}}\n"
        "scenarios: [mine.yaml]",
        {"p.csv": PRICES, "mine.yaml": DEEP},
        "study.yaml:7:3",
        "would move by beta 2.5",
    ),
    "a link to a variable that no scenario has": (
        f"credit:\n  data: t.csv\n  months: 6\n  columns: {{{KEYS}}}\nscenarios: [base, mine.yaml]",
        {"t.csv": LOANS, "mine.yaml": LINKS},
        "",
        "umemployment",
    ),
    "more days than a world may have": (
        "transactions:\n  accounts: 300\n  days: 5000",
        {},
        "study.yaml:5:3",
        "5000",
    ),
    "more banks than a world may have": (
        "transactions: {accounts: 300, banks: 5000, days: 5}",
        {},
        "study.yaml:3:31",
        "5000",
    ),
    "a narrative with rate and count": (
        "transactions:\n  accounts: 300\n  narratives: [{name: account_takeover, rate: 1, count: 2}]",
        {},
        "study.yaml:5:16",
        "both a rate and a count",
    ),
    "a narrative twice": (
        "transactions:\n  accounts: 300\n  narratives: [account_takeover, account_takeover]",
        {},
        "study.yaml:5:",
        "account_takeover",
    ),
    "a role that nobody can play": (
        "transactions:\n  accounts: 300\n  days: 5\n  narratives: [account_takeover, nobody.yaml]",
        {"nobody.yaml": NOBODY},
        "study.yaml:6:34",
        "nobody in this world fits role 'thief'",
    ),
    "kept loans past their term": (
        f"credit:\n  data: t.csv\n  keep: true\n  months: 6\n  columns: {{{KEYS}, opened: opened}}",
        {"t.csv": OLD},
        "",
        "",
    ),
    "too few loans to learn from": (
        f"credit:\n  data: t.csv\n  months: 6\n  columns: {{{KEYS}}}\n  ignore: [opened]",
        {"t.csv": FEW},
        "study.yaml:4:3",
        "10 applications",
    ),
    "loans of one outcome": (
        "credit:\n  data: t.csv\n  months: 6\n  columns: {id: loan, amount: amount, term: term, bad: bad}",
        {"t.csv": SAME},
        "",
        "",
    ),
}


def written(folder: Path, body: str, files: dict[str, str]) -> str:
    for name, text in files.items():
        (folder / name).write_text(text + "\n")
    (folder / "study.yaml").write_text(
        f"finsim: study/1\nid: wrong\n{body}\nevaluation: {{enabled: false}}\n"
    )
    return "study.yaml"


@pytest.mark.parametrize("name", CASES)
def test_plan_and_run_refuse_the_same(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    body, files, place, words = CASES[name]
    monkeypatch.chdir(tmp_path)
    study = written(tmp_path, body, files)
    with pytest.raises(FinsimError) as planned:
        describe(resolve(load_study(study)))
    with pytest.raises(FinsimError) as started:
        run(study, output=tmp_path / "out")
    assert planned.value.problems == started.value.problems
    assert type(planned.value) is type(started.value)
    assert any(words in problem.found and place in problem.place for problem in planned.value.problems)
    assert not (tmp_path / "out").exists()


CASES_OF_USERS = Path(__file__).resolve().parents[3] / "shared/cases/users/plan-accepts-what-run-refuses"


def test_an_output_in_use_is_refused_by_both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    study = written(tmp_path, "transactions: {accounts: 300, days: 2}", {})
    used = tmp_path / "used"
    used.mkdir()
    (used / "mine.txt").write_text("mine")
    (tmp_path / "file").write_text("mine")
    for output in (used, tmp_path / "file" / "below"):
        with pytest.raises(FinsimError) as planned:
            describe(resolve(load_study(study)), output=output)
        with pytest.raises(FinsimError) as started:
            run(study, output=output)
        assert planned.value.problems == started.value.problems
    with pytest.raises(FinsimError, match="0 workers"):
        describe(resolve(load_study(study)), output=tmp_path / "new", workers=0)
    assert not (tmp_path / "new").exists()


def test_the_problems_of_all_worlds_come_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    body = (
        f"market: {{data: p.csv, generator: {{name: bootstrap, settings: {{block: 0}}}}, sessions: 70}}\n"
        f"credit: {{data: t.csv, months: 6, columns: {{{KEYS}}}, ignore: [opened]}}\n"
        "transactions: {accounts: 300, days: 5, narratives: [nobody.yaml]}"
    )
    study = written(tmp_path, body, {"p.csv": PRICES, "t.csv": FEW, "nobody.yaml": NOBODY})
    with pytest.raises(FinsimError) as caught:
        describe(resolve(load_study(study)))
    places = [problem.place for problem in caught.value.problems]
    assert [place.split(":")[1] for place in places] == ["3", "4", "5"]


@pytest.mark.skipif(not CASES_OF_USERS.is_dir(), reason="the cases are not beside this checkout")
def test_the_case_of_a_beta_is_refused_at_its_line(tmp_path: Path) -> None:
    study = str(CASES_OF_USERS / "study.yaml")
    with pytest.raises(StudyError) as planned:
        describe(resolve(load_study(study)))
    with pytest.raises(StudyError) as started:
        run(study, output=tmp_path / "out")
    (problem,) = planned.value.problems
    assert (problem,) == started.value.problems
    assert problem.place == f"{study}:5:88"
    assert problem.remedy == "use one of: mine"


def test_a_study_of_values_is_placed_by_its_keys(tmp_path: Path) -> None:
    (tmp_path / "nobody.yaml").write_text(NOBODY)
    people = {"accounts": 300, "days": 5, "narratives": [str(tmp_path / "nobody.yaml")]}
    with pytest.raises(FinsimError) as caught:
        describe(resolve(study_of({"id": "s", "transactions": people})))
    assert "transactions" in caught.value.problems[0].place
    assert "thief" in caught.value.problems[0].found
