"""Statements with debits and credits in two columns are proposed as payments, in several languages."""

import numpy as np
import pandas as pd
import pytest

import finsim
from finsim.errors import DataError
from finsim.tables import propose
from finsim.tables.proposing.roles import roles
from finsim.tables.proposing.statements.side_headers import side_of
from finsim.tables.proposing.statements.statement_roles import sided_headers

HEADERS = [
    ("Account", "Date", "Value Date", "Type", "Payee", "Paid out", "Paid in", "Balance"),
    ("Account", "Date", "Valuta", "Type", "Counterparty name", "Debit", "Credit", "Balance"),
    ("Konto", "Buchungstag", "Valuta", "Buchungstext", "Auftraggeber/Empfänger", "Soll", "Haben", "Saldo"),
    ("Konto", "Datum", "Valuta", "Kanal", "Beguenstigter/Zahlungspflichtiger", "Soll", "Haben", "Saldo"),
    ("Konto", "Buchungsdatum", "Valuta", "Vorgang", "Empfänger", "Soll in CHF", "Haben in CHF", "Saldo"),
    ("Compte", "Date", "Date de valeur", "Canal", "Bénéficiaire", "Débit", "Crédit", "Solde"),
    ("Cuenta", "Fecha", "Fecha valor", "Canal", "Beneficiario", "Cargo", "Abono", "Saldo"),
    ("Cuenta", "Fecha", "Fecha valor", "Canal", "Beneficiario", "Debe", "Haber", "Saldo"),
    ("Conto", "Data", "Valuta", "Canale", "Beneficiario", "Dare", "Avere", "Saldo"),
    ("Rekening", "Datum", "Rentedatum", "Kanaal", "Naam tegenpartij", "Af", "Bij", "Saldo"),
]  # fmt: skip
ROLES = ("from_account", "date", "", "channel", "merchant", "debit", "credit", "balance")


def statement(headers, *, party="Firma {}", zeros=False, both=False, rows=600) -> pd.DataFrame:
    rng = np.random.default_rng(3)
    day = np.sort(rng.integers(0, 90, rows)) + np.datetime64("2024-01-01")
    into, sums = rng.random(rows) < 0.3, np.round(rng.lognormal(3, 1, rows), 2)
    none = "0.00" if zeros else ""
    cells = (
        [f"DE{10**9 + k}" for k in rng.integers(0, 20, rows)], day, day + rng.integers(0, 3, rows),
        rng.choice(["transfer", "card", "fee"], rows), [party.format(k) for k in rng.integers(0, 30, rows)],
        [none if one and not both else f"{sum_:.2f}" for one, sum_ in zip(into, sums, strict=True)],
        [f"{sum_:.2f}" if one or both else none for one, sum_ in zip(into, sums, strict=True)],
        [f"{one:.2f}" for one in np.cumsum(np.where(into, sums, -sums))],
    )  # fmt: skip
    return pd.DataFrame(
        {header: np.asarray(one).astype(str) for header, one in zip(headers, cells, strict=True)}
    )


def proposed(tmp_path, frame):
    frame.to_csv(tmp_path / "s.csv", index=False, sep=";")
    found = propose(tmp_path / "s.csv")
    return found, {one.source or name: one for name, one in found.fields.items()}


@pytest.mark.parametrize("headers", HEADERS, ids=lambda one: one[4])
@pytest.mark.parametrize("zeros", [False, True])
def test_the_roles_of_a_statement_with_two_sides(tmp_path, headers, zeros):
    found, fields = proposed(tmp_path, statement(headers, zeros=zeros))
    assert found.kind == "payments"
    assert tuple(fields[header].role for header in headers) == ROLES
    assert {fields[header].type for header in headers[5:]} == {"money"}
    both = [one for one in found.doubts if f"`{headers[5]}`, `{headers[6]}`" in one]
    assert len(both) == 1
    assert "debit, credit" in both[0]
    assert sum("no stated currency" in one for one in found.doubts if headers[7] not in one) <= 1


def test_the_proposal_can_be_read_as_a_schema(tmp_path):
    found, _ = proposed(tmp_path, statement(HEADERS[2]))
    (tmp_path / "s.yaml").write_text(found.to_yaml())
    assert finsim.load_schema(tmp_path / "s.yaml").fields["Haben"].role == "credit"


