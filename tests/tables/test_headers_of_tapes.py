# ruff: noqa: E501  (a table reads best with one case a line)
"""Tapes with foreign headers and units are proposed as loans, with the roles that their headers say."""

import pytest

from finsim.credit.reference_parameters import CLASSES
from finsim.tables import propose
from finsim.tables.proposing import loan_roles
from finsim.tables.proposing.header_units import without_unit
from finsim.tables.proposing.roles import kind_of, roles

TAPES = {
    "Loan ID|Origination Date|Balance (£)|Limit (£)|Interest Rate %|Grade|Status": "id opened balance amount rate grade outcome",
    "LoanRef|Loan Start Date|Current Balance GBP|Original Loan Amount GBP|Rate|Internal Rating|Account Status": "id opened balance amount rate grade outcome",
    "Vertragsnr|Auszahlungsdatum|Restkapital EUR|Nennbetrag EUR|Zinssatz in %|Ratingklasse|Kreditstatus": "id opened balance amount rate grade outcome",
    "Nº Préstamo|Fecha formalización|Capital pendiente (EUR)|Importe concedido (EUR)|Tipo de interés (%)|Calificación|Situación": "id opened balance amount rate grade outcome",
    "Numéro du prêt|Date d'octroi|Capital restant dû|Montant initial|Taux nominal|Notation|Statut": "id opened balance amount rate grade outcome",
    "Codice prestito|Data di erogazione|Debito residuo|Importo erogato|Tasso nominale|Classe di rischio|Stato": "id opened balance amount rate grade outcome",
    "Leningnummer|Begindatum|Uitstaand bedrag|Leenbedrag|Rentevoet|Risicoklasse|Kredietstatus": "id opened balance amount rate grade outcome",
    "LoanNo|OrigDate|CurBal|AmtFin|APRpct|CreditTier|Status": "id opened balance amount rate grade outcome",
    "AcctNo|OrigDt|CurPrinBal|LoanAmtUSD|IntRate|FICOBand|LoanStatus": "id opened balance amount rate grade outcome",
    "N.º contrato|Data de início|Saldo devedor|Valor contratado|Taxa de juro|Classificação|Situação": "- opened balance amount rate grade outcome",
}  # fmt: skip


@pytest.mark.parametrize("headers", TAPES)
def test_headers_tell_the_roles_of_a_tape(headers):
    listed = headers.split("|")
    assert kind_of(listed) == "loans"
    found = roles(listed, "loans")
    assert " ".join(found.get(one, "-") for one in listed) == TAPES[headers]


@pytest.mark.parametrize(
    ("header", "bare"),
    [
        ("Balance (GBP)", "Balance"), ("Rate % p.a.", "Rate"), ("Laufzeit in Monaten", "Laufzeit"),
        ("Interest_Rate_pct", "Interest_Rate"), ("%", "%"), ("(EUR)", "(EUR)"), ("Domain", "Domain"),
        ("Margin", "Margin"), ("TermM", "Term"), ("APRpct", "APR"), ("AmtUSD", "Amt"), ("USD", "USD"),
        ("TERM", "TERM"), ("ATM", "ATM"), ("Impct", "Impct"),
    ],
)  # fmt: skip
def test_a_unit_behind_a_header_is_no_part_of_it(header, bare):
    assert without_unit(header) == bare


@pytest.mark.parametrize(
    "headers", ["Date|Balance|Description", "Name|Limit|Note", "Datum|Saldo|Verwendungszweck|Betrag"]
)
def test_other_tables_are_no_tapes(headers):
    assert kind_of(headers.split("|")) != "loans"


def test_a_product_is_a_class_only_of_the_words_of_the_model(tmp_path):
    assert frozenset(CLASSES) == loan_roles.CLASSES

    def role(cells):
        file = tmp_path / f"{cells[0]}.csv"
        rows = [f"{1_000 + k},{12 + k % 30},{cells[k % 2]}" for k in range(60)]
        file.write_text("\n".join(["amount,term,Product", *rows]) + "\n")
        return propose(file).fields["Product"].role

    assert role(["tracker", "fixed"]) == ""
    assert role(["mortgage", "auto"]) == "class"
