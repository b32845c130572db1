"""Which accounts lie still: told by the rows, as a bank tells it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa

from finsim.agents.population.population import Accounts
from finsim.agents.settings import Settings
from finsim.agents.vocabulary import CHANNEL
from finsim.notation import NANOS_PER_DAY, Array, Bool1D, Dates1D, Int1D
from finsim.randomness import Streams

STILL_DAYS = 90
"""assumption: an account is dormant after so many days without a row that its customer made."""
_DEBIT, _INTERNAL, _CASH = (CHANNEL[name] for name in ("direct_debit", "internal", "cash"))


class Dormancy:
    """Goes through the rows of a world in the order of time and remembers the last act on every account.

    A customer acts on an account by every payment of it, declined ones too, but for direct debits and the
    fees of the bank, and by money that comes in from another account of theirs or in cash.
    """

    def __init__(self, accounts: Accounts, settings: Settings, streams: Streams) -> None:
        self._accounts, self._settings, self._streams = accounts, settings, streams
        self._by_id = np.argsort(accounts.account_id)
        self._ids = accounts.account_id[self._by_id]
        self._last = np.full(len(accounts), -1, dtype=np.int64)
        self._acts = np.zeros(len(accounts), dtype=np.int64)

    def watch(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Yield the batches unchanged."""
        for batch in batches:
            self._note(batch)
            yield batch

    def since(self) -> Dates1D:
        """Return since when each account lies still at the end of the period: datetime64[A], NaT for not.

        assumption: an account without an act in the period had its last one before it, longer ago the
        fewer acts it has: exponential, of as many days as the period has for each act and one more.
        """
        accounts, settings = self._accounts, self._settings
        start = np.datetime64(settings.start, "D")
        draw = (
            self._streams.under("agents", "account_lives").at("acts before").exponential(size=len(accounts))
        )
        ago = 1 + (draw * settings.days / (self._acts + 1)).astype(np.int64)
        last = np.where(self._last >= 0, start + self._last, np.maximum(start - ago, accounts.opened))
        still = last + STILL_DAYS
        found: Dates1D = np.where(
            accounts.external | (still >= start + settings.days), np.datetime64("NaT", "D"), still
        )
        return found

    def _note(self, batch: pa.RecordBatch) -> None:
        payer, payee = (self._places(batch, name) for name in ("from_account", "to_account"))
        channel = np.asarray(batch["channel"].indices)
        day = (np.asarray(batch["ts"].cast(pa.int64())) - self._settings.start_ns) // NANOS_PER_DAY
        paid, received = self._by_customers(payer, payee, channel)
        for account, mine in ((payer, paid), (payee, received)):
            np.maximum.at(self._last, account[mine], day[mine])
            self._acts += np.bincount(account[mine], minlength=len(self._acts))

    def _places(self, batch: pa.RecordBatch, name: str) -> Int1D:
        found: Int1D = self._by_id[np.searchsorted(self._ids, np.asarray(batch[name]))]
        return found

    def _by_customers(self, payer: Int1D, payee: Int1D, channel: Array) -> tuple[Bool1D, Bool1D]:
        """Return which rows are acts on the account that pays, and on the one that is paid."""
        owner, external = self._accounts.customer_id, self._accounts.external
        is_fee = (channel == _INTERNAL) & external[payee]
        own = (owner[payer] == owner[payee]) | (external[payer] & (channel == _CASH))
        return (channel != _DEBIT) & ~is_fee, own & ~external[payee]
