"""Rows that stand alone are no ledger, and a ledger that is learned as rows is said to lose who acts."""

from pathlib import Path

import pytest

from finsim.engine.learned.event_parts import ledger_of
from finsim.engine.learned.reading import read_to_learn
from finsim.errors import DataError, StudyError
from finsim.evaluation.reading.guessed_roles import Named
from finsim.tables import load_schema

SCHEMA = """finsim: schema/1
kind: payments
columns:
  card: {type: id, role: from_account}
  ts: {type: ts, role: date}
  amount: {type: float, role: amount}
"""


def _files(folder: Path, cards: int, rows: int = 60) -> tuple[Path, Path]:
    data, schema = folder / "t.csv", folder / "t.schema.yaml"
    lines = [f"C{k % cards:03d},2025-03-{1 + k % 28:02d}T10:00:00Z,{k % 17}.5" for k in range(rows)]
    data.write_text("\n".join(["card,ts,amount", *lines]) + "\n")
    schema.write_text(SCHEMA)
    return data, schema


def _read(folder: Path, kind: str, cards: int, rows: int = 60):  # type: ignore[no-untyped-def]
    data, schema = _files(folder, cards, rows)
    return read_to_learn(data, kind, Named(), load_schema(schema), None)


def test_entities_of_one_event_each_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="60 entities of one event each: `card` tells rows apart") as bad:
        ledger_of(_read(tmp_path, "events", 60))
    assert "--kind table" in bad.value.problems[0].remedy
    assert ledger_of(_read(tmp_path, "events", 59)).log.count == 59


def test_a_declared_entity_may_have_few_values(tmp_path: Path) -> None:
    found = _read(tmp_path, "events", 3)
    assert (found.roles.id, ledger_of(found).log.count) == ("card", 3)


def test_identifiers_that_repeat_are_said_of_a_table_with_times(tmp_path: Path) -> None:
    said = "; ".join(_read(tmp_path, "table", 20).row_remarks)
    assert "card: values repeat, but a table takes each row alone" in said
    assert "takes each row alone" not in "; ".join(_read(tmp_path, "table", 60).row_remarks)


def test_too_few_rows_are_said_to_be_too_few(tmp_path: Path) -> None:
    data, _ = _files(tmp_path, 4, 4)
    with pytest.raises(StudyError, match="4 rows: too few to tell which column is the entity"):
        read_to_learn(data, "events", Named(), None, None)


def test_an_identifier_of_a_table_is_of_a_type_that_can_be_one(tmp_path: Path) -> None:
    data, schema = _files(tmp_path, 60)
    schema.write_text(
        SCHEMA.replace("amount: {type: float, role: amount}", "amount: {type: float, role: id}")
    )
    with pytest.raises(DataError, match="column 'amount': is of type float") as refused:
        read_to_learn(data, "table", Named(), load_schema(schema), None)
    assert "id or cat or int" in str(refused.value)
