"""A guessed entity is borne out by its cells, said where it repeats, and can be taken back."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from finsim.evaluation.reading.guessed_roles import Named
from finsim.evaluation.reading.read_as import read_as

DAYS = pd.date_range("2020-01-01", periods=120)


def read(frame: pd.DataFrame, **named: str):
    return read_as(frame, frame, None, None, Named(**named), None, None)


def franchises(cells) -> pd.DataFrame:
    """Return loans with a column that is called a code, and no number of the loan."""
    rng = np.random.default_rng(1)
    rows = len(cells)
    return pd.DataFrame({
        "amount": rng.integers(1_000, 9_000, rows), "job": rng.choice(["a", "b"], rows),
        "issue_date": DAYS[rng.integers(0, 120, rows)], "default": rng.integers(0, 2, rows),
        "FranchiseCode": cells,
    })  # fmt: skip


def test_a_code_that_most_rows_share_is_no_entity_and_said():
    codes = np.where(np.arange(600) % 10 < 9, np.arange(600) % 2, 10_000 + np.arange(600) % 33)
    found = read(franchises(codes))
    assert (found.kind, found.roles.id) == ("table", None)
    said = [one for one in found.remarks if "FranchiseCode" in one]
    assert len(said) == 1
    assert said[0].endswith("read as a category; if it is the entity, write --id FranchiseCode")
    assert read(franchises(codes), id="FranchiseCode").roles.id == "FranchiseCode"
    assert read(franchises(100_000 + np.arange(600))).roles.id == "FranchiseCode"  # a value for each row


@pytest.mark.parametrize(
    ("header", "cells", "is_entity"),
    [
        ("user_id", np.arange(600) % 60, True),
        ("zip", 10_000 + np.arange(600) % 60, False),  # a place that people share
        ("branch_id", np.where(np.arange(600) < 540, 7, np.arange(600) % 60), False),  # nearly all rows one
        ("user_id", np.arange(600) // 2, True),
    ],
)
def test_a_guessed_entity_is_borne_out_by_its_cells(header, cells, is_entity):
    found = read(franchises(cells).rename(columns={"FranchiseCode": header}))
    assert found.roles.id == (header if is_entity else None)
    said = [one for one in found.remarks if f"`{header}` repeats" in one]
    assert bool(said) == (header != "zip")  # proposed as a category outright


def test_a_guessed_role_can_be_taken_back():
    frame = franchises(np.arange(600) // 2).rename(columns={"FranchiseCode": "user_id"})
    assert read(frame).kind == "events"
    found = read(frame, id="none", label="none")
    assert (found.kind, found.roles.id, found.roles.label) == ("table", None, None)
    assert found.roles.time == "issue_date"
    assert read(frame.assign(none=1), id="none").roles.id == "none"  # a column of this name
