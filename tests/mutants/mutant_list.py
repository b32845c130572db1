"""The stated mutants: a slip somebody could make in a line of finsim, and the fast tests that must see it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
LISTS = ROOT / "tests" / "mutants"


@dataclass(frozen=True)
class Mutant:
    """One slip: ``find`` stands once in ``file`` and becomes ``put``; ``tests`` are arguments of pytest."""

    name: str
    file: str
    find: str
    put: str
    tests: tuple[str, ...]

    @property
    def room(self) -> str:
        return self.name.partition("-")[0]


def room_mutants(room: Path) -> list[Mutant]:
    """Return the mutants of one list: pairs of text by number, below the file and the tests they share."""
    found: list[Mutant] = []
    for part in yaml.safe_load(room.read_text(encoding="utf-8")):
        tests = tuple(part["tests"].split())
        for find, put in part["slips"]:
            name = f"{room.stem}-{len(found) + 1}"
            found.append(Mutant(name, part["file"], find, put, tests))
    return found


def every_mutant() -> list[Mutant]:
    """Return the mutants of all lists, room by room."""
    return [one for room in sorted(LISTS.glob("*.yaml")) for one in room_mutants(room)]


def mutated(text: str, mutant: Mutant) -> str:
    """Return the text of a file with the slip in it; ValueError where the place is not there, or twice."""
    count = text.count(mutant.find)
    if count != 1:
        raise ValueError(
            f"{mutant.name}: {mutant.find!r} stands {count} times in {mutant.file}, expected once"
        )
    return text.replace(mutant.find, mutant.put)
