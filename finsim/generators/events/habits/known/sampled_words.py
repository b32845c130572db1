"""The words of counterparties in a sample: learned ones, new entities, and outer accounts made anew.

An entity that meets more payees than it was dealt meets some of its mate's. Where one entity alone has such a
payee, it meets a twin of it: a payee alike with a name of its own, as real payees of one entity are.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from finsim.generators.events.habits.known.private_words import MADE_ANEW, new_names
from finsim.generators.events.habits.learned import Learned
from finsim.notation import Int1D
from finsim.randomness import Streams
from finsim.records.event_log import EventLog
from finsim.tables.new_ids.id_form import IdForm


def sampled_words(known: Learned, log: EventLog, total: int) -> tuple[str, ...]:
    """Return the words of the partner: those learned, or new entities by their number and the outer ones.

    Outer accounts that are made anew follow the names of the new entities.
    """
    assert log.roles.partner is not None
    words = log.events[log.roles.partner].words
    if not log.partner_is_entity:
        return words
    outer = list(words[log.count :])
    anew = [k for k, word in enumerate(outer) if word == MADE_ANEW]
    form = IdForm(**known.ledger_facts["outer"])
    for k, word in zip(anew, form.new(total, len(anew)), strict=True):
        outer[k] = word
    return (*(str(k) for k in range(total)), *outer)


def single_payees(known: Learned, log: EventLog) -> Int1D:
    """Return the payees that one learned entity alone has, int64 in order; none where payees are entities."""
    links = known.parts.links
    if log.roles.partner is None or log.partner_is_entity or not len(links.payee):
        return np.zeros(0, np.int64)
    none = int(known.ledger_facts["payees"]) - 1
    return np.flatnonzero(np.bincount(links.payee, minlength=none + 1)[:none] == 1)


def with_twins(known: Learned, log: EventLog, taken: tuple[str, ...], streams: Streams) -> EventLog:
    """Return the log with names of twins behind the words of its counterparties, none of them ``taken``."""
    places = single_payees(known, log)
    if not len(places):
        return log
    partner = str(log.roles.partner)
    column = log.events[partner]
    twins = new_names((*column.words, *taken), places, streams.at("twins"))
    column = replace(column, words=(*column.words, *twins))
    return replace(log, events=log.events.with_columns({partner: column}))
