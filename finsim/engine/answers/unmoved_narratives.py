"""Narratives whose rate no scenario of a study changes, though its scenarios change that of others."""

from __future__ import annotations

import numpy as np

from finsim.engine.study.study_resolution import Plan


def unmoved_narratives(plan: Plan) -> dict[str, str]:
    """Return narrative -> why its rate is the same in every scenario of a study, in a few words.

    Nothing is returned for a study whose scenarios change no rate at all, and for decoys, which none changes.
    """
    if not _changes_any(plan):
        return {}
    named = {name for one in plan.scenarios.values() for name in (*one.fraud.intensity, *one.aml)}
    found: dict[str, str] = {}
    for story in plan.narratives:
        own = [*story.typology, *(form.typology for form in story.variants.values() if form.typology)]
        if not story.decoy and not named & {*own}:
            words = ", ".join(dict.fromkeys(own))
            found[story.id] = f"typology {words}, no scenario in this study changes its rate"
    return found


def unmoved_text(plan: Plan) -> str:
    """Return the same in one line, '' where every narrative is moved by some scenario."""
    found = unmoved_narratives(plan)
    first, *more = [*found] or [""]
    others = f"; nor of {', '.join(more)}" if more else ""
    return f"narrative {first}: {found[first]}{others}" if first else ""


def _changes_any(plan: Plan) -> bool:
    series = (one for drivers in plan.drivers.values() for one in drivers.intensity.values())
    return any(bool(np.any(one != 1.0)) for one in series)
