"""A narrative whose typology no scenario names starts as often under all of them: plan and stress say so."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_remedies_work import NARRATIVE

from finsim.cli.main import main
from finsim.engine.answers.unmoved_narratives import unmoved_narratives
from finsim.engine.study.study_file import study_of
from finsim.engine.study.study_resolution import resolve


def told(folder: Path, typology: str, *scenarios: str, more: str = "") -> dict[str, str]:
    """Return what is said of one's own narrative beside a shipped one and a decoy."""
    text = NARRATIVE.replace("[card_testing]", f"[{typology}]") + more
    (folder / "mine.yaml").write_text(text)
    part = {"accounts": 500, "days": 90, "narratives": ["mine.yaml", "account_takeover", "payroll_fan_out"]}
    return unmoved_narratives(
        resolve(study_of({"id": "s", "transactions": part, "scenarios": list(scenarios)}))
    )


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_what_no_scenario_names_is_told(here: Path) -> None:
    found = told(here, "refund_fraud", "base", "fraud-wave-mule-surge")
    assert list(found) == ["mine"]
    assert found["mine"].startswith("typology refund_fraud, no scenario in this study changes its rate")
    both = told(here, "refund_fraud, layaway", "fraud-wave-mule-surge")
    assert "typology refund_fraud, layaway, no" in both["mine"]


def test_what_a_scenario_changes_is_not(here: Path) -> None:
    assert told(here, "card_testing", "base", "fraud-wave-mule-surge") == {}
    assert told(here, "refund_fraud, card_testing", "fraud-wave-mule-surge") == {}
    form = "variants: {a: {weight: 1, typology: structuring, source: x}}\n"
    assert told(here, "refund_fraud", "fraud-wave-mule-surge", more=form) == {}


def test_nothing_is_told_where_no_rate_is_changed_at_all(here: Path) -> None:
    assert told(here, "refund_fraud", "base", "rates-shock-2022", "fraud-wave-mule-surge@0") == {}


def test_a_shipped_narrative_is_told_of_too(here: Path) -> None:
    (here / "slow.yaml").write_text(
        "finsim: scenario/1\nid: slow\ntitle: x\nkind: hypothetical\nextends: base\n"
        "fraud: {intensity_mult: {refund_fraud: 2}, assumption: ours}\n"
    )
    assert list(told(here, "refund_fraud", "base", "slow.yaml")) == ["account_takeover"]


def test_plan_and_stress_print_it(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "mine.yaml").write_text(NARRATIVE.replace("[card_testing]", "[refund_fraud]"))
    (here / "s.yaml").write_text(
        "finsim: study/1\nid: s\nevaluation: off\nscenarios: [base, fraud-wave-mule-surge]\n"
        "transactions: {accounts: 300, banks: 2, days: 80, narratives: [mine.yaml]}\n"
    )
    words = "narrative mine: typology refund_fraud, no scenario in this study changes its rate"
    for command in (
        ["plan", "s.yaml"],
        ["stress", "s.yaml", "--scenario", "fraud-wave-mule-surge", "-o", "r"],
    ):
        with pytest.raises(SystemExit) as stopped:
            main(command)
        said = " ".join(capsys.readouterr().out.split())
        assert not stopped.value.code
        assert said.count(words) == 1
