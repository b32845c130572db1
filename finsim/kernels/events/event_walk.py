"""The walk of a fitted event network: entity by entity, event by event, field by field.

The same steps draw new events and weigh given ones.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from finsim.kernels.events.event_memory import FIRST_RANK, LAST, SAME_BEFORE, SAME_HERE, remember
from finsim.kernels.events.event_network import (
    AMOUNT_HEAD,
    DAY_HEAD,
    DAY_SLOPES,
    GAP,
    HOUR,
    HOUR_HEAD,
    IDENTITY,
    KNOWN,
    LEVEL_HEAD,
    MAIN,
    MONTH,
    NUMBERS,
    POINTER_HEAD,
    WEEKDAY,
    Calendar,
    Weights,
    begin_event,
    day_loss,
    draw_day,
    head_out,
    known_numbers,
    see,
    softmax_draw,
    softmax_loss,
)
from finsim.kernels.kernel import kernel
from finsim.kernels.xoshiro import next_uniform, seed_state
from finsim.notation import Array, Int1D, Int2D


@kernel
def mask_pointer(
    logits: Array, size: int, last: int, ranks: int, slots: int, ranked: Int1D, taken: Array
) -> None:
    """Forbid counterparties that there are not: no last, too few ranks, a popular one that is not new.

    ``taken`` bool[identities]: popular counterparties that the entity has.
    """
    low = np.float32(-np.inf)
    if last < 0:
        logits[LAST] = low
    for rank in range(ranks + 1):
        if rank >= slots or (rank < ranks and ranked[rank] == last):
            logits[FIRST_RANK + rank] = low
    if slots == ranks + 1 and ranked[ranks] == last:
        logits[FIRST_RANK + ranks] = low
    for identity in range(1, size - FIRST_RANK - ranks):
        if taken[identity]:
            logits[FIRST_RANK + ranks + identity] = low


@kernel
def mask_amount(logits: Array, here: int, before: int) -> None:
    """Forbid repeats of amounts that there are not (``here`` and ``before``: rows they stand in, or -1)."""
    low = np.float32(-np.inf)
    if here < 0:
        logits[SAME_HERE] = low
    if before < 0 or before == here:
        logits[SAME_BEFORE] = low


@kernel
def walk_entities(
    net: Weights, calendar: Calendar, shared: Array, goals: Array, seeds: Array, popular: int,
    limits: Int1D, out: tuple[Array, ...],
) -> Any:  # fmt: skip
    """Draw the events of entities; return how many entities fitted into ``out``.

    shared float32[E, W] bias and context; goals float64[E, 3]; seeds uint64[E]; popular : identities 1 to
    this are one counterparty each; limits int64[E] most events of each. out : lengths int64[E]; tokens
    int64[R, J]; day, slot, root int64[R] (slot -1: no counterparty; root: the row whose amount it has, -1:
    no amount).
    """
    lengths, tokens, days, slots, roots = out
    at = 0
    for e in range(len(seeds)):
        if at + limits[e] > len(days):
            return e
        part = (tokens[at:], days[at:], slots[at:], roots[at:])
        lengths[e] = _walk(net, calendar, shared[e], goals[e], seeds[e], popular, limits[e], part)
        for row in range(at, at + lengths[e]):
            if roots[row] >= 0:
                roots[row] += at
        at += lengths[e]
    return len(seeds)


USED, SEEN, LATEST, NOWHERE_ROOT, NOWHERE_TOKEN, BEFORE_ROOT, BEFORE_TOKEN, DAY = 0, 1, 2, 3, 4, 5, 6, 7
COUNTS, RANKED, PLACE, NAMES, ROOTS, TOKENS = 0, 1, 2, 3, 4, 5
"""Rows of the memory: of each slot, its number of events, the slot at each rank and the rank of each slot,
its identity, the row and the token of its last amount."""


@kernel
def _walk(
    net: Weights, calendar: Calendar, shared: Array, goal: Array, seed: Any, popular: int, most: int,
    out: tuple[Array, ...],
) -> Any:  # fmt: skip
    """Draw the events of one entity and return their number."""
    tokens, days, slots, roots = out
    heads, size = net.hidden.shape[1], net.hidden.shape[0]
    state, gates = np.zeros(size, np.float32), np.zeros(3 * size, np.float32)
    inner, pre = np.zeros(3 * size, np.float32), np.zeros(heads, np.float32)
    whole, scratch = np.zeros(heads + 3 * size, np.float32), np.zeros(net.out.shape[0], np.float32)
    logits, known = np.zeros(net.outs[-1], np.float32), np.zeros(NUMBERS, np.float32)
    slopes, past = np.zeros(DAY_SLOPES), np.zeros(3)
    memory, taken = np.zeros((6, most + 1), np.int64), np.zeros(net.out_bias.shape[0], np.bool_)
    now = np.array([0, 0, -1, -1, 0, -1, 0, -1])
    random = np.empty(4, np.uint64)
    seed_state(seed, np.uint64(0), random)
    for i in range(most):
        past[0] = now[USED]
        past[1] = memory[COUNTS, memory[RANKED, 0]] / now[SEEN] if now[USED] > 0 else 0.0
        known_numbers(known, i, now[DAY], goal, len(calendar.weekday), past)
        begin_event(net, i, calendar.sizes[1], shared, known, (state, gates, inner, pre, whole))
        line = tokens[i]
        line[:] = 0
        line[MAIN] = memory[NAMES, memory[RANKED, 0]] if now[USED] > 0 else 0
        see(net, MAIN, line[MAIN], pre, gates)
        slot: Any = np.int64(-1)
        has_levels, same_day = False, False
        roots[i] = -1
        for head in range(len(net.kinds)):
            kind, field = net.kinds[head], net.fields[head]
            if kind == AMOUNT_HEAD:
                line[KNOWN] = memory[TOKENS, slot] if slot >= 0 else now[NOWHERE_TOKEN]
                see(net, KNOWN, line[KNOWN], pre, gates)
            width = head_out(net, head, pre, scratch, logits)
            if kind == DAY_HEAD:
                day = draw_day(calendar, logits, i, now[DAY], goal, slopes, random)
                if day >= len(calendar.weekday):
                    return i
                same_day = i > 0 and day == now[DAY]
                past[2] = past[2] + 1.0 if same_day else 1.0
                line[GAP], line[WEEKDAY] = calendar.bin[day - max(now[DAY], 0)], calendar.weekday[day]
                line[MONTH], now[DAY], days[i] = calendar.month[day], day, day
                for j in range(GAP, MONTH + 1):
                    see(net, j, line[j], pre, gates)
                continue
            if kind == LEVEL_HEAD and not has_levels:
                see(net, field, 0, pre, gates)
                continue
            if kind == HOUR_HEAD and same_day:
                logits[: tokens[i - 1, HOUR]] = np.float32(-np.inf)
            elif kind == POINTER_HEAD:
                mask_pointer(logits, width, now[LATEST], calendar.sizes[2], now[USED], memory[RANKED], taken)
            elif kind == AMOUNT_HEAD:
                here = memory[ROOTS, slot] if slot >= 0 else now[NOWHERE_ROOT]
                mask_amount(logits, here, now[BEFORE_ROOT])
            token = softmax_draw(logits, width, next_uniform(random))
            line[field] = token
            see(net, field, token, pre, gates)
            if kind == POINTER_HEAD:
                slot = _pointed(token, now, calendar.sizes[2], memory, taken, popular, random)
                line[IDENTITY] = memory[NAMES, slot] if slot >= 0 else 0
                see(net, IDENTITY, line[IDENTITY], pre, gates)
            elif kind == AMOUNT_HEAD:
                has_levels = token >= calendar.sizes[3]
                roots[i] = _note_amount(token, i, slot, now, memory)
        slots[i], now[LATEST] = slot, slot
        if slot >= 0:
            remember(slot, memory[COUNTS], memory[RANKED], memory[PLACE])
            now[SEEN] += 1
    return most


@kernel
def _pointed(
    token: Any, now: Int1D, ranks: int, memory: Int2D, taken: Array, popular: int, random: Array
) -> Any:
    """Return the slot that a pointer token means, a new one where it says so; -1: no counterparty."""
    if token < FIRST_RANK:
        return now[LATEST] if token == LAST else np.int64(-1)
    if token < FIRST_RANK + ranks:
        return memory[RANKED, token - FIRST_RANK]
    if token == FIRST_RANK + ranks:
        rest = now[USED] - ranks
        rank = ranks + min(np.int64(next_uniform(random) * rest), rest - 1)
        if memory[RANKED, rank] == now[LATEST]:
            rank = rank + 1 if rank + 1 < now[USED] else ranks
        return memory[RANKED, rank]
    slot, name = now[USED], token - FIRST_RANK - ranks
    memory[COUNTS, slot], memory[RANKED, slot], memory[PLACE, slot] = 0, slot, slot
    memory[NAMES, slot], memory[ROOTS, slot], memory[TOKENS, slot] = name, -1, 0
    taken[name] = name <= popular
    now[USED] += 1
    return slot


@kernel
def _note_amount(token: Any, row: Any, slot: Any, now: Int1D, memory: Int2D) -> Any:
    """Remember the amount of a row; return the row that it is copied from (its own when new, -1: none)."""
    root: Any = row
    heard = token
    if token == 0:
        root = np.int64(-1)
    elif token == SAME_HERE:
        root = memory[ROOTS, slot] if slot >= 0 else now[NOWHERE_ROOT]
        heard = memory[TOKENS, slot] if slot >= 0 else now[NOWHERE_TOKEN]
    elif token == SAME_BEFORE:
        root, heard = now[BEFORE_ROOT], now[BEFORE_TOKEN]
    now[BEFORE_ROOT], now[BEFORE_TOKEN] = root, heard
    if slot >= 0:
        memory[ROOTS, slot], memory[TOKENS, slot] = root, heard
    else:
        now[NOWHERE_ROOT], now[NOWHERE_TOKEN] = root, heard
    return root


@kernel
def weigh_entity(
    net: Weights,
    calendar: Calendar,
    shared: Array,
    goal: Array,
    given: tuple[Array, ...],
    losses: Array,
) -> None:
    """Write -log of the chance of each field of given events of one entity: float64[n + 1, K].

    given : tokens int64[n, J], days int64[n], past float64[n + 1, 4]. The last row holds the day head alone:
    no further event in the period.
    """
    tokens, days, past = given
    heads, size = net.hidden.shape[1], net.hidden.shape[0]
    state, gates = np.zeros(size, np.float32), np.zeros(3 * size, np.float32)
    inner, pre = np.zeros(3 * size, np.float32), np.zeros(heads, np.float32)
    whole, scratch = np.zeros(heads + 3 * size, np.float32), np.zeros(net.out.shape[0], np.float32)
    logits, known = np.zeros(net.outs[-1], np.float32), np.zeros(NUMBERS, np.float32)
    slopes = np.zeros(DAY_SLOPES)
    losses[:] = 0.0
    before, has_levels = -1, False
    for i in range(len(days) + 1):
        known_numbers(known, i, before, goal, len(calendar.weekday), past[i])
        begin_event(net, i, calendar.sizes[1], shared, known, (state, gates, inner, pre, whole))
        see(net, MAIN, np.int64(past[i, 3]), pre, gates)
        for head in range(len(net.kinds)):
            kind, field = net.kinds[head], net.fields[head]
            if kind == DAY_HEAD:
                head_out(net, head, pre, scratch, logits)
                day = days[i] if i < len(days) else len(calendar.weekday)
                losses[i, head] = day_loss(calendar, logits, i, before, day, goal, slopes)
                if i == len(days):
                    break
                before = day
                for j in range(GAP, MONTH + 1):
                    see(net, j, tokens[i, j], pre, gates)
                continue
            token = tokens[i, field]
            if kind == AMOUNT_HEAD:
                see(net, KNOWN, tokens[i, KNOWN], pre, gates)
                has_levels = token >= calendar.sizes[3]
            if kind == LEVEL_HEAD and not has_levels:
                see(net, field, 0, pre, gates)
                continue
            width = head_out(net, head, pre, scratch, logits)
            losses[i, head] = softmax_loss(logits, width, token)
            see(net, field, token, pre, gates)
            if kind == POINTER_HEAD:
                see(net, IDENTITY, tokens[i, IDENTITY], pre, gates)
