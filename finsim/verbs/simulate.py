"""``simulate``: transactions with fraud and laundering stories, without any input data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from finsim.engine import simulate_transactions as engine
from finsim.records.transactions import Transactions
from finsim.verbs.progress import Progress, reporting

__all__ = ["simulate"]

Narratives = str | Sequence[str] | Mapping[str, float | None] | None


def simulate(
    *,
    accounts: int = 2_000,
    days: int = 30,
    start: date | str = engine.START,
    narrative: Narratives = None,
    schemes: Mapping[str, int] | None = None,
    scenario: str | Path | None = None,
    severity: float = 1.0,
    seed: int = 0,
    output: str | Path | None = None,
    progress: Progress = True,
) -> Transactions:
    """Simulate bank transactions; needs no input data.

    Args:
        accounts: customer accounts, at least 200.
        days: calendar days.
        start: the first day.
        narrative: narratives by name or file: one, several, or name -> rate (schemes per 1,000 accounts
            and year, None for the file's own); every shipped narrative and decoy when left out.
        schemes: narrative -> exact number of schemes, instead of a rate.
        scenario: scenario file or shipped name whose behaviour, fraud and laundering act on the days.
        severity: of the scenario; 0 is the identity, 1 is as written.
        seed: root seed.
        output: also write the tables into this new folder.
        progress: True, False, or a function ``(stage, done, total)``.

    Returns:
        Transactions: rows, accounts and injected schemes.

    Raises:
        NarrativeError, ScenarioError, StudyError: for unknown names and wrong values, before any work.

    Example:
        >>> import finsim
        >>> world = finsim.simulate(accounts=300, days=5, schemes={"account_takeover": 2}, progress=False)
        >>> world.patterns.num_rows
        2

    """
    wanted = engine.Wanted(
        accounts=accounts,
        days=days,
        start=engine.first_day(start),
        uses=engine.uses_of(narrative, schemes),
        scenario=None if scenario is None else str(scenario),
        severity=severity,
    )
    with reporting(progress) as step:
        return engine.simulate(wanted, seed=seed, output=output, progress=step)
