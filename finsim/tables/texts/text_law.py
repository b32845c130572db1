"""``TextLaw``: what the texts of a column are made of, and texts as templates of it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from finsim.notation import NANOS_PER_DAY, Int1D
from finsim.tables.texts.date_forms import clock_regex, clock_text, second_of
from finsim.tables.texts.own_digits import DIGITS
from finsim.tables.texts.parts import (
    CLOCK,
    DAY,
    FIRST_MARK,
    HOUR,
    NUMBER,
    WORD,
    Part,
    is_mark,
    mark,
    number_text,
    replaced,
    says_much,
)
from finsim.tables.texts.row_cells import MISSING_TIME, RowCells
from finsim.tables.texts.time_parts import SECOND, days_of, lag_of

LagKey = tuple[str, int, int]
"""A template ("" for all), a part of it, and a day of the week (-1 for all)."""


@dataclass(frozen=True)
class TextLaw:
    """What the texts of ``column`` are made of.

    ``lags`` counts how many days before their row the days of texts lie, by template, part and weekday of the
    row; ``hours`` the hours of times of day that are none of the row; ``share`` the rows whose text holds a
    cell of its row.
    """

    column: str
    parts: tuple[Part, ...]
    lags: Mapping[LagKey, Mapping[int, int]] = field(default_factory=dict)
    hours: Mapping[int, int] = field(default_factory=dict)
    share: float = 0.0

    def told(self) -> str:
        """Return in words what texts are made of."""
        parts = ", ".join(dict.fromkeys(part.told() for part in self.parts))
        late = any(lag for counts in self.lags.values() for lag in counts)
        behind = ", days before the row as often as in the data" if late else ""
        share = f"{self.column}: {self.share:.1%} of its texts are made of other cells of the row"
        return f"{share}: {parts}{behind}"

    def lag_law(self, template: str, part: int, weekday: int) -> Mapping[int, int]:
        """Return the counts of lags of a part, of its template where that has some of its own."""
        for key in ((template, part, weekday), ("", part, weekday), ("", part, -1)):
            if self.lags.get(key):
                return self.lags[key]
        return {0: 1}

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types."""
        lags = [[*key, [[lag, count] for lag, count in sorted(counts.items())]]
                for key, counts in sorted(self.lags.items())]  # fmt: skip
        return {
            "column": self.column, "parts": [one.to_dict() for one in self.parts], "lags": lags,
            "hours": [list(one) for one in sorted(self.hours.items())], "share": self.share,
        }  # fmt: skip

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> TextLaw:
        """Return what ``to_dict`` wrote."""
        lags = {(one[0], one[1], one[2]): dict(one[3]) for one in data["lags"]}
        parts = tuple(Part.from_dict(one) for one in data["parts"])
        return cls(
            data["column"], parts, lags, {int(hour): int(n) for hour, n in data["hours"]}, data["share"]
        )


@dataclass(frozen=True)
class Templated:
    """Texts as templates: a template for each row (None where the text lacks), and the lags of its days.

    ``lags``: row, part, day of the week and days before; ``seconds`` of times that are none of the row.
    """

    texts: list[str | None]
    lags: list[tuple[int, int, int, int]]
    seconds: list[int]


def templated(parts: Sequence[Part], column: str, cells: RowCells) -> Templated:
    """Return the texts of a column with signs in place of the cells of their rows that they hold."""
    codes, words = cells.words[column]
    pieces = [
        (k, part.column, cells.words[part.column][0].tolist(), _written(part, cells.words[part.column][1]))
        for k, part in enumerate(parts)
        if part.kind == WORD and part.column in cells.words
    ]
    numbers = [(k, cells.numbers[part.column], part.piece) for k, part in enumerate(parts)
               if part.kind == NUMBER and part.column in cells.numbers]  # fmt: skip
    times = [_TimeFinder(k, part, cells) for k, part in enumerate(parts) if part.kind in (DAY, CLOCK, HOUR)]
    found: list[str | None] = []
    for row, code in enumerate(codes.tolist()):
        if code < 0:
            found.append(None)
            continue
        text = _with_words(words[code], row, pieces)
        for k, values, form in numbers:
            if values[row] == values[row]:
                text = replaced(text, number_text(float(values[row]), form), mark(k))
        for one in times:
            text = one.put(text, row)
        found.append(text)
    lags = [lag for one in times for lag in one.lags]
    return Templated(found, lags, [second for one in times for second in one.seconds])


def _with_words(text: str, row: int, pieces: list[tuple[int, str, list[int], list[str]]]) -> str:
    """Return a text with signs for the cells of words, the longest first, one of a column."""
    here = []
    for k, name, codes, written in pieces:
        piece = written[codes[row]]
        if piece and piece in text:
            here.append((-len(piece), k, name, piece))
    done: set[str] = set()
    for _, k, name, piece in sorted(here):
        if name not in done:
            now = replaced(text, piece, mark(k))
            if now != text:
                done.add(name)
            text = now
    return text


