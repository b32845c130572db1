"""Amounts that are always nothing, always cut, or shares of what their payer never has."""

from __future__ import annotations

import math
from collections.abc import Iterator

from finsim.agents.narratives.narrative_blocks import Amount, Phase
from finsim.agents.narratives.payment_numbers import counts, payments
from finsim.agents.narratives.story_faults import Fault, Loc, Story, amounts, hands, uses

_LIMITED = frozenset({"current", "card", "business", "merchant"})  # kinds of accounts with a limit


def amount_faults(story: Story) -> Iterator[Fault]:
    """Yield amounts that cannot be what they say."""
    for index, phase in enumerate(story.phases):
        at: Loc = ("phases", index)
        for inner, amount in amounts(phase):
            yield from _ends(amount, (*at, *inner))
            yield from _wholes(story, phase, amount, (*at, *inner))
        if phase.amount.growth is not None and payments(story, phase)[1] <= 1:
            yield Fault(
                (*at, "amount", "growth"),
                f"`growth` never acts: phase {phase.name!r} has a single payment",
                "a series of payments",
                "raise `count:`, or write `draw:`",
            )
        if uses(phase, "pot"):
            yield from _pots(story, phase, index, (*at, "amount"))
    yield from _proceeds(story)


def _ends(amount: Amount, at: Loc) -> Iterator[Fault]:
    """Yield limits that contradict each other or the draw."""
    if amount.max is not None and amount.min > amount.max:
        given = "min" in amount.model_fields_set
        yield Fault(
            (*at, "min" if given else "max"),
            f"min {amount.min:g}{'' if given else ' (where none is written)'} is above max {amount.max:g}",
            "min up to max",
            "swap the two" if given else f"add `min: {min(amount.max, 0.01):g}`",
        )
    if amount.max is not None and amount.round_to is not None and amount.round_to > amount.max:
        yield Fault(
            (*at, "round_to"),
            f"`round_to: {amount.round_to:g}` never acts: no amount is above max {amount.max:g}",
            "a step below max",
            "lower `round_to:`",
        )
    low, high = _drawn(amount)
    if amount.round_to is not None and high < amount.round_to <= (amount.max or math.inf):
        yield Fault(
            (*at, "round_to"),
            f"`round_to: {amount.round_to:g}` never acts: at most {high:g} is drawn",
            "a step that amounts reach",
            "lower `round_to:`",
        )
    if high < amount.min and amount.growth is None:
        yield Fault(
            at,
            f"every amount is below min {amount.min:g}: at most {high:g} is drawn",
            "amounts of min and more",
            f"write `min: {max(low, 0.01):g}`, or draw larger amounts",
        )
    if amount.max is not None and low > amount.max:
        yield Fault(
            at,
            f"every amount is above max {amount.max:g}: at least {low:g} is drawn",
            "amounts up to max",
            "raise `max:`, or draw smaller amounts",
        )
    for key in ("share", "ticket", "growth"):
        draw = getattr(amount, key)
        if draw is not None and draw.range()[1] <= 0:
            yield Fault((*at, key), f"a {key} of 0 pays nothing", "above 0", f"write `{key}: 1`")


def _drawn(amount: Amount) -> tuple[float, float]:
    """Return the ends of an amount that is drawn; none where it depends on something else."""
    if amount.draw is not None:
        return amount.draw.range()
    if amount.below is not None:
        low, high = amount.below.band
        return amount.below.threshold * low, amount.below.threshold * high
    return 0.0, float("inf")


def _wholes(story: Story, phase: Phase, amount: Amount, at: Loc) -> Iterator[Fault]:
    """Yield tickets without a shop, and shares of what an account does not have."""
    if amount.ticket is not None:
        without = [two for two in hands(story, phase) if not any(role.select.shops for role in two)]
        if without:
            yield Fault(
                (*at, "ticket"),
                f"a ticket in phase {phase.name!r}, where no shop is paid or pays",
                "a role of `shops:`, whose usual sale it multiplies",
                "write `draw:`, or select shops",
            )
    whole = amount.fraction_of
    if whole in ("balance", "available", "limit"):
        for name in (phase.payer, phase.via):
            select = story.roles[name].select if name else None
            if select is None or select.shops:
                continue
            sort = "savings" if select.accounts else "outside"
            kinds = _LIMITED if whole == "limit" else _LIMITED | {"savings"}
            if not kinds & set(select.accounts):
                yield Fault(
                    (*at, "fraction_of"),
                    f"{name!r} has no {whole}: {sort} accounts have none",
                    f"a payer with a {whole}",
                    "write `draw:`, or select other accounts",
                )


def _pots(story: Story, phase: Phase, index: int, at: Loc) -> Iterator[Fault]:
    """Yield a pot that is empty for ever: nobody pays the payer before it pays."""
    for form in range(max(1, len(story.variants))):
        live = [one for one in story.phases[:index] if _count(story, one, form) > 0]
        filled = {name for one in live for name in (one.via, one.to) if name}
        if _count(story, phase, form) > 0 and phase.payer in filled:
            return
    yield Fault(
        at,
        f"the pot of {phase.payer!r} is always empty: no earlier phase pays it",
        "a payer that an earlier phase pays",
        "pay it first, or write `draw:` or a `fraction_of:` balance",
    )


def _count(story: Story, phase: Phase, form: int) -> int:
    found = counts(story, phase)
    return found[min(form, len(found) - 1)][1]


def _proceeds(story: Story) -> Iterator[Fault]:
    """Yield proceeds that are no sum of their own, and those that no phase pays."""
    written: list[tuple[Loc, Amount | None]] = [(("proceeds",), story.proceeds)]
    written += [(("variants", name, "proceeds"), form.proceeds) for name, form in story.variants.items()]
    used = any(uses(phase, "proceeds") for phase in story.phases)
    for at, amount in written:
        if amount is None:
            continue
        yield from _ends(amount, at)
        if amount.draw is None and amount.below is None:
            yield Fault(
                at, "proceeds that depend on something else", "`draw:` or `below:`", "write `draw: 500..9k`"
            )
        if not used:
            yield Fault(
                at,
                "proceeds never act: no phase pays a share of them",
                "a phase with `fraction_of: proceeds`, or `count: cover`",
                "remove them, or pay a share of them",
            )
    if (
        used
        and story.proceeds is not None
        and story.variants
        and all(f.proceeds for f in story.variants.values())
    ):
        yield Fault(
            ("proceeds",),
            "proceeds of the story never act: every variant has its own",
            "one of the two",
            "remove `proceeds:` of the story, or of a variant",
        )
