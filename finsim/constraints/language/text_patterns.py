"""Patterns of ``matches``: checked when a rule is read, so that no row can meet a bad or a costly one.

They are RE2's: no backreference, no lookahead, and time linear in the text for any pattern. What is left to
bound is the size of the program that a pattern is compiled to.
"""

from __future__ import annotations

import re

MAX_CHARACTERS, MAX_STEPS = 1_000, 2_000
_COUNT = re.compile(r"\{(\d{1,9})(?:(,)(\d{0,9}))?\}", re.ASCII)
_OPENING = re.compile(r"\((?:\?(?:P?<\w+>|[a-zA-Z-]*:?))?")
_MARKS = {"(?=": "lookahead", "(?!": "lookahead", "(?<=": "lookbehind", "(?<!": "lookbehind"}


class BadPattern(Exception):
    """A pattern that is refused, and what to write instead."""

    def __init__(self, found: str, remedy: str) -> None:
        super().__init__(found)
        self.found, self.remedy = found, remedy


def whole(pattern: str) -> str:
    """Return the pattern that matches a text from its first to its last character."""
    return rf"\A(?:{pattern})\z"


def check_pattern(pattern: str) -> None:
    """Raise BadPattern when a pattern is not RE2's, is too long or repeats too much.

    A pattern has at most 1,000 characters, and at most 2,000 steps: ``a{3}`` counts 3, ``(ab{3}){10}`` 40.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    from finsim.tables.cells.arrays_from_python import words

    if len(pattern) > MAX_CHARACTERS:
        raise BadPattern(
            f"the pattern has {len(pattern):,} characters; at most {MAX_CHARACTERS:,}", "write several rules"
        )
    for form in (pattern, whole(pattern)):
        try:
            pc.match_substring_regex(words(["a"]), pattern=form)
        except pa.ArrowInvalid as bad:
            reason = str(bad).partition("Invalid regular expression: ")[2] or str(bad)
            raise BadPattern(f"{pattern!r} is not a pattern: {reason}", _hint(pattern, reason)) from None
    steps = _steps(pattern)
    if steps > MAX_STEPS:
        raise BadPattern(
            f"the pattern repeats up to {steps:,} steps; at most {MAX_STEPS:,}",
            "repeat less, and bound the text with length(..)",
        )


def _hint(pattern: str, reason: str) -> str:
    if "too large" in reason or "repetition size" in reason:
        return "repeat at most 1,000 times in all, and bound the text with length(..)"
    if r"\Q" in pattern and r"\E" not in pattern:
        return r"end \Q with \E"
    for mark, name in _MARKS.items():
        if mark in pattern:
            return f"RE2 has no {name}; write a second condition with `and`"
    if re.search(r"\\[1-9]", pattern):
        return "RE2 has no backreferences; compare columns instead"
    return r"write RE2's syntax; a character that means itself is \. or [.]"


def _steps(pattern: str) -> int:
    """Return how many characters and classes a pattern becomes when its counts are written out."""
    sizes: list[int] = [0]  # of the groups that are open, from the outermost
    last, place = 0, 0
    while place < len(pattern):
        count = _COUNT.match(pattern, place)
        if count is not None:
            least, comma, most = count.groups()
            times = max(int(most) if most else int(least) + bool(comma), 1)
            sizes[-1] += last * (times - 1)
            last, place = last * times, count.end()
            continue
        letter = pattern[place]
        if pattern.startswith(r"\Q", place):
            end = pattern.find(r"\E", place)
            end = len(pattern) if end < 0 else end
            last, sizes[-1], place = 1, sizes[-1] + end - place, end + 2
        elif letter == "(":
            sizes.append(0)
            opened = _OPENING.match(pattern, place)
            place = opened.end() if opened is not None else place + 1
        elif letter == ")" and len(sizes) > 1:
            last = sizes.pop()
            sizes[-1] += last
            place += 1
        elif letter in "*+?|":
            place += 1
        else:
            last, place = 1, _after(pattern, place)
            sizes[-1] += 1
    return sum(sizes)


def _after(pattern: str, place: int) -> int:
    """Return where the character, escape or class at a place ends."""
    if pattern[place] == "\\":
        return place + 2
    if pattern[place] != "[":
        return place + 1
    end = place + 1 + pattern.startswith("^", place + 1)
    end += pattern.startswith("]", end)
    while end < len(pattern) and pattern[end] != "]":
        named = pattern.find(":]", end) if pattern.startswith("[:", end) else -1
        end = named + 2 if named >= 0 else end + (2 if pattern[end] == "\\" else 1)
    return end + 1
