"""Times and durations as texts in the form of the input: clocks or numbers, with as many decimals (own)."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_NANO_PLACES = {"s": 9, "ms": 6, "us": 3, "ns": 0}
_CLOCK = re.compile(r"-?(?P<hour>\d+):[0-5]\d:[0-5]\d(?:\.(?P<part>\d{1,9}))?")
_DIGITS = re.compile(r"[+-]?\d+(?:[.,](?P<part>\d+))?")
_FRACTION = re.compile(r"\.%(-?)(\d)f")
_MOST = 9


def clock_text(nanos: int) -> str:
    """Return a duration as h:mm:ss, with a fraction where it has one."""
    seconds, rest = divmod(abs(nanos), 10**9)
    fraction = f".{rest:09d}".rstrip("0").rstrip(".")
    clock = f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}{fraction}"
    return f"-{clock}" if nanos < 0 else clock


def span_form(cells: Sequence[str], unit: str) -> str:
    """Return how the durations of a column are written: ``%h:%M:%S`` (``%H``: two digits), or ``%s``, ...

    ``unit`` is the declared one of cells that are numbers. ``.%3f`` follows where all have three decimals,
    ``.%-3f`` where they have up to three. "" where the cells have no form in common.
    """
    filled = [text for cell in cells if (text := cell.strip())]
    clocks = [found for text in filled if (found := _CLOCK.fullmatch(text))]
    numbers = [found for text in filled if (found := _DIGITS.fullmatch(text))]
    if filled and len(clocks) == len(filled):
        hours = [found["hour"] for found in clocks]
        is_padded = all(len(hour) > 1 for hour in hours) and any(hour.startswith("0") for hour in hours)
        return f"%{'H' if is_padded else 'h'}:%M:%S{_fraction(clocks)}"
    if filled and unit and len(numbers) == len(filled):
        return f"%{unit}{_fraction(numbers)}"
    return ""


def _fraction(cells: Sequence[re.Match[str]]) -> str:
    counts = {min(len(found["part"] or ""), _MOST) for found in cells}
    most = max(counts)
    return f".%{'' if len(counts) == 1 else '-'}{most}f" if most else ""


def span_texts(values: pa.Array, form: str, point: str = ".") -> pa.Array:
    """Return durations as texts of a form of ``span_form``, rounded to its decimals; a gap stays one."""
    told = _FRACTION.search(form)
    places, cut = (int(told[2]), bool(told[1])) if told else (0, False)
    head = form[: told.start()] if told else form
    unit = _NANO_PLACES.get(head[1:], 9)
    last = 10 ** max(unit - places, 0)
    texts: list[str | None] = []
    for cell in values.cast(pa.duration("ns")).cast(pa.int64()).to_pylist():
        if cell is None:
            texts.append(None)
            continue
        size = (abs(cell) + last // 2) // last * last
        whole, rest = divmod(size, 10**unit)
        part = f"{rest:0{unit}d}".ljust(places, "0")[:places] if unit else "0" * places
        part = part.rstrip("0") if cut else part
        if head[1:] in _NANO_PLACES:
            text = f"{whole}"
        else:
            hours = f"{whole // 3600:02d}" if head.startswith("%H") else f"{whole // 3600}"
            text = f"{hours}:{whole // 60 % 60:02d}:{whole % 60:02d}"
        texts.append(("-" if cell < 0 and size else "") + text + (point + part if part else ""))
    return pa.array(texts, pa.string())


def moment_texts(values: pa.Array, form: str, zone: str) -> pa.Array:
    """Return days and times as texts of a strptime format, of a zone in its time; a gap stays one.

    ``.%3f`` in the format stands for three decimals of the second.
    """
    import pandas as pd  # takes 0.3 s: only where dates have a format

    found = pd.Series(pd.to_datetime(values.to_pandas()))
    if zone:
        aware = found if found.dt.tz is not None else found.dt.tz_localize("UTC")
        found = aware.dt.tz_convert(zone)
    told = _FRACTION.search(form)
    if told is None:
        texts = found.dt.strftime(form).to_numpy(dtype=object)
        return pa.array(texts, pa.string(), mask=np.asarray(values.is_null()))
    nanos = np.mod(found.dt.tz_localize(None).to_numpy(dtype="datetime64[ns]").view(np.int64), 10**9)
    part = pc.utf8_slice_codeunits(pc.utf8_lpad(pa.array(nanos).cast(pa.string()), 9, "0"), 0, int(told[2]))
    head = found.dt.strftime(form[: told.start()]).to_numpy(dtype=object)
    gaps = np.asarray(values.is_null())
    before, tail = pa.array(head, pa.string(), mask=gaps), pa.scalar(form[told.end() :])
    point = pc.binary_join_element_wise(before, part, pa.scalar("."))
    return pc.binary_join_element_wise(point, tail, pa.scalar(""))
