"""Devices as one would tell them: each customer's places, what is in them when, who logs in before paying."""

COLLECTED = ("subscription", "utilities", "insurance", "loan", "card_payment", "fee")
TRANSFERS = ("instant", "ach", "wire", "internal")


def owner_places(devices):
    """Return customer -> the keys of its places, and key -> [(second, number)] in time order."""
    places = {who: [int(k) for k in row if k >= 0] for who, row in enumerate(devices.place)}
    entries = {}
    for key, second, number in zip(devices.uses.key, devices.uses.start, devices.uses.number, strict=True):
        entries.setdefault(int(key), []).append((int(second), int(number)))
    return places, entries


def in_use(places, entries, customer, second):
    """Return the numbers of the devices that a customer has at a second of the period."""
    found = set()
    for key in places[customer]:
        found.add([number for begin, number in sorted(entries[key]) if begin <= max(second, 0)][-1])
    return found


def first_sessions(rows):
    """Return (customer, device, day) -> the first banking payment of that day; ``rows`` in time order."""
    found = {}
    for customer, device, ts, channel in rows:
        if device >= 0 and channel in TRANSFERS:
            found.setdefault((customer, device, ts // 86_400_000_000_000), ts)
    return found
