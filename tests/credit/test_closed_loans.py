"""Repaid loans, units of features and headers declared twice: what a risk user's own tape meets first."""

import numpy as np
import pandas as pd
import pytest
from test_kept_loans import tape_frame

from finsim.credit.kept import kept_loans
from finsim.credit.settings import Settings
from finsim.credit.tape import Declared, mapping_of, read_tape
from finsim.errors import DataError, StudyError
from finsim.randomness import Streams
from finsim.tables import Field, load_schema


def test_repaid_loans_are_left_out_of_a_kept_book_and_counted():
    frame = tape_frame()
    frame.loc[[3, 50, 51], "balance"] = 0.0
    tape = read_tape(frame, keep=True)
    assert tape.notes[0] == "3 of 240 loans owe nothing ('balance' is 0): repaid, left out"
    book = kept_loans(tape.frame, Settings(), Streams(7)).to_pandas()
    assert len(book) == 237
    assert (book["balance"] > 0).all()
    assert book["loan_id"].tolist() == frame.drop([3, 50, 51])["loan_no"].tolist()


def test_a_tape_that_owes_nothing_is_refused():
    with pytest.raises(DataError, match="240 of 240 loans owe nothing"):
        read_tape(tape_frame().assign(balance=0.0), keep=True)


def test_loans_past_their_term_are_one_message_with_their_number():
    frame = tape_frame()
    frame.loc[10:99, "months_on_book"] = 500
    with pytest.raises(DataError) as caught:
        kept_loans(read_tape(frame, keep=True).frame, Settings(), Streams(7))
    (problem,) = caught.value.problems
    assert "90 of 240 loans are not running" in problem.found
    assert str(frame["loan_no"][10]) in problem.found
    assert "start" in problem.remedy


@pytest.mark.parametrize(("unit", "cells"), [("percent", "85.5"), ("bp", "8550")])
def test_a_feature_keeps_the_unit_of_the_tape(unit, cells):
    frame = tape_frame().assign(ltv=cells)
    said = Declared(Field("ratio", source="ltv", unit=unit))
    tape = read_tape(frame, mapping_of({"own_ltv": said}), keep=True)
    assert tape.frame["own_ltv"].tolist() == [float(cells)] * 240
    (fact,) = (one for one in tape.columns if one.header == "ltv")
    assert fact.taken == f"ratio, as declared; in {unit}, as the tape has it"


def _schema(folder, text):
    file = folder / "s.schema.yaml"
    file.write_text(f"finsim: schema/1\nkind: loans\ncolumns: {{{text}}}\n")
    return load_schema(file)


def test_a_study_names_a_feature_of_the_schema_otherwise(tmp_path):
    schema = _schema(tmp_path, "LTV: {type: float}, Limit: {type: float}, Margin: {type: float}")
    own = {"ltv": Declared(Field("float", source="LTV")), "amount": Declared(Field("float", source="Limit"))}
    assert set(mapping_of(own, schema).columns) == {"ltv", "amount", "Margin"}


def test_headers_that_both_give_roles_are_one_problem(tmp_path):
    schema = _schema(tmp_path, "Limit: {type: float, role: amount}, Left: {type: float, role: balance}")
    own = {"size": Declared(Field("float", source="Limit")), "rest": Declared(Field("float", source="Left"))}
    with pytest.raises(StudyError) as caught:
        mapping_of(own, schema)
    (problem,) = caught.value.problems
    assert "2 headers" in problem.found
    assert "'Limit' as 'size' (there 'amount'), 'Left' as 'rest' (there 'balance')" in problem.found


def test_a_missing_balance_is_no_repaid_loan():
    frame = tape_frame()
    frame.loc[5, "balance"] = np.nan
    said = {"balance": Declared(Field("float", source="balance", null=True))}
    tape = read_tape(pd.DataFrame(frame), mapping_of(said), keep=True)
    assert len(tape.frame) == 240
