"""``study``: a study from values, checked like a file."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from finsim.call_errors import public
from finsim.engine.study.study_file import Study, study_of
from finsim.verbs.calling.argument_checks import Arguments

__all__ = ["study"]

Part = Mapping[str, Any] | None


@public
def study(
    values: Mapping[str, Any] | None = None,
    *,
    id: str = "study",
    title: str = "",
    seed: int = 7,
    start: date | str = "2025-12-31",
    market: Part = None,
    transactions: Part = None,
    credit: Part = None,
    scenarios: Any = ("base",),
    evaluation: Part = None,
    feedback: Part | bool = None,
) -> Study:
    """Return a study from values, checked like a study file; paths are relative to the working folder.

    Args:
        values: the whole study as a mapping, with the keys of a study file; else the parts below.
        id: name of the study and of its output folder.
        title: one line.
        seed: root seed.
        start: jump-off day of all worlds.
        market: keys of the file's ``market:``, such as ``{"data": "prices.csv", "paths": 50}``.
        transactions: keys of ``transactions:``.
        credit: keys of ``credit:``.
        scenarios: names, files, or mappings with a severity.
        evaluation: keys of ``evaluation:``; ``{"enabled": False}`` leaves the evidence out.
        feedback: True, or keys of ``feedback:``: what a scenario sets off acts back on its macro path.

    Returns:
        A Study for ``run``, ``plan`` and ``stress``.

    Raises:
        StudyError: for every wrong key, value and name, all at once.

    Example:
        >>> import finsim
        >>> study = finsim.study(transactions={"accounts": 300, "days": 10})
        >>> study.transactions.accounts
        300

    """
    parts = {"market": market, "transactions": transactions, "credit": credit, "evaluation": evaluation}
    wrong = Arguments("study")
    for name, part in {"values": values, **parts}.items():
        example = "market={'data': 'prices.csv'}" if name in ("values", "market") else f"{name}={{}}"
        kinds = (Mapping, type(None))
        wrong.kinds(name, part, kinds, "a mapping with the keys of a study file", f"write {example}")
    wrong.kinds("feedback", feedback, (Mapping, bool, type(None)), "True, or its keys", "write feedback=True")
    wrong.kinds("id", id, (str,), "a name", "write id='mine'").settle()
    if values is None:
        values = {
            "id": id,
            "title": title or id,
            "seed": seed,
            "start": str(start),
            "scenarios": list(scenarios) if isinstance(scenarios, tuple | list) else scenarios,
            **{name: dict(part) for name, part in parts.items() if part is not None},
            **({} if feedback is None else {"feedback": feedback}),
        }
    return study_of(dict(values), Path.cwd())
