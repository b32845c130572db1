"""The layers of a fitted event network in plain loops, so that a model is used without torch.

Weights are folded: a token of a field adds one row of ``tables`` to everything it acts on. Twin: the torch
module that was trained.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from finsim.kernels.kernel import kernel
from finsim.kernels.xoshiro import next_uniform
from finsim.notation import Array, Int1D

MAIN, GAP, WEEKDAY, MONTH, HOUR, POINTER, IDENTITY, KNOWN = 0, 1, 2, 3, 4, 5, 6, 7
FIRST_FREE = 8
"""Places of the fields that every network has; further ones follow."""
DAY_HEAD, HOUR_HEAD, POINTER_HEAD, PLAIN_HEAD, AMOUNT_HEAD, LEVEL_HEAD = 0, 1, 2, 3, 4, 5
NUMBERS = 10
"""What is known as numbers before an event: see ``known_numbers``."""
DAY_SLOPES = 4


class Weights(NamedTuple):
    """Folded weights, float32. W columns: U for each of K heads, then 3 H gates (reset, update, new).

    tables [V, W] rows of all fields, those of field j from ``rows[j]``; numbers [NUMBERS, W]; context
    [C, W]; bias [W]; recurrent [H, 3 H]; inner [H] bias of the new state; hidden [H, K U]; out [U, O] and
    out_bias [O], those of head k from ``outs[k]``; kinds int64[K], fields int64[K] what each head draws;
    sees int64[J] the first head that sees field j.
    """

    tables: Array
    rows: Int1D
    numbers: Array
    context: Array
    bias: Array
    recurrent: Array
    inner: Array
    hidden: Array
    out: Array
    out_bias: Array
    outs: Int1D
    kinds: Int1D
    fields: Int1D
    sees: Int1D


class Calendar(NamedTuple):
    """What each day of a period means.

    bin int64[days + 1] of each gap; weekday, month int64[days] tokens;
    busy float64[days] what each day adds to the logit; sizes int64[4]: bins of gaps, steps after which the
    state begins anew, ranks, the first amount token that has levels.
    """

    bin: Int1D
    weekday: Int1D
    month: Int1D
    busy: Array
    sizes: Int1D


@kernel
def known_numbers(out: Array, i: int, day: int, goal: Array, days: int, past: Array) -> None:
    """Write what is known before event i: how much of its goals an entity has reached, its memory.

    goal : number of events, first day, last day. past : counterparties, share of the first, events of this
    day. day : of the event before, -1 when there is none.
    """
    left = max(goal[0] - i, 0.0)
    out[0] = np.log1p(np.float64(i)) / 5.0
    out[1] = max(day, 0) / days
    out[2] = min(i / max(goal[0], 1.0), 3.0)
    out[3] = np.log1p(left) / 5.0
    out[4] = np.log((left + 1.0) / (max(goal[2] - max(day, 0), 0.0) + 2.0)) / 3.0
    out[5] = np.log1p(past[0]) / 4.0
    out[6] = past[1]
    out[7] = 1.0 if i == 0 else 0.0
    out[8] = np.log1p(past[2]) / 3.0
    out[9] = goal[1] / days if i == 0 else 0.0


@kernel
def day_slopes(out: Array, i: int, day: int, goal: Array) -> None:
    """Write what the slopes of the day head act on, for the next event on ``day``."""
    if i == 0:
        out[0], out[1] = 0.0, 0.0
        out[2] = min(max((day - goal[1]) / 5.0, -2.0), 2.0)
        out[3] = 1.0 if day >= goal[1] else 0.0
    else:
        out[0] = np.log((max(goal[0] - i, 0.0) + 1.0) / (max(goal[2] - day, 0.0) + 1.0)) / 3.0
        out[1] = 1.0 if day > goal[2] else 0.0
        out[2] = min(max((day - goal[2]) / 5.0, -2.0), 0.0)
        out[3] = 0.0


@kernel
def add_row(total: Array, row: Array, first: int) -> None:
    """Add a row from column ``first`` on."""
    for k in range(first, len(total)):
        total[k] += row[k]


@kernel
def add_product(total: Array, x: Array, matrix: Array) -> None:
    """Add x @ matrix to the first columns, one row after the other."""
    width = matrix.shape[1]
    for i in range(len(x)):
        scale, row = x[i], matrix[i]
        for k in range(width):
            total[k] += scale * row[k]


@kernel
def step_state(net: Weights, state: Array, gates: Array, inner: Array) -> None:
    """Move the state of the recurrent unit on (Cho et al. 2014, as torch has it); ``inner`` is scratch."""
    size = len(state)
    inner[:] = 0.0
    inner[2 * size :] = net.inner
    add_product(inner, state, net.recurrent)
    for k in range(size):
        reset = 1.0 / (1.0 + np.exp(-(gates[k] + inner[k])))
        keep = 1.0 / (1.0 + np.exp(-(gates[size + k] + inner[size + k])))
        new = np.tanh(gates[2 * size + k] + reset * inner[2 * size + k])
        state[k] = (1.0 - keep) * new + keep * state[k]


@kernel
def head_out(net: Weights, head: int, pre: Array, scratch: Array, logits: Array) -> Any:
    """Write the outputs of a head and return how many there are."""
    units = net.out.shape[0]
    first, stop = net.outs[head], net.outs[head + 1]
    for k in range(units):
        x = pre[head * units + k]
        scratch[k] = x / (1.0 + np.exp(-x))
    for o in range(stop - first):
        logits[o] = net.out_bias[first + o]
    for k in range(units):
        scale = scratch[k]
        row = net.out[k]
        for o in range(stop - first):
            logits[o] += scale * row[first + o]
    return stop - first


@kernel
def softmax_loss(logits: Array, size: int, token: Any) -> Any:
    """Return -log of the probability of a token."""
    most = logits[0]
    for o in range(1, size):
        most = max(most, logits[o])
    total = 0.0
    for o in range(size):
        total += np.exp(np.float64(logits[o] - most))
    return np.log(total) - np.float64(logits[token] - most)


@kernel
def softmax_draw(logits: Array, size: int, uniform: float) -> Any:
    """Return the token that a uniform number falls on; -inf logits are never drawn."""
    most = logits[0]
    for o in range(1, size):
        most = max(most, logits[o])
    total = 0.0
    for o in range(size):
        total += np.exp(np.float64(logits[o] - most))
    limit, running, last = uniform * total, 0.0, 0
    for o in range(size):
        share = np.exp(np.float64(logits[o] - most))
        running += share
        if share > 0.0:
            last = o
        if running >= limit and share > 0.0:
            return o
    return last


@kernel
def day_chance(
    calendar: Calendar, logits: Array, i: int, before: int, day: int, goal: Array, slopes: Array
) -> Any:
    """Return the chance that event i comes on ``day``, given that it has not come earlier."""
    bins = calendar.sizes[0]
    gap = day - max(before, 0)
    x = np.float64(logits[calendar.bin[gap]]) + np.float64(logits[bins + calendar.weekday[day]])
    if gap > 0 or i == 0:
        x += calendar.busy[day]
    day_slopes(slopes, i, day, goal)
    for k in range(DAY_SLOPES):
        x += np.float64(logits[bins + 7 + k]) * slopes[k]
    return 1.0 / (1.0 + np.exp(-x))


@kernel
def draw_day(
    calendar: Calendar, logits: Array, i: int, before: int, goal: Array, slopes: Array, state: Array
) -> Any:
    """Return the day of event i, or the number of days when there is none in the period."""
    days = len(calendar.weekday)
    for day in range(max(before, 0), days):
        if next_uniform(state) < day_chance(calendar, logits, i, before, day, goal, slopes):
            return day
    return days


@kernel
def day_loss(
    calendar: Calendar, logits: Array, i: int, before: int, day: int, goal: Array, slopes: Array
) -> Any:
    """Return -log of the chance that event i comes on ``day`` (the number of days: not at all)."""
    found = 0.0
    for other in range(max(before, 0), min(day + 1, len(calendar.weekday))):
        chance = day_chance(calendar, logits, i, before, other, goal, slopes)
        found -= np.log(max(chance if other == day else 1.0 - chance, 1e-12))
    return found


@kernel
def see(net: Weights, field: int, token: Any, pre: Array, next_gates: Array) -> None:
    """Add a token of a field to the heads that see it and to the gates of the next event."""
    row = net.tables[net.rows[field] + token]
    heads = len(pre)
    for k in range(net.sees[field] * net.out.shape[0], heads):
        pre[k] += row[k]
    for k in range(len(next_gates)):
        next_gates[k] += row[heads + k]


@kernel
def begin_event(
    net: Weights, i: int, window: int, shared: Array, known: Array, arrays: tuple[Array, ...]
) -> None:
    """Move the state to event i and write what its heads start from; gates of the next begin empty.

    shared : bias and context of the entity, [W]; known : ``known_numbers``; arrays : state, gates of this
    event's tokens before, inner, pre, whole [W].
    """
    state, gates, inner, pre, whole = arrays
    if i % window == 0:
        state[:] = 0.0
    whole[:] = shared
    add_product(whole, known, net.numbers)
    size = len(pre)
    for k in range(len(gates)):
        gates[k] += whole[size + k]
    step_state(net, state, gates, inner)
    pre[:] = whole[:size]
    add_product(pre, state, net.hidden)
    gates[:] = 0.0
