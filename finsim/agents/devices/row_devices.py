"""The device of every payment, and the logins and added payees that come before it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from finsim.agents.devices.login_stream import LOGIN, PAYEE_ADDED, Events, LoginStream
from finsim.agents.devices.ordinary_changes import changes, customer_ids
from finsim.agents.devices.ordinary_devices import Devices
from finsim.agents.devices.story_devices import StoryDevices
from finsim.agents.payment_orders import Orders
from finsim.agents.population.population import Population
from finsim.agents.schemes.scheme_plan import SchemePlan
from finsim.agents.settings import Settings
from finsim.agents.vocabulary import CHANNEL, CHANNELS, ONLINE, PURPOSE, PURPOSES
from finsim.kernels.payments.row_devices import ADDS_PAYEE, LOGS_IN, Asked, Gear, give_devices
from finsim.notation import Array
from finsim.randomness import Streams

# Banks and merchants collect these by themselves, whatever the channel.
_COLLECTED = ("subscription", "utilities", "insurance", "loan", "card_payment", "fee")
_CHECKED, _CHECKED_THIEF = 0.50, 0.25
"""assumption: share of purchases at a distance in which the bank sees the device (3-D Secure); thieves seek
shops that do not ask."""
# assumption: share of ordinary transfers before which their payee is added, by purpose.
_ADDS = {"goods": 0.5, "invoice": 0.3, "transfer": 0.2, "supplier": 0.12, "investment": 0.04, "rent": 0.03}


class RowDevices:
    """Gives every payment its device, and keeps the logins that come of it.

    ``aside`` is the folder of what memory should not hold.
    """

    def __init__(
        self,
        population: Population,
        settings: Settings,
        streams: Streams,
        devices: Devices,
        plan: SchemePlan,
        story: StoryDevices,
        aside: Path | None = None,
    ) -> None:
        pairs = int(story.pair.max(initial=-1)) + 1
        uses = devices.uses
        self._gear = Gear(
            holder=devices.holder,
            online=np.isin(np.arange(len(CHANNELS)), [CHANNEL[name] for name in ONLINE]),
            remote=CHANNEL["card_not_present"],
            own=~np.isin(np.arange(len(PURPOSES)), [PURPOSE[name] for name in _COLLECTED]),
            adds=np.array([_ADDS.get(word, 0.0) for word in PURPOSES]),
            place=devices.place,
            share=devices.share,
            begin=devices.begin,
            second=uses.start,
            number=uses.number,
            device=plan.device,
            pair=story.pair,
            adds_payee=plan.adds_payee,
            story=story.number,
            seen=(_CHECKED, _CHECKED_THIEF),
            last=np.full(devices.place.size + pairs, -1, dtype=np.int32),
            draw=streams.word("agents", "devices", "orders"),
            start=settings.start_ns,
        )
        # Room of a block, used again and again: fresh pages cost more than the work on them.
        self._room = (np.empty(0, np.int64), np.empty(0, np.uint8), np.empty(0))
        known = [changes(devices, population, settings, streams), story.events]
        self._log = LoginStream(known, customer_ids(population), aside)

    def of(self, orders: Orders) -> Array:
        """Return the published device of each order, int32[N], -1 without; calls come in order of time."""
        size = len(orders)
        found = np.empty(size, dtype=np.int32)
        if size > len(self._room[0]):
            self._room = (np.empty(size, np.int64), np.empty(size, np.uint8), np.empty(size))
        number, mark, luck = self._room[0][:size], self._room[1][:size], self._room[2][:size]
        asked = Asked(
            orders.payer, orders.channel, orders.purpose, orders.ts, orders.order_id, orders.plan_row
        )
        give_devices(asked, self._gear, found, number, mark, luck)
        first, added = np.flatnonzero(mark & LOGS_IN), np.flatnonzero(mark & ADDS_PAYEE)
        at = np.concatenate([first, added])
        if len(at):
            lead = (60.0 + 840.0 * luck[at]) * 1e9
            lead[len(first) :] *= 0.5
            ts = orders.ts[at] - lead.astype(np.int64)
            kind = np.repeat([LOGIN, PAYEE_ADDED], [len(first), len(added)])
            events = Events(ts, self._gear.holder[orders.payer[at]], number[at], kind)
            self._log.add(int(orders.ts[0]), events.take(np.flatnonzero(ts >= self._gear.start)))
        return found

    def logins(self) -> Iterator[pa.RecordBatch]:
        """Yield the logins in LOGIN_SCHEMA, once the last payment has passed."""
        return self._log.batches()
