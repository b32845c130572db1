import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from naive.matching import earlier
from naive.matching import matches as plain_matches

from finsim.evaluation.privacy import matching
from finsim.evaluation.privacy.matching import matches
from finsim.evaluation.utility.payment_histories import NEVER, before, history, since, total, total_of


@given(seed=st.integers(0, 10_000), levels=st.integers(1, 6), width=st.integers(1, 4))
@settings(deadline=None, max_examples=40)
def test_matches_equal_the_plain_search_even_with_many_ties(seed, levels, width):
    rng = np.random.default_rng(seed)
    known = rng.integers(0, levels, (25, width)) + rng.normal(0, 1e-9, (25, width))
    queries = rng.integers(0, levels, (30, width)) + rng.normal(0, 1e-9, (30, width))
    np.testing.assert_array_equal(matches(known, queries, 1e-8), plain_matches(known, queries, 1e-8))


def test_candidates_are_checked_in_batches_with_the_same_answer(monkeypatch):
    known, queries = np.zeros((40, 2)), np.zeros((50, 2))
    known[:, 1] = np.arange(40) % 7
    queries[:, 1] = np.arange(50) % 9
    whole = matches(known, queries, 0.0)
    monkeypatch.setattr(matching, "PAIRS_AT_ONCE", 3)
    np.testing.assert_array_equal(matches(known, queries, 0.0), whole)
    np.testing.assert_array_equal(whole, plain_matches(known, queries, 0.0))


@pytest.mark.parametrize("sizes", [(0, 3), (3, 0)])
def test_nothing_matches_nothing(sizes):
    assert (matches(np.zeros((sizes[0], 2)), np.zeros((sizes[1], 2)), 1.0) == -1).all()


@given(seed=st.integers(0, 10_000), window=st.integers(0, 30))
@settings(deadline=None, max_examples=30)
def test_histories_never_look_ahead_and_equal_the_plain_loop(seed, window):
    rng = np.random.default_rng(seed)
    key, values = rng.integers(0, 4, 40), rng.integers(0, 100, 40).astype(float)
    time = np.sort(rng.integers(0, 60, 40))
    past = history(key, time)
    counts, sums, gaps = earlier(key, time, values, window)
    np.testing.assert_array_equal(before(past), counts)
    np.testing.assert_allclose(total(past, values, window), sums)
    np.testing.assert_allclose(total(past, values), earlier(key, time, values)[1])
    np.testing.assert_array_equal(since(past), [NEVER if gap is None else gap for gap in gaps])


def test_sums_of_another_key_count_only_earlier_times():
    received = history(np.array([0, 1, 0, 0]), np.array([10, 20, 30, 40]))
    amounts = np.array([1.0, 100.0, 2.0, 4.0])
    asked, when = np.array([0, 0, 0, 1, 0]), np.array([10, 30, 41, 41, 200])
    found = total_of(received, amounts, asked, when, window=30)
    np.testing.assert_array_equal(found, [0.0, 1.0, 6.0, 100.0, 0.0])
