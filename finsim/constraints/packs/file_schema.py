"""The schema of a rule file: its keys, what each may hold, and the place of each text."""

from __future__ import annotations

from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, field_validator

from finsim.constraints.language.grammar import Misread
from finsim.document_numbers import Meaning, Misfit, Number, Share, Whole, YesNo
from finsim.documents import Document, Loc, validate
from finsim.errors import Problem, RuleError
from finsim.tables import ColumnKeys, ReadKeys
from finsim.tables.currencies import OptionalCurrency

DIALECT = 1
MAX_RULES = 1_000
Scalar = bool | int | float | str
Level = Literal["invariant", "policy", "plausible"]


_CONDITION = Meaning("an expression that is true or false", "amount > 0")
_PACK_ID = Meaning("a name of lower-case letters, digits, - and _, at most 64", "my-rules")
_RULE_ID = Meaning("a name of letters, digits, - and _, a letter first, at most 64", "amount_positive")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class PackHeader(_Strict):
    """Who the pack is."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$"), _PACK_ID]
    version: str | int | float
    title: str = ""
    owner: str = ""
    licence: str = ""
    cites: list[str] = []


class OrderText(_Strict):
    """Which rows follow one another."""

    group: list[str] = []
    by: list[str] = []
    sort: YesNo = True


class PackColumnKeys(ColumnKeys):
    """The keys of one column of a pack; ``values`` are the labels that rules may name."""

    values: list[str] | None = None


class TableText(_Strict):
    """One table: key, order, time zone, columns, how its text is written, shared subexpressions."""

    optional: YesNo = False
    key: list[str] = []
    order: OrderText | None = None
    zone: str = ""
    read: ReadKeys = ReadKeys()
    columns: dict[str, PackColumnKeys] = Field(min_length=1)
    let: dict[str, Scalar] = {}


class ParamText(_Strict):
    """A parameter with its reason; the short form is the value alone."""

    value: Scalar | list[Scalar]
    why: str = ""
    cite: str = ""
    assumption: str = ""


class LookupText(_Strict):
    """A table of values by labels and days: rows of a CSV file beside this one, or given here."""

    file: str = ""
    rows: list[dict[str, Scalar | None]] | None = None
    by: list[str] = Field(min_length=1, max_length=4)
    valid: list[str] = Field([], max_length=2)
    value: str = ""
    type: Literal["bool", "int", "float", "ratio", "money", "date", "cat"] = "float"
    ccy: OptionalCurrency = ""
    scale: Annotated[Whole, Field(ge=0, le=9)] | None = None
    default: Literal["error"] | None = "error"
    why: str = ""
    cite: str = ""
    assumption: str = ""

    @field_validator("valid")
    @classmethod
    def _pair(cls, value: list[str]) -> list[str]:
        if len(value) == 1:
            raise Misfit("one column", "the columns of the first and the last day", "write [from, to]")
        return value


class RepairText(_Strict):
    """What to do with a row that breaks the rule."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=False)

    do: Literal["set", "clip", "project", "resample", "sort", "drop", "flag"]
    on: str | list[str] = ""
    expr: str = ""
    weights: dict[str, Number] | None = None
    max: Annotated[Whole, Field(ge=1, le=1_000)] | None = None
    otherwise: Literal["drop", "flag"] | None = Field(None, alias="else")
    whole: Literal["group"] | None = None


class RuleText(_Strict):
    """One rule."""

    id: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,63}$"), _RULE_ID]
    table: str = ""
    kind: Literal["completeness", "referential", "consistency"] = "consistency"
    level: Level = "invariant"
    when: Annotated[Scalar, _CONDITION] | None = None
    check: Annotated[Scalar, _CONDITION]
    tol: int | float | str | dict[str, float] | None = None
    nulls: Literal["unknown", "pass", "fail"] = "unknown"
    expect: list[Share] | None = None
    order: OrderText | None = None
    repair: RepairText | None = None
    why: str = ""
    cite: str = ""
    assumption: str = ""

    @field_validator("expect")
    @classmethod
    def _share(cls, value: list[float] | None) -> list[float] | None:
        if value is not None and not (len(value) == 2 and 0 <= value[0] <= value[1] <= 1):
            raise Misfit(
                f"{value}",
                "[low, high], the least and the greatest share of rows that hold, from 0 to 1",
                "write [0.95, 1]",
            )
        return value


