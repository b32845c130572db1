"""What a run says of the ledger that its payments were learned from: columns, gaps, assumptions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from finsim.engine.injection.ledger_columns import ACCOUNTS, CARDS, SINGLE
from finsim.engine.learned_payments.training_ledger import PaymentLedger, header_of
from finsim.notation import NANOS_PER_DAY

_LAYOUTS = {
    CARDS: "cards that pay merchants",
    ACCOUNTS: "accounts that pay accounts",
    SINGLE: "statements that know one account of each row",
}
_BALANCES = (
    "opening balances are in no ledger: what an account's own payments need is there at the beginning, "
    "and as much again is its overdraft, or all of it a card's limit, so that ordinary life alone is never "
    "declined for lack of funds"
)
_MONEY = (
    "a sum of a narrative is the payment of the ledger that has its rank among simulated payments; the sums "
    "of a scheme are then moved together, so that over all schemes their ranks spread as the ledger's own do "
    "and two thirds stay on their side of the middle; roles are cast by how often accounts pay and are paid, "
    "and nine tenths of the payments go by channels that the ledger has for such sums"
)
_FIRMS = "accounts that {} the most counterparties, who together make two thirds of the rows, are businesses"
_NOBODY_OUTSIDE = "no {} stands outside the ledger, so a person outside is one of its accounts"
_TWO_ROWS = (
    "a payment of a scheme between two accounts is a row of each, with somebody outside on the other side; "
    "who is outside is drawn as often as rows have them, a counter for cash too, and pays by the channels of "
    "those rows"
)


def ledger_summary(
    ledger: PaymentLedger, left_out: Mapping[str, tuple[str, ...]], unread: Mapping[str, str]
) -> dict[str, Any]:
    """Return plain data for the manifest and the page.

    ``left_out``: parts of narratives that the ledger cannot carry, by narrative; ``unread``: what scenarios
    move that it cannot show, by scenario.
    """
    log = ledger.log
    roles = log.roles.named()
    parts = {"entity": str(ledger.data.roles.id), "time": log.roles.time, **roles}
    parts |= {} if ledger.name is None else {"name": ledger.name}
    others = [name for name in ledger.data.order if name not in parts.values()]
    return {
        "layout": _LAYOUTS[ledger.layout] + _and_shops(ledger),
        "roles": {part: header_of(ledger.data, name) for part, name in parts.items()},
        "no_role": [header_of(ledger.data, name) for name in others],
        "roles_not_found": [
            one for one in ("amount", "partner", "channel", "currency", "category", "direction")
            if one not in roles
        ],
        "merchants": int(ledger.shops.sum()),
        "currency": ledger.currency,
        "first_day": _day(log.begin),
        "last_day": _day(log.end - 1),
        "days": int(-(-log.end // NANOS_PER_DAY) - log.begin // NANOS_PER_DAY),
        "rows": log.events.rows,
        "remarks": list(ledger.remarks),
        "fallbacks": ledger.words.remarks(ledger.has_shops, ledger.has_transfers),
        "left_out": {name: list(texts) for name, texts in left_out.items()},
        "unread": dict(unread),
        "assumptions": assumptions(ledger),
    }  # fmt: skip


def assumptions(ledger: PaymentLedger) -> list[str]:
    """Return what a learned world takes for granted."""
    found = [_BALANCES, _MONEY]
    if ledger.layout != CARDS:
        found.append(_FIRMS.format("are paid by" if _and_shops(ledger) else "have"))
    if ledger.layout == ACCOUNTS and ledger.shops.all():
        found.append(_NOBODY_OUTSIDE.format("account" if ledger.has_shops else "counterparty"))
    if ledger.layout == SINGLE:
        found.append(_TWO_ROWS)
    return found


def _and_shops(ledger: PaymentLedger) -> str:
    return ", and merchants that have a name alone" if ledger.layout == ACCOUNTS and ledger.has_shops else ""


def _day(instant: int) -> str:
    return str(np.datetime64(int(instant), "ns").astype("datetime64[D]"))
