"""What is known of rows that come with others: told in words, and how well held-out rows are known."""

from __future__ import annotations

import numpy as np

from finsim.generators.events.habits.echoes.companion_law import CompanionLaw, host_chances
from finsim.generators.events.habits.echoes.companion_rows import HOUR, OWN, SAME, Fact, companions
from finsim.generators.events.habits.echoes.echo_law import AS_BEFORE, words_of
from finsim.generators.events.habits.echoes.learned_companions import paid_of, spoken_words
from finsim.notation import Bool1D, Float1D, Int1D
from finsim.records.event_log import EventLog
from finsim.records.mixed_table import WORD, MixedColumn

MOST_SAID = 4
LEAST_CHANCE = 1e-3
"""Chance that any row is a host, or any is not (assumption)."""


def companion_losses(law: CompanionLaw, log: EventLog) -> tuple[Bool1D, Float1D]:
    """Return which rows of a log stay, bool[n], and what the others cost in nats: float64[E]."""
    names, spoken = list(log.events.columns), spoken_words(log)
    columns = tuple(names[k] for k in law.columns)
    kept = np.ones(log.events.rows, np.bool_)
    if any(name not in spoken for name in columns):
        return kept, np.zeros(log.count)
    said = [_codes_of(spoken[name][1], one) for name, one in zip(columns, law.said.T, strict=True)]
    host = [_codes_of(spoken[name][1], law.host_word[:1, k])[0] for k, name in enumerate(columns)]
    fact = Fact(columns, np.stack(said, axis=1), law.leads, law.same_sum, law.reach, law.rows, law.met,
                tuple(int(word) for word in host) if law.pays_nobody else ())  # fmt: skip
    one, two = companions(paid_of(log), fact)
    kept[one] = False
    chance = host_chances(law, log.events, log.roles)
    chance = np.where(chance > 0, chance.clip(LEAST_CHANCE, 1.0 - LEAST_CHANCE), 0.0)
    chance[two] = np.maximum(chance[two], LEAST_CHANCE)
    nats = -np.log1p(-chance)
    nats[one] = 0.0
    nats[two] = -np.log(chance[two])
    known, wait = np.abs(law.lag) // HOUR, np.abs(log.times[one] - log.times[two]) // HOUR
    count = np.bincount(known, minlength=int(max(known.max(initial=0), wait.max(initial=0))) + 1) + 0.5
    nats[one] -= np.log(count[wait] / count.sum()) + np.log(_likeness(law, log, one, two))
    return kept, np.asarray(np.bincount(log.entity(), nats, log.count), np.float64)


def _codes_of(known: Float1D, values: Float1D) -> Int1D:
    """Return the places of values among sorted known ones, -1 where one is not."""
    place = np.minimum(np.searchsorted(known, values), len(known) - 1)
    return np.where(known[place] == values, place, -1)


def _likeness(law: CompanionLaw, log: EventLog, one: Int1D, two: Int1D) -> Float1D:
    """Return the share of learned rows that have the words and the sum of each companion, float64[m]."""
    amount = log.part("amount")
    sums = np.zeros(log.events.rows) if amount is None else amount
    here, there = (words_of(log.events, log.roles, rows)[:, :-1] for rows in (one, two))
    ratio = np.divide(sums[one], sums[two], out=np.zeros(len(one)), where=sums[two] != 0)
    percent = np.round(np.log(np.maximum(np.abs(law.number), 1e-9)) * 100)
    known = np.column_stack([law.how, percent, law.cells]).astype(np.int64)
    _, first, often = np.unique(known, axis=0, return_index=True, return_counts=True)
    found = np.full(len(one), 0.5)
    for k, count in zip(first, often, strict=True):
        like = np.where(law.cells[k] == AS_BEFORE, there, law.cells[k])
        fits = (here == like).all(axis=1)
        said = {SAME: sums[one] == sums[two], OWN: sums[one] == law.number[k]}
        near = np.abs(np.log(np.maximum(np.abs(ratio), 1e-9)) * 100 - percent[k]) <= 1
        found += count * (fits & said.get(int(law.how[k]), near))
    return found / (len(law.lag) + 1.0)


def told_companions(law: CompanionLaw, log: EventLog) -> tuple[str, ...]:
    """Return what rows come with others, in words; ``log`` has the columns."""
    columns = [list(log.events.columns)[k] for k in law.columns]

    def said(words: Float1D) -> str:
        named = [_word(log.events[name], word) for name, word in zip(columns, words, strict=True)]
        return " and ".join(f"{name}={word}" for name, word in zip(columns, named, strict=True))

    way = "followed" if law.leads else "preceded"
    same = log.roles.partner and not law.pays_nobody
    where = "at the same payee" if same else "of the same entity"
    sums = ", with the same sum," if law.same_sum else ""
    order = np.argsort(-law.met, kind="stable")
    found = [
        f"{law.met[k] / law.rows[k]:.0%} of rows with {said(law.said[k])} are {way} within "
        f"{_time(law.reach)} {where}{sums} by {said(law.host_word[k])}"
        for k in order[:MOST_SAID]
    ]  # fmt: skip
    more = len(order) - MOST_SAID
    return (*found, f"so are rows with {more} more words of {' and '.join(columns)}")[: len(order)]


def _word(column: MixedColumn, word: float) -> str:
    """Return a word or number of a column as it is written."""
    if column.kind != WORD:
        return f"{word:g}"
    return column.words[int(word)] if word >= 0 else "nothing"


def _time(reach: int) -> str:
    """Return a time in words."""
    if reach < HOUR:
        return f"{reach * 60 // HOUR} min"
    return f"{reach // HOUR} h" if reach <= 24 * HOUR else f"{reach // (24 * HOUR)} days"
