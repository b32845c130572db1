"""The schema of a rule file: its keys, what each may hold, and the place of each text."""

from __future__ import annotations

import re
from typing import Annotated, ClassVar, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, field_validator

from finsim.constraints.language.grammar import RESERVED, Misread
from finsim.document_numbers import Meaning, Misfit, Number, Share, Whole, YesNo
from finsim.documents import Document, Loc, validate
from finsim.editor_schemas import JsonSchema, also, given, when
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
NAME = re.compile(r"[A-Za-z_][A-Za-z_0-9]*\Z")
NAMED = Field(
    json_schema_extra=also(
        {"propertyNames": {"pattern": rf"^{NAME.pattern[:-2]}$", "not": {"enum": sorted(RESERVED)}}}
    )
)
"""What a name of a column, table, parameter or `let` is: a plain word that the language leaves free."""
_PAIR = also({"not": {"minItems": 1, "maxItems": 1}})
_TOLERANCE = also(
    {
        "minimum": 0,
        "propertyNames": {"const": "rel"},
        "minProperties": 1,
        "additionalProperties": {"type": "number", "minimum": 0},
    }
)
_SHARES = also({"minItems": 2, "maxItems": 2, "items": {"minimum": 0, "maximum": 1}})


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, defer_build=True)


class PackHeader(_Strict):
    """Who the pack is.

    * ``id``: name of the pack.
    * ``version``: version of the pack.
    * ``title``: one line for people.
    * ``owner``: who answers for the rules.
    * ``licence``: license of the file, such as CC0-1.0.
    * ``cites``: laws, standards and papers that the rules rest on.
    """

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$"), _PACK_ID]
    version: str | int | float
    title: str = ""
    owner: str = ""
    licence: str = ""
    cites: list[str] = []


class OrderText(_Strict):
    """Which rows follow one another.

    * ``group``: columns; rows with the same values in them form one sequence.
    * ``by``: columns that order the rows of a sequence.
    * ``sort``: false: the rows are taken in the order of the table.
    """

    meaning: ClassVar[Meaning] = Meaning("a mapping to names of columns", "{group: [account], by: [time]}")

    group: list[str] = []
    by: list[str] = []
    sort: YesNo = True


class PackColumnKeys(ColumnKeys):
    """The keys of one column of a pack.

    * ``values``: labels of a cat column that rules may name.
    """

    model_config = ConfigDict(json_schema_extra=also(when("type", ["money"], given("ccy", filled=True))))

    values: list[str] | None = None


class TableKeys(_Strict):
    """The keys of a table that may also stand at the top of a file with one table.

    * ``key``: columns whose values are unique together; they name rows in reports.
    * ``order``: which rows follow one another, for lag, running sums and windows.
    * ``zone``: IANA time zone whose midnight begins a day; UTC when left out.
    * ``read``: how the text of the table is written.
    * ``columns``: the columns by name.
    * ``let``: names for shared expressions, such as `monthly: rate / 12`.
    """

    key: list[str] = []
    order: OrderText | None = None
    zone: str = ""
    read: ReadKeys = Field(default_factory=ReadKeys)
    columns: Annotated[dict[str, PackColumnKeys], NAMED] = Field(min_length=1)
    let: Annotated[dict[str, Scalar], NAMED] = {}


class TableText(TableKeys):
    """One table: key, order, time zone, columns, how its text is written, shared subexpressions.

    * ``optional``: the table may be absent; its rules are then skipped.
    """

    optional: YesNo = False


class ParamText(_Strict):
    """A parameter with its reason; the short form is the value alone.

    * ``value``: a number with its unit (0.25, "25%", "2_000 USD", "30d"), a date, a label, or a list.
    * ``why``: reason for the value.
    * ``cite``: source of the value.
    * ``assumption``: says that the value is assumed, and why.
    """

    value: Scalar | list[Scalar]
    why: str = ""
    cite: str = ""
    assumption: str = ""


class LookupText(_Strict):
    """A table of values by labels and days: rows of a CSV file beside this one, or given here.

    * ``file``: CSV file in the folder of the rule file or below; either this or rows.
    * ``rows``: the rows, each a mapping of column to cell; either this or a file.
    * ``by``: one to four columns of labels.
    * ``valid``: the columns of the first and the last day on which a row holds.
    * ``value``: column of the values.
    * ``type``: what a value is.
    * ``ccy``: currency of money.
    * ``scale``: decimals of money, where they are not those of ISO 4217.
    * ``default``: error: a label that is not there breaks the check; null: the value is then null.
    * ``why``: reason for the table.
    * ``cite``: source of the table.
    * ``assumption``: says that the values are assumed, and why.
    """

    model_config = ConfigDict(
        json_schema_extra=also(
            {
                "oneOf": [given("file", filled=True), given("rows")],
                **when("type", ["money"], given("ccy", filled=True)),
            }
        )
    )

    file: str = ""
    rows: list[dict[str, Scalar | None]] | None = None
    by: list[str] = Field(min_length=1, max_length=4)
    valid: Annotated[list[str], Meaning("the columns of the first and the last day", "[from, to]")] = Field(
        [], max_length=2, json_schema_extra=_PAIR
    )
    value: str = ""
    type: Literal["bool", "int", "float", "ratio", "money", "date", "cat"] = "float"
    ccy: OptionalCurrency = ""
    scale: Annotated[Whole, Field(ge=0, le=9)] | None = None
    default: Annotated[Literal["error"] | None, Meaning("error, or null for no match", "null")] = "error"
    why: str = ""
    cite: str = ""
    assumption: str = ""

    @field_validator("valid")
    @classmethod
    def _pair(cls, value: list[str]) -> list[str]:
        if len(value) == 1:
            raise Misfit("one column", "the columns of the first and the last day", "write [from, to]")
        return value


