"""Plain twin of ``finsim.kernels.events.event_memory``: lists and dictionaries."""


def read_entity(partners, keys, tokens, identity, ranks):
    """Return a line an event (pointer, identity, main, known, amount, slot), and (known, top share)."""
    order, seen, lines, past = [], {}, [], []
    last, before, total = None, -1, 0
    nowhere = (-2, 0)
    for row, (code, key, token) in enumerate(zip(partners, keys, tokens, strict=True)):
        ranked = sorted(order, key=lambda one: (-seen[one]["count"], -seen[one]["row"]))
        past.append((len(order), seen[ranked[0]]["count"] / total if ranked else 0.0))
        main = identity[ranked[0]] if ranked else 0
        if code < 0:
            pointer, slot, (here, known) = 0, -1, nowhere
        elif code not in seen:
            pointer, slot, here, known = 2 + ranks + identity[code], len(order), -2, 0
        else:
            pointer = 1 if code == last else 2 + min(ranked.index(code), ranks)
            slot, here, known = order.index(code), seen[code]["key"], seen[code]["token"]
        amount = 1 if 0 <= key == here else 2 if 0 <= key == before else token
        lines.append((pointer, identity[code] if code >= 0 else 0, main, known, amount, slot))
        if code < 0:
            nowhere, last = (key, token), None
        else:
            if code not in seen:
                order.append(code)
                seen[code] = {"count": 0}
            seen[code].update(count=seen[code]["count"] + 1, row=row, key=key, token=token)
            last, total = code, total + 1
        before = key
    ranked = sorted(order, key=lambda one: (-seen[one]["count"], -seen[one]["row"]))
    past.append((len(order), seen[ranked[0]]["count"] / total if ranked else 0.0))
    return lines, past
