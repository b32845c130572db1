"""Words of an outcome that are neither default nor good are told where many rows say them."""

import numpy as np
import pandas as pd
import pytest

from finsim.credit.tape import mapping_of, read_tape
from finsim.credit.tape.cells import UNSAID
from finsim.credit.tape.mapping import Declared
from finsim.tables import Field


def notes(tmp_path, open_rows, *, good=("paid",), keep=False, pd_=False):
    """Return what is told of the outcome in a tape of 200 loans, of which some still run and 20 defaulted."""
    state = ["running"] * open_rows + ["default"] * 20 + ["paid"] * (180 - open_rows)
    frame = pd.DataFrame({"amount": 1_000 + np.arange(200), "term_months": 36, "state": state})
    if pd_:
        frame["pd"] = 0.02
    frame.to_csv(tmp_path / "tape.csv", index=False)
    said = Declared(Field("cat", source="state"), ("default",), good, "")
    tape = read_tape(tmp_path / "tape.csv", mapping_of({"bad": said}, None, {}, (), None), keep=keep)
    return [note for note in tape.notes if note.startswith(UNSAID)]


def test_many_rows_left_out_are_told_with_their_word_and_both_default_rates(tmp_path):
    (told,) = notes(tmp_path, 120)
    for part in (
        "120 of 200 rows (60%) are left out",
        "'running' 120",
        "25.0% of the rest default, 10.0% if",
    ):
        assert part in told
    assert "name their words in `good:`, or leave `good:` out" in told


@pytest.mark.parametrize(
    "keys",
    [
        {"open_rows": 50},
        {"open_rows": 120, "good": ()},
        {"open_rows": 120, "pd_": True},
        {"open_rows": 120, "keep": True},
    ],
)
def test_few_rows_or_rows_that_are_not_left_out_are_not_told(tmp_path, keys):
    assert notes(tmp_path, **keys) == []
