"""Mistakes of a first week in files: each is answered with place, found, expected and an example."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pydantic_words import spoken

from finsim.cli.main import main

STUDY = """\
finsim: study/1
id: mine
market: {data: wiki_aapl_ibm_2000_2013, generator: {name: bootstrap}, paths: 4, sessions: 60}
transactions: {accounts: 500, banks: 2, days: 10, currency: USD, narratives: [account_takeover]}
scenarios: [base]
evaluation: {enabled: false}
"""
SCENARIO = """\
finsim: scenario/1
id: slump
title: Slump
kind: hypothetical
extends: base
horizon: {length: 4, step: quarter}
macro:
  unemployment: {unit: pp, as: delta, path: [1.0, 2.0, 2.0, 1.0]}
probability: {weight: 0.1, basis: judgement}
"""
PACK = """\
finsim-rules: 1
pack: {id: mine, version: "1"}
table: payments
key: [id]
columns:
  id: {type: id}
  amount: {type: money, ccy: USD}
rules:
  - {id: positive, check: amount > 0 USD, why: no refunds}
"""
SCHEMA = """\
finsim: schema/1
kind: table
columns:
  id: {type: id}
  amount: {type: money, ccy: USD}
"""
CSV = "id,amount\na,1.00\nb,2.00\n"
NARRATIVE = """\
finsim: narrative/1
id: refund
title: Refund
story: Someone asks for money back.
family: fraud
typology: [refund]
rate: {per: person_year, value: 0.1, assumption: made up}
roles:
  thief: {select: {accounts: [current]}, n: 1, assumption: one}
  shop: {select: {shops: [any]}, assumption: one}
phases:
  - name: take
    from: shop
    to: thief
    amount: {draw: 20..500}
    timing: {delay: 1h}
    count: 2
    channel: card_present
    assumption: made up
