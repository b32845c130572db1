"""The level of "share": chances hold for rows that come a card at a time, and copies are still seen."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from people_stand_ins import as_case
from scipy.stats import hypergeom

from finsim.evaluation.attacks import attribute_inference, linkability, membership, singling_out
from finsim.evaluation.attacks.intervals import (
    design_effect,
    excess_chance,
    excess_risk,
    level_reaching,
)
from finsim.evaluation.attacks.membership_attack import Attack
from finsim.evaluation.attacks.risk_scores import risk_score
from finsim.evaluation.attacks.row_keys import cell_codes, column_words, place_in, row_keys
from finsim.evaluation.metric import Evidence
from finsim.evaluation.metric_catalog import METRICS
from finsim.evaluation.privacy import rare_values, row_copies
from finsim.evaluation.privacy.copied_entities import copied_entities, partner_in
from finsim.evaluation.privacy.near_copy_test import NearCopies, familywise, units
from finsim.evaluation.privacy.unlike_rows import entities_agreeing
from finsim.evaluation.tables.column_pairs import Roles
from finsim.evaluation.tail_probability import exceedance, student_beyond, value_of_chance
from finsim.evaluation.verdicts import judged_together

CARD = Roles(id="card")


def test_the_chance_of_an_excess_is_the_level_at_which_its_interval_leaves_the_goal() -> None:
    train, control = (90, 400), (30, 400)
    chance = excess_chance(train, control, 0.05)
    assert 1e-6 < chance < 0.02
    ends = [excess_risk(train, control, confidence=1 - 2 * chance * factor).low for factor in (0.99, 1.01)]
    assert ends[0] < 0.05 < ends[1]
    assert excess_chance((30, 400), (30, 400), 0.05) == 1.0
    # Counts of a design effect of four are those of a quarter of the attacks.
    assert excess_chance(train, control, 0.05, spread=4.0) == pytest.approx(
        excess_chance((22.5, 100), (7.5, 100), 0.05)
    )
    assert level_reaching(lambda level: level > 0.01) == pytest.approx(0.01)
    assert level_reaching(lambda level: True) <= 1.1e-15


def test_an_attack_that_could_have_missed_twice_its_goal_has_no_power() -> None:
    # No hit in 30 attacks bounds the rate at 11.6 %, in 40 at 8.8 %; the goal is 5 %.
    few, enough = (risk_score(singling_out.METRIC, "x", (0, n), (0, n)) for n in (30, 40))
    assert (few.verdict, enough.verdict) == ("no power", "pass")
    assert few.high == pytest.approx(0.1157, abs=1e-4)
    assert "it needs 29,956 attacks without a hit" in enough.note


def test_attacks_on_cards_have_their_level_only_with_the_design_effect() -> None:
    rng, found = np.random.default_rng(1), []
    who = np.repeat(np.arange(60), 20)
    for _ in range(300):
        hits = [(rng.random(1_200) < (rng.random(60) < 0.3)[who]) for _ in range(2)]
        rates = [(int(one.sum()), 1_200) for one in hits]
        spread = design_effect([(one, who) for one in hits])
        found.append([excess_chance(*rates, 0.0, spread=one) for one in (1.0, spread)])
    alarms = (np.array(found) <= 0.05).mean(axis=0)
    assert alarms[0] > 0.25  # rows taken as independent
    assert alarms[1] <= 0.08


def test_a_score_of_a_resampled_statistic_uses_as_many_degrees_as_there_are_units() -> None:
    draws = np.random.default_rng(2).normal(0.0, 0.1, 4_000)
    assert student_beyond(0.2, draws, 1_000) == pytest.approx(0.0228, abs=0.003)
    assert student_beyond(0.2, draws, 4) > 2 * student_beyond(0.2, draws, 1_000)
    assert student_beyond(-0.1, draws, 50) > 0.5
    assert (student_beyond(0.1, np.zeros(9), 5), student_beyond(0.0, np.zeros(9), 5)) == (0.0, 1.0)
    assert student_beyond(0.1, draws, 1) == 1.0


def test_rows_of_one_card_that_are_told_together_are_weaker_evidence() -> None:
    def at_low_rate(who: np.ndarray) -> object:
        member = np.repeat([True, False], 2_000)
        score = np.random.default_rng(3).random(4_000)
        score[:100] += 10.0  # a hundred rows of the first cards
        return membership._at_low_rate(
            "rows", *(_attack(one, member, who) for one in (score, 0 * score)), "x"
        )

    apart, together = at_low_rate(np.arange(4_000)), at_low_rate(np.arange(4_000) // 50)
    assert apart.value == together.value == pytest.approx(0.05, abs=0.012)
    assert (apart.verdict, together.verdict) == ("fail", "no power")
    assert apart.p < 1e-4 < 0.05 < together.p
    assert "hang together" in together.note
    assert "hang together" not in apart.note
    assert together.low < apart.low


def _attack(score: np.ndarray, member: np.ndarray, who: np.ndarray) -> Attack:
    return Attack({"x": score}, member, who)


def test_near_copies_of_one_entity_are_one_finding() -> None:
    p = np.array([0.001, 0.4, 0.002, 0.9, 0.5, 0.03])
    who = np.array([0, 0, 0, 1, 1, 2])
    assert units(p, who) == pytest.approx([0.003, 1.0, 0.03])
    assert units(p, None) is p
    base = METRICS.load("near_rows").missing("rows", "")

    def chance(values: np.ndarray, people: np.ndarray | None, twins: int) -> float:
        flags = np.zeros(len(values), dtype=bool)
        found = NearCopies(flags, values, 5_000, 10, 0.01, 1, 0.1)
        return float(familywise(base, found, people, twins, 0.005).p or 0.0)

    few = np.concatenate([[1e-6, 1e-6, 1e-6], np.linspace(0.1, 1.0, 997)])
    assert chance(few, None, 3) == pytest.approx(2 * 1_000 * 1e-6 / 3)
    assert chance(few, None, 4) > 0.5  # three twins, and no fourth
    assert chance(few, np.concatenate([[0, 0, 0], np.arange(1, 998)]), 2) > 0.5  # one card's rows
    many = np.concatenate([np.full(40, 4e-4), np.linspace(0.1, 1.0, 960)])
    assert chance(many, None, 3) < 1e-6  # none certain, but 40 where half a row is expected
    assert chance(few[:2], None, 3) == 1.0


def tills(cards: int, seed: int, start: int = 0) -> pd.DataFrame:
    """Cards of 20 rows; on a third of them a colleague's whole till stands on other cards of any side."""
    rng = np.random.default_rng(seed)
    who = np.repeat(np.arange(cards), 20)
    amount = np.exp(rng.normal(4, 1, len(who))).round(2)
    shop, day = rng.integers(0, 300, len(who)), rng.integers(0, 365, len(who))
    shared = (rng.random(cards) < 0.3)[who] & (rng.random(len(who)) < 0.5)
    fee = rng.integers(0, 400, len(who))
    amount, shop, day = np.where(shared, 3.62, amount), np.where(shared, fee, shop), np.where(shared, 9, day)
    frame = pd.DataFrame({"card": [f"c{start + k}" for k in who], "amount": amount, "shop": shop, "day": day})
    return frame.astype({"shop": float, "day": float})


