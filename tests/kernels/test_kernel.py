"""The one decorator: compiled and plain results are the same bits; flags are set in one place."""

import os
import subprocess
import sys
import threading

import numpy as np
import numpy.typing as npt

from finsim.kernels.kernel import kernel


@kernel
def _running_sum(values: npt.NDArray[np.float64], out: npt.NDArray[np.float64]) -> float:
    total = 0.0
    for i in range(values.shape[0]):
        total += values[i]
        out[i] = total
    return total


@kernel
def _ratio(a: float, b: float) -> float:
    return a / b


def _plain(values: npt.NDArray[np.float64]) -> list[float]:
    total, out = 0.0, []
    for value in values.tolist():
        total += value
        out.append(total)
    return out


def test_sums_are_in_order_to_the_last_bit() -> None:
    """With fastmath a compiler may add in another order, and the twins would differ."""
    values = np.random.default_rng(3).standard_normal(100_003) * 10.0 ** np.random.default_rng(4).integers(
        -9, 9, 100_003
    )
    out = np.empty_like(values)
    _running_sum(values, out)
    assert out.tolist() == _plain(values)


def test_nan_and_infinity_are_kept() -> None:
    values = np.array([1.0, np.inf, -np.inf, 2.0, np.nan])
    out = np.empty_like(values)
    _running_sum(values, out)
    assert np.array_equal(out, np.array([1.0, np.inf, np.nan, np.nan, np.nan]), equal_nan=True)


def test_a_kernel_raises_nothing_on_division_by_zero() -> None:
    assert _ratio(1.0, 0.0) == np.inf
    assert np.isnan(_ratio(0.0, 0.0))


def test_flags() -> None:
    options = _running_sum.targetoptions  # type: ignore[attr-defined]
    assert options["nogil"] is True
    assert not options.get("fastmath")
    assert not options.get("parallel")
    assert _running_sum.__name__ == "_running_sum"


def test_kernels_run_side_by_side() -> None:
    values = np.ones(50_000)
    outs = [np.empty_like(values) for _ in range(4)]
    threads = [threading.Thread(target=_running_sum, args=(values, out)) for out in outs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(out[-1] == 50_000 for out in outs)


def test_the_switch_runs_the_plain_function() -> None:
    code = (
        "from finsim.kernels.kernel import kernel\n"
        "@kernel\ndef f(x):\n    return type(x).__name__\n"
        "print(f({1: 2}))"  # numba could not compile this
    )
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    assert done.stdout.strip() == "dict"
