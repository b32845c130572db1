"""Functions of text: computed once for each distinct word, and gathered by the codes of labels.

A text column is codes into the words that all columns share (``Labels``). What a function makes of a word is
kept beside them, so that a block of rows costs one look-up by code. Texts are Unicode; nulls give null.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from threading import Lock

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from finsim.constraints.evaluating.evaluator_interface import Evaluator
from finsim.constraints.language.expression import Node
from finsim.constraints.language.text_patterns import whole
from finsim.constraints.tables.arrow_to_numpy import values_of
from finsim.constraints.tables.label_codes import MANY, Labels
from finsim.constraints.tables.nullable_vectors import Vec, both, known, solid, spread
from finsim.constraints.tables.numbered_texts import numbered
from finsim.notation import Array, Int1D

_PLAIN: dict[str, Callable[[pa.Array], pa.Array]] = {
    "length": pc.utf8_length, "upper": pc.utf8_upper, "lower": pc.utf8_lower, "trim": pc.utf8_trim_whitespace,
}  # fmt: skip
_SEARCHES: dict[str, Callable[..., pa.Array]] = {
    "starts_with": pc.starts_with, "ends_with": pc.ends_with, "contains": pc.match_substring,
}  # fmt: skip
_PAIRS: dict[str, Callable[[str, str], bool]] = {
    "starts_with": str.startswith, "ends_with": str.endswith, "contains": str.__contains__,
}  # fmt: skip
TEXT_FUNCTIONS = frozenset((*_PLAIN, *_SEARCHES, "matches"))

_DIGITS = re.compile("0|-?[1-9][0-9]*")
"""How a whole number is written."""

WIDEST_TABLE = 1 << 20
"""Places that a table of whole numbers may have, where it is not eight times as long as a block."""


class Words:
    """What one function makes of the words of a numbering, by code; computed when a word first comes up."""

    def __init__(self, function: Callable[[pa.Array], pa.Array], dtype: str) -> None:
        self.function = function
        self._found: tuple[Array, Array] = (np.zeros(0, dtype=dtype), np.zeros(0, dtype=bool))
        self._lock = Lock()

    def of(self, codes: Int1D, labels: Labels) -> Array:
        """Return the results for some codes: whole numbers, codes of labels or truths."""
        values, done = self._found
        if int(codes.max(initial=-1)) >= len(done) or not done[codes].all():
            with self._lock:
                values, done = self._found = self._more(codes, labels)
        return values[codes]

    def _more(self, codes: Int1D, labels: Labels) -> tuple[Array, Array]:
        """Return results and which of them are computed, those of some codes among them.

        Where many words are new, so are those of the next rows, and all are worked out: new words are looked
        for among all others once, and not once for every block of rows.
        """
        values, done = self._found
        room = max(int(codes.max()) + 1, len(labels)) - len(done)
        if room > 0:
            room = max(room, len(done))
            values, done = (
                np.append(values, np.zeros(room, values.dtype)),
                np.append(done, np.zeros(room, bool)),
            )
        wanted = np.zeros(len(done), dtype=bool)
        wanted[codes] = True
        new = np.flatnonzero(wanted & ~done)
        if len(new) >= MANY:
            new = np.flatnonzero(~done[: len(labels)])
        found = self.function(labels.texts(new))
        cells = _coded(found, labels) if pa.types.is_large_string(found.type) else values_of(found)
        values[new] = cells  # before they are marked: other threads read without waiting
        done[new] = True
        return values, done


def _coded(texts: pa.Array, labels: Labels) -> Int1D:
    """Return the codes of texts, of which some may be equal."""
    distinct = numbered(texts)
    codes: Int1D = labels.coded(distinct.dictionary)[values_of(distinct.indices)]
    return codes


def text_called(run: Evaluator, node: Node) -> Vec:
    """Return a function of text for the rows of the block."""
    name, labels = str(node.data[0]), run.world.labels
    texts = run.value(node.args[0])
    if name in _PLAIN:
        return _worded(labels, (name,), _PLAIN[name], texts)
    if name == "matches":
        pattern = str(node.data[1])
        return _worded(labels, (name, pattern), _search(pc.match_substring_regex, whole(pattern)), texts)
    part = run.value(node.args[1])
    if np.ndim(part.values):
        return _paired(labels, name, texts, part, run.block.count)
    if not known(part):
        return Vec(np.bool_(False), known(part))
    wanted = labels.text(int(part.values))
    return _worded(labels, (name, wanted), _search(_SEARCHES[name], wanted), texts)


def _search(function: Callable[..., pa.Array], wanted: str) -> Callable[[pa.Array], pa.Array]:
    return lambda words: function(words, pattern=wanted)


def _worded(
    labels: Labels, key: tuple[str, ...], function: Callable[[pa.Array], pa.Array], texts: Vec
) -> Vec:
    """Return a function of each text; null cells hold anything."""
    dtype = "bool" if key[0] not in _PLAIN else "int64"
    words: Words = labels.functions.setdefault(key, Words(function, dtype))
    codes = np.asarray(texts.values)
    if not len(labels):  # every cell is null
        return Vec(np.zeros(codes.shape, dtype=dtype), texts.valid)
    return Vec(words.of(np.atleast_1d(codes), labels).reshape(codes.shape)[()], texts.valid)


def _paired(labels: Labels, name: str, texts: Vec, parts: Vec, rows: int) -> Vec:
    """Return a truth of two columns, computed once for each pair of words that occurs."""
    valid = both(texts.valid, parts.valid)
    there = solid(valid, rows)
    left, right = (spread(vec.values, rows).astype(np.int64)[there] for vec in (texts, parts))
    (ours, left), (theirs, right) = _numbered(left), _numbered(right)
    pairs, place = _distinct(left * len(theirs) + right, len(ours) * len(theirs))
    holds, word = _PAIRS[name], labels.text
    sides = (ours[pairs // max(len(theirs), 1)].tolist(), theirs[pairs % max(len(theirs), 1)].tolist())
    found = np.array([holds(word(a), word(b)) for a, b in zip(*sides, strict=True)], dtype=bool)
    out = np.zeros(rows, dtype=bool)
    out[there] = found[place]
    return Vec(out, valid)


def _numbered(codes: Int1D) -> tuple[Int1D, Int1D]:
    """Return the codes that occur, in order, and the place of each row's code among them."""
    return _distinct(codes, int(codes.max(initial=-1)) + 1)


