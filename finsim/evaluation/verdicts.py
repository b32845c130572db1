"""Verdicts of a use: Holm over its scores, required metrics, one line for each table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from finsim.evaluation.metric import HIGHER, Score, apart
from finsim.evaluation.metric_catalog import METRICS
from finsim.evaluation.uses import (
    ALL_ASSETS,
    FAIL,
    NO_POWER,
    NOT_COMPUTED,
    PASS,
    USES,
    VERDICTS,
    WARN,
    WORST_FIRST,
)

LEVEL, LEAD, REQUIRED_PARTS = 0.05, 0.5, 2.0
WARN_SHARE = 0.10
_CHANCE, _PLAIN = "; p ", "is above the goal"


@dataclass(frozen=True)
class TableVerdict:
    """The verdict of one use on one table: what lacks, its weakest score, and what it rests on.

    ``n`` is the smallest number of rows, paths or instances behind a required score.
    """

    table: str
    verdict: str
    lacks: tuple[str, ...]
    weakest: str
    n: int
    counts: Mapping[str, int]

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types."""
        found = {name: getattr(self, name) for name in ("table", "verdict", "weakest", "n")}
        return {**found, "lacks": list(self.lacks), "counts": dict(self.counts)}


@dataclass(frozen=True)
class UseVerdict:
    """The verdict on one use, the reasons behind it, how many scores had which verdict, and each table's."""

    use: str
    verdict: str
    reasons: tuple[str, ...]
    counts: Mapping[str, int]
    tables: tuple[TableVerdict, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return {
            "use": self.use,
            "verdict": self.verdict,
            "reasons": list(self.reasons),
            "counts": dict(self.counts),
            "tables": [table.to_dict() for table in self.tables],
        }


def judged_together(scores: Iterable[Score]) -> tuple[Score, ...]:
    """Return the scores with the verdict ``fail`` where Holm's procedure over their use says so.

    Among the scores of a use that have a ``p``, the chance that any of a perfect twin's fails is at most
    ``LEVEL``. Every metric has an equal part of it on each table, so that one with many subjects does not
    silence the others, and one without which the use has no verdict has two parts; its scores share that
    evenly, but a first score of all assets together, which sees the most, has half of it. Scores that are
    not rejected are warnings.
    Applied twice it changes nothing. Source: Holm 1979, with weights.
    """
    found = list(scores)
    for use in USES:
        listed = [k for k, one in enumerate(found) if one.use == use and one.p is not None]
        weight = _weights([found[k] for k in listed], listed)
        listed.sort(key=lambda k: (found[k].p or 0.0) / weight[k])
        left, rejecting = sum(weight.values()), True
        for k in listed:
            one = found[k]
            allowed = LEVEL * weight[k] / max(left, weight[k])
            left -= weight[k]
            rejecting = rejecting and (one.p or 0.0) <= allowed
            if one.verdict in (WARN, FAIL):
                found[k] = _decided(one, rejecting, allowed)
    return tuple(found)


def _weights(scores: Sequence[Score], names: Sequence[int]) -> dict[int, float]:
    """Return the parts of each score, those of its metric on its table shared out."""
    groups: dict[tuple[str, str], list[int]] = {}
    for place, score in enumerate(scores):
        groups.setdefault((score.metric, score.table), []).append(place)
    found = {}
    for places in groups.values():
        parts = REQUIRED_PARTS if _is_required(scores[places[0]]) else 1.0
        leads = len(places) > 1 and scores[places[0]].subject.startswith(ALL_ASSETS)
        rest = (1.0 - LEAD) / (len(places) - 1) if leads else 1.0 / len(places)
        for place in places:
            found[names[place]] = parts * (LEAD if leads and place == places[0] else rest)
    return found


def _decided(score: Score, rejected: bool, allowed: float) -> Score:
    """Return the score with Holm's verdict; a reason that says more than value and goal is kept."""
    value, goal = score.value or 0.0, score.goal or 0.0
    own = score.reason.split(_CHANCE, 1)[0]
    if value > goal:
        shown = apart(value, goal)
        plain = f"{shown[0]} is {'below' if score.direction == HIGHER else 'above'} the goal {shown[1]}"
        more = own if own.startswith(plain) else f"{plain}: {own}"
        own = plain if not own or _PLAIN in own.removeprefix(plain) else more
    compared = "at most" if rejected else "above"
    reason = f"{own}{_CHANCE}{score.p:.2g} is {compared} the {allowed:.2g} that Holm allows it"
    return replace(score, verdict=FAIL if rejected else WARN, reason=reason)


def use_verdicts(scores: Sequence[Score]) -> dict[str, UseVerdict]:
    """Return one verdict per use that has scores; there is no global score.

    A table fails when a score fails; it is not computed when a required metric has no score on it, and has
    no power when a required score cannot see what its goal forbids; it warns when more than 10 % of its
    computed scores warn (assumption: twice what chance gives at 5 % each). The worst table decides.
    """
    found = {}
    for use in USES:
        own = [score for score in scores if score.use == use]
        if own:
            found[use] = _of_use(use, own)
    return found


def _of_use(use: str, scores: list[Score]) -> UseVerdict:
    names = dict.fromkeys(score.table for score in scores)
    tables = tuple(_of_table(use, name, [s for s in scores if s.table == name]) for name in names)
    verdict = min((table.verdict for table in tables), key=WORST_FIRST.index)
    listed = sorted(
        (score for score in scores if score.verdict != PASS),
        key=lambda s: (s.verdict != verdict, WORST_FIRST.index(s.verdict), not _is_required(s)),
    )
    absent = [
        _absence(table, name) for table in tables for name in table.lacks if not _has(scores, table, name)
    ]
    reasons = tuple(f"{s.verdict}: {s.metric} of {_subject(s)}: {s.reason}" for s in listed)
    reasons = (*reasons, *absent) if verdict == FAIL else (*absent, *reasons)
    return UseVerdict(use, verdict, reasons, _counts(scores), tables)


def _of_table(use: str, table: str, scores: list[Score]) -> TableVerdict:
    counts = _counts(scores)
    required = METRICS.required({score.metric for score in scores}, use)
    lacks, blind = [], False
    for name in required:
        own = [score for score in scores if score.metric == name]
        if all(score.verdict == NOT_COMPUTED for score in own):
            lacks.append(name)
        silent = [score for score in own if score.verdict in (PASS, NO_POWER)]
        unable = sum(score.verdict == NO_POWER for score in silent)
        blind = blind or 0 < len(silent) <= 2 * unable
    computed = len(scores) - counts[NOT_COMPUTED] - counts[NO_POWER]
    if counts[FAIL]:
        verdict = FAIL
    elif lacks or computed + counts[NO_POWER] == 0:
        verdict = NOT_COMPUTED
    elif blind or computed == 0:
        verdict = NO_POWER
    else:
        verdict = WARN if counts[WARN] > WARN_SHARE * computed else PASS
    sizes = [score.n for score in scores if score.metric in required and score.n > 0]
    return TableVerdict(table, verdict, tuple(lacks), _weakest(scores), min(sizes, default=0), counts)


def _weakest(scores: list[Score]) -> str:
    """Return the score nearest to its limit, or beyond it: the worst verdict, then the smallest p."""
    ranked = [score for score in scores if score.value is not None]
    if not ranked:
        return ""
    worst = min(ranked, key=lambda s: (WORST_FIRST.index(s.verdict), 1.0 if s.p is None else s.p))
    return f"{worst.metric} of {worst.subject}"


def _counts(scores: Sequence[Score]) -> dict[str, int]:
    return {verdict: sum(score.verdict == verdict for score in scores) for verdict in VERDICTS}


def _is_required(score: Score) -> bool:
    return score.metric in METRICS.required({score.metric}, score.use)


def _has(scores: Sequence[Score], table: TableVerdict, metric: str) -> bool:
    return any(score.metric == metric and score.table == table.table for score in scores)


def _absence(table: TableVerdict, metric: str) -> str:
    where = f" of {table.table}" if table.table else ""
    return f"{NOT_COMPUTED}: {metric}{where}: no verdict without it, and it was not run"


def _subject(score: Score) -> str:
    return f"{score.subject} ({score.table})" if score.table else score.subject
