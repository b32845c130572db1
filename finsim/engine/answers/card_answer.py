"""What `finsim evaluate` says at its end: the verdict of each use with its first reason, and what is next."""

from __future__ import annotations

from pathlib import Path

from finsim.engine.answers.run_answer import why
from finsim.engine.answers.text_table import cut
from finsim.evaluation.scorecard import Scorecard
from finsim.evaluation.uses import FAIL, NO_POWER, NOT_COMPUTED, PASS, WARN

_GRAVE = (FAIL, WARN, NO_POWER, NOT_COMPUTED, PASS)


def card_text(card: Scorecard, output: Path | None = None) -> str:
    """Return all reasons and scores, and below them what a person wanted to know."""
    return "\n".join([card.table(), "", *card_lines(card, output)])


def card_lines(card: Scorecard, output: Path | None = None) -> list[str]:
    """Return one line a use, one of what was not computed, the scorecard's file, and ``next:``."""
    verdicts = card.verdicts()
    lines = [cut(f"{use}: {one.verdict}{why(one.to_dict())}") for use, one in verdicts.items()]
    reasons = dict.fromkeys(reason for one in verdicts.values() for reason in one.reasons)
    begin = f"{NOT_COMPUTED}: "
    missing = [reason.removeprefix(begin) for reason in reasons if reason.startswith(begin)]
    if missing:
        lines.append(cut(f"not computed: {'; '.join(missing)}"))
    if output is not None:
        lines.append(f"scorecard: {output}")
    return [*lines, f"next: finsim show {_worst(card)}"] if card.scores else lines


def _worst(card: Scorecard) -> str:
    """Return the metric to look up: the first one of the gravest verdict."""
    return min(card.scores, key=lambda score: _GRAVE.index(score.verdict)).metric
