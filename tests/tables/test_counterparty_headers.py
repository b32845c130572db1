"""Columns of the other side's name and account are told apart in several languages, by headers and cells."""

import numpy as np
import pytest

from finsim.tables import propose


def proposed(folder, own, name, account, *, alone=0.4, swapped=False):
    """Return header -> role for a statement whose payees are shops by name, or persons with an account."""
    rng = np.random.default_rng(3)
    headers = [own, "Date", "Amount", *((account, name) if swapped else (name, account))]
    lines = [";".join(headers)]
    for k in range(300):
        number = f"FR{70_000_000 + int(rng.integers(30))}" if rng.random() >= alone else ""
        who = f"CLIENT {number[-2:]}A" if number else f"SHOP {'ABCDEFGH'[int(rng.integers(8))]}"
        pair = (number, who) if swapped else (who, number)
        cells = (f"FR{70_000_000 + k % 15}", f"2024-02-{k // 15 + 1:02d}", f"{rng.normal(0, 40):.2f}", *pair)
        lines.append(";".join(cells))
    (folder / "l.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return {one.source or key: one.role for key, one in propose(folder / "l.csv").fields.items()}


@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize(
    ("own", "name", "account"),
    [
        ("Compte", "Contrepartie", "Compte contrepartie"),
        ("Compte", "Nom bénéficiaire", "N° de compte du bénéficiaire"),
        ("Cuenta", "Contraparte", "Cuenta contraparte"),
        ("Conto", "Controparte", "IBAN controparte"),
        ("Conta", "Contraparte", "Número da conta contraparte"),
        ("Rekening", "Naam tegenpartij", "Tegenrekening IBAN/BBAN"),
        ("Konto", "Gegenpartei", "Kontonummer der Gegenpartei"),
        ("Account", "Counterparty", "Counterparty Account No"),
        ("Account", "Recipient name", "Account of recipient"),
        ("IBAN", "Gegen_Name", "Gegen_IBAN"),
    ],
)
def test_names_are_the_merchant_and_numbers_who_is_paid(tmp_path, own, name, account, swapped):
    found = proposed(tmp_path, own, name, account, swapped=swapped)
    assert (found[own], found[name], found[account]) == ("from_account", "merchant", "to_account")


def test_numbers_in_every_row_are_who_is_paid_and_names_beside_them_play_no_part(tmp_path):
    found = proposed(tmp_path, "Compte", "Contrepartie", "Compte contrepartie", alone=0.0)
    assert found["Compte contrepartie"] == "to_account"
    assert not found["Contrepartie"]


def test_a_second_account_without_names_of_words_beside_it_is_no_other_side(tmp_path):
    found = proposed(tmp_path, "Compte", "Remarque", "Compte d'épargne")
    assert "merchant" not in found.values()
    assert found["Compte d'épargne"] != "to_account"


def test_words_are_no_accounts_where_the_other_column_holds_numbers_in_every_row(tmp_path):
    """Every row has the number of the other side, and some have its name: none of them names a shop."""
    rng = np.random.default_rng(5)
    lines = ["Compte;Date;Amount;Contrepartie;Compte contrepartie"]
    for k in range(300):
        number = f"FR{70_000_000 + int(rng.integers(30))}"
        who = f"CLIENT {number[-2:]}A" if rng.random() < 0.5 else ""
        lines.append(
            f"FR{70_000_000 + k % 15};2024-02-{k // 15 + 1:02d};{rng.normal(0, 40):.2f};{who};{number}"
        )
    (tmp_path / "l.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    found = {one.source or key: one.role for key, one in propose(tmp_path / "l.csv").fields.items()}
    assert found["Compte contrepartie"] == "to_account"
    assert "merchant" not in found.values()


def test_the_account_is_known_by_its_header_where_all_rows_have_one(tmp_path):
    """No row without an account tells the two columns apart; a reference is no purpose beside one."""
    lines = ["Ref;IBAN;Buchungstag;Betrag;Gegen-IBAN;Gegen-Name;Verwendungszweck"]
    for k in range(300):
        day, other = f"2024-02-{k // 15 + 1:02d}", f"DE{90 + k % 8};SHOP {k % 8}"
        lines.append(f"R{k * k:06d};DE{70 + k % 15};{day};{k - 90}.50;{other};Text {k % 40}")
    (tmp_path / "l.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    found = {one.source or key: one.role for key, one in propose(tmp_path / "l.csv").fields.items()}
    assert found["Gegen-IBAN"] == "to_account"
    assert found["Verwendungszweck"] == "purpose"
    assert found["Ref"] != "purpose"
