"""A header that a schema file and a study mean differently is refused, and both places are named."""

import pytest

from finsim.engine.study.credit_part import CreditPart
from finsim.engine.study.loan_tape import tape_of
from finsim.errors import StudyError


def part(tape, schema, columns):
    return CreditPart.model_validate({"data": str(tape), "schema": str(schema), "columns": columns})


def test_a_header_of_the_schema_and_of_the_study_is_refused_at_both_places(tmp_path):
    tape, schema = tmp_path / "tape.csv", tmp_path / "s.schema.yaml"
    rows = [f"{1_000 + 10 * k},{(12, 24)[k % 2]},{int(k % 5 == 0)}" for k in range(200)]
    tape.write_text("\n".join(["amount,term_months,bad", *rows]) + "\n")
    schema.write_text(
        "finsim: schema/1\nkind: loans\ncolumns: {amount: {type: float, role: amount}, bad: {type: bool}}\n"
    )
    with pytest.raises(StudyError) as caught:
        tape_of(part(tape, schema, {"score": "Amount"}))
    (one,) = caught.value.problems
    assert one.place.endswith("columns.score")
    assert one.found == f"reads 'Amount' as 'score', which {schema} declares as 'amount'"
    assert one.remedy == f"remove `score:` here, or call 'Amount' score in {schema}"
    assert "amount" in tape_of(part(tape, schema, {"amount": "amount"})).frame
