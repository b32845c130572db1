# ruff: noqa: E501  (a table reads best with one case a line)
"""A proposed schema carries the roles of a ledger, so that what it is for takes it as it is."""

from pathlib import Path

import pyarrow as pa
import pytest

from finsim.engine.injection.ledger_columns import ledger_columns
from finsim.evaluation.reading.declared import declared_of, opened
from finsim.tables import load_schema, propose

CARDS = "Kundennr;Zeitpunkt;Händler;Branche;Betrag;Land;Betrug"
LEDGER = "Referencia;Fecha;Cuenta_origen;Cuenta_destino;Importe;Divisa;Concepto"
OWN_WORDS = "Konto_alt_Nr;Vorgangszeit;Laden;Art;Wert_in_Euro;Land;Marke"


def _cards(header: str, repeats: int = 20) -> str:
    rows = (
        f"{i % repeats:08d};{1 + i % 28:02d}.03.2025 10:{i % 60:02d};H-{i % 7};Reise;"
        f"{i % 50},{10 + i % 90};Hessen;{'ja' if i % 9 == 0 else 'nein'}"
        for i in range(200)
    )
    return "\n".join([header, *rows])


def _accounts() -> str:
    rows = (
        f"OP{i};{1 + i % 28:02d}/07/2024 04:{i % 60:02d};ES{i % 20:06d};ES{i % 19 + 40:06d};"
        f"{i % 50},{10 + i % 90};EUR;pago"
        for i in range(200)
    )
    return "\n".join([LEDGER, *rows])


@pytest.mark.parametrize(
    ("text", "roles"),
    [
        (_cards(CARDS), "from_account date merchant category amount - fraud"),
        (_cards(OWN_WORDS), "from_account date - - amount - -"),
        (_accounts(), "id date from_account to_account amount currency purpose"),
    ],
)
def test_a_ledger_is_proposed_with_its_roles_and_can_be_injected_into(
    text: str, roles: str, tmp_path: Path
) -> None:
    data, file = tmp_path / "t.csv", tmp_path / "t.schema.yaml"
    data.write_text(text, encoding="utf-8")
    found = propose(data)
    assert found.kind == "payments"
    assert " ".join(field.role or "-" for field in found.fields.values()) == roles
    file.write_text(found.to_yaml(), encoding="utf-8")
    declared = declared_of(data, load_schema(file), None, "")
    assert set(ledger_columns(opened(data, declared, ""), declared).parts) >= {
        "date", "amount", "from_account"
    }  # fmt: skip


def test_roles_that_no_header_tells_are_doubts(tmp_path: Path) -> None:
    data = tmp_path / "t.csv"
    data.write_text(_cards(OWN_WORDS), encoding="utf-8")
    said = "\n".join(propose(data).doubts)
    assert said.count("taken for") == 3
    assert "`Vorgangszeit`: taken for the time of the payments (role: date)" in said


def test_a_table_of_one_row_each_is_no_ledger_and_a_kind_that_is_said_stays(tmp_path: Path) -> None:
    data = tmp_path / "t.csv"
    data.write_text(_cards(OWN_WORDS, repeats=200), encoding="utf-8")
    found = propose(data)
    assert (found.kind, {field.role for field in found.fields.values()}) == ("table", {""})
    data.write_text(_cards(OWN_WORDS), encoding="utf-8")
    found = propose(data, "table")
    assert (found.kind, {field.role for field in found.fields.values()}) == ("table", {""})


def test_stored_tables_too() -> None:
    table = pa.table({
        "karten_nr": [f"K{i % 9}" for i in range(90)],
        "vorgang": pa.array(range(90), pa.timestamp("s")),
        "wert": [i + 0.5 for i in range(90)],
        "parts": [[i] for i in range(90)],
    })  # fmt: skip
    found = propose(table)
    assert found.kind == "payments"
    assert [field.role for field in found.fields.values()] == ["from_account", "date", "amount"]


def _days(count: int) -> list[str]:
    return [f"{1 + i % 12:02d}/01/2025" for i in range(count)]


@pytest.mark.parametrize(("last", "is_doubt"), [("25/01/2025", False), ("01/01/2025", True)])
def test_the_order_of_day_and_month_is_a_doubt_only_where_no_row_settles_it(tmp_path, last, is_doubt):
    """The row that settles it lies between those that are sampled."""
    days = [*_days(40_000), last, *_days(40_000)]
    (tmp_path / "t.csv").write_text("\n".join(["Am;Wert", *(f"{day};{i}" for i, day in enumerate(days))]))
    found = propose(tmp_path / "t.csv")
    assert found.fields["Am"].format == "%d/%m/%Y"
    assert any("day first or month first" in one for one in found.doubts) == is_doubt


