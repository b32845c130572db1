"""What a study may be written as: percent, k and m, one for a list, NAME@SEVERITY; the study is the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from pydantic import TypeAdapter, ValidationError

from finsim.document_numbers import Count, Length, Misfit, Number, Share, Whole, YesNo
from finsim.documents import parse, shipped
from finsim.engine.study.study_file import ScenarioChoice, Study, load_study, recorded_study, study_of
from finsim.errors import StudyError
from finsim.scenarios.scenario import load
from finsim.tables.currencies import CURRENCIES, Currency
from finsim.verbs.schema import schema

pytestmark = pytest.mark.sweep

PLAIN = """\
finsim: study/1
id: s
market:
  data: wiki_aapl_ibm_2000_2013
  generator: {name: bootstrap, rules: {pack: ohlcv}}
  holdout: 0.25
  paths: 10000
transactions:
  accounts: 2000000
  days: 90
  narratives: [{name: account_takeover}]
credit: {data: german_credit, loans: 10000, target_pd: 0.025, prepayment: 0.008, keep: true, ignore: [x]}
scenarios: [{name: gfc-2008, severity: 0.5}]
evaluation: {enabled: false}
"""
SPELLED = """\
finsim: study/1
id: s
market:
  data: [wiki_aapl_ibm_2000_2013]
  generator: {name: bootstrap, rules: ohlcv}
  holdout: 25 %
  paths: 10k
transactions:
  accounts: 2m
  days: 9e1
  narratives: account_takeover
