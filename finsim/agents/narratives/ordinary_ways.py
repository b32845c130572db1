"""Ways to pay that ordinary life never takes: a channel with a purpose that gives a story away by itself."""

from __future__ import annotations

from finsim.agents.narratives.story_faults import Story, hands
from finsim.agents.vocabulary import CATEGORIES

ORDINARY: dict[str, frozenset[str]] = {
    "card_present": frozenset({*CATEGORIES, "refund"}),
    "card_not_present": frozenset({*CATEGORIES, "subscription", "refund"}),
    "instant": frozenset(
        {"transfer", "goods", "invoice", "family", "rent", "investment", "supplier", "tax", "drawings"}
    ),
    "ach": frozenset(
        {"transfer", "goods", "invoice", "family", "rent", "investment", "supplier", "tax", "salary"}
        | {"pension", "benefit", "utilities", "card_payment"}
    ),
    "wire": frozenset({"transfer", "goods", "invoice", "family", "investment", "supplier", "tax"}),
    "cash": frozenset({"cash"}),
    "direct_debit": frozenset({"utilities", "insurance", "loan"}),
    "cheque": frozenset({"transfer", "invoice", "rent", "supplier", "tax"}),
    "internal": frozenset({"savings", "card_payment", "fee"}),
}
"""The purposes of ordinary payments by channel; a test compares them with a simulated world."""
_SETTLED = frozenset({"cash", "exchange", "remitter"})  # whoever is paid settles the purpose


def strange_ways(story: Story) -> list[str]:
    """Return a remark for every channel with a purpose that a phase uses and ordinary life never does."""
    found: dict[str, None] = {}
    for phase in story.phases:
        for payer, payee in hands(story, phase):
            sorts = {*payer.select.outside, *payee.select.outside}
            if sorts & _SETTLED:
                continue
            plain = CATEGORIES if payee.select.shops else ("transfer",)
            for purpose in phase.purpose or plain:
                for channel in phase.channel:
                    if purpose not in ORDINARY[channel]:
                        what = "a purchase" if purpose in plain and payee.select.shops else purpose
                        found[
                            f"phase {phase.name!r}: ordinary life never pays {what} by {channel}, "
                            "so these rows give the story away"
                        ] = None
    return list(found)
