"""What payments of a life are drawn by, what is written, and what is known of a life meanwhile."""

from __future__ import annotations

from typing import NamedTuple

from finsim.notation import Float1D, Float2D, Int1D


class Habits(NamedTuple):
    """What entities do, float64[E] each: chances within a day and of an amount met before; their restaurant.

    stays : the next payment of the day has the payee of the last. doubles : and then an amount of it. burst :
    it follows within the law of short waits. remembers : a payee seen before gets an earlier amount of it.
    keeps : a new payee gets any amount that the entity paid before. returns : a known payee is one of the
    last few. strength, discount : of the restaurant. hours : float64[E, 24], factors of the chances of hours
    that payees have.
    """

    stays: Float1D
    doubles: Float1D
    burst: Float1D
    remembers: Float1D
    keeps: Float1D
    returns: Float1D
    strength: Float1D
    discount: Float1D
    hours: Float2D


class Offers(NamedTuple):
    """New payees of entity e in order.

    Payee[starts[e]:starts[e + 1]], how much each is liked (float64, above 0), the law of hours of its
    payments; after them ``popular`` [S, P], cumulative by the ``sort`` int64[E] of the entity.
    """

    starts: Int1D
    payee: Int1D
    liking: Float1D
    hours: Int1D
    popular: Float2D
    sort: Int1D


class Law(NamedTuple):
    """What all share: fixed.

    sticky float64[P], how far a payee's amounts repeat and payments with it follow on a day (1: as with
    all); older float64[2], the chance that a repeated amount is not that of a payment but of one before it,
    within a day and later; seconds float64[24, Q], quantiles of the second in each hour; waits float64[Q],
    quantiles of short waits in seconds. ``is_dated`` 1 where payments have no time of day. Of days by their
    size: crowd float64[2, C], factors of the odds that the payee stays and that its amount repeats; paired
    float64[P], how far amounts repeat within a day; busy float64[P], the chance that a known payee is taken
    for a big day that it brings. hours float64[K, 24], shares of hours of a law, ``usual`` float64[24] of
    all; hours_of int64[P], the law of a popular payee.
    """

    fixed: Float1D
    sticky: Float1D
    older: Float1D
    seconds: Float2D
    waits: Float1D
    is_dated: int
    crowd: Float2D
    paired: Float1D
    busy: Float1D
    hours: Float2D
    usual: Float1D
    hours_of: Int1D


class Payments(NamedTuple):
    """What is written, [n] each: second float64.

    Payee; offer (place among the offers, -1 for a popular one); met (row where the entity first paid the
    payee); like (row of the amount that is repeated, -1 for a new one); uniforms float64[n, U].
    """

    second: Float1D
    payee: Int1D
    offer: Int1D
    met: Int1D
    like: Int1D
    uniforms: Float2D


class Day(NamedTuple):
    """The payments of one day as they are drawn: slot of the payee, law of hours, 1 where the payee stays.

    slot, hours, stays int64[M]; time float64[M]; of runs first int64[M + 1], mean float64[M] and place
    int64[M]; order int64[M], which of them comes k-th.
    """

    slot: Int1D
    hours: Int1D
    stays: Int1D
    time: Float1D
    first: Int1D
    mean: Float1D
    place: Int1D
    order: Int1D


class Known(NamedTuple):
    """The payees of one entity so far, by slot, its runs, and the day that is drawn.

    payee, offer, met (row of the first payment, -1 before it), latest (row) int64[M]; hours int64[M], law of
    hours; liked float64[M], cumulative; run_of int64[M], slot of each run; former int64[M], by row of the
    entity the one before it with the payee; begin int64[1], its first row.
    """

    payee: Int1D
    offer: Int1D
    met: Int1D
    latest: Int1D
    hours: Int1D
    liked: Float1D
    run_of: Int1D
    former: Int1D
    begin: Int1D
    day: Day
