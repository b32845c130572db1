"""Dates and times in a declared strptime format, read as Python's ``strptime`` reads them, column-wise."""

from __future__ import annotations

import re
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from finsim.notation import Int1D

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
        if not letters & {"Y", "y"} or not ("j" in letters or ("d" in letters and letters & {"m", "b", "B"})):
            return f"{one!r} says no whole day"
    return ""


def parsed_times(texts: pa.Array, formats: tuple[str, ...]) -> pa.Array:
    """Return times of a declared format: naive microseconds, or UTC where a format has ``%z``.

    Raises ArrowInvalid when a cell is of no format, or its day does not exist.
    """
    left, found = texts, None
    is_zoned = any("%z" in form for form in formats)
    kind = pa.timestamp("us", tz="UTC" if is_zoned else None)
    for form in formats:
        times = _parsed(left, form).cast(kind)
        left = pc.if_else(pc.is_valid(times), pa.scalar(None, pa.string()), left)
        found = times if found is None else pc.coalesce(found, times)
    if left.null_count < len(left):
        raise pa.ArrowInvalid(f"a time is not written as {' or '.join(formats)}")
    return found


def _parsed(texts: pa.Array, form: str) -> pa.Array:
    """Return the times of the cells that are of a format; the others are empty."""
    parts = pc.extract_regex(texts, pattern_of(form))
    names = [parts.type.field(i).name for i in range(parts.type.num_fields)]
    valid = np.asarray(parts.is_valid().to_numpy(zero_copy_only=False))
    words = {name: pc.struct_field(parts, name) for name in names}

    def number(name: str, default: int) -> Int1D:
        if name not in words:
            return np.full(len(texts), default, dtype=np.int64)
        return np.asarray(pc.fill_null(words[name].cast(pa.int64()), default).to_numpy())

    year = number("Y", 1970)
    if "y" in words:
        short = number("y", 70)
        year = np.where(short >= 69, 1900, 2000) + short
    month = number("m", 1)
    for name, known in (("b", _MONTHS), ("B", _LONG)):
        if name in words:
            at = pc.index_in(pc.utf8_lower(words[name]), pa.array(known))
            month = np.asarray(pc.fill_null(at, 0).to_numpy()).astype(np.int64) + 1
    day, hour = number("d", 1), number("H", 0)
    if "I" in words:
        late = (
            np.asarray(
                pc.fill_null(pc.equal(pc.utf8_lower(words["p"]), "pm"), False).to_numpy(zero_copy_only=False)
            )
            if "p" in words
            else np.zeros(len(texts), bool)
        )
        hour = number("I", 12) % 12 + 12 * late
    first = ((year - 1970) * 12 + (month - 1)).astype("datetime64[M]")
    days = first.astype("datetime64[D]") + (day - 1)
    valid &= days.astype("datetime64[M]") == first
    if "j" in words:
        start = (year - 1970).astype("datetime64[Y]")
        days = start.astype("datetime64[D]") + (number("j", 1) - 1)
        valid &= days.astype("datetime64[Y]") == start
    seconds = (hour * 60 + number("M", 0)) * 60 + number("S", 0)
    micros = np.zeros(len(texts), np.int64)
    if "f" in words:
        micros = np.asarray(pc.fill_null(pc.utf8_rpad(words["f"], 6, "0").cast(pa.int64()), 0).to_numpy())
    total = days.astype("datetime64[us]").astype(np.int64) + seconds * 1_000_000 + micros
    if "z" not in words:
        return pa.array(total, pa.timestamp("us"), mask=~valid)
    return pa.array(total - _offsets(words["z"]), pa.timestamp("us", tz="UTC"), mask=~valid)


def _offsets(words: pa.Array) -> Int1D:
    """Return offsets from UTC in microseconds."""
    digits = pc.fill_null(
        pc.replace_substring_regex(pc.replace_substring(words, "Z", "+0000"), "[:+-]", ""), "0000"
    )
    minutes = np.asarray(digits.cast(pa.int64()).to_numpy())
    sign = np.asarray(pc.fill_null(pc.starts_with(words, "-"), False).to_numpy(zero_copy_only=False))
    micros: Int1D = np.where(sign, -1, 1) * (minutes // 100 * 60 + minutes % 100) * 60_000_000
    return micros
