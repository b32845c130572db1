"""Streams: addresses are independent, typed and order-free; the draws are frozen known answers."""

import itertools
import multiprocessing
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from finsim.errors import FinsimError
from finsim.randomness import Streams

PART = st.one_of(st.text(max_size=6), st.integers(-(2**70), 2**70))


def test_known_answers() -> None:
    """Frozen draws: when numpy changes a method, every run changes, and this must be noticed."""
    rng = Streams(7).at("agents", "shard", 17, "month", 3)
    assert rng.integers(0, 2**63, 3).tolist() == KNOWN["integers"]
    assert rng.random(3).tolist() == KNOWN["random"]
    assert rng.standard_normal(3).tolist() == KNOWN["normal"]
    assert rng.standard_exponential(2).tolist() == KNOWN["exponential"]
    assert rng.permutation(8).tolist() == KNOWN["permutation"]
    assert Streams(7).word("torch") == KNOWN["word"]
    assert Streams(7).at().integers(0, 1000, 3).tolist() == KNOWN["empty address"]


KNOWN: dict[str, object] = {
    "integers": [8330164225133774319, 123272105506072298, 700798892879940297],
    "random": [0.714032927379115, 0.8456288016050811, 0.25174922897533825],
    "normal": [-1.4629629788136762, 0.13902295463507172, -0.819153094982023],
    "exponential": [0.9965992863908246, 0.9279592602068656],
    "permutation": [7, 0, 6, 5, 1, 4, 2, 3],
    "word": 8708412797128295208,
    "empty address": [399, 964, 386],
}


@given(st.lists(PART, max_size=5), st.lists(PART, max_size=5))
@settings(deadline=None, max_examples=200)
def test_different_addresses_have_different_words(a: list[str | int], b: list[str | int]) -> None:
    same = [(type(x), x) for x in a] == [(type(x), x) for x in b]
    assert (Streams(3).word(*a) == Streams(3).word(*b)) == same


def test_addresses_are_typed_and_length_prefixed() -> None:
    addresses: list[tuple[str | int, ...]] = [
        (), ("",), ("a", "b"), ("ab",), ("a", "b", ""), ("", "a", "b"), (1,), ("1",), (1, 1), (11,),
        ("i1:1",), ("a", 1), ("a1",), (-1,), ("s1:a", "b"), (2**40,), ("é",), ("e\u0301",),
    ]  # fmt: skip
    words = {Streams(1).word(*address) for address in addresses}
    assert len(words) == len(addresses)


def test_under_is_a_prefix_and_numpy_integers_are_integers() -> None:
    assert Streams(1).under("a", 2).word("b") == Streams(1).word("a", 2, "b")
    assert Streams(1).word(np.int32(5)) == Streams(1).word(5)  # type: ignore[arg-type]
    assert Streams(1).word("a") != Streams(2).word("a")


@pytest.mark.parametrize("part", [True, 1.0, None, b"a", np.bool_(True), ("a",)])
def test_other_parts_are_refused(part: object) -> None:
    with pytest.raises(TypeError, match="made of str and int"):
        Streams(1).at("a", part)  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", [-1, -(2**70)])
def test_a_negative_seed_is_bad_input(seed: int) -> None:
    with pytest.raises(FinsimError, match="seed"):
        Streams(seed)


def test_big_seeds_differ() -> None:
    seeds = [0, 1, 2**32, 2**32 + 1, 2**64, 2**64 + 1, 2**128 - 1]
    assert len({Streams(seed).word("a") for seed in seeds}) == len(seeds)


def test_draws_do_not_depend_on_order_or_on_other_streams() -> None:
    streams = Streams(11)
    first = {k: streams.at("x", k).random(5).tolist() for k in range(20)}
    for k in reversed(range(20)):
        streams.at("y", k).random(k)
        assert streams.at("x", k).random(5).tolist() == first[k]


def _draw(k: int) -> tuple[list[float], int]:
    return Streams(5).at("p", k).standard_normal(4).tolist(), Streams(5).word("p", k)


def test_draws_are_equal_in_other_processes() -> None:
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=context) as pool:
        assert list(pool.map(_draw, range(6))) == [_draw(k) for k in range(6)]


def test_words_fit_torch_and_look_uniform() -> None:
    words = np.array([Streams(9).word("w", k) for k in range(20_000)], dtype=np.uint64)
    assert words.max() < 2**63
    assert len(np.unique(words)) == len(words)
    # KS at 1e-3 over 20,000 draws: D > 0.0138 would be a broken hash, not bad luck.
    assert stats.kstest(words / 2.0**63, "uniform").statistic < 0.0138


def test_streams_of_neighbouring_addresses_are_independent() -> None:
    draws = np.stack([Streams(2).at("path", k).random(2_000) for k in range(40)])
    assert stats.kstest(draws.ravel(), "uniform").pvalue > 1e-3
    # Across streams at the same step, as a world sees them: each column is a sample over addresses.
    assert stats.kstest(draws[:, :500].T.ravel(), "uniform").pvalue > 1e-3
    correlation = np.corrcoef(draws)
    off = np.array([correlation[i, j] for i, j in itertools.combinations(range(40), 2)])
    # 780 correlations of n = 2000 (sd 0.0224): one beyond 4.5 sd has probability 0.5 %.
    assert np.abs(off).max() < 4.5 / np.sqrt(2_000)
    assert abs(off.mean()) < 4 * 0.0224 / np.sqrt(off.size)
    # Shifted by one step as well: overlapping streams would show up here.
    shifted = np.corrcoef(draws[:, :-1], draws[:, 1:])[:40, 40:]
    assert np.abs(shifted).max() < 4.5 / np.sqrt(1_999)


def test_seeds_are_independent_at_one_address() -> None:
    draws = np.array([Streams(seed).at("a").random() for seed in range(4_000)])
    assert stats.kstest(draws, "uniform").pvalue > 1e-3
    assert abs(np.corrcoef(draws[:-1], draws[1:])[0, 1]) < 4 / np.sqrt(4_000)
