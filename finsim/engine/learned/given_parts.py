"""``COLUMN=VALUE,...`` cut into its parts: what stands in double quotes is never cut."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from finsim.errors import Problem, StudyError, did_you_mean

_PIECE = re.compile(r'(?:[^,"]|"[^"]*")+')
_PARTED = re.compile(r'\s*(?P<header>"(?:[^"]|"")*"|[^="]*?)\s*(?:(?P<equals>=)(?P<value>.*))?', re.DOTALL)
PLACE, FORM = "sample: given", "COLUMN=VALUE,..."


@dataclass(frozen=True)
class Part:
    """One ``COLUMN=VALUE``; ``value`` is None without an equals sign.

    ``more`` are the pieces after it that no column has as its name and that begin with a digit; ``before`` is
    what stands before a part without an equals sign.
    """

    header: str
    value: str | None
    is_quoted: bool = False
    more: tuple[str, ...] = ()
    before: str = ""


def parts(text: str, known: Iterable[str]) -> Iterator[Part]:
    """Yield the parts between commas that are in no quotes.

    A column or a value with a comma, an equals sign or blanks at its ends stands in double quotes; a double
    quote inside of these is written twice. Raises StudyError for a quote that does not end.
    """
    if text.count('"') % 2:
        raise StudyError(
            f'a double quote in {text} does not end', place=PLACE, expected=FORM,
            remedy='end it; one that belongs to a word is written twice, and the word in quotes: '
                   'COLUMN="a ""word"""',
        )  # fmt: skip
    names = {one.casefold() for one in known}
    waiting: Part | None = None
    before = ""
    for piece in _PIECE.findall(text) or [text]:
        found = _PARTED.fullmatch(piece)
        header = _plain(found["header"]) if found else piece.strip()
        value = found["value"] if found and found["equals"] else None
        bare = (value or "").strip()
        is_quoted = len(bare) > 1 and bare[0] == bare[-1] == '"'
        part = Part(header, None if value is None else _plain(bare), is_quoted, before=before)
        is_rest = value is None and part.header[:1].isdigit() and part.header.casefold() not in names
        before = piece.strip()
        if waiting is not None and is_rest and waiting.value and not waiting.is_quoted:
            waiting = replace(waiting, more=(*waiting.more, part.header))
            continue
        if waiting is not None:
            yield waiting
        waiting = part
    if waiting is not None:
        yield waiting


def _plain(text: str) -> str:
    """Return what a word in quotes says; one without stays."""
    return text[1:-1].replace('""', '"') if len(text) > 1 and text[0] == text[-1] == '"' else text


def unknown(part: Part, headers: Mapping[str, str], made_anew: Iterable[str]) -> Problem:
    """Return what is wrong with a part that names no column: perhaps a comma parts a name or a value."""
    made = {*made_anew}
    known = [one for one, key in headers.items() if key not in made]
    parted = [one for one in known if one.casefold().startswith(f"{part.header.casefold()},")]
    remedy = did_you_mean(part.header, known)
    if part.value is None and parted:
        remedy = f"""a name with a comma stands in quotes, for the shell too: --given '"{parted[0]}"=VALUE'"""
    elif part.value is None and "=" in part.before and '"' not in part.before:
        remedy = f"a value with a comma stands in quotes, for the shell too: --given '{_whole(part)}'"
    return Problem(PLACE, f"no column {part.header!r}", FORM, remedy)


def _whole(part: Part) -> str:
    header, _, value = part.before.partition("=")
    return f'{header}="{value}, {part.header}"'
