"""Channels of schemes in statements: those of rows of a direction, of such sums, with that account behind."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.agents.channels_by_amount import ChannelsByAmount
from finsim.agents.payment_orders import Orders
from finsim.agents.vocabulary import CHANNEL, CHANNELS
from finsim.engine.learned_payments.life_orders import Places, life_orders
from finsim.engine.learned_payments.training_ledger import PaymentLedger
from finsim.notation import Array, Bool1D, Cents1D, Float2D, Int1D

NOBODY = -1
_CASH = CHANNEL["cash"]


@dataclass(frozen=True)
class StatementRows:
    """Rows of a statement ledger: ``behind`` int64[n] the outside account, numbered from 0; how they pay.

    ``is_out`` bool[n] whether the account of the ledger pays; ``outside`` is the number of such accounts.
    """

    behind: Int1D
    is_out: Bool1D
    amount: Cents1D
    channel: Array
    outside: int

    @classmethod
    def of(cls, ledger: PaymentLedger) -> StatementRows:
        """Return the ledger's own rows, as the ordinary life of a learned world has them."""
        places = Places.of(ledger, ledger.log.count)
        orders = life_orders(ledger.log, ledger, places, 0)
        return cls.from_orders(orders, places.entities, places.total - places.entities)

    @classmethod
    def from_orders(cls, orders: Orders, entities: int, outside: int) -> StatementRows:
        """Return rows from payments between the ``entities`` first accounts and those behind them."""
        behind, is_out = other_side(orders, entities)
        return cls(behind, is_out, orders.amount, orders.channel, outside)

    def counts(self) -> tuple[Float2D, Float2D]:
        """Return how many rows go to each outside account by each channel, and how many come: [K, C] each."""
        size = self.outside * len(CHANNELS)
        cell = self.behind * len(CHANNELS) + self.channel
        to, of = (np.bincount(cell[rows], minlength=size) for rows in (self.is_out, ~self.is_out))
        shape = (self.outside, len(CHANNELS))
        return to.reshape(shape).astype(np.float64), of.reshape(shape).astype(np.float64)

    def law(self, is_out: bool, behind: int = NOBODY) -> ChannelsByAmount:
        """Return the channels of a direction's rows: with an account behind, else all but cash."""
        rows = self.is_out == is_out
        rows = rows & (self.behind == behind if behind >= 0 else self.channel != _CASH)
        return ChannelsByAmount.of(self.amount[rows], self.channel[rows])


def other_side(orders: Orders, entities: int) -> tuple[Int1D, Bool1D]:
    """Return the outside account of every payment, -1 between two inside ones, and whether one pays it."""
    payer, payee = orders.payer.astype(np.int64), orders.payee.astype(np.int64)
    is_out = payer < entities
    other = np.where(is_out, payee, payer) - entities
    return np.maximum(other, NOBODY), is_out


def statement_channels(
    orders: Orders, channel: Array, sums: Cents1D, rows: StatementRows, entities: int, draws: Float2D,
    kept: float,
) -> Array:  # fmt: skip
    """Return the channels of planned payments of statements, int8[m].

    ``channel`` int8[m] as planned, of which a share ``kept`` stays, cash never: a counter for cash is one of
    the accounts behind rows. ``sums`` int64[m] as in ``scheme_channels``; ``draws`` float64[2, m] in [0, 1].
    """
    found = channel.copy()
    behind, is_out = other_side(orders, entities)
    moved = (draws[0] >= kept) | (channel == _CASH)
    for one in np.unique(behind):
        for out in (True, False):
            here = moved & (behind == one) & (is_out == out)
            law = rows.law(out, int(one))
            law = law if len(law) else rows.law(out)
            if here.any() and len(law):
                found[here] = law.near(sums[here], draws[1][here])
    return found
