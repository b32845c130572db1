"""Rare values that are reused, and cells of quasi-identifiers, with values worked out by hand."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from people_stand_ins import PERSON, as_case, cards, people

from finsim.evaluation.attacks.quasi_identifiers import quasi_cells
from finsim.evaluation.privacy import k_map, l_diversity, rare_values
from finsim.evaluation.tables.column_pairs import Roles
from finsim.evaluation.tables.reused_keys import reused_keys


@pytest.mark.parametrize("held", [True, False])
@pytest.mark.parametrize("rows", [600, 3_000, 9_000])
def test_values_of_a_null_side_are_no_reuse(held, rows):
    """Whatever the sizes: amounts are round and ages few, so values that stand once are met by chance."""
    case = as_case(people(3_000, 1), people(rows, 3), people(1_200, 2) if held else None)
    (score,) = rare_values.measure(case)
    assert (score.subject, score.verdict) == ("all columns", "pass")


def test_people_with_places_of_their_own_are_no_reuse():
    """Loose rows of all synthetic people met more places than those of half the real people (3 of 12)."""

    def drawn(seed, number):
        rng = np.random.default_rng([seed, number])
        who = np.repeat(np.arange(200), rng.geometric(0.02, 200))
        home, away = rng.integers(0, 500, 200)[who], rng.integers(0, 500, len(who))
        return pd.DataFrame({"who": who, "zip": np.where(rng.random(len(who)) < 0.97, home, away)})

    cases = (as_case(drawn(k, 1), drawn(k, 2), roles=Roles(id="who")) for k in range(12))
    assert [
        score.reason for case in cases for score in rare_values.measure(case) if score.verdict == "fail"
    ] == []


@pytest.mark.parametrize("held", [True, False])
def test_values_drawn_from_training_are_found_in_their_column(held):
    train, own = people(3_000, 1), people(3_000, 3)
    own["income"] = np.random.default_rng(0).choice(train["income"], len(own))
    case = as_case(train, own, people(1_200, 2) if held else None)
    found = {score.subject: score for score in rare_values.measure(case)}
    assert found["all columns"].verdict == found["income"].verdict == "fail"
    assert set(found) == {"all columns", "income"}
    # Each income is drawn with chance 1 - 1/e, or by half as many rows.
    assert found["income"].value == pytest.approx(1 - np.exp(-1) if held else 1 - np.exp(-0.5), abs=0.03)
    assert "synthetic cells hold one" in found["income"].note


def test_a_value_of_both_real_parts_stands_twice():
    numbers = np.arange(40.0)
    real = pd.DataFrame({"a": np.r_[numbers, 500.0, 600.0, 600.0]})
    held = pd.DataFrame({"a": np.r_[numbers + 1_000, 500.0]})
    own = pd.DataFrame({"a": np.r_[numbers[:10], 500.0, 600.0, 1_000.0]})
    case = as_case(real, own, held)
    found = rare_values.reuse(case, case.column("a"), None)
    assert (found.train, found.control) == ((10, 40), (1, 40))
    assert (found.cells, found.of) == (11, 13)


def test_a_table_without_rare_values_has_none_to_reuse():
    rng = np.random.default_rng(0)
    few = [pd.DataFrame({"a": rng.choice(list("xy"), 500)}) for _ in range(3)]
    (score,) = rare_values.measure(as_case(*few))
    assert (score.verdict, score.value) == ("pass", 0.0)
    few[0].loc[0, "a"] = "only me"
    (score,) = rare_values.measure(as_case(*few))
    assert score.verdict == "no power"
    assert "needs 30" in score.reason


def test_k_and_l_by_hand():
    real = pd.DataFrame({"sex": ["f"] * 5 + ["m"] * 3 + ["x"], "secret": list("aabbcaaab")})
    own = pd.DataFrame({"sex": ["f", "f", "m", "x", "y"], "secret": list("abcab")})
    roles = Roles(secrets=("secret",), groups=("sex",))
    case = as_case(real, own, roles=roles)
    np.testing.assert_array_equal(quasi_cells(case).matches(quasi_cells(case).own, None), [5, 5, 3, 1, 0])
    (k,) = k_map.measure(case)
    assert k.value == pytest.approx(0.4)
    assert k.note.startswith("k_min 1; 2 of 5 rows with k < 5; 1 fit nobody")
    assert k.verdict == "warn"
    (diverse,) = l_diversity.measure(case)
    assert diverse.value == pytest.approx(0.4)
    assert "l_min 1.00" in diverse.note
    spread, _ = l_diversity.diversity(np.zeros(4), np.array([0, 0, 1, 1]))
    assert spread[0] == pytest.approx(2.0)


def test_k_counts_people_not_rows():
    frame = cards(6, 50, 1).assign(sex="f")
    roles = Roles(id="card", groups=("sex",))
    (by_card,) = k_map.measure(as_case(frame, frame, roles=roles))
    assert by_card.note.startswith("k_min 6;")
    assert by_card.note.endswith("unit: card")
    (by_row,) = k_map.measure(as_case(frame, frame, roles=Roles(groups=("sex",))))
    assert by_row.note.startswith("k_min 300;")


def test_undeclared_roles_are_asked_for():
    case = as_case(people(200, 1), people(200, 2))
    assert "--group" in k_map.measure(case)[0].reason
    assert "--group" in l_diversity.measure(case)[0].reason
    only_groups = as_case(people(200, 1), people(200, 2), roles=Roles(groups=("sex",)))
    assert "--secret" in l_diversity.measure(only_groups)[0].reason
    whole = as_case(people(200, 1), people(200, 2), roles=PERSON)
    assert [score.subject for score in l_diversity.measure(whole)] == ["job", "income"]


def test_a_side_with_more_rows_gives_whole_people():
    who = np.repeat(np.arange(50), np.arange(1, 51))
    drawn = rare_values._some_whole(np.random.default_rng(0), who.copy(), who, 300)
    assert abs(len(drawn) - 300) <= 50
    assert all((drawn == one).sum() == one + 1 for one in np.unique(drawn))
    assert len(rare_values._some_whole(np.random.default_rng(0), who, None, 300)) == 300


@pytest.mark.parametrize(
    ("key", "own", "verdict"),
    [
        ("spread text", 400, "fail"), ("spread numbers", 400, "fail"), ("words", 400, "fail"),
        ("spread text", 40, "fail"), ("spread text", 0, None), ("words", 0, None),
        ("counted", 400, None), ("counted text", 400, None),
    ],
)  # fmt: skip
def test_keys_of_real_people_are_reused_values_but_counted_rows_are_not(key, own, verdict):
    """Every real account number stood on the synthetic side, and nothing was said: a key is no feature."""
    numbers = np.random.default_rng(5).integers(10**11, 10**12, 800)
    values = {
        "spread text": np.array([f"DE{one}" for one in numbers]),
        "spread numbers": numbers,
        "words": np.array([f"{one:x}-" for one in numbers]),
        "counted": np.arange(800) % 400,
        "counted text": np.array([f"C{one % 400:05}" for one in range(800)]),
    }[key]
    train, made = people(400, 1).assign(account=values[:400]), people(400, 3)
    chosen = values[400:].copy()
    chosen[:own] = values[:own]
    scores = rare_values.measure(as_case(train, made.assign(account=chosen), roles=Roles(id="account")))
    assert {one.subject: one.verdict for one in scores}.get("account") == verdict


@pytest.mark.parametrize(
    ("real", "own", "met", "chance"),
    [
        (["a1", "b7", "c9"], ["a1", "b7", "x"], 2, 0.0),  # a beginning of one number alone counts nothing
        (range(1, 11), range(1, 6), 5, 5.0),  # real numbers beyond the synthetic ones are not met by counting
        (["k02", "k04", "m1"], ["k00", "k04"], 1, 0.8),  # two numbers fill two fifths of their range
    ],
)
def test_chance_of_keys_by_hand(real, own, met, chance):
    sides = (pa.table({"id": pa.array(list(side))}) for side in (real, own))
    (found,) = reused_keys(*sides, ["id", "other"])
    assert (found.real, found.own, found.met) == (len(real), len(own), met)
    assert found.chance == pytest.approx(chance)


def names(rows: int, seed: int) -> pd.DataFrame:
    """Return people whose names, two words of a long tail and a letter, are often met once."""
    rng = np.random.default_rng([seed, 77])
    first, last = (np.minimum(rng.zipf(1.5, rows), 400) for _ in range(2))
    letters = rng.choice(list("abcdefgh"), rows)
    named = [f"f{a}x l{b}y {c}" for a, b, c in zip(first, last, letters, strict=True)]
    return pd.DataFrame({"name": named, "age": rng.integers(18, 90, rows)})


def unlike(side: str, rows: int) -> pd.DataFrame:
    return pd.DataFrame({"name": [f"{side} {k:x}q" for k in range(rows)], "age": np.arange(rows) % 70})


@pytest.mark.parametrize("held", [True, False])
def test_a_few_names_that_are_copied_fail_where_as_many_numbers_are_in_the_margin(held):
    real, own, spare = unlike("a", 3_000), unlike("b", 3_000), unlike("c", 1_500)
    own.loc[:139, "name"] = real["name"][:140]
    found = {
        score.subject: score for score in rare_values.measure(as_case(real, own, spare if held else None))
    }
    assert found["name"].verdict == "fail"
    assert "words that stand once are reused" in found["name"].reason
    words = sorted({*real["name"], *own["name"], *spare["name"]})
    sides = [part.assign(name=np.searchsorted(words, part["name"]) / 8.0) for part in (real, own, spare)]
    numbers = rare_values.measure(as_case(sides[0], sides[1], sides[2] if held else None))
    assert {score.subject for score in numbers} == {"all columns"}


@pytest.mark.parametrize("held", [True, False])
def test_names_that_two_populations_share_by_chance_do_not_fail(held):
    for seed in range(10):
        parts = [names(2_000, 3 * seed + k) for k in range(3)]
        case = as_case(parts[0], parts[1], parts[2] if held else None)
        assert [score.reason for score in rare_values.measure(case) if score.verdict == "fail"] == []


def test_words_that_both_sides_count_are_explained():
    counted = pd.DataFrame({"word": [f"V{k}" for k in range(600)], "x": np.arange(600) % 9})
    case = as_case(counted, counted)
    found = rare_values._beside_counting(case.column("word"), rare_values.Reuse((9, 600), (0, 600), 9, 600))
    assert found.control == (600, 600)
