"""Columns of a panel that go below zero are proposed as levels or returns, by how they move."""

import numpy as np
import pandas as pd
import pytest

from finsim.tables import load_schema, propose


def written_schema(data):
    """Return the proposal for a file, and the schema that it writes."""
    found = propose(data)
    path = data.with_suffix(".schema.yaml")
    path.write_text(found.to_yaml(), encoding="utf-8")
    return found, load_schema(path)


@pytest.mark.parametrize("name", ["p.csv", "p.parquet"])
def test_a_panel_below_zero_is_proposed_as_levels_and_returns(tmp_path, name):
    rng = np.random.default_rng(8)
    moves = rng.normal(0, 0.03, (300, 3))
    between = np.zeros(300)
    for day in range(1, 300):
        between[day] = 0.7 * between[day - 1] + moves[day, 2]
    columns = {"Y": np.cumsum(moves[:, 0]) - 0.2, "R": moves[:, 1], "M": between, "P": 9 + moves[:, 0]}
    days = pd.bdate_range("2020-01-01", periods=300)
    frame = pd.DataFrame({"date": days} | {name: cells.round(4) for name, cells in columns.items()})
    frame.to_csv(tmp_path / "p.csv", index=False)
    if name == "p.parquet":
        frame.to_parquet(tmp_path / name)
    found, schema = written_schema(tmp_path / name)
    kinds = {column: field.as_ for column, field in schema.fields.items()}
    assert kinds == {"date": "", "Y": "difference", "R": "return", "M": "", "P": ""}
    assert any(said.startswith("`Y` stays near where it was") for said in found.doubts)
    assert not any(said.startswith(("`M`", "`P`")) for said in found.doubts)


@pytest.mark.parametrize(
    "values",
    [[0.0] * 30, [-1.0, 2.0] * 15, [-1.0, 2.0, 1.0] * 5, [None] * 30 + [-1.0], [float("inf"), -1.0] * 20],
)
def test_too_little_to_tell_a_level_from_a_return(tmp_path, values):
    days = pd.bdate_range("2020-01-01", periods=len(values))
    pd.DataFrame({"date": days, "Y": values, "Z": 5.5}).to_csv(tmp_path / "p.csv", index=False)
    fields = written_schema(tmp_path / "p.csv")[1].fields
    assert fields["Y"].as_ == ""
