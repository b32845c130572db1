"""Words of a ledger in finsim's vocabulary: where they are equal, else a declared fallback."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from finsim.agents.vocabulary import CATEGORIES, CATEGORY, CHANNEL, PURPOSE
from finsim.notation import Array
from finsim.records.event_log import EventLog
from finsim.records.mixed_table import WORD

OTHER_CATEGORY, OTHER_PURPOSE, AT_SHOPS, BETWEEN_ACCOUNTS = "retail", "transfer", "card_present", "ach"
REFUND = "refund"
_NONE = -1


@dataclass(frozen=True)
class PaymentWords:
    """How the words of a ledger are said: codes by word, -1 for those that finsim does not have.

    ``channel``, ``purpose`` have one element more for a missing word. ``category`` is that of each outside
    counterparty where it is a shop. ``channels``, ``purposes``, ``categories`` are the words that the ledger
    itself has; the rest are fallbacks.
    """

    channel: Array
    purpose: Array
    category: Array
    channels: frozenset[str]
    purposes: frozenset[str]
    categories: frozenset[str]

    def remarks(self, has_shops: bool) -> list[str]:
        """Return what is a fallback, in words."""
        found = []
        if not self.channels:
            both = f"{AT_SHOPS} at merchants, {BETWEEN_ACCOUNTS} else"
            found.append(f"channel: no word of the ledger is finsim's, so {both}")
        if has_shops and not self.categories:
            found.append(
                f"category: no word of the ledger is finsim's, so {OTHER_CATEGORY} for every merchant"
            )
        if not self.purposes and not has_shops:
            found.append(f"purpose: no word of the ledger is finsim's, so {OTHER_PURPOSE}")
        return found


def payment_words(log: EventLog, has_shops: bool) -> PaymentWords:
    """Return the words of a ledger in finsim's vocabulary."""
    channel = _codes(_words(log, "channel"), CHANNEL)
    purpose = _codes(_words(log, "category"), PURPOSE)
    category = np.full(_outside(log), _NONE)
    categories: frozenset[str] = frozenset()
    if has_shops:
        category, categories = _categories(log)
    return PaymentWords(
        channel, purpose, category, _used(channel, CHANNEL), _used(purpose, PURPOSE), categories
    )


def _words(log: EventLog, part: str) -> Sequence[str]:
    name = getattr(log.roles, part)
    return log.events[name].words if name is not None and log.events[name].kind == WORD else ()


def plain(word: str) -> str:
    """Return a word as the vocabulary writes words."""
    return word.strip().casefold().replace(" ", "_").replace("-", "_")


def _codes(words: Sequence[str], known: Mapping[str, int]) -> Array:
    return np.array([*(known.get(plain(word), _NONE) for word in words), _NONE], dtype=np.int64)


def _used(codes: Array, known: Mapping[str, int]) -> frozenset[str]:
    by_code = {code: word for word, code in known.items()}
    return frozenset(by_code[code] for code in codes.tolist() if code >= 0)


def _outside(log: EventLog) -> int:
    name = log.roles.partner
    return 0 if name is None else len(log.events[name].words) - (log.count if log.partner_is_entity else 0)


def _categories(log: EventLog) -> tuple[Array, frozenset[str]]:
    """Return the usual category of each shop from a column with finsim's words, -1 where it has none."""
    shops = np.full(_outside(log), _NONE)
    partner = log.part("partner")
    if partner is None:
        return shops, frozenset()
    declared = log.roles.category
    for column in log.events.columns.values() if declared is None else [log.events[declared]]:
        codes = _codes(column.words, CATEGORY) if column.kind == WORD else np.zeros(0, dtype=np.int64)
        words = _used(codes, CATEGORY)
        if len(words) < 2:
            continue
        mine = codes[column.values]
        here = (partner >= 0) & (mine >= 0)
        counts = np.zeros((len(shops), len(CATEGORIES)), dtype=np.int64)
        np.add.at(counts, (partner[here], mine[here]), 1)
        return np.where(counts.any(axis=1), counts.argmax(axis=1), _NONE), words
    return shops, frozenset()
