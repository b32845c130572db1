"""Which words and numbers of their row the texts of a column hold, and how these are written there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from finsim.notation import Bool1D, Int1D
from finsim.tables.texts.parts import (
    CASES,
    CUT,
    FIRST,
    LAST,
    LEAST_DIGITS,
    LEAST_SIGNS,
    NUMBER,
    PACKED,
    SIGNS,
    TAIL,
    WHOLE,
    WORD,
    Part,
    found_at,
    number_text,
    packed,
    says_much,
)
from finsim.tables.texts.row_cells import RowCells

MOST_ROWS = 4_000
"""Rows that are looked at, evenly over the table."""
LEAST_ROWS, LEAST_SHARE = 15, 0.003
"""Rows, and share of those with a text, that must hold a part (assumptions)."""
LEAST_WORDS = 3
"""Different cells that must be met in texts: one that all rows share says nothing of its row."""
BEYOND_CHANCE = 3.0
"""Times that rows hold their own cell more often than that of another row (assumption)."""
MOST_TAIL = 8
MOST_FORMS, MOST_CUTS = 3, 4


def cell_parts(texts: Sequence[str], cells: RowCells, rng: np.random.Generator) -> list[Part]:
    """Return the parts of texts that are other cells of their row.

    ``texts`` are those of all rows of ``cells``. A part must be met in the own row far more often than in
    others (``BEYOND_CHANCE``).
    """
    least = max(LEAST_ROWS, LEAST_SHARE * len(texts))
    other = rng.permutation(len(texts))
    found: list[Part] = []
    for name, (codes, words) in cells.words.items():
        if len(np.unique(codes[codes >= 0])) >= LEAST_WORDS:
            forms = _word_forms(name, texts, codes, words)
            found += _kept(forms, texts, codes, words, other, least)
    for name, values in cells.numbers.items():
        found += _number_part(name, texts, values, other, least)
    return found


def _word_forms(name: str, texts: Sequence[str], codes: Int1D, words: Sequence[str]) -> list[Part]:
    """Return the ways in which cells of a column are written in texts, those of most rows first."""
    whole: Counter[Part] = Counter()
    pieces: Counter[Part] = Counter()
    cuts: dict[str, Counter[int]] = {}
    for text, code in zip(texts, codes.tolist(), strict=True):
        word = words[code] if code >= 0 else ""
        if not says_much(word):
            continue
        case = next((one for one in CASES if found_at(text, _cased(word, one)) >= 0), None)
        if case is not None:
            whole[Part(WORD, name, WHOLE, 0, case)] += 1
            continue
        for part, size in _pieces(name, text, word):
            if part.piece == CUT:
                cuts.setdefault(part.case, Counter())[size] += 1
            else:
                pieces[part] += 1
    for case, sizes in cuts.items():
        for size, rows in sizes.most_common(MOST_CUTS):
            pieces[Part(WORD, name, CUT, size, case)] += rows
    return [part for part, _ in (*whole.most_common(), *pieces.most_common(4 * MOST_FORMS))]


def _pieces(name: str, text: str, word: str) -> list[tuple[Part, int]]:
    """Return the pieces of a word that a text holds where it does not hold the whole word."""
    found = []
    for case in CASES:
        own = _cased(word, case)
        if case and own == word:
            continue
        at = found_at_start(text, own)
        same = 0 if at < 0 else _common(text[at:], own)
        if same >= LEAST_DIGITS and (at + same == len(text) or not text[at + same].isalnum()):
            if same == len(own) or own[same] == " " or own[same - 1] == " ":
                count = len(own[:same].split())
                found.append((Part(WORD, name, FIRST, count, case), count))
            found.append((Part(WORD, name, CUT, same, case), same))
        elif len(own.split()) > 1:
            first, last = own.split()[0], own.split()[-1]
            if len(first) > LEAST_SIGNS and says_much(first) and found_at(text, first) >= 0:
                found.append((Part(WORD, name, FIRST, 1, case), 1))
            if len(last) > LEAST_SIGNS and says_much(last) and found_at(text, last) >= 0:
                found.append((Part(WORD, name, LAST, 0, case), 0))
        if packed(own) != own and says_much(packed(own)) and found_at(text, packed(own)) >= 0:
            found.append((Part(WORD, name, PACKED, 0, case), 0))
    if len(word) > LEAST_DIGITS and word[-LEAST_DIGITS:].isdigit():
        for size in range(min(MOST_TAIL, len(word) - 1), LEAST_DIGITS - 1, -1):
            tail = word[-size:]
            if tail.isdigit() and _digits_at(text, tail):
                found.append((Part(WORD, name, TAIL, size), size))
                break
    return found


def found_at_start(text: str, word: str) -> int:
    """Return where the first signs of a word begin a word of a text, -1 for nowhere."""
    head = word[:LEAST_DIGITS]
    at = text.find(head) if len(head) == LEAST_DIGITS else -1
    while at > 0 and text[at - 1].isalnum():
        at = text.find(head, at + 1)
    return at


def _common(text: str, word: str) -> int:
    """Return how many signs two texts begin with alike, blanks at the end left out."""
    same = next(
        (k for k, (left, right) in enumerate(zip(text, word, strict=False)) if left != right),
        min(len(text), len(word)),
    )
    return len(word[:same].rstrip())


def _digits_at(text: str, digits: str) -> bool:
    """Tell whether a text holds a number, no part of a longer one."""
    at = text.find(digits)
    while at >= 0:
        end = at + len(digits)
        if not (at and text[at - 1].isdigit()) and not (end < len(text) and text[end].isdigit()):
            return True
        at = text.find(digits, at + 1)
    return False


def _cased(word: str, case: str) -> str:
    return str(getattr(word, case)()) if case else word


def _kept(
    forms: Sequence[Part],
    texts: Sequence[str],
    codes: Int1D,
    words: Sequence[str],
    other: Int1D,
    least: float,
) -> list[Part]:
    """Return the forms that explain enough rows of their own beyond chance, one after the other."""
    found: list[Part] = []
    done = np.zeros(len(texts), np.bool_)
    while len(found) < MOST_FORMS:
        best: tuple[float, Part, Bool1D] | None = None
        for part in forms:
            if part in found:
                continue
            written = [part.written(word) if says_much(word) else "" for word in words] + [""]
            holds = _holds(texts, codes, written) & ~done
            if holds.sum() < least or len({written[code] for code in codes[holds]}) < LEAST_WORDS:
                continue
            named = np.array(written, dtype=object)
            apart = named[codes] != named[codes[other]]
            chance = (_holds(texts, codes[other], written) & apart & ~done).sum() / max(apart.sum(), 1)
            if (holds & apart).sum() / max(apart.sum(), 1) <= BEYOND_CHANCE * chance:
                continue
            # A first word is met wherever the whole name is: what explains more signs is meant.
            worth = float(sum(len(written[code]) for code in codes[holds].tolist()))
            if best is None or worth > best[0]:
                best = worth, part, holds
        if best is None:
            break
        found.append(best[1])
        done |= best[2]
    return found


def _holds(texts: Sequence[str], codes: Int1D, written: Sequence[str]) -> Bool1D:
    """Return bool[n]: whether each text holds what is written of its code, -1 for the last one."""
    found = [found_at(text, written[code]) >= 0 for text, code in zip(texts, codes.tolist(), strict=True)]
    return np.array(found, np.bool_)


def _number_part(
    name: str, texts: Sequence[str], values: np.ndarray, other: Int1D, least: float
) -> list[Part]:
    """Return the form in which texts hold a number of their row, where they do."""
    best: tuple[int, Part] | None = None
    for form in SIGNS:
        written = ["" if np.isnan(one) else number_text(one, form) for one in values.tolist()]
        holds = np.array([found_at(t, w) >= 0 for t, w in zip(texts, written, strict=True)], np.bool_)
        if holds.sum() < least or len({written[k] for k in np.flatnonzero(holds)}) < LEAST_WORDS:
            continue
        apart = values != values[other]
        chance = sum(found_at(texts[k], written[other[k]]) >= 0 for k in np.flatnonzero(apart).tolist())
        if (holds & apart).sum() > BEYOND_CHANCE * chance and (best is None or holds.sum() > best[0]):
            best = int(holds.sum()), Part(NUMBER, name, form)
    return [] if best is None else [best[1]]
