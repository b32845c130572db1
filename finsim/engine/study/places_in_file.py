"""Where the keys of a study stand in its file, and problems placed there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from finsim.documents import Document, Loc
from finsim.errors import FinsimError, Problem


@dataclass(frozen=True)
class Places:
    """The lines of a study's file. Two of them are always equal: a study is its values."""

    document: Document | None = field(default=None, compare=False, repr=False)

    def at(self, loc: Loc) -> str:
        """Return ``file:line:col`` of a key, or of its nearest parent; dotted words without a file."""
        if self.document is None:
            return ".".join(str(part) for part in loc)
        return self.document.place(loc)

    def scenario(self, name: str) -> Loc:
        """Return where a scenario stands in the list of the file; the list itself when it is not there."""
        data = self.document.data if self.document else {}
        listed = data.get("scenarios") if isinstance(data, dict) else None
        for i, item in enumerate(listed if isinstance(listed, list) else ()):
            written = item.get("name") if isinstance(item, dict) else item
            if name == written or Path(str(name)).name == str(written):
                return ("scenarios", i)
        return ("scenarios",)

    def narrative(self, name: str) -> Loc:
        """Return where a narrative (its name or id) stands in the list of the file, or the list itself."""
        data = self.document.data if self.document else {}
        part = data.get("transactions") if isinstance(data, dict) else None
        listed = part.get("narratives") if isinstance(part, dict) else None
        for i, item in enumerate(listed if isinstance(listed, list) else ()):
            written = item.get("name") if isinstance(item, dict) else item
            if Path(str(name)).name.removesuffix(".yaml") == Path(str(written)).name.removesuffix(".yaml"):
                return ("transactions", "narratives", i)
        return ("transactions", "narratives")

    def placed(self, problems: Iterable[Problem], loc: Loc) -> Iterator[Problem]:
        """Yield problems at the key that caused them, or at one below it that a problem names as its place.

        Those with a file of their own keep its place. A place in other words becomes the first words of what
        was found.
        """
        for problem in problems:
            named = self._below(loc, problem.place)
            here = self.at(loc if named is None else named)
            if problem.place.startswith(here) or _is_file(problem.place):
                yield problem
                continue
            words = problem.place if named is None else problem.place.rpartition(".")[2]
            told = not words or words in problem.found or here.endswith(words)
            found = problem.found if told else f"{words}: {problem.found}"
            yield replace(problem, place=here, found=found)

    def _below(self, loc: Loc, place: str) -> Loc | None:
        """Return the key that dotted words name below ``loc``, as far as the file holds them."""
        marks = self.document.marks if self.document else {}
        words = [part for part in place.split(".") if part]
        if loc and words[:1] == [loc[-1]]:
            words = words[1:]
        for size in range(len(words), 0, -1):
            if (*loc, *words[:size]) in marks:
                return (*loc, *words[:size])
        return None

    @contextmanager
    def noting(self, errors: list[FinsimError], loc: Loc) -> Iterator[None]:
        """Keep an error, placed at a key, and go on, so that all problems are reported at once."""
        try:
            yield
        except FinsimError as error:
            errors.append(type(error).of(self.placed(error.problems, loc)))


def _is_file(place: str) -> bool:
    """Tell whether a place begins with a file: ``loans.csv, line 3`` or ``story.yaml:4:2``."""
    whole, _, _ = place.partition(", ")
    head = whole.split(":")[0]
    return any(Path(name).is_file() for name in (whole, head) if name) or head.endswith((".yaml", ".yml"))