def test_numbers_of_accounts_are_accounts_and_names_merchants(tmp_path):
    _, fields = proposed(tmp_path, statement(HEADERS[2], party="DE8937040044{:04d}"))
    assert fields[HEADERS[2][4]].role == "to_account"
    own = statement(HEADERS[2])
    own["Konto"] = [f"Person {k}" for k in np.arange(len(own)) % 20]
    own[HEADERS[2][4]] = [f"Person {k}" for k in np.arange(len(own)) * 7 % 20]
    _, fields = proposed(tmp_path, own)
    assert fields[HEADERS[2][4]].role == "to_account"


def test_sums_of_a_month_are_no_sides_and_remarks_no_channel(tmp_path):
    _, fields = proposed(tmp_path, statement(HEADERS[2], both=True))
    assert not {"debit", "credit"} & {one.role for one in fields.values()}
    remarks = statement(HEADERS[2])
    remarks["Buchungstext"] = [f"Rechnung {k}" for k in range(len(remarks))]
    _, fields = proposed(tmp_path, remarks)
    assert fields["Buchungstext"].role == "purpose"


def test_one_amount_beside_two_sides_stays_the_amount(tmp_path):
    frame = statement(HEADERS[2])
    frame["Betrag"] = frame["Soll"].where(frame["Soll"] != "", frame["Haben"])
    _, fields = proposed(tmp_path, frame)
    assert (fields["Betrag"].role, fields["Soll"].role, fields["Haben"].role) == ("amount", "", "")


def test_a_day_is_no_currency_and_a_currency_no_day(tmp_path):
    frame = statement(HEADERS[2])
    frame.insert(0, "Betrag", frame.pop("Soll").where(lambda one: one != "", frame.pop("Haben")))
    _, fields = proposed(tmp_path, frame)
    assert (fields["Valuta"].role, fields["Valuta"].type) == ("", "date")
    frame["Valuta"] = "EUR"
    _, fields = proposed(tmp_path, frame.rename(columns={"Buchungstag": "Datum"}))
    assert (fields["Valuta"].role, fields["Datum"].role) == ("currency", "date")
    assert roles(["Buchungstag", "Valuta"], "payments", {"Valuta": "date"}) == {"Buchungstag": "date"}
    assert roles(["Valuta"], "payments", {"Valuta": "cat"}) == {"Valuta": "currency"}


def test_headers_of_sides_and_of_neither():
    assert [side_of(one) for one in ("Withdrawal Amt.", "Withdrawals/Debits", "Debit (EUR)")] == [-1, -1, -1]
    assert [side_of(one) for one in ("Deposits/Credits", "Gutschrift in CHF", "Paid In (£)")] == [1, 1, 1]
    assert [side_of(one) for one in ("Debit/Credit", "Soll/Haben", "Credit limit", "H")] == [0, 0, 0, 0]


def test_words_are_no_sides():
    cells = {"Debit": ["yes", "", "yes"], "Credit": ["", "yes", ""]}
    assert sided_headers(list(cells), cells.__getitem__) is None


def test_roles_of_sides_that_are_none_are_refused(tmp_path):
    frame = statement(HEADERS[2], both=True)
    frame.to_csv(tmp_path / "s.csv", index=False)
    text = "finsim: schema/1\nkind: payments\ncolumns:\n  Konto: {type: id, role: from_account}\n"
    text += "  Buchungstag: {type: date, role: date}\n  Soll: {type: float, role: debit}\n"
    (tmp_path / "s.yaml").write_text(text + "  Haben: {type: float, role: credit}\n")
    schema = finsim.load_schema(tmp_path / "s.yaml")
    with pytest.raises(DataError, match="no amount in two columns"):
        finsim.fit(tmp_path / "s.csv", kind="events", schema=schema)
    with pytest.raises(DataError, match="no amount in two columns"):
        finsim.inject(
            tmp_path / "s.csv", narratives="card_testing_escalation", output=tmp_path / "o", schema=schema
        )


@pytest.mark.parametrize(("name", "account"), [("Payee", "Other Account"), ("Empfänger", "Gegenkonto")])
def test_of_a_name_and_a_number_the_number_is_who_is_paid(tmp_path, name, account):
    frame = statement(("Account", "Date", "Value Date", "Type", name, "Debit", "Credit", "Balance"))
    frame[account] = [f"DE8937{one[6:]:0>8}" for one in frame[name]]
    _, fields = proposed(tmp_path, frame)
    assert (fields[account].role, fields[name].role) == ("to_account", "")
    frame["Amount"] = frame.pop("Debit").where(lambda one: one != "", frame.pop("Credit"))
    _, fields = proposed(tmp_path, frame)
    assert (fields[account].role, fields[name].role) == ("to_account", "")
