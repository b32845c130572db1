"""``evaluate``: how good a synthetic set is beside the real one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from finsim.call_errors import public
from finsim.errors import StudyError
from finsim.evaluation.evaluate import evaluate as judge
from finsim.evaluation.evaluate import judged, staleness
from finsim.evaluation.metric import Score
from finsim.evaluation.metric_loop import Report
from finsim.evaluation.reading.guessed_roles import Named
from finsim.evaluation.reading.kinds import BARS
from finsim.evaluation.reading.read_as import bars, read_as
from finsim.evaluation.scorecard import Scorecard
from finsim.evaluation.settings import Settings
from finsim.extras import needs
from finsim.markets.listing import complete
from finsim.markets.prices import Prices, SchemaSource, as_schema, read_prices
from finsim.randomness import Streams
from finsim.records.paths import Paths
from finsim.tables import Schema
from finsim.tables.endings import TEXT, form_by_name
from finsim.verbs.calling.argument_checks import Arguments, as_day
from finsim.verbs.calling.progress import Progress, reporting
from finsim.verbs.handover.fetched import here

__all__ = ["evaluate"]

DATA = "a table: a file, a DataFrame, an Arrow or polars table, or Paths"


@public
def evaluate(
    real: Any,
    synthetic: Any,
    *,
    holdout: Any = None,
    kind: str | None = None,
    id: str | None = None,
    time: str | None = None,
    label: str | None = None,
    secret: str | Sequence[str] | None = None,
    group: str | Sequence[str] | None = None,
    since: date | str | None = None,
    output: str | Path | None = None,
    seed: int = 0,
    schema: SchemaSource = None,
    csv: str | None = None,
    settings: Settings | None = None,
    progress: Progress = True,
) -> Scorecard:
    """Score synthetic prices, a synthetic table or synthetic events against real ones.

    Kind and columns that are not given are guessed; ``remarks`` of the scorecard say as what the data were
    read. Columns are typed as the real side's: declared by ``schema``, stored, or proposed from its cells.

    Args:
        real: real data: a file, a DataFrame, an Arrow or polars table, or Paths.
        synthetic: synthetic data with the same columns; prices in any layout that ``fit`` reads.
        holdout: real data that the generator has not seen; of prices the last part of ``real`` when left out.
        kind: bars, table, or events (rows of entities over time).
        id: column of the entity: rows of one stay together in every resample and split.
        time: column of the time.
        label: column that a model shall predict.
        secret: column or columns that an attacker wants to know.
        group: column or columns of groups of people.
        since: a day; real rows since then are new: the synthetic data are judged against those before, and
            ``staleness`` tells whether the new ones differ from them.
        output: also write the scorecard to this JSON file.
        seed: root seed of the resampling behind the intervals.
        schema: how the real data are read, and the synthetic ones by the same types.
        csv: how text is written, such as ``sep=;,decimal=,``.
        settings: how much work (``finsim.EvaluationSettings``); the defaults when left out.
        progress: True, False, or a function ``(stage, done, total)``.

    Returns:
        The Scorecard: one score a metric and subject, one verdict a use.

    Raises:
        StudyError: for wrong arguments, all at once. DataError: for data that cannot be read or compared.

    Example:
        >>> import finsim
        >>> tape = finsim.example_data("german_credit")
        >>> quick = finsim.EvaluationSettings(bootstrap=20)
        >>> card = finsim.evaluate(tape, tape, settings=quick, progress=False)
        >>> card.remarks[0]
        'read as: table; label creditability, id none, time none, secret none, group none'
        >>> card.of("table_two_sample")[0].verdict
        'pass'

    """
    wrong = Arguments("evaluate")
    named = columns_named(wrong, {"id": id, "time": time, "label": label}, {"secret": secret, "group": group})
    wrong.day("since", since)
    _check_sides(wrong, {"real": real, "synthetic": synthetic, "holdout": holdout}, kind, settings)
    wrong.numbers({"seed": seed}).files({"output": output}).reading(schema, csv).progress(progress).settle()
    needs(("evaluate",), "finsim evaluate")
    if output is not None:
        _check_output(Path(output))
    declared = as_schema(schema, csv)
    with reporting(progress) as step:
        step("reading", 0, 2)
        sides = (
            here(real, "evaluate: real"), here(synthetic, "evaluate: synthetic"),
            here(holdout, "evaluate: holdout"),
        )  # fmt: skip
        how = (Streams(seed), settings or Settings(), step)
        card = _judged(sides, kind, named, declared, as_day(since), how)
    if output is not None:
        card.write(Path(output))
    return card


def _check_output(path: Path) -> None:
    """Refuse to write over a file that is no scorecard: an input may be named by mistake."""
    if not path.is_file():
        return
    with path.open("rb") as stream:
        begins = stream.read(200)
    if not (begins.lstrip().startswith(b"{") and b'"scores"' in begins):
        raise StudyError(
            "the file exists and is no scorecard",
            place=str(path),
            expected="a new file, or a scorecard to write again",
            remedy="choose another name for -o",
        )


def _check_sides(wrong: Arguments, sides: Mapping[str, Any], kind: Any, settings: Any) -> None:
    """Check what is compared, as what, and with how much work."""
    for name, value in sides.items():
        if name != "holdout" or value is not None:
            wrong.table(name, value, (Paths,), DATA, f"write {name}='{name}.csv'")
    wrong.kinds("kind", kind, (str, type(None)), "bars, table or events", "write kind='table'")
    wrong.kinds(
        "settings", settings, (Settings, type(None)), "finsim.EvaluationSettings",
        "write settings=finsim.EvaluationSettings(bootstrap=50)",
    )  # fmt: skip


def _judged(
    sides: tuple[Any, Any, Any],
    kind: str | None,
    named: Named,
    declared: Schema | None,
    since: date | None,
    how: tuple[Streams, Settings, Report],
) -> Scorecard:
    """Read both sides as what they are, and judge them."""
    streams, settings, step = how
    if any(isinstance(side, Paths) for side in sides):
        if kind not in (None, BARS):
            raise StudyError(
                "Paths are prices", place="evaluate: kind", expected=BARS, remedy="leave kind out"
            )
        bars(named)
        return _bars(*sides, declared, streams, settings, step)
    schema = declared if declared is not None and declared.fields else None
    dialect = None if declared is None else declared.dialect
    reading = read_as(*sides, kind, named, schema, dialect)
    newer: list[Score] = []
    if since is not None:
        reading, newer = staleness(reading, since, streams, settings)
    if reading.sides is None:
        card = _bars(*sides, declared, streams, settings, step)
        return replace(card, remarks=(*reading.remarks, *card.remarks))
    step("reading", 2, 2)
    return Scorecard((*judged(reading, streams, settings, step), *newer), reading.remarks)


def columns_named(wrong: Arguments, single: Mapping[str, Any], several: Mapping[str, Any]) -> Named:
    """Return the columns that a caller names; what is no name is added to the wrong arguments."""
    for name, value in single.items():
        wrong.kinds(name, value, (str, type(None)), "the name of a column", f"write {name}='column'")
    lists: dict[str, tuple[str, ...]] = {}
    for name, value in several.items():
        listed = list(value) if isinstance(value, list | tuple) else [value]
        for one in listed:
            wanted = "one or several names of columns"
            wrong.kinds(name, one, (str, type(None)), wanted, f"write {name}='column'")
        lists[name] = tuple(one for one in listed if isinstance(one, str))
    return Named(single["id"], single["time"], single["label"], lists["secret"], lists["group"])


def _bars(
    real: Any,
    synthetic: Any,
    holdout: Any,
    declared: Schema | None,
    streams: Streams,
    settings: Settings,
    step: Report,
) -> Scorecard:
    prices = real if isinstance(real, Paths) else read_prices(real, schema=declared)
    step("reading", 1, 2)
    made = synthetic if isinstance(synthetic, Paths) else _read(synthetic, declared)
    step("reading", 2, 2)
    unseen = (
        holdout if holdout is None or isinstance(holdout, Paths) else read_prices(holdout, schema=declared)
    )
    spare = None if unseen is None else _complete(unseen)
    card = judge(_complete(prices), made, streams, settings, spare, progress=step)
    said = [*_said(prices), *_said(made, "the synthetic side: "), *_said(unseen, "the hold-out: ")]
    return replace(card, remarks=tuple(said))


def _said(prices: Paths | None, side: str = "") -> list[str]:
    """Return what reading a side of prices found: splits, holes, still columns, widened and dropped bars."""
    found = prices.notes["remarks"] if isinstance(prices, Prices) else ()
    return [f"{side}{one}" for one in found]


def _complete(prices: Paths) -> Paths:
    """Return prices that were read without holes; bars of a model have none."""
    return complete(prices, prices.whole) if isinstance(prices, Prices) else prices


def _read(synthetic: Any, declared: SchemaSource) -> Paths:
    """Read synthetic prices; the schema of the real ones holds for them where they are text."""
    is_text = isinstance(synthetic, str | Path) and form_by_name(synthetic) in ("", TEXT)
    return read_prices(synthetic, schema=declared if is_text else None)
