"""Words of default in a schema file: proposed, read, refused of other columns, taken by a tape."""

from __future__ import annotations

import pandas as pd
import pytest

import finsim
from finsim.credit.tape import mapping_of, read_tape
from finsim.errors import DataError
from finsim.tables import load_schema, propose


def loans(words) -> pd.DataFrame:
    rows = 120
    return pd.DataFrame({
        "Darlehensnummer": [f"D{k:04d}" for k in range(rows)], "Laufzeit_Monate": 36,
        "Kreditbetrag": [1_000.0 + k for k in range(rows)],
        "Status": [words[k % len(words)] for k in range(rows)],
    })  # fmt: skip


def test_a_proposal_says_what_is_taken_for_default_and_a_study_reads_it(tmp_path):
    file, schema = tmp_path / "band.csv", tmp_path / "s.yaml"
    loans(["LAUFEND", "GETILGT", "AUSFALL"]).to_csv(file, index=False)
    found = propose(file)
    assert found.fields["Status"].bad == ("AUSFALL",)
    assert any("'AUSFALL' taken for default" in one for one in found.doubts)
    schema.write_text(found.to_yaml())
    assert load_schema(schema).fields["Status"].bad == ("AUSFALL",)
    tape = read_tape(file, mapping_of({}, load_schema(schema)))
    assert tape.frame["bad"].tolist() == [k % 3 == 2 for k in range(120)]


def test_unknown_words_are_asked_for(tmp_path):
    file = tmp_path / "band.csv"
    loans(["K1", "K2", "K3"]).to_csv(file, index=False)
    found = propose(file)
    assert found.fields["Status"].bad == ()
    assert any("say which labels mean a default" in one for one in found.doubts)


def test_good_words_of_a_schema_leave_other_rows_out(tmp_path):
    file, schema = tmp_path / "band.csv", tmp_path / "s.yaml"
    loans(["LAUFEND", "GETILGT", "AUSFALL"]).to_csv(file, index=False)
    schema.write_text(
        "finsim: schema/1\nkind: loans\ncolumns:\n"
        "  Laufzeit_Monate: {type: int, role: term}\n  Kreditbetrag: {type: float, role: amount}\n"
        "  Status: {type: cat, role: outcome, is: AUSFALL, good: [GETILGT]}\n"
    )
    assert len(read_tape(file, mapping_of({}, load_schema(schema))).frame) == 80


@pytest.mark.parametrize(("column", "told"), [
    ("{type: cat, role: purpose, is: [A]}", "`is` of a cat column of the role purpose"),
    ("{type: bool, role: outcome, is: [A]}", "`is` of a bool column"),
    ("{type: cat, role: outcome, good: [A]}", "`good` without `is`"),
    ("{type: cat, role: outcome, is: [A, B], good: [b]}", "'b' in `is` and in `good`"),
])  # fmt: skip
def test_words_that_cannot_be_are_refused(tmp_path, column, told):
    schema = tmp_path / "s.yaml"
    schema.write_text(f"finsim: schema/1\ncolumns:\n  a: {column}\n")
    with pytest.raises(DataError) as bad:
        finsim.load_schema(schema)
    assert told in bad.value.problems[0].found
