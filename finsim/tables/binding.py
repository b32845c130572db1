"""Which header of a file is meant by a declared column."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence

from finsim.errors import DataError, Problem
from finsim.tables.schema import Field


def plain(name: str) -> str:
    """Return a header without case, spaces and punctuation, in any script: ``Adj Close`` is ``adjclose``."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    return "".join(letter for letter in folded if letter.isalnum() or unicodedata.category(letter)[0] == "M")


def bind(headers: Sequence[str], fields: Mapping[str, Field], place: str = "") -> dict[str, str]:
    """Return declared name -> header: the declared source, the same name, an alias, then the same letters.

    The closest of these steps decides, and a header is taken by one column only. Raises DataError, naming
    both headers, where two are equally close or a header that is needed stands twice.
    """
    letters: dict[str, list[int]] = {}
    exact: dict[str, list[int]] = {}
    for at, header in enumerate(headers):
        exact.setdefault(header, []).append(at)
        letters.setdefault(plain(header), []).append(at)
    letters.pop("", None)
    found: dict[str, int] = {}
    problems: list[Problem] = []
    for step in range(5):
        taken = set(found.values())
        claimed: dict[int, str] = {}
        for name, spec in fields.items():
            if name in found:
                continue
            hits = sorted(set(_hits(step, name, spec, exact, letters)) - (taken if step else set()))
            if len(hits) > 1:
                problems.append(_ambiguous(name, headers, hits, place))
            for at in hits[:1]:
                if at in claimed and step:
                    problems.append(_claimed(headers[at], claimed[at], name, place))
                found[name], claimed[at] = at, name
    if problems:
        raise DataError.of(problems)
    return {name: headers[found[name]] for name in fields if name in found}


def _hits(
    step: int, name: str, spec: Field, exact: Mapping[str, list[int]], letters: Mapping[str, list[int]]
) -> Iterable[int]:
    """Return the places of the headers that a step of closeness finds."""
    texts: tuple[str, ...] = ((spec.source,), (name,), spec.alias, (spec.source, name), spec.alias)[step]
    table, key = (exact, str) if step < 3 else (letters, plain)
    return [at for text in texts if text for at in table.get(key(text), ())]


def _ambiguous(name: str, headers: Sequence[str], hits: Sequence[int], place: str) -> Problem:
    first, second = hits[:2]
    if headers[first] == headers[second]:
        found = f"the header {headers[first]!r} stands twice, in columns {first + 1} and {second + 1}"
        return Problem(place, found, f"one column for {name!r}", "rename or remove one of the two")
    found = f"column {name!r} may be {headers[first]!r} or {headers[second]!r}"
    return Problem(place, found, "one header", f"declare `from:` for {name!r}, or rename one of the two")


def _claimed(header: str, first: str, second: str, place: str) -> Problem:
    found = f"the header {header!r} is meant by both {first!r} and {second!r}"
    return Problem(place, found, "", "declare `from:` for one of the two")
