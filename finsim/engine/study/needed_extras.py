"""Which extras of the installation the parts of a study need; said before any work."""

from __future__ import annotations

from finsim.engine.study.study_file import Study
from finsim.extras import needs
from finsim.generators import EVENT_GENERATORS, GENERATORS, TABLE_GENERATORS


def _extra_of(name: str) -> str:
    return EVENT_GENERATORS.entry(name).extra


def needed_extras(study: Study) -> list[str]:
    """Return the extras that a run of the study imports."""
    wanted = []
    if study.market:
        wanted += ["markets", GENERATORS.entry(study.market.generator.name).extra]
    if study.transactions and study.transactions.data:
        wanted += ["learn"] if study.transactions.body is None else [_extra_of(study.transactions.body.name)]
    if study.credit:
        wanted.append("credit")
        if not study.credit.keep:
            wanted.append(TABLE_GENERATORS.entry(study.credit.learner().name).extra)
    if study.evaluation.enabled:
        wanted.append("evaluate")
    return [extra for extra in [*wanted, "report"] if extra]


def refuse_missing_extras(study: Study) -> None:
    """Raise StudyError with one pip line for all the extras that a run lacks."""
    needs(needed_extras(study), f"study {study.id}")
