"""Refunds without a purchase and transfers without their second side are seen; what is not asked says why."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from finsim.evaluation.events.answers.answered_rows import ANSWERS, SECOND, answered, both_sides, measure
from finsim.evaluation.events.event_sides import event_case
from finsim.evaluation.settings import Settings
from finsim.evaluation.tables.column_pairs import Roles
from finsim.randomness import Streams

START = pd.Timestamp("2025-01-01")


def statement(seed, count=30, *, paid_back=True, mirror=True):
    """Statements of accounts: 30 % of purchases are paid back, transfers stand on both sides."""
    rng = np.random.default_rng(seed)
    rows = []
    for e in range(count):
        for _ in range(15):
            time, shop = rng.uniform(0, 90), f"s{rng.integers(9)}"
            amount = round(float(rng.lognormal(3, 0.8)), 2)
            rows.append((f"a{e}", time, shop, -amount, "buy"))
            if rng.random() < 0.3:
                same = amount if paid_back else round(float(rng.lognormal(3, 0.8)), 2)
                rows.append((f"a{e}", time + float(rng.integers(2, 15)), shop, same, "back"))
        for _ in range(5):
            other, time, amount = (
                (e + 1 + rng.integers(3)) % count,
                rng.uniform(0, 90),
                float(rng.choice([5, 20])),
            )
            rows.append((f"a{e}", time, f"a{other}", -amount, "send"))
            late = 0.0 if mirror else float(rng.uniform(0.1, 5))
            rows.append((f"a{other}", time + late, f"a{e}", amount, "send"))
    table = pd.DataFrame(rows, columns=["account", "days", "other", "amount", "word"])
    table["date"] = START + pd.to_timedelta((table.pop("days") * 1440).round(), unit="min")
    return table.sort_values("date", kind="stable", ignore_index=True)


def case(real, own):
    roles = Roles(
        id="account", time="date", amount="amount", counterparty="other" if "other" in real else None
    )
    tables = [pa.Table.from_pandas(one, preserve_index=False) for one in (real, own)]
    return event_case(*tables, None, roles, Streams(1), Settings(bootstrap=60))


def scores(real, own):
    return {one.subject: one for one in measure(case(real, own))}


@pytest.mark.parametrize(("fault", "named"), [("paid_back", ANSWERS), ("mirror", SECOND)])
def test_a_planted_fault_is_seen_by_its_line(fault, named):
    found = scores(statement(1), statement(2, **{fault: False}))
    assert found.pop(named).value > 0.8
    (other,) = found.values()
    assert other.verdict == "pass"


def test_real_halves_pass():
    assert {one.verdict for one in scores(statement(3), statement(4)).values()} == {"pass"}


def test_what_is_not_computed_says_why():
    found = scores(statement(1, paid_back=False, mirror=False), statement(2))
    assert found[ANSWERS].verdict == found[SECOND].verdict == "not computed"
    assert "no word of the real rows" in found[ANSWERS].reason
    assert "real payments between entities stand on both sides" in found[SECOND].reason
    real = statement(1).drop(columns="amount")
    assert all("no amount on both sides" in one.reason for one in scores(real, real).values())


def test_refunds_are_asked_for_where_rows_name_nobody():
    real, good, bad = (
        statement(seed, paid_back=paid).drop(columns="other")
        for seed, paid in ((1, True), (2, True), (3, False))
    )
    assert scores(real, good)[ANSWERS].verdict == "pass"
    found = scores(real, bad)
    assert found[ANSWERS].value > 0.8
    assert "no counterparty" in found[SECOND].reason


@pytest.mark.parametrize("late", [0.4, 30.0])
def test_debits_of_each_month_are_answered_within_days(late):
    """Time run back meets the debit of the next month: only a short reach tells, and later answers fail."""
    rng, rows = np.random.default_rng(3), []
    for e in range(40):
        for k, day in enumerate(range(2, 360, 30)):
            rows.append((f"a{e}", "s0", 20.0 + e, "debit", day))
            if k % 3 == 1:
                rows.append((f"a{e}", "s0", 20.0 + e, "unpaid", day + 0.4))
        rows += [(f"a{e}", "s1", float(rng.lognormal(3, 1)), "buy", day) for day in rng.uniform(0, 360, 20)]
    real = pd.DataFrame(rows, columns=["account", "other", "amount", "word", "day"])
    moved = real["day"] + np.where(real["word"] == "unpaid", late - 0.4, 0.0)
    both = [one.assign(date=START + pd.to_timedelta(one.pop("day"), unit="D"))
            for one in (real.copy(), real.assign(day=moved))]  # fmt: skip
    score = scores(*both)[ANSWERS]
    assert (score.verdict == "pass") == (late < 1)
    assert (score.value < 0.02) == (late < 1)


def test_an_answer_comes_later():
    extra = pd.DataFrame([("a0", "s0", 777.0, "buy"), ("a0", "s0", 777.0, "back")] * 2,
                         columns=["account", "other", "amount", "word"])  # fmt: skip
    extra["amount"] += [0, 0, 1, 1]
    extra["date"] = START + pd.to_timedelta([5, 5, 5, 6], unit="D")
    real = pd.concat([statement(1, 20), extra], ignore_index=True)
    side = case(real, real).sides[0]
    word = real["word"].map({"buy": 0, "back": 1, "send": 2}).to_numpy()[side.sequences.order]
    before = answered(side, word)[0] <= 62
    assert before[side.amount == 777.0].tolist() == [False, False]
    assert before[side.amount == 778.0].tolist() == [False, True]


def test_both_agree_with_the_plain_search():
    side = case(statement(5, 8), statement(6, 8)).sides[0]
    entity, days, sums = side.sequences.entity(), side.sequences.days, np.abs(side.amount)
    own, n = side.owner[entity], len(days)
    parties = [frozenset((own[k], side.partner[k])) for k in range(n)]
    alike = [[i for i in range(n) if parties[i] == parties[j] and sums[i] == sums[j]] for j in range(n)]
    expected = []
    for j in range(n):
        earlier = [i for i in alike[j] if 0 < days[j] - days[i] <= 62]
        last = max(earlier, key=lambda i: (days[i], i), default=None)
        same_time = [i for i in alike[j] if days[i] == days[j]]
        found = last is not None and (own[last] != own[j] or side.amount[last] * side.amount[j] < 0)
        if len(same_time) == 1:  # else which of them is the row before is a matter of taste
            expected.append((j, found))
    before = answered(side, np.zeros(n, np.int64))[0] <= 62
    assert [bool(before[j]) for j, _ in expected if not _ties(alike[j], days)] == [
        found for j, found in expected if not _ties(alike[j], days)
    ]
    mirrored = [any(own[i] != own[j] and days[i] == days[j] for i in alike[j]) for j in range(n)]
    inside, found = both_sides(side)
    assert inside.tolist() == [
        p in set(own.tolist()) and p != o for p, o in zip(side.partner, own, strict=True)
    ]
    assert found[inside].tolist() == np.array(mirrored)[inside].tolist()


def _ties(rows, days):
    return len({days[i] for i in rows}) < len(rows)
