"""The credit part of a study file: the tape, how its columns are meant, and the settings of the book."""

from __future__ import annotations

from collections.abc import Mapping as Map
from dataclasses import fields
from typing import Annotated, Any, ClassVar, Literal, get_type_hints

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    create_model,
    model_serializer,
    model_validator,
)

from finsim.credit.settings import Settings, limits
from finsim.credit.tape import ROLES, Declared, column_name
from finsim.document_numbers import Count, Length, Meaning, Misfit, Number, Share, Whole, YesNo
from finsim.editor_schemas import JsonSchema, also, reads
from finsim.engine.study.market_part import Steps
from finsim.errors import StudyError
from finsim.generators import TABLE_DEFAULT
from finsim.tables import ColumnKeys, ReadKeys
from finsim.tables.currencies import Currency

MOST_LOANS, MOST_MONTHS = 1_000_000_000, 600
"""Greatest sizes that a study may state: beyond them lies a slip of the keyboard."""
OWN = ("shard_loans", "as_of", "target_pd")
"""Settings that a study says otherwise: the shard and the target by keys of the part, the day by `start`."""


_WORD: JsonSchema = {"type": ["string", "number", "boolean", "null"]}


@reads({"anyOf": [_WORD, {"type": "array", "items": _WORD}]})
def _texts(value: Any) -> Any:
    """Return one word, or a list of words, as texts; YAML may have read them as numbers or truths."""
    listed = value if isinstance(value, list | tuple) else [value]
    if any(isinstance(word, Map | list | tuple) for word in listed):
        raise Misfit("a list or a mapping for a word", "one word, or a list of words", "write [word, word]")
    return [str(word).lower() if isinstance(word, bool) else str(word) for word in listed]


Texts = Annotated[tuple[str, ...], BeforeValidator(_texts)]


class LoanColumn(ColumnKeys):
    """The keys of one column of a tape; the type of a column of the model is known.

    * ``is``: words of a defaulted loan.
    * ``good``: words of a loan that did not default.
    * ``per``: month or year, of income (per month when left out) and rate (per year) alone.
    """

    type: Literal["", "bool", "int", "float", "ratio", "money", "date", "ts", "dur", "cat", "id"] = ""  # type: ignore[assignment]
    is_: Texts = Field((), alias="is")
    good: Texts = ()
    per: Literal["", "month", "year"] = ""

    def declared(self) -> Declared:
        """Return what the keys declare."""
        return Declared(self.field(), self.is_, self.good, self.per)


def _headers(columns: JsonSchema) -> JsonSchema:
    """Let a header alone stand for the keys of a column."""
    forms = [{"type": ["string", "number", "boolean"]}, columns["additionalProperties"]]
    return {**columns, "additionalProperties": {"anyOf": forms}}


@reads(_headers)
def _columns(value: Any) -> Any:
    """Let a header alone stand for ``{from: HEADER}``, and give columns of the model their type."""
    if not isinstance(value, Map):
        return value
    return {name: _column(str(name), item) for name, item in value.items()}


def _column(name: str, item: Any) -> Any:
    keys = {"from": str(item)} if isinstance(item, str | int | float) else item
    role = ROLES.get(column_name(name))
    if role is None or not isinstance(keys, Map) or keys.get("type"):
        return keys
    return {**keys, "type": role.field.type}


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


_HINTS = get_type_hints(Settings)
_FACTORS = ("mark_rate", "late_ratio", "stage_two_ratio")


def _spelled(name: str) -> Any:
    """Return how a setting is written in a file: shares also in percent, factors as numbers."""
    hint = Currency if name == "currency" else _HINTS[name]
    if hint is float:
        return Number if name in _FACTORS else Share
    return Whole if hint is int else hint


_KEYS: dict[str, Any] = {
    one.name: (
        Annotated[
            _spelled(one.name) | None,
            Field(json_schema_extra=also({**limits(one.name), "default": one.default})),
        ],
        None,
    )
    for one in fields(Settings)
    if one.name not in OWN
}
_SettingKeys: Any = create_model("_SettingKeys", __base__=_Strict, __doc__=Settings.__doc__, **_KEYS)
"""One optional key for each setting of the credit world."""


class LoanGenerator(_Strict):
    """Which generator of tables learns the applications, with which settings, for how many training steps.

    * ``name``: generator of tables; `finsim list generators` says what each is.
    * ``settings``: settings of the generator by name; its own defaults when left out.
    * ``steps``: training steps; the generator's own number when left out.
    """

    short: ClassVar[str] = "name"

    name: Annotated[str, Meaning("a generator of tables", "bayes")]
    settings: dict[str, Any] = {}
    steps: Steps | None = None


