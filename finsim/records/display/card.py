"""``Card``: what an object says of itself, as a title and (name, value) lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

Value = str | tuple[str, ...]
"""A text, or a list of words that is cut with a count of the rest."""


@dataclass(frozen=True)
class Card:
    """A title, facts as (name, value) in the order of their weight, and a note on the rows shown below.

    ``curve`` says what the spark line is. Facts without a value are left out.
    """

    title: str
    facts: tuple[tuple[str, Value], ...]
    note: str = ""
    curve: str = ""

    def __post_init__(self) -> None:
        """Leave out facts without a value."""
        object.__setattr__(self, "facts", tuple((name, value) for name, value in self.facts if value))


def clean(text: str) -> str:
    """Return a text on one line, with ``?`` for characters that cannot be shown."""
    return "".join(char if char.isprintable() else "?" for char in " ".join(text.split()))


def cut(text: str, room: int) -> str:
    """Return a text in at most ``room`` characters (at least 3), ``...`` at its end where it was cut."""
    return text if len(text) <= room else text[: max(room - 3, 0)] + "..."


def cut_start(text: str, room: int) -> str:
    """Return the end of a text in at most ``room`` characters: of a path the end says most."""
    return text if len(text) <= room else "..." + text[3 - room :]


def listed(words: tuple[str, ...], room: int) -> str:
    """Return as many words as fit into ``room`` characters, then how many more there are."""
    # A word takes two characters at least with what follows it.
    for kept in range(min(len(words), room), 0, -1):
        text = _first(words, kept)
        if len(text) <= room:
            return text
    rest = f" and {len(words) - 1} more" if len(words) > 1 else ""
    return cut(words[0], room - len(rest)) + rest if words else ""


def _first(words: tuple[str, ...], kept: int) -> str:
    rest = len(words) - kept
    return ", ".join(words[:kept]) + (f" and {rest} more" if rest else "")


def shown(facts: Iterable[tuple[str, Value]], room: int) -> Iterator[tuple[str, str]]:
    """Yield facts with each value as one line of at most ``room`` characters."""
    for name, value in facts:
        if isinstance(value, str):
            yield name, cut(clean(value), room)
        else:
            # No more words than characters can fit; cleaning thousands of names costs.
            words = (*map(clean, value[:room]), *value[room:])
            yield name, listed(words, room)
