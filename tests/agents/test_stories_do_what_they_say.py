"""Rows of a story are what its file says: dwell, receipts, evasions, shares of a limit, cash, counts."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from finsim.agents.narratives.narrative import Narrative
from finsim.agents.narratives.ordinary_ways import HANDS, ORDINARY, strange_ways
from finsim.agents.schemes.payment_amounts import written_as
from finsim.agents.settings import NarrativeUse, Settings
from finsim.agents.simulate import simulate
from finsim.errors import StudyError
from finsim.kernels.ledger import written
from finsim.randomness import Streams
from finsim.records.transactions import Transactions

HEAD = """\
finsim: narrative/1
id: herd
title: A herder and his mules
story: Victims pay mules over five days, mules pass it on.
family: test
typology: [herding]
rate: {per: bank_year, value: 5, assumption: made up}
roles:
  victim: {select: {accounts: [current], where: {opening: ">= 500"}}, n: 10..14, assumption: made up}
  mule: {select: {accounts: [current], where: {age: 18..60}}, n: 5, assumption: made up}
  exit: {select: {outside: [person]}, n: 2, assumption: made up}
phases:
  - name: pay_in
    from: victim
    to: mule
    motif: bipartite
    degree: 1
    channel: instant
    amount: {draw: 80..400}
    timing: {window: 5d}
    assumption: made up
  - name: pass_on
    from: mule
    to: exit
    motif: fan_out
    channel: instant
    amount: {fraction_of: pot, share: 0.9, min: 5}
    timing: {delay: {dist: lognormal, median: 40m, sigma: 0.5}}
    assumption: made up
