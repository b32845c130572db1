"""Counterparties under differential privacy: those of many entities keep their names, others get new ones.

A counterparty without a name is one of the class of its category as the entity itself met it: what others did
with it is not looked at.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from finsim.generators.events.network.partner_field import PartnerField
from finsim.generators.privacy.noised_counts import Owners, clipped_counts, named, noised_counts, with_noise
from finsim.generators.privacy.private_words import WordLaw
from finsim.notation import Array, Int1D
from finsim.randomness import Streams
from finsim.records.mixed_table import MISSING_WORD, WORD, MixedColumn

PARTNER_RELEASES = 4
MOST_SHARED = 8
FEWEST_INVENTED, MOST_INVENTED = 8, 100_000
PURE = 0.85
FIRST_NUMBER = 1_000_000_001
"""Invented counterparties of a column of numbers begin here."""


@dataclass(frozen=True)
class PrivateCounterparties:
    """The field of counterparties; ``pairs`` int64[n] the pair of entity and counterparty of each event.

    identity int64[pairs + 1] the token of each pair (the last: 0); words : named counterparties, then
    invented ones; bound : the column that follows the counterparty, "" where none does.
    """

    field: PartnerField
    pairs: Int1D
    identity: Int1D
    words: tuple[str, ...]
    bound: str

    @classmethod
    def fit(
        cls,
        column: MixedColumn,
        others: Mapping[str, tuple[WordLaw, Array]],
        owners: Owners,
        limits: tuple[int, int],
        noise: tuple[float, float],
        streams: Streams,
    ) -> PrivateCounterparties:
        """Learn from a column of counterparties in ``PARTNER_RELEASES`` noised counts.

        others : columns of words, their laws and cells int32[n] as words of these (-1 missing). limits : most
        named counterparties, and most unnamed ones that an entity counts with.
        """
        sigma, delta = noise
        codes = column.values.astype(np.int64)
        found, counts = named(owners, codes, sigma, delta, streams.at("names"))
        kept = np.sort(found[np.argsort(-counts, kind="stable")[: limits[0]]])
        place = np.full(len(column.words) + 1, -1, dtype=np.int64)
        place[kept] = np.arange(len(kept))
        mine = place[codes]
        bound = _follows(codes, others, owners, sigma, streams)
        cells, kinds = np.zeros(len(codes), np.int64), 1
        if bound:
            cells, kinds = others[bound][1].astype(np.int64), others[bound][0].count

        usual = _usual(mine, cells, (len(kept), kinds), owners, sigma, streams)
        classes = kinds + 1 if bound else 1
        pairs, met, identity = pairs_of(codes, place, cells, owners.owner, (len(kept), classes))
        entity, code, first = met
        kind = identity[:-1] - 1 - len(kept)
        unnamed = kind >= 0
        sizes, shared = _unnamed(
            (entity[unnamed], code[unnamed], kind[unnamed], first[unnamed]), (owners.count, classes),
            limits[1], sigma, streams,
        )  # fmt: skip
        field = _field(len(kept), sizes, shared, owners.count, usual if bound else None, streams)
        words = [column.words[code] for code in kept]
        words += _invented(column.words, len(field.identity) - 1 - len(kept), set(words))
        return cls(field, pairs, identity, tuple(words), bound)


def pairs_of(
    codes: Int1D, place: Int1D, cells: Int1D, owner: Int1D, size: tuple[int, int]
) -> tuple[Int1D, tuple[Int1D, Int1D, Int1D], Int1D]:
    """Return the pair of each event (-1: none); entity, code and first event of pairs; the token of each.

    place : of codes among named counterparties, -1 for others; cells : categories as words, -1 missing.
    size : named counterparties and classes. The tokens of an entity depend on nothing but its own events.
    """
    there = np.flatnonzero(codes >= 0)
    width = int(codes.max(initial=-1)) + 1
    key, first, inverse = np.unique(
        owner[there] * width + codes[there], return_index=True, return_inverse=True
    )
    pairs = np.full(len(codes), -1, dtype=np.int64)
    pairs[there] = inverse
    entity, code = np.divmod(key, max(width, 1))
    first = there[first]
    names, classes = size
    # The last of several classes is of counterparties whose category lacks.
    kind = np.where(cells[first] >= 0, cells[first], classes - 1) if classes > 1 else 0 * first
    identity = np.append(np.where(place[code] >= 0, 1 + place[code], 1 + names + kind), 0)
    return pairs, (entity, code, first), identity.astype(np.int64)


def _follows(
    codes: Int1D, others: Mapping[str, tuple[WordLaw, Array]], owners: Owners, sigma: float, streams: Streams
) -> str:
    """Return the column whose cells follow the counterparty, "" where none does: one release.

    Where an entity meets one again, the cell must be that of the time before: in 85 % and well above what
    the commonest word would give (assumption). Of several columns it is the one of most words.
    """
    rows = np.lexsort((np.arange(len(codes)), codes, owners.owner))
    before = np.append(-1, rows[:-1])
    again = (owners.owner[rows] == owners.owner[before]) & (codes[rows] == codes[before]) & (codes[rows] >= 0)
    again[:1] = False
    size = np.maximum(np.bincount(owners.owner, minlength=owners.count), 1)
    put = [np.bincount(owners.owner[rows], weights=again, minlength=owners.count) / size]
    for _, cells in others.values():
        same = again & (cells[rows] == cells[before])
        put.append(np.bincount(owners.owner[rows], weights=same, minlength=owners.count) / size)
    # All shares of an entity are at most its weight.
    counts = (np.stack(put) * owners.weight).sum(axis=1)
    counts = with_noise(counts, np.sqrt(len(counts)), sigma, streams.at("follows"))
    found = {}
    for (name, (law, _)), same in zip(others.items(), counts[1:], strict=True):
        usual = float(law.shares.max())
        if law.count > 1 and same >= max(PURE, usual + 0.5 * (1.0 - usual)) * max(counts[0], 1e-9) > 0.0:
            found[name] = law.count
    return max(found, key=lambda name: found[name], default="")


def _usual(
    mine: Int1D, cells: Int1D, size: tuple[int, int], owners: Owners, sigma: float, streams: Streams
) -> Int1D:
    """Return the cell of the bound column that comes with every named counterparty: one release."""
    names, kinds = size
    keys = np.where((mine >= 0) & (cells >= 0), mine * kinds + cells, -1)
    counts = noised_counts(owners, keys, max(names * kinds, 1), sigma, streams.at("categories"))
    return np.asarray(counts[: names * kinds].reshape(names, kinds).argmax(axis=1), dtype=np.int64)


def _unnamed(
    met: tuple[Int1D, Int1D, Int1D, Int1D], size: tuple[int, int], most: int, sigma: float, streams: Streams
) -> tuple[Int1D, int]:
    """Return how many unnamed pairs there are of each class, and how many entities share one: one release.

    An entity counts with its first ``most`` unnamed counterparties: it adds at most so many pairs, and at
    most so many distinct counterparties to those of the others.
    """
    entity, code, kind, first = met
    order = np.lexsort((first, entity))
    entity, code, kind = entity[order], code[order], kind[order]
    kept = np.arange(len(entity)) - np.searchsorted(entity, entity, side="left") < most
    pairs = clipped_counts(entity[kept], kind[kept], np.full(int(kept.sum()), 1.0 / most), size, 1.0)
    both = np.append(pairs, len(np.unique(code[kept])) / most)
    both = with_noise(both, np.sqrt(2.0), sigma, streams.at("unnamed")) * most
    sizes = np.where(both[:-1] > 2.0 * sigma * most, both[:-1], 0.0)
    if sizes.sum() <= 0.0:
        sizes = np.maximum(both[:-1], 1.0)
    shared = int(np.clip(np.round(sizes.sum() / max(both[-1], 1.0)), 1, MOST_SHARED))
    scale = min(1.0, MOST_INVENTED / sizes.sum())
    return np.maximum(np.ceil(sizes * scale), FEWEST_INVENTED).astype(np.int64), shared


def _field(
    names: int, sizes: Int1D, shared: int, entities: int, usual: Int1D | None, streams: Streams
) -> PartnerField:
    """Return the field of ``names`` named counterparties and decks of invented ones; reads no data."""
    invented = -(-sizes // shared)
    first = names + np.concatenate([[0], np.cumsum(invented)])
    draw = streams.at("decks")
    decks = [
        draw.permutation(np.repeat(np.arange(first[c], first[c + 1]), shared)) for c in range(len(sizes))
    ]
    owner = np.repeat(np.arange(len(sizes)), invented)
    count = int(first[-1])
    identity = np.concatenate([1 + np.arange(names), 1 + names + owner, [0]]).astype(np.int64)
    kinds = np.zeros((count, 0), np.int64)
    if usual is not None:
        # The class of lacking categories brings none.
        brings = np.where(owner < len(sizes) - 1, owner, -1)
        kinds = np.concatenate([usual, brings]).astype(np.int64)[:, None]
    return PartnerField(
        identity, np.arange(names, dtype=np.int64), np.concatenate(decks).astype(np.int64),
        np.concatenate([[0], np.cumsum(invented * shared)]).astype(np.int64), entities, kinds,
        np.arange(count + 1, dtype=np.int64), np.arange(count, dtype=np.float64) + 1.0 - 1e-9,
    )  # fmt: skip


def _invented(known: tuple[str, ...], count: int, taken: set[str]) -> list[str]:
    """Return new names; numbers where all known ones are numbers, as the type of the column is no secret."""
    if known and all(word.isdigit() for word in known):
        free = (str(FIRST_NUMBER + k) for k in range(count + len(taken)))
    else:
        free = (f"new-{k:06d}" for k in range(count + len(taken)))
    return [word for word in free if word not in taken][:count]


def as_pairs(column: MixedColumn, pairs: Int1D) -> MixedColumn:
    """Return a column whose words are pairs of entity and counterparty, each without a name."""
    values = np.where(pairs >= 0, pairs, MISSING_WORD).astype(np.int32)
    return MixedColumn(WORD, values, ("",) * (int(pairs.max(initial=-1)) + 1), column.step)
