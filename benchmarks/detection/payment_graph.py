"""The payments of a world as a causal temporal multigraph: what each payment is, and which lie before it.

A payment is an edge from payer to payee, with the columns that boosted trees get as ``raw`` and with what a
graph network needs to tell neighbours apart (Egressy et al. 2024): port numbers (how many payees the payer
had paid before this one came, how many payers the payee had), and how many payments there were in each
relation and the time since the last. Its neighbours are the last payments, of strictly earlier time, of the
relations below: messages run with the money and against it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from finsim.records.fixed_words import CATEGORIES, CHANNELS, KINDS

RELATIONS = ("payer paid", "payer got", "payee got", "payee paid", "pair", "payer moved")
"""Payments before: of the payer out and in, of the payee in and out, of the pair, of the payer to no shop."""
DAY = 86_400.0


@dataclass(frozen=True)
class Lookup:
    """Earlier payments of one relation: payments by key and time, and for each payment where its own end."""

    order: np.ndarray
    first: np.ndarray
    end: np.ndarray

    def last(self, rows: np.ndarray, most: int) -> np.ndarray:
        """Return the last ``most`` payments before each of ``rows``, -1 for none: int[n, most]."""
        at = self.end[rows][:, None] - 1 - np.arange(most)
        found = self.order[np.maximum(at, 0)]
        return np.where(at >= self.first[rows][:, None], found, -1)


@dataclass(frozen=True)
class PaymentGraph:
    """Payments in time order: seconds, ends, what each is float32[n, columns], facts that pairs compare."""

    time: np.ndarray
    payer: np.ndarray
    payee: np.ndarray
    columns: np.ndarray
    size: np.ndarray
    declined: np.ndarray
    same: np.ndarray
    lookups: tuple[Lookup, ...]

    def between(self, rows: np.ndarray, before: np.ndarray) -> np.ndarray:
        """Return how earlier payments lie to payments: float32[n, k, BETWEEN]; rows of -1 hold anything.

        The ends that they share (ego ids), time between, amounts beside each other, what else is the same.
        """
        here = rows[:, None]
        hours = np.maximum((self.time[here] - self.time[before]) / 3_600, 0).astype(np.float32)
        gap = (self.size[here] - self.size[before]).astype(np.float32)
        with np.errstate(over="ignore"):
            ratio = np.minimum(np.exp(-gap), 4.0) / 4
        told = [
            np.log1p(hours) / 4, np.exp(-hours), np.exp(-hours / 24), np.exp(-hours / 168),
            np.clip(gap / 3, -2, 2), np.exp(-np.abs(gap) * 8), ratio, ratio * np.exp(-hours / 48),
            self.payer[here] == self.payer[before], self.payer[here] == self.payee[before],
            self.payee[here] == self.payee[before], self.payee[here] == self.payer[before],
            self.declined[before],
            *((self.same[here, k] == self.same[before, k]) & (self.same[here, k] >= 0) for k in range(4)),
        ]  # fmt: skip
        return np.stack([np.asarray(one, dtype=np.float32) for one in told], axis=2)


BETWEEN = 17


def payment_graph(shown: pd.DataFrame, accounts: pd.DataFrame) -> PaymentGraph:
    """Return the graph of payments in time order, as a bank sees them before their outcome is known."""
    facts = accounts.set_index("account_id")
    time = (shown["ts"] - shown["ts"].iloc[0].floor("D")).dt.total_seconds().to_numpy()
    number = pd.Series(np.arange(len(facts)), facts.index)
    payer, payee = (number[shown[name]].to_numpy() for name in ("from_account", "to_account"))
    pair = pd.factorize(payer * np.int64(len(facts)) + payee)[0]
    moved = (shown["merchant_id"] < 0).to_numpy()
    keys = ((payer, payer), (payee, payer), (payee, payee), (payer, payee), (pair, pair), (payer, payer))
    every = np.ones(len(time), dtype=bool)
    lookups = tuple(
        _lookup(held, asked, time, moved if name == "payer moved" else every)
        for name, (held, asked) in zip(RELATIONS, keys, strict=True)
    )
    same = [shown["channel"].cat.codes, shown["merchant_id"], shown["device_id"], shown["card_id"]]
    return PaymentGraph(
        time, payer, payee, _columns(shown, facts, time, (payer, payee, pair), lookups),
        np.log(shown["amount"].to_numpy(dtype=float)), (shown["status"].astype(str) == "declined").to_numpy(),
        np.column_stack([one.to_numpy(dtype=np.int64) for one in same]), lookups,
    )  # fmt: skip


def _lookup(held: np.ndarray, asked: np.ndarray, time: np.ndarray, kept: np.ndarray) -> Lookup:
    """Return where, among the ``kept`` payments by the key that they hold, those before each payment end."""
    rank = np.unique(time, return_inverse=True)[1].astype(np.int64)
    rows = np.flatnonzero(kept)
    order = rows[np.lexsort((rank[rows], held[rows]))]
    span = np.int64(rank.max() + 1)
    wanted = asked * span + rank
    sorted_ = np.argsort(wanted)
    end = np.empty(len(time), dtype=np.int64)
    end[sorted_] = np.searchsorted(held[order] * span + rank[order], wanted[sorted_])
    first = np.searchsorted(held[order], np.arange(asked.max() + 1))[asked]
    return Lookup(order, first, end)


def _columns(
    shown: pd.DataFrame, facts: pd.DataFrame, time: np.ndarray, ends: tuple[np.ndarray, ...], lookups: tuple
) -> np.ndarray:
    payer, payee, pair = ends
    hour = time % DAY / DAY * 2 * np.pi
    amount = shown["amount"].to_numpy(dtype=float)
    posted = (shown["status"].astype(str) == "posted").to_numpy() * amount
    balances = (
        shown["from_balance_after"].to_numpy() + posted,
        shown["to_balance_after"].to_numpy() - posted,
    )
    opened = (shown["ts"].iloc[0].floor("D").tz_localize(None) - facts["opened"]).dt.days.to_numpy()
    limit = facts["overdraft_limit"].to_numpy(dtype=float)
    kinds = facts["kind"].astype(str).to_numpy()
    found = [
        np.log(amount) / 5 - 1.5, amount % 1_000 == 0, amount % 100 == 0, np.cos(hour), np.sin(hour),
        np.cos(2 * hour), np.sin(2 * hour), _signed_log(balances[0]), _signed_log(balances[1]),
        _signed_log(balances[0] - amount), (np.log(amount) - np.log(np.maximum(balances[0], 1))) / 5,
        _signed_log(limit[payer]), (shown["from_bank"] == shown["to_bank"]).to_numpy(),
        (shown["merchant_id"] >= 0).to_numpy(), (shown["device_id"] >= 0).to_numpy(),
        (shown["card_id"] >= 0).to_numpy(),
        *(np.log1p(np.maximum(opened[side] + time / DAY, 0)) / 5 for side in (payer, payee)),
        *_one_hot(shown["ts"].dt.day_of_week, range(7)), *_one_hot(shown["channel"], CHANNELS),
        *_one_hot(shown["category"], CATEGORIES),
        *_one_hot(kinds[payer], KINDS), *_one_hot(kinds[payee], KINDS),
    ]  # fmt: skip
    new = ~pd.Series(pair).duplicated().to_numpy()
    ports = [pd.Series(new).groupby(side).cumsum().to_numpy() - new for side in (payer, payee)]
    first_port = [pd.Series(port).groupby(pair).transform("first").to_numpy() for port in ports]
    found += [new, *(np.log1p(port) / 4 for port in (*ports, *first_port))]
    for lookup in lookups:
        found.append(np.log1p(lookup.end - lookup.first) / 4)
        last = lookup.order[np.maximum(lookup.end - 1, 0)]
        hours = np.maximum(time - time[last], 0) / 3_600
        found.append(np.where(lookup.end > lookup.first, np.log1p(hours) / 4, 2.5))
    table = np.empty((len(time), len(found)), dtype=np.float32)
    for place, column in enumerate(found):
        table[:, place] = column
    return table


def _signed_log(money: np.ndarray) -> np.ndarray:
    found: np.ndarray = np.sign(money) * np.log1p(np.abs(money)) / 10
    return found


def _one_hot(values, known) -> list[np.ndarray]:
    codes = pd.Categorical(values, categories=list(known)).codes
    return [codes == place for place in range(len(known))]