def copies(real: pd.DataFrame, own: pd.DataFrame, spare: pd.DataFrame | None) -> dict[str, object]:
    found = row_copies.measure(as_case(real, own, spare, CARD))
    return {score.subject: score for score in judged_together(found)}


@pytest.mark.parametrize("held", [True, False])
def test_copies_hidden_by_chance_are_seen_among_rows_that_nobody_comes_near(held: bool) -> None:
    real, own = tills(120, 1), tills(120, 2, 500)
    spare = tills(120, 3, 1_000) if held else None
    null = copies(real, own, spare)
    assert set(null) == {"rows", "rows that no other comes near", "entities"}
    assert null["rows"].value > 20  # chance
    assert {one.verdict for one in null.values()} == {"pass"}
    rng, columns = np.random.default_rng(4), ["amount", "shop", "day"]
    if spare is not None:  # real people who are alike are chance in the second score too
        like = spare.copy()
        like.loc[:9, columns] = real.loc[real.amount != 3.62, columns].iloc[:10].to_numpy()
        usual = copies(real, own, like)["rows that no other comes near"]
        assert "; 9 of 4,800 real rows match one" in usual.note
        assert usual.floor == pytest.approx(4.5)
    made, rows = own.copy(), rng.choice(len(own), 48, replace=False)
    made.loc[rows, columns] = real.loc[rng.choice(len(real), 48, replace=False), columns].to_numpy()
    found = copies(real, made, spare)
    assert found["rows that no other comes near"].verdict == "fail"
    assert found["rows that no other comes near"].p < 1e-5
    assert found["entities"].value == 0


