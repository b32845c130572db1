"""Cells of the real side that are no numbers, no dates, or not finite."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from finsim.errors import DataError
from finsim.evaluation.reading.guessed_roles import Named
from finsim.evaluation.reading.read_as import read_as
from finsim.tables import Field, Schema


def loans(rows: int) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    days = pd.date_range("2020-01-01", periods=120)
    return pd.DataFrame({
        "loan_id": [f"L{k:05d}" for k in range(rows)], "amount": rng.integers(1_000, 9_000, rows),
        "issue_date": days[rng.integers(0, 120, rows)], "default": rng.integers(0, 2, rows),
    })  # fmt: skip


def read(real, schema=None):
    return read_as(real, real, None, None, Named(), schema, None)


def with_odd_cells() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    rows = pd.DataFrame({
        "Alter": rng.integers(20, 70, 400).astype(str), "Zins": rng.normal(5, 1, 400).round(2).astype(str),
        "Tag": pd.date_range("2021-01-01", periods=400).strftime("%d.%m.%Y"), "Wert": rng.normal(size=400),
        "Rate": rng.integers(100, 900, 400).astype(str), "Ort": rng.choice(["Bonn", "Ulm"], 400),
    })  # fmt: skip
    rows.loc[[7, 90], "Alter"] = "dreissig"
    rows.loc[9, "Zins"], rows.loc[11, "Tag"], rows.loc[3, "Wert"] = "inf", "31.02.2021", np.inf
    rows.loc[5, "Rate"] = "12O"
    return rows


@pytest.mark.parametrize("is_file", [True, False])
def test_odd_real_cells_are_told_with_column_row_and_count(is_file, tmp_path):
    rows = with_odd_cells()
    rows.to_csv(tmp_path / "real.csv", index=False)
    found = read(tmp_path / "real.csv" if is_file else rows)
    told = "\n".join(found.remarks)
    for said in (
        "row 7: column 'Alter' holds 'dreissig'; 2 cells read as empty",
        "row 9: column 'Zins' holds 'inf'; 1 cell read as empty",
        "row 11: column 'Tag' holds '31.02.2021'; 1 cell read as empty",
        "row 5: column 'Rate' holds '12O', no number; 1 cell of 400, so the column is read as text",
    ):
        assert said in told
    assert "row 3: column 'Wert' holds 'inf'; 1 cell" in told or "'Wert' holds inf, no finite number" in told
    assert "'Ort'" not in told
    assert (found.roles.id, found.roles.time) == (None, "Tag")
    assert found.sides.real["Tag"].null_count == 1
    assert pa.types.is_date(found.sides.real.schema.field("Tag").type)
    clean = rows.drop(index=[3, 5, 7, 9, 11, 90])
    assert len(read(clean).remarks) == 1


@pytest.mark.parametrize("is_file", [True, False])
@pytest.mark.parametrize("words", [("2021-02-30",), ("0000-00-00", "2021-13-01", "05.03.2021")])
def test_a_few_impossible_dates_leave_a_column_of_dates(words, is_file, tmp_path):
    rows = loans(400)
    days = rows["issue_date"].dt.strftime("%Y-%m-%d")
    for at, word in enumerate(words):
        days[20 + 3 * at] = word
    rows = rows.assign(issue_date=days)
    rows.to_csv(tmp_path / "real.csv", index=False)
    found = read(tmp_path / "real.csv" if is_file else rows)
    assert found.roles.time == "issue_date"
    assert found.sides.real["issue_date"].null_count == len(words)
    assert found.sides.own["issue_date"].null_count == len(words)
    told = f"row 20: column 'issue_date' holds '{words[0]}'; {len(words)} cell"
    assert [one for one in found.remarks if told in one and one.endswith("read as empty")]


def test_many_impossible_dates_leave_text_and_are_said():
    days = loans(400)["issue_date"].dt.strftime("%Y-%m-%d")
    days[:30] = [f"2021-{13 + k}-01" for k in range(30)]  # 30 of 400: empty
    assert pa.types.is_date(read(loans(400).assign(issue_date=days)).sides.real["issue_date"].type)
    days[:45] = [f"2021-{13 + k}-01" for k in range(45)]  # more than a tenth: no dates
    assert not pa.types.is_temporal(read(loans(400).assign(issue_date=days)).sides.real["issue_date"].type)
    days = loans(900)["issue_date"].dt.strftime("%Y-%m-%d")
    days[:45] = [f"2021-{13 + k}-01" for k in range(45)]  # few, but too many to list
    found = read(loans(900).assign(issue_date=days))
    assert not pa.types.is_temporal(found.sides.real["issue_date"].type)
    said = "column 'issue_date' holds '2021-13-01', no date; 45 cells of 900, so the column is read as text"
    assert said in "".join(found.remarks)


def test_a_schema_refuses_odd_cells_and_an_infinite_one_is_told():
    rows = with_odd_cells()
    fields = {"Wert": Field("float"), "Alter": Field("int"), "Tag": Field("date", format="%d.%m.%Y")}
    with pytest.raises(DataError) as wrong:
        read(rows, schema=Schema(fields))
    age, day = "column 'Alter' holds 'dreissig'", "column 'Tag' holds '31.02.2021'"
    assert [one.found for one in wrong.value.problems] == [age, day, age]
    told = read(rows, schema=Schema({"Wert": Field("float"), "Ort": Field("cat")})).remarks
    assert "the real side, row 3: column 'Wert' holds inf, no finite number; 1 cell not compared" in told
