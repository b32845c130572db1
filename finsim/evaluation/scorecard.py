"""``Scorecard``: all scores of a run and one verdict for each intended use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from finsim.evaluation.metric import FAIL, NOT_COMPUTED, PASS, USES, WARN, Score
from finsim.records.display.card import Card, Value
from finsim.records.display.fact_words import counted
from finsim.records.shown_rows import ShownTable
from finsim.records.storage import write_json

WARN_SHARE = 0.10


@dataclass(frozen=True)
class UseVerdict:
    """The verdict on one use, the reasons behind it and how many scores had which verdict."""

    use: str
    verdict: str
    reasons: tuple[str, ...]
    counts: Mapping[str, int]

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return {
            "use": self.use,
            "verdict": self.verdict,
            "reasons": list(self.reasons),
            "counts": dict(self.counts),
        }


_COLUMNS = pa.schema(
    [(name, pa.string()) for name in ("use", "metric", "subject", "verdict")]
    + [(name, pa.float64()) for name in ("value", "low", "high", "floor", "ceiling", "goal")]
    + [("n", pa.int64()), *((name, pa.string()) for name in ("unit", "direction", "reason", "note"))]
)


@dataclass(frozen=True, repr=False)
class Scorecard(ShownTable):
    """The scores of a run, in the order in which they were computed; as a table one row a score.

    ``remarks`` are sentences on the real data that were judged against: splits, holes, assets listed later.

    Example:
        >>> import finsim
        >>> card = finsim.Scorecard(())
        >>> len(card), card.verdicts()
        (0, {})

    """

    scores: tuple[Score, ...]
    remarks: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Accept any sequence of scores."""
        object.__setattr__(self, "scores", tuple(self.scores))

    def _table(self) -> pa.Table:
        return pa.Table.from_pylist([score.to_dict() for score in self.scores], _COLUMNS)

    def card(self) -> Card:
        """Return the verdict of each use with the counts of its scores, and what failed first."""
        found = self.verdicts().values()
        counts = [", ".join(f"{n} {word}" for word, n in one.counts.items() if n) for one in found]
        facts: list[tuple[str, Value]] = []
        for one, text in zip(found, counts, strict=True):
            facts.append((one.use, f"{one.verdict} ({text})"))
            facts += [(f"why {one.verdict}", reason) for reason in one.reasons[:1] if one.verdict != PASS]
        facts += [] if facts else [("verdicts", "none: nothing was judged")]
        facts.append(("metrics", tuple(dict.fromkeys(score.metric for score in self.scores))))
        title = f"Scorecard: {counted(len(self.scores), 'score')}"
        return Card(title, tuple(facts), "table() lists every score" if self.scores else "")

    def verdicts(self) -> dict[str, UseVerdict]:
        """Return one verdict per use that has scores; there is no global score.

        fail: a score fails. warn: more than 10 % of the computed scores warn (assumption: twice what
        chance gives at the 5 % level of each). not computed: nothing could be measured. Else pass.
        """
        found = {}
        for use in USES:
            scores = [score for score in self.scores if score.use == use]
            if scores:
                found[use] = _judge_use(use, scores)
        return found

    def of(self, metric: str, subject: str | None = None) -> list[Score]:
        """Return the scores of a metric, of one subject if given."""
        return [s for s in self.scores if s.metric == metric and subject in (None, s.subject)]

    def to_dict(self) -> dict[str, Any]:
        """Return scores and verdicts as plain JSON types."""
        return {
            "scores": [score.to_dict() for score in self.scores],
            "verdicts": {use: verdict.to_dict() for use, verdict in self.verdicts().items()},
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Scorecard:
        """Rebuild a scorecard from ``to_dict``; verdicts are derived again from the scores."""
        return cls(tuple(Score.from_dict(score) for score in data["scores"]))

    def write(self, path: Path) -> None:
        """Write the scorecard as JSON, atomically."""
        write_json(path, self.to_dict())

    def table(self) -> str:
        """Return a text table, one line a score, and the verdict of each use below."""
        head = ("metric", "subject", "value", "95 % interval", "floor", "ceiling", "goal", "n", "verdict")
        lines = [head, *(_line(score) for score in self.scores)]
        widths = [max(len(line[k]) for line in lines) for k in range(len(head))]
        text = [
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines
        ]
        for verdict in self.verdicts().values():
            text.append(f"{verdict.use}: {verdict.verdict}")
            text.extend(f"  {reason}" for reason in verdict.reasons)
        return "\n".join(line.rstrip() for line in text)


def _judge_use(use: str, scores: list[Score]) -> UseVerdict:
    counts = {
        verdict: sum(score.verdict == verdict for score in scores)
        for verdict in (PASS, WARN, FAIL, NOT_COMPUTED)
    }
    computed = len(scores) - counts[NOT_COMPUTED]
    if counts[FAIL]:
        verdict = FAIL
    elif computed == 0:
        verdict = NOT_COMPUTED
    else:
        verdict = WARN if counts[WARN] > WARN_SHARE * computed else PASS
    order = {FAIL: 0, WARN: 1, NOT_COMPUTED: 2}
    listed = sorted((score for score in scores if score.verdict in order), key=lambda s: order[s.verdict])
    reasons = tuple(f"{s.verdict}: {s.metric} of {s.subject}: {s.reason}" for s in listed)
    return UseVerdict(use, verdict, reasons, counts)


def _line(score: Score) -> tuple[str, ...]:
    span = f"[{_number(score.low)}, {_number(score.high)}]" if score.low is not None else "-"
    figures = (_number(score.floor), _number(score.ceiling), _number(score.goal))
    return (score.metric, score.subject, _number(score.value), span, *figures, str(score.n), score.verdict)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"
