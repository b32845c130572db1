"""What an entity remembers of its counterparties while its events go by: slots in order of use.

A slot is one counterparty of the entity, numbered as it first appears; slots rank by their number of events,
ties by the latest event. Twins: ``tests/naive/event_memory.py``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from finsim.kernels.kernel import kernel
from finsim.notation import Array, Int1D, Int2D

MISSING, LAST, FIRST_RANK = 0, 1, 2
"""Pointer tokens: no counterparty; that of the event before; then ranks, older ones, new ones by identity."""
SAME_HERE, SAME_BEFORE, FIRST_AMOUNT = 1, 2, 3
"""Amount tokens: 0 missing; as last with this counterparty; as in the event before; then atoms and bins."""


@kernel
def remember(slot: Any, counts: Int1D, ranked: Int1D, place: Int1D) -> None:
    """Count one more event of a slot and move it up: it is the latest, so it wins ties."""
    counts[slot] += 1
    at = place[slot]
    while at > 0 and counts[ranked[at - 1]] <= counts[slot]:
        other = ranked[at - 1]
        ranked[at], place[other] = other, at
        at -= 1
    ranked[at], place[slot] = slot, at


@kernel
def read_events(
    starts: Int1D, partners: Int1D, amounts: Int2D, identity: Int1D, ranks: int, out: tuple[Array, ...]
) -> None:
    """Write what each event was in the memory of its entity.

    partners int64[n], -1 where missing; amounts int64[n, 2]: a key that equal amounts share (-1 where
    missing), and the token of the amount by itself; identity int64[P + 1] the token of each counterparty
    from 1 on (the last entry: 0, of none). out : pointer, identity, main (identity of the counterparty ranked
    first before the event, 0: none), known (amount token last met with the counterparty, 0: none), amount,
    slot, all int64[n]; past float64[n + E, 4] before each event and after the last one of an entity:
    counterparties so far, share of the first, a place for the caller, main.
    """
    pointer, own, main, known, amount, slots, past = out
    longest = 1
    for e in range(len(starts) - 1):
        longest = max(longest, starts[e + 1] - starts[e] + 1)
    memory = np.zeros((6, longest), np.int64)
    codes, counts, ranked, place, keys, tokens = (
        memory[0], memory[1], memory[2], memory[3], memory[4], memory[5]
    )  # fmt: skip
    for e in range(len(starts) - 1):
        size, seen = 0, 0
        last: Any = np.int64(-1)
        before: Any = np.int64(-1)
        # Events without a counterparty share a slot that is never ranked.
        nowhere_key, nowhere_token = np.int64(-2), np.int64(0)
        for row in range(starts[e], starts[e + 1]):
            past[row + e, 0] = size
            past[row + e, 1] = counts[ranked[0]] / seen if size > 0 else 0.0
            main[row] = identity[codes[ranked[0]]] if size > 0 else 0
            past[row + e, 3] = main[row]
            code = partners[row]
            slot: Any = np.int64(-1)
            if code >= 0:
                for k in range(size):
                    if codes[k] == code:
                        slot = k
            if code < 0:
                pointer[row] = MISSING
            elif slot == -1:
                pointer[row] = FIRST_RANK + ranks + identity[code]
                slot = size
                codes[slot], counts[slot], ranked[slot], place[slot] = code, 0, slot, slot
                keys[slot], tokens[slot] = -2, 0
                size += 1
            elif slot == last:
                pointer[row] = LAST
            else:
                pointer[row] = FIRST_RANK + min(place[slot], ranks)
            own[row] = identity[code]
            known[row] = tokens[slot] if slot >= 0 else nowhere_token
            here = keys[slot] if slot >= 0 else nowhere_key
            key, token = amounts[row, 0], amounts[row, 1]
            amount[row] = token
            if key >= 0 and key == here:
                amount[row] = SAME_HERE
            elif key >= 0 and key == before:
                amount[row] = SAME_BEFORE
            slots[row], before, last = slot, key, slot
            if slot >= 0:
                keys[slot], tokens[slot] = key, token
                remember(slot, counts, ranked, place)
                seen += 1
            else:
                nowhere_key, nowhere_token = key, token
        past[starts[e + 1] + e, 0] = size
        past[starts[e + 1] + e, 1] = counts[ranked[0]] / seen if size > 0 else 0.0
        past[starts[e + 1] + e, 3] = identity[codes[ranked[0]]] if size > 0 else 0
