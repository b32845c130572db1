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
