"""Hints reach the machine code of the kernel that gives them, and of no other."""

import numba
import numpy as np
import pytest

from finsim.kernels.hints import ahead, named, wide
from finsim.kernels.kernel import kernel

jitted = pytest.mark.skipif(numba.config.DISABLE_JIT, reason="kernels run as plain Python")


@kernel
def hinted(x):
    wide()
    total = 0
    for i in range(len(x)):
        ahead(x, min(i + 8, len(x) - 1))
        total += x[i]
    return total


named_ahead, named_wide = (named()[word] for word in ("ahead", "wide"))


@kernel
def hinted_as_generated(x):
    named_wide()
    total = 0
    for i in range(len(x)):
        named_ahead(x, min(i + 8, len(x) - 1))
        total += x[i]
    return total


@kernel
def plain(x):
    total = 0
    for i in range(len(x)):
        total += x[i]
    return total


def test_hints_change_no_result():
    x = np.arange(1_000)
    assert hinted(x) == hinted_as_generated(x) == plain(x) == 499_500
    assert wide() is None
    assert ahead(x, 3) is None


@jitted
def test_a_kernel_asks_for_itself():
    texts = []
    for one in (hinted, hinted_as_generated, plain):
        fresh = numba.njit(one.py_func)  # what comes from the cache has no text
        fresh(np.arange(10))
        texts.append(next(iter(fresh.inspect_llvm().values())))
    *both, other = texts
    for asked in both:
        assert '"prefer-vector-width"="512"' in asked
        assert "noalias" in asked
        assert "call void @llvm.prefetch" in asked
    assert "prefer-vector-width" not in other
    assert "llvm.prefetch" not in other