Part = TypeVar("Part", bound=BaseModel)


class PackReader:
    """Reads the parts of a rule file one by one and collects every problem of the file."""

    def __init__(self, document: Document, text: str) -> None:
        self.document, self.text = document, text
        self.problems: list[Problem] = []
        self._lines = text.split("\n")
        self._marks: dict[Loc, dict[Loc, tuple[int, int]]] = {}
        for at, mark in document.marks.items():
            for cut in range(1, min(len(at), 2) + 1):
                self._marks.setdefault(at[:cut], {})[at[cut:]] = mark

    def part(self, loc: Loc, model: type[Part]) -> Part | None:
        """Return one part of the file, at most two keys deep; None after noting its problems."""
        data = self.document.data
        for key in loc:
            data = data[key]
        part = Document(self.document.path, data, self._marks.get(loc, {}))
        try:
            return validate(part, model, RuleError)
        except RuleError as bad:
            self.problems.extend(bad.problems)
            return None

    def complain(self, loc: Loc, found: str, remedy: str = "", expected: str = "") -> None:
        """Note a problem with the value at ``loc``."""
        self.problems.append(Problem(self.document.place(loc), found, expected, remedy))

    def misread(self, loc: Loc, expression: str, bad: Misread) -> None:
        """Note a problem inside an expression: its own line and column, and a caret under the text."""
        line, column = self._inside(loc, expression, bad.start)
        place = self.document.path if line == 0 else f"{self.document.path}:{line}:{column}"
        self.problems.append(
            Problem(place, f"{bad.found}\n{caret(expression, bad.start, bad.end)}", "", bad.remedy)
        )

    def _inside(self, loc: Loc, expression: str, offset: int) -> tuple[int, int]:
        """Return line and column in the file of a character of an expression.

        The expression is followed through the file from its key on, so that quotes, folded lines and
        block scalars need no special case: white space is skipped on both sides.
        """
        if loc not in self.document.marks:
            return (0, 0)
        line, column = self.document.marks[loc]
        at = sum(len(row) + 1 for row in self._lines[: line - 1]) + column - 1
        if loc and isinstance(loc[-1], str):
            colon = self.text.find(":", at + len(loc[-1]))
            at = colon + 1 if colon >= 0 else at
        wanted = next((i for i in range(offset, len(expression)) if not expression[i].isspace()), None)
        seen = "".join(expression[: offset + 1 if wanted is None else wanted + 1].split())
        found = self._follow(at, seen)
        if found is None:
            return (line, column)
        found += 1 if wanted is None and offset >= len(expression.rstrip()) else 0
        before = self.text[:found]
        return before.count("\n") + 1, found - (before.rfind("\n") + 1) + 1

    def _follow(self, at: int, seen: str) -> int | None:
        """Return where the last character of ``seen`` stands, at or after ``at``."""
        for start in range(at, min(at + 200, len(self.text))):
            position, last = start, None
            for letter in seen:
                while position < len(self.text) and self.text[position].isspace():
                    position += 1
                if position >= len(self.text) or self.text[position] != letter:
                    last = None
                    break
                last, position = position, position + 1
            if last is not None:
                return last
        return None


def caret(expression: str, start: int, end: int) -> str:
    """Return the expression, at most 100 characters of it, with carets under a part."""
    flat = "".join(" " if letter.isspace() else letter for letter in expression)
    begin = max(0, start - 50)
    cut = flat[begin : begin + 100]
    width = max(1, min(end, begin + 100) - start)
    return f"    {cut.rstrip()}\n    {' ' * (start - begin)}{'^' * width}"
