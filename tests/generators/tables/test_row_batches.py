"""Rows piece by piece: those of one call, each batch drawn once."""

import numpy as np
import pytest
from small_tables import fitted

from finsim.generators.tables.bayes import Bayes
from finsim.generators.tables.copula import Copula
from finsim.generators.tables.row_batches import RowsInTurn


@pytest.mark.parametrize("kind", [Bayes, Copula])
@pytest.mark.parametrize("given", [None, {"grade": "B"}])
def test_pieces_are_the_rows_of_one_call_and_no_batch_is_drawn_twice(streams, monkeypatch, kind, given):
    model = fitted(kind, streams, None, {"batch": 64})
    drawn = []
    made = kind.sample

    def counted(self, count, streams, first=0, given=None):
        drawn.append((first, count))
        return made(self, count, streams, first, given)

    whole = model.sample(500, streams.under("rows"), 0, given)
    monkeypatch.setattr(kind, "sample", counted)
    turn = RowsInTurn(model, streams.under("rows"), given)
    pieces = [turn.next(count) for count in (1, 0, 63, 100, 200, 136)]
    assert [one.rows for one in pieces] == [1, 0, 63, 100, 200, 136]
    for name, column in whole.columns.items():
        mine = np.concatenate([one[name].values for one in pieces])
        assert np.array_equal(mine, column.values, equal_nan=mine.dtype.kind == "f")
    ends = np.cumsum([0, *(count for _, count in drawn)])
    assert [first for first, _ in drawn] == ends[:-1].tolist()  # none twice, none left out
    assert ends[-1] == 512
