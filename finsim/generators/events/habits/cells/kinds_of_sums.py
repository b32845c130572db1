"""Which further word of a row tells of what kind its sum is: round at cash machines, below 0, with .99."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from finsim.generators.events.habits.cells.columns import PAYEE, ColumnLaw
from finsim.generators.events.habits.cells.contexts import information, levels, pooled_words
from finsim.generators.events.habits.cells.seen_words import signs_seen
from finsim.notation import Float1D, Int1D
from finsim.records.event_log import EventLog
from finsim.records.mixed_table import WORD

MOST_WORDS = 64
LEAST_TOLD = 0.02
"""Nats of the kind of a sum that a word must tell beyond payee, category and direction (assumption)."""
LAWFUL = ("category", "direction", "currency")
ENDINGS = (49, 95, 98, 99)
MOST_FREE = 3
"""Columns whose words part laws of sums at most, as in ``learn_groups``."""


def sum_kinds(amount: Float1D) -> Int1D:
    """Return int64[n] : sign, and whether a sum is a multiple of ten, whole, or ends as prices do."""
    there = np.nan_to_num(amount)
    cents = np.round(np.abs(there) * 100).astype(np.int64)
    kind = np.where(np.isin(cents % 100, ENDINGS), 1, 0)
    kind = np.where(cents % 100 == 0, 2, kind)
    kind = np.where(cents % 1_000 == 0, 3, kind)
    return np.where(np.isnan(amount), 8, kind + 4 * (there < 0))


def sum_word(log: EventLog, payee_group: Int1D, told: set[str]) -> str | None:
    """Return the column whose words tell most of the kinds of sums beyond what is known, None for none.

    told : columns that the payee or the entity determines, whose words tell nothing new.
    """
    amount, roles = log.part("amount"), log.roles
    if amount is None:
        return None
    lawful = [name for part in LAWFUL if (name := getattr(roles, part)) is not None]
    free = [name for name in lawful if name not in told]
    if len(free) >= MOST_FREE:
        return None
    known = payee_group
    for name in free:
        if log.events[name].kind == WORD:
            known = known * 64 + pooled_words(log.events[name])[levels(log.events[name])]
            known = np.unique(known, return_inverse=True)[1].astype(np.int64)
    kind = sum_kinds(amount)
    alone, best, found = information(kind, known), LEAST_TOLD, None
    for name, column in log.events.columns.items():
        if column.kind != WORD or name in told or name in lawful or name == roles.partner:
            continue
        if not 1 < len(column.words) <= MOST_WORDS:
            continue
        both = known * (MOST_WORDS + 1) + levels(column)
        gain = information(kind, np.unique(both, return_inverse=True)[1].astype(np.int64)) - alone
        if gain > best:
            best, found = gain, name
    return found


def free_words(log: EventLog, early: list[ColumnLaw], of_sums: str | None) -> list[str]:
    """Return the columns whose words choose the law of an amount, and which the payee does not tell.

    ``of_sums``: a further one, see ``sum_word``.
    """
    by_part, how = log.roles.named(), {law.name: law.how for law in early}
    found = [
        by_part[part] for part in LAWFUL
        if part in by_part and how[by_part[part]] != PAYEE and len(log.events[by_part[part]].words)
    ]  # fmt: skip
    return [*found, of_sums] if of_sums and len(found) < MOST_FREE else found


def with_signs(log: EventLog, early: list[ColumnLaw]) -> list[ColumnLaw]:
    """Return laws of columns before the amount with the signs of their words, in ledgers of both signs."""
    amount = log.part("amount")
    if amount is None or not ((amount < 0).any() and (amount > 0).any()):
        return early
    columns = {law.name: log.events[law.name] for law in early if law.pool is not None}
    signs = {name: signs_seen(levels(one), len(one.words) + 1, amount) for name, one in columns.items()}
    return [replace(law, signs=signs[law.name]) if law.name in signs else law for law in early]