# The keys that each kind of repair takes, and the one that it needs.
REPAIR_KEYS: dict[str, tuple[str, ...]] = {
    "set": ("on", "expr", "else"), "clip": ("on", "else"), "project": ("on", "weights", "else"),
    "resample": ("on", "max", "else"), "sort": ("else",), "drop": ("whole",), "flag": (),
}  # fmt: skip
_REPAIR_NEEDS = {"set": "expr", "clip": "on", "project": "on", "resample": "on"}


def _repair_conditions() -> list[JsonSchema]:
    keys = dict.fromkeys(key for taken in REPAIR_KEYS.values() for key in taken)
    nothing: JsonSchema = {"enum": [None, "", [], {}]}
    found = []
    for do, taken in REPAIR_KEYS.items():
        strange: JsonSchema = {"properties": {key: nothing for key in keys if key not in taken}}
        needed = {"required": [_REPAIR_NEEDS[do]]} if do in _REPAIR_NEEDS else {}
        found.append(when("do", [do], {**strange, **needed}))
    return found


class RepairText(_Strict):
    """What to do with a row that breaks the rule.

    * ``do``: set a column by an expression, clip to the nearest value that the check allows, project
      several columns to the nearest values, resample from rows that hold, sort, drop, or only flag.
    * ``on``: column, or columns, that are changed.
    * ``expr``: of set: `column := expression`.
    * ``weights``: of project: cost of moving a column, relative to the others.
    * ``max``: of resample: how many draws are tried.
    * ``else``: what to do with a row that cannot be repaired.
    * ``whole``: group: drop or resample the whole group of the row.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        populate_by_name=False,
        json_schema_extra=also({"allOf": _repair_conditions()}),
    )

    do: Literal["set", "clip", "project", "resample", "sort", "drop", "flag"]
    on: str | list[str] = ""
    expr: str = ""
    weights: dict[str, Number] | None = None
    max: Annotated[Whole, Field(ge=1, le=1_000)] | None = None
    otherwise: Literal["drop", "flag"] | None = Field(None, alias="else")
    whole: Literal["group"] | None = None


class RuleText(_Strict):
    """One rule: what must hold, at which level, and how a breach is repaired.

    Expressions are texts: comparisons (< <= > >= = != between in is null), + - * / ^, and or not,
    if then else, functions, units (5% 25bp 10k 7d "2_000 USD"), labels in single quotes, dates d'2026-01-31'.

    * ``id``: name of the rule, unique in the file.
    * ``table``: which table; the only one when left out.
    * ``kind``: completeness, referential or consistency: for reading, no effect.
    * ``level``: invariant: no row may break it; policy: only rows whose narrative lists it under breaks
      may; plausible: the share of rows that hold agrees with expect.
    * ``when``: expression; the rule speaks only of rows where it is true.
    * ``check``: expression that must hold, such as `amount <= cap`.
    * ``tol``: loosens every comparison it fits: 1e-9, "0.01 USD" or {rel: 1e-9}; exact when left out.
    * ``nulls``: what a row is that cannot be decided: unknown (passes, counted), pass or fail.
    * ``expect``: of plausible: [low, high], the share of rows that hold, from 0 to 1.
    * ``order``: which rows follow one another for this rule, where it is not the table's order.
    * ``repair``: what to do with a row that breaks the rule.
    * ``why``: reason for people; parameters in {braces} are filled in.
    * ``cite``: source of the rule.
    * ``assumption``: says that the rule is assumed, and why.
    """

    model_config = ConfigDict(
        json_schema_extra=also(
            {**when("level", ["plausible"], given("expect")), "else": {"not": given("expect")}}
        )
    )

    id: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,63}$"), _RULE_ID]
    table: str = ""
    kind: Literal["completeness", "referential", "consistency"] = "consistency"
    level: Level = "invariant"
    when: Annotated[Scalar, _CONDITION] | None = None
    check: Annotated[Scalar, _CONDITION]
    tol: int | float | str | dict[str, float] | None = Field(None, json_schema_extra=_TOLERANCE)
    nulls: Literal["unknown", "pass", "fail"] = "unknown"
    expect: Annotated[list[Share], Meaning("[low, high], shares of rows from 0 to 1", "[0.95, 1]")] | None = (
        Field(None, json_schema_extra=_SHARES)
    )
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
