"""Words of a ledger in finsim's vocabulary: where they are equal, else a declared fallback."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from finsim.agents.vocabulary import CATEGORIES, CATEGORY, CHANNEL, PURPOSE
from finsim.errors import Problem, did_you_mean
from finsim.notation import Array, Bool1D
from finsim.records.event_log import EventLog
from finsim.records.mixed_table import WORD

OTHER_CATEGORY, OTHER_PURPOSE, AT_SHOPS, BETWEEN_ACCOUNTS = "retail", "transfer", "card_present", "ach"
REFUND = "refund"
_NONE = -1
_MOST = 8
_NO_SHOPS = "category: a ledger without merchants has purposes alone, and no row has a merchant category"
Said = tuple[tuple[str, str, str], ...]
"""Lines of a study: part (channel, category or purpose), word of the ledger, word of finsim."""


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
    unknown: tuple[str, ...] = ()

    def remarks(self, has_shops: bool, has_transfers: bool) -> list[str]:
        """Return what is a fallback, in words."""
        found = list(self.unknown)
        if not self.channels:
            both = f"{AT_SHOPS} at merchants, {BETWEEN_ACCOUNTS} else"
            found.append(f"channel: no word of the ledger is finsim's, so {both}")
        if has_shops and not self.categories:
            found.append(
                f"category: no word of the ledger is finsim's, so {OTHER_CATEGORY} for every merchant"
            )
        if not self.purposes and has_transfers:
            found.append(f"purpose: no word of the ledger is finsim's, so {OTHER_PURPOSE}")
        return found


def payment_words(log: EventLog, shops: Bool1D, said: Said = ()) -> PaymentWords:
    """Return the words of a ledger in finsim's vocabulary; ``shops`` bool[K]: who outside is one."""
    has_shops = bool(shops.any())
    channel = _codes(_words(log, "channel"), CHANNEL, _of(said, "channel"))
    told = _of(said, "category") | _of(said, "purpose")
    purpose = _codes(_words(log, "category"), PURPOSE, told)
    category = np.full(len(shops), _NONE)
    categories: frozenset[str] = frozenset()
    if has_shops:
        category, categories = _categories(log, shops, _of(said, "category"))
    return PaymentWords(
        channel, purpose, category, _used(channel, CHANNEL), _used(purpose, PURPOSE), categories,
        (
            *_unknown(log, "channel", channel, ("channel", BETWEEN_ACCOUNTS)),
            *_unknown(log, "category", purpose,
                      ("category", OTHER_CATEGORY) if has_shops else ("purpose", OTHER_PURPOSE)),
            *(() if has_shops or log.roles.category is None else (_NO_SHOPS,)),
        ),
    )  # fmt: skip


def unknown_words(log: EventLog, said: Said) -> list[tuple[tuple[str, str], Problem]]:
    """Return key and problem of every line of a study whose word the ledger does not have."""
    found = []
    for part, word, _ in said:
        known = _words(log, "category" if part == "purpose" else part)
        if plain(word) not in {plain(one) for one in known}:
            remedy = did_you_mean(word, known) or f"give a column of words `role: {part}` in a schema"
            problem = Problem("", f"the {part} of the ledger has no word {word!r}", "a word of it", remedy)
            found.append(((part, word), problem))
    return found


def _of(said: Said, part: str) -> dict[str, str]:
    return {plain(word): mine for one, word, mine in said if one == part}


def _unknown(log: EventLog, part: str, codes: Array, example: tuple[str, str]) -> list[str]:
    """Return a line with the words that are not finsim's, their share of rows, and a line to paste.

    ``example``: the key of the study that says what they are, and a word of finsim.
    """
    values, words = log.part(part), _words(log, part)
    if values is None or not words:
        return []
    counts = np.bincount(values[values >= 0].astype(np.int64), minlength=len(words))
    order = [int(k) for k in np.argsort(-counts, kind="stable") if codes[k] < 0 and counts[k]]
    if not order:
        return []
    total = max(len(values), 1)
    shown = ", ".join(f"{words[k]} {counts[k] / total:.1%}" for k in order[:_MOST])
    more = f" and {len(order) - _MOST} more" if len(order) > _MOST else ""
    key, mine = example
    line = f"words: {{{key}: {{{json.dumps(words[order[0]], ensure_ascii=False)}: {mine}}}}}"
    return [f"{key}: not finsim's words: {shown}{more}; say what they are, such as {line}"]


def _words(log: EventLog, part: str) -> Sequence[str]:
    name = getattr(log.roles, part)
    return log.events[name].words if name is not None and log.events[name].kind == WORD else ()


def plain(word: str) -> str:
    """Return a word as the vocabulary writes words."""
    return unicodedata.normalize("NFKC", word).strip().casefold().replace(" ", "_").replace("-", "_")


def _codes(words: Sequence[str], known: Mapping[str, int], said: Mapping[str, str]) -> Array:
    plains = [plain(word) for word in words]
    return np.array([*(known.get(said.get(word, word), _NONE) for word in plains), _NONE], dtype=np.int64)


def _used(codes: Array, known: Mapping[str, int]) -> frozenset[str]:
    by_code = {code: word for word, code in known.items()}
    return frozenset(by_code[code] for code in codes.tolist() if code >= 0)


def _categories(log: EventLog, is_shop: Bool1D, said: Mapping[str, str]) -> tuple[Array, frozenset[str]]:
    """Return the usual category of each shop from a column with finsim's words, -1 where it has none."""
    shops = np.full(len(is_shop), _NONE)
    partner = log.part("partner")
    if partner is None:
        return shops, frozenset()
    outer = partner.astype(np.int64) - (log.count if log.partner_is_entity else 0)
    declared = log.roles.category
    for column in log.events.columns.values() if declared is None else [log.events[declared]]:
        codes = _codes(column.words, CATEGORY, said) if column.kind == WORD else np.zeros(0, dtype=np.int64)
        words = _used(codes, CATEGORY)
        if len(words) < (1 if declared is not None and said else 2):
            continue
        mine = codes[column.values]
        here = np.append(is_shop, False)[np.maximum(outer, _NONE)] & (mine >= 0)
        counts = np.zeros((len(shops), len(CATEGORIES)), dtype=np.int64)
        np.add.at(counts, (outer[here], mine[here]), 1)
        return np.where(counts.any(axis=1), counts.argmax(axis=1), _NONE), words
    return shops, frozenset()
