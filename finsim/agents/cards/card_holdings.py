"""Cards of accounts over the period: terms, lost and broken cards, cards blocked after a reported fraud."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.agents.population.population import Accounts
from finsim.agents.settings import Settings
from finsim.agents.short_ids import LOW_BITS
from finsim.agents.vocabulary import BUSINESS, CARD, CURRENT
from finsim.notation import DAY, MONTH, NANOS_PER_SECOND, SECONDS_PER_DAY, Array, Dates1D, Int1D
from finsim.randomness import Streams
from finsim.records.fixed_words import CARD_ENDS

HOLDERS = (CURRENT, CARD, BUSINESS)
"""Kinds of accounts that have a card; shops are paid by card and pay without."""
EXPIRED, REPLACED, FRAUD = range(len(CARD_ENDS))
TERM_MONTHS = 48
"""assumption: a card is good to the end of the month four years after it was issued."""
LOST_DAYS = 4_000.0
"""assumption: mean days until a card is lost or broken without a fraud: one in eleven a year."""
MOST_BLOCKS = 8
"""Cards of one account that may be blocked for fraud in a period."""
_RENEWALS = 4
_NONE = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Blocks:
    """Cards that are blocked for fraud, shape [B]: account position, instant ns, id of the scheme.

    At most MOST_BLOCKS of an account.
    """

    account: Int1D
    ts: Int1D
    scheme: Int1D


@dataclass(frozen=True)
class Holdings:
    """Cards of all accounts that have one, in the order of account and time: C cards.

    ``account`` is a position; ``begin`` and ``end`` are seconds of the period, ``begin`` 0 for what was there
    before and ``end`` the length of the period where the card is in use at its end; ``reason`` is a code of
    CARD_ENDS, -1 without an end. ``number`` is the card's own, the same in every scenario that has the card.
    """

    account: Int1D
    number: Int1D
    begin: Int1D
    end: Int1D
    reason: Int1D
    issued: Dates1D
    expires: Dates1D


def build_holdings(accounts: Accounts, settings: Settings, streams: Streams, blocks: Blocks) -> Holdings:
    """Return the cards of all accounts of HOLDERS; ``blocks`` are those of one scenario.

    A card that ends has a successor at once (assumption: it lies in the holder's phone before it comes by
    post). Numbers: first cards, lost ones, renewals, and from the top those that follow a block.
    """
    holders = np.flatnonzero(np.isin(accounts.kind, HOLDERS))
    count, total = len(holders), settings.days * SECONDS_PER_DAY
    rng = streams.under("agents", "cards").at("holdings")
    opened = accounts.opened[holders].astype("datetime64[D]")
    start = np.datetime64(settings.start, "D")
    age = (rng.random(count) * TERM_MONTHS * 30.4).astype(np.int64)
    issued = np.maximum(start - age, opened)
    lost = rng.poisson(settings.days / LOST_DAYS, count)
    losing = np.repeat(np.arange(count), lost)
    place = np.full(len(accounts), -1, dtype=np.int64)
    place[holders] = np.arange(count)
    blocked = place[blocks.account]
    events = _Events.of(
        np.concatenate([losing, blocked]),
        np.concatenate(
            [
                1 + (rng.random(len(losing)) * (total - 1)).astype(np.int64),
                (blocks.ts - settings.start_ns) // NANOS_PER_SECOND + 1,
            ]
        ),
        np.concatenate([count + np.arange(len(losing)), _after_blocks(blocked, blocks)]),
        np.repeat([REPLACED, FRAUD], [len(losing), len(blocked)]),
    )
    # Before an account is open no card of it can be lost.
    open_from = np.maximum((opened - start).astype(np.int64), 0) * SECONDS_PER_DAY
    events = events.take(np.flatnonzero((events.second > open_from[events.key]) & (events.second < total)))
    renewed = count + len(losing)
    rounds = _walk(events, (issued, renewed), settings)
    account, number, begin, end, reason, since = (np.concatenate(part) for part in zip(*rounds, strict=True))
    order = np.lexsort((begin, account))
    since = since[order]
    return Holdings(
        holders[account[order]], number[order], begin[order], end[order], reason[order], since, term(since)
    )


def term(issued: Dates1D) -> Dates1D:
    """Return the last day of the term of cards issued on some days: datetime64[D]."""
    found: Dates1D = (issued.astype("datetime64[M]") + (TERM_MONTHS + 1) * MONTH).astype(
        "datetime64[D]"
    ) - DAY
    return found


@dataclass(frozen=True)
class _Events:
    """What ends cards before their term, sorted by (key, second): numbers and reasons of what follows."""

    key: Int1D
    second: Int1D
    number: Int1D
    reason: Int1D

    @staticmethod
    def of(key: Int1D, second: Int1D, number: Int1D, reason: Int1D) -> _Events:
        return _Events(key, second, number, reason).take(np.lexsort((number, second, key)))

    def take(self, rows: Array) -> _Events:
        return _Events(self.key[rows], self.second[rows], self.number[rows], self.reason[rows])


def _after_blocks(key: Int1D, blocks: Blocks) -> Int1D:
    """Return the numbers of cards that follow blocks: by account and scheme, told apart in time order."""
    free: dict[int, list[int]] = {}
    found = np.empty(len(key), dtype=np.int64)
    for row in np.lexsort((blocks.scheme, blocks.ts, key)):
        owner, wanted = int(key[row]), int(blocks.scheme[row]) % MOST_BLOCKS
        slots = free.setdefault(owner, list(range(MOST_BLOCKS)))
        slot = wanted if wanted in slots else slots[0]
        slots.remove(slot)
        found[row] = (1 << LOW_BITS) - 1 - MOST_BLOCKS * owner - slot
    return found


_Part = tuple[Int1D, Int1D, Int1D, Int1D, Int1D, Dates1D]


def _walk(events: _Events, first: tuple[Dates1D, int], settings: Settings) -> list[_Part]:
    """Return the cards round by round: every account's first ones, then their successors, until none ends."""
    issued, renewed = first
    start, total = np.datetime64(settings.start, "D"), settings.days * SECONDS_PER_DAY
    key = np.arange(len(issued))
    number, begin = key.copy(), np.zeros(len(key), dtype=np.int64)
    renewals, at = np.zeros(len(key), dtype=np.int64), np.searchsorted(events.key, key)
    bound = np.searchsorted(events.key, key, side="right")
    second = np.append(events.second, _NONE)
    parts: list[_Part] = []
    while len(key):
        ends = ((term(issued) - start).astype(np.int64) + 1) * SECONDS_PER_DAY
        early = np.where(at < bound, second[np.minimum(at, len(events.second))], _NONE)
        by_term = ends <= early
        end = np.minimum(np.minimum(ends, early), total)
        goes_on = end < total
        row = np.minimum(at, max(len(events.key) - 1, 0))
        code = np.where(by_term, EXPIRED, events.reason[row] if len(events.key) else EXPIRED)
        parts.append((key, number, begin, end, np.where(goes_on, code, -1), issued))
        follows = np.where(
            by_term,
            renewed + _RENEWALS * key + np.minimum(renewals, _RENEWALS - 1),
            events.number[row] if len(events.key) else 0,
        )
        at, renewals = at + ~by_term, renewals + by_term
        key, at, bound, renewals = key[goes_on], at[goes_on], bound[goes_on], renewals[goes_on]
        number, begin = follows[goes_on], end[goes_on]
        issued = start + begin // SECONDS_PER_DAY
    return parts
