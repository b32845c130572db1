"""``Scorecard``: all scores of a run and one verdict for each intended use."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from finsim.errors import ProvenanceError, RecordError
from finsim.evaluation.metric import Score
from finsim.evaluation.uses import FAIL, PASS
from finsim.evaluation.verdicts import UseVerdict, judged_together, use_verdicts
from finsim.records.display.card import Card, Value
from finsim.records.display.fact_words import counted
from finsim.records.shown_rows import ShownTable
from finsim.records.storage import write_json

_DAMAGES = (OSError, ValueError, TypeError, LookupError, AttributeError, RecursionError, RecordError)
_COLUMNS = pa.schema(
    [(name, pa.string()) for name in ("use", "table", "metric", "subject", "verdict")]
    + [(name, pa.float64()) for name in ("value", "low", "high", "floor", "ceiling", "goal", "p")]
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
        """Judge the scores of each use together, in any sequence."""
        object.__setattr__(self, "scores", judged_together(self.scores))

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
        """Return one verdict per use that has scores, by ``finsim.evaluation.verdicts``; no global score."""
        return use_verdicts(self.scores)

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

    @classmethod
    def read(cls, path: Path) -> Scorecard:
        """Read the scorecard that ``write`` wrote; raises ProvenanceError when it is damaged or missing."""
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            return cls.from_dict(data)
        except _DAMAGES as bad:
            said = bad.strerror if isinstance(bad, OSError) else type(bad).__name__
            raise ProvenanceError(
                f"the scorecard is damaged ({said})",
                place=str(path),
                remedy=f"restore it, or compare the run with its record: finsim verify {path.parent}",
            ) from None

    def write(self, path: Path) -> None:
        """Write the scorecard as JSON, atomically."""
        write_json(path, self.to_dict())

    def table(self) -> str:
        """Return the verdict of each use, then a text table with one line a score, the failing ones first."""
        figures = ("value", "95 % interval", "floor", "ceiling", "goal", "p", "n")
        head = ("metric", "subject", *figures, "verdict")
        ordered = sorted(self.scores, key=lambda score: score.verdict != FAIL)
        lines = [head, *(_line(score) for score in ordered)]
        widths = [max(len(line[k]) for line in lines) for k in range(len(head))]
        text = []
        for verdict in self.verdicts().values():
            text.append(f"{verdict.use}: {verdict.verdict}")
            text.extend(f"  {one.table}: {one.verdict}" for one in verdict.tables if len(verdict.tables) > 1)
            text.extend(f"  {reason}" for reason in verdict.reasons)
        text += [""] if text else []
        text += [
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines
        ]
        return "\n".join(line.rstrip() for line in text)


def _line(score: Score) -> tuple[str, ...]:
    span = f"[{_number(score.low)}, {_number(score.high)}]" if score.low is not None else "-"
    figures = (_number(score.floor), _number(score.ceiling), _number(score.goal))
    chance = "-" if score.p is None else f"{score.p:.2g}"
    return (
        score.metric,
        score.subject,
        _number(score.value),
        span,
        *figures,
        chance,
        str(score.n),
        score.verdict,
    )


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"
