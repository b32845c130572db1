"""Which columns of added rows follow, which do not, and what that gives away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from finsim.engine.injection.added_rows import Added
from finsim.engine.injection.entity_histories import Histories
from finsim.engine.injection.following.balance_breaks import Breaks, balance_breaks
from finsim.engine.injection.following.running_balance import running_balances, with_balance
from finsim.engine.injection.ledger_rows import Ledger
from finsim.engine.injection.ledger_sample import LedgerSample
from finsim.engine.injection.merging import Places
from finsim.notation import Int1D


@dataclass(frozen=True)
class Following:
    """``follows`` the headers of second dates that do, ``left`` columns that do not; ``breaks`` of balances.

    ``behind``: days behind, by header, of the sampled rows int64[n] and of the added ones int64[m].
    """

    follows: tuple[str, ...]
    left: tuple[str, ...]
    behind: Mapping[str, tuple[Int1D, Int1D]]
    breaks: tuple[Breaks, ...] = ()


def with_balances(
    added: Added, follows: Following, where: Places, known: tuple[LedgerSample, Histories], ledger: Ledger
) -> tuple[Added, Following]:
    """Return added rows whose running balances go on, and what follows with them.

    A column of the role balance that is not seen to run keeps the cells of other rows, and is named.
    """
    breaks = []
    for law in running_balances(*known, ledger) if added.cells.num_rows else ():
        added, chain, balances = with_balance(law, added, where, *known, ledger)
        breaks.append(balance_breaks(law, chain, balances))
    part = ledger.columns.parts.get("balance")
    left = follows.left
    if part is not None and part.header not in {one.header for one in breaks}:
        left = (*left, part.header)
    return added, replace(follows, left=left, breaks=tuple(breaks))
