"""``inject``: schemes put into the user's own payments, every real row kept."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from finsim.call_errors import public
from finsim.engine.injection.inject import Injected
from finsim.engine.injection.inject import inject as put_in
from finsim.errors import Problem, StudyError
from finsim.markets.prices import SchemaSource, as_schema
from finsim.verbs.calling.argument_checks import Arguments, found
from finsim.verbs.calling.progress import Progress, reporting
from finsim.verbs.handover.fetched import here

__all__ = ["inject"]

Narratives = str | Path | Sequence[str | Path] | None
DATA = "payments: a file, a DataFrame, an Arrow or polars table"


@public
def inject(
    data: Any,
    *,
    narratives: Narratives = None,
    rate: float | None = None,
    output: str | Path | None = None,
    seed: int = 0,
    schema: SchemaSource = None,
    csv: str | None = None,
    progress: Progress = True,
) -> Injected:
    """Put schemes of fraud and money laundering into a table of payments, between its own entities.

    Every real row is kept as it is; label columns are added. Columns are those of ``schema`` by their
    ``role`` (date, amount, from_account, to_account, merchant, id), else known by their headers.

    Args:
        data: payments: a file, a DataFrame, an Arrow or polars table.
        narratives: names or files, several as a list or with commas between them.
        rate: added rows as a share of the real rows, split evenly between the narratives; the narratives'
            own rates per entity and year when left out, one scheme at least.
        output: new folder for ``transactions.parquet`` and ``patterns.parquet``; must be given.
        seed: root seed.
        schema: what the columns are: a schema file or a Schema.
        csv: how text is written, such as ``sep=;,decimal=,``.
        progress: True, False, or a function ``(stage, done, total)``.

    Returns:
        Injected: how much was added, and what would give the added rows away.

    Raises:
        StudyError: for wrong arguments, and for narratives that need what the table does not know, all at
            once. NarrativeError: for unknown narratives. DataError: for a table that cannot be used.

    Example:
        >>> import finsim
        >>> rows = finsim.simulate(accounts=300, days=20, schemes={}, seed=1, progress=False).to_pandas()
        >>> ledger = rows[["ts", "from_account", "to_account", "amount"]]
        >>> made = finsim.inject(ledger, narratives="payroll_fan_out", output="x", progress=False)
        >>> made.rows == len(ledger)
        True

    """
    wrong = Arguments("inject").table("data", data, (), DATA, "write finsim.inject('payments.csv')")
    wrong.kinds(
        "narratives", narratives, (str, Path, list, tuple), "narratives by name or file",
        "write narratives=['account_takeover']",
    ).kinds("output", output, (str, Path), "a new folder", "write output='injected'")  # fmt: skip
    wrong.numbers({"rate": rate, "seed": seed}, "rate").reading(schema, csv).progress(progress).settle()
    names = _names(narratives)
    with reporting(progress) as step:
        return put_in(
            here(data, "inject: data"),
            names,
            Path(str(output)),
            as_schema(schema, csv),
            rate=rate,
            seed=seed,
            progress=step,
        )


def _names(narratives: Narratives) -> list[str]:
    """Return the narratives that are named. Raises StudyError for none, and for one that is named twice."""
    listed = narratives.split(",") if isinstance(narratives, str) else narratives
    named = [listed] if isinstance(listed, Path) else list(listed or ())
    wrong = [found(name) for name in named if not isinstance(name, str | Path)]
    names = [str(name).strip() for name in named]
    twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    known = "write account_takeover; finsim list narratives names them"
    told = [(f"{name} is no name or file", known) for name in wrong]
    told += [(f"{name or 'an empty name'} is named twice", "name it once") for name in twice]
    if not [name for name in names if name]:
        told = [("no narrative is named", known)]
    if told:
        raise StudyError.of(
            Problem("inject: narratives", one, "narratives by name or file, each once", remedy)
            for one, remedy in told
        )
    return names
