"""resample: joint draws that depend on the row alone, a quota, and never a short table without saying so."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from finsim.constraints.checking.check import check
from finsim.constraints.packs.ruleset import RuleSet
from finsim.constraints.repairing.hot_deck import HotDeck
from finsim.constraints.repairing.repair import repair
from finsim.constraints.repairing.row_seeds import philox, row_words
from finsim.errors import RuleError
from finsim.randomness import Streams

LOANS = """
finsim-rules: 1
pack: {id: loans, version: 1}
table: loans
key: [id]
columns:
  id: {type: id}
  kind: {type: cat}
  amount: {type: money, ccy: USD, unit: minor}
  term: {type: int}
  payment: {type: money, ccy: USD, unit: minor}
  income: {type: money, ccy: USD, unit: minor}
rules:
  - id: due
    check: payment = round(amount / term)
    tol: 0.01 USD
    repair: {do: set, expr: "payment := round(amount / term)"}
  - id: dti
    check: payment <= 0.4 * income
    repair: {do: resample, on: [amount, term], max: MAX, else: ELSE}
"""


def loans(seed=0, count=400):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"id": np.arange(count), "kind": rng.choice(["car", "home"], count)})
    frame["amount"] = np.where(frame.kind == "car", 1_000, 6_000) * rng.integers(300, 3_500, count)
    frame["term"] = np.where(frame.kind == "car", 60, 360) + rng.integers(0, 12, count)
    frame["payment"] = (frame.amount / frame.term).round().astype(int)
    frame["income"] = rng.choice([50_000, 100_000, 200_000], count, p=[0.05, 0.15, 0.8])
    return frame


def pack(most=8, otherwise="drop", text=LOANS):
    return RuleSet.parse(text.replace("MAX", str(most)).replace("ELSE", otherwise))


def test_pairs_are_drawn_together_from_a_like_row_and_identities_are_recomputed():
    frame, rules = loans(), pack()
    fixed, report = repair(frame, rules)
    assert check(fixed, rules).ok
    new = fixed.to_pandas().set_index("id")
    old = frame.set_index("id")
    bad = old.payment > 0.4 * old.income
    pairs = set(zip(old.kind[~bad], old.amount[~bad], old.term[~bad], strict=True))
    changed = [row for row in new.index if new.amount[row] != old.amount[row]]
    assert changed
    assert all((old.kind[row], new.amount[row], new.term[row]) in pairs for row in changed)
    assert (new.payment == (new.amount / new.term).round()).all()
    pd.testing.assert_frame_equal(new[~bad.loc[new.index]], old.loc[new.index][~bad.loc[new.index]])
    one = next(rule for rule in report.rules if rule.id == "dti")
    assert one.touched == bad.sum()
    assert one.given_up == len(frame) - len(new) == report.rows_before - report.rows_after
    assert 0 < one.acceptance <= 1
    assert set(one.shift) >= {"amount", "term"}
    again, nothing = repair(fixed, rules)
    assert again.equals(fixed)
    assert sum(nothing.touched().values()) == 0


def test_a_row_draws_the_same_whatever_rows_stand_beside_it_in_trouble():
    frame, rules = loans(), pack()
    whole = repair(frame, rules)[0].to_pandas().set_index("id")
    bad = frame.index[frame.payment > 0.4 * frame.income].tolist()
    fixed = frame.copy()
    kept = bad[: len(bad) // 2]
    fixed.loc[[row for row in bad if row not in kept], "income"] = 10**9
    fixed.loc[[row for row in bad if row not in kept], "kind"] = "other"
    part = repair(fixed, rules)[0].to_pandas().set_index("id")
    same = [row for row in kept if row in whole.index]
    pd.testing.assert_frame_equal(part.loc[same], whole.loc[same])


@pytest.mark.parametrize("size", [1, 7, 64])
def test_blocks_and_chunks_change_no_byte_and_the_seed_does(size):
    frame, rules = loans(1), pack()
    table = pa.Table.from_pandas(frame, preserve_index=False)
    chunked = pa.concat_tables([table.slice(at, size) for at in range(0, len(frame), size)])
    fixed = repair(table, rules)[0]
    assert repair(chunked, rules, blocks=size)[0].equals(fixed)
    assert not repair(table, rules, draw=HotDeck(Streams(1)))[0].equals(fixed)


def test_flagged_rows_stay_are_named_once_and_are_not_tried_again():
    frame, rules = loans(2), pack(1, "flag")
    frame.loc[:5, "income"] = 1
    fixed, report = repair(frame, rules)
    one = next(rule for rule in report.rules if rule.id == "dti")
    assert report.rows_after == len(frame)
    flags = fixed["_rules"].to_pylist()
    assert flags[:6] == ["dti"] * 6
    assert flags.count("dti") == one.given_up >= 6
    assert check(fixed, rules)["dti"].violations == one.given_up
    assert repair(fixed, rules)[0].equals(fixed)


@pytest.mark.parametrize("otherwise", ["drop", "flag"])
def test_without_a_sound_row_nothing_is_drawn_and_all_is_said(otherwise):
    frame = loans(3, 20).assign(income=1)
    _, report = repair(frame, pack(8, otherwise))
    assert report.rows_after == (0 if otherwise == "drop" else 20)
    one = next(rule for rule in report.rules if rule.id == "dti")
    assert (one.given_up, one.acceptance) == (20, None)
    assert "20 rows given up" in report.to_text()


class Model:
    """Draws what it is told to; remembers what it was asked."""

    def __init__(self, amount):
        self.amount, self.asked = amount, []

    streams = Streams(5)

    def __call__(self, ask):
        self.asked.append(ask)
        self.sound = ask.sound()
        return {"amount": pa.array([self.amount] * len(ask.rows)), "term": pa.array([60] * len(ask.rows))}


def test_a_model_may_draw_and_its_quota_is_kept():
    frame = loans(4, 50)
    frame.loc[:2, "income"] = 1
    model = Model(1_000_000)
    _, report = repair(frame, pack(3), draw=model)
    assert len(model.asked) == 3
    first = model.asked[0]
    assert first.columns == ("amount", "term")
    assert first.likeness == ("kind",)
    assert first.words.dtype == np.uint64
    assert model.sound.sum() == (frame.payment <= 0.4 * frame.income).sum()
    assert set(first.rows.tolist()) == set(frame.index[frame.payment > 0.4 * frame.income])
    assert not set(model.asked[0].words.tolist()) & set(model.asked[1].words.tolist())
    one = next(rule for rule in report.rules if rule.id == "dti")
    assert one.given_up == 3


def test_a_draw_of_the_wrong_size_is_an_error():
    class Short(Model):
        def __call__(self, ask):
            return {"amount": pa.array([1])}

    frame = loans(5, 60)
    with pytest.raises(RuleError, match="the draw gave"):
        repair(frame, pack(), draw=Short(1))


LEDGER = """
finsim-rules: 1
pack: {id: ledger, version: 1}
table: legs
order: {group: [account], by: [n]}
columns:
  n: {type: int}
  account: {type: id}
  purpose: {type: cat}
  amount: {type: money, ccy: USD, unit: minor}
  balance: {type: money, ccy: USD, unit: minor}
