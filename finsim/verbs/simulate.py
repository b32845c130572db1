"""``simulate``: transactions with fraud and laundering stories, without any input data."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

from finsim.call_errors import public
from finsim.engine import simulate_transactions as engine
from finsim.errors import Problem, StudyError
from finsim.records.transactions import Transactions
from finsim.verbs.calling.argument_checks import RATE, Arguments, as_day, found
from finsim.verbs.calling.progress import Progress, reporting

__all__ = ["simulate"]


@public
def simulate(
    *,
    accounts: int = 2_000,
    days: int = 30,
    start: date | str = engine.START,
    narrative: engine.Narratives = None,
    schemes: Mapping[str, int] | None = None,
    evade: float = 0.0,
    scenario: str | Path | None = None,
    severity: float = 1.0,
    observed: Mapping[str, Mapping[str, float | str]] | None = None,
    blocking: float = 0.0,
    seed: int = 0,
    output: str | Path | None = None,
    progress: Progress = True,
) -> Transactions:
    """Simulate bank transactions; needs no input data.

    Args:
        accounts: customer accounts, at least 200.
        days: calendar days.
        start: the first day.
        narrative: narratives by name or file: one, several, or name -> rate (in the unit of its
            file, None for the file's own); the standard stories and their decoys when left out.
        schemes: narrative -> exact number of schemes, instead of a rate.
        evade: how far every scheme hides, from 0 (as its file says) to 1; ordinary orders stay as they are.
        scenario: scenario file or shipped name whose behaviour, fraud and laundering act on the days.
        severity: of the scenario; 0 is the identity, 1 is as written.
        observed: what banks come to know, and when, as in a study: part -> rate -> value, such as
            ``{"card": {"found": 0.7}}``; usual rates when left out. No order and no truth changes with it.
        blocking: share of the accounts that banks find, by reports and recalls, which they block: every later
            payment of and to them is declined.
        seed: root seed.
        output: also write the tables into this new folder.
        progress: True, False, or a function ``(stage, done, total)``.

    Returns:
        Transactions: rows, accounts and injected schemes.

    Raises:
        StudyError: for wrong arguments, all at once. NarrativeError, ScenarioError: for unknown names and
            wrong files, before any work.

    Example:
        >>> import finsim
        >>> world = finsim.simulate(accounts=300, days=5, schemes={"account_takeover": 2}, progress=False)
        >>> world.patterns.num_rows
        2

    """
    wrong = Arguments("simulate").day("start", start)
    wrong.numbers({"accounts": accounts, "days": days, "severity": severity, "evade": evade, "seed": seed})
    wrong.numbers({"blocking": blocking})
    wrong.kinds(
        "narrative", narrative, (str, Path, list, tuple, Mapping, type(None)), "narratives by name or file",
        "write narrative=['account_takeover']",
    ).kinds(
        "schemes", schemes, (Mapping, type(None)), "narrative -> number of schemes",
        "write schemes={'account_takeover': 50}",
    ).kinds(
        "scenario", scenario, (str, Path, type(None)), "a scenario by name or file",
        "write scenario='covid-2020'",
    ).kinds(
        "observed", observed, (Mapping, type(None)), "part -> rate -> value",
        "write observed={'card': {'found': 0.7}}",
    ).files({"output": output}).progress(progress).settle()  # fmt: skip
    _check_rates(narrative)
    wanted = engine.Wanted(
        accounts=accounts,
        days=days,
        start=as_day(start) or engine.START,
        uses=engine.uses_of(narrative, schemes),
        evade=evade,
        scenario=None if scenario is None else str(scenario),
        severity=severity,
        observed=observed,
        blocking=blocking,
    )
    with reporting(progress) as step:
        return engine.simulate(wanted, seed=seed, output=output, progress=step)


def _check_rates(narrative: engine.Narratives) -> None:
    """Raise StudyError for a narrative that is no text, and a rate that is no number of 0 or more."""
    rates = narrative if isinstance(narrative, Mapping) else {}
    wrong = [
        Problem("simulate: narrative", found(name), "narratives by name or file", "write 'account_takeover'")
        for name in ([narrative] if isinstance(narrative, str | Path) else narrative or ())
        if not isinstance(name, str | Path)
    ]
    wrong += [
        Problem(
            "simulate: narrative",
            f"{name}: {found(rate)}",
            "a rate in the unit of its file, 0 or more",
            "write narrative={'account_takeover': 0.02}",
        )
        for name, rate in rates.items()
        if rate is not None and not RATE.takes(rate)
    ]
    if wrong:
        raise StudyError.of(wrong)
