"""Rows that belong to entities: repeats and copies by chance come a card at a time."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import finsim
from finsim.evaluation.attacks.intervals import design_effect
from finsim.evaluation.metric import Score
from finsim.evaluation.privacy import row_copies
from finsim.evaluation.settings import Settings
from finsim.evaluation.tables import repeats
from finsim.evaluation.tables.column_pairs import Roles
from finsim.evaluation.tables.table_case import TableCase, table_case
from finsim.evaluation.verdicts import judged_together
from finsim.randomness import Streams

pytestmark = pytest.mark.sweep

CARDS, ROWS = 120, 20
SPLITS = 20


def cards(rng: np.random.Generator) -> pd.DataFrame:
    """Cards of 20 rows; one in ten, drawn at random, pays one courier's fee over and over."""
    who = np.repeat(np.arange(CARDS), ROWS)
    fee = (rng.random(CARDS) < 0.1)[who] & (rng.random(len(who)) < 0.8)
    amount = np.where(fee, 3.62, np.exp(rng.normal(3, 1, len(who))).round(2))
    shop = np.where(fee, "courier", rng.choice(["a", "b", "c", "d"], len(who)))
    return pd.DataFrame({"card": [f"{rng.integers(1e9)}-{k}" for k in who], "amount": amount, "shop": shop})


def case_of(real: pd.DataFrame, own: pd.DataFrame, spare: pd.DataFrame | None = None) -> TableCase:
    sides = [
        None if one is None else pa.Table.from_pandas(one, preserve_index=False) for one in (real, own, spare)
    ]
    return table_case(sides[0], sides[1], sides[2], Roles(id="card"), Streams(1), Settings(bootstrap=40))


def entities(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(card=np.repeat([f"c{k}" for k in range(CARDS)], ROWS))


def judged(case: TableCase) -> Score:
    (score,) = judged_together(repeats.measure(case))
    return score


def test_cards_that_pay_one_fee_over_and_over_are_no_fault() -> None:
    found = []
    for seed in range(SPLITS):
        rng = np.random.default_rng(seed)
        found.append(judged(case_of(entities(cards(rng)), entities(cards(rng)))))
    assert sum(one.verdict == "fail" for one in found) <= 2  # each at 5 %


def test_rows_that_every_card_repeats_fail() -> None:
    rng = np.random.default_rng(50)
    real, own = entities(cards(rng)), entities(cards(rng))
    chosen = rng.choice(len(own), len(own) // 5, replace=False)
    columns = ["amount", "shop"]
    own.loc[chosen, columns] = own.loc[rng.choice(len(own), len(chosen)), columns].to_numpy()
    assert judged(case_of(real, own)).verdict == "fail"
    assert "120 and 120 entities" in judged(case_of(real, own)).note


def test_an_entity_is_counted_once_however_many_rows_it_repeats() -> None:
    real = pd.DataFrame({"card": ["a"] * 4 + ["b"] * 2, "amount": [1.0, 1.0, 1.0, 2.0, 3.0, 4.0]})
    own = pd.DataFrame({"card": ["x"] * 4 + ["y"] * 2, "amount": [1.0, 1.0, 5.0, 6.0, 7.0, 7.0]})
    score = judged(case_of(real, own))
    # Shares 2/4 and 0/2 against 1/4 and 1/2.
    assert score.value == pytest.approx((0.25 + 0.5) / 2 - (0.5 + 0.0) / 2)


def test_the_design_effect_by_hand() -> None:
    who = np.repeat([0, 1, 2], [20, 10, 10])
    hits = np.arange(40) < 12
    # 0.3 a row: deviations 6, -3, -3 of three entities, over 40 x 0.3 x 0.7.
    assert design_effect([(hits, who)]) == pytest.approx(54 * 3 / 2 / 8.4)
    # Twice the hits on every row are counts: over 40 x 0.6.
    assert design_effect([(2.0 * hits, who)]) == pytest.approx(4 * 54 * 3 / 2 / 24)
    # A side of its own rate adds its own variance: none here, every entity has half.
    even = np.tile([True, False], 20)
    assert design_effect([(hits, who), (even, who)]) == pytest.approx(81 / (8.4 + 10))
    for hit in (np.zeros(40, dtype=bool), even):
        assert design_effect([(hit, who)]) == 1.0
    assert design_effect([(hits, None)]) == 1.0


def test_chance_copies_of_entities_are_no_copies_and_true_ones_are() -> None:
    found = []
    for seed in range(SPLITS):
        rng = np.random.default_rng(100 + seed)
        real, own, spare = (rounded(entities(cards(rng))) for _ in range(3))
        found.append(row_copies.measure(case_of(real, own, spare))[0].verdict)
    assert found.count("fail") <= 1
    copied = own.copy()
    copied.loc[:600, ["amount", "shop"]] = real.loc[:600, ["amount", "shop"]].to_numpy()
    assert row_copies.measure(case_of(real, copied, spare))[0].verdict == "fail"


def rounded(frame: pd.DataFrame) -> pd.DataFrame:
    """Amounts to the tenth: some rows of one side stand on the other by chance."""
    return frame.assign(amount=frame.amount.round(1))


@pytest.mark.parametrize(("side", "words"), [(0, "real"), (1, "synthetic")])
def test_amounts_without_a_number_say_on_which_side(side: int, words: str) -> None:
    frames = []
    for seed in (1, 2):
        rng = np.random.default_rng(seed)
        frame = entities(cards(rng))
        days = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 90, len(frame)), unit="D")
        frames.append(frame.assign(day=days))
    frames[side]["amount"] = np.nan
    quick = finsim.EvaluationSettings(bootstrap=20)
    card = finsim.evaluate(*frames, kind="events", id="card", time="day", settings=quick, progress=False)
    (said,) = [score.reason for score in card.scores if score.metric == "amounts"]
    assert said == f"column amount holds no number on the {words} side"


@pytest.mark.parametrize("cells", [1, 70, 10**9])
def test_mixed_labels_do_not_depend_on_how_many_are_held(cells: int, monkeypatch: pytest.MonkeyPatch) -> None:
    both = np.random.default_rng(4).exponential(size=23)
    rng = np.random.default_rng(5)
    whole = rng.permuted(np.broadcast_to(both, (repeats.LABELS, 23)), axis=1)
    monkeypatch.setattr(repeats, "MIXED_CELLS", cells)
    found = repeats._mixed_gaps(both, 9, np.random.default_rng(5))
    assert found == pytest.approx(whole[:, 9:].mean(axis=1) - whole[:, :9].mean(axis=1), abs=1e-14)
