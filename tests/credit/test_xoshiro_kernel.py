import numpy as np
import pytest
from naive import defaults as naive
from scipy.stats import chi2, kstest, norm

from finsim.kernels.xoshiro import fill_uniforms, mixed, next_uniform, next_word, seed_state


def test_published_words_of_xoshiro():
    """First outputs from state (1, 2, 3, 4): the reference C code of Blackman and Vigna."""
    state = np.arange(1, 5, dtype=np.uint64)
    words = [int(next_word(state)) for _ in range(4)]
    assert words == [41943041, 58720359, 3588806011781223, 3591011842654386]


def test_published_words_of_splitmix():
    """Seed 1234567, first two outputs of the reference C code (Vigna 2015)."""
    golden = 0x9E3779B97F4A7C15
    words = [int(mixed(np.uint64((1234567 + k * golden) % 2**64))) for k in (1, 2)]
    assert words == [6457827717110365317, 3203168211198807973]


@pytest.mark.parametrize("seed", [0, 1, 2**63 - 1, 2**64 - 1])
@pytest.mark.parametrize("index", [0, 1, 999_999])
def test_kernel_equals_its_plain_twin(seed, index):
    state = np.empty(4, np.uint64)
    seed_state(np.uint64(seed), np.uint64(index), state)
    plain = naive.seeded(seed, index)
    assert [int(word) for word in state] == plain
    for _ in range(50):
        assert next_uniform(state) == naive.next_uniform(plain)


@pytest.mark.parametrize(
    ("shape", "what"),
    [((1, 400_000), "along one index"), ((400_000, 1), "first draws of all indices"), ((2_000, 200), "both")],
)
def test_uniform_within_and_across_indices(shape, what):
    found = np.empty(shape)
    fill_uniforms(np.uint64(20260801), 0, found)
    flat = found.ravel()
    assert flat.min() > 0.0
    assert flat.max() < 1.0
    assert kstest(flat, "uniform").pvalue > 1e-3, what
    for bits in (8, 12):
        cells = np.bincount((flat * 2**bits).astype(int).clip(max=2**bits - 1), minlength=2**bits)
        expected = len(flat) / 2**bits
        assert 1e-3 < chi2.sf(((cells - expected) ** 2 / expected).sum(), 2**bits - 1) < 1 - 1e-3
    low_bits = (flat * 2.0**52).astype(np.uint64) & np.uint64(255)
    cells = np.bincount(low_bits.astype(int), minlength=256)
    expected = len(flat) / 256
    assert chi2.sf(((cells - expected) ** 2 / expected).sum(), 255) > 1e-3


def test_no_serial_correlation_nor_between_neighbouring_indices_and_seeds():
    one, other = np.empty((1_000, 400)), np.empty((1_000, 400))
    fill_uniforms(np.uint64(5), 0, one)
    fill_uniforms(np.uint64(6), 0, other)
    pairs = {
        "lag 1": (one[:, :-1], one[:, 1:]),
        "lag 2": (one[:, :-2], one[:, 2:]),
        "next index": (one[:-1], one[1:]),
        "next seed": (one, other),
    }
    for name, (left, right) in pairs.items():
        r = np.corrcoef(left.ravel(), right.ravel())[0, 1]
        assert abs(r) * np.sqrt(left.size) < norm.isf(1e-4), name
    squares = np.corrcoef((one[:, :-1] ** 2).ravel(), (one[:, 1:] ** 2).ravel())[0, 1]
    assert abs(squares) * np.sqrt(one.size) < norm.isf(1e-4)


def test_rows_do_not_depend_on_where_filling_starts():
    whole, part = np.empty((20, 7)), np.empty((5, 7))
    fill_uniforms(np.uint64(9), 0, whole)
    fill_uniforms(np.uint64(9), 11, part)
    assert np.array_equal(whole[11:16], part)
