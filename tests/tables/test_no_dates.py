"""Numbers such as 20180430.0 are dates, and 0 or 99991231 among them are none; a declared type stays."""

import numpy as np
import pandas as pd
import pytest

from finsim.tables import Dialect, Field, open_table, propose
from finsim.tables.proposing.no_dates import no_dates

DAYS = [f"{day:%Y%m%d}" for day in pd.date_range("2018-01-15", periods=40, freq="17D")]


def _proposed(cells, tmp_path):
    place = tmp_path / "tape.csv"
    place.write_text("loan,closed\n" + "".join(f"L{k},{cell}\n" for k, cell in enumerate(cells)))
    found = propose(place)
    field = found.fields["closed"]
    read = open_table(place, found.fields, Dialect()).table()
    return field, " ".join(found.said["closed"]), read["closed"].to_pylist()


@pytest.mark.parametrize(
    ("cells", "none", "form"),
    [
        ([*DAYS, "0", "0"], ("0",), "%Y%m%d"),
        ([*[f"{day}.0" for day in DAYS], "0.0"], ("0.0",), "%Y%m%d.0"),
        ([*DAYS, "99991231", "00000000"], ("99991231", "00000000"), "%Y%m%d"),
        ([*DAYS, *["0"] * 200], ("0",), "%Y%m%d"),
        ([*DAYS, *["0"] * 90, "20180230", "20180230"], ("0", "20180230"), "%Y%m%d"),
        ([*DAYS, "20180975"], ("20180975",), "%Y%m%d"),
        ([*DAYS, f"{DAYS[0]}.0", "0"], ("0",), "%Y%m%d | %Y%m%d.0"),
        ([*[f"{day[:4]}-{day[4:6]}-{day[6:]}" for day in DAYS], "9999-12-31"], ("9999-12-31",), ""),
    ],
)
def test_no_dates_among_dates_are_empty(cells, none, form, tmp_path):
    field, said, read = _proposed(cells, tmp_path)
    assert (field.type, field.format, field.nulls) == ("date", form, none)
    assert "no date, as all others are dates" in said
    first = DAYS[0]
    for cell, day in zip(cells, read, strict=True):
        assert (day is None) == (cell in none)
    assert f"{read[0]:%Y%m%d}" == first


@pytest.mark.parametrize(
    "cells",
    [
        [*DAYS[:9], "0", "20180975", "20180230"],  # too many that are no day
        [*DAYS[:4], "0"],  # too few dates to say what 0 is
        [str(20_180_000 + k * 7_919) for k in range(60)],
    ],
)
def test_numbers_that_are_no_dates_stay_numbers(cells, tmp_path):
    field, said, _ = _proposed(cells, tmp_path)
    assert field.type in ("int", "float", "id")
    assert "no date" not in said
    assert no_dates(cells, "closed") == ()


def test_a_declared_type_is_never_guessed_from_cells(tmp_path):
    place = tmp_path / "tape.csv"
    place.write_text("closed\n" + "\n".join([*DAYS, "0"]) + "\n")
    read = open_table(place, {"closed": Field("int")}, Dialect()).table()
    assert read["closed"].to_pylist() == [int(cell) for cell in [*DAYS, "0"]]


def test_stored_numbers_of_dates_are_read_as_well(tmp_path):
    values = np.array([*map(float, DAYS), 0.0, np.nan])
    place = tmp_path / "tape.parquet"
    pd.DataFrame({"closed": values}).to_parquet(place, index=False)
    found = propose(place)
    assert found.fields["closed"].nulls == ("0",)
    read = open_table(place, found.fields, Dialect()).table()["closed"].to_pylist()
    assert [f"{day:%Y%m%d}" for day in read[:-2]] == DAYS
    assert read[-2:] == [None, None]
