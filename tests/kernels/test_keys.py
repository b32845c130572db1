"""The key kernels against their plain twins."""

import naive.keys as naive
import numpy as np
import pytest

from finsim.kernels.keys import hash_texts, look, mark, mix_in


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