labels: {fraud: [take]}
"""
FILES = {
    "study.yaml": STUDY, "slump.yaml": SCENARIO, "pack.yaml": PACK, "schema.yaml": SCHEMA,
    "refund.yaml": NARRATIVE, "rows.csv": CSV,
}  # fmt: skip
RUN = ["plan", "study.yaml"]
CHECK = ["check", "rows.csv", "--rules", "pack.yaml"]
READ = [*CHECK, "--schema", "schema.yaml"]

# what, file, old text, new text, command, place, found, expected, remedy
MISTAKES = [
    ("a word for a number", "study.yaml", "paths: 4", "paths: many", RUN, "study.yaml:3:71",
     "market.paths: 'many'", "a whole number of paths", "write `paths: 200`"),
    ("a blank between thousands", "study.yaml", "accounts: 500", "accounts: 20 000", RUN, "study.yaml:4:16",
     "transactions.accounts: '20 000'", "at least 200", "write 20000"),
    ("a comma between thousands", "study.yaml", "accounts: 500", "accounts: '20,000'", RUN, "study.yaml:4:16",
     "'20,000' has a comma", "a whole number of accounts", "write 20000"),
    ("a point between thousands", "study.yaml", "accounts: 500", "accounts: 20.000", RUN, "study.yaml:4:16",
     "20.000 is 20 to some, 20000 to others", "a whole number of accounts", "write 20000 or 20"),
    ("a letter with many meanings", "study.yaml", "accounts: 500", "accounts: 2mm", RUN, "study.yaml:4:16",
     "mm means different things", "k for thousands, m for millions", "write 2m"),
    ("months where days are meant", "study.yaml", "days: 10", "days: 3m", RUN, "study.yaml:4:41",
     "'3m': the key names the unit", "in days, at least 1", "write 3"),
    ("half a bank", "study.yaml", "banks: 2", "banks: 2.5", RUN, "study.yaml:4:31",
     "transactions.banks: 2.5 is not whole", "a whole number of banks", "write 2 or 3"),
    ("below zero", "study.yaml", "id: mine", "id: mine\nseed: -1", RUN, "study.yaml:3:1",
     "seed: -1", "at least 0", "write `seed: 7`"),
    ("too many", "study.yaml", "accounts: 500", "accounts: 900m", RUN, "study.yaml:4:16",
     "transactions.accounts: '900m'", "at most 100,000,000", "write `accounts: 20000`"),
    ("percent without its sign", "study.yaml", "sessions: 60", "sessions: 60, holdout: 20", RUN,
     "study.yaml:3:95", "market.holdout: 20", "a share, as a decimal or in percent", "write 20% or 0.2"),
    ("a day as at home", "study.yaml", "id: mine", "id: mine\nstart: 31.12.2025", RUN, "study.yaml:3:1",
     "start: '31.12.2025'", "a day as year-month-day", "write 2025-12-31"),
    ("a day that is none", "study.yaml", "id: mine", "id: mine\nstart: 2025-02-30", RUN, "study.yaml:3:1",
     "start: '2025-02-30'", "2025-02 has 28 days", "write 2025-02-28"),
    ("a key one block too high", "study.yaml", "id: mine", "id: mine\nsessions: 60", RUN, "study.yaml:3:1",
     "unknown key 'sessions'", "one of the keys", "write it inside `market:`"),
    ("a key of several blocks", "study.yaml", "id: mine", "id: mine\nrules: ohlcv", RUN, "study.yaml:3:1",
     "unknown key 'rules'", "one of the keys", "use one of: credit"),
    ("a mapping for a list", "study.yaml", "scenarios: [base]", "scenarios: {base: yes}", RUN,
     "study.yaml:5:13", "unknown key 'base' of scenarios", "the keys name, severity", "name, severity"),
    ("a currency by its name", "study.yaml", "currency: USD", "currency: EURO", RUN, "study.yaml:4:51",
     "'EURO' is no currency", "a currency code of ISO 4217", "did you mean 'EUR'?"),
    ("a key with a slip", "study.yaml", "scenarios:", "scenarois:", RUN, "study.yaml:5:1",
     "unknown key 'scenarois'", "one of the keys", "did you mean 'scenarios'?"),
    ("a key left empty", "study.yaml", "id: mine", "id:", RUN, "study.yaml:2:1",
     "id: nothing (null)", "a name of at most 64", "write a value"),
    ("a key left out", "study.yaml", "id: mine\n", "", RUN, "study.yaml:1:1",
     "id: missing", "a name of at most 64", "add `id: "),
    ("maybe", "study.yaml", "enabled: false", "enabled: maybe", RUN, "study.yaml:6:14",
     "evaluation.enabled: 'maybe'", "yes or no", "write `enabled: true`"),
    ("a tab", "study.yaml", "scenarios:", "a:\n\t- b\nscenarios:", RUN, "study.yaml:6:1",
     "a tab in the indentation", "spaces", "write two spaces for each tab"),
    ("a severity in words", "study.yaml", "[base]", "[base, gfc-2008@half]", RUN, "study.yaml:5:19",
     "'gfc-2008@half': 'half' is no severity", "NAME@SEVERITY, a number from 0 to 3", "write gfc-2008@0.5"),
    ("a scenario twice", "study.yaml", "[base]", "[gfc-2008@50%, {name: gfc-2008, severity: 0.5}]", RUN,
     "study.yaml:5:27", "listed twice at one severity: gfc-2008@0.5", "each once", "remove one"),
    ("a narrative twice", "study.yaml", "[account_takeover]", "[account_takeover, account_takeover]", RUN,
     "study.yaml:4:97", "narrative 'account_takeover' is listed twice", "each once", "remove one"),
    ("one number for a path", "slump.yaml", "[1.0, 2.0, 2.0, 1.0]", "[1.0, two, 2.0, 1.0]",
     ["stress", "study.yaml", "--scenario", "slump.yaml"], "slump.yaml:8:51",
     "macro.unemployment.path.1: 'two'", "a number", "write `- 1.5`"),
    ("a probability above one", "slump.yaml", "weight: 0.1", "weight: 150%",
     ["stress", "study.yaml", "--scenario", "slump.yaml"], "slump.yaml:9:15",
     "probability.weight: 1.5", "a probability in [0, 1]", "correct this value"),
    ("a duration without its unit", "refund.yaml", "delay: 1h", "delay: 90", ["plan", "told.yaml"],
     "refund.yaml:16:14", "phases.0.timing.delay: 90 is not a duration", "ms, s, m, h, d or w", "write 9h"),
    ("an amount in thousands", "refund.yaml", "draw: 20..500", "draw: 10k", ["plan", "told.yaml"],
     "refund.yaml:15:14", "'10k' is not a number", "a number", "write 10000"),
    ("numbers without a source", "refund.yaml", ", n: 1, assumption: one", "", ["plan", "told.yaml"],
     "refund.yaml:9:3", "roles.thief: numbers without a source", "`source:` or an `assumption:`",
     "add `assumption: WHY`"),
    ("a level that is none", "pack.yaml", "check: amount", "level: invarient, check: amount", CHECK,
     "pack.yaml:9:20", "level: 'invarient'", "one of invariant, policy", "did you mean 'invariant'?"),
    ("a currency of no country", "pack.yaml", "ccy: USD", "ccy: US Dollar", CHECK, "pack.yaml:7:25",
     "'US Dollar' is no currency", "a currency code of ISO 4217", "did you mean 'USD'?"),
    ("a type that is none", "schema.yaml", "{type: id}", "{type: string}", READ, "schema.yaml:4:8",
     "columns.id.type: 'string'", "one of bool, int, float, ratio, money, date", "use one of:"),
    ("a city that is no zone", "schema.yaml", "kind: table", "kind: table\nread: {zone: Berlin}", READ,
     "schema.yaml:3:8", "'Berlin' is no time zone", "an IANA time zone", "did you mean 'Europe/Berlin'?"),
]  # fmt: skip


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one good file of every kind."""
    monkeypatch.chdir(tmp_path)
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "told.yaml").write_text(STUDY.replace("account_takeover", "refund.yaml"))
    return tmp_path


