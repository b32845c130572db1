"""Near copies: planted ones are found, null sides have none, and the power is said."""

import numpy as np
import pandas as pd
import pytest
from people_stand_ins import as_case, as_events, cards, noisy, people

from finsim.evaluation.attacks.row_keys import cell_codes
from finsim.evaluation.case import path_case
from finsim.evaluation.privacy import near_copies, near_entities, near_rows, row_copies
from finsim.evaluation.privacy.near_copy_test import Distances, Turn, discoveries
from finsim.evaluation.privacy.near_copy_test import near_copies as flagged_among
from finsim.evaluation.privacy.unlike_rows import expected_matches
from finsim.evaluation.scorecard import Scorecard
from finsim.evaluation.settings import Settings
from finsim.evaluation.tail_probability import lower_tail
from finsim.randomness import Streams
from finsim.records.paths import Paths

pytestmark = pytest.mark.sweep

SIDES = ["hold-out", "halves"]


@pytest.fixture(scope="module")
def sides():
    return people(3_285, 1), people(1_600, 2), people(3_285, 3)


def with_rows(own: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([own[len(rows) :], rows], ignore_index=True)


@pytest.mark.parametrize("side", SIDES)
def test_rows_of_the_same_law_hold_no_copy_and_the_power_is_printed(sides, side):
    train, spare, own = sides
    case = as_case(train, own, spare if side == "hold-out" else None)
    (near,), (exact,) = near_rows.measure(case), row_copies.measure(case)
    assert (near.value, near.verdict) == (0.0, "pass")
    assert "at most 0.11 % could have been missed" in near.note
    assert near.high >= 3.6 / 3_285
    assert (exact.value, exact.verdict) == (0.0, "pass")


@pytest.mark.parametrize("side", SIDES)
def test_three_copies_among_3285_rows_are_found(sides, side):
    train, spare, own = sides
    case = as_case(train, with_rows(own, train[:3]), spare if side == "hold-out" else None)
    (exact,) = row_copies.measure(case)
    assert (exact.value, exact.verdict) == (3.0, "fail")
    assert "3 of 3,285 training rows reappear" in exact.note
    assert near_rows.measure(case)[0].value * 3_285 == pytest.approx(3, abs=1)


@pytest.mark.parametrize("side", SIDES)
def test_66_rows_with_noise_are_found(sides, side):
    train, spare, own = sides
    case = as_case(train, with_rows(own, noisy(train[:66], 0.05)), spare if side == "hold-out" else None)
    (near,) = near_rows.measure(case)
    assert near.verdict == "fail"
    assert near.value * 3_285 == pytest.approx(66, abs=12)
    assert row_copies.measure(case)[0].value == 0


def test_few_rows_are_no_power_and_the_needed_number_is_said(sides):
    train, spare, own = sides
    (near,) = near_rows.measure(as_case(train, own[:500], spare))
    assert near.verdict == "no power"
    assert near.high > near.goal
    assert "needs 736 synthetic rows (has 500)" in near.reason
    (none,) = near_rows.measure(as_case(train[:40], own, spare))
    assert none.verdict == "not computed"


def test_records_that_are_alike_anyway_give_no_power_rather_than_a_pass():
    rng = np.random.default_rng(0)

    def coarse(rows: int) -> pd.DataFrame:
        return pd.DataFrame({"a": rng.choice(list("xyz"), rows), "b": rng.choice(list("uv"), rows)})

    case = as_case(coarse(2_000), coarse(2_000), coarse(1_000))
    (near,) = near_rows.measure(case)
    assert near.verdict == "no power"
    assert "larger hold-out, or columns that tell records apart" in near.reason
    (exact,) = row_copies.measure(case)
    assert exact.verdict == "not computed"  # no training row stands once: a copy is a tie


def test_a_table_whose_rows_repeat_anyway_has_a_chance_level():
    def tickets(rows: int, seed: int) -> pd.DataFrame:
        rng = np.random.default_rng(seed)
        return pd.DataFrame(
            {"fare": rng.integers(0, 40, rows) * 5.0, "zone": rng.choice(list("abcdefgh"), rows)}
        )

    case = as_case(tickets(400, 1), tickets(400, 2), tickets(400, 3))
    exact, unlike = row_copies.measure(case)
    assert unlike.value == 0  # every ticket has company in all columns but one
    assert exact.value > 50
    assert exact.floor > 50
    assert exact.verdict == "pass"
    fine = people(400, 1)
    (copied,) = row_copies.measure(as_case(fine, fine, people(400, 3)))
    assert copied.verdict == "fail"


def narrow(rng: np.random.Generator, shops: int) -> pd.DataFrame:
    """Return 300 rows of four columns; two sides share 300 x 300 / (8,000 x shops) of them by chance."""
    sizes = {"region": 4, "shop": shops, "cents": 1_000, "bad": 2}
    return pd.DataFrame({name: rng.integers(0, size, 300) for name, size in sizes.items()})


@pytest.mark.parametrize("shops", [11, 100])
def test_a_chance_match_of_narrow_rows_is_no_copy_though_no_two_real_rows_are_equal(shops):
    rng, fails, caught = np.random.default_rng(shops), 0, 0
    for _ in range(25):
        real, own = narrow(rng, shops), narrow(rng, shops)
        planted = pd.concat([real[:15], own[15:]], ignore_index=True)
        cards = [Scorecard(tuple(row_copies.measure(as_case(real, one)))) for one in (own, planted)]
        told = [any(score.verdict == "fail" for score in card.scores) for card in cards]
        fails, caught = fails + told[0], caught + told[1]
    assert fails <= 1
    assert caught >= 23


def test_the_matches_to_expect_are_told_by_rows_that_agree_in_all_columns_but_one():
    rng = np.random.default_rng(0)
    real, own = narrow(rng, 11), narrow(rng, 11)
    cells = [cell_codes(column) for column in as_case(real, own).columns]
    equal = real.values[:, None] == real.values[None]
    shares = [(equal[..., k].sum() - 300) / (300 * 299) for k in range(4)]
    near = [np.delete(equal, k, axis=2).all(axis=2) & ~equal[..., k] for k in range(4)]  # equal rows are ties
    pairs = [one.sum() / 2 for one in near]
    wanted = 2 * 300 / 299 * pairs[2] * shares[2]
    assert max(pairs) == pairs[2]
    assert wanted == pytest.approx(300 * 300 / 88_000, rel=0.3)
    assert expected_matches(cells, np.arange(300), 300) == pytest.approx(wanted)
    assert expected_matches(cells, np.zeros(300, np.int64), 300) == 0.0  # all of one entity: no company
    wide = [cell_codes(column) for column in as_case(people(300, 1), people(300, 2)).columns]
    assert expected_matches(wide, np.arange(300), 300) == 0.0


def test_constant_missing_infinite_and_equal_columns_do_not_break_distances(sides):
    train, spare, own = (part[:1_200].copy() for part in sides)
    for k, part in enumerate((train, spare, own)):
        part["constant"], part["void"], part["twin"] = 1.0, np.nan, part["income"]
        part["holes"] = np.where(np.arange(len(part)) % 3 == k, np.nan, part["dti"])
        part["rare"] = np.where(np.arange(len(part)) == 5, 1e9, 0.0)
        part["text"] = [f"n{k}-{i}" for i in range(len(part))]
    own.loc[7, "dti"] = np.inf
    planted = with_rows(own, noisy(train[:30], 0.02, columns=("income", "twin", "amount")))
    (clean,), (near,) = (near_rows.measure(as_case(train, side, spare)) for side in (own, planted))
    assert clean.verdict == "pass"
    assert near.verdict == "fail"


def test_whole_entities_are_found_in_another_year():
    train, spare, own = cards(300, 30, 1), cards(300, 30, 2, 1_000), cards(500, 30, 3, 5_000)
    copied = noisy(train[train["card"] < 12], 0.02, columns=("amount", "hour"))
    copied["day"] += 400.0
    planted = pd.concat([own[own["card"] >= 5_012], copied])
    for held in (spare, None):
        (clean,) = near_entities.measure(as_events(train, own, held))
        assert (clean.value, clean.verdict) == (0.0, "pass")
        (near,) = near_entities.measure(as_events(train, planted, held))
        assert near.verdict == "fail"
        assert near.value * 500 == pytest.approx(12, abs=2)


def garch(rng: np.random.Generator, paths: int, steps: int) -> np.ndarray:
    """Return GJR-GARCH-t returns of two correlated stocks: float64[paths, steps, 2]."""
    alpha, gamma, beta = 0.04, 0.06, 0.9
    h = np.full((paths, 2), 0.018**2)
    factor, out = np.linalg.cholesky([[1, 0.4], [0.4, 1]]), np.empty((paths, steps, 2))
    for t in range(-300, steps):
        r = (
            np.sqrt(h)
            * (rng.standard_normal((paths, 2)) @ factor.T)
            / np.sqrt(rng.chisquare(8, (paths, 1)) / 6)
        )
        if t >= 0:
            out[:, t] = r
        h = 0.018**2 * (1 - alpha - gamma / 2 - beta) + (alpha + gamma * (r < 0)) * r**2 + beta * h
    return out


SLOW = [(1, 0.05), (1, 0.2), (20, 0.05), (20, 0.4)]


@pytest.mark.parametrize(
    ("count", "noise"), [(0, 0.0), (1, 0.4), *(pytest.param(*one, marks=pytest.mark.slow) for one in SLOW)]
)
def test_planted_windows_are_found_among_clean_paths(real, count, noise):
    cut = 2_615
    train, spare = (
        Paths(real.assets, real.dates[part], {"close": real.close[:, part]})
        for part in (slice(0, cut), slice(cut, None))
    )
    rng = np.random.default_rng(0)
    made, known = garch(rng, 60, 1_500), train.returns()[0]
    for i in range(count):
        day, source = rng.integers(0, 1_500 - 32), rng.integers(0, len(known) - 32)
        window = known[source : source + 32]
        made[i, day : day + 32] = window + noise * window.std(0) * rng.standard_normal(window.shape)
    close = 100 * np.exp(np.concatenate([np.zeros((60, 1, 2)), np.cumsum(made, 1)], 1))
    own = Paths(real.assets, np.datetime64("2026-01-01") + np.arange(1_501), {"close": close})
    single, joint = near_copies.measure(path_case(train, spare, own, Streams(7), Settings()))
    assert single.n > 170_000
    assert joint.verdict == ("fail" if count else "pass")
    # Windows begin at every day: several meet one planted place.
    assert joint.value * joint.n >= 3 * count
    if noise <= 0.05 or count > 1:
        assert single.verdict == joint.verdict
    for score in (single, joint):
        assert count or score.value == 0
        assert score.high >= 3.6 / score.n


def test_the_upper_end_is_never_below_what_could_have_been_missed():
    """Every planted copy is as far as chance: nothing can be seen, so nothing passes."""
    rng = np.random.default_rng(0)
    real = [Distances(*np.exp(0.1 * rng.standard_normal((2, n)))) for n in (5_000, 1_000, 100)]
    found = flagged_among([Turn(*real)], 0.1)
    assert found.least == 5_000
    score = near_copies.judged(near_copies.METRIC, "windows", found, "windows", 0.2)
    assert score.high == 1.0
    assert score.verdict == "no power"


def test_p_values_of_fresh_draws_are_uniform_and_continue_beyond_the_draws():
    rng = np.random.default_rng(1)
    for law in (rng.standard_normal, rng.logistic, lambda size: -rng.pareto(4.0, size)):
        p = np.concatenate([lower_tail(law(size=500), law(size=1_000)) for _ in range(60)])
        for level in (0.2, 0.01, 0.001):
            assert np.mean(p <= level) <= 1.25 * level + 3 * np.sqrt(level / len(p))
        assert np.mean(p <= 0.2) == pytest.approx(0.2, abs=0.02)
    draws = rng.logistic(size=2_000)
    far = lower_tail(np.array([-15.0, -30.0]), draws)
    assert far[1] < far[0] < 1 / 2_001
    constant = lower_tail(np.array([-5.0, 0.0]), np.zeros(500))
    np.testing.assert_allclose(constant, [1 / 501, 1.0])


def test_discoveries_are_those_of_the_step_up_rule():
    p = np.array([0.01, 0.04, 0.03, 0.5, 0.2])
    np.testing.assert_array_equal(discoveries(p, 0.1), [True, True, True, False, False])
    assert not discoveries(np.full(4, 0.9), 0.1).any()


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("columns", [("x",), ("x", "kind"), ("whole",)])
def test_few_columns_of_the_same_law_hold_no_copy(columns, seed):
    """One number alone: its real values were a rank apart, and nothing synthetic was as far from them."""

    def drawn(number: int) -> pd.DataFrame:
        rng = np.random.default_rng([seed, number])
        found = {
            "x": rng.lognormal(10.0, 0.5, 400).round(2),
            "kind": rng.choice(["a", "b"], 400),
            "whole": rng.integers(0, 10**6, 400),
        }
        return pd.DataFrame(found)[list(columns)]

    for spare in (None, drawn(3)):
        (score,) = near_rows.measure(as_case(drawn(1), drawn(2), spare))
        assert score.verdict in ("no power", "pass"), score.reason
        assert score.value < 0.01


def test_a_number_that_tells_rows_apart_still_shows_its_copies():
    rng = np.random.default_rng(5)
    train, own, spare = (pd.DataFrame(rng.normal(size=(800, 6)), columns=list("abcdef")) for _ in range(3))
    own.iloc[:20] = train.iloc[:20]
    (score,) = near_rows.measure(as_case(train, own, spare))
    assert score.verdict == "fail"
    assert 20 / 800 <= score.value <= 30 / 800


def test_ties_do_not_excuse_copies_of_other_rows():
    rng = np.random.default_rng(8)
    ties, alone = np.tile(rng.standard_normal(4), (500, 1)), rng.standard_normal((500, 4))
    real = pd.DataFrame(np.vstack([ties, alone]), columns=list("abcd"))
    (found, *_) = row_copies.measure(as_case(real, real.copy(), None))
    assert (found.value, found.verdict) == (500.0, "fail")
    (nothing,) = row_copies.measure(as_case(real[:500], real[:500].copy(), None))
    assert nothing.verdict == "not computed"
    assert "stands once" in nothing.reason
