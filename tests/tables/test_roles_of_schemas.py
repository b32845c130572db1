"""Roles of a schema file: one list, by kind of table; other words and roles of other kinds are refused."""

import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest

import finsim
from finsim.credit.tape.mapping import mapping_of
from finsim.credit.tape.roles import ROLES as OF_LOANS
from finsim.engine.injection import ledger_columns
from finsim.engine.learned import event_parts, role_checks
from finsim.errors import DataError
from finsim.evaluation.reading import guessed_roles
from finsim.evaluation.reading.declared import Declared
from finsim.evaluation.reading.guessed_roles import Named
from finsim.tables import Dialect, Field, load_schema, open_table
from finsim.tables.proposing.roles import SYNONYMS
from finsim.tables.role_words import ROLES

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "schemas.md"


def _refused(tmp_path: Path, text: str) -> list[tuple[str, str, str]]:
    file = tmp_path / "s.yaml"
    file.write_text(f"finsim: schema/1\n{text}")
    with pytest.raises(DataError) as bad:
        load_schema(file)
    return [(one.place.removeprefix(f"{file}:"), one.found, one.remedy) for one in bad.value.problems]


@pytest.mark.parametrize(
    ("word", "meant"), [("merchnt", "merchant"), ("kategorie", "category"), ("From_Account", "from_account")]
)
def test_a_word_that_is_no_role_is_refused_with_the_one_that_is_meant(
    word: str, meant: str, tmp_path: Path
) -> None:
    text = f"kind: payments\ncolumns:\n  shop: {{type: cat, role: {word}}}\n"
    assert _refused(tmp_path, text) == [
        ("4:21", f"columns.shop.role: {word!r} is no role", f"did you mean {meant!r}?")
    ]


def test_a_wrong_role_is_told_beside_other_problems(tmp_path: Path) -> None:
    text = "kind: payment\ncolumns:\n  a: {type: category, role: kategorie}\n"
    assert [place for place, *_ in _refused(tmp_path, text)] == ["2:1", "4:7", "4:23"]


def test_roles_of_another_kind_are_refused_where_the_kind_stands(tmp_path: Path) -> None:
    columns = "columns:\n  a: {type: id, role: from_account}\n  b: {type: float, role: amount}\n"
    ((place, found, remedy),) = _refused(tmp_path, f"kind: loans\n{columns}")
    assert (place, remedy) == (
        "4:17", "write `kind: payments`, which has it, or correct the role"
    )  # fmt: skip
    assert found == "kind: 'loans' has no role 'from_account' (columns.a)"
    ((place, found, remedy),) = _refused(tmp_path, f"kind: prices\n{columns}")
    assert (place, remedy) == ("2:1", "write `kind: payments`, which has them all, or correct the roles")
    for kind in ("payments", "table"):
        file = tmp_path / "s.yaml"
        file.write_text(f"finsim: schema/1\nkind: {kind}\n{columns}")
        assert load_schema(file).kind == kind
    twice = _refused(tmp_path, "kind: loans\ncolumns: {a: {type: id, role: merchant}, b: {type: kat}}\n")
    assert len(twice) == 2  # beside other problems too


def test_every_reader_takes_its_roles_from_the_one_list() -> None:
    for kind, listed in SYNONYMS.items():
        assert set(listed) <= set(ROLES[kind])
    assert {role.field.role for role in OF_LOANS.values()} == set(ROLES["loans"])
    paid = {
        *ledger_columns._TYPES,
        *role_checks._TYPES,
        *(one for part in event_parts._PARTS.values() for one in part),
    }
    assert paid <= set(ROLES["payments"])
    guessed = {*guessed_roles._IDS, *guessed_roles._TIMES, *guessed_roles._LABELS}
    assert guessed <= set(ROLES["table"])


def test_the_page_lists_them_all() -> None:
    text = PAGE.read_text()
    for kind in ("prices", "payments", "loans"):
        line = next(line for line in text.splitlines() if line.startswith(f"| | | of `{kind}`:"))
        assert set(" ".join(re.findall("`([a-z_ ]+)`", line)).split()) - {kind} == set(ROLES[kind])


_CARDS = pa.table({
    "Card": ["a", "b"] * 20, "Time": pa.array(range(40), pa.timestamp("s")), "Merchant": ["x", "y"] * 20,
    "Amount": [1.0, 2.0] * 20,
})  # fmt: skip
_FIELDS = {"Card": Field("id", role="from_account"), "Time": Field("ts"), "Merchant": Field("cat"),
           "Amount": Field("float")}  # fmt: skip


def test_a_column_without_a_role_is_asked_by_its_header_and_one_of_none_is_not() -> None:
    for role, layout in (("", "card to merchant"), ("none", "single-sided")):
        fields = {**_FIELDS, "Merchant": Field("cat", role=role)}
        declared = Declared(fields, Dialect(), "payments", True, {})
        found = ledger_columns.ledger_columns(open_table(_CARDS, fields), declared)
        assert found.layout == layout
        assert ("'Merchant'" in found.read_by(), "'Merchant'" in found.unless()) == (not role, not role)
        roles = guessed_roles.guessed(_CARDS, declared, Named())
        data = SimpleNamespace(fields=fields, roles=roles, keys=())
        assert event_parts.event_roles(_CARDS, data).partner == (None if role else "Merchant")


def test_no_role_keeps_a_column_from_every_guess() -> None:
    table = pa.table({"id": ["a", "b"] * 20, "Date": _CARDS["Time"], "Default": [0, 1] * 20})
    for role, found in (("", ("Date", "Default")), ("none", (None, None))):
        fields = {
            "id": Field("id", role=role),
            "Date": Field("ts", role=role),
            "Default": Field("int", role=role),
        }
        roles = guessed_roles.guessed(table, Declared(fields, Dialect(), "table", True, {}), Named())
        assert (roles.time, roles.label) == found
        assert (roles.id is None) or not role


def test_no_role_among_loans_is_a_feature_and_among_prices_left_out(tmp_path: Path) -> None:
    file = tmp_path / "s.yaml"
    file.write_text(
        "finsim: schema/1\nkind: loans\ncolumns:\n  balance: {from: Saldo, type: float, role: none}\n"
        "  rate: {type: float}\n"
    )
    assert {*mapping_of({}, load_schema(file)).columns} == {"own_balance", "rate"}
    data, days = tmp_path / "p.csv", np.arange(np.datetime64("2024-01-01"), np.datetime64("2024-04-01"))
    rows = (f"{day},{1.0 + 0.01 * (at % 7)},{5 + at % 5}" for at, day in enumerate(days))
    data.write_text("\n".join(("date,A,Close", *rows)))
    for role, names in (("", ("A", "Close")), ("none", ("A",))):
        file.write_text(
            "finsim: schema/1\nkind: prices\ncolumns:\n  date: {type: date}\n  A: {type: float}\n"
            f"  Close: {{type: float, role: '{role}'}}\n"
        )
        assert finsim.read_prices(data, schema=file).assets == names
