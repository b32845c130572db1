"""Numbers of devices, and how they are published."""

from __future__ import annotations

import numpy as np

from finsim.agents.payment_orders import public_id
from finsim.agents.short_ids import LOW_BITS, short_id
from finsim.notation import Array, Int1D

FOREIGN = 1 << (LOW_BITS - 1)
"""Devices of ordinary life have numbers below, those of stories from here on."""
_KEY = 0x15A4E35B


def public_device(number: Int1D) -> Array:
    """Return device numbers in [0, 2^30) as published: one to one, and silent about whose they are."""
    return short_id(number, _KEY)


def story_numbers(scheme: Int1D, place: Int1D) -> Int1D:
    """Return the numbers of the devices of stories: by scheme and place in it, the same in every scenario."""
    mixed = public_id(public_id(np.asarray(scheme, dtype=np.int64)) ^ np.asarray(place, dtype=np.int64))
    found: Int1D = FOREIGN + (mixed & (FOREIGN - 1))
    return found
