"""Rows that stay broken after all rounds: dropped, or left as they were given and flagged.

One hopeless row never costs the table. Rows that depend on it are judged against what is left of it, and
mended in further rounds; what is still broken after a few such turns is put back without further rounds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from finsim.constraints.repairing.nonconvergence import at_odds
from finsim.constraints.repairing.repair_report import GivenUp
from finsim.constraints.repairing.repair_rounds import Rounds
from finsim.constraints.repairing.table_under_repair import Workpiece
from finsim.notation import Int1D

_TURNS, _LAST_TURNS = 8, 100
_SHOWN = 5
_NONE: Int1D = np.zeros(0, dtype=np.int64)


@dataclass
class _Lost:
    """Rows given up, as given, by outcome and the rules that had to mend them in the last round."""

    rows: dict[tuple[str, tuple[str, ...]], Int1D] = field(default_factory=dict)

    def add(self, outcome: str, rules: tuple[str, ...], origins: Int1D) -> None:
        """Add rows that were given up together."""
        self.rows[outcome, rules] = np.union1d(self.rows.get((outcome, rules), _NONE), origins)


def settle(rounds: Rounds, given: pa.Table, before: Workpiece) -> tuple[GivenUp, ...]:
    """Run the rounds of repairs and give up what they cannot mend; return what was given up.

    ``given`` is the table as it came, ``before`` the same as a workpiece of its own, on which rules at odds
    are looked for.
    """
    lost = _Lost()
    for turn in range(_TURNS + _LAST_TURNS):
        broken = rounds.settle() if turn < _TURNS else rounds.all_open()
        if not broken:
            break
        _give_up(rounds, broken, given, lost, turn >= _TURNS)
    return _told(rounds, lost, before)


def _give_up(
    rounds: Rounds, broken: Mapping[str, Int1D], given: pa.Table, lost: _Lost, is_late: bool
) -> None:
    """Drop or freeze rows that are still broken.

    First those that two rules pull to and fro: a row under one rule alone may only follow such a row. When
    it ``is_late`` all are frozen.
    """
    by_id = {rule.id: rule for rule in rounds.acting}
    origins = np.unique(np.concatenate([rounds.piece.origins(rows) for rows in broken.values()]))
    names = [rule.id for rule in rounds.acting if rule.id in rounds.struggling]
    struggled = np.array([np.isin(origins, rounds.struggling[name]) for name in names])
    torn = struggled.sum(axis=0) > 1
    if torn.any() and not is_late:
        origins, struggled = origins[torn], struggled[:, torn]
    for pattern in np.unique(struggled, axis=1).T:
        mine = origins[(struggled == pattern[:, None]).all(axis=0)]
        rules = tuple(name for name, is_in in zip(names, pattern, strict=True) if is_in)
        dropping = [name for name in rules if _drops(rounds, name)]
        lost.add("drop" if dropping and not is_late else "flag", rules, mine)
        if dropping and not is_late:
            rounds.drop(by_id[dropping[0]], _rows(rounds, mine))
        else:
            rounds.freeze(_rows(rounds, mine), given)


def _drops(rounds: Rounds, name: str) -> bool:
    repair = next(rule.repair for rule in rounds.acting if rule.id == name)
    return repair is not None and "drop" in (repair.do, repair.otherwise)


def _rows(rounds: Rounds, origins: Int1D) -> Int1D:
    """Return where rows as given stand now."""
    piece = rounds.piece
    return np.flatnonzero(np.isin(piece.origins(np.arange(piece.source.rows)), origins))


def _told(rounds: Rounds, lost: _Lost, before: Workpiece) -> tuple[GivenUp, ...]:
    """Return what was given up; rows that were put back and then break nothing do not count."""
    still = [rounds.piece.origins(rounds.watch.rows(rule)) for rule in rounds.acting] if lost.rows else []
    broken = np.unique(np.concatenate(still)) if still else _NONE
    found = []
    for (outcome, rules), rows in lost.rows.items():
        kept = rows if outcome == "drop" else rows[np.isin(rows, broken)]
        if not len(kept):
            continue
        for account in (rounds.accounts[name] for name in rules):
            account.given_up += len(kept) if account.do != "resample" else 0
        odds = at_odds(before, rounds.acting, rounds.terms, int(kept[0]))
        shown = tuple(kept[:_SHOWN].tolist())
        found.append(GivenUp(tuple(odds) or rules, outcome, len(kept), shown))
    return tuple(found)
