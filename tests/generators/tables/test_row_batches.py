"""Rows piece by piece: those of one call, each batch drawn once."""

import numpy as np
import pytest
from small_tables import fitted

from finsim.generators.tables.bayes import Bayes
from finsim.generators.tables.boosting.outcome_followers import OutcomeFollowers
from finsim.generators.tables.copula import Copula
from finsim.generators.tables.level_network import LevelNetwork
from finsim.generators.tables.level_trees import LevelTree
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


@pytest.mark.parametrize(("levels", "kind"), [(256, np.uint8), (257, np.int32)])
def test_levels_beyond_bytes_are_not_cut(levels, kind, streams):
    shares = np.append(np.zeros(levels - 1), 1.0)[None]  # the last level alone
    leaf = np.zeros(1, np.int32)
    network = LevelNetwork.of([0], [[LevelTree(leaf - 1, leaf, leaf, leaf, shares)]])
    drawn = network.draw(9, {}, streams.at("rows"))
    assert drawn.dtype == kind
    assert (drawn == levels - 1).all()


class _Slow:
    """A network that gives a cell to one more row each time it is asked."""

    def redrawn(self, levels, columns, rng, even=True):
        found = levels.copy()
        found[:1, 1] = 7
        return found


def test_rows_that_lack_a_cell_of_their_class_are_drawn_until_they_have_it(streams):
    followers = OutcomeFollowers((1,), np.array([[1, 2, 1, 0]]))
    levels = np.array([[2, 0], [1, 0], [2, 0], [2, 0], [2, 0]], np.uint8)
    found = followers.drawn(_Slow(), levels, 0, streams.at("rows"), True)
    assert found.tolist() == [[2, 7], [1, 0], [2, 7], [2, 7], [2, 7]]
