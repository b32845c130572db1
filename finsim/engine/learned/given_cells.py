"""``--given COLUMN=VALUE,...``: cells that hold in every row, refused where a column cannot hold them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

from finsim.engine.learned.form_words import FormWords
from finsim.engine.learned.given_numbers import given_number, split_number
from finsim.engine.learned.given_parts import Part, parts, unknown
from finsim.engine.learned.numbered_times import MONEY, moment_of
from finsim.engine.learned.saved_forms import OutputForm
from finsim.errors import FitError, Problem, StudyError
from finsim.generators.tables.given.asked import Asked, asked
from finsim.generators.tables.reduced_columns import Reduction
from finsim.generators.tables.table_generator import Cell
from finsim.records.columns import DECIMALS, UNIT
from finsim.tables.cells.zones import instants, local_times
from finsim.tables.learning.mixed_columns import FALSE, TRUE

_DAY = re.compile(r"([0-9]{4})-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(r"([0-9]{4})-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?)?Z?")
_FIRST_YEAR, _LAST_YEAR = 1678, 2261
_NEAR = 1e-6


def given_cells(text: str, form: OutputForm, reduction: Reduction) -> Asked:
    """Return what the cells of ``COLUMN=VALUE,...``, typed as the columns are, ask of a model.

    A column or a value with a comma, an equals sign or blanks at its ends stands in double quotes, so does a
    number as the data have it; a double quote inside is written twice. Large and small letters of a column
    mean the same where only one column is so called; a word that the schema calls empty means no value.
    Raises StudyError, all at once, for
    columns that are unknown or given twice, for values that a column cannot hold, and for those that
    contradict each other or a rule of the table.
    """
    headers = dict(zip((field.name for field in form.target), form.order, strict=True))
    fields = dict(zip(form.order, form.target, strict=True))
    shown = {name: header for header, name in headers.items()}
    problems: list[Problem] = []
    found: dict[str, Cell] = {}
    seen: set[str] = set()
    for part in parts(text, headers):
        header, value = _as_written(part.header, headers), part.value
        name = headers.get(header)
        is_number = name is not None and _is_number(fields[name].type)
        pieces = (str(value), *part.more) if part.more and is_number else ()
        if split := split_number(header, pieces, form.text) if pieces else None:
            problems.append(split)
            continue
        problems += [unknown(Part(one, None), headers, form.new_ids) for one in part.more]
        if value is None and name is not None:
            problems.append(Problem("sample: given", f"{header!r} without a value", "COLUMN=VALUE,...",
                                    f"write {header}=VALUE"))  # fmt: skip
        elif name is not None and name in form.new_ids:
            problems.append(Problem(f"given {header}", "an identifier is made anew in every row",
                                    "a column that is learned", "give another column"))  # fmt: skip
        elif value is None or name is None:
            problems.append(unknown(part, headers, form.new_ids))
        elif name in seen:
            problems.append(
                Problem(f"given {header}", "is given twice", "one value of a column", "leave one out")
            )
        else:
            seen.add(name)
            try:
                cell = _cell(value, name, fields[name], form, in_quotes=part.is_quoted)
            except ValueError as bad:
                problems.append(
                    Problem(f"given {header}", repr(value), str(bad), "write a value of this column")
                )
                continue
            found[name] = form.learned(name, cell) if isinstance(cell, float) else cell
    wanted = Asked()
    try:
        wanted = asked(reduction, found, FormWords(form))
        problems += _off_grid(wanted.inner, found, form, fields, shown)
    except FitError as bad:
        problems += bad.problems
    if problems:
        raise StudyError.of(problems)
    return wanted


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def _as_written(header: str, known: Iterable[str]) -> str:
    """Return the one known column of a name in whatever letters, the name itself where there is none."""
    alike = [one for one in known if one.casefold() == header.casefold()]
    return alike[0] if len(alike) == 1 else header


def _off_grid(
    inner: Mapping[str, Cell],
    given: Mapping[str, Cell],
    form: OutputForm,
    fields: Mapping[str, pa.Field],
    shown: Mapping[str, str],
) -> list[Problem]:
    """Return problems of cells that ask of another column what it cannot hold."""
    return [
        Problem(f"given {shown[name]}", f"would have to be {value:g}", "a whole number",
                "give another value of the column that is computed from it")
        for name, value in inner.items()
        if isinstance(value, float) and name not in given and name in shown and name not in form.units
        and pa.types.is_integer(fields[name].type) and abs(value - round(value)) > _NEAR
    ]  # fmt: skip


def never_seen(text: str, form: OutputForm, few: Mapping[str, Sequence[float]]) -> tuple[str, ...]:
    """Return a sentence on each given number that no row of the data has, of columns of ``few`` values."""
    said = []
    for part in parts(text, form.target.names):
        header, value = _as_written(part.header, few), part.value
        if header in few and value and _number_in(part, header, form) not in (None, *few[header]):
            known = ", ".join(f"{one:g}" for one in few[header])
            said.append(
                f"{header}={value} was never seen: the data have {known}; what it goes with is guessed"
            )
    return tuple(said)


def _number_in(part: Part, header: str, form: OutputForm) -> float | None:
    try:
        return given_number(str(part.value), header, form.text, in_quotes=part.is_quoted)
    except ValueError:
        return None


def _cell(text: str, name: str, field: pa.Field, output: OutputForm, *, in_quotes: bool = False) -> Cell:
    """Return a written value as a cell; empty text is a missing one. Raises ValueError."""
    kind, facts, form = field.type, field.metadata or {}, output.text
    if not text or text in form.nulls.get(field.name, ()):
        return None
    if name in output.numbered and output.numbered[name][0] != MONEY:
        if (moment := moment_of(text, *output.numbered[name][:2])) is not None:
            return _on_the_clock(moment, output.zones.get(name, ""))
        kind = pa.date32() if output.numbered[name][0] == "date" else pa.timestamp("ns", tz="UTC")
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        is_day = pa.types.is_date(kind) or facts.get(UNIT) == b"day"
        zone = output.zones.get(name, "")
        if as_declared := _as_declared(text, form.formats.get(field.name, ""), zone):
            return _moment(as_declared, is_day=is_day)
        moment = _moment(text, is_day=is_day)
        return _on_the_clock(moment, zone) if text.endswith("Z") else _standing(moment, zone)
    if pa.types.is_boolean(kind):
        yes, no = form.words.get(field.name, (TRUE, FALSE))
        words = {TRUE: TRUE, FALSE: FALSE, yes.casefold(): TRUE, no.casefold(): FALSE}
        return words.get(text.casefold(), text)
    if _is_number(kind):
        value = given_number(text, field.name, form, in_quotes=in_quotes)
        said = facts.get(DECIMALS)
        places = 0 if pa.types.is_integer(kind) else kind.scale if pa.types.is_decimal(kind) else said
        if places is not None and round(value, int(places)) != value:
            raise ValueError("a whole number" if int(places) == 0 else f"a number of {int(places)} decimals")
        return value
    return text


def _on_the_clock(moment: float, zone: str) -> float:
    """Return nanoseconds UTC as those that the clock of a zone shows, as times are learned there."""
    stamps = pa.array([int(moment)], pa.timestamp("ns", tz="UTC"))
    return float(local_times(stamps, zone).cast(pa.int64())[0].as_py()) if zone else moment


def _standing(moment: float, zone: str) -> float:
    """Return a time on the clock of a zone. Raises ValueError for one in an hour that is left out there."""
    local = pa.array([int(moment)], pa.timestamp("ns"))
    if zone and _on_the_clock(float(instants(local, zone).cast(pa.int64())[0].as_py()), zone) != moment:
        raise ValueError(f"a time that there is: this hour is left out in {zone}")
    return moment


def _as_declared(text: str, form: str, zone: str) -> str:
    """Return a day or time that is written in the format of the data in ISO, "" where it is not.

    On the clock of ``zone``, in UTC where there is none.
    """
    try:
        found = datetime.strptime(text, form) if form else None
    except ValueError:
        return ""
    if found is None:
        return ""
    if found.tzinfo:
        found = found.astimezone(ZoneInfo(zone) if zone else UTC)
    elif zone:
        _standing(float(np.datetime64(found, "ns").astype(np.int64)), zone)
    whole = found.replace(tzinfo=None).isoformat()
    return whole.removesuffix("T00:00:00")


def _moment(text: str, *, is_day: bool) -> float:
    """Return nanoseconds UTC of a written day or time. Raises ValueError."""
    wanted = "a day such as 2026-01-31" if is_day else "a day or time (UTC) such as 2026-01-31T09:30:00"
    match = (_DAY if is_day else _TIME).fullmatch(text)
    if match is None:
        raise ValueError(wanted)
    if not _FIRST_YEAR <= int(match[1]) <= _LAST_YEAR:
        raise ValueError(f"{wanted}, of the years {_FIRST_YEAR} to {_LAST_YEAR}")
    try:
        return float(np.datetime64(text.removesuffix("Z"), "ns").astype(np.int64))
    except ValueError:
        raise ValueError(wanted) from None
