"""The boosted trees of the evaluation: one thread, also in a process whose limit was set too early."""

from __future__ import annotations

import sys
from types import ModuleType

import numpy as np
from threadpoolctl import ThreadpoolController, threadpool_limits

from finsim.evaluation import learner
from finsim.evaluation.learner import chances, fitted, fitted_scores
from finsim.notation import Float2D


def threads() -> set[int]:
    """Return the numbers of OpenMP threads of this process: scikit-learn's own library among them."""
    return {one.num_threads for one in ThreadpoolController().select(user_api="openmp").lib_controllers}


class Watched:
    """A model that notes with how many threads it is asked."""

    def __init__(self) -> None:
        self.seen: list[set[int]] = []

    def predict_proba(self, rows: Float2D) -> Float2D:
        self.seen.append(threads())
        return np.column_stack([1 - rows[:, 0], rows[:, 0]])


def test_chances_are_asked_with_one_thread_whatever_stands_around() -> None:
    rows = np.random.default_rng(1).random((60, 2))
    fitted(rows, rows[:, 0] > 0.5, 1, 2)  # loads scikit-learn
    model = Watched()
    with threadpool_limits(2):
        assert threads() == {2}  # else this test cannot fail
        assert chances(model, rows).tolist() == rows[:, 0].tolist()
        assert threads() == {2}
    assert model.seen == [{1}]


def test_scores_are_those_of_the_model() -> None:
    rows = np.random.default_rng(2).random((200, 3))
    label = rows[:, 0] > 0.5
    found = fitted_scores(rows, label, rows, 7, 20)
    assert np.array_equal(found, fitted(rows, label, 7, 20).predict_proba(rows)[:, 1])
    assert found[label].min() > found[~label].max()


def test_pools_are_looked_for_again_when_more_is_loaded(monkeypatch):
    """A library that comes later has threads of its own."""
    with learner.one_thread():
        pass
    before = learner._pools.cache_info().misses
    with learner.one_thread():
        assert learner._pools.cache_info().misses == before
    monkeypatch.setitem(sys.modules, "finsim_a_later_library", ModuleType("finsim_a_later_library"))
    with learner.one_thread():
        assert learner._pools.cache_info().misses == before + 1