credit: {data: german_credit, loans: 10_000, target_pd: 2.5%, prepayment: 0.8%, keep: Yes, ignore: x}
scenarios: gfc-2008@0.5
evaluation: {enabled: no}
"""
# Of PLAIN; it moves only when a study has another key.
BEFORE = "264955f73336a04bb6d5f2449e2c79bc73e04ab2b786d1deb62d7bc112a04231"


def study(folder: Path, text: str) -> Study:
    """Write and read a study."""
    (folder / "s.yaml").write_text(text)
    return load_study(str(folder / "s.yaml"))


def test_a_spelled_study_is_the_plain_one_and_its_identity_is_what_it_was(tmp_path: Path) -> None:
    plain, spelled = study(tmp_path, PLAIN), study(tmp_path, SPELLED)
    assert spelled == plain
    assert spelled.digest == plain.digest == BEFORE


@pytest.mark.parametrize(
    "line",
    [
        "scenarios: gfc-2008@0.5", "scenarios: [gfc-2008@50%]", "scenarios: {name: gfc-2008, severity: 0.5}",
        "scenarios: [{name: gfc-2008@0.5}]", "scenarios: {name: gfc-2008@.5, severity: 0.5}",
        "scenarios: [{name: gfc-2008, severity: 50%}]", "scenarios:\n  - gfc-2008@0.50",
    ],
)  # fmt: skip
def test_a_scenario_with_its_severity_in_every_form(tmp_path: Path, line: str) -> None:
    head, tail = PLAIN.split("scenarios: ")
    text = head + line + "\n" + tail.partition("\n")[2]
    assert study(tmp_path, text).digest == BEFORE


@pytest.mark.parametrize(
    ("text", "name", "severity", "label"),
    [
        ("gfc-2008", "gfc-2008", 1.0, "gfc-2008"),
        ("gfc-2008@0.5", "gfc-2008", 0.5, "gfc-2008@0.5"),
        ("gfc-2008@1", "gfc-2008", 1.0, "gfc-2008"),
        ("base@0", "base", 0.0, "base@0"),
        ("covid-2020@150%", "covid-2020", 1.5, "covid-2020@1.5"),
        ("my/slump.yaml@2", "my/slump.yaml", 2.0, "slump@2"),
        ("a@b/slump.yaml", "a@b/slump.yaml", 1.0, "slump"),
        ("slump@2.yaml", "slump@2.yaml", 1.0, "slump@2"),
    ],
)
def test_the_name_of_a_run_is_a_scenario(text: str, name: str, severity: float, label: str) -> None:
    choice = ScenarioChoice.of(text)
    assert (choice.name, choice.severity, choice.label) == (name, severity, label)
    assert ScenarioChoice.model_validate(choice.model_dump()) == choice
    assert choice == ScenarioChoice(name=name, severity=severity)


@pytest.mark.parametrize(
    "text", ["gfc@high", "gfc@-1", "gfc@4", "gfc@nan", "gfc@.inf", "gfc@", "@0.5", "gfc@1bp"]
)
def test_what_is_no_severity_is_refused(text: str) -> None:
    with pytest.raises(
        StudyError, match="is no severity; expected NAME@SEVERITY, a number from 0 to 3"
    ) as told:
        ScenarioChoice.of(text)
    assert "@0.5" in told.value.problems[0].remedy


def test_a_severity_said_twice_must_be_one() -> None:
    assert ScenarioChoice.of("gfc-2008@0.5", 0.5).severity == 0.5
    assert ScenarioChoice.of("gfc-2008", 0.8).severity == 0.8
    with pytest.raises(StudyError, match="one severity"):
        ScenarioChoice.of("gfc-2008@0.5", 0.8)
    with pytest.raises(StudyError, match=r"severity 4; expected a number from 0"):
        ScenarioChoice.of("gfc-2008", 4)


def test_a_file_whose_name_holds_the_sign_is_that_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "slump@2").write_text("a: 1\n")
    assert ScenarioChoice.of("slump@2").name == "slump@2"


def test_a_study_from_values_is_checked_as_a_file_is(tmp_path: Path) -> None:
    data = parse(SPELLED, "s").data
    assert study_of({**data, "scenarios": ("gfc-2008@0.5",)}).digest == BEFORE
    with pytest.raises(StudyError) as told:
        study_of(
            {**data, "scenarios": ["gfc-2008", "gfc-2008@1"], "credit": {"data": "german_credit", "lones": 5}}
        )
    assert "credit.lones: unknown key 'lones' of credit" in str(told.value)
    with pytest.raises(StudyError, match=r"market.paths: 'x'; expected a whole number"):
        recorded_study({**data, "market": {"data": "d", "paths": "x"}}, "run/manifest.json")


def test_other_scenarios_of_a_study_are_named_the_same_way(tmp_path: Path) -> None:
    other = study(tmp_path, PLAIN).with_scenarios("base", "covid-2020@0.5")
    assert [choice.label for choice in other.scenarios] == ["base", "covid-2020@0.5"]
    with pytest.raises(StudyError, match="twice"):
        other.with_scenarios("covid-2020@1", "covid-2020")


READ: list[tuple[Any, Any, Any]] = [
    (Share, "5%", 0.05), (Share, "5 %", 0.05), (Share, 0.05, 0.05), (Share, "0.05", 0.05),
    (Share, "0.8%", 0.008),
    (Share, "12.5%", 0.125), (Share, "100%", 1.0), (Share, 1, 1.0), (Share, "1e-3", 0.001),
    (Count, "10k", 10_000), (Count, "10K", 10_000), (Count, "2m", 2_000_000), (Count, "2M", 2_000_000),
    (Count, "1.5k", 1_500), (Count, 1e6, 1_000_000), (Count, "1e6", 1_000_000), (Count, "10_000", 10_000),
    (Count, "2.3m", 2_300_000), (Whole, "9223372036854775807", 2**63 - 1), (Length, "36", 36),
    (Length, 36.0, 36),
    (Number, "10_000", 10_000.0), (Number, "-2.5", -2.5), (YesNo, "yes", True), (YesNo, "No", False),
    (YesNo, "on", True), (YesNo, "OFF", False), (YesNo, False, False), (Currency, "EUR", "EUR"),
]  # fmt: skip
REFUSED: list[tuple[Any, Any, str]] = [
    (Share, "50bp", "write 0.5%"), (Share, "5pp", "write 5%"), (Share, "1,5%", "write 1.5%"),
    (Share, True, ""),    (Share, float("nan"), ""), (Count, "2mm", "write 2m"), (Count, "3bn", "all digits"),
    (Count, "10,000", "write 10000"), (Count, "1.000.000", "write 1000000"), (Count, 2.5, "write 2 or 3"),
    (Count, "0.0001k", "write 0 or 1"), (Count, True, ""), (Count, False, ""), (Length, "36m", "write 36"),
    (Length, "5d", "write 5"), (Number, "1,5", "write 1.5"), (Number, True, ""), (Number, float("inf"), ""),
    (Currency, "EURO", "did you mean 'EUR'?"), (Currency, "eur", "did you mean 'EUR'?"),
    (Currency, "$", "did you mean 'USD'?"), (Currency, "USDT", "did you mean 'USD'?"), (Currency, "", ""),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "written", "value"), READ)
def test_what_is_read(kind: Any, written: Any, value: Any) -> None:
    found = TypeAdapter(kind).validate_python(written)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(("kind", "written", "remedy"), REFUSED)
def test_what_may_be_meant_in_two_ways_is_refused(kind: Any, written: Any, remedy: str) -> None:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(kind).validate_python(written)
    own = caught.value.errors()[0]["ctx"]["error"]
    assert isinstance(own, Misfit)
    assert remedy in own.remedy


def test_currencies_are_codes_each_once() -> None:
    assert len(CURRENCIES) == len(set(CURRENCIES)) > 180
    assert all(len(code) == 3 and code.isalpha() and code.isupper() for code in CURRENCIES)
    assert {"USD", "EUR", "JPY", "DEM", "XXX"} <= set(CURRENCIES)


def test_a_scenario_may_be_spelled(tmp_path: Path) -> None:
    text = (
        "finsim: scenario/1\nid: x\ntitle: X\nkind: hypothetical\nextends: base\n"
        "horizon: {length: 4, step: quarter}\nprobability: {weight: @, basis: judgement}\n"
        "fraud: {self_excitation: {branching_ratio: 0.3, half_life_hours: 12}}\n"
    )
    file = tmp_path / "x.yaml"
    file.write_text(text.replace("@", "5%"))
    spelled = load(str(file))
    file.write_text(text.replace("@", "0.05"))
    plain = load(str(file))
    assert spelled == plain
    assert plain.probability is not None
    assert plain.probability.weight == 0.05


@pytest.mark.parametrize("generator", ["flowz", "[flowz]", "{name: [flowz]}", "{name: flow, rules: ohlvc}"])
def test_a_name_is_looked_up_however_it_is_written(tmp_path: Path, generator: str) -> None:
    path = tmp_path / "s.yaml"
    path.write_text(
        f"finsim: study/1\nid: s\nmarket:\n  data: [wiki_aapl_ibm_2000_2013]\n  generator: {generator}\n"
    )
    with pytest.raises(StudyError, match=r"s\.yaml:5:.*(flowz|ohlvc)"):
        load_study(str(path))


def test_a_curve_that_is_a_list_may_hold_lists_of_one(tmp_path: Path) -> None:
    text = (shipped("scenarios/stress") / "gfc-2008.yaml").read_text(encoding="utf-8")
    plain, spelled = "spread_mult: [1.2, 1.4,", 'spread_mult: [[1.2], "1.4",'
    assert plain in text
    (tmp_path / "gfc-2008.yaml").write_text(text.replace(plain, spelled), encoding="utf-8")
    assert load(str(tmp_path / "gfc-2008.yaml")) == load("gfc-2008")


def test_the_json_schema_takes_what_the_loader_takes() -> None:
    takes = Draft202012Validator(schema("study"))
    takes.validate(parse(SPELLED, "s.yaml").data)
    for chosen in ("gfc-2008@0.5", ["gfc-2008@50%", "./mine.yaml@2"], {"name": "gfc-2008@.5"}):
        data = {**parse(PLAIN, "s.yaml").data, "scenarios": chosen}
        assert takes.is_valid(data), chosen
    for chosen in ("gfc", "gfc-2008@hard", [["gfc-2008"]]):
        assert not takes.is_valid({**parse(PLAIN, "s.yaml").data, "scenarios": chosen}), chosen


@pytest.mark.parametrize("days", ["[[10]]", "[[[10]]]"])
def test_a_list_in_a_list_is_not_taken_for_what_stands_in_it(days: str, tmp_path: Path) -> None:
    """The schema of editors takes a list of one, and so do the files; neither takes more."""
    file = tmp_path / "mine.yaml"
    world = "{accounts: 500, days: DAYS, narratives: [account_takeover]}"
    text = f"finsim: study/1\nid: mine\ntransactions: {world}\nscenarios: [base]\n"
    file.write_text(text.replace("DAYS", "[10]"))
    assert load_study(file).transactions.days == 10
    file.write_text(text.replace("DAYS", days))
    with pytest.raises(StudyError, match="days: a list of 1; expected a whole number"):
        load_study(file)
