"""``check``, ``repair`` and ``explain``: any table against a rule pack."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from finsim.call_errors import public
from finsim.constraints.checking.check_report import CheckReport
from finsim.constraints.packs.ruleset import RuleSet
from finsim.errors import StudyError
from finsim.verbs.calling.argument_checks import Arguments
from finsim.verbs.calling.progress import Progress, reporting
from finsim.verbs.handover.fetched import here

if TYPE_CHECKING:
    from finsim.constraints.explaining.explain import Explanation
    from finsim.constraints.repairing.repair_report import RepairReport
    from finsim.engine.tables_to_check import Gathered
    from finsim.tables import Schema

__all__ = ["Repaired", "check", "explain", "repair"]


@public
def check(
    data: Any,
    rules: RuleSet | str | Path,
    *,
    schema: Schema | str | Path | None = None,
    csv: str | None = None,
    table: str | Sequence[str] = (),
    params: Mapping[str, object] | None = None,
    tier: str = "auto",
    threads: int = 1,
    progress: Progress = True,
) -> CheckReport:
    """Check a table, or the tables of a folder, against a rule pack.

    Args:
        data: a file, a folder of tables, a run, a DataFrame, an Arrow or polars table, a DuckDB relation,
            or several by the pack's names.
        rules: rule pack: a shipped name, a file, or a RuleSet.
        schema: what the columns are: a schema file or a Schema.
        csv: how text is written, such as ``sep=;,decimal=,``.
        table: tables of the pack that must be there; all that are not optional when left out.
        params: parameters of the pack, such as ``{"ctr": "5000 USD"}``.
        tier: ``interpreter``, ``compiled`` or ``auto`` (by the number of rows); results are the same.
        threads: threads that judge rows; the result does not depend on them.
        progress: True, False, or a function ``(stage, done, total)``.

    Returns:
        The CheckReport: every rule broken, passed, silent, skipped or unknown.

    Raises:
        RuleError: for a wrong pack, rules at odds, absent tables or columns. DataError: for cells that are
            not of the declared type.

    Example:
        >>> import finsim, pandas
        >>> bars = pandas.DataFrame({"date": ["2026-01-02"], "asset": ["A"], "open": [10.0], "high": [9.0],
        ...     "low": [8.0], "close": [9.0], "volume": [100]})
        >>> finsim.check(bars, "ohlcv", progress=False).broken()
        ['high_is_highest']

    """
    from finsim.constraints.checking.tier_choice import known_tier

    data = here(_of_run(data), "check: data")
    _refuse_wrong("check", data, rules, (schema, csv, table, params), {"threads": threads}, progress)
    Arguments("check").kinds("tier", tier, (str,), "a tier by name", "write tier='auto'").settle()
    known_tier(tier)
    pack = _pack(rules, schema, csv, table)
    if not isinstance(data, str | Path):
        from finsim.constraints.checking.check import check as check_tables

        _refuse_conflicts(pack, params)
        return check_tables(data, pack, params, tier=tier, threads=threads)
    from finsim.tables import naming_a_schema

    with naming_a_schema(str(data) if schema is None else ""):
        return _checked(Path(data), pack, params or {}, (tier, threads), progress)


def _of_run(data: Any) -> Any:
    """Return the folder of a Run, other data as they are; ``check`` of a file imports no runs."""
    if isinstance(data, str | Path) or hasattr(data, "__arrow_c_stream__"):
        return data
    from finsim.engine.finished_run import Run

    return data.path if isinstance(data, Run) else data


Reading = tuple[Any, Any, Any, Any]
"""How a table is read: schema, csv, table and params of a call."""


def _refuse_wrong(
    verb: str,
    data: Any,
    rules: Any,
    reading: Reading,
    numbers: Mapping[str, Any] | None = None,
    progress: Progress = True,
) -> None:
    """Raise StudyError for every wrong argument."""
    schema, csv, table, params = reading
    wrong = Arguments(verb)
    words = "a file, a DataFrame, an Arrow or polars table, or several by the pack's names"
    if not hasattr(data, "arrow"):  # a DuckDB relation
        wrong.table("data", data, (Mapping,), words, "write 'bars.csv'")
    wrong.kinds("rules", rules, (str, Path, RuleSet), "a rule pack by name or file", "write 'ohlcv'")
    wrong.kinds("table", table, (str, list, tuple, set, frozenset), "tables by name", "write table='bars'")
    wrong.kinds(
        "params", params, (Mapping, type(None)), "parameters by name", "write params={'ctr': '5000 USD'}"
    )
    wrong.reading(schema, csv).numbers(numbers or {}).progress(progress).settle()


def _pack(
    rules: RuleSet | str | Path,
    schema: Schema | str | Path | None,
    csv: str | None,
    table: str | Sequence[str],
) -> RuleSet:
    """Return the pack as it is to be used."""
    from finsim.tables import Dialect

    pack = rules if isinstance(rules, RuleSet) else RuleSet.load(str(rules))
    wanted = [table] if isinstance(table, str) else list(table)
    pack = pack.needing(*wanted) if wanted else pack
    return pack.reading(schema, None if csv is None else Dialect.parse(csv))


def _refuse_conflicts(pack: RuleSet, params: Mapping[str, object] | None) -> None:
    """Raise RuleError when rules of the pack contradict one another."""
    from finsim.constraints.conflicts.conflict_check import refuse_conflicts

    refuse_conflicts(pack, dict(params or {}))


def _a_row_breaks_nothing(report: CheckReport) -> bool:
    """Return whether every table with rules has a row that breaks no rule: then no rules contradict.

    Seen from the counts alone: the rules together are broken fewer times than the table has rows. Rules that
    were not judged show nothing.
    """
    left: dict[str, int] = {}
    for one in report.results:
        if one.verdict == "skipped" or (one.verdict == "broken" and one.reason):
            return False
        left[one.table] = left.get(one.table, one.rows) - one.violations - one.excused
    return all(rows > 0 for rows in left.values())


def _checked(
    data: Path, pack: RuleSet, params: Mapping[str, object], how: tuple[str, int], progress: Progress
) -> CheckReport:
    """Check files, a large one as a stream where that can be done.

    Rules at odds are looked for before a large file is read; after a small one, and only where its rows do
    not show that there are none: the search costs more than the check of ten thousand rows.
    """
    from finsim.constraints.checking.check import check as check_tables
    from finsim.engine.check_in_batches import check_large, large_file
    from finsim.engine.tables_to_check import gather

    tier, threads = how
    with reporting(progress) as step:
        large = large_file(data, pack, params, step)
        found = None
        if large is not None:
            _refuse_conflicts(pack, params)
            found = check_large(large, pack, params, tier=tier, threads=threads)
    if found is not None:
        return found
    given = gather(data, pack)
    report = check_tables(given.tables, pack, params, excused=given.excused, tier=tier, threads=threads)
    if not _a_row_breaks_nothing(report):
        _refuse_conflicts(pack, params)
    return report


@public
def explain(
    data: Any,
    rules: RuleSet | str | Path,
    row: int | str,
    *,
    schema: Schema | str | Path | None = None,
    csv: str | None = None,
    table: str | Sequence[str] = (),
    params: Mapping[str, object] | None = None,
) -> Explanation:
    """Say what every rule of a pack says of one row, and what a repair would do.

    Args:
        data: as in ``check``.
        rules: as in ``check``.
        row: number of the row, from 0; ``accounts:37`` names the table too.
        schema: as in ``check``.
        csv: as in ``check``.
        table: as in ``check``.
        params: as in ``check``.

    Returns:
        The Explanation; ``ok`` is true when the row breaks no rule.

    Raises:
        RuleError, DataError: as ``check``; for a row that is not there.

    Example:
        >>> import finsim, pandas
        >>> bars = pandas.DataFrame({"date": ["2026-01-02"], "asset": ["A"], "open": [10.0], "high": [9.0],
        ...     "low": [8.0], "close": [9.0], "volume": [100]})
        >>> finsim.explain(bars, "ohlcv", 0).ok
        False

    """
    from finsim.constraints.explaining.explain import explain as explain_row
    from finsim.engine.tables_to_check import row_of

    data = _of_run(data)
    _refuse_wrong("explain", data, rules, (schema, csv, table, params))
    Arguments("explain").kinds("row", row, (int, str), "the number of a row", "write row=37").settle()
    pack = _pack(rules, schema, csv, table)
    _refuse_conflicts(pack, params)
    given = _gathered(data, pack)
    name, number = row_of(str(row), given)
    return explain_row(
        given.tables[name],
        pack,
        number,
        params,
        name=name,
        others=given.others(name),
        excused=given.excused,
    )


@dataclass(frozen=True)
class Repaired:
    """Repaired tables, and what was broken before, changed, and is broken after.

    ``tables`` are Arrow tables by name, ``repairs`` the reports by name; ``table, report = repaired`` gives
    those of the only table.
    """

    tables: Mapping[str, Any]
    before: CheckReport
    repairs: Mapping[str, RepairReport]
    after: CheckReport
    output: Path | None = None

    @property
    def is_whole(self) -> bool:
        """Whether no row was given up."""
        return not any(report.lost for report in self.repairs.values())

    def __iter__(self) -> Any:
        """Iterate over table and report of the first table."""
        name = next(iter(self.repairs))
        return iter((self.tables[name], self.repairs[name]))

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        done = {name: report.to_dict() for name, report in self.repairs.items()}
        return {
            "before": self.before.to_dict(),
            "repair": next(iter(done.values())) if len(done) == 1 else done,
            "after": self.after.to_dict(),
        }

    def to_text(self) -> str:
        """Return what was changed and what is left, as the command line prints it."""
        texts = [report.to_text() for report in self.repairs.values()]
        written = [] if self.output is None else [f"repaired: {self.output}"]
        return "\n".join([*texts, self.after.to_text(), *written])


@public
def repair(
    data: Any,
    rules: RuleSet | str | Path,
    *,
    output: str | Path | None = None,
    schema: Schema | str | Path | None = None,
    csv: str | None = None,
    table: str | Sequence[str] = (),
    params: Mapping[str, object] | None = None,
    tier: str = "auto",
    threads: int = 1,
) -> Repaired:
    """Repair the rows that break rules, in dependency order, and report the changes.

    Args:
        data: as in ``check``.
        rules: as in ``check``.
        output: also write the repaired table to this file (text keeps its dialect and every byte that no
            rule touched), or several into this folder; needs ``data`` from a file.
        schema: as in ``check``.
        csv: as in ``check``.
        table: as in ``check``.
        params: as in ``check``.
        tier: as in ``check``.
        threads: as in ``check``.

    Returns:
        Repaired: the tables, the checks before and after, and one report a table.

    Raises:
        RuleError, DataError: as ``check``. StudyError: for ``output`` without a file to take the form from.

    Example:
        >>> import finsim, pandas
        >>> bars = pandas.DataFrame({"date": ["2026-01-02"], "asset": ["A"], "open": [10.0], "high": [9.0],
        ...     "low": [8.0], "close": [9.0], "volume": [100]})
        >>> table, report = finsim.repair(bars, "ohlcv")
        >>> table["high"].to_pylist()
        [10.0]

    """
    from finsim.constraints.checking.check import check as check_tables
    from finsim.engine.repaired_tables import repaired, store_all

    data = here(_of_run(data), "repair: data")
    _refuse_wrong("repair", data, rules, (schema, csv, table, params), {"threads": threads})
    Arguments("repair").files({"output": output}).settle()
    if isinstance(data, str | Path) and output is not None and Path(output).resolve() == Path(data).resolve():
        raise StudyError(
            "the output is the data itself",
            place=str(output),
            expected="another file, or a folder of its own: the rows as they were given are kept",
            remedy="choose another name with -o",
        )
    if output is not None and not isinstance(data, str | Path):
        raise StudyError(
            "an output, and a table in memory",
            place="repair: output",
            expected="data from a file, whose form the output takes",
            remedy="write the table that repair returns",
        )
    pack = _pack(rules, schema, csv, table)
    _refuse_conflicts(pack, params)
    if output is not None and not Path(data).is_dir():
        _refuse_unwritable(Path(data), Path(output))
    given = _gathered(data, pack)
    if output is not None and len(given.stored) == 1:
        _refuse_unwritable(given.place, Path(output))
    known = params or {}

    def judged(tables: Mapping[str, Any]) -> CheckReport:
        return check_tables(tables, pack, known, excused=given.excused, tier=tier, threads=threads)

    before = judged(given.tables)
    tables, repairs, kept = dict(given.tables), {}, {}
    for name in given.stored:
        tables[name], repairs[name], kept[name] = repaired(given, name, tables, pack, known)
    if output is not None:
        store_all(given, tables, kept, Path(output))
    return Repaired(tables, before, repairs, judged(tables), None if output is None else Path(output))


def _refuse_unwritable(data: Path, output: Path) -> None:
    """Raise StudyError for an output whose ending says no form; text keeps the form in which it came."""
    from finsim.tables.endings import TEXT
    from finsim.tables.sources.opening import form_of
    from finsim.tables.writing.write import refuse_unwritable

    refuse_unwritable(output, from_text=data.is_file() and form_of(data) == TEXT)


def _gathered(data: Any, pack: RuleSet) -> Gathered:
    from finsim.engine.tables_to_check import gather, in_memory

    return gather(data, pack, whole=True) if isinstance(data, str | Path) else in_memory(data, pack)
