"""The device of every payment, and which of them follow a login or an added payee: one pass in time order."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from finsim.kernels.kernel import kernel
from finsim.notation import Array

NO_DEVICE, LOW_BITS = -1, 30
LOGS_IN, ADDS_PAYEE = 1, 2
_ORDER = np.uint64(0x7FFF_FFFF_FFFF_FFFF)
_DAY, _SECOND = 86_400_000_000_000, 1_000_000_000


class Asked(NamedTuple):
    """Payments in time order, shape [N]: account positions, codes, ns, order ids, steps of the plan."""

    payer: Array
    channel: Array
    purpose: Array
    ts: Array
    order_id: Array
    row: Array


class Gear(NamedTuple):
    """What payments are given their devices by; nothing is changed but ``last``.

    ``holder`` int64[A]: customer of each account, -1 outside. ``online`` bool by channel, ``remote`` the code
    of purchases at a distance; ``own`` bool by purpose: not collected by a bank or merchant; ``adds`` float
    by purpose: share of transfers before which the payee is added. ``place`` int64[C, 3], ``share``
    float64[C, 3]: keys and running shares of a customer's devices. ``begin`` int64[K + 1], ``second``,
    ``number`` int64[U]: entries of each key in time order. ``device``, ``pair``, ``adds_payee`` by step of
    the plan; ``story`` the numbers of its devices. ``seen`` are the shares of purchases whose device is seen,
    ordinary and of a story's device. ``last`` int32: the last day of each pair of customer and device.
    ``draw`` is the key of the draws, ``start`` the first instant in ns.
    """

    holder: Array
    online: Array
    remote: int
    own: Array
    adds: Array
    place: Array
    share: Array
    begin: Array
    second: Array
    number: Array
    device: Array
    pair: Array
    adds_payee: Array
    story: Array
    seen: tuple[float, float]
    last: Array
    draw: int
    start: int


@kernel
def mixed_order(value: int) -> Any:
    """Return ``payment_orders.public_id`` of one number in [0, 2^63)."""
    # Unsigned: products of signed numbers are compiled as if they never overflowed.
    mixed = np.uint64(value)
    mixed ^= mixed >> np.uint64(31)
    mixed = (mixed * np.uint64(0x3F58476D1CE4E5B9)) & _ORDER
    mixed ^= mixed >> np.uint64(29)
    mixed = (mixed * np.uint64(0x14D049BB133111EB)) & _ORDER
    return np.int64(mixed ^ (mixed >> np.uint64(32)))


@kernel
def mixed_device(number: int) -> Any:
    """Return ``device_numbers.public_device`` of one number in [0, 2^30)."""
    low = (1 << LOW_BITS) - 1
    value = (number ^ 0x15A4E35B) & low
    value ^= value >> 15
    value = (value * 0x2C1B3C6D) & low
    value ^= value >> 13
    value = (value * 0x297A2D39) & low
    return value ^ (value >> 15)


@kernel
def _in_place(key: int, ts: int, gear: Gear) -> Any:
    """Return the number of the device that is in a place at an instant."""
    low, high = gear.begin[key], gear.begin[key + 1]
    second = max((ts - gear.start) // _SECOND, 0)
    while high - low > 1:
        middle = (low + high) // 2
        if gear.second[middle] <= second:
            low = middle
        else:
            high = middle
    return gear.number[low]


@kernel
def give_devices(asked: Asked, gear: Gear, found: Array, number: Array, mark: Array, luck: Array) -> None:
    """Fill ``found`` (int32, published), ``number`` (int64, own), ``mark`` (uint8), ``luck`` (float64): [N].

    ``mark`` has LOGS_IN at the first banking payment of a customer, device and day, ADDS_PAYEE where a payee
    is added before; ``luck`` is a uniform draw. Where there is no device they are -1, -1, 0 and 0.
    """
    for i in range(len(asked.ts)):
        found[i], number[i], mark[i], luck[i] = NO_DEVICE, NO_DEVICE, 0, 0.0
        who = gear.holder[asked.payer[i]]
        if who < 0 or not gear.online[asked.channel[i]] or not gear.own[asked.purpose[i]]:
            continue
        drawn = mixed_order(asked.order_id[i] ^ gear.draw)
        u, v = (drawn & 0x7FFFFFFF) / 2.0**31, ((drawn >> 31) & 0x7FFFFFFF) / 2.0**31
        step = asked.row[i]
        device = gear.device[step] if step >= 0 else -1
        is_remote = asked.channel[i] == gear.remote
        if is_remote and v >= (gear.seen[1] if device >= 0 else gear.seen[0]):
            continue
        if device >= 0:
            number[i] = gear.story[device]
            code = len(gear.place) * 3 + gear.pair[step]
        else:
            slot = int(u >= gear.share[who, 0]) + int(u >= gear.share[who, 1])
            number[i] = _in_place(gear.place[who, slot], asked.ts[i], gear)
            code = 3 * who + slot
        found[i] = mixed_device(number[i])
        if is_remote:
            continue
        # Further digits of a draw are draws of their own.
        luck[i] = v * 1e6 - np.floor(v * 1e6)
        day = (asked.ts[i] - gear.start) // _DAY
        if gear.last[code] < day:
            gear.last[code] = day
            mark[i] = LOGS_IN
        wants = v * 1_009.0 - np.floor(v * 1_009.0) < gear.adds[asked.purpose[i]]
        if gear.adds_payee[step] if step >= 0 else wants:
            mark[i] |= ADDS_PAYEE
