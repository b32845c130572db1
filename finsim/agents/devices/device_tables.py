"""The table of devices, and all that gives payments theirs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

from finsim.agents.devices.device_numbers import public_device
from finsim.agents.devices.ordinary_devices import COMPUTER, PHONE, TABLET, Devices, build_devices
from finsim.agents.devices.row_devices import RowDevices
from finsim.agents.devices.story_devices import StoryDevices, story_devices
from finsim.agents.payment_orders import Orders, public_id
from finsim.agents.population.population import Population
from finsim.agents.schemes.scheme_plan import SchemePlan
from finsim.agents.settings import Settings
from finsim.notation import Array, Int1D
from finsim.randomness import Streams
from finsim.records.columns import INSTANT, coded
from finsim.records.fixed_words import DEVICE_KINDS, OS_FAMILIES
from finsim.records.parties.devices import DEVICE_SCHEMA

# assumption: families of operating systems by kind of device.
_OS: dict[int, dict[str, float]] = {
    PHONE: {"android": 0.58, "ios": 0.42},
    COMPUTER: {"windows": 0.70, "macos": 0.25, "linux": 0.05},
    TABLET: {"ios": 0.55, "android": 0.45},
}


def with_row_devices(
    population: Population,
    settings: Settings,
    streams: Streams,
    planned: tuple[Orders, SchemePlan],
    aside: Path | None = None,
) -> tuple[pa.Table, RowDevices]:
    """Return the table of devices in DEVICE_SCHEMA, and what gives rows theirs, for one scenario."""
    devices = build_devices(population, settings, streams)
    orders, plan = planned
    story = story_devices(orders, plan, devices, streams)
    rows = RowDevices(population, settings, streams, devices, plan, story, aside)
    return _table(devices, story, streams), rows


def _table(devices: Devices, story: StoryDevices, streams: Streams) -> pa.Table:
    held = np.flatnonzero(devices.held)
    number = np.concatenate([held, story.number])
    kind = np.concatenate([devices.kind[held], story.kind])
    first = np.concatenate([devices.first_seen[held], story.first_seen])
    system = _systems(number, kind, streams)
    # Two stories may draw the same number: it is one device then, seen first by the earlier.
    order = np.lexsort((first, number))
    order = order[np.diff(number[order], prepend=-1) > 0]
    order = order[np.argsort(public_device(number[order]))]
    first = first[order] - first[order] % 1_000
    columns = [
        pa.array(public_device(number[order])),
        coded(kind[order], DEVICE_KINDS),
        coded(system[order], OS_FAMILIES),
        pa.array(first).cast(INSTANT),
    ]
    return pa.Table.from_arrays(columns, schema=DEVICE_SCHEMA)


def _systems(number: Int1D, kind: Array, streams: Streams) -> Array:
    """Return the operating system of each device: a function of (seed, number, kind) alone."""
    u = public_id(number ^ np.int64(streams.word("agents", "devices", "systems"))) / 2.0**63
    found = np.zeros(len(number), dtype=np.int8)
    for code, shares in _OS.items():
        mine = np.flatnonzero(kind == code)
        edges = np.cumsum(list(shares.values()))
        place = np.minimum(np.searchsorted(edges, u[mine], side="right"), len(shares) - 1)
        found[mine] = np.array([OS_FAMILIES.index(name) for name in shares])[place]
    return found