class CreditPart(_SettingKeys):  # type: ignore[misc]
    """Credit: the tape to learn from or to follow, the book to synthesize, its horizon and its settings.

    ``columns`` maps columns of the model, role words or features to headers of the tape; ``loan_class``,
    ``sector`` and ``currency`` are stated for a tape that has no such column. ``keep`` follows the very
    loans of the tape instead of a resampled book.

    * ``data``: loan tape to learn from: a file, relative to this one, or a bundled data set.
    * ``loans``: number of loans.
    * ``months``: length of the panel in months.
    * ``shard_loans``: loans per shard; part of the study, so results do not depend on workers.
    * ``draws``: draws of the loss distribution.
    * ``target_pd``: mean 12-month default probability; as_observed: that of the tape's defaults a loan-year.
    * ``rules``: rule pack by name or path; null: no rules.
    * ``generator``: what learns the applications, with their outcome; bayes when left out.
    * ``keep``: true: the loans of the tape themselves are followed.
    * ``schema``: schema file of the tape, relative to this file.
    * ``columns``: column of the model, role word or feature -> header of the tape, or how it is read.
    * ``ignore``: headers that are not read.
    * ``read``: how the text of the tape is written.
    * ``loan_class``: class of all loans, for a tape without such a column.
    * ``sector``: sector of all loans, for a tape without such a column.
    """

    data: Annotated[str, Meaning("a file, or a bundled data set", "german_credit")]
    loans: Annotated[Count, Field(le=MOST_LOANS)] = 20_000
    months: Annotated[Length, Field(ge=1, le=MOST_MONTHS)] = 36
    shard_loans: Annotated[Count, Field(le=MOST_LOANS)] = 5_000
    draws: Annotated[Count, Field(ge=5_000, le=MOST_LOANS)] = 100_000
    target_pd: Annotated[Share, Field(gt=0, lt=0.5)] | Literal["as_observed"] | None = None
    rules: str | None = "consumer-loans"
    generator: LoanGenerator | None = None
    keep: YesNo = False
    schema_: str | None = Field(None, alias="schema")
    columns: Annotated[dict[str, LoanColumn], BeforeValidator(_columns)] = Field(default_factory=dict)
    ignore: tuple[str, ...] = ()
    read: ReadKeys | None = None
    loan_class: str | None = None
    sector: str | None = None

    @model_validator(mode="after")
    def _settings_fit(self) -> CreditPart:
        try:
            self.settings()
        except StudyError as error:
            problem = error.problems[0]
            raise Misfit(problem.found, problem.expected, problem.remedy) from None
        return self

    @model_serializer(mode="wrap")
    def _as_written(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Use the keys of a study file, and leave out those that say nothing."""
        data: dict[str, Any] = handler(self)
        schema = data.pop("schema_", None) or data.pop("schema", None)
        columns = {name: _keys(item) for name, item in self.columns.items()}
        read = self.read.model_dump(exclude_none=True) if self.read else None
        data |= {"schema": schema, "columns": columns, "read": read}
        silent = {*_SettingKeys.model_fields, *_OPTIONAL}
        return {
            name: value
            for name, value in data.items()
            if name not in silent or value not in (None, False, {}, (), [])
        }

    def learner(self) -> LoanGenerator:
        """Return which generator of tables learns the applications."""
        return self.generator or LoanGenerator(name=TABLE_DEFAULT)

    def settings(self) -> dict[str, Any]:
        """Return the settings of the book that the study states. Raises StudyError when one cannot be."""
        stated = {name: getattr(self, name) for name in _SettingKeys.model_fields}
        chosen = {name: value for name, value in stated.items() if value is not None}
        chosen["shard_loans"] = self.shard_loans
        if self.keep and self.generator is not None:
            raise StudyError(
                "keep and generator", expected="one of them", remedy="leave keep or generator out"
            )
        if self.target_pd is not None:
            chosen["target_pd"] = None if self.target_pd == "as_observed" else self.target_pd
        Settings(**chosen)
        return chosen


_OPTIONAL = ("generator", "keep", "schema", "columns", "ignore", "read", "loan_class", "sector")


def _keys(item: LoanColumn) -> dict[str, Any]:
    return item.model_dump(by_alias=True, exclude_defaults=True)