"""
TAIL = "labels: {fraud: [pay_in], laundering: [pass_on]}\n"


def made(folder: Path, text: str, count: int | None = 25, rate: float | None = None) -> Transactions:
    (folder / "herd.yaml").write_text(text)
    use = NarrativeUse(str(folder / "herd.yaml"), count=count, rate=rate)
    return simulate(Settings(accounts=1_500, days=40, narratives=(use,)), Streams(3))


def told(world: Transactions) -> pd.DataFrame:
    frame = world.to_pandas()
    return frame[frame["narrative"].notna() & frame["status"].eq("posted")]


def gaps(frame: pd.DataFrame, last: bool) -> np.ndarray:
    """Return minutes from a receipt of each payer to its payments: the last before it, or the last of all."""
    found = []
    inward = frame[frame["phase"].eq("pay_in")]
    for (scheme, account), paid in frame[frame["phase"].eq("pass_on")].groupby(["instance", "from_account"]):
        into = inward[inward["to_account"].eq(account) & inward["instance"].eq(scheme)]["ts"]
        for ts in paid["ts"]:
            earlier = into.max() if last else into[into < ts].max()
            found.append((ts - earlier).total_seconds() / 60)
    return np.array(found)


def test_a_mule_pays_by_its_own_clock(tmp_path: Path) -> None:
    frame = told(made(tmp_path, HEAD + TAIL))
    found = gaps(frame, last=True)
    assert len(found) > 100
    assert (found > 0).all()
    assert np.median(found) == pytest.approx(40, rel=0.1)
    first = frame[frame["phase"].eq("pass_on")].groupby("instance")["ts"].min()
    end = frame[frame["phase"].eq("pay_in")].groupby("instance")["ts"].max()
    assert (first < end.reindex(first.index)).mean() > 0.8  # the phases overlap


def test_a_mule_waits_for_a_receipt_that_is_tried_again(tmp_path: Path) -> None:
    take, rest = HEAD.split("  - name: pass_on")
    text = f"{take}    on_decline: {{halve: 1.0}}\n  - name: pass_on{rest}"
    text = text.replace("80..400", "900..9000").replace("{dist: lognormal, median: 40m, sigma: 0.5}", "1s")
    world = made(tmp_path, text + TAIL)
    assert (gaps(told(world), last=True) > 0).all()
    assert world.to_pandas()["status"].eq("declined").sum() > 50


def test_a_weight_that_falls_with_a_fact_that_may_be_nothing(tmp_path: Path) -> None:
    weighed = HEAD.replace('where: {opening: ">= 500"}}', "weight: {limit: -1.5}}")
    world = made(tmp_path, weighed + TAIL, count=5)
    limit = world.accounts.to_pandas().set_index("account_id")["overdraft_limit"]
    payers = told(world).loc[lambda frame: frame["phase"].eq("pay_in"), "from_account"]
    assert (limit[payers] > 0).all()


def test_a_mule_can_pay_after_every_receipt(tmp_path: Path) -> None:
    frame = told(made(tmp_path, HEAD.replace("    motif: fan_out\n", "    after: receipt\n") + TAIL))
    number = frame["phase"].value_counts()
    assert number["pass_on"] == pytest.approx(number["pay_in"], rel=0.03)
    assert np.median(gaps(frame, last=False)) == pytest.approx(40, rel=0.15)


@pytest.mark.parametrize(("after", "overlaps"), [("start", True), ("pay_in", False)])
def test_a_phase_begins_after_what_it_names(tmp_path: Path, after: str, overlaps: bool) -> None:
    more = HEAD.split("  - name: pass_on")[0] + (
        "  - name: pass_on\n    from: mule\n    to: exit\n    channel: instant\n    count: 3\n"
        f"    after: {after}\n    amount: {{draw: 5}}\n    timing: {{delay: 1m}}\n    assumption: made up\n"
    )
    frame = told(made(tmp_path, more + TAIL, count=10))
    begin = frame[frame["phase"].eq("pass_on")].groupby("instance")["ts"].min()
    end = frame[frame["phase"].eq("pay_in")].groupby("instance")["ts"].max()
    assert (begin < end.reindex(begin.index)).mean() == float(overlaps)


def test_evasions_act_in_every_phase_and_more_with_their_level(tmp_path: Path) -> None:
    """Round sums by level, in payments of both phases; sums of 100 to 360 are round for 6 in 10 people."""
    shares = []
    plain = HEAD.replace("min: 5", "min: 60").replace("80..400", "80.5..400.5")
    for level in (0.0, 0.5, 1.0):
        evade = f"evade: [{{mimic_amounts: {level}, assumption: made up}}]\n"
        frame = told(made(tmp_path, plain + evade + TAIL))
        frame = frame[frame["amount"].ge(10_000)]
        shares.append(frame["amount"].mod(1_000).eq(0).groupby(frame["phase"].astype(str)).mean())
    for phase in ("pay_in", "pass_on"):
        low, middle, high = (one[phase] for one in shares)
        assert low < 0.03
        assert low + 0.1 < middle < high - 0.1
        assert high == pytest.approx(0.6, rel=0.2)


def test_hours_are_ordinary_in_every_phase_with_mimic_hours(tmp_path: Path) -> None:
    dark = []
    for level in (0.0, 1.0):
        text = HEAD.replace("delay: {dist: lognormal, median: 40m", "delay: {dist: lognormal, median: 9h")
        world = made(
            tmp_path, f"{text}evade: [{{mimic_hours: {level}, assumption: made up}}]\n{TAIL}", count=60
        )
        frame = told(world)
        dark.append(frame["ts"].dt.hour.lt(6).groupby(frame["phase"].astype(str)).mean())
    assert dark[0].between(0.18, 0.32).all()  # a quarter of the day
    assert dark[1].between(0.03, 0.15).all()  # ordinary transfers: near .095


def test_the_codes_of_written_sums_are_those_of_ordinary_life() -> None:
    u = np.linspace(0.0005, 0.9995, 1_000)
    codes = np.array([written_as(False, one) for one in u])
    assert [(codes == code).mean() for code in (-1, -2, 1)] == pytest.approx([0.3, 0.3, 0.4])
    prices = np.array([written_as(True, one) for one in u])
    assert (prices == 1).mean() == pytest.approx(0.4)
    assert [int(written(12_345, code, 1, 0)) for code in (-1, -2, -3, -4, -8, -54)] == [
        10_000, 12_000, 12_400, 12_399, 12_395, 12_349,
    ]  # fmt: skip
    assert int(written(480, -3, 1, 490)) == 400
    assert int(written(150, -1, 120, 0)) == 150


def test_a_share_of_the_limit_is_of_each_payment(tmp_path: Path) -> None:
    text = HEAD.split("roles:")[0] + (
        "roles:\n  victim: {select: {accounts: [card]}, assumption: made up}\n"
        "  exit: {select: {shops: [any]}, n: 4, assumption: made up}\n"
        "phases:\n  - {name: pay_in, from: victim, to: exit, channel: card_present, count: 6,\n"
        "     amount: {fraction_of: limit, share: 0.05}, timing: {delay: 1h}, assumption: made up}\n"
    )
    world = made(tmp_path, text + "labels: {fraud: [pay_in]}\n", count=8)
    limit = world.accounts.to_pandas().set_index("account_id")["overdraft_limit"]
    frame = told(world)
    assert (frame["amount"] / frame["from_account"].map(limit)).to_numpy() == pytest.approx(0.05, rel=1e-3)


def test_cash_is_paid_in_as_cash(tmp_path: Path) -> None:
    text = HEAD.replace("outside: [person]", "outside: [cash]")
    for old, new in (
        ("    from: mule\n    to: exit\n", "    from: exit\n    to: mule\n"),
        ("    motif: fan_out\n    channel: instant\n", "    count: 4\n    channel: {instant: 1, cash: 1}\n"),
        ("fraction_of: pot, share: 0.9, min: 5", "draw: 90"),
    ):
        text = text.replace(old, new)
    frame = told(made(tmp_path, text + TAIL, count=5))
    paid_in = frame[frame["phase"].eq("pass_on")]
    assert set(zip(paid_in["channel"].astype(str), paid_in["purpose"].astype(str), strict=True)) == {
        ("cash", "cash")
    }


def test_ways_of_ordinary_life_are_those_of_a_world(world) -> None:
    life = world.rows[world.rows["narrative"].isna()]
    seen = set(zip(life["channel"].astype(str), life["purpose"].astype(str), strict=True))
    assert {one for one in seen if one[1] not in ORDINARY[one[0]]} == set()
    told = {(channel, purpose) for channel, purposes in ORDINARY.items() for purpose in purposes}
    assert len(told - seen) <= len(told) / 10  # rare ones that a small world may lack
    accounts = world.accounts.set_index("account_id")["kind"].astype(str)
    side = accounts.replace({"business": "firm", "merchant": "firm", "external": "outside"})
    ends = (life["from_account"].map(side), life["to_account"].map(side), life["channel"].astype(str))
    met = {tuple(one) for one in zip(*ends, strict=True)}
    may = {(*two, channel) for two, channels in HANDS.items() for channel in channels}
    assert met <= may
    assert len(may - met) <= len(may) / 10
    assert [text for story in world.narratives for text in strange_ways(story)] == []


def test_a_way_that_ordinary_life_never_takes_is_a_remark(tmp_path: Path) -> None:
    text = HEAD.replace(
        "to: exit\n    motif: fan_out\n    channel: instant",
        "to: exit\n    channel: cheque\n    purpose: salary",
    )
    (remark,) = made(tmp_path, text + TAIL, count=2).remarks
    assert remark.startswith("herd: phase 'pass_on': ordinary life never pays salary by cheque")


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("select: {outside: [person]}", "select: {outside: [supplier]}", None),
        ("select: {accounts: [current], where: {age: 18..60}}", "select: {accounts: [card]}",
         "from a current account to a card account by instant"),
        ("select: {outside: [person]}", "select: {outside: [cash]}", None),
        ("select: {accounts: [current], where: {age: 18..60}}", "select: {accounts: [savings]}",
         "from a savings account to an account outside the banks by instant"),
    ],
)  # fmt: skip
def test_a_way_between_accounts_that_ordinary_life_never_takes(
    tmp_path: Path, old: str, new: str, found: str | None
) -> None:
    text = HEAD + TAIL
    assert text.count(old) == 1
    (tmp_path / "herd.yaml").write_text(text.replace(old, new))
    told = strange_ways(Narrative.load(str(tmp_path / "herd.yaml")))
    assert any(found in one for one in told) if found else told == []


def test_payments_are_counted_by_phase(tmp_path: Path) -> None:
    take, rest = HEAD.split("  - name: pass_on")
    text = f"{take}    on_decline: {{halve: 1.0}}\n  - name: pass_on{rest}"
    world = made(tmp_path, text.replace("draw: 80..400", "draw: 80..4000") + TAIL)
    frame = world.to_pandas()
    by_name = {one.phase: one for one in world.phases}
    for name, one in by_name.items():
        assert one.planned == one.posted + one.declined + one.dropped
        rows = frame[frame["phase"].eq(name)]["status"]
        assert one.posted == rows.eq("posted").sum()
        assert 0 < one.declined <= rows.eq("declined").sum() or name == "pass_on"
    assert by_name["pay_in"].planned > 250
    assert not world.remarks


def test_a_phase_that_posts_nothing_is_a_remark(tmp_path: Path) -> None:
    endless = HEAD.replace("draw: 80..400", "draw: {dist: lognormal, median: 200, sigma: 0.1}")
    world = made(tmp_path, endless.replace("share: 0.9, min: 5", "share: 0.9, min: 900000") + TAIL, count=3)
    (remark,) = world.remarks
    assert remark.startswith("herd: phase 'pass_on' posted none of ")
    assert "(0 declined" in remark


def test_a_number_that_cannot_be_met_is_refused_and_a_rate_is_a_remark(tmp_path: Path) -> None:
    crowd = HEAD.replace("n: 5,", "n: 2000,") + TAIL
    with pytest.raises(StudyError, match=r"role mule: a scheme .* asks for 2,000 members, \d+ fit"):
        made(tmp_path, crowd, count=2)
    world = made(tmp_path, crowd.replace("n: 10..14", "n: 2"), count=None, rate=4)
    assert any("role 'mule' asked for" in text for text in world.remarks)
    rare = HEAD.replace("age: 18..60", "age: 18..60, account_days: 1..1") + TAIL
    with pytest.raises(StudyError, match="role mule"):
        made(tmp_path, rare, count=2)
    assert any("nobody fits role 'mule'" in text for text in made(tmp_path, rare, count=None, rate=4).remarks)
