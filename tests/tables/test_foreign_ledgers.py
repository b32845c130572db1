"""Headers of ledgers in seven languages, flags whatever rows a file has, numbers that count rows."""

from itertools import combinations
from pathlib import Path

import pyarrow as pa
import pytest

from finsim.tables import propose
from finsim.tables.proposing.ledger_headers import ledger_words
from finsim.tables.proposing.roles import folded, kind_of, roles
from finsim.tables.writing.write import write_by_ending

LEDGERS = {
    "english": "Transaction ID;Booking Date;Sender Account;Beneficiary Account;Amount;Currency"
    ";Merchant;Channel;Category;Purpose;Balance;Fraud",
    "german": "Transaktionsnummer;Buchungstag;Auftraggeberkonto;Konto des Empfängers;Betrag;Währung"
    ";Händler;Zahlungsart;Kategorie;Verwendungszweck;Kontostand;Betrug",
    "spanish": "Operación;Fecha operación;Cuenta ordenante;Cuenta beneficiaria;Importe;Divisa"
    ";Comercio;Canal;Categoría;Concepto;Saldo;Fraude",
    "french": "Numéro opération;Date de valeur;Compte émetteur;Compte du bénéficiaire;Montant;Devise"
    ";Enseigne;Moyen de paiement;Catégorie;Libellé;Solde;Fraude",
    "portuguese": "Operação;Data movimento;Conta do ordenante;Conta beneficiária;Valor;Moeda"
    ";Estabelecimento;Canal;Categoria;Descrição;Saldo;Fraude",
    "italian": "Operazione;Data contabile;Conto mittente;Conto del beneficiario;Importo;Divisa"
    ";Esercente;Canale;Categoria;Causale;Saldo contabile;Frode",
    "dutch": "Volgnr;Boekdatum;Rekening;Tegenrekening;Bedrag;Munt"
    ";Winkel;Kanaal;Categorie;Omschrijving;Saldo na mutatie;Fraude",
}  # fmt: skip
ROLES = (
    "id", "date", "from_account", "to_account", "amount", "currency", "merchant", "channel", "category",
    "purpose", "balance", "fraud",
)  # fmt: skip


@pytest.mark.parametrize("language", LEDGERS)
def test_headers_of_a_bank_have_their_roles(language: str) -> None:
    headers = LEDGERS[language].split(";")
    assert roles(headers, "payments") == dict(zip(headers, ROLES, strict=True))
    assert kind_of(headers) == "payments"


@pytest.mark.parametrize(
    "header", ["payee", "Recipient Name", "other_account", "counterparty_name", "paid_to"]
)
def test_who_is_paid_is_known_by_many_words(header: str) -> None:
    found = roles(["account", "date", "amount", header], "payments")
    assert found[header] == "to_account"
    assert roles(["account", "date", "amount", "Vendor"], "payments")["Vendor"] == "merchant"


@pytest.mark.parametrize(
    ("headers", "meant"),
    [
        ("AuthID|CardToken|AuthTime|MerchantName|MCC|EntryMode|Amount|Cur",
         "id from_account date merchant category channel amount currency"),
        ("TxnNo|MaskedPAN|TxnDateTime|MerchName|MCCCode|POSEntryMode|TxnAmt|CurrencyCode",
         "id from_account date merchant category channel amount currency"),
    ],
)  # fmt: skip
def test_headers_of_a_card_file_have_their_roles(headers: str, meant: str) -> None:
    listed = headers.split("|")
    assert kind_of(listed) == "payments"
    found = roles(listed, "payments")
    assert " ".join(found.get(one, "-") for one in listed) == meant


@pytest.mark.parametrize(
    "headers", ["CardToken|Limit|OpenDate", "AcctNo|Amount|Term", "PAN|Cur|Status", "AuthTime|User|Amount"]
)
def test_a_file_of_cards_or_accounts_is_no_ledger(headers: str) -> None:
    assert kind_of(headers.split("|")) != "payments"


