"""A story is checked and shown by itself: refusals, counts, giveaways, rows, time line, picture."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

import finsim
from finsim.cli.main import main
from finsim.engine.narratives.story_giveaways import ALIKE, ALL
from finsim.engine.narratives.story_preview import timeline

LEAKY = """\
finsim: narrative/1
id: leaky
title: Everybody pays one sum
story: People pay others the same odd sum at once.
family: test
typology: [leak]
rate: {per: person_year, value: 0.1, assumption: made up}
roles:
  payer: {select: {accounts: [current]}, n: 3, assumption: made up}
  payee: {select: {accounts: [current]}, assumption: made up}
phases:
  - {name: pay, from: payer, to: payee, motif: fan_in, channel: instant,
     amount: {draw: 777.77}, assumption: made up}
labels: {fraud: [pay]}
"""


@pytest.fixture
def leaky(tmp_path: Path) -> Path:
    path = tmp_path / "leaky.yaml"
    path.write_text(LEAKY)
    return path


def ends(words: list[str]) -> int:
    with pytest.raises(SystemExit) as stopped:
        main(words)
    return int(stopped.value.code or 0)


def test_a_check_names_what_gives_a_story_away(leaky: Path) -> None:
    found = finsim.narrative_check(leaky, accounts=600)
    beside = {one.narrative: one for one in found.given_away}
    assert set(beside) == {ALL, ALIKE}
    assert beside[ALIKE].column == "amount"
    assert beside[ALIKE].column_auc > 0.95
    assert found.problems[0].startswith("column amount gives its rows away: AUC ")
    assert found.phases[0].planned == 3 * found.schemes
    assert found.rows >= found.phases[0].posted > 0
    assert "remark" not in found.to_text()


def test_a_story_that_is_told_from_nothing_has_no_problem(leaky: Path) -> None:
    """The same story with sums as people write them: no column reaches the area of the odd sum."""
    text = LEAKY.replace("draw: 777.77", "draw: {dist: lognormal, median: 60, sigma: 1.1}")
    leaky.write_text(text.replace("labels:", "evade: [{mimic_amounts: 1, assumption: made up}]\nlabels:"))
    plain = {one.narrative: one for one in finsim.narrative_check(leaky, accounts=600).given_away}[ALIKE]
    assert plain.column_auc < 0.75


def test_a_check_refuses_what_the_loader_and_the_planner_refuse(
    leaky: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    leaky.write_text(LEAKY.replace("channel: instant", "channel: instnat").replace("id: leaky", "id: other"))
    assert ends(["narrative", "check", str(leaky)]) == 2
    said = capsys.readouterr().err
    assert f"{leaky}:12" in said
    assert "did you mean 'instant'" in said
    leaky.write_text(LEAKY.replace("n: 3,", "n: 3000,"))
    assert ends(["narrative", "check", str(leaky), "--accounts", "600"]) == 2
    assert "asks for 3,000 members" in capsys.readouterr().err
    assert ends(["narrative", "check", "account_takover"]) == 2
    assert "did you mean 'account_takeover'" in capsys.readouterr().err


def test_remarks_of_the_planner_are_told(leaky: Path, capsys: pytest.CaptureFixture[str]) -> None:
    leaky.write_text(LEAKY.replace("channel: instant", "channel: cheque, purpose: salary"))
    assert ends(["narrative", "check", str(leaky), "--accounts", "600", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)["result"]
    assert "ordinary life never pays salary by cheque" in result["remarks"][0]
    assert result["given_away_by"][1]["beside"] == ALIKE


@pytest.mark.parametrize("seed", [0, 3])
def test_one_scheme_is_shown_with_its_counts(seed: int) -> None:
    shown = finsim.narrative_show("account_takeover", seed=seed)
    by_phase = shown.rows["phase"].astype(str)
    assert set(shown.rows["phase"].astype(str)) <= {one.phase for one in shown.phases}
    for one in shown.phases:
        assert one.planned == one.posted + one.declined + one.dropped
        assert one.posted == (by_phase.eq(one.phase) & shown.rows["status"].astype(str).eq("posted")).sum()
    assert shown.stopped_by != "period_end"
    assert shown.to_dict() == finsim.narrative_show("account_takeover", seed=seed).to_dict()


def test_a_scheme_is_written_with_its_picture(leaky: Path, tmp_path: Path) -> None:
    folder = tmp_path / "shown"
    assert ends(["narrative", "show", str(leaky), "-o", str(folder)]) == 0
    assert sorted(path.name for path in folder.iterdir()) == ["rows.csv", "scheme.png"]
    assert pd.read_csv(folder / "rows.csv")["amount"].eq(77_777).all()
    assert (folder / "scheme.png").read_bytes()[:4] == b"\x89PNG"
    assert ends(["narrative", "show", str(leaky), "-o", str(folder)]) == 2


def test_a_time_line_counts_payments() -> None:
    moments = pd.to_datetime(["2026-01-01 00:00", "2026-01-01 00:00", "2026-01-01 12:00", "2026-01-02 00:00"])
    rows = pd.DataFrame(
        {"ts": moments, "phase": ["a", "a", "a", "b"], "status": ["posted", "posted", "declined", "posted"]}
    )
    first, second, scale = timeline(rows)
    assert first.startswith("a |2")
    assert first.count("x") == 1
    assert second.endswith("o|")
    assert scale.endswith("from 2026-01-01 00:00 UTC, 24.0 hours")
