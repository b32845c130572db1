"""One dial over all stories: ordinary life stays, schemes hide more with it; each evasion acts by itself."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from finsim.agents.narratives.evasion_dial import dialled
from finsim.agents.narratives.narrative import load_narratives
from finsim.agents.population.population import build_population
from finsim.agents.schemes.evasion import like_habit
from finsim.agents.schemes.scheme_generation import scheme_orders
from finsim.agents.settings import DEFAULT_NARRATIVES, NarrativeUse, Settings
from finsim.agents.simulate import simulate, unstressed
from finsim.engine.study.study_file import study_of
from finsim.engine.study.study_resolution import agent_settings, resolve
from finsim.errors import NarrativeError, StudyError
from finsim.randomness import Streams

STORIES = load_narratives([use.name for use in DEFAULT_NARRATIVES])
LIFE = ["ts", "from_account", "to_account", "amount", "channel", "purpose", "merchant_id", "order_id"]


def planned(name: str, evade: float, count: int = 40) -> pd.DataFrame:
    settings = Settings(accounts=900, days=60, narratives=(NarrativeUse(name, count=count),), evade=evade)
    population = build_population(settings, Streams(5))
    orders, plan = scheme_orders(
        population, load_narratives([name]), settings, Streams(5), unstressed(settings)
    )
    frame = pd.DataFrame({key: getattr(orders, key) for key in ("ts", "payer", "payee", "amount", "channel")})
    frame["scheme"] = plan.steps.scheme[orders.plan_row]
    frame["phase"] = np.array(plan.phases)[plan.phase[orders.plan_row]]
    return frame


def test_ordinary_life_is_the_same_at_every_level() -> None:
    lives, stories = [], []
    for evade in (0.0, 0.5, 1.0):
        rows = simulate(Settings(accounts=900, days=40, evade=evade), Streams(2)).to_pandas()
        lives.append(rows.loc[rows["instance"] < 0, LIFE].reset_index(drop=True))
        stories.append(rows.loc[rows["instance"] >= 0, LIFE].reset_index(drop=True))
    for other in (1, 2):
        pd.testing.assert_frame_equal(lives[0], lives[other])
        assert not stories[0].equals(stories[other])


def test_nothing_is_the_file_itself_and_decoys_stay() -> None:
    for story in STORIES:
        assert dialled(story, 0.0) is story
        assert (dialled(story, 0.7) is story) == story.decoy


def test_levels_rise_with_the_dial_up_to_one() -> None:
    for story in (one for one in STORIES if not one.decoy):
        kinds = {item.kind for one in (0.5, 1.0) for item in dialled(story, one).evade}
        assert {item.kind for item in story.evade} <= kinds
        for kind in kinds:
            levels = [dialled(story, one).level(kind) for one in (0.0, 0.25, 0.5, 0.75, 1.0)]
            assert levels[-1] == 1.0
            assert levels[2] == pytest.approx((levels[0] + 1) / 2)
            assert levels == sorted(levels)
        if story.level("threshold_avoid") == 0:
            assert "threshold_avoid" not in kinds  # it needs a threshold


def test_schemes_hide_more_with_the_dial() -> None:
    """Smaller drains, longer schemes, more accounts: each figure moves one way over three levels."""
    amounts, lengths, accounts = [], [], []
    for evade in (0.0, 0.5, 1.0):
        scam = planned("app_scam_mule_chain", evade)
        amounts.append(scam.loc[scam["phase"].eq("hit") & scam["amount"].gt(0), "amount"].median())
        ends = scam.groupby("scheme")["ts"].agg(["min", "max"])
        lengths.append(float((ends["max"] - ends["min"]).median()))
        accounts.append(scam.groupby("scheme")["payer"].nunique().mean())
    assert amounts[0] > amounts[1] > amounts[2]
    assert lengths[0] < lengths[1] < lengths[2]
    assert accounts[0] < accounts[1] < accounts[2]


def test_the_money_of_a_scheme_is_nobodys_habit() -> None:
    """Cash covers the proceeds at every level; no customer's habit makes it small, or deposits many."""
    told = {}
    for evade in (0.0, 1.0):
        rows = planned("scatter_gather_structuring", evade, count=12)
        paid_in = rows[rows["phase"].eq("placement")].groupby("scheme")["amount"].agg(["sum", "size"])
        told[evade] = paid_in.median()
    assert told[1.0]["sum"] > 0.5 * told[0.0]["sum"]
    assert told[1.0]["size"] < 2 * told[0.0]["size"]


