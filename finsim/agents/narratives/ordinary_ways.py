"""Ways to pay that ordinary life never takes, and that give a story away by themselves."""

from __future__ import annotations

from collections.abc import Iterator

from finsim.agents.narratives.narrative_blocks import Phase
from finsim.agents.narratives.narrative_roles import Role
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
_BY_CARD = frozenset({"card_present", "card_not_present"})
_BY_TRANSFER = frozenset({"ach", "instant", "wire", "cheque"})
HANDS: dict[tuple[str, str], frozenset[str]] = {
    ("current", "current"): _BY_TRANSFER,
    ("current", "savings"): frozenset({"internal"}),
    ("current", "card"): frozenset({"internal", "ach"}),
    ("current", "firm"): _BY_TRANSFER | _BY_CARD,
    ("current", "outside"): _BY_TRANSFER | _BY_CARD | {"cash", "direct_debit", "internal"},
    ("savings", "current"): frozenset({"internal"}),
    ("card", "firm"): _BY_CARD,
    ("card", "outside"): _BY_CARD,
    ("firm", "current"): _BY_TRANSFER | _BY_CARD,
    ("firm", "card"): _BY_CARD,
    ("firm", "firm"): _BY_TRANSFER,
    ("firm", "outside"): _BY_TRANSFER | {"direct_debit"},
    ("outside", "current"): _BY_CARD | {"ach", "cash", "instant"},
    ("outside", "card"): _BY_CARD,
    ("outside", "firm"): _BY_TRANSFER | {"cash"},
}
"""The channels of ordinary payments by the kinds of account that pay and are paid, which a bank sees."""
_FIRMS = frozenset({"business", "merchant"})
_SETTLED = frozenset({"cash", "exchange", "remitter"})  # whoever is paid settles the purpose


def strange_ways(story: Story) -> list[str]:
    """Return a remark for every way to pay that a phase uses and ordinary life never does.

    A way is a channel with a purpose, or a channel between two kinds of account.
    """
    found: dict[str, None] = {}
    for phase in story.phases:
        for payer, payee in hands(story, phase):
            for text in (*_purposes(phase, payer, payee), *_kinds(phase, payer, payee)):
                found[f"phase {phase.name!r}: {text}, so these rows give the story away"] = None
    return list(found)


def _purposes(phase: Phase, payer: Role, payee: Role) -> Iterator[str]:
    if {*payer.select.outside, *payee.select.outside} & _SETTLED:
        return
    plain = CATEGORIES if payee.select.shops else ("transfer",)
    for purpose in phase.purpose or plain:
        for channel in phase.channel:
            if purpose not in ORDINARY[channel]:
                what = "a purchase" if purpose in plain and payee.select.shops else purpose
                yield f"ordinary life never pays {what} by {channel}"


def _kinds(phase: Phase, payer: Role, payee: Role) -> Iterator[str]:
    """Yield channels that no selected kind of payer ordinarily uses towards any selected kind of payee."""
    sorts = {*payer.select.outside, *payee.select.outside}
    givers, takers = _kinds_of(payer), _kinds_of(payee)
    channels = ("cash",) if sorts == {"cash"} else (*phase.channel, *(("cash",) if "cash" in sorts else ()))
    for channel in dict.fromkeys(channels):
        if not any(channel in HANDS.get((one, two), ()) for one in givers for two in takers):
            ends = f"from {_listed(givers, payer)} to {_listed(takers, payee)}"
            yield f"ordinary life never pays {ends} by {channel}"


def _kinds_of(role: Role) -> tuple[str, ...]:
    """Return the kinds of account that a role may have; a shop banks here or elsewhere."""
    if role.select.accounts:
        return tuple(dict.fromkeys("firm" if kind in _FIRMS else kind for kind in role.select.accounts))
    return ("firm", "outside") if role.select.shops else ("outside",)


def _listed(kinds: tuple[str, ...], role: Role) -> str:
    if role.select.shops:
        return "a shop"
    told = {"firm": "a firm", "outside": "an account outside the banks"}
    return " or ".join(told.get(kind, f"a {kind} account") for kind in kinds)
