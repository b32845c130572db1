"""Numbers of devices, and how they are published."""

from __future__ import annotations

import numpy as np

from finsim.agents.payment_orders import public_id
from finsim.kernels.payments.row_devices import LOW_BITS, NO_DEVICE
from finsim.notation import Array, Int1D

FOREIGN = 1 << (LOW_BITS - 1)
"""Devices of ordinary life have numbers below, those of stories from here on."""
_LOW = (1 << LOW_BITS) - 1


def public_device(number: Int1D) -> Array:
    """Return device numbers in [0, 2^30) as published: one to one, and silent about whose they are.

    Two rounds of xor-shift and odd multiplication modulo 2^30, as ``payment_orders.public_id``; -1 stays.
    """
    mixed = (number.astype(np.int64) ^ 0x15A4E35B) & _LOW
    for shift, factor in ((15, 0x2C1B3C6D), (13, 0x297A2D39)):
        mixed ^= mixed >> shift
        mixed = (mixed * factor) & _LOW
    mixed ^= mixed >> 15
    found: Array = np.where(number < 0, NO_DEVICE, mixed).astype(np.int32)
    return found


def story_numbers(scheme: Int1D, place: Int1D) -> Int1D:
    """Return the numbers of the devices of stories: by scheme and place in it, the same in every scenario."""
    mixed = public_id(public_id(np.asarray(scheme, dtype=np.int64)) ^ np.asarray(place, dtype=np.int64))
    found: Int1D = FOREIGN + (mixed & (FOREIGN - 1))
    return found