@pytest.mark.parametrize(
    ("header", "said"), [("Plastic", "give the column of cards"), ("card_plastic", "is it `card_plastic`?")]
)
def test_a_ledger_without_a_payer_says_so(header: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "auth.csv"
    rows = [f"2025-01-{1 + k % 28:02d},{k % 7},{k + 0.25}" for k in range(60)]
    file.write_text("\n".join([f"date,{header},amount", *rows]) + "\n")
    assert [said in doubt for doubt in propose(file, kind="payments").about] == [True]
    file.write_text("\n".join(["date,CardToken,amount", *rows]) + "\n")
    assert propose(file, kind="payments").about == ()


def test_a_word_stands_once() -> None:
    words = {role: {folded(word) for word in listed} for role, listed in ledger_words().items()}
    shared = {word for one, other in combinations(words, 2) for word in words[one] & words[other]}
    # of these either is meant, and the other columns decide
    assert shared == {"valuta"}
    plain = [word for listed in ledger_words().values() for word in listed if len(word) < 4]
    assert len(plain) == len({*plain})


def test_signs_above_letters_do_not_count() -> None:
    assert folded("Opération N°") == folded("OPERATION N") == "operationn"
    assert folded("Ñandú") == "nandu"
    assert folded("ガ") != folded("カ")  # another letter, not one with a sign


def proposed(
    folder: Path, cells: list[str], header: str = "x"
) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    rows = [f"{cell};{at}.5" for at, cell in enumerate(cells)]
    (folder / "t.csv").write_text(f"{header};other\n" + "\n".join(rows) + "\n")
    (field, *_) = propose(folder / "t.csv").fields.values()
    return field.type, field.true, field.false


@pytest.mark.parametrize(
    ("cells", "header", "found"),
    [
        (["ja", "nein"] * 20, "x", ("bool", ("ja",), ("nein",))),
        (["nein"] * 40, "x", ("bool", ("ja",), ("nein",))),  # the other word may come later
        (["Nein"] * 40, "x", ("bool", ("Ja",), ("Nein",))),
        (["ja", "nein", "n/a", "ja"] * 10, "x", ("bool", ("ja",), ("nein",))),
        (["TRUE"] * 40, "x", ("bool", ("TRUE",), ("FALSE",))),
        (["N"] * 40, "Fraude", ("bool", ("Y", "J", "S"), ("N",))),
        (["N"] * 40, "x", ("cat", (), ())),  # a letter alone says nothing
        (["on"] * 40, "x", ("cat", (), ())),
        (["0"] * 40, "Fraude", ("bool", ("1",), ("0",))),
        (["0", "1"] * 20, "Fraude", ("bool", ("1",), ("0",))),
        (["0"] * 40, "x", ("int", (), ())),
        (["0", "1"] * 20, "x", ("int", (), ())),
    ],
)
def test_a_flag_is_one_whatever_rows_a_file_has(
    cells: list[str], header: str, found: tuple[str, ...], tmp_path: Path
) -> None:
    if header == "Fraude":
        rows = [f"{cell};2026-01-{at % 28 + 1:02d};{at}.25;K{at % 4}" for at, cell in enumerate(cells)]
        (tmp_path / "t.csv").write_text("Fraude;Datum;Betrag;Konto\n" + "\n".join(rows) + "\n")
        field = propose(tmp_path / "t.csv").fields["Fraude"]
        assert (field.type, field.true, field.false) == found
    else:
        assert proposed(tmp_path, cells, header) == found


@pytest.mark.parametrize(
    ("header", "numbers", "kind"),
    [
        ("Lfd", range(1, 61), "id"),
        ("Lfd", range(7_000, 7_060), "id"),
        ("Lfd", [f"{at}.0" for at in range(60)], "id"),
        ("Lfd", [*range(1, 60), 3], "int"),
        ("Lfd", range(1, 121, 2), "int"),
        ("Operación", range(5, 305, 5), "id"),
        ("Jahr", range(1960, 2020), "id"),  # rows of a ledger are no years
    ],
)
def test_numbers_that_count_the_rows_of_a_ledger_are_its_ids(
    header: str, numbers: object, kind: str, tmp_path: Path
) -> None:
    rows = [f"{one};2026-01-{at % 28 + 1:02d};{at}.25;K{at % 9}" for at, one in enumerate(numbers)]  # type: ignore[arg-type,var-annotated]
    (tmp_path / "t.csv").write_text(f"{header};Datum;Betrag;Konto\n" + "\n".join(rows) + "\n")
    (field, *_) = propose(tmp_path / "t.csv").fields.values()
    assert field.type == kind


def test_a_table_that_is_no_ledger_keeps_its_numbers(tmp_path: Path) -> None:
    assert proposed(tmp_path, [str(at) for at in range(60)])[0] == "int"


def test_a_name_with_tabs_is_written_with_tabs(tmp_path: Path) -> None:
    table = pa.table({"a": ["x\ty", "z"], "b": [1, 2]})
    write_by_ending(tmp_path / "t.tsv", table.schema, [table])
    assert (tmp_path / "t.tsv").read_text() == 'a\tb\n"x\ty"\t1\nz\t2\n'
