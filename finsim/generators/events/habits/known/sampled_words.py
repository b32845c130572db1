"""The words of counterparties in a sample: learned ones, new entities, and outer accounts made anew."""

from __future__ import annotations

from finsim.generators.events.habits.known.private_words import MADE_ANEW
from finsim.generators.events.habits.learned import Learned
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
