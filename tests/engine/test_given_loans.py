"""Given cells of loans: units and headers of the data, dates learned as days, what no row can have."""

import numpy as np
import pandas as pd
import pytest

import finsim
from finsim.errors import StudyError

SCHEMA = """finsim: schema/1
kind: table
columns:
  Nummer: {type: id}
  rate: {from: Zins, type: ratio, unit: percent}
  opened: {from: Antragstag, type: date, format: "%d.%m.%Y"}
  term: {from: Laufzeit, type: int}
  ends: {from: Ende, type: date, format: "%d.%m.%Y"}
  default_date: {from: Ausfalltag, type: date, format: "%d.%m.%Y"}
  Rating: {type: cat}
"""


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder, rng, rows = tmp_path_factory.mktemp("loans"), np.random.default_rng(3), 400
    opened = pd.Timestamp("2018-01-01") + pd.to_timedelta(rng.integers(0, 900, rows), unit="D")
    term = rng.choice([12, 24, 36, 60], rows)
    ends = pd.DatetimeIndex([day + pd.DateOffset(months=int(n)) for day, n in zip(opened, term, strict=True)])
    default = opened + pd.to_timedelta(np.floor(rng.random(rows) * (ends - opened).days), unit="D")
    frame = pd.DataFrame({
        "Nummer": [f"K{k:05d}" for k in range(rows)],
        "Zins": np.round(rng.normal(6, 1.5, rows).clip(2, 11), 2),
        "Antragstag": opened, "Laufzeit": np.where(rng.random(rows) < 0.05, np.nan, term), "Ende": ends,
        "Ausfalltag": default.where(rng.random(rows) < 0.35), "Rating": rng.choice(["A", "B"], rows),
    })  # fmt: skip
    frame.to_csv(folder / "t.csv", index=False, date_format="%d.%m.%Y")
    (folder / "t.yaml").write_text(SCHEMA, encoding="utf-8")
    return finsim.fit(
        folder / "t.csv", "bayes", schema=folder / "t.yaml", output=folder / "m", progress=False
    )


@pytest.mark.parametrize(("given", "words"), [
    ("Zins=60", "given Zins: 60 was never seen; expected 2[.0-9]* to (10|11)"),
    ("Zins=0.06", "given Zins: 0.06 was never seen; expected"),
    ("Rating=C", "given Rating: the word 'C' was never seen"),
    ("Ratng=A", "did you mean 'Rating'"),
    ("Nummer=K1", "given Nummer: an identifier is made anew"),
    ("Antragstag=2029-05-01", "given Antragstag: 2029-05-01 was never seen; expected 2018-01-0[0-9] to 2020"),
    ("Antragstag=", "given Antragstag: a missing cell; expected a value"),
    ("Ende=2022-05-01", "(?s)given Ende: is computed.*give Antragstag, Laufzeit"),
    ("Ausfalltag=2019-05-01,Antragstag=01.05.2020", "is before the 2020-05-01 given for Antragstag"),
    ("Antragstag=2018-05-01,Laufzeit=12,Ausfalltag=2020-01-01", "2019-05-01 that follows for Ende"),
])  # fmt: skip
def test_what_cannot_be_is_refused_in_the_words_of_the_data(model, given, words):
    with pytest.raises(StudyError, match=words):
        finsim.sample(model, rows=3, given=given, progress=False)


@pytest.mark.parametrize("given", [
    "Ausfalltag=01.05.2020", "Ausfalltag=2020-05-01,Rating=A", "Ausfalltag=", "Laufzeit=",
    "Laufzeit=36,Zins=6.5",
])  # fmt: skip
def test_given_cells_hold_in_every_row(model, given):
    made = finsim.sample(model, rows=60, given=given, progress=False).to_pandas()
    wanted = dict(part.split("=") for part in given.split(","))
    for name, value in wanted.items():
        if not value:
            assert made[name].isna().all()
        elif name == "Ausfalltag":
            assert (pd.to_datetime(made[name]) == pd.Timestamp("2020-05-01")).all()
        else:
            assert set(made[name].astype(str)) == {value}
    there = made["Ausfalltag"].notna()
    assert (made["Ausfalltag"] >= made["Antragstag"])[there].all()
    assert (made["Ausfalltag"] <= made["Ende"])[there].all()
    assert made["Nummer"].is_unique


def test_a_saved_model_makes_the_same_rows(model, tmp_path):
    model.save(tmp_path / "m")
    made = [finsim.sample(one, rows=40, given="Ausfalltag=2020-05-01", seed=4, progress=False).to_pandas()
            for one in (model, tmp_path / "m")]  # fmt: skip
    pd.testing.assert_frame_equal(*made)
