"""Identifiers of rows that are added to a table: between those of real rows, in order where these are.

Where real identifiers rise with time a new one stands between the ones of its neighbours in time, as far from
its place as a real one is from its own; in any other order it stands beside that of a row drawn at random, so
that numbers spread over the range as the real ones do. Forms that run beside each other are series: each
rises on its own, and a new identifier is of the series of the one that it is like (own).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from finsim.notation import Bool1D, Int1D
from finsim.tables.new_ids.id_form import NUMBERED

_LEAST = 20  # fewer identifiers tell no order
MOST_DIGITS = 18  # of a number that an int64 holds
_NUMBERED_SHARE = 0.95
_FORMS = 0.5  # more forms than half of the identifiers: what surrounds the number is no form
_RISING = 0.5  # assumption: rank correlation with time from which identifiers count as in order
_BETTER = 0.02  # by which forms rise better each on its own where they run beside each other (assumption)
_ROUNDS = 60


@dataclass(frozen=True)
class IdsInTime:
    """Real identifiers sorted by form and number: forms (head, tail), and by identifier int64[n].

    ``number`` and ``form`` in that order, ``first`` and ``end`` of each form's identifiers; ``width`` of the
    numbers of a form, 0 where they are not filled with zeros. ``moved`` is how far the place of each lies
    from its place in time; None where they do not rise with time. ``time`` sorted (ns). ``beside``: several
    forms run beside each other, so ``moved`` and ``time`` are those within each form.
    """

    forms: tuple[tuple[str, str], ...]
    number: Int1D
    form: Int1D
    first: Int1D
    end: Int1D
    width: Int1D
    moved: Int1D | None
    time: Int1D
    beside: bool = False

    @classmethod
    def of(cls, known: Sequence[str], time: Int1D) -> IdsInTime | None:
        """Return the identifiers of rows, given with their times (ns); None where they are not numbered."""
        found = [(match, at) for at, word in enumerate(known) if (match := NUMBERED.fullmatch(word))]
        found = [(match, at) for match, at in found if len(match[2]) <= MOST_DIGITS]
        if len(found) < max(_LEAST, _NUMBERED_SHARE * len(known)):
            return None
        forms = tuple(sorted({(match[1], match[3]) for match, _ in found}))
        if len(forms) > max(1, _FORMS * len(found)):
            return None
        code = {form: place for place, form in enumerate(forms)}
        form = np.array([code[match[1], match[3]] for match, _ in found])
        number = np.array([int(match[2]) for match, _ in found], dtype=np.int64)
        size = np.array([len(match[2]) if match[2][0] == "0" else 0 for match, _ in found])
        width = np.zeros(len(forms), dtype=np.int64)
        np.maximum.at(width, form, size)
        order = np.lexsort((number, form))
        when = time[np.array([at for _, at in found])]
        by_time, by_series = np.argsort(when, kind="stable"), np.lexsort((when, form))
        edges = np.searchsorted(form[order], np.arange(len(forms) + 1))
        ends = forms, number[order], form[order], edges[:-1], edges[1:], width
        whole, within = _moved(order, by_time), _moved(order, by_series)
        risen, own = _rises(whole), 0.0
        if 1 < len(forms) <= len(found) / _LEAST:
            parts = [within[low:high] for low, high in pairwise(edges.tolist())]
            own = float(np.average([_rises(one) for one in parts], weights=[len(one) for one in parts]))
        if own > max(_RISING, risen + _BETTER):
            return cls(*ends, within, when[by_series], True)
        if risen > _RISING:
            return cls(*ends, whole, when[by_time])
        return cls(*ends, None, when[by_time], len(forms) <= len(found) / _LEAST)

    @property
    def is_in_turn(self) -> bool:
        """Whether several forms follow each other in time, such as days within identifiers."""
        return len(self.forms) > 1 and not self.beside

    @property
    def apart(self) -> int:
        """What all numbers of a form are multiples of, from its first: 1 where they are in no grid."""
        steps = np.diff(self.number)[np.diff(self.form) == 0]
        return max(int(np.gcd.reduce(steps)) if len(steps) else 1, 1)

    def new(
        self, time: Int1D, free: Callable[[list[str]], Bool1D], rng: np.random.Generator,
        like: Sequence[str | None] = (),
    ) -> list[str] | None:  # fmt: skip
        """Return an identifier for each row at a time (ns), different ones; None where they find no room.

        ``free`` tells of words whether they may be taken; ``like`` are real ones whose series are asked for.
        """
        at = self._in_series(time, like, rng) if self.beside and len(like) else self._beside(time, rng)
        found: list[str | None] = [None] * len(time)
        taken: set[str] = set()
        left = np.arange(len(time))
        for turn in range(_ROUNDS):
            words = self._drawn(at[left], 2 ** (turn // 3), rng)
            fits = free(words)
            for place, word, is_free in zip(left.tolist(), words, fits.tolist(), strict=True):
                if is_free and word not in taken:
                    taken.add(word)
                    found[place] = word
            left = np.flatnonzero([one is None for one in found])
            if not len(left):
                return [str(one) for one in found]
        return None

    def _beside(self, time: Int1D, rng: np.random.Generator) -> Int1D:
        """Return the real identifier behind which each new one stands."""
        count = len(self.number)
        if self.moved is None:
            return np.asarray(rng.integers(0, count, len(time)))
        place = np.searchsorted(self.time, time, side="right") - 1
        there = place + self.moved[rng.integers(0, count, len(time))]
        return np.asarray(np.clip(there, 0, count - 1))

    def _in_series(self, time: Int1D, like: Sequence[str | None], rng: np.random.Generator) -> Int1D:
        """Return the real identifier behind which each new one of a series stands; any series for none."""
        code = {form: place for place, form in enumerate(self.forms)}
        matches = [None if word is None else NUMBERED.fullmatch(word) for word in like]
        drawn = self.form[rng.integers(0, len(self.form), len(time))]
        form = np.array([
            code.get((match[1], match[3]), other) if match else other
            for match, other in zip(matches, drawn.tolist(), strict=True)
        ], dtype=np.int64)  # fmt: skip
        found = np.empty(len(time), dtype=np.int64)
        for one in np.unique(form).tolist():
            mine, low, high = form == one, int(self.first[one]), int(self.end[one])
            there = rng.integers(low, high, int(mine.sum()))
            if self.moved is not None:
                place = low + np.searchsorted(self.time[low:high], time[mine], side="right") - 1
                there = np.clip(place + self.moved[there], low, high - 1)
            found[mine] = there
        return found

    def _drawn(self, at: Int1D, reach: int, rng: np.random.Generator) -> list[str]:
        """Return words with numbers between those of neighbours of the same form, ``reach`` of them away."""
        form = self.form[at]
        first, end = self.first[form], self.end[form]
        if self.moved is None:  # no number is above the last: in no order nothing comes after it
            at = np.minimum(at, np.maximum(end - 2, first))
        low = self.number[np.maximum(at + 1 - reach, first)]
        above = at + reach
        last = self.number[end - 1]
        gap = np.maximum((last - self.number[first]) // np.maximum(end - first - 1, 1), 1)
        high = np.where(above < end, self.number[np.minimum(above, end - 1)], last + gap * (above - end + 2))
        number = low + 1 + (rng.random(len(at)) * np.maximum(high - low - 1, 1)).astype(np.int64)
        return [
            f"{self.forms[one][0]}{value:0{width}d}{self.forms[one][1]}"
            for one, value, width in zip(
                form.tolist(), number.tolist(), self.width[form].tolist(), strict=True
            )
        ]


def _moved(order: Int1D, by_time: Int1D) -> Int1D:
    """Return how far each identifier's place by number lies from its place in time, in order of time."""
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    return np.asarray(rank[by_time] - np.arange(len(order)))


def _rises(moved: Int1D) -> float:
    """Return the rank correlation of places with time that such moves leave (Spearman 1904)."""
    count = len(moved)
    return 1.0 - 6.0 * float((moved.astype(np.float64) ** 2).sum()) / max(count * (count**2 - 1.0), 1.0)