def test_a_sum_is_drawn_towards_the_payers_habit() -> None:
    assert like_habit(90_000.0, 5_000.0, 0.0) == 90_000.0
    assert like_habit(3_000.0, 5_000.0, 1.0) == 3_000.0  # already smaller
    assert like_habit(90_000.0, 0.0, 1.0) == 90_000.0  # nothing is known of the payer
    found = [like_habit(90_000.0, 5_000.0, level) for level in (0.25, 0.5, 1.0)]
    assert found == sorted(found, reverse=True)
    assert found[-1] == pytest.approx(5_000 * 18**0.15)


FILE = """\
finsim: narrative/1
id: hiding
title: A story
story: Somebody pays a mule who pays out.
family: test
typology: [test]
rate: {{per: person_year, value: 0.1, assumption: made up}}
roles:
  victim: {{select: {{accounts: [current]}}, n: 2, assumption: made up}}
  mule: {{select: {{accounts: [current]}}, assumption: made up}}
  exit: {{select: {{outside: [person]}}, assumption: made up}}
phases:
  - {{name: take, from: victim, to: mule, motif: fan_in, channel: wire, amount: {{draw: 4000}},
     assumption: made up}}
  - {{name: hide, from: mule, to: exit, motif: fan_out, channel: wire,
     amount: {{fraction_of: pot, share: 0.9}}, timing: {{delay: 4h}}, assumption: made up}}
evade: [{{{kind}: 1, assumption: made up}}]
labels: {{fraud: [take], laundering: [hide]}}
"""


@pytest.mark.parametrize("kind", ["mimic_habit", "mimic_channels", "more_accounts"])
def test_an_evasion_acts_in_a_file(kind: str, tmp_path: Path) -> None:
    made = []
    for name in (kind, "cross_bank"):
        (tmp_path / name).mkdir()
        path = tmp_path / name / "hiding.yaml"
        path.write_text(FILE.format(kind=name))
        made.append(planned(str(path), 0.0, count=20))
    acted, plain = made
    if kind == "mimic_habit":
        assert acted["amount"].max() < plain["amount"].max() / 4
    elif kind == "mimic_channels":
        assert plain["channel"].nunique() == 1
        assert acted["channel"].value_counts(normalize=True).iloc[0] == pytest.approx(0.78, abs=0.15)
    else:
        assert acted["phase"].eq("take").sum() == 3 * 40  # three payers for one
        assert plain["phase"].eq("take").sum() == 40


@pytest.mark.parametrize("kind", ["mimic_habit", "mimic_channels", "more_accounts"])
def test_an_evasion_that_cannot_act_is_refused(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "hiding.yaml"
    text = FILE.format(kind=kind).replace("outside: [person]", "shops: [any]")
    text = text.replace("victim: {select: {accounts: [current]}, n: 2", "victim: {select: {outside: [cash]}")
    text = text.replace("channel: wire, amount: {draw: 4000}", "channel: cash, amount: {draw: 4000}")
    if kind == "mimic_habit":
        text = text.replace("accounts: [current]", "shops: [any]")
    if kind == "more_accounts":
        text = text.split("  - {name: hide")[0] + text[text.index("evade:") :].replace(
            ", laundering: [hide]", ""
        )
        text = text.replace("  exit: {select: {shops: [any]}, assumption: made up}\n", "")
    path.write_text(text)
    with pytest.raises(NarrativeError, match=f"evasion '{kind}' never acts"):
        load_narratives([str(path)])


def test_a_study_says_the_dial_and_wrong_levels_are_refused() -> None:
    part = {"accounts": 300, "days": 20, "narratives": ["account_takeover"], "evade": 0.4}
    plan = resolve(study_of({"finsim": "study/1", "id": "dial", "transactions": part}))
    assert agent_settings(plan).evade == 0.4
    with pytest.raises(StudyError, match="evade"):
        Settings(evade=1.5)
    with pytest.raises(StudyError, match="evade"):
        resolve(study_of({"finsim": "study/1", "id": "dial", "transactions": {**part, "evade": -0.1}}))