def answer(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """Run the command line; return its exit code and what it said of errors."""
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    return int(stopped.value.code or 0), capsys.readouterr().err


def refused(folder: Path, arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """Run what must be refused; return the message after checking what holds for every message."""
    before = sorted(folder.rglob("*"))
    code, said = answer(arguments, capsys)
    assert code == 2, said
    assert "Traceback" not in said
    assert not spoken(said), spoken(said)
    assert sorted(folder.rglob("*")) == before, "something was written"
    return said


@pytest.mark.parametrize("arguments", [RUN, CHECK, READ, ["plan", "told.yaml"]], ids=" ".join)
def test_the_files_are_good_before_the_mistake(
    arguments: list[str], here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, said = answer(arguments, capsys)
    assert code == 0, said


@pytest.mark.parametrize("mistake", MISTAKES, ids=[mistake[0] for mistake in MISTAKES])
def test_a_mistake_is_answered(
    mistake: tuple[str, str, str, str, list[str], str, str, str, str],
    here: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    _, file, old, new, command, place, found, expected, remedy = mistake
    text = (here / file).read_text()
    assert text.count(old) >= 1
    (here / file).write_text(text.replace(old, new, 1))
    said = refused(here, command, capsys)
    heads = said.split("Error: ")[1:]
    told = next((one for one in heads if one.startswith(f"{place}: ")), None)
    assert told is not None, said
    first, second = told.split("\n  remedy: ")
    assert found in first.split("; expected ")[0], told
    assert expected in first.split("; expected ")[1], told
    assert remedy in second, told


# command, file that is given, what it is called, the verb that takes it
KINDS = {
    "a study": ("run FILE", "study.yaml", "finsim run FILE"),
    "a scenario": ("stress study.yaml --scenario FILE", "slump.yaml", "finsim stress RUN --scenario FILE"),
    "a rule pack": ("check rows.csv --rules FILE", "pack.yaml", "finsim check DATA --rules FILE"),
    "a schema": ("check rows.csv --rules pack.yaml --schema FILE", "schema.yaml", "--schema FILE"),
    "a narrative": ("", "refund.yaml", "a study takes it: `transactions: {narratives: [FILE]}`"),
    "a CSV table": ("check FILE --rules pack.yaml", "rows.csv", "finsim check FILE --rules PACK"),
    "a Parquet file": ("", "rows.parquet", "finsim check FILE --rules PACK"),
}


@pytest.mark.parametrize(("wanted", "given"), [
    (wanted, given) for wanted, (command, _, _) in KINDS.items() for given in KINDS
    if command and given != wanted and not (wanted == "a CSV table" and given == "a Parquet file")
])  # fmt: skip
def test_a_file_of_another_kind_is_named(
    wanted: str, given: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pq.write_table(pa.table({"id": ["a"], "amount": [1.0]}), here / "rows.parquet")
    command, _, _ = KINDS[wanted]
    _, file, verb = KINDS[given]
    said = refused(here, command.replace("FILE", file).split(), capsys)
    assert f"{file}: {given}" in said
    assert verb in said
    assert "; expected " in said


def test_json_and_a_record_of_a_run_are_named(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "rows.json").write_text(json.dumps([{"id": "a", "amount": 1.0}]))
    (here / "manifest.json").write_text(json.dumps({"finsim_version": "1", "files": {}, "study": {}}))
    assert "JSON, not a table" in refused(here, ["check", "rows.json", "--rules", "pack.yaml"], capsys)
    assert "the file must be a mapping" in refused(here, ["plan", "rows.json"], capsys)
    assert "the record of a run" in refused(here, ["plan", "manifest.json"], capsys)
    (here / "study.json").write_text(json.dumps({"finsim": "study/1", "id": "j", "market": {}}))
    said = refused(here, ["plan", "study.json"], capsys)
    assert "study.json:1:34: market.data: missing; expected a file, or a bundled data set" in said


def test_a_folder_says_what_it_holds_and_a_missing_file_what_is_near(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "only").mkdir()
    (here / "only" / "one.yaml").write_text(STUDY)
    said = refused(here, ["plan", "only"], capsys)
    assert "only: a folder; it holds one.yaml" in said
    assert f"give the file: {Path('only/one.yaml')}" in said
    said = refused(here, ["check", "only", "--rules", "pack.yaml"], capsys)
    assert "no Parquet files in this folder; it holds one.yaml" in said
    said = refused(here, ["plan", "studdy.yaml"], capsys)
    assert "studdy.yaml: no such file; expected a study" in said
    assert "did you mean 'study.yaml'?" in said
    assert "did you mean 'study.yaml'?" in refused(here, ["plan", "study"], capsys)
    assert "there is no folder 'nowhere'" in refused(here, ["plan", "nowhere/study.yaml"], capsys)
    (here / "run").mkdir()
    (here / "run" / "manifest.json").write_text("{}")
    assert "the folder of a run; it holds manifest.json" in refused(here, ["plan", "run"], capsys)
    assert "did you mean 'rows.csv'?" in refused(here, ["check", "row.csv", "--rules", "pack.yaml"], capsys)


@pytest.mark.parametrize("name", ["study.yaml", "slump.yaml", "pack.yaml", "schema.yaml", "refund.yaml"])
def test_windows_files_are_read_or_refused_in_words(
    name: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from finsim.agents.narratives.narrative import Narrative
    from finsim.constraints.packs.ruleset import RuleSet
    from finsim.engine.study.study_file import load_study
    from finsim.errors import FinsimError
    from finsim.scenarios.scenario import load
    from finsim.tables import load_schema

    read = dict(zip(FILES, (load_study, load, RuleSet.load, load_schema, Narrative.load), strict=False))[name]
    text = FILES[name]
    good = read(name)
    (here / name).write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    assert read(name) == good
    for encoding, words in (("utf-16", "UTF-16 text"), ("utf-16-le", "UTF-16 text without a mark")):
        (here / name).write_bytes(text.encode(encoding))
        with pytest.raises(FinsimError, match=words):
            read(name)
    (here / name).write_bytes(text.encode() + b"# caf\xe9\n")
    with pytest.raises(FinsimError, match=rf"{name}:{text.count(chr(10)) + 1}:6: byte 0xe9 is not UTF-8"):
        read(name)
    (here / name).write_bytes(b"")
    with pytest.raises(FinsimError, match="the file is empty"):
        read(name)


def test_all_mistakes_of_a_file_come_at_once_in_its_order(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = STUDY
    for old, new in (
        ("id: mine", "id: mine\nsede: 5"), ("paths: 4", "paths: x"), ("banks: 2", "banks: 0"),
        ("USD", "DOLLAR"), ("[base]", "[bsae, base@7]"), ("false", "perhaps"),
    ):  # fmt: skip
        text = text.replace(old, new)
    (here / "study.yaml").write_text(text)
    said = refused(here, RUN, capsys)
    lines = [int(one.split(":")[1]) for one in said.split("StudyError: ")[1:]]
    assert lines == [3, 4, 5, 5, 6, 6, 7], said
