# ruff: noqa: E501  (a table reads best with one case a line)
"""The mistakes of a first week at the command line: place, what was found, what was meant, an example."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from finsim import documents
from finsim.cli.main import main

pytestmark = pytest.mark.sweep

PARSER_WORDS = (
    "No such option", "No such command", "Missing ", "Invalid value", "Got unexpected", "does not take a value",
    "requires an argument", "is not a valid", "Try '", "Usage:", "Input should", "Traceback", "click", "typer",
    "pydantic", "range",
)  # fmt: skip

# command line; then place; then what is said of it, remedy and example included
MISTAKES = [
    # options and verbs by another name
    ("sample model --n 3 -o p.csv", "finsim sample: --n", "no option is called --n", "did you mean '--paths'?"),
    ("sample model --rows 1.500", "finsim sample: --rows", "1.500 is not whole: the point is the decimal sign", "write --rows 1500"),
    ("sample model --num-paths 3", "finsim sample: --num-paths", "no option", "did you mean '--paths'?"),
    ("sample model --count 3", "finsim sample: --count", "no option", "did you mean '--paths'?"),
    ("sample model --out p.csv", "finsim sample: --out", "no option", "did you mean '-o'?"),
    ("run quickstart --random-state 3", "finsim run: --random-state", "no option", "did you mean '--seed'?"),
    ("run quickstart --n-jobs 2", "finsim run: --n-jobs", "no option", "did you mean '--workers'?"),
    ("check bars.csv --rule ohlcv", "finsim check: --rule", "no option", "did you mean '--rules'?"),
    ("check bars.csv --pack ohlcv", "finsim check: --pack", "no option", "did you mean '--rules'?"),
    ("run quickstart --sed 3", "finsim run: --sed", "no option", "did you mean '--seed'?"),
    ("generate model", "finsim", "no verb is called 'generate'", "did you mean 'sample'?"),
    ("train prices.csv", "finsim", "no verb is called 'train'", "did you mean 'fit'?"),
    ("validate bars.csv", "finsim", "no verb is called 'validate'", "did you mean 'check'?"),
    ("stress-test quickstart", "finsim", "no verb is called 'stress-test'", "did you mean 'stress'?"),
    ("ls", "finsim", "no verb is called 'ls'", "did you mean 'list'?"),
    ("info covid-2020", "finsim", "no verb is called 'info'", "did you mean 'show'?"),
    ("rnu quickstart", "finsim", "no verb is called 'rnu'", "did you mean 'run'?"),
    ("rules lnt ohlcv", "finsim rules", "no verb is called 'lnt'", "did you mean 'lint'?"),
    ("run quickstart -seed 3", "finsim run: -seed", "one dash", "write --seed"),
    ("sample model -output p.csv", "finsim sample: -output", "one dash", "write --output"),
    ("sample model -out p.csv", "finsim sample: -out", "one dash", "write -o"),
    ("run -help", "finsim run: -help", "one dash", "write --help"),
    ("fit --data bars.csv -o m", "finsim fit: --data", "no option", "DATA, which stands without an option"),
    ("help run", "finsim", "no verb is called 'help'", "write finsim run -h"),
    ("version", "finsim", "no verb is called 'version'", "write finsim --version"),
    ("-v", "finsim: -v", "no option", "did you mean '--version'?"),
    ("finsim run tiny", "finsim", "no verb is called 'finsim'", "write finsim run tiny"),
    ("narrative lint a.yaml", "finsim narrative", "'lint'", "did you mean 'check'?"),
    ("narrative list", "finsim narrative", "'list'", "write finsim list narratives"),
    ("rules show ohlcv", "finsim rules", "'show'", "write finsim show NAME"),
    # something is missing, or too much
    ("check bars.csv ohlcv", "finsim check", "a word too many: ohlcv", "write --rules ohlcv"),
    ("stress tiny covid-2020", "finsim stress", "a word too many: covid-2020", "write --scenario covid-2020"),
    ("fit bars.csv bootstrap -o m", "finsim fit", "a word too many: bootstrap", "write --generator bootstrap"),
    ("sample", "finsim sample: MODEL", "MODEL is missing", "finsim sample model --paths 200"),
    ("check bars.csv", "finsim check: --rules", "--rules is missing", "--rules ohlcv"),
    ("stress quickstart", "finsim stress: --scenario", "--scenario is missing", "--scenario covid-2020"),
    ("compare runs/a", "finsim compare: RUN", "RUN is missing", "finsim compare runs/mine runs/covid"),
    ("fit bars.csv more.csv", "finsim fit", "a word too many: more.csv", "finsim fit prices.csv"),
    ("sample model --paths", "finsim sample: --paths", "has no value", "write --paths 100"),
    ("run quickstart --json=yes", "finsim run: --json", "--json has a value", "write --json"),
    ("fit bars.csv", "finsim fit: -o", "no folder to write to", "write -o model"),
    ("sample model", "finsim sample: -o", "no file to write to", "write -o paths.parquet"),
    ("simulate", "finsim simulate: -o", "no folder to write to", "write -o world"),
    ("check bars.csv --rules ohlcv --repair", "finsim check: --repair", "without -o", "--repair -o clean"),
    # values
    ("sample model --start 2026-02-30 -o p.csv", "finsim sample: --start", "2026-02 has 28 days", "--start 2026-02-28"),
    ("sample model --start 31.12.2025 -o p.csv", "finsim sample: --start", "'31.12.2025'", "--start 2025-12-31"),
    ("sample model --start 2026-13-01 -o p.csv", "finsim sample: --start", "month from 1 to 12", "--start 2026-01-31"),
    ("simulate --evade 150% -o w", "finsim simulate: --evade", "1.5; expected a number, 0 to 1", "--evade 0.5"),
    ("inject bars.csv --narratives card_testing_escalation --rate 80% -o i", "finsim inject: --rate", "0.8", "--rate 0.002"),
    ("show app-scam", "finsim show", "'app-scam'", "did you mean 'app_scam_mule_chain'?"),
    ("show layering", "finsim show", "'layering'", "layering_cycle"),
    ("sample model --paths ten -o p.csv", "finsim sample: --paths", "'ten'", "write --paths 100"),
    ("sample model --paths 0 -o p.csv", "finsim sample: --paths", "0; expected a whole number", "write --paths 100"),
    ("sample model --paths 10.5 -o p.csv", "finsim sample: --paths", "10.5 is not whole", "write --paths 10"),
    ("sample model --paths 10,000 -o p.csv", "finsim sample: --paths", "comma", "write --paths 10000"),
    ("sample model --paths --steps 5", "finsim sample: --paths", "no value", "write --paths 100"),
    ("sample model --start 01/02/2026 -o p.csv", "finsim sample: --start", "'01/02/2026'", "--start 2026-01-31"),
    ("stress quickstart --scenario covid-2020 --severity 5", "finsim stress: --severity", "5", "0 to 3"),
    ("stress quickstart --scenario covid-2020 --severity half", "finsim stress: --severity", "'half'", "0.5"),
    ("stress quickstart --scenario covid", "scenario", "no scenario is called 'covid'", "'covid-2020'?"),
    ("simulate --accounts 10 -o w", "finsim simulate: --accounts", "10; expected", "200 or more"),
    ("simulate --schemes account_takeover -o w", "finsim simulate: --schemes", "NAME=COUNT", "account_takeover=50"),
    ("simulate --schemes account_takeover=many -o w", "finsim simulate: --schemes", "NAME=COUNT", "=50"),
    ("simulate --narrative account_takeover=-1 -o w", "finsim simulate: --narrative", "NAME=RATE", "=0.02"),
    ("run quickstart --seed -1", "finsim run: --seed", "-1; expected a whole number", "write --seed 7"),
    ("run quickstart --workers 0 --scale 0", "finsim run: --workers", "0; expected", "write --workers 2"),
    ("run quikstart", "study", "no study is called 'quikstart'", "did you mean 'quickstart'?"),
    ("run", "finsim run: STUDY", "neither a study nor resume", "quickstart"),
    ("run bars.csv", "bars.csv", "", "remedy"),
    ("fit bars.csv --generator flwo -o m", "finsim fit: --generator", "'flwo'", "did you mean 'flow'?"),
    ("fit bars.csv --steps 5 --cpu-seconds 9 -o m", "finsim fit: --steps, --cpu-seconds", "both", "one of them"),
    ("fit nowhere.csv -o m", "nowhere.csv", "no such file", "bars.csv"),
    ("sample nowhere -o p.csv", "nowhere", "no model", "finsim fit"),
    ("check bars.csv --rules ohclv", "rule pack", "'ohclv'", "did you mean 'ohlcv'?"),
    ("check bars.csv --rules ohlcv --tier fast", "tier", "'fast'", "auto"),
    ("check bars.csv --rules ohlcv --explain first", "finsim check: --explain", "'first'", "--explain 0"),
    ("check bars.csv --rules ohlcv --set cap", "--set", "'cap'", "NAME=VALUE"),
    ("trace nowhere loans x", "finsim trace: ROW", "'x'", "write 37"),
    ("trace nowhere loans -1", "finsim trace", "below 0", "0 or more"),
    ("verify nowhere", "nowhere", "no such folder", "finsim run"),
    ("verify bars.csv", "bars.csv", "a file, not the folder of a run", "finsim run"),
    ("list scenario", "finsim list", "'scenario'", "did you mean 'scenarios'?"),
    ("show covid", "finsim show", "'covid'", "did you mean 'covid-2020'?"),
    ("rules docs ohlcv -o page.pdf", "finsim rules docs: -o", "page.pdf", "write -o page.html"),
    # what was silently dropped, or answered about something else
    ("stress quickstart --scenario covid-2020 --scenario gfc-2008 -o s", "finsim stress: --scenario", "more than once", "give --scenario once"),
    ("check bars.csv --rules ohlcv --rules levels", "finsim check: --rules", "more than once", "once"),
    ("fit bars.csv --generator bootstrap --id Name -o m", "finsim fit: --id", "no column of entities", "leave id out"),
    ("sample bars.csv -o p.csv", "bars.csv", "a file, not the folder of a model", "finsim fit"),
    ("export quickstart --to prov -o e", "finsim export: --to", "no option is called --to", "did you mean '--as'?"),
    ("inject bars.csv --rate 0.1 -o i", "finsim inject: --narratives", "expected narratives", "--narratives account_takeover"),
    ("check bars.csv --rules ohlcv --set cap=1", "parameter cap of pack ohlcv", "no such parameter", "use one of"),
    ("new schema bars.csv -o s.json", "s.json", "'.json'", "write s.yaml"),
    ("show .", ".", "a folder; it holds bars.csv", "finsim run -o"),
    ("rules", "finsim rules", "no verb is named", "finsim rules -h"),
    ("--show-completion tcsh", "finsim: --show-completion", "'tcsh'", "bash, zsh, fish"),
]  # fmt: skip


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    text = gzip.decompress((documents.shipped("data") / "wiki_aapl_ibm_2000_2013.csv.gz").read_bytes())
    (tmp_path / "bars.csv").write_bytes(b"\n".join(text.splitlines()[:300]) + b"\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def ended(line: str) -> int | str | None:
    with pytest.raises(SystemExit) as stop:
        main(line.split())
    return stop.value.code


@pytest.mark.parametrize(("line", "place", "found", "remedy"), MISTAKES, ids=[one[0] for one in MISTAKES])
def test_a_mistake_is_answered(
    line: str, place: str, found: str, remedy: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(here.iterdir())
    assert ended(line) == 2
    said = capsys.readouterr()
    first = said.err.splitlines()[0]
    assert f": {place}" in first, first
    assert found in said.err
    assert "remedy: " in said.err
    assert remedy in said.err
    assert not [word for word in PARSER_WORDS if word in said.err]
    assert sorted(here.iterdir()) == before
    assert not said.out


@pytest.mark.parametrize("line", [one[0] for one in MISTAKES if not one[0].startswith("--")])
def test_a_mistake_has_the_envelope_of_every_answer(
    line: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended(f"{line} --json".replace("--json=yes --json", "--json --json=yes")) == 2
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert list(told) == ["finsim", "verb", "ok", "outputs", "result", "problems"]
    assert (told["ok"], told["result"], told["outputs"]) == (False, None, [])
    words = line.split()
    known = words[:2] if words[0] == "rules" and words[1:2] in (["lint"], ["docs"]) else words[:1]
    assert told["verb"] in (" ".join(known), "", "rules")
    for problem in told["problems"]:
        assert list(problem) == ["kind", "place", "found", "expected", "remedy"]
        assert problem["found"]


def test_all_wrong_numbers_are_told_at_once(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ended("run quickstart --workers 0 --scale 0 --seed -4") == 2
    said = capsys.readouterr().err
    assert [word for word in ("--workers", "--scale", "--seed") if f"finsim run: {word}: " in said] == [
        "--workers", "--scale", "--seed",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("written", "paths"), [("3", 3), ("0.01k", 10), ("1_0", None), ("1e1", 10), ("+4", 4), (" 5 ", 5)]
)
def test_numbers_are_read_as_people_write_them(
    written: str, paths: int | None, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended("fit bars.csv --generator bootstrap -o model --quiet") == 0
    capsys.readouterr()
    with pytest.raises(SystemExit) as stop:
        main(["sample", "model", "--paths", written, "--steps", "5", "-o", "p.csv", "--json", "--quiet"])
    told = json.loads(capsys.readouterr().out)
    assert stop.value.code == (0 if paths else 2)
    assert told["result"]["paths"] == paths if paths else told["problems"][0]["place"].endswith("--paths")


@pytest.mark.parametrize(("written", "share"), [("50%", 0.5), ("0.5", 0.5), ("100%", 1.0), ("2", 2.0)])
def test_a_severity_is_a_number_or_a_percentage(written: str, share: float) -> None:
    from finsim.cli.parsing.number_options import read
    from finsim.verbs.calling.argument_checks import number_of

    assert read(written, "severity", number_of("stress", "severity")) == share


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("accounts", "2_000", 2_000),
        ("accounts", "10k", 10_000),
        ("paths", "2M", 2_000_000),
        ("seed", "9" * 18, int("9" * 18)),
    ],
)
def test_counts_have_thousands(name: str, text: str, value: int) -> None:
    from finsim.cli.parsing.number_options import read
    from finsim.verbs.calling.argument_checks import number_of

    assert read(text, name, number_of("", name)) == value
