"""Random words inside kernels: xoshiro256++ seeded per index by SplitMix64.

A kernel that needs many draws per index gives each index its own state, so index k draws the same
whatever was drawn before. Source: Blackman and Vigna 2021 (xoshiro256++ 1.0); Steele et al. 2014
(SplitMix64). Words are np.uint64 throughout: mixing in a signed number would turn them into floats.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from finsim.kernels.kernel import kernel
from finsim.notation import Array

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_A = np.uint64(0xBF58476D1CE4E5B9)
_MIX_B = np.uint64(0x94D049BB133111EB)
_S12, _S17, _S19, _S23 = np.uint64(12), np.uint64(17), np.uint64(19), np.uint64(23)
_S27, _S30, _S31, _S41, _S45 = np.uint64(27), np.uint64(30), np.uint64(31), np.uint64(41), np.uint64(45)
_STEP = 2.0**-52


@kernel
def mixed(word: Any) -> Any:
    """Return the SplitMix64 output for the counter ``word`` (uint64)."""
    z = (word ^ (word >> _S30)) * _MIX_A
    z = (z ^ (z >> _S27)) * _MIX_B
    return z ^ (z >> _S31)


@kernel
def seed_state(seed: Any, index: Any, state: Array) -> None:
    """Fill ``state`` (uint64[4]) for one index under one seed (both uint64)."""
    start = mixed(seed + _GOLDEN) ^ mixed((index + np.uint64(1)) * _GOLDEN)
    for k in range(4):
        start = start + _GOLDEN
        state[k] = mixed(start)


@kernel
def next_word(state: Array) -> Any:
    """Return the next 64-bit word and step ``state``."""
    s0, s1, s2, s3 = state[0], state[1], state[2], state[3]
    total = s0 + s3
    word = ((total << _S23) | (total >> _S41)) + s0
    shifted = s1 << _S17
    s2 ^= s0
    s3 ^= s1
    s1 ^= s2
    s0 ^= s3
    s2 ^= shifted
    state[0], state[1], state[2] = s0, s1, s2
    state[3] = (s3 << _S45) | (s3 >> _S19)
    return word


@kernel
def next_uniform(state: Array) -> Any:
    """Return the next uniform number: the middle of one of 2^52 equal cells of (0, 1), never 0 or 1."""
    return (np.float64(next_word(state) >> _S12) + 0.5) * _STEP


@kernel
def fill_uniforms(seed: Any, first: int, out: Array) -> None:
    """Fill ``out`` (float64 [indices, draws]); row k holds the first draws of index ``first + k``."""
    state = np.empty(4, np.uint64)
    for row in range(out.shape[0]):
        seed_state(seed, np.uint64(first + row), state)
        for column in range(out.shape[1]):
            out[row, column] = next_uniform(state)
