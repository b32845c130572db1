"""Devices of stories: their numbers, and how each came to the accounts that are paid from with it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.agents.devices.device_numbers import story_numbers
from finsim.agents.devices.login_stream import NEW_DEVICE, PASSWORD_CHANGE, Events
from finsim.agents.devices.ordinary_devices import COMPUTER, LEAD_NS, PHONE, TABLET, Devices
from finsim.agents.payment_orders import Orders, public_id
from finsim.agents.schemes.scheme_plan import SchemePlan
from finsim.agents.vocabulary import CHANNEL
from finsim.notation import NANOS_PER_DAY, Array, Float1D, Int1D, Nanos1D
from finsim.randomness import Streams

_BANKING = tuple(CHANNEL[name] for name in ("instant", "ach", "wire", "internal"))
_MINUTE = 60_000_000_000
# assumption: a device is brought to a victim's account a quarter of an hour and, in the mean, 20 minutes
# before it is used, to that of a mule up to ten days before; half of the first and a fifth of the others
# change the password with it.
_VICTIM_MINUTES, _MULE_DAYS = 20.0, 10.0
_CHANGES = (0.5, 0.2)
_OLD_DAYS = 120.0
"""assumption: half of the devices were seen by a bank before, up to so many days."""
_KINDS = ((PHONE, 0.60), (COMPUTER, 0.32), (TABLET, 0.08))


@dataclass(frozen=True)
class StoryDevices:
    """The devices of all schemes of a plan, shape [E], and the events by which accounts got them.

    ``pair`` int64[R] numbers the pairs of a device and a customer by step of the plan, -1 for no device.
    """

    pair: Int1D
    number: Int1D
    kind: Array
    first_seen: Nanos1D
    events: Events


def story_devices(orders: Orders, plan: SchemePlan, devices: Devices, streams: Streams) -> StoryDevices:
    """Return the devices that the planned orders of a scenario use."""
    number = story_numbers(plan.id[plan.device_scheme], plan.device_place)
    first = np.full(len(number), np.iinfo(np.int64).max, dtype=np.int64)
    row = orders.plan_row
    device = plan.device[row]
    used = np.flatnonzero(device >= 0)
    np.minimum.at(first, device[used], orders.ts[used])
    pair = np.full(len(plan.device), -1, dtype=np.int64)
    both = np.stack([device[used], devices.holder[orders.payer[used]]], axis=1)
    pair[row[used]] = np.unique(both, axis=0, return_inverse=True)[1].ravel()
    banking = used[np.isin(orders.channel[used], _BANKING)]
    customer = devices.holder[orders.payer[banking]]
    # Orders are in time order, so the first of each pair of device and customer is its first use.
    _, place = np.unique(pair[row[banking]], return_index=True)
    here = banking[place]
    one, who, at = device[here], customer[place], orders.ts[here]
    is_victim = plan.fraud[row[here]]
    u = _uniform(streams, "lead", number[one], who)
    scale = np.where(is_victim, _VICTIM_MINUTES * _MINUTE, _MULE_DAYS / 3.0 * NANOS_PER_DAY)
    lead = LEAD_NS + (np.minimum(-np.log1p(-u), 3.0) * scale).astype(np.int64)
    changes = _uniform(streams, "changes", number[one], who) < np.where(is_victim, *_CHANGES)
    later = (_uniform(streams, "later", number[one], who) * lead).astype(np.int64)
    came = at - lead
    np.minimum.at(first, one, came)
    old = _uniform(streams, "old", number)
    first -= (np.maximum(2.0 * old - 1.0, 0.0) * _OLD_DAYS * NANOS_PER_DAY).astype(np.int64)
    edges = np.cumsum([share for _, share in _KINDS])[:-1]
    codes = np.array([code for code, _ in _KINDS], dtype=np.int8)
    kind = codes[np.searchsorted(edges, _uniform(streams, "kind", number), side="right")]
    ts = np.concatenate([came, (came + later)[changes]])
    told = np.repeat([NEW_DEVICE, PASSWORD_CHANGE], [len(came), int(changes.sum())])
    whose = np.concatenate([who, who[changes]])
    events = Events(ts, whose, number[np.concatenate([one, one[changes]])], told)
    events = events.take(np.flatnonzero(ts >= devices.start_ns))
    return StoryDevices(pair, number, kind, first, events)


def _uniform(streams: Streams, name: str, *keys: Int1D) -> Float1D:
    """Return uniform numbers that belong to keys, whatever else is drawn: the same in every scenario."""
    mixed = public_id(np.full(len(keys[0]), streams.word("agents", "devices", "story", name)))
    for key in keys:
        mixed = public_id(mixed ^ key)
    found: Float1D = mixed / 2.0**63
    return found
