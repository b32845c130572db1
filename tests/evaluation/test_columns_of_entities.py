"""Columns that belong to an entity do not blind the judges of its rows, and are judged by themselves."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from people_stand_ins import as_case

from finsim.evaluation.events import event_two_sample
from finsim.evaluation.events.told_apart import alike, grouped_auc
from finsim.evaluation.learner import LEAF, fold_of, leaf_rows, side_folds
from finsim.evaluation.tables import table_two_sample
from finsim.evaluation.tables.column_pairs import Roles
from finsim.evaluation.tables.entity_columns import by_entity, entity_columns

CARD = Roles(id="card")


@pytest.fixture
def one_floor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_two_sample, "HALVES", 1)


def purchases(seed: int, cards: int = 90, rows: int = 12) -> pd.DataFrame:
    """Return purchases whose kind is that of the shop; born and land are those of the card."""
    rng = np.random.default_rng(seed)
    who = np.repeat(np.arange(cards), rows)
    shop = rng.integers(0, 12, len(who))
    return pd.DataFrame(
        {
            "card": [f"{seed}-{one}" for one in who],
            "born": rng.integers(1940, 2005, cards)[who].astype(float),
            "land": rng.choice(list("abcdefgh"), cards)[who],
            "shop": [f"s{one:02d}" for one in shop],
            "kind": [f"k{one // 3}" for one in shop],
            "amount": np.round(rng.lognormal(3 + shop % 3, 0.4), 2),
            "flag": (rng.random(len(who)) < 0.003).astype(float),
        }
    )


def test_columns_of_the_entity_are_told_from_rare_flags_that_hardly_ever_change() -> None:
    case = as_case(purchases(1), purchases(2), None, CARD)
    assert entity_columns(case) == ("born", "land")
    lone = as_case(purchases(1, rows=1), purchases(2, rows=1), None, CARD)
    assert entity_columns(lone) == ()
    assert entity_columns(as_case(purchases(1), purchases(2), None, Roles())) == ()


def test_an_entity_is_its_first_row_and_what_changes_within_it() -> None:
    rows = np.array([[1.0, np.nan], [1.0, np.nan], [2.0, 5.0], [3.0, 5.0]])
    found = by_entity(rows, np.array([0, 0, 1, 1]))
    assert np.array_equal(found, [[1.0, np.nan, 0.0, 0.0], [2.0, 5.0, 1.0, 0.0]], equal_nan=True)
    assert by_entity(rows, None).shape == (4, 4)


def test_a_shuffled_column_is_seen_beside_columns_of_the_entity(one_floor) -> None:
    """Trees that see who was born when learn the cards of their folds, and nothing that holds for others."""
    own = purchases(2)
    shuffled = own.assign(kind=np.random.default_rng(3).permutation(own["kind"]))
    (score,) = table_two_sample.measure(as_case(purchases(1), shuffled, None, CARD))
    assert score.value > score.goal
    assert score.ceiling > score.goal
    assert " kind (" in score.reason
    assert "columns of the entity apart" in score.note


def test_columns_of_the_entity_that_lie_are_seen(one_floor) -> None:
    own = purchases(2)
    changing = own.assign(born=np.random.default_rng(3).permutation(own["born"]))
    (score,) = table_two_sample.measure(as_case(purchases(1), changing, None, CARD))
    assert score.value > 0.9
    assert "given away by changes of born within an entity" in score.reason
    assert "entities by their own columns" in score.note


def test_the_judge_of_events_leaves_columns_of_the_entity_to_that_of_entities(monkeypatch) -> None:
    seen = {}

    def told_apart(metric, case, subject, describe, most_rows):
        seen["left out"] = describe(case, None, "real")
        return metric.missing(subject, "not needed here")

    case = type("Case", (), {"rows": as_case(purchases(1), purchases(2), None, CARD), "sides": ((), ())})
    monkeypatch.setattr(event_two_sample, "unfit", lambda *given: "")
    monkeypatch.setattr(event_two_sample, "told_apart", told_apart)
    monkeypatch.setattr(event_two_sample, "event_features", lambda *given: given[3])
    (score,) = event_two_sample.measure(case)
    assert seen["left out"] == ("born", "land")
    assert score.note.endswith("left to entity_two_sample: born, land")


def test_folds_hold_equally_many_entities_of_each_side() -> None:
    label = np.repeat([False, True], [60, 30])
    groups = np.arange(90) // 3
    fold = side_folds(label, groups, 5, np.random.default_rng(0))
    for side in (False, True):
        counts = [len(np.unique(groups[(fold == k) & (label == side)])) for k in range(5)]
        assert set(counts) == {4 if not side else 2}
    together = fold_of(groups, 5, np.random.default_rng(0))
    assert len({int(label[together == k].sum()) for k in range(5)}) > 1  # else this test cannot fail


def test_a_leaf_is_several_entities_but_never_most_of_the_rows() -> None:
    assert leaf_rows(np.arange(5_000)) == LEAF
    assert leaf_rows(np.arange(14_000) // 70) == 210
    assert leaf_rows(np.arange(5_000) // 1_000) == 100


def test_a_busy_entity_decides_no_area() -> None:
    """One of three synthetic entities has 98 of 100 rows, all of which look real."""
    group = np.repeat([0, 1, 2, 3, 4], [1, 1, 98, 1, 1])
    label = group >= 2
    scores = np.where(np.isin(group, [3, 4]), 1.0, 0.0)
    assert alike(group) @ (group == 2) == pytest.approx(1.0)
    draws = grouped_auc(scores, label, group, 400, np.random.default_rng(0))
    # Two of three are told, the third ties: 2/3 + 1/6; by rows it would be .51.
    assert draws.mean() == pytest.approx(5 / 6, abs=0.02)