@pytest.mark.parametrize(
    ("flag", "words", "role"),
    [
        ("Betrugsverdacht", "JN", "fraud"), ("Soupçon de fraude", "ON", "-"), ("suspected_fraud", "10", "fraud"),
        ("Sospetta frode", ("si", "no"), "fraud"), ("Fraud score", ("0.5", "0.25"), "-"), ("Betrugsverdacht", "NN", "fraud"),
    ],
)  # fmt: skip
def test_a_flag_whose_header_speaks_of_fraud_is_the_label(tmp_path, flag, words, role):
    header = CARDS.replace("Betrug", "Betrag").rsplit(";", 1)[0]
    text = "\n".join(
        [f"{header};{flag}", *(f"{line.rsplit(';', 1)[0]};{words[i % 5 > 0]}"
                               for i, line in enumerate(_cards(CARDS).splitlines()[1:]))]
    )  # fmt: skip
    (tmp_path / "t.csv").write_text(text, "utf-8")
    assert [one.role or "-" for one in propose(tmp_path / "t.csv").fields.values()][-1] == role


@pytest.mark.parametrize("header", ["Umsatz-Nr.", "N° écriture", "Lfd"])
@pytest.mark.parametrize("begin", ["", "E"])
def test_a_column_that_counts_the_rows_of_a_ledger_is_their_id(tmp_path, header, begin):
    lines = _accounts().replace("Referencia", header).splitlines()
    rows = [f"{begin}{4100 + i};{line.split(';', 1)[1]}" for i, line in enumerate(lines[1:])]
    (tmp_path / "t.csv").write_text("\n".join([lines[0], *rows]), "utf-8")
    first = next(iter(propose(tmp_path / "t.csv").fields.values()))
    assert (first.type, first.role) == ("id", "id")


TAPES = {
    "de": "KreditNr;Auszahlung;Laufzeit (Monate);Darlehensbetrag;Sollzins;Nettoeinkommen;Zweck;Status;Sicherheitenwert",
    "fr": "Numéro de prêt;Date d'octroi;Durée (mois);Montant du prêt;Taux d'intérêt;Revenu net;Finalité;Statut;"
    "Valeur de la garantie",
    "es": "Núm. préstamo;Fecha de concesión;Plazo (meses);Importe del préstamo;Tipo de interés;Ingresos netos;"
    "Destino;Estado;Valor de la garantía",
    "it": "Numero prestito;Data erogazione;Durata (mesi);Importo prestito;Tasso d'interesse;Reddito netto;Finalità;"
    "Stato;Valore garanzia",
    "pt": "Número do empréstimo;Data contratação;Prazo (meses);Valor do empréstimo;Taxa de juros;Rendimento líquido;"
    "Finalidade;Estado;Valor da garantia",
    "nl": "Leningnummer;Ingangsdatum;Looptijd (maanden);Leenbedrag;Rente;Netto-inkomen;Doel;Status;Waarde onderpand",
}  # fmt: skip


@pytest.mark.parametrize("language", TAPES)
def test_headers_of_loan_tapes_tell_their_roles(tmp_path, language):
    words = ("getilgt", "laufend", "ausgefallen")
    rows = (
        f"K-{i};2021{1 + i % 12:02d}03;{12 + i % 5 * 12};{5000 + i * 37};{3 + i % 4},{10 + i % 80} %;{2000 + i};"
        f"{'Auto' if i % 2 else 'Konsum'};{words[i % 3]};{i * 100 if i % 3 else ''}"
        for i in range(100)
    )
    (tmp_path / "t.csv").write_text("\n".join([TAPES[language], *rows]), "utf-8")
    found = propose(tmp_path / "t.csv")
    roles = [field.role for field in found.fields.values()]
    assert roles == ["id", "opened", "term", "amount", "rate", "income", "purpose", "outcome", "collateral"]
    assert found.kind == "loans"
    assert next(one for name, one in found.fields.items() if one.role == "outcome").type == "cat"
    outcome = next(one for one in found.fields.values() if one.role == "outcome")
    assert outcome.bad == ("ausgefallen",)
