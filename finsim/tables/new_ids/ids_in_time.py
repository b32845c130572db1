"""Identifiers of rows that are added to a table: between those of real rows, in order where these are.

Where real identifiers rise with time a new one stands between the ones of its neighbours in time, as far from
its place as a real one is from its own; in any other order it stands beside that of a row drawn at random, so
that numbers spread over the range as the real ones do (own).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from finsim.notation import Bool1D, Int1D
from finsim.tables.new_ids.id_form import NUMBERED

_LEAST = 20  # fewer identifiers tell no order
_MOST_DIGITS = 18  # of a number that an int64 holds
_NUMBERED_SHARE = 0.95
_FORMS = 0.5  # more forms than half of the identifiers: what surrounds the number is no form
_RISING = 0.5  # assumption: rank correlation with time from which identifiers count as in order
_ROUNDS = 60


@dataclass(frozen=True)
class IdsInTime:
    """Real identifiers sorted by form and number: forms (head, tail), and by identifier int64[n].

    ``number`` and ``form`` in that order, ``first`` and ``end`` of each form's identifiers; ``width`` of the
    numbers of a form, 0 where they are not filled with zeros. ``moved`` is how far the place of each lies
    from its place in time; None where they do not rise with time. ``time`` sorted (ns).
    """

    forms: tuple[tuple[str, str], ...]
    number: Int1D
    form: Int1D
    first: Int1D
    end: Int1D
    width: Int1D
    moved: Int1D | None
    time: Int1D

    @classmethod
    def of(cls, known: Sequence[str], time: Int1D) -> IdsInTime | None:
        """Return the identifiers of rows, given with their times (ns); None where they are not numbered."""
        found = [(match, at) for at, word in enumerate(known) if (match := NUMBERED.fullmatch(word))]
        found = [(match, at) for match, at in found if len(match[2]) <= _MOST_DIGITS]
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
        by_time = np.argsort(when, kind="stable")
        rank, place = np.empty(len(found), dtype=np.int64), np.empty(len(found), dtype=np.int64)
        rank[order] = place[by_time] = np.arange(len(found))
        rises = float(np.corrcoef(rank, place)[0, 1]) > _RISING
        edges = np.searchsorted(form[order], np.arange(len(forms) + 1))
        return cls(
            forms, number[order], form[order], edges[:-1], edges[1:], width,
            (rank - place)[by_time] if rises else None, when[by_time],
        )  # fmt: skip

    @property
    def apart(self) -> int:
        """What all numbers of a form are multiples of, from its first: 1 where they are in no grid."""
        steps = np.diff(self.number)[np.diff(self.form) == 0]
        return max(int(np.gcd.reduce(steps)) if len(steps) else 1, 1)

    def new(
        self, time: Int1D, free: Callable[[list[str]], Bool1D], rng: np.random.Generator
    ) -> list[str] | None:
        """Return an identifier for each row at a time (ns), different ones; None where they find no room.

        ``free`` tells of words whether they may be taken.
        """
        at = self._beside(time, rng)
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