rules:
  - id: identity
    check: "balance = lag(balance, default: 500 USD) + amount"
    repair: {do: set, expr: "balance := lag(balance, default: 500 USD) + amount"}
  - {id: overdraft, check: balance >= 0 USD, repair: {do: resample, on: [amount], max: 8, else: drop}}
"""


@pytest.mark.parametrize("blocks", [3, 1_000])
def test_in_a_ledger_the_first_row_in_the_red_is_drawn_and_later_ones_follow(blocks):
    rng = np.random.default_rng(8)
    frame = pd.DataFrame({"account": np.repeat(np.arange(30), 20), "n": np.tile(np.arange(20), 30)})
    frame["purpose"] = rng.choice(["in", "out"], 600)
    frame["amount"] = np.where(frame.purpose == "in", 1, -1) * rng.integers(1, 20_000, 600)
    frame["balance"] = 50_000 + frame.amount.groupby(frame.account).cumsum()
    rules = RuleSet.parse(LEDGER)
    fixed, report = repair(frame, rules, blocks=blocks)
    assert check(fixed, rules).ok
    assert fixed.equals(repair(frame, rules)[0])
    assert repair(fixed, rules)[0].equals(fixed)
    red = frame.balance < 0
    one = next(rule for rule in report.rules if rule.id == "overdraft")
    assert 0 < one.touched < red.sum()
    new = fixed.to_pandas()
    fine = ~frame.account.isin(frame.account[red].unique())
    kept = ~new.account.isin(frame.account[red].unique())
    pd.testing.assert_frame_equal(new[kept].reset_index(drop=True), frame[fine].reset_index(drop=True))
    assert set(np.sign(new.amount[new.purpose == "out"])) == {-1}


def test_equal_values_are_drawn_apart():
    text = """
finsim-rules: 1
pack: {id: codes, version: 1}
table: t
columns: {n: {type: int}, code: {type: int}}
rules:
  - {id: distinct, check: unique(code), repair: {do: resample, on: [code], max: 50}}
"""
    draw = Model(0)
    draw.__class__ = type(
        "Any",
        (Model,),
        {"__call__": lambda self, ask: {"code": pa.array((ask.words % np.uint64(1_000)).astype(np.int64))}},
    )
    frame = pd.DataFrame({"n": np.arange(60), "code": np.arange(60) // 2})
    fixed, report = repair(frame, RuleSet.parse(text), draw=draw)
    assert report.rows_after == 60
    assert len(set(fixed["code"].to_pylist())) == 60
    assert fixed["code"].to_pylist()[::2] == list(range(30))


def test_philox_gives_the_published_words():
    words = {
        ((0, 0, 0, 0), (0, 0)): "6627e8d5 e169c58d bc57ac4c 9b00dbd8",
        ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2): "408f276d 41c83b0e a20bc7c6 6d5451fd",
        ((0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344), (0xA4093822, 0x299F31D0)):
            "d16cfe09 94fdcceb 5001e420 24126ea1",
    }  # fmt: skip
    for (counter, key), wanted in words.items():  # Random123 1.14, kat_vectors
        block = philox(np.array([counter], dtype=np.uint64), key)
        assert " ".join(f"{int(word):08x}" for word in block[0]) == wanted


def test_row_words_are_even_and_differ_by_attempt():
    names = np.random.default_rng(0).integers(0, 2**63, 20_000).astype(np.uint64)
    first, second = (row_words(77, names, np.full(20_000, attempt)) for attempt in (0, 1))
    assert len(np.unique(np.concatenate((first, second)))) == 40_000
    shares = np.bincount((first >> np.uint64(60)).astype(int), minlength=16) / 20_000
    assert np.abs(shares - 1 / 16).max() < 0.01
