"""The page drawn again, and the verdicts derived again: neither rests on what the run says of itself.

Both are exact only with the software of the run, and the page only beside the data that it was drawn with.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

from finsim.errors import FinsimError
from finsim.provenance.audit_log import Entry
from finsim.provenance.environment import environment
from finsim.provenance.seal import rewritten
from finsim.provenance.verifying.finding import Finding
from finsim.provenance.verifying.manifest_facts import SCORECARD, read_scorecard

PAGE = "report.html"
_NUMBER = re.compile(r"(-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)")


@dataclass(frozen=True)
class Again:
    """How to make again what can be made from a run alone; None: not here, and ``why`` says why."""

    page: Callable[[Path], str] | None = None
    verdicts: Callable[[Mapping[str, Any]], Mapping[str, Any]] | None = None
    why: str = "it was not asked for"


@dataclass(frozen=True)
class Outcome:
    """What came of one comparison: what disagrees, or a remark where nothing can be said."""

    findings: tuple[Finding, ...] = ()
    remark: str = ""
    compared: bool = False


def software(made: Mapping[str, Any]) -> str:
    """Return in words how the software here differs from that noted in a run, "" when it does not."""
    versions = made.get("versions")
    if not isinstance(versions, Mapping):
        return "software that the run does not name"
    here = environment(tuple(str(name) for name in versions if name not in ("python", "finsim")))
    other = [f"{name} {told}" for name, told in versions.items() if here["versions"].get(name) != told]
    if other:
        return ", ".join(other)
    return "" if made.get("source") == here["source"] else "another commit of finsim"


def draw_again(
    run: Path, manifest: Mapping[str, Any], log: list[Entry], again: Again, beside: str = ""
) -> Outcome:
    """Draw the page of a run whose files all agree, and compare it with the one that stands there.

    ``beside`` says which input of the run is not here any more ("": all are).
    """
    file = run / PAGE
    if file.is_symlink() or not file.is_file():
        return Outcome()
    if again.page is None:
        return Outcome(remark=f"{PAGE} was not drawn again: {again.why}")
    entry = rewritten(log).get(PAGE)
    made = manifest["environment"] if entry is None else entry.payload
    try:
        drawn = again.page(run)
    except FinsimError as error:
        return Outcome((Finding(PAGE, f"it cannot be drawn from the run: {error.problems[0].found}"),))
    there = file.read_bytes()
    if drawn.encode() == there:
        return Outcome(compared=True)
    for why in (software(made), beside):
        if why:
            return Outcome(remark=f"{PAGE} differs from the page drawn here, which may be due to: {why}")
    if not _same_processor(made) and same_but_for_rounding(drawn, there.decode("utf-8", "replace")):
        return Outcome(remark=f"{PAGE} is the page drawn here, but for the rounding of another processor")
    return Outcome(
        (Finding(PAGE, "not the page that is drawn from the tables, scores and manifest of the run"),)
    )


def _same_processor(made: Mapping[str, Any]) -> bool:
    told, here = made.get("platform"), environment()["platform"]
    return isinstance(told, Mapping) and all(
        told.get(name) == here[name] for name in ("system", "machine", "processor")
    )


def same_but_for_rounding(one: str, other: str) -> bool:
    """Tell whether two texts differ only in numbers, each by at most two units of its last shown digit."""
    for number, (a, b) in enumerate(zip_longest(_NUMBER.split(one), _NUMBER.split(other))):
        if a == b:
            continue
        if a is None or b is None or number % 2 == 0:
            return False
        digits = max((len(text.partition(".")[2].partition("e")[0]) for text in (a, b)), default=0)
        powers = {text.partition("e")[2] for text in (a, b)}
        step = 2 * math.pow(10.0, float(powers.pop() or 0) - digits)
        if not digits or powers or abs(float(a) - float(b)) > step:
            return False
    return True


def judge_again(run: Path, manifest: Mapping[str, Any], again: Again) -> Outcome:
    """Derive the verdicts of a scorecard from its scores, and compare them with those that it states."""
    card = read_scorecard(run)
    if card is None or again.verdicts is None:
        return Outcome()
    try:
        verdicts = again.verdicts(card)
    except (FinsimError, KeyError, TypeError, ValueError, AttributeError):
        return Outcome((Finding(SCORECARD, "its scores cannot be read"),))
    if verdicts == card.get("verdicts"):
        return Outcome(compared=bool(card.get("scores")))  # a run that was never judged has no verdicts
    if why := software(manifest["environment"]):
        return Outcome(
            remark=f"the verdicts of {SCORECARD} differ from those derived here, maybe due to: {why}"
        )
    return Outcome((Finding(SCORECARD, "its verdicts do not follow from its scores"),))