def test_copied_cards_are_counted_as_cards() -> None:
    real, own, spare = tills(120, 5), tills(120, 6, 500), tills(120, 7, 1_000)
    for count, verdict in ((0, "pass"), (1, "warn"), (3, "fail")):
        made = pd.concat(
            [own.iloc[20 * count :], real.iloc[: 20 * count].assign(card=lambda one: "x" + one.card)]
        )
        found = copies(real, made, spare)["entities"]
        assert (found.value, found.n, found.verdict) == (count, 120, verdict)
    assert copied_entities(np.array([True, True, True, False]), np.zeros(4, int), np.array([7, 7, 8])) == (
        0,
        1,
    )
    assert copied_entities(np.ones(12, dtype=bool), np.repeat([0, 1], 6), np.repeat([5, 6], 6)) == (2, 2)
    wide = np.arange(40) < 9  # nine of forty rows are less than a quarter
    assert copied_entities(wide, np.zeros(40, int), np.zeros(9, int)) == (0, 1)
    assert partner_in(np.array([4, 9, 4, 1, 9])).tolist() == [2, 4, 0, 3, 1]


def test_entities_that_come_near_a_row_are_those_of_a_naive_count() -> None:
    rng = np.random.default_rng(8)
    frames = [pd.DataFrame(rng.integers(0, 3, (60, 4)).astype(float), columns=list("abcd")) for _ in range(3)]
    frames = [one.assign(card=[f"{k}{rng.integers(20)}" for _ in range(60)]) for k, one in enumerate(frames)]
    case = as_case(frames[0], frames[1], frames[2], CARD)
    cells = [cell_codes(column) for column in case.columns]
    found = entities_agreeing(cells, (case.entity_real, case.entity_spare), np.arange(60))
    real, spare = (frames[k].drop(columns="card").to_numpy() for k in (0, 2))
    everyone = np.concatenate([real, spare])
    names = np.concatenate([frames[0].card, frames[2].card])
    for row in range(60):
        near = [
            {
                name
                for other, name in zip(everyone, names, strict=True)
                if (np.delete(other, k) == np.delete(real[row], k)).all()
            }
            for k in range(4)
        ]
        assert found[row] == max(len(one) for one in near)
    alone = entities_agreeing(
        [(one[0], one[1], None) for one in cells], (case.entity_real, None), np.arange(60)
    )
    assert (alone <= found).all()
    assert (alone < found).any()


def test_words_of_columns_add_up_to_keys_of_rows() -> None:
    case = as_case(tills(30, 1), tills(30, 2), None, CARD)
    cells = [cell_codes(column) for column in case.columns]
    keys, words = row_keys(cells)[0], sum(column[0] for column in column_words(cells))
    assert len(np.unique(words)) == len(np.unique(keys)) == len(np.unique(np.stack([keys, words]), axis=1).T)
    assert (keys[place_in(keys, keys)] == keys).all()


@pytest.mark.parametrize("count", [8, 9, 12, 20, 60, 200])
def test_a_score_warns_only_where_its_chance_is_small(count: int) -> None:
    rng, metric, told = np.random.default_rng(count), METRICS.load("hill"), set()
    for _ in range(60):
        draws = rng.standard_normal(count)
        value = abs(float(3 * rng.standard_normal())) + metric.delta
        found = metric.compared("x", Evidence(value, np.zeros(3), draws, two_sided=True, interval=(0.0, 9.0)))
        told.add(found.verdict)
        if found.verdict == "warn":
            assert found.p <= 0.05 + 1e-9
        if count >= 9 and found.p > 0.05 + 1e-9:
            assert found.verdict == "pass"
    assert told == ({"no power"} if count == 8 else {"pass", "warn"})


