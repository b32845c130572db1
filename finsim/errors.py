"""The whole error tree of finsim.

FinsimError
├── StudyError            a study file or a command-line value is wrong
├── ScenarioError         a scenario file is wrong or asks for the impossible
├── NarrativeError        a narrative file is wrong
├── RuleError             a rule file does not parse, type or agree with the data
├── RecordError           a record breaks its own contract (shape, order, unit)
├── DataError             a user's data file cannot be used
├── FitError              a generator cannot be fitted or restored
├── PrivacyBudgetError    a privacy budget would be exceeded
├── ProvenanceError       a hash, a log or a manifest does not agree
└── ResumeError           a stopped run cannot be continued
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

EXIT_FINE, EXIT_GATE, EXIT_INPUT, EXIT_FAULT = 0, 1, 2, 3


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: where, what was found, what was expected, what to do."""

    place: str
    found: str
    expected: str = ""
    remedy: str = ""

    def __str__(self) -> str:
        """Return the problem as one line, and a second line for the remedy."""
        head = f"{self.place}: {self.found}" if self.place else self.found
        if self.expected:
            head += f"; expected {self.expected}"
        return f"{head}\n  remedy: {self.remedy}" if self.remedy else head


def remedies_once(problems: Sequence[Problem]) -> list[Problem]:
    """Return problems for people to read: of those in a row with one remedy the last one says it."""
    following = [*(one.remedy for one in problems[1:]), ""]
    return [
        replace(one, remedy="") if one.remedy == after else one
        for one, after in zip(problems, following, strict=True)
    ]


_COPIES: dict[str, str] = {}


def told_as(copy: Path, url: str) -> None:
    """Let errors of this process name the URL where they would name its copy on this machine."""
    _COPIES[str(copy)] = url


def _told(problem: Problem) -> Problem:
    texts = {name: text for name, text in vars(problem).items() if any(copy in text for copy in _COPIES)}
    for copy, url in _COPIES.items():
        texts = {name: text.replace(copy, url) for name, text in texts.items()}
    return replace(problem, **texts)


class FinsimError(Exception):
    """Base of every error that finsim raises on purpose; carries all problems found at once.

    Example:
        >>> import finsim
        >>> try:
        ...     finsim.names("scenario")
        ... except finsim.FinsimError as error:
        ...     error.problems[0].remedy
        "did you mean 'scenarios'?"

    """

    exit_code = EXIT_INPUT

    def __init__(self, found: str, *, place: str = "", expected: str = "", remedy: str = "") -> None:
        self.problems: tuple[Problem, ...] = (_told(Problem(place, found, expected, remedy)),)
        super().__init__(str(self))

    @classmethod
    def of(cls, problems: Iterable[Problem]) -> Self:
        """Return one error that lists several problems; raises ValueError when there is none."""
        listed = tuple(problems)
        if not listed:
            raise ValueError("an error needs at least one problem")
        first = listed[0]
        error = cls(first.found, place=first.place, expected=first.expected, remedy=first.remedy)
        error.problems = tuple(map(_told, listed))
        error.args = (str(error),)
        return error

    def __str__(self) -> str:
        """Return every problem, one after the other."""
        return "\n".join(str(problem) for problem in remedies_once(self.problems))

    def __reduce__(self) -> tuple[object, ...]:
        """Keep all problems and notes when the error crosses a process border."""
        notes = getattr(self, "__notes__", None)
        state = {"__notes__": list(notes)} if notes else None
        return (_rebuild, (type(self), self.problems), state)


def _rebuild(kind: type[FinsimError], problems: tuple[Problem, ...]) -> FinsimError:
    return kind.of(problems)


class StopSignal(BaseException):
    """The work is stopped by a signal; ``exit_code`` is what shells expect: 128 and the signal's number.

    No error of finsim and no KeyboardInterrupt, which libraries catch: every open file is tidied on the way.
    """

    def __init__(self, signal: int) -> None:
        self.signal = int(signal)
        super().__init__(f"stopped by signal {self.signal}")

    @property
    def exit_code(self) -> int:
        """The exit code of a process that ends by this signal."""
        return 128 + self.signal


STOPS = (KeyboardInterrupt, StopSignal)
"""What stops work from outside."""


class StudyError(FinsimError):
    """A study file or a command-line value is wrong."""


class ScenarioError(FinsimError):
    """A scenario file is wrong or asks for the impossible."""


class NarrativeError(FinsimError):
    """A narrative file is wrong."""


class RuleError(FinsimError):
    """A rule does not parse, does not type, or does not agree with the data."""


class RecordError(FinsimError):
    """A record breaks its own contract (shape, order, unit)."""


class DataError(FinsimError):
    """A user's data file cannot be used."""


class FitError(FinsimError):
    """A generator cannot be fitted or restored."""


class PrivacyBudgetError(FinsimError):
    """A privacy budget would be exceeded."""


class ProvenanceError(FinsimError):
    """A hash, a log or a manifest does not agree with the files."""


class ResumeError(FinsimError):
    """A stopped run cannot be continued."""


_BEGINNING, _MOST_BEGUN = 3, 3
"""Letters from which a beginning tells a name, and the most names that it may mean."""


def did_you_mean(name: str, known: Sequence[str]) -> str:
    """Return ``did you mean 'x'?`` for the nearest known name, else the list of known names.

    Neither case nor -, _ and spaces count. A name that is only begun means those that begin so, where they
    are three or fewer, else lists those. A list is cut after 12 names.
    """
    plain = {_bare(item): item for item in known}
    begun = [item for bare, item in plain.items() if bare.startswith(_bare(name))]
    if len(_bare(name)) >= _BEGINNING and 1 <= len(begun) <= _MOST_BEGUN:
        return f"did you mean {' or '.join(repr(item) for item in begun)}?"
    near = difflib.get_close_matches(_bare(name), plain, n=1, cutoff=0.6)
    if near and (len(begun) <= _MOST_BEGUN or len(_bare(name)) < _BEGINNING):
        return f"did you mean {plain[near[0]]!r}?"
    meant = begun if len(begun) > _MOST_BEGUN and len(_bare(name)) >= _BEGINNING else known
    shown = ", ".join(sorted(meant)[:12]) + (", ..." if len(meant) > 12 else "")
    return f"use one of: {shown}" if shown else ""


def _bare(name: str) -> str:
    return name.lower().replace("-", "").replace("_", "").replace(" ", "")
