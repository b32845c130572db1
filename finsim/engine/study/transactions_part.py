"""The transaction part of a study: simulated people or a learned ledger, its size, and the stories in it."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import (
    BeforeValidator,
    Field,
    SerializerFunctionWrapHandler,
    field_validator,
    model_serializer,
    model_validator,
)

from finsim.agents.settings import LIMITS
from finsim.agents.vocabulary import CHANNELS, PURPOSES
from finsim.document_numbers import Count, Length, Meaning, Misfit, Share, Whole
from finsim.editor_schemas import reads
from finsim.engine.study import named_inputs as naming
from finsim.engine.study.market_part import Part, Steps
from finsim.engine.study.observed_part import ObservedPart
from finsim.errors import did_you_mean
from finsim.tables.currencies import Currency


def _within(name: str) -> Any:
    """Return the bounds of a size of the transaction world."""
    low, high = LIMITS[name]
    return Field(ge=low, le=high)


MOST_SCHEMES = 999_999
"""Greatest number of schemes of one narrative, and greatest rate."""


class NarrativeChoice(Part):
    """A narrative by name; ``rate`` or ``count`` override what its file says.

    * ``name``: narrative by name or path.
    * ``rate``: schemes per unit of exposure and year, instead of the file's.
    * ``count``: number of schemes, instead of a rate.
    """

    short: ClassVar[str] = "name"

    name: Annotated[str, Meaning("a narrative by name or path", "account_takeover")]
    rate: Annotated[Share, Field(ge=0, le=MOST_SCHEMES)] | None = None
    count: Annotated[Whole, Field(ge=0, le=MOST_SCHEMES)] | None = None


class PaymentBody(Part):
    """Which generator of events learns the ledger, with which settings, for how many training steps.

    * ``name``: generator of events; `finsim list generators` says what each is.
    * ``settings``: settings of the generator by name; its own defaults when left out.
    * ``steps``: training steps; the generator's own number when left out.
    """

    short: ClassVar[str] = "name"

    name: Annotated[str, Meaning("a generator of events", "habits")]
    settings: dict[str, Any] = Field(default_factory=dict)
    steps: Steps | None = None


@reads({"enum": list(CHANNELS)})
def _channel(value: Any) -> Any:
    """Return a channel; raises Misfit, with a suggestion, for another text."""
    return _known(value, CHANNELS, "channel")


@reads({"enum": list(PURPOSES)})
def _purpose(value: Any) -> Any:
    """Return a purpose or merchant category; raises Misfit, with a suggestion, for another text."""
    return _known(value, PURPOSES, "category or purpose")


def _known(value: Any, words: tuple[str, ...], kind: str) -> Any:
    if isinstance(value, str) and value not in words:
        raise Misfit(f"{value!r} is no {kind} of finsim", "", did_you_mean(value, words))
    return value


class WordsPart(Part):
    """What words of a ledger are called in finsim.

    * ``channel``: channel by word of the ledger.
    * ``category``: merchant category or purpose by word of the ledger.
    * ``purpose``: purpose by word of a ledger without merchants.
    """

    channel: dict[
        str, Annotated[str, BeforeValidator(_channel), Meaning("a channel of finsim", "instant")]
    ] = Field(default_factory=dict)
    category: dict[
        str, Annotated[str, BeforeValidator(_purpose), Meaning("a category or purpose of finsim", "fuel")]
    ] = Field(default_factory=dict)
    purpose: dict[str, Annotated[str, BeforeValidator(_purpose), Meaning("a purpose of finsim", "rent")]] = (
        Field(default_factory=dict)
    )

    def mapping(self) -> tuple[tuple[str, str, str], ...]:
        """Return part, word of the ledger and word of finsim of every line."""
        return tuple(
            (part, *line)
            for part in ("channel", "category", "purpose")
            for line in getattr(self, part).items()
        )


class TransactionsPart(Part):
    """Payments and the stories in them: of simulated people, or of entities that live like a ledger's own.

    With ``data`` the ordinary payments are learned from a ledger, and ``entities`` says how many new
    entities there are; ``accounts`` and ``banks`` are of simulated people only.

    * ``data``: ledger to learn from: a file, relative to this one; simulated people when left out.
    * ``schema``: schema file of the ledger, relative to this file.
    * ``body``: generator of events; the one that knows held-out entities best when left out.
    * ``words``: what channels and categories of the ledger are called in finsim.
    * ``entities``: number of new entities of a learned ledger.
    * ``accounts``: number of accounts.
    * ``banks``: number of banks.
    * ``days``: length in days.
    * ``currency``: currency of all amounts, ISO 4217; of a learned ledger what its data say.
    * ``shard_accounts``: accounts or entities per shard; part of the study, so workers change no result.
    * ``slice_days``: days per slice of the work; part of the study.
    * ``narratives``: stories that are injected, by name or path.
    * ``evade``: how far every scheme hides, from 0 (as its file says) to 1.
    * ``observed``: what banks come to know of the stories, and when; usual rates when left out.
    * ``blocking``: share of the accounts that banks find, by reports and recalls, which they block; none when
      left out.
    * ``rules``: rule pack by name or path; null: no rules.
    """

    data: Annotated[str, Meaning("a file with payments", "payments.csv")] | None = None
    schema_: str | None = Field(None, alias="schema")
    body: PaymentBody | None = None
    words: WordsPart | None = None
    entities: Annotated[Count, _within("accounts")] | None = None
    accounts: Annotated[Count, _within("accounts")] = 20_000
    banks: Annotated[Count, _within("banks")] = 5
    days: Annotated[Length, _within("days")] = 90
    currency: Currency = "USD"
    shard_accounts: Annotated[Count, _within("shard_accounts")] = 5_000
    slice_days: Annotated[Length, _within("slice_days")] = 15
    narratives: tuple[NarrativeChoice, ...] = ()
    evade: Annotated[Share, Field(ge=0.0, le=1.0)] = 0.0
    observed: ObservedPart | None = None
    blocking: Annotated[Share, Field(ge=0.0, le=1.0)] | None = None
    rules: str | None = "retail-tx"

    @field_validator("narratives", mode="before")
    @classmethod
    def _names_are_choices(cls, value: Any) -> Any:
        if value is None:
            return value
        return [{"name": item} if isinstance(item, str) else item for item in naming.listed(value)]

    @model_validator(mode="after")
    def _keys_fit(self) -> TransactionsPart:
        """Refuse keys of a learned ledger without data, and those of simulated people with data."""
        other = _SIMULATED if self.data is not None else _LEARNED
        given = [name for name in other if self._is_given(name)]
        if not given:
            return self
        named = " and ".join(_AS_WRITTEN.get(name, name) for name in given)
        if self.data is None:
            raise Misfit(
                f"{named} without data", "data: the ledger to learn from", "add data:, or leave it out"
            )
        remedy = "say how many new entities with entities:" if "accounts" in given else "leave it out"
        raise Misfit(f"{named} with data", "keys of a learned ledger", remedy)

    def _is_given(self, name: str) -> bool:
        return name in self.model_fields_set and getattr(self, name) is not None

    @property
    def size(self) -> int:
        """Number of accounts of simulated people, or of entities of a learned ledger."""
        return self.accounts if self.data is None else self.entities or self.accounts

    @property
    def stated_currency(self) -> str | None:
        """The currency that the study states; None where it says nothing."""
        return self.currency if "currency" in self.model_fields_set else None

    def resized(self, size: int) -> TransactionsPart:
        """Return the part with another number of accounts or entities."""
        return self.model_copy(update={"accounts" if self.data is None else "entities": size})

    @model_serializer(mode="wrap")
    def _as_written(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Use the keys of a study file, and leave out those that are of the other kind of ledger."""
        data: dict[str, Any] = handler(self)
        if self.observed is None:
            data.pop("observed", None)  # what a study does not say is no part of what it is
        if self.blocking is None:
            data.pop("blocking", None)
        schema = data.pop("schema_", None) or data.pop("schema", None)
        if self.data is None:
            return {name: value for name, value in data.items() if name not in _LEARNED and name != "data"}
        silent = {*_SIMULATED, *(() if self.stated_currency else ("currency",))}
        found = {name: value for name, value in {**data, "schema": schema}.items() if name not in silent}
        found["entities"] = self.size
        return {name: value for name, value in found.items() if value is not None or name not in _LEARNED}


_SIMULATED = ("accounts", "banks", "blocking")
_LEARNED = ("schema_", "schema", "body", "words", "entities")
_AS_WRITTEN = {"schema_": "schema"}