def test_the_value_of_a_chance_is_where_the_chance_is_reached() -> None:
    for count in (9, 15, 40, 300):
        draws = np.random.default_rng(count).exponential(size=count)
        for chance in (0.05, 0.025):
            value = value_of_chance(chance, draws)
            assert exceedance(value + 1e-9, draws) <= chance < exceedance(value - 1e-6, draws)
    assert value_of_chance(0.05, np.ones(12)) == np.inf
    assert value_of_chance(0.05, np.zeros(200)) == pytest.approx(0.0, abs=1e-9)


def test_descriptions_of_the_rows_of_three_cards_are_three_findings() -> None:
    def side(seed: int) -> pd.DataFrame:
        cells = np.random.default_rng(seed).normal(0, 1, (600, 5))
        return pd.DataFrame(cells, columns=list("abcde")).assign(
            card=[f"{seed}-{k // 30}" for k in range(600)]
        )

    real, own, spare = side(1), side(2), side(3)
    made = pd.concat([own.iloc[90:], real.iloc[:90].assign(card=own.card)])
    whole = singling_out.measure(as_case(real, made, spare, CARD))[0]
    rows = singling_out.measure(as_case(*(one.drop(columns="card") for one in (real, made, spare)), Roles()))[
        0
    ]
    assert whole.value == pytest.approx(rows.value)
    assert whole.low < rows.low
    assert rows.p < 1e-12 < whole.p


@pytest.mark.parametrize("metric", [attribute_inference, linkability])
def test_attacks_of_rows_of_cards_count_cards(metric: object) -> None:
    """Every card repeats one row: thirty rows of a card are hit or missed together."""
    sides = []
    for seed in (1, 2, 3):
        rng = np.random.default_rng(seed)
        one = pd.DataFrame(rng.normal(0, 1, (20, 5)), columns=list("abcde")).assign(
            job=rng.choice(list("xyz"), 20)
        )
        many = one.iloc[np.repeat(np.arange(20), 30)].reset_index(drop=True)
        noisy = many[list("abcde")] + rng.normal(0, 0.01, (600, 5))
        sides.append(many.assign(**noisy, card=[f"{seed}-{k // 30}" for k in range(600)]))
    roles, plain = Roles(id="card", secrets=("job",)), Roles(secrets=("job",))
    whole, rows = (
        {s.subject: s for s in metric.measure(as_case(sides[0], sides[1], sides[2], one))}  # type: ignore[attr-defined]
        for one in (roles, plain)
    )
    told = [name for name in whole if "hang together" in whole[name].note]
    assert told
    for name in told:
        if name in rows:
            assert whole[name].high - whole[name].low >= rows[name].high - rows[name].low


def test_a_column_that_is_looked_at_alone_pays_for_all_that_were() -> None:
    def side(seed: int) -> pd.DataFrame:
        rng = np.random.default_rng(seed)
        words = {name: [f"{name}{seed}{k:x}z" for k in rng.permutation(400)] for name in ("first", "last")}
        return pd.DataFrame({**words, "income": np.exp(rng.normal(9, 1, 400)).round(4)})

    real, own, spare = side(1), side(2), side(3)
    own.loc[:14, "first"] = real.loc[:14, "first"].to_numpy()
    own.loc[:39, "income"] = real.loc[:39, "income"].to_numpy()
    found = {s.subject: s for s in rare_values.measure(as_case(real, own, spare))}
    assert set(found) == {"all columns", "first", "income"}
    # Two columns of words, three columns in all.
    assert found["first"].p == pytest.approx(2 * hypergeom.sf(14, 800, 400, 15))
    assert found["income"].p == pytest.approx(3 * excess_chance((40, 400), (0, 400), 0.05))
    assert found["all columns"].p == pytest.approx(excess_chance((55, 1_200), (0, 1_200), 0.05))


@pytest.mark.parametrize(("other", "hits"), [(1, 0), (200, 2)])
def test_a_card_that_repeats_itself_is_no_chance_and_two_cards_are(other: int, hits: int) -> None:
    real, own, columns = tills(120, 1), tills(120, 2, 500), ["amount", "shop", "day"]
    place = int(np.flatnonzero(real.amount != 3.62)[0])
    real.loc[place + other, columns] = real.loc[place, columns].to_numpy()
    assert (real.card[place] == real.card[place + other]) == (other == 1)
    unlike = copies(real, own, None)["rows that no other comes near"]
    assert f"; {hits} of 2,400 real rows match one" in unlike.note
