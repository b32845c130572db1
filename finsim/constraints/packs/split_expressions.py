"""Repair expressions that YAML flow syntax split at a comma: ``{due: annuity(amount, rate / 12)}``."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from typing import Any

from finsim.constraints.packs.file_schema import ParamText, RepairText, RuleText
from finsim.documents import Document, Loc
from finsim.errors import Problem

_DIGITS = re.compile(r"\d{1,3}\Z")
_LABEL = re.compile(r"'[^']*'")
_RULE, _PARAM = frozenset(RuleText.model_fields), frozenset(ParamText.model_fields)
_REPAIR = frozenset(RepairText.model_fields) | {"else"}


def mended(document: Document, text: str) -> tuple[Document, list[Problem]]:
    """Return a rule file with its torn texts put together again, and a problem for each of them.

    What else is wrong can then be found in the texts as they were meant.
    """
    if not isinstance(document.data, dict):
        return document, []
    reader = _Mender(document, text)
    return replace(document, data=reader.pack()), reader.problems


@dataclass
class _Mender:
    document: Document
    text: str
    problems: list[Problem] = field(default_factory=list)

    def pack(self) -> dict[str, Any]:
        """Return the data of the file with whole texts."""
        data = dict(self.document.data)
        if "let" in data:
            data["let"] = self._mapping(data["let"], ("let",), ())
        if isinstance(data.get("tables"), dict):
            data["tables"] = {name: self._table(one, name) for name, one in data["tables"].items()}
        if isinstance(data.get("params"), dict):
            params = self._mapping(data["params"], ("params",), ())
            data["params"] = {name: self._mapping(params[name], ("params", name), _PARAM) for name in params}
        if isinstance(data.get("rules"), list):
            data["rules"] = [self._rule(one, ("rules", at)) for at, one in enumerate(data["rules"])]
        return data

    def _table(self, table: Any, name: str) -> Any:
        if not isinstance(table, dict) or "let" not in table:
            return table
        return {**table, "let": self._mapping(table["let"], ("tables", name, "let"), ())}

    def _rule(self, rule: Any, loc: Loc) -> Any:
        whole = self._mapping(rule, loc, _RULE)
        if isinstance(whole, dict) and "repair" in whole:
            whole["repair"] = self._mapping(whole["repair"], (*loc, "repair"), _REPAIR)
        return whole

    def _mapping(self, data: Any, loc: Loc, known: Collection[str]) -> Any:
        """Return a mapping in which no text is torn; ``known`` keys always begin something new."""
        if not isinstance(data, dict):
            return data
        names, whole = list(data), {}
        at = 0
        while at < len(names):
            name, value = names[at], data[names[at]]
            count = self._pieces(data, names[at:], loc, known)
            if count:
                pieces = [_piece(one, data[one]) for one in names[at + 1 : at + 1 + count]]
                self._complain((*loc, names[at + 1]), name, _shown(value), pieces)
                value = _joined(_shown(value), pieces)
            whole[name] = value
            at += 1 + count
        return whole

    def _pieces(self, data: dict[str, Any], names: list[str], loc: Loc, known: Collection[str]) -> int:
        """Return how many keys after the first are the rest of its text: to the last bracket, or bare."""
        value = data[names[0]]
        if not isinstance(value, str | int | float):
            return 0
        still_open, bare, count = _open(_shown(value)), True, 0
        for place, name in enumerate(names[1:], 1):
            bare = bare and data[name] is None
            is_next = name in known or self._comma((*loc, name)) is None
            if is_next or isinstance(data[name], dict | list) or not (still_open > 0 or bare):
                break
            still_open += _open(_piece(name, data[name]))
            if bare or still_open == 0:
                count = place
        return count

    def _comma(self, loc: Loc) -> int | None:
        """Return where the comma before a key stands in the file; None when there is none."""
        if loc not in self.document.marks:
            return None
        line, column = self.document.marks[loc]
        before = sum(len(row) + 1 for row in self.text.split("\n")[: line - 1]) + column - 1
        place = len(self.text[:before].rstrip()) - 1
        return place if place >= 0 and self.text[place] == "," else None

    def _complain(self, loc: Loc, name: str, first: str, pieces: list[str]) -> None:
        before = self.text[: self._comma(loc)]
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        whole = _joined(first, pieces)
        quoted = whole if _DIGITS.match(first) else f'"{whole}"'
        self.problems.append(
            Problem(
                f"{self.document.path}:{line}:{column}",
                f"YAML ends `{name}` at this comma, at {first!r}, and takes {pieces[0]!r} for another key",
                "",
                f"in braces write {name}: {quoted}, or give {name} a line of its own without braces",
            )
        )


def _joined(first: str, pieces: list[str]) -> str:
    """Return a text in one piece; digits are grouped with an underscore, which is no comma to YAML."""
    return ("_" if _DIGITS.match(first) else ", ").join((first, *pieces))


def _shown(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _piece(name: str, value: object) -> str:
    return name if value is None else f"{name}: {_shown(value)}"


def _open(text: str) -> int:
    """Return how many brackets a text leaves open (below 0: closes too many)."""
    bare = _LABEL.sub("", text)
    return bare.count("(") - bare.count(")")