def _written(part: Part, words: Sequence[str]) -> list[str]:
    return [part.written(word) if says_much(word) else "" for word in words] + [""]


class _TimeFinder:
    """Puts the sign of a part of time into texts, and keeps how far they lie from their rows."""

    def __init__(self, place: int, part: Part, cells: RowCells) -> None:
        self.place, self.part = place, part
        self.times = cells.times.get(part.column, np.full(cells.rows, MISSING_TIME))
        self.lags: list[tuple[int, int, int, int]] = []
        self.seconds: list[int] = []
        is_day = part.kind == DAY
        self.regex = part.form.regex() if is_day else clock_regex(part.piece)
        self.days = days_of(part.form, self.times) if is_day else {}

    def put(self, text: str, row: int) -> str:
        """Return the text of a row with signs in place of its days or times."""
        return self.regex.sub(lambda hit: self._sign(hit, row), text)

    def _sign(self, hit: re.Match[str], row: int) -> str:
        said, time = hit.group(), int(self.times[row])
        if self.part.kind == HOUR:
            second = second_of(self.part.piece, said)
            if second >= 0:
                self.seconds.append(second)
            return said if second < 0 else mark(self.place)
        if time == MISSING_TIME:
            return said
        if self.part.kind == CLOCK:
            own = clock_text(self.part.piece, time % NANOS_PER_DAY // SECOND)
            return mark(self.place) if own == said else said
        day = time // NANOS_PER_DAY
        lag = lag_of(self.days.get(said), day)
        if lag is None:
            return said
        self.lags.append((row, self.place, (day + 3) % 7, lag))
        return mark(self.place)


def counted_lags(found: Templated, owner: Int1D, least: tuple[int, int]) -> dict[LagKey, dict[int, int]]:
    """Return counts of lags by template, part and weekday; those of a template of enough rows and owners."""
    counts: dict[LagKey, Counter[int]] = {}
    rows: dict[str, list[int]] = {}
    for row, _, _, _ in found.lags:
        rows.setdefault(str(found.texts[row]), []).append(row)
    common = {
        text for text, mine in rows.items()
        if len(mine) >= least[0] and len(np.unique(owner[np.array(mine)])) >= least[1]
    }  # fmt: skip
    late = {part for _, part, _, lag in found.lags if lag}
    for row, part, weekday, lag in found.lags:
        if part not in late:
            counts.setdefault(("", part, -1), Counter())[lag] += 1
            continue
        text = str(found.texts[row])
        keys: list[LagKey] = [("", part, -1), ("", part, weekday)]
        for key in [*keys, *([(text, part, weekday)] if text in common else [])]:
            counts.setdefault(key, Counter())[lag] += 1
    return {key: dict(one) for key, one in counts.items()}


def with_digits(
    texts: Sequence[str | None], levels: Mapping[tuple[str, int], str], form_of: Any, parts: list[Part]
) -> tuple[list[str | None], list[list[tuple[int, str]]]]:
    """Return templates with signs for digits that are of somebody or of the row, and these digits by row.

    New parts join ``parts``.
    """
    places = {part: k for k, part in enumerate(parts)}
    zeros = _with_zeros(texts, levels, form_of)
    found, digits = [], []
    for text in texts:
        mine: list[tuple[int, str]] = []
        if text is None or not DIGITS.search(text):
            found.append(text)
            digits.append(mine)
            continue
        form, nth = form_of(text), iter(range(len(text)))

        def sign(hit: re.Match[str], form: str = form, nth: Any = nth, mine: Any = mine) -> str:
            level, width = levels.get((form, next(nth)), ""), len(hit.group())
            if not level:
                return hit.group()
            part = Part("own", "", level, width, "0" if (level, width) in zeros else "")
            if part not in places:
                places[part] = len(parts)
                parts.append(part)
            mine.append((places[part], hit.group()))
            return mark(places[part])

        found.append(DIGITS.sub(sign, text))
        digits.append(mine)
    return found, digits


def _with_zeros(
    texts: Sequence[str | None], levels: Mapping[tuple[str, int], str], form_of: Any
) -> set[tuple[str, int]]:
    """Return the sorts of digits of which some begin with 0."""
    found = set()
    for text in texts:
        if text is not None and DIGITS.search(text):
            form = form_of(text)
            for place, one in enumerate(DIGITS.findall(text)):
                if one.startswith("0") and (form, place) in levels:
                    found.add((levels[form, place], len(one)))
    return found


def marks_of(text: str) -> list[str | int]:
    """Return a template as its texts and the places of parts between them."""
    pieces = [one for one in re.split("([\ue000-\ue0c7])", text) if one]
    return [ord(one) - FIRST_MARK if is_mark(one[0]) else one for one in pieces]
