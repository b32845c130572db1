"""Headers that mean one thing in one language and another in the next are told apart by their cells."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from finsim.tables import propose
from finsim.tables.proposing.roles import roles
from finsim.tables.told_by_cells import number_of


def german(rows: int = 300, small: bool = False, sign: str = ",") -> pd.DataFrame:
    """Return loans whose Rate is the level instalment of Betrag, Nominalzins and Laufzeit."""
    rng = np.random.default_rng(2)
    amount, term = rng.integers(5, 300, rows) * (10.0 if small else 100.0), rng.choice([24, 48, 72], rows)
    nominal = rng.uniform(2, 9, rows).round(2)
    month = nominal / 1_200
    due = (amount * month / (1 - (1 + month) ** -term)).round(2)
    written = {"Betrag": amount, "Rate": due, "Nominalzins": nominal}
    return pd.DataFrame({
        "Darlehensnummer": [f"D{k:05d}" for k in range(rows)],
        **{name: [f"{one:.2f}".replace(".", sign) for one in values] for name, values in written.items()},
        "Laufzeit_Monate": term, "Bonitaetsklasse": rng.choice(list("ABCDE"), rows),
        "Verlustquote": np.where(rng.random(rows) < 0.1, "0" + sign + "40", ""),
        "PLZ_Gebiet": [f"{one:02d}" for one in rng.integers(1, 60, rows)],
        "Status": rng.choice(["LAUFEND", "GETILGT", "AUSFALL"], rows),
    })  # fmt: skip


def proposed(tmp_path, frame: pd.DataFrame) -> dict:
    frame.to_csv(tmp_path / "t.csv", sep=";", index=False)
    return propose(tmp_path / "t.csv").fields


@pytest.mark.parametrize("small", [False, True])  # small: instalments as low as rates in percent may be
def test_a_german_rate_is_the_instalment_and_the_nominal_rate_is_the_rate(tmp_path, small):
    fields = proposed(tmp_path, german(small=small))
    found = {name: field.role for name, field in fields.items()}
    assert (found["Rate"], found["Nominalzins"]) == ("", "rate")
    assert (found["Betrag"], found["Bonitaetsklasse"], found["Verlustquote"]) == ("amount", "grade", "lgd")
    assert fields["Nominalzins"].unit == "percent"


@pytest.mark.parametrize("factor", [1.0, 0.01])
def test_a_rate_of_interest_stays_one_in_percent_or_decimals(tmp_path, factor):
    frame = german(sign=".").drop(columns=["Rate"])
    frame["Rate"] = [f"{float(one) * factor:.4f}" for one in frame.pop("Nominalzins")]
    assert proposed(tmp_path, frame)["Rate"].role == "rate"


def test_instalments_without_amount_and_term_are_told_by_their_size(tmp_path):
    frame = german().drop(columns=["Laufzeit_Monate", "Nominalzins"])
    assert proposed(tmp_path, frame)["Rate"].role == ""


def test_words_have_no_role_of_numbers(tmp_path):
    rng = np.random.default_rng(1)
    frame = german(sign=".").rename(columns={"Nominalzins": "Tasa nominal"}).drop(columns="Rate")
    frame["Tipo"] = rng.choice(["fijo", "variable"], len(frame))
    found = proposed(tmp_path, frame)
    assert found["Tipo"].role == ""
    assert found["tasa_nominal" if "tasa_nominal" in found else "Tasa nominal"].role == "rate"


def test_areas_of_postcodes_are_categories_and_codes_of_one_row_are_not(tmp_path):
    frame = german()
    assert proposed(tmp_path, frame)["PLZ_Gebiet"].type == "cat"
    frame["PLZ_Gebiet"] = [f"{10_000 + 17 * k}" for k in range(len(frame))]
    assert proposed(tmp_path, frame)["PLZ_Gebiet"].type == "id"


def test_umlauts_may_be_written_with_two_letters():
    assert roles(["Kredithoehe", "Bonitaet"], "loans") == {"Kredithoehe": "amount", "Bonitaet": "grade"}


@pytest.mark.parametrize(("cell", "number"), [
    ("1.234,50", 1_234.5), ("1,234.50", 1_234.5), ("12.000", 12_000), ("0.125", 0.125), ("6,72 %", 6.72),
    ("1.234.567", 1_234_567), ("301,34", 301.34), ("-5", -5), ("€ 1'200", 1_200),
])  # fmt: skip
def test_numbers_are_read_whatever_their_signs(cell, number):
    assert number_of(cell) == number


def test_words_are_no_numbers():
    assert np.isnan(number_of("fijo"))
