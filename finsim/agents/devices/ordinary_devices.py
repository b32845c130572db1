"""Devices of ordinary life: who has which, who shares them at home, when they are replaced or borrowed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from finsim.agents.population.households import home_draws, pairs_at_home
from finsim.agents.population.population import Population
from finsim.agents.settings import Settings
from finsim.notation import NANOS_PER_DAY, NANOS_PER_SECOND, Array, Bool1D, Float1D, Int1D, Nanos1D
from finsim.randomness import Streams

PHONE, COMPUTER, TABLET = range(3)
SLOTS = 3
# assumption: share of people with a phone in use for banking (above 75 years fewer), a computer, a tablet; of
# firms with a telephone, a computer and a second one.
_PEOPLE, _OLD_PHONE, _FIRMS = (0.96, 0.62, 0.25), 0.65, (0.30, 1.0, 0.40)
_SHARES = 0.6
"""assumption: six in ten of who live with another customer share its computer."""
LIFE_DAYS = (1_095.0, 2_190.0, 1_825.0)
"""assumption: mean days until a phone, a computer, a tablet is replaced: three, six and five years."""
_BORROWED_DAYS = 250.0
"""assumption: mean days until somebody uses a device that is not theirs, for some hours."""
_USE = np.array([0.72, 0.20, 0.08])
"""assumption: how often the device of each slot is used by who has all three."""
_KEY_BITS = 30
LEAD_NS = 900 * NANOS_PER_SECOND
"""The longest time between a login, or an added payee, and the payment that it is for: a device is registered
so long before it is used."""


@dataclass(frozen=True)
class Uses:
    """Which device is in each place from when on: U entries sorted by (key, second).

    ``key`` is 3 x customer + slot. ``start`` are seconds of the period, 0 for what was there before;
    ``number`` is the device's; ``is_new`` marks the first use of a device within the period.
    """

    key: Int1D
    start: Int1D
    number: Int1D
    is_new: Bool1D


@dataclass(frozen=True)
class Devices:
    """Devices of all customers: C customers (people, then firms), D devices by number.

    ``holder`` int64[A] is the customer of each account, -1 outside. ``place`` int64[C, 3] is the key of each
    slot (a shared computer has its owner's), -1 for none; ``share`` float64[C, 3] the running share of use.
    ``kind`` and ``first_seen`` (ns) are of the devices 0 to D - 1; ``held`` tells which of them exist.
    """

    holder: Int1D
    place: Int1D
    share: Float1D
    uses: Uses
    kind: Array
    first_seen: Nanos1D
    held: Bool1D
    start_ns: int

    def choose(self, customer: Int1D, ts: Nanos1D, u: Float1D) -> tuple[Int1D, Int1D]:
        """Return the device that each customer uses at ``ts``, by number, and its slot, picked by ``u``."""
        slot = (u >= self.share[customer, 0]).astype(np.int64) + (u >= self.share[customer, 1])
        return self.at(self.place[customer, slot], ts), slot

    def at(self, key: Int1D, ts: Nanos1D) -> Int1D:
        """Return the number of the device that is in each place at ``ts``."""
        place = self.begin[key]
        changing = np.flatnonzero(self.begin[key + 1] - place > 1)
        second = np.maximum((ts[changing] - self.start_ns) // NANOS_PER_SECOND, 0)
        wanted = (key[changing] << _KEY_BITS) + second
        place[changing] = np.searchsorted(self._whole, wanted, side="right") - 1
        found: Int1D = self.uses.number[place]
        return found

    @cached_property
    def begin(self) -> Int1D:
        """The first entry of each key, and the number of entries at the end."""
        return np.searchsorted(self.uses.key, np.arange(self.place.size + 1))

    @cached_property
    def _whole(self) -> Int1D:
        """Key and second of every entry as one number."""
        return (self.uses.key << _KEY_BITS) + self.uses.start


def build_devices(population: Population, settings: Settings, streams: Streams) -> Devices:
    """Return the devices of a population: the same for equal (settings, seed), whatever the scenario."""
    people, firms, accounts = population.people, population.firms, population.accounts
    rng = streams.under("agents", "devices").at("holdings")
    persons, count = len(people), len(people) + len(firms)
    holder = np.full(len(accounts), -1, dtype=np.int64)
    for held in (people.current, people.savings, people.card):
        mine = held >= 0
        holder[held[mine]] = np.flatnonzero(mine)
    holder[firms.account] = persons + np.arange(len(firms))
    chance = np.concatenate([np.tile(_PEOPLE, (persons, 1)), np.tile(_FIRMS, (len(firms), 1))])
    chance[:persons, PHONE] = np.where(people.age > 75, _OLD_PHONE, chance[:persons, PHONE])
    has = rng.random((count, SLOTS)) < chance
    has[:, COMPUTER] |= ~has.any(axis=1)
    place = np.where(has, np.arange(count * SLOTS).reshape(count, SLOTS), -1)
    _share_at_home(place, people.town, streams)
    share = np.cumsum(np.where(place >= 0, _USE, 0.0), axis=1)
    share /= share[:, -1:]
    main = np.concatenate([people.current, firms.account])
    opened = accounts.opened[main].astype("datetime64[ns]").astype(np.int64)
    uses = _uses(np.unique(place[place >= 0]), count, settings, streams)
    total = int(uses.number.max()) + 1
    kind = np.zeros(total, dtype=np.int8)
    first, is_held = np.zeros(total, dtype=np.int64), np.zeros(total, dtype=np.bool_)
    kind[uses.number], is_held[uses.number] = uses.key % SLOTS, True
    kind[uses.number[(uses.key // SLOTS >= persons) & (uses.key % SLOTS == TABLET)]] = COMPUTER
    old = uses.number[uses.start == 0]
    age = rng.random(len(old)) * np.array(LIFE_DAYS)[uses.key[uses.start == 0] % SLOTS]
    since = settings.start_ns - (age * NANOS_PER_DAY).astype(np.int64)
    begins = np.full(place.size, np.iinfo(np.int64).max)  # whoever of a household comes first
    np.minimum.at(begins, place[place >= 0], np.repeat(opened, SLOTS)[place.ravel() >= 0])
    first[old] = np.maximum(since, begins[uses.key[uses.start == 0]] - LEAD_NS)
    new = uses.is_new
    first[uses.number[new]] = settings.start_ns + uses.start[new] * NANOS_PER_SECOND - LEAD_NS
    return Devices(holder, place, share, uses, kind, first, is_held, settings.start_ns)


def _share_at_home(place: Array, town: Array, streams: Streams) -> None:
    """Let some people use the computer of somebody they live with; ``place`` is changed in place."""
    rng = home_draws(streams)
    first, second, together = pairs_at_home(town, rng)
    shares = together & (rng.random(len(first)) < _SHARES) & (place[first, COMPUTER] >= 0)
    place[second[shares], COMPUTER] = place[first[shares], COMPUTER]


def _uses(keys: Int1D, customers: int, settings: Settings, streams: Streams) -> Uses:
    """Return what is in every place over the period: the first device, its successors, what is borrowed."""
    rng = streams.under("agents", "devices").at("changes")
    replaced = rng.poisson(settings.days / np.array(LIFE_DAYS)[keys % SLOTS])
    borrowed = rng.poisson(settings.days / _BORROWED_DAYS / 2.0, len(keys))
    total = settings.days * 86_400
    changed = np.concatenate([np.repeat(keys, replaced), np.repeat(keys, borrowed)])
    lent = np.arange(len(changed)) >= replaced.sum()
    start = 1 + (rng.random(len(changed)) * (total - 1)).astype(np.int64)
    number = customers * SLOTS + np.arange(len(changed))
    key = np.concatenate([keys, changed])
    start = np.concatenate([np.zeros(len(keys), dtype=np.int64), start])
    number = np.concatenate([keys, number])
    lent = np.concatenate([np.zeros(len(keys), dtype=np.bool_), lent])
    order = np.lexsort((start, key))
    key, start, number, lent = key[order], start[order], number[order], lent[order]
    # Whoever gives a borrowed device back goes on with what was there before it.
    own = np.maximum.accumulate(np.where(lent, -1, np.arange(len(key))))
    back = np.flatnonzero(lent)
    back_start = start[back] + 3_600 + (rng.random(len(back)) * 20 * 3_600).astype(np.int64)
    key = np.concatenate([key, key[back]])
    number = np.concatenate([number, number[own[back]]])
    start = np.concatenate([start, back_start])
    is_new = np.concatenate([(start[: len(lent)] > 0), np.zeros(len(back), dtype=np.bool_)])
    kept = start < total
    order = np.flatnonzero(kept)[np.lexsort((start[kept], key[kept]))]
    return Uses(key[order], start[order], number[order], is_new[order])
