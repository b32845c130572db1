"""An outcome of several words is judged by its default; where none is known the verdict says so."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import finsim
from finsim.evaluation.reading.guessed_roles import Named
from finsim.evaluation.reading.read_as import read_as
from finsim.evaluation.settings import Settings
from finsim.evaluation.tables.table_case import table_case
from finsim.evaluation.utility.label_rows import MOST_ROWS, class_splits, label_split
from finsim.randomness import Streams
from finsim.tables import Field, Schema
from finsim.tables.outcome_words import means_default

WORDS = {"run": "LAUFEND", "paid": "GETILGT", "bad": "AUSFALL"}


def tape(seed: int, words: dict[str, str] = WORDS, rows: int = 900) -> pd.DataFrame:
    """Return loans of which 60 % run; the score tells the default, the age which loans still run."""
    rng = np.random.default_rng(seed)
    score, age = rng.normal(size=rows), rng.uniform(0, 5, rows)
    bad = rng.random(rows) < 1 / (1 + np.exp(2.2 - 1.5 * score))
    said = np.where(bad, words["bad"], np.where(age < 3, words["run"], words["paid"]))
    return pd.DataFrame(
        {"Betrag": rng.integers(1, 90, rows) * 100, "Punkte": score, "Alter": age, "Status": said}
    )


def case(schema: Schema | None, words: dict[str, str] = WORDS, label: str | None = "Status"):
    sides = [tape(seed, words) for seed in (1, 2, 3)]
    found = read_as(*sides, "table", Named(label=label), schema, None)
    return found, table_case(
        found.sides.real,
        found.sides.own,
        found.sides.spare,
        found.roles,
        Streams(0),
        Settings(bootstrap=50),
    )


def declared(**outcome) -> Schema:
    floats = {name: Field("float") for name in ("Betrag", "Punkte", "Alter")}
    return Schema({**floats, "Status": Field("cat", role="outcome", **outcome)}, kind="loans")


def test_the_default_is_judged_and_said_though_most_loans_run():
    found, table = case(None)
    splits = class_splits(table, MOST_ROWS)
    assert [one.told.partition(";")[0] for one in splits] == ["Status is AUSFALL"]
    assert int(splits[0].test.label.sum()) == int((tape(3)["Status"] == "AUSFALL").sum())
    assert label_split(table, MOST_ROWS).named("AUC") == "AUC (Status is AUSFALL)"
    assert "label Status (default: AUSFALL)" in found.remarks[0]


def test_declared_words_stand_above_known_ones_and_several_are_one_default():
    _, table = case(declared(bad=("GETILGT", "LAUFEND")))
    (split,) = class_splits(table, MOST_ROWS)
    assert split.told.startswith("Status is GETILGT or LAUFEND")
    assert int((~split.test.label).sum()) == int((tape(3)["Status"] == "AUSFALL").sum())


def test_an_outcome_of_unknown_words_has_no_verdict_and_says_what_to_declare():
    codes = {"run": "K1", "paid": "K2", "bad": "K3"}
    found, table = case(declared(), codes)
    for refused in (class_splits(table, MOST_ROWS), label_split(table, MOST_ROWS)):
        assert "which of K1, K2, K3 in Status means a default is not known" in refused
        assert "is: [..]" in refused
    assert "which word means a default is not known" in found.remarks[0]
    sides = [tape(seed, codes) for seed in (1, 2, 3)]
    card = finsim.evaluate(sides[0], sides[1], holdout=sides[2], kind="table", schema=declared())
    assert card.verdicts()["train a detector"].verdict == "not computed"
    _, told = case(declared(bad=("K3",)), codes)
    assert label_split(told, MOST_ROWS).told.startswith("Status is K3")


def test_a_label_that_is_no_outcome_is_judged_class_by_class():
    schema = Schema({**declared().fields, "Status": Field("cat", role="none")}, kind="table")
    _, table = case(schema, {"run": "north", "paid": "south", "bad": "east"})
    assert len(class_splits(table, MOST_ROWS)) == 3


@pytest.mark.parametrize("word", [
    "AUSFALL", "ausgefallen", "Default", "Charged Off", "charged-off", "CHARGEOFF", "Written off", "Défaut",
    "en défaut de paiement", "Impago", "fallido", "Sofferenza", "Insoluto", "Inadimplente", "Wanbetaling",
    "non-performing", "Does not meet the credit policy. Status:Charged Off", "NPL", "违约", "Notleidend",
])  # fmt: skip
def test_words_of_default_are_known(word):
    assert means_default(word)


@pytest.mark.parametrize("word", [
    "LAUFEND", "GETILGT", "Fully Paid", "Current", "performing", "not in default", "kein Ausfall",
    "never been in default", "sans défaut", "Late (31-120 days)", "In Grace Period", "al corriente",
    "remboursé", "rimborsato", "Cobrado", "company",
])  # fmt: skip
def test_other_words_are_no_default(word):
    assert not means_default(word)


def test_a_target_of_no_loans_is_not_asked_for_its_default():
    sides = [
        tape(seed, {"run": "u", "paid": "v", "bad": "w"}).rename(
            columns={"Status": "target", "Betrag": "count"}
        )
        for seed in (1, 2)
    ]
    found = read_as(*sides, None, "table", Named(label="target"), None, None)
    assert found.remarks[0].startswith("read as: table; label target, ")
