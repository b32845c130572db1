"""Which days and times of day the texts of a column hold: those of their row, or of some days before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from finsim.notation import NANOS_PER_DAY, Bool1D, Int1D
from finsim.tables.texts.date_forms import CLOCKS, DateForm, all_forms, clock_regex, second_of
from finsim.tables.texts.parts import CLOCK, DAY, HOUR, Part
from finsim.tables.texts.row_cells import MISSING_TIME, RowCells

LEAST_ROWS, LEAST_SHARE = 15, 0.003
LATEST, EARLIEST = 5, 62
"""Days after and before its row that a day in a text may lie (assumption)."""
TOLD = 0.9
"""Share of what looks like days that must lie there (assumption)."""
COMMON_LAGS = 5
MOST_FORMS = 6
SCREENED = 1_000
"""Texts in which forms are looked for first: few forms are met at all."""
SECOND = 1_000_000_000
MOST_DAYS, LATE_MINUTES = 31, 0.25
"""Share of minutes beyond any day of a month, of times of day (assumption; 28 of 60 there are)."""
_YEAR = 366


def day_parts(texts: Sequence[str], cells: RowCells, rng: np.random.Generator) -> list[Part]:
    """Return the forms and columns of days in texts, those of most rows first.

    A day must lie near that of its row (``TOLD``), and far more often than near that of another one.
    """
    least = max(LEAST_ROWS, LEAST_SHARE * len(texts))
    left = list(texts)
    found: list[Part] = []
    other = rng.permutation(len(texts))
    step = max(len(texts) // SCREENED, 1)
    some = "\n".join(texts[::step])
    forms = [form for form in all_forms() if len(form.regex().findall(some)) * step >= 0.5 * least]
    while len(found) < MOST_FORMS:
        best: tuple[float, Part] | None = None
        for form in forms:
            met = [(k, hit.group()) for k, text in enumerate(left) for hit in form.regex().finditer(text)]
            if len(met) < least:
                continue
            for name, times in cells.times.items():
                worth = _worth(form, met, times, other)
                if worth >= least and (best is None or worth > best[0]):
                    best = worth, Part(DAY, name, form=form)
        if best is None:
            break
        found.append(best[1])
        regex = best[1].form.regex()
        left = [regex.sub("\n", text) for text in left]
    return found


def _worth(form: DateForm, met: Sequence[tuple[int, str]], times: Int1D, other: Int1D) -> float:
    """Return the rows whose day a form tells, weighed by how often it lies the usual days before; 0 for none.

    Days of the longer form come first: what looks like 14.12 may be the beginning of 14.12.24.
    """
    rows = np.array([row for row, _ in met])
    known = times[rows] != MISSING_TIME
    if not known.any():
        return 0.0
    day = times[rows] // NANOS_PER_DAY
    places = days_of(form, times)
    lags = np.array([_lag(places.get(text), one) for (_, text), one in zip(met, day.tolist(), strict=True)])
    away = times[other[rows]] // NANOS_PER_DAY
    chance = [_lag(places.get(text), one) for (_, text), one in zip(met, away.tolist(), strict=True)]
    # A sum of 12.11 beside the day looks like one too: one of those of a row is enough.
    (lags, known), (missed, _) = _of_rows(rows, lags, known), _of_rows(rows, np.array(chance), known)
    near, by_chance = _near(lags) & known, _near(missed)
    share, base = float(near.mean()), float(by_chance.mean())
    if share < TOLD or share < base + 0.5 * (1.0 - base):
        return 0.0
    often = sum(count for _, count in Counter(lags[near].tolist()).most_common(COMMON_LAGS))
    length = 1.0 + len(form.text(0)) / 100.0
    return float(near.sum()) * (often / max(int(near.sum()), 1)) * length


def days_of(form: DateForm, times: Int1D) -> dict[str, list[int]]:
    """Return text -> days from 1970 that it may mean, over the period of times and some days around."""
    known = times[times != MISSING_TIME]
    if not len(known):
        return {}
    low, high = int(known.min() // NANOS_PER_DAY), int(known.max() // NANOS_PER_DAY)
    found: dict[str, list[int]] = {}
    for day in range(low - EARLIEST, high + LATEST + 1):
        found.setdefault(form.text(day), []).append(day)
    return found


def _lag(days: list[int] | None, day: int) -> int:
    return _YEAR if not days else min((day - one for one in days), key=abs)


def lag_of(days: list[int] | None, day: int) -> int | None:
    """Return how many days before its row a day lies, None where it is none of those near."""
    lag = _lag(days, day)
    return lag if -LATEST <= lag <= EARLIEST else None


def _of_rows(rows: Int1D, lags: Int1D, known: Bool1D) -> tuple[Int1D, Bool1D]:
    """Return the smallest lag of each row that has some, and whether its time is known."""
    order = np.lexsort((np.abs(lags), rows))
    first = order[np.diff(rows[order], prepend=-1) > 0]
    return lags[first], known[first]


def _near(lags: Int1D) -> np.ndarray:
    return np.asarray((lags >= -LATEST) & (lags <= EARLIEST))


def clock_parts(texts: Sequence[str], cells: RowCells) -> list[Part]:
    """Return the form of times of day in texts: of the row, or another one where they are none of its own."""
    least = max(LEAST_ROWS, LEAST_SHARE * len(texts))
    for pattern in CLOCKS:
        met = [
            (k, second_of(pattern, hit.group()))
            for k, text in enumerate(texts)
            for hit in clock_regex(pattern).finditer(text)
        ]
        valid = [one for one in met if one[1] >= 0]
        if len(valid) < max(least, TOLD * len(met)) or len({one for _, one in valid}) < LEAST_ROWS:
            continue
        unit = 1 if "%S" in pattern else 60
        rows = np.array([row for row, _ in valid])
        said = np.array([second for _, second in valid]) // unit
        for name, times in cells.times.items():
            own = times[rows] % NANOS_PER_DAY // (SECOND * unit)
            if (own == said).mean() >= TOLD:
                return [Part(CLOCK, name, pattern)]
        # Four digits alone are a number as well as a time, and 12.11 is a day where no minute is above 31.
        late = float(np.mean([second // 60 % 60 > MOST_DAYS for _, second in valid]))
        if pattern != "%H%M" and late >= LATE_MINUTES:
            return [Part(HOUR, "", pattern)]
    return []
