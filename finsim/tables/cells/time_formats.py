"""Dates and times in a declared strptime format, read as Python's ``strptime`` reads them, column-wise."""

from __future__ import annotations

import re
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from finsim.notation import Int1D
from finsim.tables.cells.arrays_from_python import as_numpy, nothing, numbers, word, words

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_LONG = ("january", "february", "march", "april", "may", "june",
         "july", "august", "september", "october", "november", "december")  # fmt: skip
_WORDS = {
    "Y": r"\d\d\d\d", "y": r"\d\d", "f": r"\d{1,6}", "p": "(?i:am|pm)", "z": r"Z|[+-]\d\d:?\d\d",
    "b": f"(?i:{'|'.join(_MONTHS)})", "B": f"(?i:{'|'.join(_LONG)})",
    "a": "(?i:mon|tue|wed|thu|fri|sat|sun)",
    "A": "(?i:monday|tuesday|wednesday|thursday|friday|saturday|sunday)",
}  # fmt: skip
_LOOSE = {
    "d": r"3[01]|[12]\d|0[1-9]|[1-9]", "m": "1[0-2]|0[1-9]|[1-9]", "H": r"2[0-3]|[01]\d|\d",
    "I": r"1[0-2]|0[1-9]|[1-9]", "M": r"[0-5]\d|\d", "S": r"[0-5]\d|\d",
    "j": r"36[0-6]|3[0-5]\d|[12]\d\d|0?[1-9]\d|0{0,2}[1-9]",
}  # fmt: skip
_FULL = {"F": "%Y-%m-%d", "T": "%H:%M:%S", "R": "%H:%M", "D": "%m/%d/%y"}
DIRECTIVES = "".join(sorted((*_WORDS, *_LOOSE, *_FULL)))


@lru_cache(maxsize=64)
def pattern_of(form: str) -> str:
    """Return the regular expression of a format, one named group a directive.

    Two digits are asked for where two directives stand side by side, as in ``%Y%m%d``. Raises ValueError
    for a directive that is unknown or stands twice.
    """
    for short, full in _FULL.items():
        form = form.replace(f"%{short}", full)
    parts = re.findall(r"%.|[^%]+|%$", form)
    made, seen = [], set()
    for at, part in enumerate(parts):
        letter = part[1:] if part[0] == "%" else ""
        if not part.startswith("%") or letter == "%":
            made.append(re.sub(r"\s+", r"\\s+", re.escape(part.replace("%%", "%")).replace("\\ ", " ")))
            continue
        if letter not in _WORDS and letter not in _LOOSE:
            raise ValueError(f"%{letter} is no directive that can be read")
        if letter in seen:
            raise ValueError(f"%{letter} stands twice")
        seen.add(letter)
        near = (parts[at - 1] if at else "", parts[at + 1] if at + 1 < len(parts) else "")
        is_tight = any(one.startswith("%") and one != "%%" for one in near)
        if is_tight and letter in _LOOSE:
            word = r"\d\d\d" if letter == "j" else r"\d\d"
        else:
            word = _WORDS.get(letter) or _LOOSE[letter]
        made.append(f"(?P<{letter}>{word})")
    return f"^{''.join(made)}$"


def wrong_format(form: str) -> str:
    """Return what is wrong with formats (several stand between `` | ``), or nothing."""
    for one in form.split(" | "):
        try:
            pattern = pattern_of(one)
        except ValueError as bad:
            return str(bad)
        letters = set(re.findall(r"\(\?P<(\w)>", pattern))
        if not letters & {"Y", "y"} or not ("j" in letters or letters & {"m", "b", "B"}):
            return f"{one!r} says no month of a year"
    return ""


