"""Roles of a schema file: one list, by kind of table; other words and roles of other kinds are refused."""

import re
from pathlib import Path

import pytest

from finsim.credit.tape.roles import ROLES as OF_LOANS
from finsim.engine.injection import ledger_columns
from finsim.engine.learned import event_parts, role_checks
from finsim.errors import DataError
from finsim.evaluation.reading import guessed_roles
from finsim.tables import load_schema
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
