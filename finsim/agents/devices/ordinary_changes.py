"""Changes of ordinary life: new devices are registered, passwords are changed."""

from __future__ import annotations

import numpy as np

from finsim.agents.devices.login_stream import NEW_DEVICE, PASSWORD_CHANGE, Events, joined
from finsim.agents.devices.ordinary_devices import COMPUTER, LEAD_NS, SLOTS, Devices
from finsim.agents.population.population import Population
from finsim.agents.settings import Settings
from finsim.notation import NANOS_PER_DAY, NANOS_PER_SECOND, Int1D
from finsim.randomness import Streams

_WITH_IT = 0.3
"""assumption: share of new devices with which the password is changed, within two hours."""
_PASSWORD_DAYS = 700.0
"""assumption: mean days until a customer changes the password without a new device."""


def customer_ids(population: Population) -> Int1D:
    """Return the id of every customer by position, people first: int64[C]."""
    main = np.concatenate([population.people.current, population.firms.account])
    found: Int1D = population.accounts.customer_id[main]
    return found


def changes(devices: Devices, population: Population, settings: Settings, streams: Streams) -> Events:
    """Return new devices and changed passwords of ordinary life over the period; the same in every scenario.

    A shared computer is new to everybody who uses it. Nothing happens before the customer's first account.
    """
    rng = streams.under("agents", "devices").at("passwords")
    uses = devices.uses
    new = np.flatnonzero(uses.is_new)
    owner = uses.key[new] // SLOTS
    count = len(devices.place)
    partner = np.full(count, -1, dtype=np.int64)
    shares = np.flatnonzero(
        (devices.place[:, COMPUTER] >= 0) & (devices.place[:, COMPUTER] // SLOTS != np.arange(count))
    )
    partner[devices.place[shares, COMPUTER] // SLOTS] = shares
    also = np.flatnonzero((uses.key[new] % SLOTS == COMPUTER) & (partner[owner] >= 0))
    start = settings.start_ns + uses.start[new] * NANOS_PER_SECOND - LEAD_NS
    ts = np.concatenate([start, start[also]])
    customer = np.concatenate([owner, partner[owner[also]]])
    number = np.concatenate([uses.number[new], uses.number[new[also]]])
    told = np.flatnonzero(rng.random(len(ts)) < _WITH_IT)
    after = ts[told] + (rng.uniform(60, 7_200, len(told)) * NANOS_PER_SECOND).astype(np.int64)
    who = np.repeat(np.arange(count), rng.poisson(settings.days / _PASSWORD_DAYS, count))
    when = settings.start_ns + (rng.random(len(who)) * settings.days * NANOS_PER_DAY).astype(np.int64)
    used, _ = devices.choose(who, when, rng.random(len(who)))
    found = joined(
        [
            Events(ts, customer, number, np.full(len(ts), NEW_DEVICE)),
            Events(after, customer[told], number[told], np.full(len(told), PASSWORD_CHANGE)),
            Events(when, who, used, np.full(len(who), PASSWORD_CHANGE)),
        ]
    )
    main = np.concatenate([population.people.current, population.firms.account])
    opened = population.accounts.opened[main].astype("datetime64[ns]").astype(np.int64)
    return found.take(
        np.flatnonzero(
            (found.ts < settings.end_ns) & (found.ts >= np.maximum(opened[found.customer], settings.start_ns))
        )
    )
