"""Local time from instants and the offsets of a zone. Twin: ``tests/naive/time_zones.py``."""

from __future__ import annotations

from finsim.kernels.kernel import kernel
from finsim.notation import Int1D, Nanos1D


@kernel
def localized(times: Nanos1D, starts: Int1D, shifts: Int1D, out: Nanos1D) -> None:
    """Write ``times[i] + shifts[k]``, k the last piece with ``starts[k] <= times[i]``.

    Rows near one another are mostly in one piece, so the piece of the row before is tried first. All are
    int64 nanoseconds; ``starts`` rise, and the first lies before every time.
    """
    last = len(starts) - 1
    low = high = starts[0]
    shift, found = shifts[0], False
    for i in range(len(times)):
        time = times[i]
        if not found or time < low or time >= high:
            k, top = 0, last
            while k < top:
                middle = (k + top + 1) // 2
                if starts[middle] <= time:
                    k = middle
                else:
                    top = middle - 1
            low, shift = starts[k], shifts[k]
            high = starts[k + 1] if k < last else starts[k]
            found = k < last  # the last piece has no end: looked up anew each time
        out[i] = time + shift
