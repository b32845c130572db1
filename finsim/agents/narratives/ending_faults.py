"""Evasions, stops, labels and excuses of a narrative that would not act."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

from finsim.agents.narratives.draws import as_length
from finsim.agents.narratives.evasion_dial import can_act
from finsim.agents.narratives.payment_numbers import begins, payments
from finsim.agents.narratives.story_faults import Fault, Loc, Story, pays
from finsim.documents import read, shipped
from finsim.errors import FinsimError, did_you_mean

_TRIES = 3  # a declined payment is tried twice more at most
_LIMITED = frozenset({"current", "card", "business", "merchant"})


def evasion_faults(story: Story) -> Iterator[Fault]:
    """Yield evasions that are said twice, and those that nothing in the story can use."""
    kinds = [item.kind for item in story.evade]
    acts = {kind: (fits, why) for kind, fits, why in can_act(story)}
    for place, kind in enumerate(kinds):
        at: Loc = ("evade", place)
        if kind in kinds[:place]:
            yield Fault(
                at, f"evasion {kind!r} appears twice: only the first would act", "each once", "remove one"
            )
        fits, why = acts[kind]
        if not fits:
            yield Fault(
                at, f"evasion {kind!r} never acts: {why}", "an evasion that the story can use", "remove it"
            )


def stop_faults(story: Story) -> Iterator[Fault]:
    """Yield conditions of the end that can never hold."""
    stop = story.stop
    if stop is None:
        return
    if stop.declines is None and stop.spent is None and stop.timeout is None:
        yield Fault(
            ("stop",), "a stop that never stops", "declines, spent or timeout", "write `timeout: 14d`"
        )
    name, lead = next(iter(story.roles.items()))
    if stop.spent is not None and not _LIMITED & set(lead.select.accounts):
        yield Fault(
            ("stop", "spent"),
            f"`spent` never acts: the first role {name!r} has no limit",
            "a first role of accounts with a limit",
            "remove `spent:`, or put the role with the card first",
        )
    yield from _too_soon(story, stop.timeout)
    most = sum(_TRIES * payments(story, phase)[1] for phase in story.phases)
    if stop.declines is not None and stop.declines > most:
        yield Fault(
            ("stop", "declines"),
            f"{stop.declines:,} declines never happen: the story has at most {most:,} payments and retries",
            "no more than it can have",
            f"write `declines: {most}`, or remove it",
        )
    payers = [role for phase in story.phases for role in pays(story, phase)]
    if stop.declines is not None and all(role.select.outside for role in payers):
        yield Fault(
            ("stop", "declines"),
            "`declines` never acts: outside accounts are never declined",
            "payers that are accounts of a bank",
            "remove `declines:`",
        )


def _too_soon(story: Story, timeout: float | None) -> Iterator[Fault]:
    """Yield a timeout that comes before a phase can begin."""
    late = [] if timeout is None else [(name, begin) for name, begin in begins(story) if begin >= timeout]
    for name, begin in late[:1]:
        yield Fault(
            ("stop", "timeout"),
            f"phase {name!r} never happens: it begins {as_length(begin)} after the start at the earliest",
            "a timeout after the beginning of every phase",
            f"write `timeout: {as_length(2 * begin)}`, or shorten the waits before it",
        )


def label_faults(story: Story) -> Iterator[Fault]:
    """Yield names that a list says twice, and ``unreported`` phases in which nobody could complain."""
    lists: list[tuple[Loc, Sequence[str]]] = [
        (("labels", "fraud"), story.labels.fraud),
        (("labels", "laundering"), story.labels.laundering),
        (("labels", "unreported"), story.labels.unreported),
        (("typology",), story.typology),
        (("breaks",), story.breaks),
    ]
    for at, words in lists:
        for place, word in enumerate(words):
            if word in words[:place]:
                yield Fault((*at, place), f"{word!r} appears twice", "each once", "remove one")
    for place, word in enumerate(story.labels.unreported):
        if word not in story.labels.fraud:
            yield Fault(
                ("labels", "unreported", place),
                f"`unreported` never acts on {word!r}: only victims of fraud complain",
                "phases under `fraud:`",
                "remove it, or label the phase fraud",
            )


def variant_faults(story: Story) -> Iterator[Fault]:
    """Yield counts of a form that never act, because the phase covers the proceeds."""
    covers = {phase.name for phase in story.phases if phase.count == "cover"}
    for name, form in story.variants.items():
        for phase in sorted(covers & set(form.counts)):
            yield Fault(
                ("variants", name, "counts", phase),
                f"the count of {phase!r} never acts: the phase has as many payments as cover the proceeds",
                "counts of phases that have a number",
                "remove it, or write a number in the phase",
            )


def excuse_faults(story: Story, folder: Path) -> Iterator[Fault]:
    """Yield names under ``breaks`` that no policy rule has, of the shipped packs or of one in ``folder``."""
    if story.breaks and story.decoy:
        yield Fault(
            ("breaks",),
            "`breaks` never acts in a decoy: it has no labelled rows",
            "a story with labels",
            "remove `breaks:`",
        )
    if not story.breaks:
        return
    packs = [*sorted(shipped("constraints").glob("*.yaml")), *sorted(folder.glob("*.yaml"))]
    files = [pack for pack in packs if pack.is_file()]
    known = sorted({rule for pack in files for rule in _policy_rules(pack, pack.stat().st_mtime_ns)})
    for place, name in enumerate(story.breaks):
        if name not in known:
            remedy = did_you_mean(name, known) or "remove it, or put the rule pack beside the narrative"
            yield Fault(
                ("breaks", place), f"no policy rule is called {name!r}", f"one of {', '.join(known)}", remedy
            )


@lru_cache(maxsize=1024)
def _policy_rules(pack: Path, changed: int) -> frozenset[str]:
    """Return the policy rules of a pack, read again once it ``changed``; none of a file that is no pack."""
    try:
        data = read(pack).data
    except FinsimError:
        return frozenset()
    rules = data.get("rules", []) if isinstance(data, dict) and "finsim-rules" in data else []
    named = (rule for rule in rules if isinstance(rule, dict) and rule.get("level") == "policy")
    return frozenset(str(rule["id"]) for rule in named if "id" in rule)
