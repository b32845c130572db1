"""Ids of 30 bits for things that payments carry: short in files, and silent about who has them."""

from __future__ import annotations

import numpy as np

from finsim.kernels.payments.row_devices import LOW_BITS as LOW_BITS
from finsim.kernels.payments.row_devices import NO_DEVICE
from finsim.notation import Array, Int1D

NONE = NO_DEVICE
_LOW = (1 << LOW_BITS) - 1


def short_id(number: Int1D, key: int) -> Array:
    """Return numbers in [0, 2^30) as published, int32[N]: one to one for each ``key``; -1 stays.

    Two rounds of xor-shift and odd multiplication modulo 2^30, as ``payment_orders.public_id``.
    """
    mixed = (number.astype(np.int64) ^ key) & _LOW
    for shift, factor in ((15, 0x2C1B3C6D), (13, 0x297A2D39)):
        mixed ^= mixed >> shift
        mixed = (mixed * factor) & _LOW
    mixed ^= mixed >> 15
    found: Array = np.where(number < 0, NONE, mixed).astype(np.int32)
    return found
