"""Names made anew that look like those of a column and are none of them."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

_NUMBERED = re.compile(r"^(.*?)(\d+)(\D*)$", re.DOTALL)
_MOST_DIGITS = 18
_TRIES = 40
_PLAIN = "new-"


def names_alike(known: Sequence[str], replaced: Sequence[int], rng: np.random.Generator) -> list[str]:
    """Return a new name for each of the known names at ``replaced``: none of the known ones, none twice.

    A name keeps what surrounds its first number; the number is drawn among those of names of this form, and
    follows them where there is no room. A name without a number becomes ``new-`` and a number.
    """
    taken = set(known)
    spans: dict[tuple[str, str, int], tuple[int, int]] = {}
    forms = [_form(name) for name in known]
    for form in forms:
        if form is not None:
            key, number = form
            low, high = spans.get(key, (number, number))
            spans[key] = (min(low, number), max(high, number))
    found, draws, plain = [], rng.random((len(replaced), _TRIES)), 0
    for place, tries in zip(replaced, draws, strict=True):
        form = forms[place]
        if form is None:
            name = f"{_PLAIN}{plain}"
            while name in taken:
                plain += 1
                name = f"{_PLAIN}{plain}"
        else:
            name = _drawn(form[0], spans, taken, tries)
        taken.add(name)
        found.append(name)
    return found


def _form(name: str) -> tuple[tuple[str, str, int], int] | None:
    """Return what surrounds the number of a name, its width (0 without leading zeros) and the number."""
    match = _NUMBERED.match(name)
    if match is None or len(match[2]) > _MOST_DIGITS:
        return None
    head, digits, tail = match.groups()
    return (head, tail, len(digits) if digits.startswith("0") else 0), int(digits)


def _drawn(
    key: tuple[str, str, int], spans: dict[tuple[str, str, int], tuple[int, int]], taken: set[str],
    tries: np.ndarray,
) -> str:  # fmt: skip
    head, tail, width = key
    low, high = spans[key]
    for draw in tries:
        name = f"{head}{low + int(draw * (high - low + 1)):0{width}d}{tail}"
        if name not in taken:
            return name
    while True:
        high += 1
        name = f"{head}{high:0{width}d}{tail}"
        if name not in taken:
            spans[key] = (low, high)
            return name
