"""The key kernels against their plain twins."""

import naive.keys as naive
import numpy as np
import pytest

from finsim.kernels.keys import (
    are_same_texts,
    first_equal_hashes,
    hash_texts,
    keyed_uniforms,
    look,
    mark,
    mix_in,
    number_firsts,
)


@pytest.mark.parametrize("count", [0, 1, 300])
def test_words_are_mixed(count):
    rng = np.random.default_rng(count)
    words = rng.integers(0, 2**64, count, dtype=np.uint64)
    words[: count // 3] = np.arange(count // 3)
    hashes = np.where(rng.random(count) < 0.5, np.uint64(0), words[::-1])
    wanted = naive.mix_in(words.tolist(), hashes.tolist())
    mix_in(words, hashes)
    assert hashes.tolist() == wanted


def test_texts_are_hashed_by_their_bytes():
    rng = np.random.default_rng(3)
    texts = [rng.bytes(size) for size in [*range(20), 64, 65, 1_000]]
    texts += [b"", b"\0", b"\0\0", b"\0" * 8, b"\0" * 9, b"a", b"\0a"]
    offsets = np.cumsum([0, *map(len, texts)])
    hashes = np.empty(len(texts), dtype=np.uint64)
    hash_texts(np.frombuffer(b"".join(texts), dtype=np.uint8), offsets, hashes)
    assert hashes.tolist() == [naive.hash_text(text) for text in texts]
    assert len(set(hashes.tolist())) == len(set(texts))


@pytest.mark.parametrize("log_bits", [6, 7, 12])
def test_bits_are_marked(log_bits):
    rng = np.random.default_rng(log_bits)
    shift, bits, marked = 64 - log_bits, np.zeros(1 << (log_bits - 6), dtype=np.uint64), set()
    for _ in range(3):
        hashes = rng.integers(0, 2**64, 50, dtype=np.uint64)
        hashes[10:15] = hashes[3]
        found = np.empty(50, dtype=bool)
        look(hashes, np.uint64(shift), bits, found)
        assert found.tolist() == [one >> shift in marked for one in hashes.tolist()]
        mark(hashes, np.uint64(shift), bits, found)
        assert found.tolist() == naive.mark(hashes.tolist(), shift, marked)
    assert sum(int(word).bit_count() for word in bits) == len(marked)


@pytest.mark.parametrize("bits", [1, 3, 6])
@pytest.mark.parametrize(("rows", "kinds"), [(0, 1), (1, 1), (700, 700), (700, 200), (700, 1)])
@pytest.mark.parametrize("has_gaps", [False, True])
def test_first_rows_of_hashes_are_found_in_parts(bits, rows, kinds, has_gaps):
    rng = np.random.default_rng(rows + kinds + bits)
    words = rng.integers(0, 2**64, kinds, dtype=np.uint64)
    words[: kinds // 2] = np.uint64(7) << np.uint64(61) | np.arange(kinds // 2, dtype=np.uint64)  # alike
    hashes = rng.choice(words, rows)
    gone = rng.random(rows) < 0.2 if has_gaps else np.zeros(0, dtype=bool)
    wanted = naive.first_rows(hashes.tolist(), gone.tolist() if has_gaps else [False] * rows)
    first, is_first = np.empty(rows, dtype=np.uint32), np.empty(rows, dtype=bool)
    assert first_equal_hashes(hashes, gone, np.uint64(bits), rows**2, first)
    assert first.tolist() == wanted
    count = number_firsts(first, is_first)
    numbers, distinct = naive.numbers_of([None if row == rows else row for row in wanted])
    assert first.tolist() == [0 if one is None else one for one in numbers]
    assert (count, np.flatnonzero(is_first).tolist()) == (len(distinct), distinct)


def test_hashes_that_begin_alike_are_given_up():
    hashes = np.arange(300, dtype=np.uint64)
    first, none = np.empty(300, dtype=np.uint32), np.zeros(0, dtype=bool)
    assert not first_equal_hashes(hashes, none, np.uint64(2), 300 * 32, first)
    assert first_equal_hashes(hashes, none, np.uint64(2), 300 * 300, first)


def test_texts_are_compared_byte_by_byte():
    texts = [b"abc", b"abd", b"abc", b"", b"ab", b"abcd", b"abc", b""]
    offsets = np.cumsum([0, *map(len, texts)])
    data = np.frombuffer(b"".join(texts), dtype=np.uint8)
    rows = range(len(texts))
    for row in rows:
        for other in range(row + 1):
            first = np.array(rows, dtype=np.uint32)
            first[row] = other
            assert are_same_texts(data, offsets, first) == (texts[row] == texts[other])
    assert are_same_texts(data, offsets, np.full(len(texts), len(texts), dtype=np.uint32))


def test_keyed_draws_are_even_and_belong_to_their_keys():
    keys = np.stack([np.arange(4_000) // 50, np.arange(4_000) % 50]).astype(np.uint64)
    draws = keyed_uniforms(keys, 7)
    mixed = np.random.default_rng(1).permutation(4_000)
    assert np.array_equal(keyed_uniforms(keys[:, mixed], 7), draws[mixed])
    assert len(np.unique(draws)) == 4_000
    assert np.abs(np.quantile(draws, [0.1, 0.5, 0.9]) - [0.1, 0.5, 0.9]).max() < 0.03
    assert not np.isin(keyed_uniforms(keys, 8), draws).any()
    assert not np.isin(keyed_uniforms(keys[::-1].copy(), 7)[1:2], draws[1:2]).any()
