"""Payments that try a declined one again: one pass over rows in time order, one decline kept an account."""

from __future__ import annotations

from typing import NamedTuple

from finsim.kernels.kernel import kernel
from finsim.notation import Array

NOTHING = -1


class Declines(NamedTuple):
    """The last unanswered decline of each account, shape [A].

    Its row (NOTHING: none), payee, channel, instant in ns and cents.
    """

    row: Array
    payee: Array
    channel: Array
    ts: Array
    amount: Array


class Tries(NamedTuple):
    """Rows in time order, shape [N]: both accounts, channel, instant in ns, cents, whether declined."""

    payer: Array
    payee: Array
    channel: Array
    ts: Array
    amount: Array
    declined: Array


@kernel
def follow_declines(tries: Tries, first: int, within: int, kept: Declines, original: Array) -> None:
    """Put the row that each row tries again into ``original`` int64[N], NOTHING where it is none.

    A row answers the last decline of its payer when it goes to the same payee by the same channel, asks for
    no more, and comes at most ``within`` ns later; a decline is answered once. Rows are numbered from
    ``first``. ``kept`` is changed in place.
    """
    for i in range(len(tries.payer)):
        payer = tries.payer[i]
        original[i] = NOTHING
        if (
            kept.row[payer] != NOTHING
            and kept.payee[payer] == tries.payee[i]
            and kept.channel[payer] == tries.channel[i]
            and tries.amount[i] <= kept.amount[payer]
            and tries.ts[i] - kept.ts[payer] <= within
        ):
            original[i] = kept.row[payer]
            kept.row[payer] = NOTHING
        if tries.declined[i]:
            kept.row[payer] = first + i
            kept.payee[payer] = tries.payee[i]
            kept.channel[payer] = tries.channel[i]
            kept.ts[payer] = tries.ts[i]
            kept.amount[payer] = tries.amount[i]
