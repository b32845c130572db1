"""A proposal as a commented schema file."""

from __future__ import annotations

import dataclasses
import json
import re
import unicodedata
from collections.abc import Iterable, Mapping

from finsim.tables.schema import Dialect, Field

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SPOKEN = {"true", "false", "null", "yes", "no", "on", "off", "y", "n", "nan"}


def scalar(value: object) -> str:
    """Return one value as YAML that every version reads alike."""
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value.lower() not in _SPOKEN:
        return value
    if isinstance(value, tuple | list):
        return f"[{', '.join(scalar(each) for each in value)}]"
    return json.dumps(value, ensure_ascii=False)


def dialect_lines(dialect: Dialect, doubts: Iterable[str]) -> list[str]:
    """Return the ``read:`` block: what differs from a comma-separated table in UTF-8."""
    plain = Dialect()
    lines = [f"  # {_comment(doubt)}" for doubt in doubts]
    for each in dataclasses.fields(dialect):
        value = getattr(dialect, each.name)
        if value and value != getattr(plain, each.name):
            lines.append(f"  {each.name}: {scalar(value)}")
    return (
        ["read:", *lines]
        if any(not line.startswith("  #") for line in lines)
        else [f"# {line.strip(' #')}" for line in lines]
    )


def column_line(name: str, field: Field, header: str) -> str:
    """Return one column as a line of the ``columns:`` block."""
    parts: dict[str, object] = {}
    if header != name:
        parts["from"] = header
    parts["type"] = field.type
    for key in ("ccy", "scale", "unit", "format", "zone", "true", "false", "strip", "role"):
        value = getattr(field, key)
        if value not in ("", None, ()):
            parts[key] = value
    further = {"as": field.as_, "is": field.bad, "good": field.good}
    parts |= {key: words for key, words in further.items() if words}
    if field.nulls:
        parts["null"] = field.nulls
    elif field.null:
        parts["null"] = True
    inside = ", ".join(f"{key}: {scalar(value)}" for key, value in parts.items())
    return f"  {scalar(name)}: {{{inside}}}"


_LONGEST = 64  # letters of a declared name; a key of YAML has at most 1,024


_LATIN = str.maketrans(
    {"ł": "l", "Ł": "L", "ø": "o", "Ø": "O", "đ": "d", "Đ": "D", "ß": "ss", "æ": "ae", "Æ": "Ae", "œ": "oe",
     "Œ": "Oe", "ı": "i", "þ": "th", "ð": "d"}
)  # fmt: skip
"""Latin letters that are no base letter with a mark, as they are usually spelled without it."""


def names_of(headers: Iterable[str]) -> dict[str, str]:
    """Return header -> declared name: the header where rules can spell it, else its Latin letters."""
    found: dict[str, str] = {}
    taken: set[str] = set()
    for number, header in enumerate(headers, 1):
        name = header
        if not _PLAIN.fullmatch(name):
            plain = unicodedata.normalize("NFKD", header.translate(_LATIN))
            letters = plain.encode("ascii", "ignore").decode()
            name = re.sub(r"[^A-Za-z0-9]+", "_", letters).strip("_").lower() or f"column_{number}"
            name = f"c_{name}" if name[0].isdigit() else name
        name = name[:_LONGEST]
        while name.casefold() in taken:
            name = f"{name}_{number}"
        taken.add(name.casefold())
        found[header] = name
    return found


def schema_text(
    head: Iterable[str],
    kind: str,
    read: list[str],
    columns: Mapping[str, tuple[Field, str, tuple[str, ...]]],
) -> str:
    """Return the file: ``columns`` gives declared name -> field, header and what stands above its line."""
    lines = [f"# {_comment(line)}" for line in head]
    lines += ["finsim: schema/1", f"kind: {kind}", *read, "columns:"]
    for name, (field, header, said) in columns.items():
        lines += [f"  # {_comment(line)}" for line in said]
        lines.append(column_line(name, field, header))
    return "\n".join(lines) + "\n"


def _comment(text: str) -> str:
    """Return a text that can stand in a comment: one line of printable letters."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