def parsed_times(texts: pa.Array, formats: tuple[str, ...]) -> pa.Array:
    """Return times of a declared format: naive microseconds, or UTC where a format has ``%z``.

    Raises ArrowInvalid when a cell is of no format, or its day does not exist.
    """
    left, found = texts, None
    kind = pa.timestamp("us", tz="UTC" if any("%z" in form for form in formats) else None)
    for form in formats:
        times = _parsed(left, form).cast(kind)
        left = pc.if_else(pc.is_valid(times), nothing(pa.string()), left)
        found = times if found is None else pc.coalesce(found, times)
    if left.null_count < len(left):
        raise pa.ArrowInvalid(f"a time is not written as {' or '.join(formats)}")
    return found


class _Parts:
    """The parts that a format finds in each text, as numbers by NumPy."""

    def __init__(self, texts: pa.Array, form: str) -> None:
        parts = pc.extract_regex(texts, pattern_of(form))
        names = [parts.type.field(i).name for i in range(parts.type.num_fields)]
        self.count, self.found = len(texts), as_numpy(parts.is_valid())
        self.texts = {name: pc.struct_field(parts, name) for name in names}

    def number(self, name: str, default: int) -> Int1D:
        """Return a part of digits; ``default`` where the format has none or the text is of another."""
        if name not in self.texts:
            return np.full(self.count, default, dtype=np.int64)
        return as_numpy(self.texts[name].cast(pa.int64()), default)

    def micros(self) -> Int1D:
        """Return the fraction of a second in microseconds."""
        if "f" not in self.texts:
            return np.zeros(self.count, dtype=np.int64)
        return as_numpy(pc.utf8_rpad(self.texts["f"], 6, "0").cast(pa.int64()))

    def month(self) -> Int1D:
        """Return the month, from its number or its English name."""
        for name, known in (("b", _MONTHS), ("B", _LONG)):
            if name in self.texts:
                return (
                    as_numpy(pc.index_in(pc.utf8_lower(self.texts[name]), words(known))).astype(np.int64) + 1
                )
        return self.number("m", 1)

    def hour(self) -> Int1D:
        """Return the hour of 24, or of 12 with am and pm."""
        if "I" not in self.texts:
            return self.number("H", 0)
        late = as_numpy(pc.equal(pc.utf8_lower(self.texts["p"]), word("pm"))) if "p" in self.texts else False
        hours: Int1D = self.number("I", 12) % 12 + 12 * np.asarray(late, dtype=np.int64)
        return hours

    def offset(self) -> Int1D:
        """Return the offset from UTC in microseconds."""
        plain = pc.replace_substring(self.texts["z"], "Z", "+0000")
        minutes = as_numpy(pc.replace_substring_regex(plain, "[:+-]", "").cast(pa.int64()))
        sign = np.where(as_numpy(pc.starts_with(plain, "-")), -1, 1)
        micros: Int1D = sign * (minutes // 100 * 60 + minutes % 100) * 60_000_000
        return micros


def _parsed(texts: pa.Array, form: str) -> pa.Array:
    """Return the times of the cells that are of a format; the others are empty."""
    parts = _Parts(texts, form)
    year = parts.number("Y", 1970)
    if "y" in parts.texts:
        short = parts.number("y", 70)
        year = np.where(short >= 69, 1900, 2000) + short
    first = ((year - 1970) * 12 + (parts.month() - 1)).astype("datetime64[M]")
    days = first.astype("datetime64[D]") + (parts.number("d", 1) - 1)
    valid = parts.found & (days.astype("datetime64[M]") == first)
    if "j" in parts.texts:
        start = (year - 1970).astype("datetime64[Y]")
        days = start.astype("datetime64[D]") + (parts.number("j", 1) - 1)
        valid = parts.found & (days.astype("datetime64[Y]") == start)
    seconds = (parts.hour() * 60 + parts.number("M", 0)) * 60 + parts.number("S", 0)
    total = days.astype("datetime64[us]").astype(np.int64) + seconds * 1_000_000 + parts.micros()
    if "z" not in parts.texts:
        return numbers(total, valid).cast(pa.timestamp("us"))
    return numbers(total - parts.offset(), valid).cast(pa.timestamp("us", tz="UTC"))
