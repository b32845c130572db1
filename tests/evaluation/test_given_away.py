"""A column that tells the real label by itself is named, and no model of the label sees it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from people_stand_ins import as_case

from finsim.evaluation.real_data.given_away import AWAY, given_away
from finsim.evaluation.tables.column_pairs import Roles
from finsim.evaluation.utility.label_rows import label_split, left_out, without_giveaways

LABEL = Roles(label="bad")


def loans(seed: int, rows: int = 400) -> pd.DataFrame:
    """Return loans with a day of default that only defaults have, and a rate that tells a little."""
    rng = np.random.default_rng(seed)
    bad = rng.random(rows) < 0.3
    return pd.DataFrame(
        {
            "rate": rng.normal(5.0 + bad, 1.0),
            "defaulted": np.where(bad, rng.uniform(100.0, 900.0, rows).round(1), np.nan),
            "status": np.where(bad, rng.choice(["late", "lost"], rows), rng.choice(["paid", "due"], rows)),
            "bad": np.where(bad, "yes", "no"),
        }
    )


def test_a_date_and_a_status_that_only_defaults_have_are_left_out_and_named() -> None:
    split = label_split(as_case(loans(1), loans(2), None, LABEL), 1_000)
    assert split.names == ("rate",)
    assert split.train.features.shape[1] == split.own.features.shape[1] == split.test.features.shape[1] == 1
    assert set(split.without) == {"defaulted", "status"}
    assert "defaulted (AUC 1.000)" in split.told
    assert split.named("AUC").startswith("AUC, without ")
    plain = label_split(as_case(loans(1)[["rate", "bad"]], loans(2)[["rate", "bad"]], None, LABEL), 1_000)
    assert plain.without == ()
    assert plain.named("AUC") == "AUC"


def test_a_column_of_the_synthetic_side_alone_is_no_giveaway_of_the_real_label() -> None:
    real = loans(1).assign(defaulted=np.random.default_rng(3).uniform(100.0, 900.0, 400), status="paid")
    split = label_split(as_case(real, loans(2), None, LABEL), 1_000)
    assert split.without == ()


def test_where_every_column_gives_the_label_away_nothing_is_judged() -> None:
    kept = ["status", "bad"]
    said = label_split(as_case(loans(1)[kept], loans(2)[kept], None, LABEL), 1_000)
    assert said == "every other column tells the real label by itself: status (AUC 1.000)"


def test_areas_are_learned_on_other_groups_and_hold_either_way() -> None:
    rng = np.random.default_rng(0)
    label = rng.random(600) < 0.2
    columns = {
        "falling": 0.001 * rng.random(600) - label,
        "own value in each row": np.arange(600.0),
        "strong": label + 0.7 * rng.standard_normal(600),
        "u": np.where(label, 0.0, rng.choice([-1.0, 1.0], 600)),
    }
    found = given_away(np.stack(list(columns.values()), axis=1), label, np.arange(600), list(columns))
    assert set(found) == {"falling", "u"}
    assert min(found.values()) >= AWAY


def test_names_are_three_at_most_and_a_split_without_giveaways_is_itself() -> None:
    assert left_out(("a", "b", "c", "d", "e")) == ", without a, b, c and 2 more"
    assert left_out(()) == ""
    split = label_split(as_case(loans(1), loans(2), None, LABEL), 1_000)
    assert without_giveaways(replace(split, without=())).names == split.names