def _distinct(keys: Int1D, limit: int) -> tuple[Int1D, Int1D]:
    """Return the distinct keys, all below a limit, and the place of each row's key among them.

    A table of all keys below the limit where that is not much larger than the rows, else a sort.
    """
    if limit > 4 * len(keys) + 1024:
        found, place = np.unique(keys, return_inverse=True)
        return found, place.reshape(-1)
    seen = np.zeros(limit, dtype=bool)
    seen[keys] = True
    found = np.flatnonzero(seen)
    places = np.zeros(limit, dtype=np.int64)
    places[found] = np.arange(len(found))
    return found, places[keys]


def as_text(run: Evaluator, node: Node) -> Vec:
    """Return identifiers as text: codes as they are, whole numbers by their digits."""
    source = node.args[0]
    vec = run.value(source)
    if _is_coded(run, source):
        return vec
    numbers = np.asarray(vec.values)
    if node in run.world.asked:
        return Vec(_told_apart(numbers, run.world.asked[node], run.world.labels)[()], vec.valid)
    flat = numbers.reshape(-1).astype(np.int64, copy=False)
    return Vec(_digits(run.world.labels).codes(flat).reshape(numbers.shape)[()], vec.valid)


def _told_apart(numbers: Array, asked: Sequence[str], labels: Labels) -> Array:
    """Return the codes of the texts asked for where numbers are written so, elsewhere that of another."""
    other = "".join(asked) + "x"  # longer than each of them
    found = np.full(numbers.shape, labels.code(other), dtype=np.int64)
    for text in asked:
        if _DIGITS.fullmatch(text) and abs(int(text)) < 2**63:
            found[numbers == int(text)] = labels.code(text)
    return found


class Digits:
    """Codes of the digits of whole numbers, kept in a table where the numbers lie close together."""

    def __init__(self, labels: Labels) -> None:
        self._labels = labels
        self._low = 0
        self._codes: Int1D = np.empty(0, dtype=np.int64)  # by number - low; -1: not asked for yet
        self._lock = Lock()

    def codes(self, numbers: Array) -> Int1D:
        """Return the code of each number; those that come first get theirs in ascending order."""
        if not len(numbers):
            return np.empty(0, dtype=np.int64)
        with self._lock:
            if not self._holds(int(numbers.min()), int(numbers.max()), len(numbers)):
                distinct, place = np.unique(numbers, return_inverse=True)
                return self._encoded(distinct)[place.reshape(-1)]
            places = numbers - self._low
            found: Int1D = self._codes[places]
            if (found < 0).any():
                fresh = np.unique(places[found < 0])
                self._codes[fresh] = self._encoded(fresh + self._low)
                found = self._codes[places]
        return found

    def _holds(self, low: int, high: int, rows: int) -> bool:
        """Whether the table holds numbers from low to high, made longer where it may be."""
        had = len(self._codes)
        if had:
            low, high = min(low, self._low), max(high, self._low + had - 1)
        if high - low >= max(WIDEST_TABLE, 8 * rows):
            return False
        if high - low >= had:
            codes = np.full(high - low + 1, -1, dtype=np.int64)
            codes[self._low - low :][:had] = self._codes
            self._low, self._codes = low, codes
        return True

    def _encoded(self, distinct: Array) -> Int1D:
        return self._labels.encoded([str(number) for number in distinct.tolist()])


def _digits(labels: Labels) -> Digits:
    found: Digits = labels.functions.setdefault("digits", Digits(labels))
    return found


def _is_coded(run: Evaluator, node: Node) -> bool:
    """Whether an identifier is kept as codes of labels."""
    if node.op == "column":
        return bool(run.block.source.is_text(str(node.data)))
    if node.op == "call" and node.data[0] == "parent":
        return bool(run.world.others[node.data[1]].is_text(node.data[2]))
    return any(_is_coded(run, arg) for arg in node.args if arg.type.kind == "id")
